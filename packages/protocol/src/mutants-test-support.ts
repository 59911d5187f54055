import {
  BasicType,
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type Type,
  VectorBasicType,
  VectorCompositeType,
} from '@chainsafe/ssz';
import { flipped } from './test-support.ts';

/** One change of one field, and where it is. */
export interface Mutant<T> {
  readonly path: string;
  readonly value: T;
}

/**
 * Every single-field change of an SSZ value, found by walking its type, so that a field added later is changed too: numbers by one
 * bit at either end of their range; byte strings at their ends and in the middle, shorter and longer where they may be; lists
 * with an element less, twice, exchanged with its neighbour, or a new one of zeros.
 */
export function mutants<T>(type: Type<T>, value: T): Mutant<T>[] {
  return walk(type, value, '') as Mutant<T>[];
}

function walk(type: Type<unknown>, value: unknown, path: string): Mutant<unknown>[] {
  const one = (name: string, changed: unknown): Mutant<unknown> => ({
    path: `${path}${name}`,
    value: changed,
  });
  const inside = <K>(
    part: Type<unknown>,
    old: unknown,
    key: K,
    put: (changed: unknown) => unknown,
  ): Mutant<unknown>[] =>
    walk(part, old, `${path}.${key}`).map((mutant) => ({ path: mutant.path, value: put(mutant.value) }));

  if (type instanceof BasicType) {
    const top = 8 * type.byteLength - 1;
    if (typeof value === 'bigint')
      return [one(':low', value ^ 1n), one(':high', value ^ (1n << BigInt(top)))];
    return [one(':low', Number(value) ^ 1), one(':high', (Number(value) ^ (1 << top)) >>> 0)];
  }
  if (type instanceof ByteVectorType || type instanceof ByteListType) {
    const bytes = value as Uint8Array;
    const flips = [...new Set([0, bytes.length >> 1, bytes.length - 1])]
      .filter((at) => at >= 0 && at < bytes.length)
      .map((at) => one(`:${at}`, flipped(bytes, at, at % 8)));
    if (type instanceof ByteVectorType) return flips;
    const longer = Uint8Array.from([...bytes, 0]);
    return [
      ...flips,
      one(':longer', longer),
      ...(bytes.length > 0 ? [one(':shorter', bytes.slice(0, -1))] : []),
    ];
  }
  if (type instanceof ContainerType) {
    const fields = type.fields as Record<string, Type<unknown>>;
    return Object.entries(value as object).flatMap(([key, old]) =>
      inside(fields[key]!, old, key, (changed) => ({ ...(value as object), [key]: changed })),
    );
  }
  const list = [...(value as unknown[])];
  const element = (type as ListCompositeType<never>).elementType as Type<unknown>;
  const elements = list.flatMap((old, i) => inside(element, old, i, (changed) => list.with(i, changed)));
  const swaps = list.slice(1).map((next, i) => one(`:swap${i}`, list.with(i, next).with(i + 1, list[i])));
  if (type instanceof VectorCompositeType || type instanceof VectorBasicType) {
    return [
      ...elements,
      ...swaps,
      one(
        ':doubled',
        list.map(() => list[0]),
      ),
    ];
  }
  if (!(type instanceof ListCompositeType || type instanceof ListBasicType)) {
    throw new TypeError(`${path}: no way to change a ${type.typeName}`);
  }
  const drops = list.map((_, i) => one(`:drop${i}`, list.toSpliced(i, 1)));
  if (list.length >= type.limit) return [...elements, ...swaps, ...drops];
  return [
    ...elements,
    ...swaps,
    ...drops,
    ...list.map((item, i) => one(`:twice${i}`, list.toSpliced(i, 0, item))),
    one(':zeros', [...list, element.defaultValue()]),
  ];
}
