import { compareBytes, concat, portableEd25519, portableVrf, toHex } from '@sero/crypto';
import { STEP, type StakeRow, type VoteCrypto } from '@sero/protocol';
import type { ConsensusMessage } from '../abstractions.ts';
import type { EquivocationPair } from '../machine/vote-tracker.ts';
import type { Mutant } from '../mutant.ts';
import { type Chain, createChain } from './chain.ts';
import { type Checker, createChecker } from './checker.ts';
import type { Ground } from './foundation.ts';
import type { Happening, Happenings } from './happenings.ts';
import { startLoad } from './load.ts';
import { CALM, createNetwork, type SimulatedNetwork, type Weather } from './network.ts';
import { createNode, type SimulatedNode, type SimulatedRecord, type Stop } from './node.ts';
import { createNodeLedger } from './node-ledger.ts';
import type { Plan } from './plan.ts';
import { progressBound } from './progress-bound.ts';
import { type Random, randomFrom } from './random.ts';
import { realKeys } from './real.ts';
import { createSchedule, type Schedule } from './schedule.ts';
import { secretOf, stubCrypto } from './stub-crypto.ts';
import { stubKeys } from './stub-keys.ts';
import { createVerification } from './verification.ts';
import { Violation, type ViolationCode } from './violation.ts';

/** A world at work: what scripts and checks of scenarios see of it. */
export interface Simulation {
  readonly plan: Plan;
  readonly random: Random;
  readonly schedule: Schedule;
  readonly network: SimulatedNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly chain: Chain;
  readonly checker: Checker;
  readonly crypto: VoteCrypto;
  /** Called with everything that an honest node says, after it was sent. */
  onSaid: ((node: number, message: ConsensusMessage) => void) | undefined;
  /** Called when a node has written to its vote log or erased keys, before that is durable. */
  onWrite: ((node: number) => void) | undefined;
  /** Called with two votes of one sender at one place that an honest node has seen. */
  onEvidence: ((node: number, pair: EquivocationPair) => void) | undefined;
  /** What happened until now. */
  readonly happened: Happenings;
  count(what: Happening): void;
  /** Outcome's. */
  recovered: number | undefined;
  /** Whether the first phase lasts. */
  isFaulty(): boolean;
  /** Changes the weather of the first phase; what is not named stays. */
  turn(weather: Partial<Weather>): void;
  /** From now on nothing fails. */
  heal(): void;
  /** Stops a node in the first phase, and starts it again later. @param how default: the machine loses power */
  crash(node: number, forMs: number, how?: Stop): void;
}

/** What came of a run. */
export interface Outcome {
  readonly rounds: number;
  readonly packets: number;
  readonly events: number;
  /** Virtual time, ms. */
  readonly time: number;
  /** From the end of faults until everybody had got on, ms; undefined where it did not come to that. */
  readonly recovered?: number;
  readonly happened: Happenings;
  readonly violation?: { readonly code: ViolationCode; readonly message: string };
}

/** What is not drawn. */
export interface SimulationOptions {
  readonly mutant?: Mutant;
  /** The checker takes the mutant's rule for the right one, too, so that what follows from it is seen. */
  readonly isBelieved?: boolean;
  /** Takes a line for each thing worth reading. */
  readonly trace?: (line: string) => void;
}

/**
 * Lets a world run: its first phase with faults, its second without.
 *
 * @param seed of everything that is drawn
 */
export function simulate(plan: Plan, seed: bigint, options: SimulationOptions = {}): Outcome {
  const simulation = assemble(plan, randomFrom(seed), createSchedule(), options);
  try {
    for (const held of play(simulation)) throw new Error(`a world that waits for ${held}`);
  } catch (error) {
    return outcomeOf(simulation, violationIn(error));
  }
  return outcomeOf(simulation);
}

/** As `simulate`, for worlds in which time stands still while something is worked out. */
export async function simulateHeld(
  plan: Plan,
  seed: bigint,
  options: SimulationOptions = {},
): Promise<Outcome> {
  const simulation = assemble(plan, randomFrom(seed), createSchedule(), options);
  try {
    for (const held of play(simulation)) await held;
  } catch (error) {
    return outcomeOf(simulation, violationIn(error));
  }
  return outcomeOf(simulation);
}

function violationIn(error: unknown): NonNullable<Outcome['violation']> {
  if (error instanceof Violation) return { code: error.code, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'exception', message };
}

function outcomeOf(simulation: Simulation, violation?: Outcome['violation']): Outcome {
  const { checker, network, schedule, happened, recovered } = simulation;
  const finals = checker.finals().slice(1);
  const empty = finals.filter(({ header }) => header.proposer.length === 0).length;
  return {
    rounds: finals.length,
    packets: network.counts.arrived,
    events: schedule.events(),
    time: schedule.now(),
    ...(recovered === undefined ? {} : { recovered }),
    happened: { ...happened, 'empty-block': empty },
    ...(violation === undefined ? {} : { violation }),
  };
}

function assemble(
  plan: Plan,
  random: Random,
  schedule: Schedule,
  { mutant, isBelieved = false, trace }: SimulationOptions,
): Simulation {
  const { foundation } = plan;
  const crypto =
    foundation?.crypto ??
    (plan.real === 'crypto' ? { vrf: portableVrf, ed25519: portableEd25519 } : stubCrypto());
  const diskRandom = random.fork();
  const later = (run: () => void): void =>
    schedule.after(diskRandom.between(plan.disk[0], plan.disk[1]), run);
  let number = 0;
  const rows: StakeRow[] = [];
  const honest = new Set<string>();
  const records = plan.nodes.map(({ weights, hostile }) =>
    weights.map((weight): SimulatedRecord => {
      const n = number++;
      const vrfSecret = secretOf(5, n);
      const own =
        plan.real === undefined
          ? stubKeys(n, crypto.ed25519, later)
          : realKeys(n, crypto.ed25519, later, plan.keyRounds);
      const keys =
        hostile === undefined ? own : { ...own, erase: () => undefined, eraseBefore: () => undefined };
      const blsKey = concat(secretOf(6, n), secretOf(6, n).slice(16));
      const vrfKey = crypto.vrf.publicKey(vrfSecret);
      const row = { vrfKey, voteRoot: keys.root, weight: BigInt(weight) };
      const id = foundation?.register(n, row) ?? secretOf(4, n);
      rows.push({ ...row, id, blsKey });
      if (hostile === undefined) honest.add(toHex(id));
      return { id, vrfSecret, keys };
    }),
  );
  rows.sort((a, b) => compareBytes(a.id, b.id));
  const { chain, openLedger } =
    foundation?.build(schedule) ??
    lightGround(createChain(plan.parameters, rows, random.bytes(32), crypto, mutant, isBelieved));
  // The mutant: whatever proof is shown, it is believed.
  const vrf = {
    ...crypto.vrf,
    verify: (_: Uint8Array, __: Uint8Array, proof: Uint8Array) => crypto.vrf.outputOf(proof),
  };
  const verification = createVerification(mutant === 'draw-proof' ? { ...crypto, vrf } : crypto);
  const checker = createChecker(chain, verification, crypto, (id) => honest.has(toHex(id)), isBelieved);
  const nodes: SimulatedNode[] = [];
  const networkRandom = random.fork();
  const nodeRandom = random.fork();
  const network = createNetwork(
    schedule,
    networkRandom,
    plan.nodes.map((_, i) => ({
      isUp: () => nodes[i]!.isUp(),
      take: (packet, from) => nodes[i]!.take(packet, from),
    })),
    neighbours(plan, networkRandom),
    plan.isEncoded,
  );
  network.weather = plan.weather;
  let isFaulty = true;
  const happened: Happenings = {};
  const simulation: Simulation = {
    plan,
    random: random.fork(),
    schedule,
    network,
    nodes,
    chain,
    checker,
    crypto,
    onSaid: undefined,
    onWrite: undefined,
    happened,
    count(what) {
      happened[what] = (happened[what] ?? 0) + 1;
    },
    recovered: undefined,
    onEvidence: undefined,
    isFaulty: () => isFaulty,
    heal() {
      isFaulty = false;
      network.weather = CALM;
    },
    turn(weather) {
      if (!isFaulty) return;
      network.weather = { ...network.weather, ...weather };
      trace?.(`${schedule.now()} weather ${Object.keys(weather).join(', ')}`);
    },
    crash(node, forMs, how = 'power') {
      if (!isFaulty) return;
      nodes[node]!.crash(how);
      schedule.after(forMs, () => {
        if (!nodes[node]!.isUp()) nodes[node]!.start();
      });
    },
  };
  for (const [i, node] of plan.nodes.entries()) {
    nodes.push(
      createNode(i, node, records[i]!, {
        plan,
        mutant,
        schedule,
        random: nodeRandom,
        crypto,
        chain,
        openLedger,
        verification,
        checker,
        network: () => network,
        nodeCount: plan.nodes.length,
        trace: trace && ((line) => trace(`${schedule.now()} ${line()}`)),
        onSaid(from, message) {
          countVote(simulation, message);
          simulation.onSaid?.(from, message);
        },
        onWrite: (at) => simulation.onWrite?.(at),
        count: simulation.count,
        onEvidence: (from, pair) => simulation.onEvidence?.(from, pair),
      }),
    );
  }
  return simulation;
}

/** What honest votes tell of how a world went. */
function countVote({ count }: Simulation, message: ConsensusMessage): void {
  if (message.type !== 'vote') return;
  const { step, period } = message.vote;
  if (step === STEP.late) count('late');
  if (step === STEP.redo) count('redo');
  if (step === STEP.down) count('down');
  if (period >= 3) count('period-3');
}

function lightGround(chain: Chain): Ground {
  return { chain, openLedger: (machine) => createNodeLedger(chain, machine) };
}

/** Everybody, or a ring with chords, in which every node has at least `degree` neighbours. */
function neighbours({ nodes, degree }: Plan, random: Random): number[][] {
  const all = nodes.map((_, i) => i);
  if (degree === undefined || degree >= nodes.length - 1) return all.map((i) => all.filter((j) => j !== i));
  const links = all.map(() => new Set<number>());
  const link = (a: number, b: number): void => {
    if (a === b) return;
    links[a]!.add(b);
    links[b]!.add(a);
  };
  const ring = random.shuffled(all);
  for (const [place, node] of ring.entries()) link(node, ring[(place + 1) % ring.length]!);
  for (const node of all) while (links[node]!.size < degree) link(node, random.pick(all));
  return links.map((set) => [...set]);
}

/** Gives back what it waits for. */
function* play(simulation: Simulation): Generator<Promise<void>, void> {
  const { plan, schedule, nodes, random, checker } = simulation;
  for (const node of nodes) schedule.at(random.below(200), () => node.isUp() || node.start());
  startLoad(simulation);
  plan.script(simulation);
  const { ms, height } = plan.faulty;
  const isHigh = (): boolean => height !== undefined && BigInt(checker.finals().length) > height;
  yield* run(schedule, ms, () => isHigh() || !simulation.isFaulty());
  yield* expectProgress(simulation);
  plan.atEnd?.(simulation);
}

function* run(schedule: Schedule, end: number, isOver: () => boolean): Generator<Promise<void>, void> {
  for (let held = schedule.runUntil(end, isOver); held !== undefined; held = schedule.runUntil(end, isOver)) {
    yield held;
  }
}

/** The second phase: nothing fails, and everybody gets on. */
function* expectProgress(simulation: Simulation): Generator<Promise<void>, void> {
  const { plan, schedule, nodes, checker } = simulation;
  simulation.heal();
  const honest = nodes.filter(({ isHonest }) => isHonest);
  for (const node of nodes) if (!node.isUp()) node.start();
  const within = progressBound(plan);
  const from = schedule.now();
  const goal = BigInt(checker.finals().length - 1 + plan.progress.rounds);
  const isThere = (): boolean => honest.every(({ ledger }) => ledger.height() >= goal);
  yield* run(schedule, from + within, isThere);
  if (isThere()) {
    simulation.recovered = schedule.now() - from;
    return;
  }
  const heights = honest.map(({ ledger }) => ledger.height()).join(' ');
  throw new Violation(
    'progress',
    `${within} ms after the network healed heights are ${heights}, not ${goal}`,
  );
}
