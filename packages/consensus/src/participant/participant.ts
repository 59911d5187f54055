import { equalBytes } from '@sero/crypto';
import {
  type Bundle,
  decodeVote,
  equalValues,
  isBottom,
  type RoundContext,
  STEP,
  type Value,
  type Vote,
  type WeighedVote,
} from '@sero/protocol';
import type {
  CertifiedBlock,
  ConsensusMessage,
  NamedBlock,
  OwnRecord,
  Participant,
  World,
} from '../abstractions.ts';
import { dueErasures } from '../leaf-slots.ts';
import { decodeLogRecord } from '../log-record.ts';
import type { PlayerAction, PlayerEvent } from '../machine/events.ts';
import { isWanted } from '../machine/freshness.ts';
import { newPlayer, type Transition, transition } from '../machine/player.ts';
import { committeeIn, type PlayerState, periodOf, type RoundFacts } from '../machine/state.ts';
import type { Quorum } from '../machine/vote-tracker.ts';
import type { Mutant } from '../mutant.ts';
import type { ConsensusParams } from '../parameters.ts';
import { createBlockKeeper } from './block-keeper.ts';
import { createBundleReceiver, type Judged } from './bundle-receiver.ts';
import { createCatchUp } from './catch-up.ts';
import { decodeEvent } from './event-codec.ts';
import { createProposer } from './proposer.ts';
import { bundleOf } from './quorum-bundle.ts';
import { createRecorder } from './recorder.ts';
import { createVoter } from './voter.ts';

/** For tests and the simulator. */
export interface ParticipantOptions {
  readonly mutant?: Mutant;
  /** Sees every transition, and throws where a contract is broken (`machine/contracts.ts`). */
  readonly onTransition?: (before: PlayerState, event: PlayerEvent, played: Transition) => void;
  /** Told the state that a record of the log stands for, once it is written. */
  readonly onWritten?: (state: PlayerState) => void;
  /** Told the state that the log gave back. */
  readonly onRestored?: (state: PlayerState) => void;
}

const TIMERS = ['idle', 'filter', 'step', 'recovery', 'build', 'catch-up'] as const;

/**
 * A player with hands: takes messages from the network, has them verified, gives events to the machine and does what it says, in the order
 * that keeps an honest node honest across crashes (recorder.ts). Everything that it needs of the world is an argument, so the simulator
 * runs this very code.
 *
 * @param records the stake records that vote here, none for a node that only follows
 */
export function createParticipant(
  params: ConsensusParams,
  records: readonly OwnRecord[],
  world: World,
  options: ParticipantOptions = {},
): Participant {
  const { ledger, verifier, log, network, clock, events } = world;
  const { mutant, onTransition, onWritten, onRestored } = options;
  const blocks = createBlockKeeper(world, {
    state: () => state,
    isWorking: () => phase === 'working',
    feed: (event) => feed(event),
  });
  const recorder = createRecorder(log, records, diskFailed, mutant);
  const voter = createVoter(records, world, recorder, {
    isIn: (round) => phase === 'working' && state.facts.round === round,
    written: () => onWritten?.(state),
    voted(votes) {
      for (const vote of votes) feed({ type: 'vote', vote });
    },
    hold,
  });
  const proposer = createProposer(params, records, world, {
    state: () => state,
    isOver: (round, period) => isOver(round, period),
    cast(vote, block) {
      if (block !== undefined) blocks.receive(block.bytes);
      voter.castProposal(vote, block);
    },
  });
  const catchUp = createCatchUp(params, world, () => (phase === 'working' ? state : undefined));
  const bundles = createBundleReceiver(world, {
    state: () => (phase === 'working' ? state : undefined),
    feed: (event) => feed(event),
    twoCertificates: (certificates) => halt({ reason: 'two-certificates', certificates }),
  });
  const queue: PlayerEvent[] = [];
  /** Blocks that stand in the log. */
  const held = new WeakSet<NamedBlock>();
  let state: PlayerState = newPlayer(params, facts(), clock.now(), mutant).state;
  let tentative: Value | undefined;
  let phase: 'new' | 'restoring' | 'working' | 'stopped' = 'new';
  let isBusy = false;
  /** The round that is made final and is not left yet: from the commit on the ledger need not know it any more. */
  let committing: RoundContext | undefined;

  function facts(): RoundFacts {
    const round = ledger.height() + 1n;
    const { digest } = ledger.emptyBlock();
    const empty = { period: 0, proposer: new Uint8Array(32), digest };
    return { round, total: ledger.context(round).table.total, empty };
  }

  function isOwn({ sender }: Vote): boolean {
    return records.some(({ id }) => equalBytes(id, sender));
  }

  /** Until it is where it was, it hears nothing: an event in between would be played on a player that is not this one. */
  function hears(): boolean {
    return phase === 'working' || (mutant === 'deaf-restart' && phase === 'restoring');
  }

  function isOver(round: bigint, period: number): boolean {
    return (
      phase !== 'working' ||
      state.phase !== 'running' ||
      state.facts.round !== round ||
      state.period !== period
    );
  }

  function diskFailed(error: Error): void {
    halt({ reason: 'disk-failed', error });
  }

  function halt(reason: Parameters<typeof events.halted>[0]): void {
    if (phase === 'stopped') return;
    stop();
    events.halted(reason);
  }

  function stop(): void {
    phase = 'stopped';
    clearTimers();
    blocks.stop();
  }

  function clearTimers(): void {
    for (const name of TIMERS) clock.clearTimer(name);
  }

  /** After whatever may have changed what the player wants, or what there is. */
  function settle(askAgain: boolean): void {
    blocks.settle(askAgain);
    if (state.phase === 'decided') commit();
  }

  function receiveBlock(bytes: Uint8Array, judged: Judged): void {
    const judgement = blocks.receive(bytes);
    judged(judgement);
    if (judgement === 'accepted') settle(false);
  }

  function receiveBundle(bundle: Bundle, judged: Judged): void {
    catchUp.hear(bundle.round);
    bundles.receive(bundle, judged);
  }

  function receiveVote(vote: Vote, judged: Judged): void {
    catchUp.hear(vote.round);
    if (!isWanted(state, vote)) {
      judged('ignored');
      return;
    }
    const context = committing?.round === vote.round ? committing : ledger.context(vote.round);
    verifier.vote(context, vote, (weighed) => {
      judged(weighed === undefined ? 'invalid' : 'accepted');
      if (weighed !== undefined && hears()) feed({ type: 'vote', vote: weighed });
    });
  }

  function feed(event: PlayerEvent): void {
    queue.push(event);
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = queue.shift(); next !== undefined && hears(); next = queue.shift()) {
        play(next);
      }
    } catch (error) {
      // Better silent than wrong.
      halt({ reason: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      throw error;
    } finally {
      isBusy = false;
    }
  }

  function play(event: PlayerEvent): void {
    const now = clock.now();
    const before = state;
    const played = transition(before, event, now);
    const { state: after, actions } = played;
    onTransition?.(before, event, played);
    state = after;
    if (after !== before) note(event, before, now);
    for (const action of actions) if (phase === 'working') act(action);
    if (phase === 'working') recorder.flush(state.facts.round, () => onWritten?.(state));
    if (event.type === 'round') catchUp.roundBegan();
    if (phase !== 'working' || (after === before && event.type !== 'timer')) return;
    settle(event.type === 'timer');
    tellTentative();
  }

  /** What changed the player is remembered. A round begins with what the ledger has, and with the votes that came early for it. */
  function note(event: PlayerEvent, before: PlayerState, now: number): void {
    const { round } = state.facts;
    if (event.type === 'round') {
      for (const vote of mutant === 'early-votes' ? [] : [...before.early.values()].flat()) {
        recorder.note({ round, now, event: { type: 'vote', vote } });
      }
      return;
    }
    // Whoever knows that a block holds may stand by it, and then must have it: all others may have lost it.
    const block = event.type === 'block' && event.isValid ? blocks.get(event.value.digest) : undefined;
    if (block !== undefined) hold(block);
    recorder.note({ round, now, event });
  }

  /** A block that votes may rely on is durable before they are sent: a crash of everybody must not take it out of the world. */
  function hold(block: NamedBlock): void {
    if (held.has(block) || mutant === 'held-blocks') return;
    held.add(block);
    recorder.note({
      round: state.facts.round,
      now: clock.now(),
      event: { type: 'held', bytes: block.bytes },
    });
  }

  function act(action: PlayerAction): void {
    switch (action.type) {
      case 'propose':
        proposer.propose(action.round, action.period);
        break;
      case 'repropose':
        proposer.repropose(action.round, action.period, action.value);
        break;
      case 'vote':
        voter.cast(action.round, action.period, action.step, action.value);
        // A player that the deadline has come to may have missed what made the others go on.
        if (action.step >= STEP.next) network.requestRound(action.round);
        break;
      case 'relay':
        if (!isOwn(action.vote.vote)) network.relay({ type: 'vote', vote: action.vote.vote });
        break;
      case 'resync':
        resync(action.quorums, action.digest);
        break;
      case 'resend':
        for (const { vote } of action.votes) network.broadcast({ type: 'vote', vote });
        break;
      case 'timer':
        clock.setTimer(action.timer.name, action.at, action.spread, () =>
          feed({ type: 'timer', timer: action.timer }),
        );
        break;
      case 'period-left':
        recorder.leave(dueErasures({ kind: 'left-period', round: action.round, period: action.period }));
        break;
      case 'commit':
        commit();
        break;
      case 'evidence':
        events.evidence(action.pair);
        break;
      case 'halt':
        halt({ reason: 'two-certificates', certificates: action.certificates });
        break;
    }
  }

  function resync(quorums: readonly Quorum[], digest: Uint8Array | undefined): void {
    for (const quorum of quorums) {
      const bundle = bundleIn(state, quorum);
      if (bundle !== undefined) network.broadcast({ type: 'bundle', bundle });
    }
    const block = digest === undefined ? undefined : blocks.get(digest);
    if (block !== undefined) network.broadcast({ type: 'block', bytes: block.bytes });
  }

  /** Makes the decided block final as soon as it is there. */
  function commit(): void {
    const { decision, facts } = state;
    if (decision === undefined || committing !== undefined || ledger.height() >= facts.round) return;
    const isEmpty = equalValues(decision.value, facts.empty);
    const block = isEmpty ? ledger.emptyBlock() : blocks.get(decision.value.digest);
    if (block === undefined) {
      catchUp.askForBlock(decision.value.digest, () => committing === undefined);
      return;
    }
    const certificate = bundleIn(state, decision);
    if (certificate === undefined) throw new Error('a quorum without its weight');
    const context = ledger.context(facts.round);
    committing = context;
    bundles.roundIsOver({ context, decision });
    ledger.commit(block, certificate, (failure) => {
      if (phase !== 'working') return;
      if (failure !== undefined) halt({ reason: 'commit-failed', error: failure });
      else leaveRound(decision);
    });
  }

  /** The last leaf of a round is erased before any message of the next one leaves. */
  function leaveRound({ round, value }: Quorum): void {
    for (const { keys } of records) keys.eraseBefore(round + 1n);
    recorder.syncKeys(() => {
      if (phase !== 'working') return;
      recorder.cut(round + 1n);
      voter.nextRound();
      blocks.nextRound();
      clearTimers();
      events.final(round, value);
      beginRound();
    });
  }

  function beginRound(): void {
    let begun: RoundFacts;
    try {
      begun = facts();
    } catch (error) {
      // The next block is of a version that this ledger does not know: what is final stays, and nothing more is said.
      halt({ reason: 'no-next-round', error: error instanceof Error ? error : new Error(String(error)) });
      return;
    }
    committing = undefined;
    feed({ type: 'round', facts: begun });
    if (ledger.hasTransactions()) feed({ type: 'transactions' });
  }

  function tellTentative(): void {
    const { staged } = periodOf(state, state.period);
    const value = staged ?? (isBottom(state.pinned) ? undefined : state.pinned);
    const isSame =
      value === undefined
        ? tentative === undefined
        : tentative !== undefined && equalValues(value, tentative);
    if (isSame) return;
    tentative = value;
    events.tentative(state.facts.round, value);
  }

  /** What the log knows to be left is durable: its leaves go at once. */
  function eraseLeft(period: number): void {
    const leaves = dueErasures({ kind: 'left-period', round: state.facts.round, period });
    for (const { keys } of records) keys.erase(leaves);
  }

  /** Back to where the log says that this player was. What had been done then is not done again; what was signed is sent again. */
  function restore(): readonly WeighedVote[] {
    const signed: WeighedVote[] = [];
    const found: Uint8Array[] = [];
    for (const bytes of log.replay()) {
      const { events: logged, votes, erased } = decodeLogRecord(bytes);
      for (const { keys } of records) keys.erase(erased);
      for (const { round, event, now } of logged.map(decodeEvent)) {
        // The log may not have been cut when its round was over.
        if (round !== state.facts.round) continue;
        if (event.type === 'held') {
          found.push(event.bytes);
          continue;
        }
        const played = transition(state, event, now);
        state = played.state;
        for (const action of played.actions) if (action.type === 'period-left') eraseLeft(action.period);
      }
      for (const vote of votes.map(decodeVote)) signed.push(...voter.restore(state.facts.round, vote));
    }
    for (const { keys } of records) keys.eraseBefore(state.facts.round);
    onRestored?.(state);
    const proposals = signed.filter(({ vote }) => vote.step === STEP.propose);
    blocks.restore(
      found,
      proposals.map(({ vote }) => vote.value.digest),
    );
    return signed;
  }

  function goOn(): void {
    const signed = restore();
    recorder.syncKeys(() => {
      if (phase !== 'restoring') return;
      phase = 'working';
      for (const { vote } of signed) network.broadcast({ type: 'vote', vote });
      for (const vote of signed) feed({ type: 'vote', vote });
      feed({ type: 'restart' });
      if (ledger.hasTransactions()) feed({ type: 'transactions' });
    });
  }

  return {
    start() {
      if (phase !== 'new') return;
      phase = 'restoring';
      // What a process wrote and died over may be there and not be durable: it is, before anything is built on it.
      log.sync((failure) => {
        if (failure !== undefined) diskFailed(failure);
        else if (phase === 'restoring') goOn();
      });
    },
    receive(message: ConsensusMessage, judged = () => undefined) {
      if (!hears()) {
        judged('ignored');
        return;
      }
      switch (message.type) {
        case 'vote':
          receiveVote(message.vote, judged);
          break;
        case 'bundle':
          receiveBundle(message.bundle, judged);
          break;
        case 'block':
          receiveBlock(message.bytes, judged);
          break;
      }
    },

    receiveCertified(round: bigint, { block, certificate }: CertifiedBlock) {
      if (phase !== 'working' || round !== state.facts.round) return;
      if (certificate.round !== round || certificate.step !== STEP.cert) return;
      receiveBundle(certificate, () => undefined);
      // The certificate may have been a second one.
      if (phase === 'working') receiveBlock(block, () => undefined);
    },

    onTransactions() {
      if (phase === 'working') feed({ type: 'transactions' });
    },

    blockOf: (digest) => blocks.get(digest)?.bytes,
    stop,
  };
}

function bundleIn(state: PlayerState, quorum: Quorum): Bundle | undefined {
  return bundleOf(committeeIn(state, quorum.step).threshold, quorum);
}
