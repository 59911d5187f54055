/** JSON whose values know the line that they stand in (RFC 8259), so that an error can point there. */
export type JsonNode =
  | { readonly type: 'object'; readonly line: number; readonly fields: ReadonlyMap<string, JsonNode> }
  | { readonly type: 'array'; readonly line: number; readonly items: readonly JsonNode[] }
  | { readonly type: 'string'; readonly line: number; readonly value: string }
  | { readonly type: 'number'; readonly line: number; readonly value: number }
  | { readonly type: 'literal'; readonly line: number; readonly value: boolean | null };

/** Text that is no JSON. */
export class JsonSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.line = line;
  }
}

const MAX_DEPTH = 32;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** Control characters within it are left to JSON.parse, which refuses them. */
const STRING = /"(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /true|false|null/y;

/** Parses JSON; a repeated key is an error, since one of the two values would be lost. */
export function parseJson(text: string): JsonNode {
  let at = 0;
  let line = 1;

  const fail = (message: string): never => {
    throw new JsonSyntaxError(line, message);
  };
  const space = (): void => {
    for (; at < text.length && ' \t\r\n'.includes(text[at]!); at++) if (text[at] === '\n') line++;
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const unquoted = (raw: string): string => {
    try {
      return JSON.parse(raw) as string;
    } catch {
      return fail('this text holds a control character: escape it');
    }
  };
  const expect = (character: string): void => {
    if (text[at] !== character) fail(`expected "${character}"`);
    at++;
  };
  /** Items between brackets, separated by commas. */
  const items = (close: string, item: () => void): void => {
    at++;
    space();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      space();
      item();
      space();
      if (text[at] === close) break;
      if (text[at] !== ',') fail(`expected "," or "${close}"`);
      at++;
    }
    at++;
  };

  const value = (depth: number): JsonNode => {
    if (depth > MAX_DEPTH) fail('nested too deeply');
    const start = line;
    switch (text[at]) {
      case '{': {
        const fields = new Map<string, JsonNode>();
        items('}', () => {
          const key = take(STRING) ?? fail('expected a field name in double quotes');
          const name = unquoted(key);
          if (fields.has(name)) fail(`the field "${name}" stands here twice`);
          space();
          expect(':');
          space();
          fields.set(name, value(depth + 1));
        });
        return { type: 'object', line: start, fields };
      }
      case '[': {
        const list: JsonNode[] = [];
        items(']', () => list.push(value(depth + 1)));
        return { type: 'array', line: start, items: list };
      }
      case '"': {
        const raw = take(STRING) ?? fail('this text has no end in its line, or a wrong escape');
        return { type: 'string', line: start, value: unquoted(raw) };
      }
      default: {
        const literal = take(LITERAL);
        if (literal !== undefined) {
          return { type: 'literal', line: start, value: literal === 'null' ? null : literal === 'true' };
        }
        const number = take(NUMBER) ?? fail('expected a value');
        return { type: 'number', line: start, value: Number(number) };
      }
    }
  };

  space();
  const root = value(0);
  space();
  if (at < text.length) fail('text after the end of the JSON value');
  return root;
}
