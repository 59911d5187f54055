import type { Ledger } from '@sero/ledger';
import {
  decodeBundle,
  encodeLightCertificate,
  type Header,
  makeLightCertificate,
  seedHeight,
} from '@sero/protocol';
import type { LightCertificateStore } from './finality-store.ts';

/** What a node shows of its blocks' finality. */
export interface FinalitySource {
  /** Bundle of cert votes for the block of a height; undefined where it is not kept, or the height has none. */
  certificate(height: bigint): Uint8Array | undefined;
  /**
   * Light certificate of that block: of a stride end as it was kept, of another one made now. Undefined where neither is there.
   *
   * @param making is told the bytes of the certificate before a light one is made of it; what it throws is thrown
   */
  lightCertificate(height: bigint, making?: (bytes: number) => void): Uint8Array | undefined;
  /** Checkpoint of a height that is a multiple of 256. */
  checkpoint(height: bigint): Uint8Array | undefined;
}

/** What light certificates are made of. */
export interface FinalityParts {
  readonly ledger: Pick<Ledger, 'genesis' | 'head' | 'header' | 'stakeTable'>;
  readonly store: LightCertificateStore;
  /** Bundle of cert votes for a height, encoded: the node's certificate store. */
  certificate(height: bigint): Uint8Array | undefined;
  /** Checkpoint of a height, encoded. */
  checkpoint(height: bigint): Uint8Array | undefined;
}

/** A node's light certificates. */
export interface Finality extends FinalitySource {
  /**
   * To be called once a block and its certificate are durable, and once at the start: makes and keeps the light certificates of all stride ends up to the head that are
   * not kept yet and can still be made. Cheap at every other height. It costs some tens of ms where a committee has thousands of members.
   *
   * @returns heights whose certificate could not be made (any more): a client that begins below them needs another node
   * @throws what the stores throw
   */
  committed(): readonly bigint[];
}

/** Bytes of light certificates that are kept for whoever asks next: a dozen of the production profile. */
const CACHE_BYTES = 8_388_608;

/** Bytes of light certificates from which on those that were made are written: one may have 400 KB. */
const KEPT_AT_ONCE = 6_291_456;

/** Strides that are looked at, at most, when nothing was kept before: tables of older rounds are not known any more. */
const MAX_STRIDES = 1_024n;

export function createFinality({ ledger, store, certificate, checkpoint }: FinalityParts): Finality {
  const { stake } = ledger.genesis;
  /** Newest last. */
  const made = new Map<bigint, Uint8Array>();
  let madeBytes = 0;
  /** Stride ends up to here are kept, or given up. */
  let done: bigint | undefined;

  /** The light certificate of a block, where all that it takes is there. */
  function make(height: bigint, making?: (bytes: number) => void): Uint8Array | undefined {
    const bytes = certificate(height);
    if (bytes === undefined) return undefined;
    making?.(bytes.length);
    const table = ledger.stakeTable(height);
    if (table === undefined) return undefined;
    const headers: Header[] = [];
    for (let at = seedHeight(stake, height); at <= height; at++) {
      const header = ledger.header(at);
      if (header === undefined) return undefined;
      headers.push(header);
    }
    return encodeLightCertificate(makeLightCertificate(headers, decodeBundle(bytes), table));
  }

  function remembered(height: bigint, light: Uint8Array | undefined): Uint8Array | undefined {
    if (light === undefined || light.length > CACHE_BYTES) return light;
    made.set(height, light);
    madeBytes += light.length;
    for (const [oldest, { length }] of made) {
      if (madeBytes <= CACHE_BYTES) break;
      made.delete(oldest);
      madeBytes -= length;
    }
    return light;
  }

  return {
    certificate,
    checkpoint,

    lightCertificate(height, making) {
      const kept = store.get(height);
      if (kept !== undefined) return kept;
      // A final block never changes: what was made once is right for ever. What cannot be made may come yet, and is not remembered.
      return made.get(height) ?? remembered(height, make(height, making));
    },

    committed() {
      const head = ledger.head().height;
      const last = head - (head % stake.certStride);
      const oldest = last - MAX_STRIDES * stake.certStride;
      done ??= store.latest() ?? (oldest > 0n ? oldest : 0n);
      const missing: bigint[] = [];
      let fresh: [height: bigint, certificate: Uint8Array][] = [];
      let bytes = 0;
      const keep = (reached: bigint): void => {
        if (fresh.length > 0) store.put(fresh);
        [fresh, bytes] = [[], 0];
        done = reached;
      };
      let reached = done;
      // One that cannot be read keeps none of those before it from being there: their tables go.
      try {
        for (
          let height = done - (done % stake.certStride) + stake.certStride;
          height <= last;
          height += stake.certStride
        ) {
          const light = make(height);
          // Its certificate may be written yet: it is tried again with each block, as long as its table is known for certain.
          if (light === undefined && height + stake.balanceLookback >= head) break;
          if (light === undefined) missing.push(height);
          else {
            fresh.push([height, light]);
            bytes += light.length;
          }
          reached = height;
          if (bytes >= KEPT_AT_ONCE) keep(reached);
        }
      } finally {
        keep(reached);
      }
      return missing;
    },
  };
}
