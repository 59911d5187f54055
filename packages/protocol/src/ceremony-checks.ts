import { blake2b256, compareBytes, equalBytes, toHex, type Vrf } from '@sero/crypto';
import { draftHash } from './ceremony-draft.ts';
import {
  commitmentInput,
  commitmentsHash,
  encodeSeedCommitment,
  hiddenShare,
  revealInput,
  type SeedCommitment,
  type SeedCommitments,
  type SeedReveal,
} from './ceremony-messages.ts';
import { ensure, ProtocolError } from './errors.ts';
import type { Genesis, GenesisValidator } from './genesis.ts';
import { recordOfValidator } from './genesis-checks.ts';

/*
 * Which messages of the genesis ceremony count. Anybody may send anything in anybody's name: what fails its check is as if it had not come, so it
 * neither hides that its sender is missing nor stops the others.
 */

/** The validators of a draft by their stake records, in hex. */
export function validatorsById(genesis: Genesis): Map<string, GenesisValidator> {
  return new Map(genesis.validators.map((validator) => [toHex(recordOfValidator(validator)), validator]));
}

/** Who of these sent none of the messages; in their order. */
function notAmong(ids: readonly Uint8Array[], messages: readonly { id: Uint8Array }[]): Uint8Array[] {
  const heard = new Set(messages.map(({ id }) => toHex(id)));
  return ids.filter((id) => !heard.has(toHex(id)));
}

function ensureNobody(missing: readonly Uint8Array[], what: string): void {
  ensure(missing.length === 0, 'ceremony-incomplete', `not ${what}: ${missing.map(toHex).join(', ')}`);
}

/** What a check gives, undefined where it refuses. */
function unlessRefused<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Throws `ceremony-stranger`, or `ceremony-forged` unless its participant made this commitment for this draft. */
export function checkCommitment(draft: Genesis, commitment: SeedCommitment, vrf: Vrf): void {
  checkMade(draftHash(draft), validatorsById(draft), commitment, vrf);
}

/** The output of the commitment's proof. Throws what checkCommitment throws. */
function checkMade(
  draft: Uint8Array,
  validators: ReadonlyMap<string, GenesisValidator>,
  { id, commitment, proof }: SeedCommitment,
  vrf: Vrf,
): Uint8Array {
  const validator = validators.get(toHex(id));
  ensure(validator !== undefined, 'ceremony-stranger', `${toHex(id)} is nobody in the draft`);
  const output = vrf.verify(validator.vrfKey, commitmentInput(draft, id, commitment), proof);
  ensure(output !== undefined, 'ceremony-forged', `${toHex(id)} did not make this commitment for this draft`);
  return output;
}

/**
 * One commitment of every validator, ascending by id, out of whatever was heard.
 *
 * @throws ProtocolError `ceremony-incomplete`, which names those whose commitment is missing, and `ceremony-duplicate`, which names one who
 * made two: faultyOf convicts him
 */
export function goodCommitments(
  draft: Genesis,
  heard: readonly SeedCommitment[],
  vrf: Vrf,
): SeedCommitment[] {
  const [hash, validators] = [draftHash(draft), validatorsById(draft)];
  const ids = draft.validators.map(recordOfValidator).sort(compareBytes);
  ensureNobody(notAmong(ids, heard), 'committed');
  const good = new Map<string, SeedCommitment>();
  for (const commitment of heard) {
    const key = toHex(commitment.id);
    const earlier = good.get(key);
    // The same once more.
    if (earlier !== undefined && equalBytes(encodeSeedCommitment(earlier), encodeSeedCommitment(commitment)))
      continue;
    const made = unlessRefused(() => checkMade(hash, validators, commitment, vrf));
    if (made === undefined) continue;
    ensure(earlier === undefined, 'ceremony-duplicate', `${key} made two commitments for this draft`);
    good.set(key, commitment);
  }
  ensureNobody(notAmong(ids, [...good.values()]), 'committed');
  return ids.map((id) => good.get(toHex(id))!);
}

/**
 * Checks a closed list that somebody else made; the cheap rules come first.
 *
 * @throws ProtocolError `ceremony-draft`, `ceremony-duplicate`, `ceremony-order`, `ceremony-stranger`, `ceremony-incomplete`, `ceremony-forged`
 */
export function checkCommitments(draft: Genesis, list: SeedCommitments, vrf: Vrf): void {
  const hash = draftHash(draft);
  ensure(equalBytes(list.draft, hash), 'ceremony-draft', 'the list is that of another draft');
  const validators = validatorsById(draft);
  let before: Uint8Array | undefined;
  for (const { id } of list.commitments) {
    const order = before === undefined ? -1 : compareBytes(before, id);
    ensure(order !== 0, 'ceremony-duplicate', `${toHex(id)} stands in the list twice`);
    ensure(order < 0, 'ceremony-order', 'commitments ascend by id');
    ensure(validators.has(toHex(id)), 'ceremony-stranger', `${toHex(id)} is nobody in the draft`);
    before = id;
  }
  ensureNobody(notAmong(draft.validators.map(recordOfValidator), list.commitments), 'committed');
  for (const commitment of list.commitments) checkMade(hash, validators, commitment, vrf);
}

/**
 * Checks one reveal for a list that passed checkCommitments.
 *
 * @returns its VRF output, 64 bytes
 * @throws ProtocolError `ceremony-list` for a reveal of another list, `ceremony-stranger`, `ceremony-mismatch` where it opens something else,
 * `ceremony-proof`
 */
export function checkReveal(draft: Genesis, list: SeedCommitments, reveal: SeedReveal, vrf: Vrf): Uint8Array {
  return outputOf(closedList(draft, list), reveal, vrf);
}

/** A closed list with what reveals are checked against. */
interface ClosedList {
  readonly draft: Uint8Array;
  readonly hash: Uint8Array;
  readonly commitments: ReadonlyMap<string, Uint8Array>;
  readonly validators: ReadonlyMap<string, GenesisValidator>;
}

const closedList = (draft: Genesis, list: SeedCommitments): ClosedList => ({
  draft: list.draft,
  hash: commitmentsHash(list),
  commitments: new Map(list.commitments.map(({ id, commitment }) => [toHex(id), commitment])),
  validators: validatorsById(draft),
});

function outputOf(closed: ClosedList, reveal: SeedReveal, vrf: Vrf): Uint8Array {
  const { draft, hash, commitments, validators } = closed;
  ensure(equalBytes(reveal.list, hash), 'ceremony-list', 'a reveal for another list of commitments');
  const key = toHex(reveal.id);
  const [commitment, validator] = [commitments.get(key), validators.get(key)];
  ensure(
    commitment !== undefined && validator !== undefined,
    'ceremony-stranger',
    `${key} is nobody in the list`,
  );
  ensure(
    equalBytes(commitment, hiddenShare(draft, reveal.id, reveal)),
    'ceremony-mismatch',
    `what was revealed in the name of ${key} is not what was committed to`,
  );
  const output = vrf.verify(validator.vrfKey, revealInput(draft, hash, reveal.id), reveal.proof);
  ensure(output !== undefined, 'ceremony-proof', `a reveal without a proof by the VRF key of ${key}`);
  return output;
}

/** A reveal that passed, and its output. */
export interface GoodReveal {
  readonly reveal: SeedReveal;
  /** 64 bytes. */
  readonly output: Uint8Array;
}

/**
 * The first reveal of each participant that passes, in the list's order, out of whatever was heard. Share and output are settled by the list: a second
 * one that passes has the same.
 */
export function goodReveals(
  draft: Genesis,
  list: SeedCommitments,
  heard: readonly SeedReveal[],
  vrf: Vrf,
): GoodReveal[] {
  const closed = closedList(draft, list);
  const good = new Map<string, GoodReveal>();
  for (const reveal of heard) {
    const key = toHex(reveal.id);
    if (good.has(key)) continue;
    const output = unlessRefused(() => outputOf(closed, reveal, vrf));
    if (output !== undefined) good.set(key, { reveal, output });
  }
  return list.commitments.flatMap(({ id }) => good.get(toHex(id)) ?? []);
}

/**
 * Participants of a closed list of whom no reveal was heard that passes: whom the next attempt does without. The list has passed
 * checkCommitments.
 */
export function missingReveals(
  draft: Genesis,
  list: SeedCommitments,
  heard: readonly SeedReveal[],
  vrf: Vrf,
): Uint8Array[] {
  const good = goodReveals(draft, list, heard, vrf).map(({ reveal }) => reveal);
  return notAmong(
    list.commitments.map(({ id }) => id),
    good,
  );
}

/**
 * The seed of a closed list: H("SERO_SEED0", list || share || VRF output || share || VRF output ...), in the list's order.
 *
 * @throws ProtocolError `ceremony-incomplete`, which names those who have not revealed
 */
export function seedOf(list: SeedCommitments, reveals: readonly GoodReveal[]): Uint8Array {
  const ids = list.commitments.map(({ id }) => id);
  const missing = notAmong(
    ids,
    reveals.map(({ reveal }) => reveal),
  );
  ensureNobody(missing, 'revealed');
  const parts = reveals.flatMap(({ reveal, output }) => [reveal.share, output]);
  return blake2b256('SERO_SEED0', commitmentsHash(list), ...parts);
}
