import { blake2b256, toHex, utf8 } from '@sero/crypto';
import { BOTTOM, DEVELOPMENT, STEP, type Value, type Vote, type WeighedVote } from '@sero/protocol';
import { type ConsensusParams, consensusParams } from '../parameters.ts';
import { checkTransition } from './contracts.ts';
import type { PlayerAction, PlayerEvent, Timer } from './events.ts';
import { newPlayer, transition } from './player.ts';
import type { PlayerState, RoundFacts } from './state.ts';
import type { Quorum } from './vote-tracker.ts';

/** A player at a table of four units, and votes that nobody had to sign: the machine takes them as verified. */

export const PARAMS: ConsensusParams = consensusParams(DEVELOPMENT);

/** Four senders of one unit each; three make a quorum. */
export const SENDERS = ['one', 'two', 'three', 'four'].map((name) => blake2b256('TEST_SENDER', utf8(name)));

/** Numbers of three senders: a quorum. */
export const THREE: readonly number[] = [0, 1, 2];

export function someValue(name: string, period = 0, proposer = SENDERS[0]!): Value {
  return { period, proposer, digest: blake2b256('TEST_BLOCK', utf8(name)) };
}

export const V = someValue('v');
export const W = someValue('w', 0, SENDERS[1]!);
export const EMPTY: Value = {
  period: 0,
  proposer: new Uint8Array(32),
  digest: blake2b256('TEST_BLOCK', utf8('empty')),
};

export function factsOf(round: bigint, total = 4n): RoundFacts {
  return { round, total, empty: EMPTY };
}

const NO_SIGNATURE: Vote['signature'] = {
  batchKey: new Uint8Array(32),
  batchSignature: new Uint8Array(64),
  leafKey: new Uint8Array(32),
  leafSignature: new Uint8Array(64),
  signature: new Uint8Array(64),
};

/** A vote of sender number `from`. */
export function voteOf(
  from: number,
  step: number,
  value: Value,
  place: { round?: bigint; period?: number; weight?: bigint; leader?: bigint } = {},
): WeighedVote {
  const { round = 1n, period = 0, weight = 1n, leader = BigInt(from + 1) } = place;
  const vote: Vote = {
    sender: SENDERS[from]!,
    round,
    period,
    step,
    value,
    proof: [],
    signature: NO_SIGNATURE,
  };
  return step === STEP.propose ? { vote, weight, leader } : { vote, weight };
}

/** A player whose every transition is checked against its contracts. */
export interface TestPlayer {
  state(): PlayerState;
  /** The local time of its last event, ms. */
  now(): number;
  /** What an event makes it do. */
  on(event: PlayerEvent, now?: number): readonly PlayerAction[];
  votes(
    from: readonly number[],
    step: number,
    value: Value,
    place?: { round?: bigint; period?: number },
  ): readonly PlayerAction[];
  /** Fires the timer of a name that was set last. */
  fire(name: Timer['name']): readonly PlayerAction[];
  propose(from: number, value: Value, place?: { period?: number; leader?: bigint }): readonly PlayerAction[];
  block(value: Value, isValid?: boolean): readonly PlayerAction[];
}

export function startPlayer(params: ConsensusParams = PARAMS, round = 1n, start?: PlayerState): TestPlayer {
  const first = newPlayer(params, factsOf(round), 0);
  let state = start ?? first.state;
  let clock = 0;
  const timers = new Map<string, PlayerAction & { type: 'timer' }>();
  const remember = (actions: readonly PlayerAction[]): readonly PlayerAction[] => {
    for (const action of actions) if (action.type === 'timer') timers.set(action.timer.name, action);
    return actions;
  };
  remember(first.actions);

  const player: TestPlayer = {
    state: () => state,
    now: () => clock,

    on(event, now = clock) {
      clock = now;
      const played = transition(state, event, now);
      checkTransition(state, event, played);
      state = played.state;
      return remember(played.actions);
    },

    votes: (from, step, value, place = {}) =>
      from.flatMap((sender) =>
        player.on({ type: 'vote', vote: voteOf(sender, step, value, { round, ...place }) }),
      ),

    fire(name) {
      const set = timers.get(name);
      if (set === undefined) throw new Error(`no timer ${name} is set`);
      return player.on({ type: 'timer', timer: set.timer }, set.at > clock ? set.at : clock);
    },

    propose: (from, value, place = {}) =>
      player.on({ type: 'vote', vote: voteOf(from, STEP.propose, value, { round, ...place }) }),

    block: (value, isValid = true) => player.on({ type: 'block', value, isValid }),
  };
  return player;
}

/** In period 0, clock running, the leader's proposal and block there. */
export function running(): TestPlayer {
  const player = startPlayer();
  player.on({ type: 'transactions' });
  player.propose(0, V);
  player.block(V);
  return player;
}

/** Goes to the next period by next votes of three for a value. */
export function enter(
  player: TestPlayer,
  value = BOTTOM,
  period = player.state().period,
): readonly PlayerAction[] {
  return player.votes(THREE, STEP.next, value, { period });
}

/** The votes that actions ask for, as "step value". */
export function votesIn(actions: readonly PlayerAction[]): string[] {
  return actions.flatMap((action) =>
    action.type === 'vote' ? [`${action.step} ${nameOf(action.value)}`] : [],
  );
}

/** What actions are about, without timers. */
export function kindsOf(actions: readonly PlayerAction[]): string[] {
  return actions.flatMap(({ type }) => (type === 'timer' ? [] : [type]));
}

export function certificateIn(actions: readonly PlayerAction[]): Quorum | undefined {
  return actions.flatMap((action) => (action.type === 'commit' ? [action.certificate] : []))[0];
}

function nameOf(value: Value): string {
  const names: readonly (readonly [Value, string])[] = [
    [V, 'v'],
    [W, 'w'],
    [EMPTY, 'empty'],
    [BOTTOM, 'bottom'],
  ];
  return names.find(([other]) => toHex(other.digest) === toHex(value.digest))?.[1] ?? 'another';
}
