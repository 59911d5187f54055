import type { Libp2pOptions } from 'libp2p';

type Store = NonNullable<Libp2pOptions['datastore']>;
type Key = Parameters<Store['get']>[0];
type Pair = { key: Key; value: Uint8Array };

/** Longest key, characters, and longest value, bytes: a peer with all its addresses fits. */
const MAX_KEY = 512;
const MAX_VALUE = 16_384;

/** What is not there, by the name that libp2p looks for. */
class NotFoundError extends Error {
  constructor(key: string) {
    super(`nothing at ${key}`);
    this.name = 'NotFoundError';
  }
}

/**
 * The store in memory behind libp2p's peers and the DHT's records: whatever strangers put there, it holds so many entries, and forgets the
 * one that was not used for longest.
 */
export function boundedStore(most: number): Store {
  const entries = new Map<string, Pair>();
  const touch = (name: string, pair: Pair): void => {
    entries.delete(name);
    entries.set(name, pair);
  };
  const get = (key: Key): Uint8Array => {
    const name = key.toString();
    const pair = entries.get(name);
    if (pair === undefined) throw new NotFoundError(name);
    touch(name, pair);
    return pair.value;
  };
  const put = (key: Key, value: Uint8Array): Key => {
    const name = key.toString();
    if (name.length > MAX_KEY || value.length > MAX_VALUE)
      throw new Error(`too large for the store: ${name.slice(0, 64)}`);
    touch(name, { key, value });
    for (const [oldest] of entries) {
      if (entries.size <= most) break;
      entries.delete(oldest);
    }
    return key;
  };
  const remove = (key: Key): void => {
    entries.delete(key.toString());
  };
  const matching = <T>(
    all: T[],
    {
      filters = [],
      orders = [],
      offset = 0,
      limit,
    }: {
      readonly filters?: readonly ((item: T) => boolean)[];
      readonly orders?: readonly ((a: T, b: T) => number)[];
      readonly offset?: number;
      readonly limit?: number;
    },
  ): T[] => {
    const kept = all.filter((item) => filters.every((filter) => filter(item)));
    for (const order of orders) kept.sort(order);
    return kept.slice(offset, limit === undefined ? undefined : offset + limit);
  };
  const under = (prefix = ''): Pair[] =>
    [...entries].filter(([name]) => name.startsWith(prefix)).map(([, pair]) => pair);

  return {
    get,
    put,
    has: (key) => entries.has(key.toString()),
    delete: remove,
    async *putMany(source) {
      for await (const { key, value } of source) yield put(key, value);
    },
    async *getMany(source) {
      for await (const key of source) yield { key, value: get(key) };
    },
    async *deleteMany(source) {
      for await (const key of source) {
        remove(key);
        yield key;
      }
    },
    batch() {
      const steps: (() => void)[] = [];
      return {
        put: (key, value) => steps.push(() => put(key, value)),
        delete: (key) => steps.push(() => remove(key)),
        commit() {
          for (const step of steps.splice(0)) step();
        },
      };
    },
    *query({ prefix, ...rest }) {
      yield* matching(under(prefix), rest);
    },
    *queryKeys({ prefix, ...rest }) {
      yield* matching(
        under(prefix).map(({ key }) => key),
        rest,
      );
    },
  };
}
