/** Text that others chose (memos, names, a node's messages) with everything that would steer a terminal made visible. */
export function visible(text: string): string {
  // Control characters, and what reorders or hides text: bidirectional marks, zero-width characters, line separators.
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => `\\u${found.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** Rows as columns, each as wide as its widest cell; columns whose heading begins with ">" stand to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = headings.map((heading) => heading.replace(/^>/, ''));
  const widths = names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (headings[i]!.startsWith('>') ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(names), ...rows.map(line)].join('\n');
}
