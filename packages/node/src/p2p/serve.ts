import { fieldToBytes } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import {
  encodeCertificateAt,
  encodeCertified,
  type Handlers,
  REQUESTS,
  RequestError,
  type RequestName,
  type RequestOf,
} from '@sero/network';
import { encodeBundle, HeaderType } from '@sero/protocol';
import { certifiedBlock, finalBlock } from '../consensus/consensus-ledger.ts';
import type { CertificateStore } from '../validator/certificates.ts';

/** What a node has for its peers. */
export interface ServedNode {
  readonly ledger: Pick<Ledger, 'head' | 'header' | 'executedBlock' | 'shardRoot'>;
  readonly certificates: Pick<CertificateStore, 'get'>;
  /** A block of the present round. */
  readonly blockOf: (digest: Uint8Array) => Uint8Array | undefined;
  /** Encoded checkpoints from a height on. */
  readonly checkpoints: (from: bigint, count: number) => Iterable<Uint8Array>;
  readonly snapshots: () => Iterable<Uint8Array>;
  readonly snapshotChunk: (height: bigint, index: number) => Uint8Array | undefined;
}

type Served = Exclude<RequestName, 'status'>;

type Answers = { readonly [N in Served]: (request: RequestOf<N>) => Iterable<Uint8Array> };

/** Answers requests of peers from what is final here. Each chunk is read when the one before it was taken. */
export function createServer(node: ServedNode): Handlers['serve'] {
  const { ledger, certificates } = node;

  function* heights(start: bigint, count: number, stride = 1n): Generator<bigint> {
    const { height } = ledger.head();
    for (let i = 0n; i < BigInt(count); i++) {
      const at = start + i * stride;
      if (at > height) return;
      yield at;
    }
  }

  const answers: Answers = {
    *headers({ start, count }) {
      for (const height of heights(start, count)) {
        const header = ledger.header(height);
        if (header === undefined) return;
        yield HeaderType.serialize(header);
      }
    },

    *blocks({ start, count }) {
      for (const height of heights(start, count)) {
        const block = finalBlock(ledger, height);
        if (block === undefined) return;
        yield block;
      }
    },

    *block({ digest }) {
      const block = node.blockOf(digest);
      if (block !== undefined) yield block;
    },

    *certified({ start, count }) {
      for (const height of heights(start, count)) {
        const found = certifiedBlock({ ledger, certificates }, height);
        if (found === undefined) return;
        yield encodeCertified({ block: found.block, certificate: encodeBundle(found.certificate) });
      }
    },

    *certificates({ start, count, stride }) {
      for (const height of heights(start, count, BigInt(stride))) {
        const certificate = certificates.get(height);
        if (certificate !== undefined) yield encodeCertificateAt({ height, certificate });
      }
    },

    checkpoints: ({ from, count }) => node.checkpoints(from, count),
    snapshots: () => node.snapshots(),

    *'snapshot-chunk'({ height, index }) {
      const chunk = node.snapshotChunk(height, index);
      if (chunk !== undefined) yield chunk;
    },

    *'shard-roots'({ from, count }) {
      for (let i = 0n; i < BigInt(count); i++) {
        const root = ledger.shardRoot(from + i);
        if (root === undefined) return;
        yield fieldToBytes(root);
      }
    },
  };

  return async function* serve(name, request) {
    // The network answers it itself.
    if (name === 'status') throw new RequestError('unavailable');
    const answer = answers[name] as (request: unknown) => Iterable<Uint8Array>;
    yield* answer(REQUESTS[name].decode(request));
  };
}
