/** Whether a suite may have figures that `--only` asks for; empty asks for all. */
export function mayHave(prefix: string, only: string): boolean {
  return prefix.startsWith(only) || only.startsWith(prefix);
}

/** Whether `--only` asks for a figure: by its name, or by how that starts. */
export function asksFor(name: string, only: string): boolean {
  return name.startsWith(only);
}
