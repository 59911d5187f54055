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
  /** A round is over: whose block it was to be is known. What came in it may be the next one's. */
  nextRound(): void;
}

interface PendingBlock {
  readonly decide: (verdict: Verdict) => void;
  /** The round in which it came is over. */
  readonly isOld: boolean;
}

const VERDICTS: Readonly<Record<Judgement, Verdict>> = {
  accepted: 'accept',
  ignored: 'ignore',
  invalid: 'reject',
};

/** @param isFull whether there is no room for another one to be verified */
export function createGossip(
  network: Pick<Network, 'publish'>,
  isFull: (what: 'vote' | 'bundle') => boolean,
): ConsensusGossip {
  let participant: Participant | undefined;
  /** Who waits for a judgement, so that none waits for ever. */
  const waiting = new Set<(verdict: Verdict) => void>();
  /** Blocks that are passed on once they are wanted. */
  const blocks = new Map<string, PendingBlock>();

  function judge(message: Exclude<ConsensusMessage, { type: 'block' }>): Promise<Verdict> {
    const judge = participant;
    if (judge === undefined || isFull(message.type)) return Promise.resolve('ignore');
    return new Promise((resolve, reject) => {
      const answer = (verdict: Verdict): void => {
        waiting.delete(answer);
        resolve(verdict);
      };
      waiting.add(answer);
      try {
        judge.receive(message, (judgement) => answer(VERDICTS[judgement]));
      } catch (error) {
        waiting.delete(answer);
        reject(error);
      }
    });
  }

  /**
   * A block is passed on when a proposal names it: whoever makes blocks that nobody proposed must not have them carried everywhere. Only one that the
   * participant keeps takes a place, so that what is none, or of another time, pushes out nothing.
   */
  async function receiveBlock(bytes: Uint8Array): Promise<Verdict> {
    const digest = toHex(headerHash(decodeBlock(bytes).header));
    const judge = participant;
    if (judge === undefined) return 'ignore';
    return new Promise((resolve) => {
      judge.receive({ type: 'block', bytes }, (judgement) => {
        if (judgement === 'accepted') hold(digest, resolve);
        else resolve(VERDICTS[judgement]);
      });
    });
  }

  /** Makes a block wait, perhaps in place of an older copy that the participant has dropped. */
  function hold(digest: string, decide: (verdict: Verdict) => void): void {
    release(digest, 'ignore');
    blocks.set(digest, { decide, isOld: false });
    for (const oldest of blocks.keys()) {
      if (blocks.size <= MOST_PENDING_BLOCKS) break;
      release(oldest, 'ignore');
    }
  }

  function release(digest: string, verdict: Verdict): void {
    const block = blocks.get(digest);
    blocks.delete(digest);
    block?.decide(verdict);
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
        release(toHex(headerHash(decodeBlock(message.bytes).header)), 'accept');
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
            return await judge({ type: 'bundle', bundle: decodeBundle(item) });
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
      for (const digest of [...blocks.keys()]) release(digest, 'ignore');
    },

    nextRound() {
      for (const [digest, { decide, isOld }] of [...blocks]) {
        if (isOld) release(digest, 'ignore');
        else blocks.set(digest, { decide, isOld: true });
      }
    },
  };
}
