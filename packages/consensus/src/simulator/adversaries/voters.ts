import { BOTTOM, equalValues, isCanonicalChoice, STEP, type Value, type Vote } from '@sero/protocol';
import type { ConsensusMessage } from '../../abstractions.ts';
import type { HostilePlan, Powers } from '../hostile.ts';

/** Says nothing at all. */
export const mute: HostilePlan = () => ({ say: () => undefined });

/** Votes, and never proposes. */
export const muteLeader: HostilePlan = ({ tellAll }) => ({
  say(message) {
    const isProposal =
      message.type === 'block' || (message.type === 'vote' && message.vote.step === STEP.propose);
    if (!isProposal) tellAll(message);
  },
});

/** Says everything late: some of it about when the others give up. */
export const lateVoter: HostilePlan = ({ random, after, tellAll }) => ({
  say(message) {
    after(random.pick([500, 3_000, 3_990, 4_010, 7_900]) + random.below(60), () => tellAll(message));
  },
});

/** The values that a hostile node has heard of in its round, and others that it could vote for. */
function valuesHeard({ random, records, head }: Powers) {
  let round = 0n;
  let values: Value[] = [];
  return {
    hear(message: ConsensusMessage): void {
      if (message.type !== 'vote') return;
      const { vote } = message;
      if (vote.round !== head().header.height + 1n) return;
      if (vote.round !== round) [round, values] = [vote.round, []];
      if (!values.some((value) => equalValues(value, vote.value)) && values.length < 8)
        values.push(vote.value);
    },
    /** Any value but one that a vote of this step may have. */
    other(period: number, step: number, than: Value): Value | undefined {
      const made: Value = { period, proposer: records[0]!.id, digest: random.bytes(32) };
      const fitting = [...values, BOTTOM, made].filter(
        (value) =>
          isCanonicalChoice(step, equalValues(value, BOTTOM)) &&
          value.period <= period &&
          !equalValues(value, than),
      );
      return fitting.length === 0 ? undefined : random.pick(fitting);
    },
  };
}

/** Votes for two values at every step, one to each half of the others. */
export const doubleVoter: HostilePlan = (powers) => {
  const heard = valuesHeard(powers);
  const [left, right] = halves(powers);
  return {
    hear: heard.hear,
    say(message) {
      const second = secondVote(powers, heard, message);
      if (second === undefined) return powers.tellAll(message);
      for (const to of left) powers.tell(to, message);
      for (const to of right) powers.tell(to, second);
    },
  };
};

/** Votes for two values in turn, v, w, v, w, to everybody, and does it again. */
export const alternatingVoter: HostilePlan = (powers) => {
  const heard = valuesHeard(powers);
  return {
    hear: heard.hear,
    say(message) {
      const second = secondVote(powers, heard, message);
      powers.tellAll(message);
      if (second === undefined) return;
      for (let i = 1; i <= 4; i++) {
        powers.after(40 * i, () => powers.tellAll(copyOf(i % 2 === 0 ? message : second)));
      }
    },
  };
};

/** Votes at once at every step of this period and the next, for whatever it hears of, to whomever it likes. */
export const restlessVoter: HostilePlan = (powers) => {
  const { random, records, others, tell, vote, head } = powers;
  const heard = valuesHeard(powers);
  return {
    hear(message) {
      heard.hear(message);
      if (message.type !== 'vote' || random.chance(700)) return;
      const { round, period } = message.vote;
      if (round !== head().header.height + 1n) return;
      const at = period + (random.chance(200) ? 1 : 0);
      const step = random.pick([
        STEP.soft,
        STEP.cert,
        STEP.next,
        STEP.next + 1,
        STEP.late,
        STEP.redo,
        STEP.down,
      ]);
      const value =
        random.chance(300) && step !== STEP.down ? message.vote.value : heard.other(at, step, FORGED);
      if (value === undefined || value.period > at) return;
      if (!isCanonicalChoice(step, equalValues(value, BOTTOM))) return;
      for (const record of records) {
        const cast = vote(record, round, at, step, value);
        if (cast === undefined) continue;
        for (const to of others) if (random.chance(600)) tell(to, { type: 'vote', vote: cast });
      }
    },
  };
};

/** A value that nobody has. */
const FORGED: Value = { period: 0, proposer: new Uint8Array(32), digest: new Uint8Array(32).fill(0xff) };

/** Two halves of the others. */
export function halves({ random, others }: Powers): [readonly number[], readonly number[]] {
  const all = random.shuffled(others);
  const middle = (all.length + random.below(2)) >> 1;
  return [all.slice(0, middle), all.slice(middle)];
}

function secondVote(
  { records, vote }: Powers,
  heard: ReturnType<typeof valuesHeard>,
  message: ConsensusMessage,
): ConsensusMessage | undefined {
  if (message.type !== 'vote' || message.vote.step === STEP.propose) return undefined;
  const { sender, round, period, step, value } = message.vote;
  const record = records.find(({ id }) => id === sender);
  const other = heard.other(period, step, value);
  if (record === undefined || other === undefined) return undefined;
  const second = vote(record, round, period, step, other);
  return second === undefined ? undefined : { type: 'vote', vote: second };
}

/** The same message as one that gossip has not seen. */
function copyOf(message: ConsensusMessage): ConsensusMessage {
  return message.type === 'vote' ? { type: 'vote', vote: { ...message.vote } as Vote } : message;
}
