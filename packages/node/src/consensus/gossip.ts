import type { ConsensusMessage, ConsensusNetwork, Judgement, Participant } from '@sero/consensus';
import { toHex } from '@sero/crypto';
import type { Network, Topic, Verdict } from '@sero/network';
import {
  decodeBlock,
  decodeBundle,
  decodeVote,
  encodeBundle,
  encodeVote,
  headerHash,
  MAX_BUNDLE_BYTES,
  ProtocolError,
  STEP,
} from '@sero/protocol';

/** Blocks that wait until somebody whose turn it is is heard to have proposed them; the oldest is passed on no further. */
const MOST_PENDING_BLOCKS = 4;

/** Messages of agreement by gossip. */
export interface ConsensusGossip {
  /** What a participant says to everybody. Messages of others travel on by themselves, once they are judged. */
  readonly voice: Pick<ConsensusNetwork, 'broadcast' | 'relay'>;
  /** A message of a peer: what the network is to do with it. */
  receive(topic: Topic, item: Uint8Array): Promise<Verdict>;
  /** The participant that judges; undefined while there is none: messages are neither believed nor passed on. */
  use(participant: Participant | undefined): void;
  /** A round is over: whose block it was to be is known. */
  nextRound(): void;
}

const VERDICTS: Readonly<Record<Judgement, Verdict>> = {
  accepted: 'accept',
  ignored: 'ignore',
  invalid: 'reject',
};

/**
 * @param isFull whether there is no room for another one to be verified
 * @param mostBundle bytes of the largest bundle of the present round
 */
export function createGossip(
  network: Pick<Network, 'publish'>,
  isFull: (what: 'vote' | 'bundle') => boolean,
  mostBundle: () => number = () => MAX_BUNDLE_BYTES,
): ConsensusGossip {
  let participant: Participant | undefined;
  /** Who waits for a judgement, so that none waits for ever. */
  const waiting = new Set<(verdict: Verdict) => void>();
  /** Blocks that are passed on once they are wanted. */
  const blocks = new Map<string, (verdict: Verdict) => void>();

  function judge(message: ConsensusMessage): Promise<Verdict> {
    const judge = participant;
    if (judge === undefined || (message.type !== 'block' && isFull(message.type))) {
      return Promise.resolve('ignore');
    }
    return new Promise((resolve) => {
      const answer = (verdict: Verdict): void => {
        waiting.delete(answer);
        resolve(verdict);
      };
      waiting.add(answer);
      judge.receive(message, (judgement) => answer(VERDICTS[judgement]));
    });
  }

  /** A block is passed on when a proposal names it: whoever makes blocks that nobody proposed must not have them carried everywhere. */
  async function receiveBlock(bytes: Uint8Array): Promise<Verdict> {
    const digest = toHex(headerHash(decodeBlock(bytes).header));
    if (blocks.has(digest)) return 'ignore';
    let decide: (verdict: Verdict) => void = () => undefined;
    const wanted = new Promise<Verdict>((resolve) => {
      decide = resolve;
    });
    blocks.set(digest, decide);
    for (const [oldest, drop] of blocks) {
      if (blocks.size <= MOST_PENDING_BLOCKS) break;
      blocks.delete(oldest);
      drop('ignore');
    }
    const verdict = await judge({ type: 'block', bytes });
    if (verdict !== 'accept') {
      blocks.delete(digest);
      return verdict;
    }
    return wanted;
  }

  function drop(): void {
    for (const decide of blocks.values()) decide('ignore');
    blocks.clear();
  }

  return {
    voice: {
      broadcast(message) {
        switch (message.type) {
          case 'vote': {
            const topic = message.vote.step === STEP.propose ? 'proposal' : 'vote';
            network.publish(topic, encodeVote(message.vote));
            break;
          }
          case 'bundle':
            network.publish('bundle', encodeBundle(message.bundle));
            break;
          case 'block':
            network.publish('block', message.bytes);
            break;
        }
      },
      relay(message) {
        if (message.type !== 'block') return;
        const digest = toHex(headerHash(decodeBlock(message.bytes).header));
        const decide = blocks.get(digest);
        blocks.delete(digest);
        decide?.('accept');
      },
    },

    async receive(topic, item) {
      try {
        switch (topic) {
          case 'vote':
          case 'proposal': {
            const vote = decodeVote(item);
            if ((vote.step === STEP.propose) !== (topic === 'proposal')) return 'reject';
            return await judge({ type: 'vote', vote });
          }
          case 'bundle':
            return await judge({ type: 'bundle', bundle: decodeBundle(item, mostBundle()) });
          case 'block':
            return await receiveBlock(item);
          default:
            return 'ignore';
        }
      } catch (error) {
        if (error instanceof ProtocolError) return 'reject';
        throw error;
      }
    },

    use(next) {
      participant = next;
      for (const answer of [...waiting]) answer('ignore');
      drop();
    },

    nextRound: drop,
  };
}
