import {
  type RoundContext,
  STEP,
  seedInput,
  selectedUnits,
  sortitionInput,
  type VoteCrypto,
  voteMessage,
} from '@sero/protocol';
import type { ConsensusMessage, OwnRecord, Participant, World } from '../abstractions.ts';
import type { EquivocationPair } from '../machine/vote-tracker.ts';
import { memoryVoteLog } from '../memory-disk.ts';
import type { Mutant } from '../mutant.ts';
import { consensusParams } from '../parameters.ts';
import { createParticipant } from '../participant/participant.ts';
import type { Chain } from './chain.ts';
import type { Checker } from './checker.ts';
import { type NodeClock, nodeClock } from './clock.ts';
import { watchContracts } from './contracts.ts';
import type { Ground } from './foundation.ts';
import type { Happening } from './happenings.ts';
import type { Hostile, HostileRecord, Powers } from './hostile.ts';
import type { Packet, SimulatedNetwork } from './network.ts';
import type { Machine, NodeLedger } from './node-ledger.ts';
import type { NodePlan, Plan } from './plan.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { StolenKeys } from './stub-keys.ts';
import type { Verification } from './verification.ts';
import { Violation } from './violation.ts';

/** A stake record of a run. */
export interface SimulatedRecord {
  readonly id: Uint8Array;
  readonly vrfSecret: Uint8Array;
  readonly keys: StolenKeys;
}

/**
 * How a node stops: the machine loses power, and its disk keeps what was durable and parts of the rest; or the process is killed, and everything is
 * there that it wrote, durable or not, and nothing that it had only in mind.
 */
export type Stop = 'power' | 'kill';

/** A machine with a participant on it. */
export interface SimulatedNode {
  readonly number: number;
  readonly isHonest: boolean;
  readonly records: readonly SimulatedRecord[];
  readonly ledger: NodeLedger;
  /** Votes and bundles that it had verified, and votes that it passed on: those it keeps. */
  readonly work: { verified: number; relayed: number };
  isUp(): boolean;
  start(): void;
  /** It stops at once, whatever it was doing. */
  crash(how: Stop): void;
  take(packet: Packet, from: number): void;
  addTransaction(transaction: Uint8Array): void;
}

/** What nodes share. */
export interface Surroundings {
  readonly plan: Plan;
  readonly mutant: Mutant | undefined;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly crypto: VoteCrypto;
  readonly chain: Chain;
  readonly openLedger: Ground['openLedger'];
  readonly verification: Verification;
  readonly checker: Checker;
  readonly network: () => SimulatedNetwork;
  readonly nodeCount: number;
  readonly trace: ((line: () => string) => void) | undefined;
  /** Told of what an honest node says itself, after it was sent. */
  readonly onSaid: (node: number, message: ConsensusMessage) => void;
  /** Told that a node has written to its vote log or erased keys; it is not durable yet. */
  readonly onWrite: (node: number) => void;
  readonly count: (what: Happening) => void;
  /** Told of two votes that an honest node has seen of one sender at one place. */
  readonly onEvidence: (node: number, pair: EquivocationPair) => void;
}

export function createNode(
  number: number,
  { clock: clockError, hostile: hostilePlan }: NodePlan,
  records: readonly SimulatedRecord[],
  around: Surroundings,
): SimulatedNode {
  const { plan, schedule, chain, verification, checker, crypto, trace } = around;
  const random = around.random.fork();
  const isHonest = hostilePlan === undefined;
  const clock: NodeClock = nodeClock(schedule, random.fork(), clockError);
  const later = (run: () => void): void => schedule.after(random.between(plan.disk[0], plan.disk[1]), run);
  const { log, options } = watchContracts(memoryVoteLog(later), number);
  let participant: Participant | undefined;
  let life = 0;
  const work = { verified: 0, relayed: 0 };

  const machine: Machine = {
    now: clock.now,
    sync: later,
    work(ms, done) {
      if (ms === 0) return done();
      const born = life;
      schedule.after(ms, () => {
        if (born === life) done();
      });
    },
    committing(block, certificate) {
      if (isHonest) checker.onCommitting(number, block, certificate);
    },
  };
  const ledger = around.openLedger(machine, number);

  const everybodyElse = Array.from({ length: around.nodeCount }, (_, other) => other).filter(
    (other) => other !== number,
  );

  function tell(to: number, message: ConsensusMessage): void {
    around.network().send(number, to, { type: 'message', message });
  }

  function sayToNeighbours(message: ConsensusMessage): void {
    for (const to of around.network().neighbours(number)) tell(to, message);
  }

  function tellAll(message: ConsensusMessage): void {
    checker.onSent(message, number);
    sayToNeighbours(message);
  }

  function say(message: ConsensusMessage): void {
    trace?.(() => `node ${number} says ${describe(message)}`);
    if (hostile?.say === undefined) tellAll(message);
    else hostile.say(message);
    if (isHonest) around.onSaid(number, message);
  }

  function powers(): Powers {
    const isDrawn = (context: RoundContext, record: HostileRecord, step: number, proof: Uint8Array) => {
      const row = context.table.row(record.id);
      if (row === undefined) return false;
      const output = crypto.vrf.outputOf(proof);
      const committee = context.committees(step);
      return selectedUnits(output, row.id, row.weight, context.table.total, committee) > 0n;
    };
    const voteWith: Powers['voteWith'] = ({ id }, round, period, step, value, proof) => {
      const ballot = { sender: id, round, period, step, value };
      const { keys } = records.find((record) => record.id === id)!;
      const signature = keys.sign(round, period, step, voteMessage(chain.genesisHash, ballot));
      return signature === undefined ? undefined : { ...ballot, proof: [...proof], signature };
    };
    return {
      random: random.fork(),
      number,
      records,
      others: everybodyElse,
      now: schedule.now,
      after: schedule.after,
      head: ledger.head,
      chain,
      crypto,
      transactions: ledger.waiting,
      tell(to, message) {
        checker.onSent(message, number);
        tell(to, message);
      },
      tellAll,
      count: around.count,
      vote({ id, vrfSecret }, round, period, step, value) {
        const context = ledger.context(round);
        const needsProof = step === STEP.propose || !context.committees(step).everyUnit;
        const { genesisHash, seed } = context;
        const proof = crypto.vrf.prove(vrfSecret, sortitionInput(genesisHash, seed, round, period, step));
        if (context.table.row(id) === undefined) return undefined;
        if (needsProof && !isDrawn(context, { id, vrfSecret }, step, proof)) return undefined;
        return voteWith({ id, vrfSecret }, round, period, step, value, needsProof ? [proof] : []);
      },
      voteWith,
      block({ id, vrfSecret }, period, transactions, time) {
        const head = ledger.head();
        const { seed, genesisHash, round } = chain.context(head, head.header.height + 1n);
        const input = seedInput(genesisHash, seed, round);
        const seedProof = period === 0 ? crypto.vrf.prove(vrfSecret, input) : undefined;
        return chain.build(head, { proposer: id, period, seedProof }, transactions, time);
      },
    };
  }

  const hostile: Hostile | undefined = hostilePlan?.(powers());

  const ownRecords: OwnRecord[] = records.map(({ id, vrfSecret, keys }) => ({
    id,
    keys: {
      ...keys,
      erase(leaves) {
        keys.erase(leaves);
        around.onWrite(number);
      },
    },
    prove: (alpha) => crypto.vrf.prove(vrfSecret, alpha),
  }));

  const build = hostile?.build;
  const world: World = {
    ledger:
      build === undefined
        ? ledger
        : { ...ledger, propose: ({ proposer, period }, done) => done(build(proposer, period)) },
    log: {
      ...log,
      append(round, record) {
        log.append(round, record);
        around.onWrite(number);
      },
    },
    clock,
    verifier: {
      vote(context, vote, done) {
        work.verified++;
        const weighed = verification.vote(context, vote);
        if (isHonest && weighed !== undefined) checker.onAccepted(context, [weighed]);
        done(weighed);
      },
      bundle(context, bundle, done) {
        work.verified++;
        const verified = verification.bundle(context, bundle);
        if (isHonest && verified !== undefined) {
          const { votes, pairs } = verified;
          checker.onAccepted(context, [...votes, ...pairs.flatMap(({ first, second }) => [first, second])]);
        }
        done(verified);
      },
      output: (proof) => crypto.vrf.outputOf(proof),
    },
    network: {
      broadcast: say,
      relay(message) {
        work.relayed++;
        if (isHonest) sayToNeighbours(message);
      },
      requestBlock: (digest) => ask({ type: 'ask-block', digest }),
      requestRound: (round) => ask({ type: 'ask-round', round }),
    },
    events: {
      evidence(pair) {
        if (isHonest) around.onEvidence(number, pair);
      },
      tentative: () => undefined,
      final(round, value) {
        trace?.(() => `node ${number} has final round ${round}, period ${value.period}`);
        if (isHonest) checker.onChain(number, ledger.blocks());
        hostile?.roundOver?.();
      },
      halted(halt) {
        // What the checker found while the participant was at work, and what is wrong in a hostile node's own code.
        if ('error' in halt && (halt.error instanceof Violation || halt.reason === 'failed'))
          throw halt.error;
        if (!isHonest) return;
        const why =
          halt.reason === 'two-certificates' ? halt.reason : `${halt.reason}: ${halt.error.message}`;
        throw new Violation('halted', `node ${number}: ${why}`);
      },
    },
  };

  function ask(packet: Packet): void {
    for (const to of everybodyElse) around.network().send(number, to, packet);
  }

  function hear(message: ConsensusMessage, from: number): void {
    hostile?.hear?.(message, from);
    participant?.receive(message);
  }

  return {
    number,
    isHonest,
    records,
    ledger,
    work,
    isUp: () => participant !== undefined,

    start() {
      ledger.open?.();
      trace?.(() => `node ${number} starts at height ${ledger.height()}`);
      checkHeight();
      participant = createParticipant(consensusParams(plan.parameters), ownRecords, world, {
        ...(around.mutant === undefined ? {} : { mutant: around.mutant }),
        ...(isHonest ? options : {}),
      });
      participant.start();
      hostile?.start?.();
    },

    crash(how) {
      if (participant === undefined) return;
      trace?.(() => `node ${number} ${how === 'kill' ? 'is killed' : 'crashes'}`);
      const isKept = (): boolean => how === 'kill' || random.chance(500);
      life++;
      participant.stop();
      participant = undefined;
      clock.crash();
      ledger.crash(isKept);
      if (isHonest) around.count(how === 'kill' ? 'kill' : 'crash');
      log.crash((length) => {
        if (how === 'kill') return length;
        const kept = length === 0 || random.chance(400) ? 0 : random.below(length + 1);
        if (isHonest && length > 0) around.count('unsynced-log');
        if (isHonest && kept > 0 && kept < length) around.count('torn-log');
        return kept;
      });
      let unsynced = 0;
      for (const { keys } of records) {
        keys.crash(() => {
          unsynced++;
          return isKept();
        });
      }
      if (isHonest && unsynced > 0 && how === 'power') around.count('unsynced-keys');
    },

    take(packet, from) {
      switch (packet.type) {
        case 'message':
          hear(packet.message, from);
          break;
        case 'ask-block': {
          const bytes = participant?.blockOf(packet.digest);
          if (bytes === undefined) break;
          for (const answer of hostile?.answer?.(bytes) ?? [bytes])
            tell(from, { type: 'block', bytes: answer });
          break;
        }
        case 'ask-round': {
          const certified = ledger.certified(packet.round);
          const { round } = packet;
          if (certified !== undefined)
            around.network().send(number, from, { type: 'certified', round, certified });
          break;
        }
        case 'certified':
          participant?.receiveCertified(packet.round, packet.certified);
          break;
      }
    },

    addTransaction(transaction) {
      if (participant === undefined) return;
      ledger.addTransaction(transaction);
      participant.onTransactions();
    },
  };

  function checkHeight(): void {
    if (isHonest) checker.onChain(number, ledger.blocks());
  }
}

/** A message in a few words, for traces. */
function describe(message: ConsensusMessage): string {
  const short = (digest: Uint8Array): string => [...digest.slice(0, 3)].join('.');
  switch (message.type) {
    case 'vote': {
      const { sender, round, period, step, value } = message.vote;
      return `vote of ${short(sender)} round ${round} period ${period} step ${step} for ${short(value.digest)} (${value.period})`;
    }
    case 'bundle': {
      const { round, period, step, value, votes, equivocations } = message.bundle;
      return `bundle round ${round} period ${period} step ${step} for ${short(value.digest)}: ${votes.length} + ${equivocations.length}`;
    }
    case 'block':
      return `block of ${message.bytes.length} bytes`;
  }
}
