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
  decodeBlock,
  decodeBundle,
  type Header,
  HeaderType,
  headerHash,
  ProtocolError,
} from '@sero/protocol';
import type { ConsensusPeers } from '../consensus/se-random.ts';
import type { SyncPeer } from '../consensus/stretch.ts';

/** Peers of whom one thing is asked before it is given up for now. */
const MOST_ASKED = 3;

type Asking = Pick<Network, 'peers' | 'request' | 'report'>;

/**
 * What agreement asks of peers, over requests. Answers are decoded here, once; a peer whose answer is none is reported.
 *
 * @param random uniform in [0, 1): equals are asked in turns
 */
export function createPeers(network: Asking, random: () => number, signal: AbortSignal): ConsensusPeers {
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

  /** Best first: who is not suspected, who knows more, and equals in any order. */
  function ranked(): PeerView[] {
    return network
      .peers()
      .map((peer) => ({ peer, order: random() }))
      .sort((a, b) => {
        const [one, other] = [a.peer.status?.height ?? 0n, b.peer.status?.height ?? 0n];
        if (Math.ceil(a.peer.score) !== Math.ceil(b.peer.score)) return b.peer.score - a.peer.score;
        return one === other ? a.order - b.order : one < other ? 1 : -1;
      })
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

  function syncPeer({ id, status }: PeerView): SyncPeer {
    return {
      id,
      height: status?.height ?? 0n,
      headers: async (start, count) => (await ask(id, 'headers', { start, count })).map(decodeHeader),
      async certificate(height) {
        const [chunk] = await ask(id, 'certificates', { start: height, count: 1, stride: 1 });
        if (chunk === undefined) return undefined;
        const found = decodeCertificateAt(chunk);
        if (found.height !== height) throw new ProtocolError('malformed', 'a certificate of another height');
        return bundleOf(found.certificate);
      },
      blocks: (start, count) => ask(id, 'blocks', { start, count }),
      blame: () => network.report(id, 'malice'),
    };
  }

  return {
    ranked: () => ranked().map(syncPeer),

    certified(round) {
      const all = ranked();
      const having = all.filter(({ status }) => status !== undefined && status.height >= round);
      return firstOf(having.length > 0 ? having : all.slice(0, 1), async ({ id }) => {
        const [chunk] = await ask(id, 'certified', { start: round, count: 1 });
        if (chunk === undefined) return undefined;
        const { block, certificate } = decodeCertified(chunk);
        return { block, certificate: bundleOf(certificate) } satisfies CertifiedBlock;
      });
    },

    block: (digest) =>
      firstOf(ranked(), async ({ id }) => {
        const [bytes] = await ask(id, 'block', { digest });
        if (bytes === undefined) return undefined;
        if (!equalBytes(headerHash(decodeBlock(bytes).header), digest)) {
          throw new ProtocolError('malformed', 'another block than was asked for');
        }
        return bytes;
      }),
  };
}

function decodeHeader(bytes: Uint8Array): Header {
  try {
    return HeaderType.deserialize(bytes);
  } catch (error) {
    throw new ProtocolError('malformed', `a header does not decode: ${String(error)}`);
  }
}

function bundleOf(bytes: Uint8Array): Bundle {
  return decodeBundle(bytes);
}
