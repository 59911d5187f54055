import { le64, leInteger } from '@sero/crypto';
import type { Change, KeyValueStore } from '@sero/store';
import { openLmdbStore } from '@sero/store/node';

/** The certificates of final blocks, as bundles are encoded. */
export interface CertificateStore {
  /**
   * Keeps a certificate, durably when it returns unless puts are held; one of the same height makes room for it. What `prune` said is not needed goes with it. Put it
   * before the block is applied: a crash leaves a certificate above the head then, and never a block without one.
   *
   * @throws RangeError for no height; StoreError `value-too-long`, `closed`, `disk-` codes
   */
  put(height: bigint, certificate: Uint8Array): void;
  /** A certificate, undefined where none is kept. @throws StoreError `record-damaged`, `closed`, `disk-` codes */
  get(height: bigint): Uint8Array | undefined;
  /** The largest height with a certificate, which may be above the head. @throws as `get` */
  latest(): bigint | undefined;
  /** Heights with a certificate from one on, ascending. @throws as `get` */
  heights(from: bigint): Iterable<bigint>;
  /** Tells the last final height, from which follows what is not needed any more. It goes with the next puts, so that a block costs one sync. */
  prune(head: bigint): void;
  /** From now on puts stay in memory, where `get` finds them, until `flush`: for whoever holds the blocks as well, and writes them after these. */
  hold(): void;
  /** Makes what was held durable in one write, and ends the holding. @throws as `put` */
  flush(): void;
  /** Bytes that are held. */
  held(): number;
  /** Writes what is held first. */
  close(): void;
}

export interface CertificateOptions {
  /** Certificates of so many last heights are kept (genesis `certificatesKept`). */
  readonly kept: bigint;
  /** Those of multiples of it are kept for ever: who catches up needs them (genesis `stake.certStride`). */
  readonly stride: bigint;
}

/** Certificates removed with one put. More than one: what an interrupted run left goes too. */
const REMOVED_AT_ONCE = 16;

/*
 * Keys: CERTIFICATE || height: the certificate; PASSING || height and LASTING || height: empty, so that heights are found without reading a
 * certificate of up to a MiB, nor tripping over one that is damaged. Heights are big-endian, in the order of keys.
 */
const CERTIFICATE = 0;
const PASSING = 1;
const LASTING = 2;

/** Opens the certificates in a directory, made if it is not there. @throws StoreError `store-damaged`, `directory-unusable`, `disk-` codes */
export function openCertificateStore(directory: string, options: CertificateOptions): CertificateStore {
  return certificateStore(openLmdbStore(directory), options);
}

/** The same over any store. */
export function certificateStore(
  store: KeyValueStore,
  { kept, stride }: CertificateOptions,
): CertificateStore {
  let head = -1n;
  let isHolding = false;
  let pending = new Map<bigint, Uint8Array>();
  let bytes = 0;

  const indexOf = (height: bigint): Uint8Array => keyOf(height % stride === 0n ? LASTING : PASSING, height);

  /** Heights under one mark. */
  function* marked(mark: number, from: bigint): Generator<bigint> {
    for (const [key] of store.entries(Uint8Array.of(mark), { from: keyOf(mark, from) })) yield heightOf(key);
  }

  const last = (mark: number): bigint => {
    for (const [key] of store.entries(Uint8Array.of(mark), { reverse: true })) return heightOf(key);
    return -1n;
  };

  /** Removes the oldest that are not needed. @param puts that this goes with */
  const removals = (puts: number): Change[] => {
    const changes: Change[] = [];
    for (const height of marked(PASSING, 0n)) {
      if (height > head - kept || changes.length >= 2 * REMOVED_AT_ONCE * puts) break;
      for (const mark of [PASSING, CERTIFICATE]) changes.push({ key: keyOf(mark, height), value: undefined });
    }
    return changes;
  };

  const changesOf = (height: bigint, certificate: Uint8Array): Change[] => [
    { key: keyOf(CERTIFICATE, height), value: certificate },
    { key: indexOf(height), value: new Uint8Array(0) },
  ];

  /** What is held, and with it what is not needed any more: as much as if each had been put by itself. */
  function write(): void {
    if (pending.size === 0) return;
    store.write([
      ...removals(pending.size),
      ...[...pending].flatMap(([height, certificate]) => changesOf(height, certificate)),
    ]);
    // Not before: where the write fails, blocks that wait for it must not be written either.
    [pending, bytes] = [new Map(), 0];
  }

  return {
    put(height, certificate) {
      if (!isHolding) {
        store.write([...removals(1), ...changesOf(height, certificate)]);
        return;
      }
      keyOf(CERTIFICATE, height);
      bytes += certificate.length - (pending.get(height)?.length ?? 0);
      pending.set(height, certificate.slice());
    },

    get: (height) => pending.get(height) ?? store.get(keyOf(CERTIFICATE, height)),

    latest() {
      write();
      const [passing, lasting] = [last(PASSING), last(LASTING)];
      const latest = passing > lasting ? passing : lasting;
      return latest < 0n ? undefined : latest;
    },

    *heights(from) {
      write();
      const sources = [marked(PASSING, from), marked(LASTING, from)] as const;
      const next = [sources[0].next(), sources[1].next()];
      for (;;) {
        const [passing, lasting] = [next[0]!, next[1]!];
        if (passing.done && lasting.done) return;
        const first = lasting.done || (!passing.done && passing.value < lasting.value) ? 0 : 1;
        yield next[first]!.value as bigint;
        next[first] = sources[first]!.next();
      }
    },

    prune(to) {
      if (to > head) head = to;
    },

    hold() {
      isHolding = true;
    },
    flush() {
      write();
      isHolding = false;
    },
    held: () => bytes,

    close() {
      try {
        write();
      } finally {
        store.close();
      }
    },
  };
}

function keyOf(mark: number, height: bigint): Uint8Array {
  if (height < 0n || height >= 1n << 64n) throw new RangeError(`${height} is no height`);
  return Uint8Array.of(mark, ...le64(height).reverse());
}

function heightOf(key: Uint8Array): bigint {
  return leInteger(key.slice(1).reverse());
}
