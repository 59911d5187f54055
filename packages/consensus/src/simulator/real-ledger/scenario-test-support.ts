import { equalBytes, portableEd25519 } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import { ALICE, BOB, type Draft, filler } from '@sero/ledger/test/chain';
import type { TestNetwork } from '@sero/ledger/test/participants';
import {
  anchorHeight,
  decodeEnvelope,
  encodeEvidenceTransaction,
  isEvidence,
  KIND,
  ONLINE,
  OnlineBodyType,
  ProtocolError,
  pairOf,
  proveRows,
  RegisterBodyType,
  STEP,
  StakeBodyType,
  twoVotesOf,
  UnlockBodyType,
} from '@sero/protocol';
import type { EquivocationPair } from '../../machine/vote-tracker.ts';
import { doubleVoter } from '../adversaries/voters.ts';
import type { Plan } from '../plan.ts';
import { type Random, randomFrom } from '../random.ts';
import { kindOf, type RunOptions, runSeed, type SeedOutcome } from '../run-seed.ts';
import { calmPlan, crowd, nodesOf } from '../scenarios/draw.ts';
import { crashes } from '../scenarios/faults.ts';
import { REAL_LEDGER } from '../scenarios/index.ts';
import { type Simulation, type SimulationOptions, simulateHeld } from '../simulation.ts';
import { Violation } from '../violation.ts';
import { type RealFoundation, realFoundation } from './ground-test-support.ts';

/** What happened in a world on real ledgers. */
export interface RealOutcome extends SeedOutcome {
  readonly payments: number;
  readonly stakeCommands: number;
  readonly slashes: number;
  readonly emptyBlocks: number;
  /** Crashes between the log of blocks and the state. */
  readonly tornCommits: number;
}

/** As `runSeed`, for every kind of world. */
export async function runWorld(
  seed: number,
  { scenario = kindOf(seed).name, ...options }: RunOptions = {},
): Promise<SeedOutcome> {
  return scenario === REAL_LEDGER.name
    ? runRealLedger(seed, options)
    : runSeed(seed, { ...options, scenario });
}

/** One world whose nodes have real ledgers. The same seed gives the same run. @param seed 0..2^48 */
export async function runRealLedger(seed: number, options: SimulationOptions = {}): Promise<RealOutcome> {
  const random = randomFrom(BigInt(seed));
  const counts = { payments: 0, stakeCommands: 0, slashes: 0, emptyBlocks: 0 };
  const { plan, foundation } = realPlan(random, counts);
  const worldSeed = BigInt(random.u32()) + (BigInt(seed) << 32n);
  const outcome = await simulateHeld(plan, worldSeed, options);
  return { seed, scenario: REAL_LEDGER.name, ...outcome, ...counts, tornCommits: foundation.tornCommits() };
}

type Counts = { -readonly [K in 'payments' | 'stakeCommands' | 'slashes' | 'emptyBlocks']: number };

function realPlan(random: Random, counts: Counts): { plan: Plan; foundation: RealFoundation } {
  const isHostile = random.chance(700);
  const nodes = nodesOf(crowd(random, isHostile ? 1 : 0), [doubleVoter]);
  const calm = calmPlan(random, nodes);
  const { stake } = calm.parameters;
  const parameters = { ...calm.parameters, stake: { ...stake, certStride: stake.balanceLookback } };
  const foundation = realFoundation(parameters);
  const trouble = random.below(3);
  const plan: Plan = {
    ...calm,
    parameters,
    foundation,
    load: 'none',
    changesStake: false,
    faulty: { ms: 60_000, height: BigInt(random.between(8, 14)) },
    script(simulation) {
      startPayments(simulation, foundation);
      collectEvidence(simulation, foundation);
      if (trouble === 0) hush(simulation);
      else if (trouble === 1) crashes(simulation, [200, 2_500], 1);
      if (trouble !== 1) crashCommits(simulation, foundation, trouble === 0 ? 200 : 900);
    },
    atEnd: (simulation) => expectOneState(simulation, foundation, counts),
  };
  return { plan, foundation };
}

/** Soft votes are lost for a while: periods pass until the empty block is taken. */
function hush(simulation: Simulation): void {
  const { schedule, random } = simulation;
  const round = BigInt(random.between(2, 4));
  const { emptyBlockPeriod } = simulation.plan.parameters.stake;
  simulation.turn({
    passes: (packet) =>
      packet.type !== 'message' ||
      packet.message.type !== 'vote' ||
      packet.message.vote.round !== round ||
      packet.message.vote.step !== STEP.soft ||
      packet.message.vote.period >= emptyBlockPeriod,
  });
  schedule.after(50_000, () => simulation.turn({ passes: () => true }));
}

/** Crashes nodes between the log of blocks and the state, and before either. @param perMille how often */
function crashCommits(simulation: Simulation, foundation: RealFoundation, perMille: number): void {
  const { random, schedule, nodes } = simulation;
  foundation.onWriting = (node) => {
    if (!nodes[node]!.isHonest || nodes.some((one) => !one.isUp()) || !random.chance(perMille)) return;
    schedule.after(0, () => simulation.crash(node, random.pick([20, 300, 3_000])));
  };
}

/** Private payments and commands of owners, as long as the run lasts. */
function startPayments(simulation: Simulation, foundation: RealFoundation): void {
  const { random, schedule, nodes } = simulation;
  const honest = nodes.filter(({ isHonest }) => isHonest);
  let id = 0;
  const next = (): void => {
    schedule.after(random.between(500, 2_500), next);
    const up = honest.filter((node) => node.isUp());
    if (up.length === 0) return;
    const wallet = foundation.chainOf(random.pick(up).number);
    const { id: record } = random.pick(honest.flatMap(({ records }) => records));
    const draft = random.chance(600) ? {} : command(random, wallet, record);
    id++;
    const transaction = wallet.make({ nullifiers: [serial(id, 1), serial(id, 2)], ...draft });
    for (const node of nodes) schedule.after(random.below(100), () => node.addTransaction(transaction));
  };
  schedule.after(100, next);
}

/** A nullifier that nothing else has. */
function serial(id: number, part: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(8, id * 4 + part);
  return bytes;
}

function command(random: Random, { genesis, participants }: TestNetwork, record: Uint8Array): Draft {
  const of = participants.find(({ id }) => equalBytes(id, record))!;
  const n = random.below(1_000_000);
  const drafts: readonly (() => Draft)[] = [
    () => ({
      kind: KIND.stake,
      from: random.pick([ALICE, BOB]),
      body: StakeBodyType.serialize({ record, units: 1n }),
      price: genesis.stake.unit,
    }),
    () => ({
      kind: KIND.unlock,
      from: random.pick([ALICE, BOB]),
      body: UnlockBodyType.serialize({ record, units: 1n }),
    }),
    () => ({
      kind: KIND.online,
      from: of.genesis.owner,
      body: OnlineBodyType.serialize({ record, online: ONLINE.online }),
    }),
    () => ({
      kind: KIND.register,
      from: BOB,
      body: RegisterBodyType.serialize({
        record: [],
        vrfKey: portableEd25519.publicKey(filler(n, 32)),
        voteRoot: portableEd25519.publicKey(filler(n + 1, 32)),
        blsKey: filler(n, 48),
        blsProof: filler(n, 96),
        firstRound: 0n,
        lastRound: 1_000_000n,
        commission: 0,
      }),
    }),
  ];
  return random.pick(drafts)();
}

/** Every node keeps the pairs of votes that its player has seen, and puts them into its blocks while they count. */
function collectEvidence(simulation: Simulation, { pending }: RealFoundation): void {
  const seen = new Map<number, EquivocationPair[]>();
  simulation.onEvidence = (node, pair) => {
    const pairs = seen.get(node) ?? [];
    seen.set(node, pairs);
    if (pairs.length < 8) pairs.push(pair);
    pending.set(node, (chain) => firstThatCounts(chain, pairs));
  };
}

function firstThatCounts(chain: TestNetwork, pairs: readonly EquivocationPair[]): readonly Uint8Array[] {
  const { ledger, genesis } = chain;
  for (const { first, second } of pairs) {
    const { round } = first.vote;
    const anchor = ledger.proveHeader(anchorHeight(round, genesis.stake.balanceLookback));
    const table = ledger.stakeTable(round);
    if (anchor === undefined || table === undefined || round > ledger.head().height) continue;
    const pair = pairOf(first.vote, second.vote);
    const evidence = twoVotesOf(first.vote, pair, anchor, proveRows(table, [pair.sender]));
    const bytes = encodeEvidenceTransaction(evidence, genesis.chainId);
    try {
      ledger.checkEvidence(bytes);
      return [bytes];
    } catch (error) {
      if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
    }
  }
  return [];
}

/** All nodes of a height have one state; what the chain holds is counted. */
function expectOneState({ nodes, checker }: Simulation, foundation: RealFoundation, counts: Counts): void {
  const finals = checker.finals();
  for (const { number, isHonest } of nodes) {
    if (!isHonest) continue;
    const { ledger } = foundation.chainOf(number);
    // The last block may be applied and not told of yet.
    const header = finals[Number(ledger.head().height)]?.header ?? ledger.head();
    if (!equalBytes(ledger.stateRoot(), header.stateRoot)) {
      throw new Violation('fork', `node ${number} has another state at ${header.height}`);
    }
  }
  for (const { header, transactions } of finals.slice(1)) {
    if (header.proposer.length === 0) counts.emptyBlocks++;
    for (const bytes of transactions) {
      const kind = decodeEnvelope(bytes).private?.tx.kind;
      if (isEvidence(bytes)) counts.slashes++;
      else if (kind === KIND.pay) counts.payments++;
      else counts.stakeCommands++;
    }
  }
}
