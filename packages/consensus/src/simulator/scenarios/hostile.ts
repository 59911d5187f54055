import { PRODUCTION, STEP } from '@sero/protocol';
import { liar } from '../adversaries/liar.ts';
import { flooder, garbler, replayer } from '../adversaries/noise.ts';
import {
  blockHider,
  bodySwapper,
  borrower,
  eagerStarter,
  equivocatingProposer,
  stuffer,
} from '../adversaries/proposers.ts';
import {
  alternatingVoter,
  doubleVoter,
  lateVoter,
  mute,
  muteLeader,
  restlessVoter,
} from '../adversaries/voters.ts';
import { FULL_BLOCK } from '../chain.ts';
import type { HostilePlan } from '../hostile.ts';
import type { Packet } from '../network.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Simulation } from '../simulation.ts';
import { decodeCommand } from '../transactions.ts';
import { Violation } from '../violation.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';
import { crashes, lossyWeather, partitions, slowWeather, wrongClock } from './faults.ts';

/** Hostile nodes that may stand in any world. */
const HOSTILE: readonly HostilePlan[] = [
  mute,
  muteLeader,
  lateVoter,
  doubleVoter,
  alternatingVoter,
  restlessVoter,
  equivocatingProposer,
  blockHider,
  replayer,
  garbler,
  borrower,
  bodySwapper,
  liar,
];

/** One or two hostile nodes with as much stake as may be, which do one of these things. */
function against(random: Random, plans: readonly HostilePlan[]): Plan {
  const first = random.pick(plans);
  return calmPlan(random, nodesOf(crowd(random, random.between(1, 2)), [first, random.pick(plans)]));
}

/** A bad network in half of the runs. */
function perhapsBad(random: Random, plan: Plan): Plan {
  if (random.chance(500)) return plan;
  const weather = random.chance(500) ? lossyWeather(random) : slowWeather(random);
  return { ...plan, weather: { ...plan.weather, ...weather } };
}

function scenario(name: string, share: number, plans: readonly HostilePlan[]): Scenario {
  return { name, share, plan: (random) => perhapsBad(random, against(random, plans)) };
}

/** Votes of a flooder that a node passes on: what of them can matter, two values for each of the steps of two periods and of the next round. */
const MOST_RELAYED = 64;

function expectNoFlood({ nodes, checker }: Simulation): void {
  const rounds = checker.finals().length;
  const honest = nodes.flatMap(({ records }) => records).length;
  for (const { number, isHonest, work } of nodes) {
    const most = rounds * (MOST_RELAYED + 12 * honest);
    if (isHonest && work.relayed > most) {
      throw new Violation('flood', `node ${number} passed on ${work.relayed} votes in ${rounds} rounds`);
    }
  }
}

/** A hostile node that lies about its draws, in a third of the runs where votes are drawn as well. */
function liarPlan(random: Random): Plan {
  if (random.chance(650)) return against(random, [liar]);
  const honest = Array.from({ length: random.between(7, 9) }, () => [random.between(8_000, 12_000)]);
  const plan = calmPlan(random, nodesOf({ honest, hostile: [[random.between(1_000, 9_000)]] }, [liar]));
  return { ...plan, parameters: { ...plan.parameters, committees: PRODUCTION.committees } };
}

/** No final block holds more than a block may. */
function expectBounded({ checker, count }: Simulation): void {
  for (const { header, transactions } of checker.finals()) {
    let cost = 0;
    for (const transaction of transactions) cost += decodeCommand(transaction).cost;
    if (transactions.length > FULL_BLOCK.transactions || cost > FULL_BLOCK.cost) {
      const what = `${transactions.length} transactions of ${cost} ms`;
      throw new Violation('invalid-block', `height ${header.height}: ${what}`);
    }
    if (transactions.length === FULL_BLOCK.transactions && cost === FULL_BLOCK.cost) count('full-final');
  }
}

/**
 * Blocks that an idle chain may make in a time: one an idle interval, and what clocks may be wrong by; and none sooner after another than that, by their
 * own times.
 */
function expectPace({ schedule, checker, plan }: Simulation): void {
  const blocks = BigInt(checker.finals().length - 1);
  const { minBlockGap } = plan.parameters.pace;
  const most = BigInt(schedule.now() + 2_000) / BigInt(minBlockGap) + 1n;
  if (blocks > most) throw new Violation('pace', `${blocks} blocks in ${schedule.now()} ms`);
  const finals = checker.finals();
  for (const [i, { header }] of finals.slice(1).entries()) {
    const gap = header.time - finals[i]!.header.time;
    if (header.proposer.length > 0 && gap < BigInt(minBlockGap)) {
      throw new Violation('pace', `height ${header.height}: ${gap} ms after its parent, with nothing in it`);
    }
  }
}

/** Everything at once: clocks, network, crashes, partitions, hostile nodes. */
function mixed(random: Random): Plan {
  const count = random.below(3);
  const nodes = nodesOf(crowd(random, count), random.shuffled(HOSTILE), () =>
    random.chance(400) ? wrongClock(random) : { offset: 0, drift: 0 },
  );
  const plan = calmPlan(random, nodes);
  const weather = {
    ...plan.weather,
    ...(random.chance(600) ? lossyWeather(random) : {}),
    ...(random.chance(400) ? slowWeather(random) : {}),
  };
  const [splits, falls] = [random.chance(400), random.chance(600)];
  return {
    ...plan,
    weather,
    faulty: { ms: 60_000, height: 14n },
    script(simulation) {
      if (splits) partitions(simulation, [20, 34, 50, 66, 80]);
      if (falls) crashes(simulation, [500, 6_000], random.between(1, 4));
    },
  };
}

/** Votes and bundles of soft and cert votes: without them periods end by next votes alone. */
function isOfAgreement(packet: Packet): boolean {
  if (packet.type !== 'message' || packet.message.type === 'block') return false;
  const { step } = packet.message.type === 'vote' ? packet.message.vote : packet.message.bundle;
  return step === STEP.soft || step === STEP.cert;
}

/**
 * Processes are killed, most times all at once, just after they have voted for a period's end, and come back one after another to a network that
 * loses nearly everything for a while; a node with as much stake as may be says nothing. What is erased before it may be is gone for good then, while all
 * that are left are needed. It happens three times.
 */
function killed(random: Random): Plan {
  const plan = calmPlan(random, nodesOf(crowd(random, 1), [mute]));
  return {
    ...plan,
    faulty: { ms: 240_000 },
    isScripted: true,
    script(simulation) {
      const { schedule, nodes } = simulation;
      let left = 3;
      const fail = (): void => {
        const period = random.pick([0, 1, 2, 2]);
        simulation.turn({ passes: (packet) => !isOfAgreement(packet) });
        simulation.onSaid = (_, message) => {
          if (message.type !== 'vote' || message.vote.step < STEP.next || message.vote.period < period)
            return;
          simulation.onSaid = undefined;
          schedule.after(random.below(900), strike);
        };
      };
      const strike = (): void => {
        left--;
        simulation.turn({ loss: random.pick([300, 950]) });
        const isAll = random.chance(800);
        for (const { number } of nodes) {
          if (isAll || random.chance(500)) simulation.crash(number, random.between(10, 1_500), 'kill');
        }
        schedule.after(random.between(1_500, 4_000), left > 0 ? calm : simulation.heal);
      };
      const calm = (): void => {
        simulation.turn({ loss: 0, passes: () => true });
        schedule.after(random.between(8_000, 20_000), fail);
      };
      fail();
    },
  };
}

export const AGAINST: readonly Scenario[] = [
  scenario('mute-leader', 25, [mute, muteLeader, blockHider]),
  scenario('late-voter', 15, [lateVoter]),
  scenario('equivocator', 35, [equivocatingProposer]),
  scenario('double-voter', 50, [doubleVoter, alternatingVoter, restlessVoter]),
  scenario('noise', 20, [replayer, garbler]),
  {
    name: 'flood',
    share: 10,
    plan: (random) => ({
      ...calmPlan(random, nodesOf(crowd(random, 1), [flooder])),
      faulty: { ms: 15_000, height: 6n },
      atEnd: expectNoFlood,
    }),
  },
  {
    name: 'eager-starter',
    share: 10,
    plan: (random) => ({
      ...calmPlan(random, nodesOf(crowd(random, 1), [eagerStarter])),
      load: 'none',
      faulty: { ms: 100_000 },
      atEnd: expectPace,
    }),
  },
  {
    name: 'idle',
    share: 10,
    plan: (random) => ({
      ...calmPlan(random, nodesOf(crowd(random, 0))),
      load: 'none',
      faulty: { ms: 100_000 },
      atEnd: expectPace,
    }),
  },
  {
    name: 'full-blocks',
    share: 20,
    plan(random) {
      const plan = calmPlan(random, nodesOf(crowd(random, random.chance(800) ? 1 : 0), [stuffer]));
      const faulty = { ms: 60_000, height: 16n };
      return { ...perhapsBad(random, { ...plan, load: 'full', faulty }), atEnd: expectBounded };
    },
  },
  scenario('borrower', 15, [borrower]),
  scenario('wrong-body', 15, [bodySwapper]),
  { name: 'liar', share: 15, plan: (random) => perhapsBad(random, liarPlan(random)) },
  { name: 'killed', share: 20, plan: killed },
  { name: 'mixed', share: 90, plan: mixed },
];
