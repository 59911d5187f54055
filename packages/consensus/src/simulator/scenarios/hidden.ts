import { type Bundle, STEP } from '@sero/protocol';
import { doubleVoter, mute } from '../adversaries/voters.ts';
import type { Packet } from '../network.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Simulation } from '../simulation.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';

/** What a packet says about votes of a step. */
interface Subject {
  readonly round: bigint;
  readonly period: number;
  readonly step: number;
}

function subjectOf(packet: Packet): Subject | undefined {
  if (packet.type === 'certified') return bundleSubject(packet.certified.certificate);
  if (packet.type !== 'message') return undefined;
  const { message } = packet;
  if (message.type === 'vote') return message.vote;
  return message.type === 'bundle' ? bundleSubject(message.bundle) : undefined;
}

function bundleSubject({ round, period, step }: Bundle): Subject {
  return { round, period, step };
}

/**
 * When a script's trouble ends the network is healed, and the time for progress begins: with a height as its end it would measure a calm network.
 *
 * @returns the end
 */
function healAfter(simulation: Simulation, round: bigint, forMs: number): number {
  const { schedule, nodes, checker } = simulation;
  schedule.after(forMs, () => {
    if (!simulation.isFaulty()) return;
    const best = BigInt(checker.finals().length - 1);
    const isBehind = (height: bigint): boolean => height < round || height + 1n < best;
    if (nodes.some(({ isHonest, ledger }) => isHonest && isBehind(ledger.height()))) {
      simulation.count('healed-in-trouble');
    }
    simulation.heal();
  });
  return schedule.now() + forMs;
}

/**
 * The network hides a certificate: in one round, quorums of soft votes fail until a period; the certificate of that period comes to one node
 * only, or to nobody, and what that node knows does not leave it until much later. The others have to find the same block.
 */
export function hide(simulation: Simulation, period: number, seer: number | undefined, forMs: number): void {
  const { schedule, random, nodes } = simulation;
  const round = BigInt(random.between(2, 4));
  /** Nodes that do not hear the soft votes of the period either. */
  const deaf = new Set(
    nodes.filter(({ number }) => number !== seer && random.chance(250)).map(({ number }) => number),
  );
  let end: number | undefined;
  const passes = (packet: Packet, from: number, to: number): boolean => {
    const subject = subjectOf(packet);
    if (subject === undefined || subject.round < round) return true;
    end ??= healAfter(simulation, round, forMs);
    if (schedule.now() > end) return true;
    if (subject.round > round) return from !== seer && to !== seer;
    if (subject.step === STEP.soft)
      return subject.period >= period && !(subject.period === period && deaf.has(to));
    if (subject.step !== STEP.cert) return from !== seer || subject.step < STEP.next;
    return subject.period === period && to === seer;
  };
  simulation.turn({ passes });
}

function hiddenPlan(random: Random, period: number, isSeen: boolean): Plan {
  const count = random.pick([0, 1, 1]);
  const people = crowd(random, count);
  const hostile = random.pick([mute, doubleVoter]);
  const nodes = nodesOf(people, [hostile]);
  const seer = isSeen ? random.below(people.honest.length) : undefined;
  const forMs = random.between(15_000, 90_000);
  return {
    ...calmPlan(random, nodes),
    load: 'steady',
    faulty: { ms: 100_000, height: 8n },
    isScripted: true,
    script: (simulation) => hide(simulation, period, seer, forMs),
  };
}

/**
 * A certificate that comes when the others are two periods on: its votes reach one node late, the votes that end its period reach that
 * node never. The others are too few to go on without it, so they need that old certificate.
 */
function stale(simulation: Simulation): void {
  const { schedule, random, nodes } = simulation;
  const round = BigInt(random.between(2, 4));
  const seer = random.below(nodes.filter(({ isHonest }) => isHonest).length);
  const forMs = random.between(30_000, 50_000);
  const heldFor = random.between(14_000, 24_000);
  let end: number | undefined;
  const passes = (packet: Packet, from: number, to: number): boolean | number => {
    const subject = subjectOf(packet);
    if (subject === undefined || subject.round < round) return true;
    end ??= healAfter(simulation, round, forMs);
    if (schedule.now() > end) return true;
    if (subject.round > round || packet.type !== 'message') return from !== seer && to !== seer;
    const { period, step } = subject;
    if (step === STEP.propose) return true;
    if (step === STEP.cert)
      return period === 0 && to === seer && packet.message.type === 'vote' ? heldFor : false;
    if (step === STEP.soft) return period === 0;
    return period === 0 || to !== seer;
  };
  simulation.turn({ passes });
}

/** The steps of one period that are kept from everybody, so that it ends by other ones. */
function withoutSteps(simulation: Simulation, isKept: (subject: Subject) => boolean): void {
  const { schedule, random } = simulation;
  const round = BigInt(random.between(1, 3));
  const forMs = random.between(15_000, 60_000);
  let end: number | undefined;
  simulation.turn({
    passes(packet) {
      const subject = subjectOf(packet);
      if (subject === undefined || subject.round !== round) return true;
      end ??= healAfter(simulation, round, forMs);
      return schedule.now() > end || !isKept(subject) || random.chance(30);
    },
  });
}

/** Periods that end by fast recovery alone: its steps, and what they need to be about a value, about bottom, or about both. */
function recoveryPlan(random: Random): Plan {
  const isNext = (step: number): boolean => step >= STEP.next && step < STEP.late;
  // There is a soft quorum in the first period only, which ends with its value.
  const onlyRedo = ({ period, step }: Subject): boolean =>
    step === STEP.cert || (period > 0 && (step === STEP.soft || isNext(step)));
  const isKept = random.pick<(subject: Subject) => boolean>([
    onlyRedo,
    onlyRedo,
    // Late: there is a soft quorum.
    ({ step }) => step === STEP.cert || isNext(step),
    // Down: there is none.
    ({ step }) => step === STEP.soft || step === STEP.cert || isNext(step),
    // Some have staged a value and some have not.
    ({ step }) => (step === STEP.soft && random.chance(400)) || step === STEP.cert || isNext(step),
  ]);
  const plan = calmPlan(random, nodesOf(crowd(random, random.below(2)), [random.pick([mute, doubleVoter])]));
  return {
    ...plan,
    load: 'steady',
    faulty: { ms: 90_000, height: 6n },
    isScripted: true,
    script: (simulation) => withoutSteps(simulation, isKept),
  };
}

export const HIDDEN: readonly Scenario[] = [
  {
    name: 'hidden-certificate',
    share: 45,
    plan: (random) => hiddenPlan(random, random.pick([0, 0, 1]), true),
  },
  {
    name: 'stale-certificate',
    share: 35,
    plan: (random) => {
      const nodes = nodesOf({ honest: [[1], [1], [1]], hostile: [[1]] }, [mute]);
      return {
        ...calmPlan(random, nodes),
        load: 'steady',
        faulty: { ms: 80_000, height: 8n },
        changesStake: false,
        isScripted: true,
        script: stale,
      };
    },
  },
  { name: 'fast-recovery', share: 35, plan: recoveryPlan },
  // m = 3: the period before the first in which the empty block is proposed.
  { name: 'hidden-before-empty', share: 35, plan: (random) => hiddenPlan(random, 2, true) },
  { name: 'missed-certificate', share: 30, plan: (random) => hiddenPlan(random, random.below(4), false) },
  {
    name: 'empty-blocks',
    share: 30,
    plan: (random) => hiddenPlan(random, random.between(3, 6), random.chance(500)),
  },
];
