import { STEP, type Vote } from '@sero/protocol';
import type { ConsensusMessage } from '../../abstractions.ts';
import type { HostilePlan } from '../hostile.ts';
import type { Random } from '../random.ts';

/** Sends what it has heard before again, at any later time. */
export const replayer: HostilePlan = ({ random, after, others, tell }) => {
  const heard: ConsensusMessage[] = [];
  return {
    hear(message) {
      if (heard.length < 400) heard.push(message);
      else heard[random.below(heard.length)] = message;
      if (random.chance(400)) return;
      const old = random.pick(heard);
      after(random.below(5_000), () => tell(random.pick(others), old));
    },
  };
};

/** Sends votes and bundles in which something is wrong: a sender, a proof, a signature, a place, a value. */
export const garbler: HostilePlan = ({ random, others, tell }) => ({
  hear(message) {
    if (random.chance(500)) return;
    const wrong = garbled(random, message);
    if (wrong !== undefined) for (const to of others) tell(to, wrong);
  },
});

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

function garbled(random: Random, message: ConsensusMessage): ConsensusMessage | undefined {
  switch (message.type) {
    case 'vote':
      return { type: 'vote', vote: garbledVote(random, message.vote) };
    case 'bundle': {
      const { bundle } = message;
      const wrong = [
        { ...bundle, votes: bundle.votes.slice(1) },
        { ...bundle, votes: [...bundle.votes, ...bundle.votes.slice(0, 1)] },
        { ...bundle, step: STEP.cert },
        { ...bundle, period: bundle.period + 1 },
        { ...bundle, round: bundle.round + BigInt(random.between(1, 3)) },
        { ...bundle, value: { ...bundle.value, digest: random.bytes(32) } },
      ];
      return { type: 'bundle', bundle: random.pick(wrong) };
    }
    case 'block':
      return { type: 'block', bytes: flipped(random, message.bytes) };
  }
}

function garbledVote(random: Random, vote: Vote): Vote {
  const { signature } = vote;
  const wrong: readonly (() => Vote)[] = [
    () => ({ ...vote, sender: flipped(random, vote.sender) }),
    () => ({ ...vote, sender: random.bytes(32) }),
    () => ({ ...vote, round: vote.round + 1n }),
    () => ({ ...vote, period: vote.period + 1 }),
    () => ({ ...vote, step: random.below(256) }),
    () => ({ ...vote, value: { ...vote.value, digest: flipped(random, vote.value.digest) } }),
    () => ({ ...vote, value: { ...vote.value, proposer: random.bytes(32) } }),
    () => ({ ...vote, proof: vote.proof.length === 0 ? [random.bytes(80)] : [] }),
    () => ({ ...vote, proof: vote.proof.map((proof) => flipped(random, proof)) }),
    () => ({ ...vote, signature: { ...signature, signature: flipped(random, signature.signature) } }),
    () => ({ ...vote, signature: { ...signature, leafKey: random.bytes(32) } }),
    () => ({ ...vote, signature: { ...signature, leafSignature: flipped(random, signature.leafSignature) } }),
    () => ({ ...vote, signature: { ...signature, batchKey: flipped(random, signature.batchKey) } }),
  ];
  return random.pick(wrong)();
}

/** Valid votes of steps, periods and rounds that nobody has come to, many of each. */
export const flooder: HostilePlan = ({ random, records, after, tellAll, vote, head }) => {
  const [record] = records;
  const flood = (): void => {
    const height = head().header.height;
    for (let i = 0; i < 40; i++) {
      const round = height + BigInt(random.between(1, 2));
      const period = random.pick([0, 0, 1, 2, 3, 100, 4_000_000_000]);
      const step = random.pick([0, 1, 2, 3, 4, 5, random.between(3, 252), 253, 254]);
      const value = { period: 0, proposer: record!.id, digest: random.bytes(32) };
      const cast = vote(record!, round, period, step, value);
      if (cast !== undefined) tellAll({ type: 'vote', vote: cast });
    }
    after(100, flood);
  };
  return { start: flood };
};
