import { randomBytes } from 'node:crypto';
import { runKeySteps } from '@sero/consensus';
import type { Topic, Verdict } from '@sero/network';
import { openValidatorKeys } from '@sero/node';
import {
  BOTTOM,
  encodeBlock,
  encodeVote,
  type Genesis,
  genesisHash,
  type Header,
  headerHash,
  MAX_PERIOD,
  STEP,
  sortitionInput,
  stakeRecordId,
  type Value,
  valueOfHeader,
  voteMessage,
} from '@sero/protocol';

/** What a registered validator signs. */
interface Signed {
  readonly round: bigint;
  readonly period: number;
  readonly step: number;
  readonly value: Value;
  /** VRF proofs. Default: none, as in a voting step in which every unit votes. */
  readonly proof?: readonly Uint8Array[];
}

/** Somebody with a registered validator's keys who signs whatever he likes with them. */
export interface Turncoat {
  /** Stake record. */
  readonly id: Uint8Array;
  /** Makes what the signatures of a round and of those behind it need, where it is not there yet; destroys what is older than four rounds. */
  prepare(round: bigint): Promise<void>;
  /** A vote whose signature is right. */
  vote(what: Signed): Uint8Array;
  /** The right VRF proof for a place. */
  draw(seed: Uint8Array, round: bigint, period: number, step: number): Uint8Array;
  /** Destroys the keys up to a round, so that whoever uses them next contradicts nothing, and gives the directory back. */
  close(round: bigint): Promise<void>;
}

/** Takes a validator's directory, which nobody else may have open. */
export function openTurncoat(directory: string, genesis: Genesis): Turncoat {
  const all = openValidatorKeys(directory);
  const { keys } = all;
  const { owner, vrfKey, voteRoot } = all.public;
  const id = stakeRecordId(owner, vrfKey, voteRoot);
  const hash = genesisHash(genesis);
  return {
    id,
    async prepare(round) {
      if (round > 4n) keys.eraseBefore(round - 4n);
      for (const at of [round, round + 50n]) {
        if (keys.isReady(at)) continue;
        await new Promise<void>((resolve, reject) => {
          runKeySteps(keys.prepare(at), keys, setImmediate, (failure) =>
            failure === undefined ? resolve() : reject(failure),
          );
        });
      }
    },
    vote({ round, period, step, value, proof = [] }) {
      const ballot = { sender: id, round, period, step, value };
      const signature = keys.sign(round, period, step, voteMessage(hash, ballot));
      if (signature === undefined) throw new Error(`there is no key for round ${round}`);
      return encodeVote({ ...ballot, proof: [...proof], signature });
    },
    draw: (seed, round, period, step) => all.prove(sortitionInput(hash, seed, round, period, step)),
    close: (round) =>
      new Promise((resolve, reject) => {
        keys.eraseBefore(round);
        keys.sync((failure) => {
          all.close();
          if (failure === undefined) resolve();
          else reject(failure);
        });
      }),
  };
}

/** Where the chain is. */
export interface Moment {
  /** Of the next block. */
  readonly round: bigint;
  /** Of the round, in which the nodes are. */
  readonly period: number;
  /** What the round's participants draw with. */
  readonly seed: Uint8Array;
  /** The last final block's. */
  readonly parent: Header;
}

/** Nonsense with a right signature: items in the order of sending, and what a node is to make of the first. */
export interface Nonsense {
  /** `reject` where no honest node passes it on; `ignore` where one that is elsewhere might; `accept` where only time shows that it is nonsense. */
  readonly verdict: Verdict;
  make(turncoat: Turncoat, moment: Moment): readonly (readonly [Topic, Uint8Array])[];
}

/** A value that nobody has a block of, its proposer's own. */
const unknown = ({ id }: Turncoat, period = 0): Value => ({
  period,
  proposer: id,
  digest: Uint8Array.from(randomBytes(32)),
});

/** One vote of the present round, its first period and step soft, but for what is said. */
const vote = (
  verdict: Verdict,
  change: (turncoat: Turncoat, moment: Moment) => Partial<Signed>,
  topic: Topic = 'vote',
): Nonsense => ({
  verdict,
  make(turncoat, moment) {
    const usual = { round: moment.round, period: moment.period, step: STEP.soft, value: unknown(turncoat) };
    return [[topic, turncoat.vote({ ...usual, ...change(turncoat, moment) })]];
  },
});

/** One proposal of the present round's first period, with a draw for it, but for what is said. */
const proposal = (
  verdict: Verdict,
  change: (turncoat: Turncoat, moment: Moment) => Partial<Signed>,
): Nonsense =>
  vote(
    verdict,
    (turncoat, moment) => ({
      step: STEP.propose,
      value: unknown(turncoat, moment.period),
      proof: [turncoat.draw(moment.seed, moment.round, moment.period, STEP.propose)],
      ...change(turncoat, moment),
    }),
    'proposal',
  );

/** A proposal in order, and its block, which follows the last one but for what is said. */
const withBlock = (change: (parent: Header) => Partial<Header>): Nonsense => ({
  verdict: 'accept',
  make(turncoat, { round, seed, parent }) {
    const proof = turncoat.draw(seed, round, 0, STEP.propose);
    const header: Header = {
      ...parent,
      height: round,
      period: 0,
      time: parent.time + 1n,
      parent: headerHash(parent),
      proposer: [turncoat.id],
      vrfProof: [proof],
      absent: [],
      ...change(parent),
    };
    const proposed = { round, period: 0, step: STEP.propose, value: valueOfHeader(header), proof: [proof] };
    return [
      ['proposal', turncoat.vote(proposed)],
      ['block', encodeBlock({ header, transactions: [] })],
    ];
  },
});

/** Everything that the rules let a signature be under and the protocol has no meaning for, by name. */
export const NONSENSE = {
  'a period half a million ahead': vote('ignore', () => ({ period: MAX_PERIOD / 2 })),
  'a period behind the last that a round can have': vote('ignore', () => ({ period: MAX_PERIOD + 1 })),
  'the two-hundredth next step of a period that has just begun': vote('ignore', () => ({ step: 200 })),
  'a round far ahead': vote('ignore', (_, { round }) => ({ round: round + 50n })),
  'a round long past': vote('ignore', (_, { round }) => ({ round: round - 3n })),
  'a soft vote for nothing': vote('reject', () => ({ value: BOTTOM })),
  'a cert vote for nothing': vote('reject', () => ({ step: STEP.cert, value: BOTTOM })),
  'a value at the step that is for none': vote('reject', () => ({ step: STEP.down })),
  'a value that is first proposed in a later period': vote('reject', (turncoat, { period }) => ({
    value: unknown(turncoat, period + 7),
  })),
  'a draw where every unit votes': vote('reject', (turncoat, { seed, round }) => ({
    proof: [turncoat.draw(seed, round, 0, STEP.soft)],
  })),
  'a vote among proposals': vote('reject', () => ({}), 'proposal'),
  'a proposal among votes': vote('reject', (turncoat, { seed, round }) => ({
    step: STEP.propose,
    proof: [turncoat.draw(seed, round, 0, STEP.propose)],
  })),
  'a proposal with the draw of another step': proposal('reject', (turncoat, { seed, round }) => ({
    proof: [turncoat.draw(seed, round, 0, STEP.cert)],
  })),
  'a proposal with the draw of another period': proposal('reject', (turncoat, { seed, round, period }) => ({
    proof: [turncoat.draw(seed, round, period + 1, STEP.propose)],
  })),
  'a proposal with the draw of another seed': proposal('reject', (turncoat, { round }) => ({
    proof: [turncoat.draw(new Uint8Array(32).fill(9), round, 0, STEP.propose)],
  })),
  'a proposal without a draw': proposal('reject', () => ({ proof: [] })),
  'a new block in the name of somebody else': proposal('reject', (turncoat, { period }) => ({
    value: { ...unknown(turncoat, period), proposer: new Uint8Array(32).fill(9) },
  })),
  'a vote for a block that nobody has': vote('accept', () => ({})),
  'a vote that makes a block final that nobody has': vote('accept', () => ({ step: STEP.cert })),
  'a proposal of a block that nobody has': proposal('accept', () => ({})),
  'a proposal whose block follows from nothing': withBlock(() => ({ parent: new Uint8Array(32).fill(9) })),
  'a proposal whose block is dated a century ahead': withBlock(({ time }) => ({
    time: time + 3_155_760_000_000n,
  })),
  'a proposal whose block says what it does not do': withBlock(() => ({
    stateRoot: new Uint8Array(32).fill(9),
  })),
} as const satisfies Readonly<Record<string, Nonsense>>;
