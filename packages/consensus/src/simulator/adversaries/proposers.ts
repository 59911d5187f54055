import { toHex } from '@sero/crypto';
import { encodeBlock, STEP, type Value } from '@sero/protocol';
import { type ChainBlock, FULL_BLOCK } from '../chain.ts';
import type { HostilePlan, HostileRecord, Powers } from '../hostile.ts';
import { encodeCommand } from '../transactions.ts';
import { halves } from './voters.ts';

/** A transaction that does nothing but change the block's hash. */
export function salt(id: number): Uint8Array {
  return encodeCommand({ id: id >>> 0, kind: 'salt', cost: 0, row: 0, weight: 0 });
}

/** An own proposal of a block. */
export function proposal(
  { vote }: Powers,
  record: HostileRecord,
  period: number,
  block: ChainBlock,
): { type: 'vote'; vote: NonNullable<ReturnType<Powers['vote']>> } | undefined {
  const value: Value = { period, proposer: record.id, digest: block.digest };
  const cast = vote(record, block.header.height, period, STEP.propose, value);
  return cast === undefined ? undefined : { type: 'vote', vote: cast };
}

/** Shows two blocks, one to each half of the others; now and then one of them does not hold. */
export const equivocatingProposer: HostilePlan = (powers) => {
  const { random, records, tell, tellAll, block, head, transactions } = powers;
  let [left, right] = halves(powers);
  return {
    say(message) {
      if (message.type === 'block') {
        for (const to of left) tell(to, message);
        return;
      }
      const isNew =
        message.type === 'vote' &&
        message.vote.step === STEP.propose &&
        message.vote.value.period === message.vote.period;
      const record = isNew ? records.find(({ id }) => id === message.vote.sender) : undefined;
      if (!isNew || record === undefined) return tellAll(message);
      [left, right] = halves(powers);
      const { period } = message.vote;
      const more = random.chance(200)
        ? encodeCommand({ id: 0, kind: 'invalid', cost: 0, row: 0, weight: 0 })
        : salt(random.u32());
      const time = head().header.time + BigInt(random.between(1, 6_000));
      const second = block(record, period, [...transactions().slice(0, 3), more], time);
      const other = proposal(powers, record, period, second);
      for (const to of left) tell(to, message);
      if (other === undefined) return;
      for (const to of right) {
        tell(to, other);
        tell(to, { type: 'block', bytes: second.bytes });
        // Some hear of both.
        if (random.chance(200)) tell(to, message);
      }
    },
  };
};

/** Shows its proposals and keeps the blocks to itself, or shows them too late, or shows them to one node. */
export const blockHider: HostilePlan = ({ random, others, after, tell, tellAll }) => ({
  say(message) {
    if (message.type !== 'block' || random.chance(200)) return tellAll(message);
    const mood = random.below(3);
    if (mood === 0) tell(random.pick(others), message);
    if (mood === 1) after(random.between(500, 5_000), () => tellAll(message));
  },
});

/**
 * Proposes what is not its own under its own name and period: another's block, or the empty block; and votes for it at every step. It would have
 * other seeds to choose from.
 */
export const borrower: HostilePlan = (powers) => {
  const { random, records, tellAll, vote, head, chain } = powers;
  /** Own places that wait for somebody's block. */
  let waiting: { readonly record: HostileRecord; readonly period: number }[] = [];
  function borrow(record: HostileRecord, period: number, digest: Uint8Array): void {
    const value: Value = { period, proposer: record.id, digest };
    for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next]) {
      const cast = vote(record, head().header.height + 1n, period, step, value);
      if (cast !== undefined) tellAll({ type: 'vote', vote: cast });
    }
  }
  return {
    hear(message) {
      if (message.type !== 'vote' || message.vote.step !== STEP.propose) return;
      const { round, value } = message.vote;
      if (round !== head().header.height + 1n) return;
      for (const { record, period } of waiting) borrow(record, period, value.digest);
      waiting = [];
    },
    say(message) {
      if (message.type === 'block') return;
      const isProposal = message.type === 'vote' && message.vote.step === STEP.propose;
      const record = isProposal ? records.find(({ id }) => id === message.vote.sender) : undefined;
      if (!isProposal || record === undefined) return tellAll(message);
      const { period } = message.vote;
      if (random.chance(500)) waiting.push({ record, period });
      else borrow(record, period, chain.emptyBlock(head()).digest);
    },
    roundOver() {
      waiting = [];
    },
  };
};

/** Sends other transactions under the header of every block that it makes, hears of or is asked for, before the right ones. */
export const bodySwapper: HostilePlan = ({ random, after, tellAll, chain }) => {
  const swapped = new Set<string>();
  const swappedBody = (bytes: Uint8Array): Uint8Array | undefined => {
    const block = chain.read(bytes)?.block;
    if (block === undefined) return undefined;
    const { header, transactions } = block;
    return encodeBlock({ header, transactions: [...transactions.slice(1), salt(random.u32())] });
  };
  const swap = (bytes: Uint8Array): void => {
    const wrong = swappedBody(bytes);
    if (wrong !== undefined) tellAll({ type: 'block', bytes: wrong });
  };
  return {
    hear(message) {
      if (message.type !== 'block') return;
      const digest = chain.read(message.bytes)?.digest;
      if (digest === undefined || swapped.has(toHex(digest))) return;
      swapped.add(toHex(digest));
      swap(message.bytes);
    },
    say(message) {
      if (message.type !== 'block') return tellAll(message);
      swap(message.bytes);
      after(random.between(1, 400), () => tellAll(message));
    },
    answer(bytes) {
      const wrong = swappedBody(bytes);
      return wrong === undefined || random.chance(300) ? [bytes] : [wrong, bytes];
    },
  };
};

/** Fills its blocks to the last transaction and the last of what they may cost, or beyond either. */
export const stuffer: HostilePlan = ({ random, records, block, head, count }) => ({
  build(proposer, period) {
    const record = records.find(({ id }) => id === proposer)!;
    const [more, dearer] = random.pick([
      [0, 0],
      [0, 0],
      [1, 0],
      [0, 1],
    ] as const);
    count(more + dearer === 0 ? 'full-block' : 'overfull-block');
    const cost = FULL_BLOCK.cost + dearer;
    const dear = encodeCommand({ id: random.u32(), kind: 'salt', cost, row: 0, weight: 0 });
    const rest = Array.from({ length: FULL_BLOCK.transactions + more - 1 }, () => salt(random.u32()));
    return block(record, period, [dear, ...rest], head().header.time + BigInt(random.between(1, 2_000)));
  },
});

/**
 * Tries to begin every round at once: an empty block as soon as its time allows it to claim so, or with a time at which there may be none yet, and votes
 * at every step for it.
 */
export const eagerStarter: HostilePlan = (powers) => {
  const { random, records, tellAll, block, head, vote, chain, count } = powers;
  const { minBlockGap } = chain.parameters.pace;
  const start = (): void => {
    const parent = head().header;
    const round = parent.height + 1n;
    for (const record of records) {
      const isEarly = random.chance(500);
      const made = block(
        record,
        0,
        [],
        parent.time + BigInt(isEarly ? random.between(1, minBlockGap - 1) : minBlockGap),
      );
      const first = proposal(powers, record, 0, made);
      if (first === undefined) continue;
      if (isEarly) count('early-block');
      tellAll(first);
      tellAll({ type: 'block', bytes: made.bytes });
      for (const step of [STEP.soft, STEP.cert, STEP.next, STEP.late]) {
        const cast = vote(record, round, 0, step, first.vote.value);
        if (cast !== undefined) tellAll({ type: 'vote', vote: cast });
      }
    }
  };
  return { start, roundOver: start };
};
