import { blake2b256, concat, equalBytes, toHex, utf8 } from '@sero/crypto';
import {
  BOTTOM,
  committeeOf,
  DEVELOPMENT,
  leaderValue,
  type RoundContext,
  STEP,
  type StakeTable,
  sortitionInput,
  stakeTable,
  type Value,
  type Vote,
  verifyBundle,
  verifyVote,
  voteMessage,
} from '@sero/protocol';
import type {
  BlockProposal,
  ConsensusMessage,
  Halt,
  NamedBlock,
  OwnRecord,
  Participant,
  World,
} from '../abstractions.ts';
import { checkRestored, checkTransition } from '../machine/contracts.ts';
import type { PlayerState } from '../machine/state.ts';
import { type MemoryVoteLog, memoryVoteLog } from '../memory-disk.ts';
import type { Mutant } from '../mutant.ts';
import { consensusParams } from '../parameters.ts';
import { secretOf, stubCrypto } from '../simulator/stub-crypto.ts';
import { type StolenKeys, stubKeys } from '../simulator/stub-keys.ts';
import { createParticipant } from './participant.ts';

/**
 * One participant of four, in a world in which nothing happens by itself: the test moves the clock, ends the syncs of the disk, executes blocks and
 * says what others vote. Everything that the participant does stands in `journal`, in its order.
 */

const GENESIS_HASH = blake2b256('TEST_GENESIS');
const SEED = blake2b256('TEST_SEED');
export const PARAMS = consensusParams(DEVELOPMENT);

interface Player {
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
  readonly keys: StolenKeys;
}

export interface TestWorld {
  readonly participant: () => Participant;
  /** What was done, such as "broadcast vote 1 v", "log", "sync log". */
  readonly journal: string[];
  readonly sent: ConsensusMessage[];
  readonly halts: Halt[];
  readonly log: MemoryVoteLog;
  readonly keys: StolenKeys;
  /** Blocks whose execution waits for an answer. */
  readonly validating: Map<string, (isValid: boolean) => void>;
  /** Ends every sync that waits, those that begin meanwhile too. */
  sync(): void;
  /** Ends the syncs that wait now. */
  syncOnce(): void;
  /** The blocks that the ledger was asked to build. */
  readonly proposals: readonly BlockProposal[];
  /** Hands out the blocks that wait to be built. */
  finishBuilds(): void;
  /** Leader values of all players in round 1, period 0. */
  leaders(): readonly bigint[];
  /** Moves the clock and fires what is due. */
  pass(ms: number): void;
  /** The vote of player 1, 2 or 3. */
  vote(from: number, step: number, value: Value, place?: { round?: bigint; period?: number }): Vote;
  receive(...votes: Vote[]): void;
  /** The next commit fails. */
  failCommits(): void;
  /** The next block is of a version that this ledger has not. */
  loseVersion(): void;
  failDisk(): void;
  setTransactions(has: boolean): void;
  /** The time that all blocks claim. */
  setBlockTime(ms: bigint): void;
  /** The process dies and another one starts on what is durable. @param kept bytes of what was not synced that survive */
  crash(kept: (length: number) => number): void;
}

/** Who proposes the blocks of these names; all others are player 1's. The empty block is nobody's. */
const PROPOSERS: Readonly<Record<string, number>> = { own: 0, w: 2, other: 2, empty: 255 };

/** A block by its name. */
export function block(name: string, height = 1n, period = 0): NamedBlock {
  const bytes = concat(Uint8Array.of(Number(height), PROPOSERS[name] ?? 1, period), utf8(name));
  return { digest: blake2b256('TEST_BLOCK', bytes), bytes };
}

/** A value that player number `from` proposes. */
export function valueFrom(world: TestWorld, name: string, from: number, period = 0, height = 1n): Value {
  const { sender } = world.vote(from, STEP.next, BOTTOM);
  return { period, proposer: sender, digest: block(name, height).digest };
}

export function startWorld(
  options: {
    readonly mutant?: Mutant;
    readonly transactions?: boolean;
    readonly slowBuilds?: boolean;
    /** Syncs are done when they are asked for. */
    readonly quickDisk?: boolean;
  } = {},
): TestWorld {
  const crypto = stubCrypto();
  const journal: string[] = [];
  const sent: ConsensusMessage[] = [];
  const halts: Halt[] = [];
  const validating = new Map<string, (isValid: boolean) => void>();
  const timers = new Map<string, { at: number; run: () => void }>();
  const builds: (() => void)[] = [];
  const proposals: BlockProposal[] = [];
  let syncs: (() => void)[] = [];
  let now = 0;
  let height = 0n;
  let transactions = options.transactions ?? true;
  let blockTime = 0n;
  let written: PlayerState | undefined;
  /** Whether the last record survived the last crash. */
  let isWhole = false;
  let commitFails = false;
  let knowsNoMore = false;
  let diskFails = false;

  const later = (name: string) => (run: () => void) => {
    journal.push(`sync ${name}`);
    if (options.quickDisk === true) run();
    else syncs.push(run);
  };
  const log = memoryVoteLog(later('log'));
  const players: readonly Player[] = [0, 1, 2, 3].map((number) => ({
    id: blake2b256('TEST_RECORD', Uint8Array.of(number)),
    secret: secretOf(9, number),
    keys: stubKeys(number, crypto.ed25519, later('keys')),
  }));
  const table: StakeTable = stakeTable(
    players
      .map(({ id, secret, keys }) => ({
        id,
        vrfKey: crypto.vrf.publicKey(secret),
        voteRoot: keys.root,
        blsKey: new Uint8Array(48),
        weight: 1n,
      }))
      .sort((a, b) => (toHex(a.id) < toHex(b.id) ? -1 : 1)),
  );
  const context = (round: bigint): RoundContext => ({
    genesisHash: GENESIS_HASH,
    round,
    seed: SEED,
    table,
    committees: (step) => committeeOf(DEVELOPMENT.committees, step, table.total),
  });
  const own = players[0]!;
  const record: OwnRecord = {
    id: own.id,
    prove: (alpha) => crypto.vrf.prove(own.secret, alpha),
    keys: own.keys,
  };

  const names = new Map<string, string>();
  const nameOf = (value: Value): string => {
    if (equalBytes(value.digest, BOTTOM.digest)) return 'bottom';
    return names.get(toHex(value.digest)) ?? 'own';
  };
  for (const name of ['v', 'w', 'empty']) {
    for (const at of [1n, 2n]) names.set(toHex(block(name, at).digest), name);
  }

  const describe = (message: ConsensusMessage): string => {
    if (message.type === 'vote') return `vote ${message.vote.step} ${nameOf(message.vote.value)}`;
    if (message.type === 'bundle') return `bundle ${message.bundle.step} ${nameOf(message.bundle.value)}`;
    return 'block';
  };

  const world: World = {
    ledger: {
      height: () => height,
      emptyBlock() {
        if (knowsNoMore) throw new Error('a version that nobody here has');
        return block('empty', height + 1n);
      },
      context,
      hasTransactions: () => transactions,
      buildTime: () => 0,
      times: () => ({ parent: 0n, now: BigInt(now) }),
      propose(proposal: BlockProposal, done) {
        proposals.push(proposal);
        const built = block('own', height + 1n, proposal.period);
        if (options.slowBuilds === true) builds.push(() => done(built));
        else done(built);
      },
      read([claimed = 0, from = 0, period = 0, ...name]) {
        const bytes = Uint8Array.of(claimed, from, period, ...name);
        const proposer = players[from]?.id ?? new Uint8Array(32);
        const value = { period, proposer, digest: blake2b256('TEST_BLOCK', bytes) };
        return { value, height: BigInt(claimed), time: blockTime };
      },
      validate: ({ digest }, done) => validating.set(toHex(digest), done),
      commit(committed, certificate, done) {
        journal.push(
          `commit ${names.get(toHex(committed.digest)) ?? 'own'} with ${certificate.votes.length}`,
        );
        if (!commitFails) height++;
        done(commitFails ? new Error('no') : undefined);
      },
      certified: () => undefined,
    },
    verifier: {
      vote(at, vote, done) {
        let weighed: ReturnType<typeof verifyVote> | undefined;
        try {
          weighed = verifyVote(at, vote, crypto);
        } catch {
          weighed = undefined;
        }
        done(weighed);
      },
      bundle(at, bundle, done) {
        const { votes } = verifyBundle(at, bundle, crypto);
        const subject = {
          round: bundle.round,
          period: bundle.period,
          step: bundle.step,
          value: bundle.value,
        };
        done({
          votes: bundle.votes.map((vote, i) => ({ vote: { ...subject, ...vote }, weight: votes[i]! })),
          pairs: [],
        });
      },
      output: (proof) => crypto.vrf.outputOf(proof),
    },
    log: {
      ...log,
      append(round, bytes) {
        journal.push('log');
        log.append(round, bytes);
      },
      sync: (done) => (diskFails ? done(new Error('disk')) : log.sync(done)),
    },
    network: {
      broadcast(message) {
        journal.push(`broadcast ${describe(message)}`);
        sent.push(message);
      },
      relay: (message) => journal.push(`relay ${describe(message)}`),
      requestBlock: () => journal.push('ask for a block'),
      requestRound: (round) => journal.push(`ask for round ${round}`),
    },
    clock: {
      now: () => now,
      setTimer: (name, at, _, run) => timers.set(name, { at, run }),
      clearTimer: (name) => timers.delete(name),
    },
    events: {
      evidence: () => journal.push('evidence'),
      tentative: (_, value) => journal.push(`tentative ${value === undefined ? 'nothing' : nameOf(value)}`),
      final: (round) => journal.push(`final ${round}`),
      halted(halt) {
        journal.push(`halted ${halt.reason}`);
        halts.push(halt);
      },
    },
  };

  const start = (): Participant => {
    const { mutant } = options;
    const made = createParticipant(PARAMS, [record], world, {
      ...(mutant === undefined ? {} : { mutant }),
      onTransition: checkTransition,
      onWritten: (state) => {
        written = state;
      },
      onRestored: (state) => {
        const isSameRound = written?.facts.round === state.facts.round;
        if (isWhole && isSameRound && written !== undefined) checkRestored(written, state);
      },
    });
    made.start();
    return made;
  };
  let participant = start();

  const test: TestWorld = {
    participant: () => participant,
    journal,
    sent,
    halts,
    log,
    keys: own.keys,
    proposals,
    validating,

    syncOnce() {
      const waiting = syncs;
      syncs = [];
      for (const run of waiting) run();
    },

    finishBuilds: () => {
      for (const finish of builds.splice(0)) finish();
    },

    leaders: () =>
      players.map(({ id, secret }) => {
        const input = sortitionInput(GENESIS_HASH, SEED, 1n, 0, STEP.propose);
        return leaderValue(crypto.vrf.outputOf(crypto.vrf.prove(secret, input)), id, 1n);
      }),

    sync() {
      while (syncs.length > 0) {
        const waiting = syncs;
        syncs = [];
        for (const run of waiting) run();
      }
    },

    pass(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due[0]);
        if (due[1].at > now) now = due[1].at;
        due[1].run();
      }
      now = end;
    },

    vote(from, step, value, { round = 1n, period = 0 } = {}) {
      const { id, keys, secret } = players[from]!;
      const ballot = { sender: id, round, period, step, value };
      const signature = keys.steal(round, period, step, voteMessage(GENESIS_HASH, ballot))!;
      const input = sortitionInput(GENESIS_HASH, SEED, round, period, step);
      const proof = step === STEP.propose ? [crypto.vrf.prove(secret, input)] : [];
      return { ...ballot, proof, signature };
    },

    receive: (...votes) => {
      for (const vote of votes) participant.receive({ type: 'vote', vote });
    },

    failCommits: () => {
      commitFails = true;
    },
    loseVersion: () => {
      knowsNoMore = true;
    },
    failDisk: () => {
      diskFails = true;
    },
    setBlockTime: (ms) => {
      blockTime = ms;
    },
    setTransactions: (has) => {
      transactions = has;
    },

    crash(kept) {
      participant.stop();
      isWhole = syncs.length === 0 || kept(2) === 2;
      if (!isWhole) written = undefined;
      syncs = [];
      timers.clear();
      log.crash(kept);
      own.keys.crash(() => kept(1) > 0);
      journal.push('crash');
      participant = start();
    },
  };
  return test;
}
