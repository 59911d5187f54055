import { bytesFromHex, bytesToHex, quantityFromHex, quantityToHex } from './hex.ts';

/** The part of JSON Schema (draft 2020-12) that describes what stands on the wire. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A value is not what its schema says. `path` is a JSON pointer (RFC 6901) to the offending place. */
export class SchemaError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path === '' ? 'the value' : path}: ${message}`);
    this.name = 'SchemaError';
    this.path = path;
  }
}

/**
 * How a value stands on the wire: its schema, its check and its two forms in one. Decoding is a walk over the schema, without
 * generated code, so that it runs under a content security policy without `unsafe-eval`.
 */
export interface Codec<T> {
  readonly schema: JsonSchema;
  /** The value that a parsed JSON text means. Throws SchemaError. @param path where the text stands */
  readonly decode: (json: unknown, path: string) => T;
  /** What JSON.stringify takes. */
  readonly encode: (value: T) => unknown;
}

/** A codec of whatever type. */
interface AnyCodec {
  readonly schema: JsonSchema;
  readonly decode: (json: unknown, path: string) => unknown;
  readonly encode: (value: never) => unknown;
}

/** The type that a codec decodes to. */
export type Decoded<C> = C extends { readonly decode: (json: unknown, path: string) => infer T } ? T : never;

/** The same codec with words for readers. */
export function described<T>(description: string, codec: Codec<T>): Codec<T> {
  return { ...codec, schema: { ...codec.schema, description } };
}

function textOf(json: unknown, path: string): string {
  if (typeof json !== 'string') throw new SchemaError(path, 'expected a string');
  return json;
}

function quantity(bits: number): Codec<bigint> {
  const digits = bits / 4;
  return {
    schema: { type: 'string', pattern: `^0x(0|[1-9a-fA-F][0-9a-fA-F]{0,${digits - 1}})$` },
    decode(json, path) {
      const value = quantityFromHex(textOf(json, path), digits);
      if (value === undefined) {
        throw new SchemaError(path, `expected a quantity of at most ${bits} bits: 0x, no leading zeros`);
      }
      return value;
    },
    encode: quantityToHex,
  };
}

/** Heights, times, gas: below 2^64. */
export const u64: Codec<bigint> = quantity(64);

/** Amounts of money: below 2^128. */
export const u128: Codec<bigint> = quantity(128);

/** A quantity that a program counts with, from `min` to `max` (at most 2^32 - 1). */
export function count(min = 0, max = 0xffff_ffff): Codec<number> {
  const wide = quantity(32);
  return {
    schema: { ...wide.schema, 'x-minimum': min, 'x-maximum': max },
    decode(json, path) {
      const value = Number(wide.decode(json, path));
      if (value < min || value > max)
        throw new SchemaError(path, `expected a quantity from ${min} to ${max}`);
      return value;
    },
    encode: quantityToHex,
  };
}

/** Bytes of exactly this length. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return byteString(`^0x[0-9a-fA-F]{${2 * length}}$`, length, length);
}

/** Bytes up to this length; their number a multiple of `unit`. */
export function bytes(max: number, unit = 1): Codec<Uint8Array> {
  return byteString(`^0x([0-9a-fA-F]{${2 * unit}})*$`, 0, max, unit);
}

function byteString(pattern: string, min: number, max: number, unit = 1): Codec<Uint8Array> {
  const expected = min === max ? `${min} bytes` : `at most ${max} bytes${unit === 1 ? '' : `, ${unit} each`}`;
  return {
    schema: { type: 'string', pattern, maxLength: 2 + 2 * max },
    decode(json, path) {
      const text = textOf(json, path);
      // The length first: what is too long is not looked at.
      const value = text.length > 2 + 2 * max ? undefined : bytesFromHex(text);
      if (value === undefined || value.length < min || value.length % unit !== 0) {
        throw new SchemaError(path, `expected ${expected} as 0x and two digits each`);
      }
      return value;
    },
    encode: bytesToHex,
  };
}

/** Text of at most this many UTF-16 units. */
export function text(max: number): Codec<string> {
  return {
    schema: { type: 'string', maxLength: max },
    decode(json, path) {
      const value = textOf(json, path);
      if (value.length > max) throw new SchemaError(path, `expected at most ${max} characters`);
      return value;
    },
    encode: (value) => value,
  };
}

/** One of these words. */
export function oneOf<const W extends string>(...words: readonly W[]): Codec<W> {
  return {
    schema: words.length === 1 ? { const: words[0] } : { enum: words },
    decode(json, path) {
      const word = words.find((candidate) => candidate === json);
      if (word === undefined) throw new SchemaError(path, `expected ${words.join(' or ')}`);
      return word;
    },
    encode: (value) => value,
  };
}

/** True or false. */
export const truth: Codec<boolean> = {
  schema: { type: 'boolean' },
  decode(json, path) {
    if (typeof json !== 'boolean') throw new SchemaError(path, 'expected true or false');
    return json;
  },
  encode: (value) => value,
};

/** Nothing but null. */
export const nothing: Codec<null> = {
  schema: { type: 'null' },
  decode(json, path) {
    if (json !== null) throw new SchemaError(path, 'expected null');
    return null;
  },
  encode: () => null,
};

/** A value or null. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    schema: { anyOf: [codec.schema, { type: 'null' }] },
    decode: (json, path) => (json === null ? null : codec.decode(json, path)),
    encode: (value) => (value === null ? null : codec.encode(value)),
  };
}

/** Any JSON object, handed on as it is. */
export const anyObject: Codec<Readonly<Record<string, unknown>>> = {
  schema: { type: 'object' },
  decode: recordOf,
  encode: (value) => value,
};

/** A list of at most `max` items. */
export function list<T>(item: Codec<T>, max: number): Codec<T[]> {
  return {
    schema: { type: 'array', items: item.schema, maxItems: max },
    decode(json, path) {
      if (!Array.isArray(json)) throw new SchemaError(path, 'expected a list');
      if (json.length > max) throw new SchemaError(path, `expected at most ${max} items`);
      return json.map((value, index) => item.decode(value, `${path}/${index}`));
    },
    encode: (values) => values.map(item.encode),
  };
}

/** A field that may be absent. */
export interface Optional<C> {
  readonly optional: C;
}

export function optional<T>(codec: Codec<T>): Optional<Codec<T>> {
  return { optional: codec };
}

/** Codecs of an object's fields by name. */
export type Fields = Readonly<Record<string, AnyCodec | Optional<AnyCodec>>>;

type Flat<T> = { [K in keyof T]: T[K] };

/** The object that these fields make. */
export type FieldValues<F> = Flat<
  { [K in keyof F as F[K] extends Optional<unknown> ? never : K]: Decoded<F[K]> } & {
    [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer C>
      ? Decoded<C>
      : never;
  }
>;

/** An object with these fields. Others are ignored, so that a newer node may say more than an older client knows. */
export function object<F extends Fields>(fields: F): Codec<FieldValues<F>> {
  return fieldCodec(fields, false);
}

/** Parameters by name: as `object`, but a name that does not exist is refused, since it is a mistake of the caller. */
export function parameters<F extends Fields>(fields: F): Codec<FieldValues<F>> {
  return fieldCodec(fields, true);
}

function recordOf(json: unknown, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SchemaError(path, 'expected an object');
  }
  return json as Record<string, unknown>;
}

function fieldCodec<F extends Fields>(fields: F, strict: boolean): Codec<FieldValues<F>> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const isOptional = 'optional' in field;
    return { name, isOptional, codec: (isOptional ? field.optional : field) as Codec<unknown> };
  });
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(entries.map(({ name, codec }) => [name, codec.schema])),
      required: entries.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
      ...(strict ? { additionalProperties: false } : {}),
    },
    decode(json, path) {
      const record = recordOf(json, path);
      if (strict) {
        const unknown = Object.keys(record).find((name) => !Object.hasOwn(fields, name));
        if (unknown !== undefined) throw new SchemaError(pointer(path, unknown), 'there is no such field');
      }
      const value: Record<string, unknown> = {};
      for (const { name, isOptional, codec } of entries) {
        const present = Object.hasOwn(record, name);
        if (!present && isOptional) continue;
        if (!present) throw new SchemaError(pointer(path, name), 'this field is missing');
        value[name] = codec.decode(record[name], pointer(path, name));
      }
      return value as FieldValues<F>;
    },
    encode(value) {
      const record = value as Readonly<Record<string, unknown>>;
      const json: Record<string, unknown> = {};
      for (const { name, codec } of entries) {
        if (record[name] !== undefined) json[name] = codec.encode(record[name]);
      }
      return json;
    },
  };
}

/** One of several objects, told apart by the word in field `tag`. */
export function variants<const T extends string, V extends Readonly<Record<string, Fields>>>(
  tag: T,
  cases: V,
): Codec<{ [W in keyof V & string]: Flat<{ [K in T]: W } & FieldValues<V[W]>> }[keyof V & string]> {
  type Value = { [W in keyof V & string]: Flat<{ [K in T]: W } & FieldValues<V[W]>> }[keyof V & string];
  const word = oneOf(...Object.keys(cases));
  const codecs = new Map(
    Object.entries(cases).map(([name, fields]) => [
      name,
      fieldCodec({ [tag]: oneOf(name), ...fields }, false) as unknown as Codec<Value>,
    ]),
  );
  return {
    schema: { oneOf: [...codecs.values()].map(({ schema }) => schema) },
    decode(json, path) {
      const record = recordOf(json, path);
      if (!Object.hasOwn(record, tag)) throw new SchemaError(pointer(path, tag), 'this field is missing');
      return codecs.get(word.decode(record[tag], pointer(path, tag)))!.decode(json, path);
    },
    encode: (value) => codecs.get((value as Record<string, string>)[tag]!)!.encode(value),
  };
}

/** Names out of a request are cut: an error's message does not grow with what was sent. */
function pointer(path: string, name: string): string {
  return `${path}/${name.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
