import { compareBytes, toHex } from '@sero/crypto';
import {
  type Bundle,
  isCanonicalChoice,
  type RoundContext,
  STEP,
  seedInput,
  type Value,
  type Vote,
  voteMessage,
} from '@sero/protocol';
import { salt } from '../adversaries/proposers.ts';
import type { HostilePlan } from '../hostile.ts';
import type { Packet } from '../network.ts';
import type { SimulatedRecord } from '../node.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Simulation } from '../simulation.ts';
import { Violation } from '../violation.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';
import { crashes, lossyWeather } from './faults.ts';

/** What a thief who takes a record's keys now can make of one place. */
function forge(
  { genesisHash }: Pick<RoundContext, 'genesisHash'>,
  { id, keys }: SimulatedRecord,
  { round, period, step, value, proof }: Pick<Vote, 'round' | 'period' | 'step' | 'value' | 'proof'>,
): Vote | undefined {
  const ballot = { sender: id, round, period, step, value };
  const signature = keys.steal(round, period, step, voteMessage(genesisHash, ballot));
  return signature === undefined ? undefined : { ...ballot, proof, signature };
}

/** Whether a vote's leaf goes with the vote: what the keys' tree has room for. */
function isErasedWithVote({ period, step }: Pick<Vote, 'period' | 'step'>): boolean {
  return period < 3 && step <= STEP.cert;
}

/**
 * Whoever votes has his keys stolen right after: no other vote of the same place can be signed with them, and none of an old round. From one
 * node, whose stake the chain bears, the thief casts what he can make.
 */
function corruptAfterSend(simulation: Simulation): void {
  const { nodes, random, chain, checker, network, schedule } = simulation;
  const victim = random.pick(nodes.filter(({ isHonest }) => isHonest));
  const others = nodes.map(({ number }) => number).filter((number) => number !== victim.number);
  const next = simulation.onSaid;
  simulation.onSaid = (number, message) => {
    next?.(number, message);
    if (message.type !== 'vote') return;
    const { vote } = message;
    const record = nodes[number]!.records.find(({ id }) => toHex(id) === toHex(vote.sender))!;
    const value: Value = { period: 0, proposer: record.id, digest: random.bytes(32) };
    if (!isCanonicalChoice(vote.step, false)) return;
    const forged = forge(chain, record, { ...vote, value });
    if (forged !== undefined && isErasedWithVote(vote)) {
      throw new Violation(
        'stolen-key',
        `node ${number}: round ${vote.round}, period ${vote.period}, step ${vote.step}`,
      );
    }
    expectOldRoundsErased(simulation, record, vote.round, number);
    if (forged === undefined || number !== victim.number) return;
    for (const { id } of victim.records) checker.corrupted(id);
    const packet = { type: 'message', message: { type: 'vote', vote: forged } } as const;
    schedule.after(random.below(50), () => {
      checker.onSent(packet.message, number);
      for (const to of others) if (random.chance(700)) network.send(number, to, packet);
    });
  };
}

/** Who votes in a round has no keys of earlier ones. */
function expectOldRoundsErased(
  { random, chain }: Simulation,
  record: SimulatedRecord,
  round: bigint,
  node: number,
): void {
  for (const old of [round - 1n, BigInt(random.below(Number(round)))]) {
    const place = { round: old, period: random.below(4), step: random.below(4), proof: [] };
    const value: Value = { period: 0, proposer: record.id, digest: random.bytes(32) };
    if (forge(chain, record, { ...place, value }) !== undefined) {
      throw new Violation('stolen-key', `node ${node} in round ${round} has keys of round ${old}`);
    }
  }
}

/** Keeps the keys of all rounds, and does nothing else. */
const hoarder: HostilePlan = () => ({});

/** All keys that anybody honest has are handed to an adversary, who looks for what could certify another block of an old round. */
function recertify({ nodes, chain, random, checker }: Simulation): void {
  const height = BigInt(checker.finals().length - 1);
  const honest = nodes.filter(({ isHonest }) => isHonest);
  for (let round = 1n; round <= height; round++) {
    // Who is still at a round has its keys: he has yet to vote there.
    const over = honest.filter(({ ledger }) => ledger.height() > round);
    for (let period = 0; period <= 5; period++) {
      const value: Value = {
        period: 0,
        proposer: over[0]?.records[0]?.id ?? new Uint8Array(32),
        digest: random.bytes(32),
      };
      const place = { round, period, step: STEP.cert, value, proof: [] };
      const stolen = over
        .flatMap(({ records }) => records)
        .filter((record) => forge(chain, record, place) !== undefined);
      if (stolen.length > 0) {
        throw new Violation(
          'stolen-key',
          `${stolen.length} keys of round ${round} are left at height ${height}`,
        );
      }
    }
  }
}

/**
 * Casts every vote that can be signed for another block of an old round, one that holds, with what hostile nodes have kept and honest ones have left; and
 * shows it to everybody, those who are still at that round among them, with what looks like its certificate.
 */
function castOld(simulation: Simulation): void {
  const { nodes, chain, random, checker, crypto, network, count } = simulation;
  const finals = checker.finals();
  const hoarding = nodes.find(({ isHonest, isUp }) => !isHonest && isUp());
  if (finals.length < 2 || hoarding === undefined) return;
  const parent = finals[random.below(finals.length - 1)]!;
  const round = parent.header.height + 1n;
  const { genesisHash, seed, table } = chain.context(parent, round);
  const { id, vrfSecret } = hoarding.records[0]!;
  const seedProof = crypto.vrf.prove(vrfSecret, seedInput(genesisHash, seed, round));
  const time = parent.header.time + BigInt(random.between(1, 5_000));
  const block = chain.build(parent, { proposer: id, period: 0, seedProof }, [salt(random.u32())], time);
  const value: Value = { period: 0, proposer: id, digest: block.digest };
  const over = nodes.filter(({ isHonest, ledger }) => !isHonest || ledger.height() > round);
  const records = over.flatMap((node) => node.records).filter((record) => table.row(record.id) !== undefined);
  const others = nodes.map(({ number }) => number).filter((number) => number !== hoarding.number);
  const send = (packet: Packet): void => {
    if (packet.type === 'message') checker.onSent(packet.message, hoarding.number);
    for (const to of others) network.send(hoarding.number, to, packet);
  };
  send({ type: 'message', message: { type: 'block', bytes: block.bytes } });
  const period = random.pick([0, 0, 1, 3]);
  const castAt = (step: number): Vote[] => {
    const place = { round, period, step, value, proof: [] };
    const votes = records.flatMap((record) => forge(chain, record, place) ?? []);
    for (const vote of votes) send({ type: 'message', message: { type: 'vote', vote } });
    return votes;
  };
  castAt(STEP.soft);
  const votes = castAt(STEP.cert);
  if (votes.length === 0) return;
  count('old-vote');
  const bySender = votes.sort((a, b) => compareBytes(a.sender, b.sender));
  const signatures = bySender.map(({ sender, proof, signature }) => ({ sender, proof, signature }));
  const certificate: Bundle = {
    round,
    period,
    step: STEP.cert,
    value,
    votes: signatures,
    equivocations: [],
  };
  send({ type: 'message', message: { type: 'bundle', bundle: certificate } });
  send({ type: 'certified', round, certified: { block: block.bytes, certificate } });
}

function robbed(random: Random): Plan {
  // Equal nodes, so that one more hostile one can be borne.
  const nodes = nodesOf({ honest: Array.from({ length: random.between(4, 6) }, () => [1]), hostile: [] });
  return calmPlan(random, nodes);
}

export const THIEVES: readonly Scenario[] = [
  {
    name: 'corrupt-after-send',
    share: 20,
    plan(random) {
      const plan = robbed(random);
      const isLossy = random.chance(500);
      return {
        ...plan,
        weather: { ...plan.weather, ...(isLossy ? lossyWeather(random) : {}) },
        script: corruptAfterSend,
      };
    },
  },
  {
    name: 'old-keys',
    share: 10,
    plan(random) {
      const plan = calmPlan(random, nodesOf(crowd(random, 1), [hoarder]));
      return {
        ...plan,
        weather: { ...plan.weather, ...(random.chance(500) ? lossyWeather(random) : {}) },
        script(simulation) {
          crashes(simulation, [500, 4_000], 2);
          const { schedule } = simulation;
          const again = (): void => {
            recertify(simulation);
            castOld(simulation);
            schedule.after(2_000, again);
          };
          again();
        },
        atEnd: recertify,
      };
    },
  },
];
