import { STEP, type Value } from '@sero/protocol';
import type { ChainBlock } from '../chain.ts';
import type { HostilePlan, HostileRecord, Powers } from '../hostile.ts';
import { encodeCommand } from '../transactions.ts';
import { halves } from './voters.ts';

/** A transaction that does nothing but change the block's hash. */
export function salt(id: number): Uint8Array {
  return encodeCommand({ id: id >>> 0, kind: 'salt', cost: 0, row: 0, weight: 0 });
}

function proposal(
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

/** Tries to begin every round at once: an empty block as soon as its time allows it to claim so, and votes at every step for it. */
export const eagerStarter: HostilePlan = (powers) => {
  const { records, tellAll, block, head, vote, chain } = powers;
  const start = (): void => {
    const parent = head().header;
    const round = parent.height + 1n;
    for (const record of records) {
      const time = parent.time + BigInt(chain.parameters.pace.minBlockGap);
      const made = block(record, 0, [], time);
      const first = proposal(powers, record, 0, made);
      if (first === undefined) continue;
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
