import type { CertifiedBlock } from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import {
  decodeCertificateAt,
  decodeCertified,
  type Network,
  type PeerView,
  REQUESTS,
  RequestError,
  type RequestName,
  type RequestOf,
} from '@sero/network';
import {
  type Bundle,
  checkCertified,
  decodeBlock,
  decodeBundle,
  decodeStrict,
  type Header,
  HeaderType,
  headerHash,
  isWholeBlock,
  ProtocolError,
  STEP,
} from '@sero/protocol';
import type { ConsensusPeers } from '../consensus/se-random.ts';
import type { SyncPeer } from '../consensus/stretch.ts';
import { type Ranges, type ReadAhead, readAhead } from './read-ahead.ts';

/** Peers of whom one thing is asked before it is given up for now. */
const MOST_ASKED = 3;

/** Headers of one request, the most that it can have; a stretch may be longer. */
const MOST_HEADERS = 1_024;

type Asking = Pick<Network, 'peers' | 'request' | 'report'>;

/**
 * What agreement asks of peers, over requests. Answers are decoded here, once; a peer whose answer is none is reported.
 *
 * @param random uniform in [0, 1): equals are asked in turns
 */
export function createPeers(
  network: Asking,
  random: () => number,
  signal: AbortSignal,
  certStride: bigint,
): ConsensusPeers {
  async function ask<N extends RequestName>(
    peer: string,
    name: N,
    request: RequestOf<N>,
  ): Promise<Uint8Array[]> {
    const codec = REQUESTS[name] as { encode(request: unknown): Uint8Array };
    const chunks: Uint8Array[] = [];
    for await (const chunk of network.request(peer, name, codec.encode(request), { signal })) {
      chunks.push(chunk);
    }
    return chunks;
  }

  /** Who is not suspected first, equals in any order. What they say that they know makes none better: who lies would be asked before all others. */
  function ranked(): PeerView[] {
    return network
      .peers()
      .map((peer) => ({ peer, score: Math.ceil(peer.score), order: random() }))
      .sort((a, b) => (a.score === b.score ? a.order - b.order : b.score - a.score))
      .map(({ peer }) => peer);
  }

  /** The first answer that holds, of some peers one after another. */
  async function firstOf<T>(
    asked: readonly PeerView[],
    request: (peer: PeerView) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    for (const peer of asked.slice(0, MOST_ASKED)) {
      if (signal.aborted) return undefined;
      try {
        const answer = await request(peer);
        if (answer !== undefined) return answer;
      } catch (error) {
        // What the network itself found wrong it has counted already.
        if (error instanceof ProtocolError) network.report(peer.id, 'invalid-answer');
        else if (!(error instanceof RequestError)) throw error;
      }
    }
    return undefined;
  }

  /** Headers of a range, in as many requests as it takes. */
  async function headersOf(id: string, start: bigint, count: number): Promise<Header[]> {
    const headers: Header[] = [];
    while (headers.length < count) {
      const asked = Math.min(MOST_HEADERS, count - headers.length);
      const from = start + BigInt(headers.length);
      const chunks = await ask(id, 'headers', { start: from, count: asked });
      headers.push(...chunks.map(decodeHeader));
      if (chunks.length < asked) break;
    }
    return headers;
  }

  async function certificatesOf(
    id: string,
    start: bigint,
    count: number,
    stride: number,
  ): Promise<Map<bigint, Bundle>> {
    const found = new Map<bigint, Bundle>();
    for (const chunk of await ask(id, 'certificates', { start, count, stride })) {
      const { height, certificate } = decodeCertificateAt(chunk);
      const place = height - start;
      if (place < 0n || place % BigInt(stride) !== 0n || place / BigInt(stride) >= BigInt(count)) {
        throw new ProtocolError('malformed', 'a certificate of another height');
      }
      found.set(height, decodeBundle(certificate));
    }
    return found;
  }

  /** Of the one peer that is caught up with. */
  let ahead: { readonly id: string; readonly reader: ReadAhead } | undefined;

  function readerOf(id: string): ReadAhead {
    if (ahead?.id !== id) {
      const ranges: Ranges = {
        headers: (from, count) => headersOf(id, from, count),
        certificates: (from, count, stride) => certificatesOf(id, from, count, stride),
      };
      ahead = { id, reader: readAhead(ranges, certStride) };
    }
    return ahead.reader;
  }

  function syncPeer({ id, status }: PeerView): SyncPeer {
    const height = status?.height ?? 0n;
    return {
      id,
      height,
      earliest: status?.earliest ?? 0n,
      headers: (start, count) => readerOf(id).headers(start, count, height),
      certificate: (at) => readerOf(id).certificate(at, height),
      blocks: (start, count) => ask(id, 'blocks', { start, count }),
      blame(offence) {
        if (ahead?.id === id) ahead = undefined;
        network.report(id, offence);
      },
    };
  }

  return {
    ranked: () => ranked().map(syncPeer),
    isHeard: () => network.peers().some(({ subscribed }) => subscribed),

    certified(round) {
      const all = ranked();
      const having = all.filter(({ status }) => status !== undefined && status.height >= round);
      return firstOf(having.length > 0 ? having : all.slice(0, 1), async ({ id }) => {
        const [chunk] = await ask(id, 'certified', { start: round, count: 1 });
        if (chunk === undefined) return undefined;
        return certifiedIn(chunk, round);
      });
    },

    checkpoint: (height) =>
      firstOf(ranked(), async ({ id }) => (await ask(id, 'checkpoints', { from: height, count: 1 }))[0]),

    block: (digest) =>
      firstOf(ranked(), async ({ id }) => {
        const [bytes] = await ask(id, 'block', { digest });
        if (bytes === undefined) return undefined;
        const block = decodeBlock(bytes);
        if (!equalBytes(headerHash(block.header), digest) || !isWholeBlock(block)) {
          throw new ProtocolError('malformed', 'another block than was asked for');
        }
        return bytes;
      }),
  };
}

function decodeHeader(bytes: Uint8Array): Header {
  return decodeStrict(HeaderType, bytes, HeaderType.maxSize, 'a header');
}

/** What shows the block of a round to be final, but for its votes. @throws ProtocolError where it is of another block or round */
function certifiedIn(chunk: Uint8Array, round: bigint): CertifiedBlock {
  const { block: bytes, certificate: bundle } = decodeCertified(chunk);
  const block = decodeBlock(bytes);
  const certificate = decodeBundle(bundle);
  checkCertified(certificate, block.header);
  if (certificate.round !== round || certificate.step !== STEP.cert || !isWholeBlock(block)) {
    throw new ProtocolError('malformed', 'this is not the certified block that was asked for');
  }
  return { block: bytes, certificate };
}
