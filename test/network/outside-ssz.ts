// SSZ for the checker alone, written from ethereum/consensus-specs, ssz/simple-serialize.md: what it says of a block must not come from the code that it
// checks. A schema is data; a value is bigint for numbers, Buffer for byte vectors and byte lists, an array for lists, an object for containers.

import { createHash } from 'node:crypto';

/** What bytes mean. */
export type Schema =
  | { readonly kind: 'number'; readonly size: number }
  | { readonly kind: 'bytes'; readonly size: number }
  | { readonly kind: 'byteList'; readonly limit: number }
  | { readonly kind: 'list'; readonly of: Schema; readonly limit: number }
  | { readonly kind: 'vector'; readonly of: Schema; readonly length: number }
  | { readonly kind: 'container'; readonly fields: Readonly<Record<string, Schema>> };

export type SszValue = bigint | Buffer | SszValue[] | { readonly [name: string]: SszValue };

export const number = (size: number): Schema => ({ kind: 'number', size });
export const byteVector = (size: number): Schema => ({ kind: 'bytes', size });
export const byteList = (limit: number): Schema => ({ kind: 'byteList', limit });
export const list = (of: Schema, limit: number): Schema => ({ kind: 'list', of, limit });
export const vector = (of: Schema, length: number): Schema => ({ kind: 'vector', of, length });
export const container = (fields: Readonly<Record<string, Schema>>): Schema => ({
  kind: 'container',
  fields,
});

/** Bytes of every value of a schema; undefined where they differ. */
function fixedSize(schema: Schema): number | undefined {
  switch (schema.kind) {
    case 'number':
    case 'bytes':
      return schema.size;
    case 'byteList':
    case 'list':
      return undefined;
    case 'vector': {
      const each = fixedSize(schema.of);
      return each === undefined ? undefined : each * schema.length;
    }
    case 'container': {
      let sum = 0;
      for (const field of Object.values(schema.fields)) {
        const size = fixedSize(field);
        if (size === undefined) return undefined;
        sum += size;
      }
      return sum;
    }
  }
}

/** Reads a value; throws for what is not exactly one. */
export function decode(schema: Schema, bytes: Buffer): SszValue {
  const size = fixedSize(schema);
  if (size !== undefined && bytes.length !== size) throw new Error(`${bytes.length} bytes, not ${size}`);
  switch (schema.kind) {
    case 'number':
      return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
    case 'bytes':
      return Buffer.from(bytes);
    case 'byteList':
      if (bytes.length > schema.limit) throw new Error('a list is too long');
      return Buffer.from(bytes);
    case 'list': {
      const values = decodeSequence(schema.of, bytes);
      if (values.length > schema.limit) throw new Error('a list is too long');
      return values;
    }
    case 'vector': {
      const values = decodeSequence(schema.of, bytes);
      if (values.length !== schema.length) throw new Error('a vector has another length');
      return values;
    }
    case 'container': {
      const names = Object.keys(schema.fields);
      const parts = cut(Object.values(schema.fields), bytes);
      return Object.fromEntries(names.map((name, i) => [name, decode(schema.fields[name]!, parts[i]!)]));
    }
  }
}

function decodeSequence(of: Schema, bytes: Buffer): SszValue[] {
  const size = fixedSize(of);
  if (size !== undefined) {
    if (bytes.length % size !== 0) throw new Error('an element is cut off');
    return Array.from({ length: bytes.length / size }, (_, i) =>
      decode(of, bytes.subarray(i * size, (i + 1) * size)),
    );
  }
  if (bytes.length === 0) return [];
  const count = bytes.readUInt32LE(0) / 4;
  if (!Number.isInteger(count) || count < 1 || 4 * count > bytes.length)
    throw new Error('an offset is wrong');
  return cut(Array<Schema>(count).fill(of), bytes).map((part) => decode(of, part));
}

/** The bytes of each part: fixed ones in their places, the others behind, where offsets say. */
function cut(parts: readonly Schema[], bytes: Buffer): Buffer[] {
  const found: (Buffer | undefined)[] = [];
  const offsets: { readonly part: number; readonly at: number }[] = [];
  let at = 0;
  for (const [part, schema] of parts.entries()) {
    const size = fixedSize(schema);
    const width = size ?? 4;
    if (at + width > bytes.length) throw new Error('cut off');
    if (size === undefined) offsets.push({ part, at: bytes.readUInt32LE(at) });
    found.push(size === undefined ? undefined : bytes.subarray(at, at + size));
    at += width;
  }
  if (offsets.length === 0 ? at !== bytes.length : offsets[0]!.at !== at)
    throw new Error('an offset is wrong');
  for (const [i, { part, at: start }] of offsets.entries()) {
    const end = offsets[i + 1]?.at ?? bytes.length;
    if (end < start || end > bytes.length) throw new Error('an offset is wrong');
    found[part] = bytes.subarray(start, end);
  }
  return found as Buffer[];
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const ZEROS: Buffer[] = [Buffer.alloc(32)];

function merkle(chunks: readonly Buffer[], limit: number): Buffer {
  let row = [...chunks];
  let level = 0;
  for (let width = 1; width < limit; width *= 2) {
    ZEROS[level + 1] ??= sha256(ZEROS[level]!, ZEROS[level]!);
    const next: Buffer[] = [];
    for (let i = 0; i < row.length; i += 2) next.push(sha256(row[i]!, row[i + 1] ?? ZEROS[level]!));
    row = next;
    level++;
  }
  return row[0] ?? ZEROS[level]!;
}

function pack(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 32) }, (_, i) => {
    const chunk = Buffer.alloc(32);
    bytes.copy(chunk, 0, 32 * i, 32 * (i + 1));
    return chunk;
  });
}

const mixedIn = (root: Buffer, length: number): Buffer => {
  const word = Buffer.alloc(32);
  word.writeUInt32LE(length);
  return sha256(root, word);
};

const littleEndian = (value: SszValue, size: number): Buffer =>
  Buffer.from((value as bigint).toString(16).padStart(2 * size, '0'), 'hex').reverse();

/** The root of a value, `hash_tree_root`. */
export function rootOf(schema: Schema, value: SszValue): Buffer {
  switch (schema.kind) {
    case 'number':
      return pack(littleEndian(value, schema.size))[0]!;
    case 'bytes':
      return merkle(pack(value as Buffer), Math.ceil(schema.size / 32));
    case 'byteList': {
      const bytes = value as Buffer;
      return mixedIn(merkle(pack(bytes), Math.ceil(schema.limit / 32)), bytes.length);
    }
    case 'list': {
      const values = value as SszValue[];
      if (schema.of.kind === 'number') {
        const { size } = schema.of;
        const bytes = Buffer.concat(values.map((one) => littleEndian(one, size)));
        return mixedIn(merkle(pack(bytes), Math.ceil((schema.limit * size) / 32)), values.length);
      }
      return mixedIn(
        merkle(
          values.map((one) => rootOf(schema.of, one)),
          schema.limit,
        ),
        values.length,
      );
    }
    case 'vector':
      return merkle(
        (value as SszValue[]).map((one) => rootOf(schema.of, one)),
        schema.length,
      );
    case 'container': {
      const fields = Object.entries(schema.fields);
      const values = value as Readonly<Record<string, SszValue>>;
      return merkle(
        fields.map(([name, field]) => rootOf(field, values[name]!)),
        fields.length,
      );
    }
  }
}
