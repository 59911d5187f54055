import { concat, equalBytes, le64 } from '@sero/crypto';
import {
  FIRST_VERSION,
  type Genesis,
  type Header,
  isDisableVote,
  isVersionVote,
  MAX_DELAY,
  numberInHash,
  type Version,
  versionHash,
} from '@sero/protocol';
import type { Agenda } from './codecs.ts';
import { ensure } from './errors.ts';
import type { State } from './state.ts';

/** How the protocol changes by its own rules (design 3-ledger-and-contracts, "Versions"). They run in every block, the empty one too. */

/** Height up to which a circuit is disabled that a version keeps so. */
const FOR_GOOD = (1n << 64n) - 1n;

/** The version of genesis has no record, so no hash. */
const NO_HASH = new Uint8Array(32);

/** What a node shows of versions. */
export interface VersionStatus {
  /** What the next block's header names. */
  readonly number: number;
  /** Hash of the version in force; undefined: that of genesis. */
  readonly running: Uint8Array | undefined;
  /** The version that was approved to follow. */
  readonly coming: ComingVersion | undefined;
  /** Circuits whose proofs the next block must not hold. */
  readonly disabled: readonly { readonly circuit: number; readonly until: bigint }[];
}

/** A version that was approved. */
export interface ComingVersion {
  readonly hash: Uint8Array;
  /** First height under it. */
  readonly start: bigint;
  /** Whether this software has it; where not, the ledger stops before `start` with `version-unknown`. */
  readonly known: boolean;
}

/** The votes of a block's header. */
export type HeaderVotes = Pick<Header, 'versionVote' | 'disableVote'>;

function agendaOf(state: State): Agenda {
  return state.agenda.get() ?? { running: NO_HASH, coming: [] };
}

function numberOf(state: State): number {
  return Number(state.version.get() ?? BigInt(FIRST_VERSION));
}

function recordOf(known: readonly Version[], hash: Uint8Array, number: number): Version | undefined {
  return known.find((version) => version.number === number && equalBytes(versionHash(version), hash));
}

/** Refuses votes that no header may carry. @throws LedgerError `header-versionVote`, `header-disableVote` */
export function checkVotes(genesis: Genesis, { versionVote, disableVote }: HeaderVotes): void {
  ensure(
    versionVote.every((vote) => isVersionVote(genesis, vote)),
    'header-versionVote',
    `a coming version is named with a delay of at least ${genesis.versions.delay} blocks, at most ${MAX_DELAY}`,
  );
  ensure(
    disableVote.every((circuit) => isDisableVote(genesis, circuit)),
    'header-disableVote',
    'a circuit that is to be disabled is one that genesis has a key for',
  );
}

const ADVICE = 'install a release that has it and start again, nothing is lost';

/**
 * Refuses a state that software with another version made: whoever went on by older rules would leave the chain.
 *
 * @throws LedgerError `version-unknown`
 */
export function checkRunning(state: State, known: readonly Version[]): void {
  const number = numberOf(state);
  const { running } = agendaOf(state);
  const has = equalBytes(running, NO_HASH)
    ? number === FIRST_VERSION
    : recordOf(known, running, number) !== undefined;
  ensure(
    has,
    'version-unknown',
    `the chain runs version ${number} of the protocol, which this software does not have: ${ADVICE}`,
  );
}

/**
 * Refuses to begin a block of a version that this software lacks, one that starts there included: ask it before a block of that height is decoded.
 *
 * @throws LedgerError `version-unknown`
 */
export function checkVersionAt(state: State, height: bigint, known: readonly Version[]): void {
  dueVersion(state, height, known);
}

/** The version that starts at a height, where one does. */
function dueVersion(state: State, height: bigint, known: readonly Version[]): Version | undefined {
  checkRunning(state, known);
  const [coming] = agendaOf(state).coming;
  if (coming === undefined || coming.start > height) return undefined;
  const version = recordOf(known, coming.hash, numberOf(state) + 1);
  ensure(
    version !== undefined,
    'version-unknown',
    `from block ${coming.start} on the chain runs a version of the protocol that this software does not have: ${ADVICE}`,
  );
  return version;
}

/**
 * Begins a block: starts the version that is due at its height, if one is. Which circuits are disabled is then what its record says.
 *
 * @returns the number that the block's header carries
 * @throws LedgerError `version-unknown` where the software lacks it: the chain goes on without this node
 */
export function startVersion(
  state: State,
  genesis: Genesis,
  height: bigint,
  known: readonly Version[],
): number {
  const version = dueVersion(state, height, known);
  if (version === undefined) return numberOf(state);
  state.version.set(BigInt(version.number));
  state.agenda.set({ running: agendaOf(state).coming[0]!.hash, coming: [] });
  for (const { circuit } of genesis.verifyingKeys) {
    if (state.disabledUntil(circuit).get() !== undefined) state.disabledUntil(circuit).clear();
  }
  for (const circuit of version.disabled) state.disabledUntil(circuit).set(FOR_GOOD);
  return version.number;
}

/** Ends a block: counts what its header names. What comes of it counts from the next block on. */
export function countVotes(state: State, genesis: Genesis, height: bigint, votes: HeaderVotes): void {
  countVersion(state, genesis, height, votes.versionVote[0]);
  countCircuit(state, genesis, height, votes.disableVote[0]);
}

/** Approvals count per hash and delay, and anew from each switch on: the running number is part of the ballot. */
function countVersion(
  state: State,
  { versions }: Genesis,
  height: bigint,
  vote: Header['versionVote'][number] | undefined,
): void {
  const slot = state.versionNamed(height % BigInt(versions.window));
  const left = slot.get();
  if (left !== undefined) {
    less(state.versionCount(left));
    slot.clear();
  }
  const agenda = agendaOf(state);
  const number = numberOf(state);
  // Whoever still names what is in force says nothing, nor does whoever skips a number: nobody could ever run what follows so.
  if (vote === undefined || numberInHash(vote.hash) !== number + 1) return;
  const ballot = concat(Uint8Array.of(number), vote.hash, le64(vote.delay));
  slot.set(ballot);
  const count = more(state.versionCount(ballot));
  if (count < BigInt(versions.approvals) || agenda.coming.length > 0) return;
  const start = height + vote.delay + 1n;
  state.agenda.set({ ...agenda, coming: [{ hash: vote.hash, start }] });
}

/** Anew from each switch on, too: it may have lifted what these votes disabled. */
function countCircuit(
  state: State,
  { versions }: Genesis,
  height: bigint,
  circuit: number | undefined,
): void {
  const slot = state.circuitNamed(height % BigInt(versions.disableWindow));
  const left = slot.get();
  if (left !== undefined) {
    less(state.circuitCount(left));
    slot.clear();
  }
  if (circuit === undefined) return;
  const ballot = Uint8Array.of(numberOf(state), circuit);
  slot.set(ballot);
  if (more(state.circuitCount(ballot)) < BigInt(versions.disableApprovals)) return;
  const until = height + versions.disableFor;
  const before = state.disabledUntil(circuit).get() ?? 0n;
  if (until > before) state.disabledUntil(circuit).set(until);
}

function more(count: ReturnType<State['versionCount']>): bigint {
  const value = (count.get() ?? 0n) + 1n;
  count.set(value);
  return value;
}

function less(count: ReturnType<State['versionCount']>): void {
  const value = (count.get() ?? 0n) - 1n;
  if (value > 0n) count.set(value);
  else count.clear();
}

/** Whether a block of this height may hold proofs of a circuit. */
export function isDisabled(state: State, circuit: number, height: bigint): boolean {
  return (state.disabledUntil(circuit).get() ?? -1n) >= height;
}

/** What the next block, of this height, finds. */
export function versionStatus(
  state: State,
  { verifyingKeys }: Genesis,
  height: bigint,
  known: readonly Version[],
): VersionStatus {
  const agenda = agendaOf(state);
  const number = numberOf(state);
  const [coming] = agenda.coming;
  return {
    number: coming !== undefined && coming.start <= height ? number + 1 : number,
    running: equalBytes(agenda.running, NO_HASH) ? undefined : agenda.running,
    coming:
      coming === undefined
        ? undefined
        : { ...coming, known: recordOf(known, coming.hash, number + 1) !== undefined },
    disabled: verifyingKeys.flatMap(({ circuit }) => {
      const until = state.disabledUntil(circuit).get() ?? -1n;
      return until >= height ? [{ circuit, until }] : [];
    }),
  };
}
