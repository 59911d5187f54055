/** SPDX identifiers of licences under which a work may be handed out with ours, which is Apache-2.0. */
export const ALLOWED: ReadonlySet<string> = new Set([
  'Apache-2.0',
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'CC0-1.0',
  'Unlicense',
  'BlueOak-1.0.0',
]);

/**
 * Says whether an SPDX licence expression leaves a choice that is allowed.
 *
 * `OR` gives the choice to whoever uses the work, `AND` binds him to both sides and binds closer than `OR`
 * (SPDX 2.3, annex D). `X WITH exception` counts as X, which it only makes milder; `X+` is not X.
 *
 * @param expression as in package.json, such as `(MIT OR Apache-2.0)`
 * @param allowed SPDX identifiers
 * @returns false for what is not such an expression, too (`SEE LICENSE IN file`, `UNLICENSED`)
 */
export function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const tokens = expression.match(/[()]|[^\s()]+/g) ?? [];
  let next = 0;

  // Each returns undefined where the text does not follow the grammar.
  function either(): boolean | undefined {
    let result = both();
    while (result !== undefined && tokens[next] === 'OR') {
      next++;
      const right = both();
      result = right === undefined ? undefined : result || right;
    }
    return result;
  }

  function both(): boolean | undefined {
    let result = single();
    while (result !== undefined && tokens[next] === 'AND') {
      next++;
      const right = single();
      result = right === undefined ? undefined : result && right;
    }
    return result;
  }

  function single(): boolean | undefined {
    const token = tokens[next++];
    if (token === '(') {
      const inner = either();
      return tokens[next++] === ')' ? inner : undefined;
    }
    if (token === undefined || !/^[A-Za-z0-9][A-Za-z0-9.+-]*$/.test(token)) return undefined;
    if (tokens[next] === 'WITH') next += 2;
    return allowed.has(token);
  }

  const result = either();
  return result === true && next === tokens.length;
}
