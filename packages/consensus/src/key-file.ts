import { blake2b256, compareBytes, concat, equalBytes, le32, le64, leInteger } from '@sero/crypto';
import { batchOf, LEAVES_PER_ROUND, ROUNDS_PER_BATCH } from '@sero/protocol';
import { ensure } from './key-error.ts';
import type { SlotFile } from './slot-file.ts';

/**
 * The file of one record's ephemeral keys:
 *
 *   file  = head | area 0 | area 1 | batch slot of each batch of the range
 *   head  = "SEROKEY1" || LE64 first || LE64 last || root || check
 *   area  = head || leaf slot * 4,096;  the leaves of batch b are in area b mod 2
 *   area's head = LE64 batch || batch key || the root's signature || check
 *   leaf slot   = secret || the batch key's signature || check
 *   batch slot  = secret || batch key || the root's signature
 *
 * Heads fill a sector of 512 bytes, slots have 128, so that none crosses a sector's border. A check is a hash over what stands before it and
 * where that stands. A slot is erased when its secret is zeros; one that is not whole counts as erased, since a crash leaves such.
 */
const MAGIC = Uint8Array.of(...[...'SEROKEY1'].map((letter) => letter.charCodeAt(0)));
const SECTOR = 512;
const SLOT = 128;
const SECRET = 32;
const CHECK = 32;

const LEAVES_PER_BATCH = Number(ROUNDS_PER_BATCH) * LEAVES_PER_ROUND;

const AREA = SECTOR + LEAVES_PER_BATCH * SLOT;

/** Most rounds that lie between the first and the last of a record's keys (design of stake records). */
const MAX_ROUNDS_APART = 3_000_000n;

/** Rounds that keys cover, both ends included. */
export interface RoundRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** A batch's public part. */
export interface BatchLink {
  readonly batchKey: Uint8Array;
  /** The root's, over `batchMessage`. */
  readonly batchSignature: Uint8Array;
}

/** A batch before its leaves are made. */
export interface BatchSlot extends BatchLink {
  /** 32 bytes from which the batch's key pair and its leaves follow. */
  readonly secret: Uint8Array;
}

/** A leaf before it is erased. */
export interface LeafSlot {
  /** Ed25519 seed. */
  readonly secret: Uint8Array;
  /** The batch key's, over `leafMessage`. */
  readonly leafSignature: Uint8Array;
}

/** Refuses, with `key-range`, what no record may register. */
export function expectRange({ first, last }: RoundRange): void {
  ensure(
    first >= 0n && first <= last && last - first <= MAX_ROUNDS_APART && last < 1n << 64n,
    'key-range',
    `keys cover rounds from the first to the last, at most ${MAX_ROUNDS_APART} apart; ${first} to ${last} are not`,
  );
}

/** Bytes of the file for a range of rounds. @throws KeyError `key-range` */
export function keyFileSize(range: RoundRange): number {
  expectRange(range);
  return batchSlotAt(range, batchOf(range.last) + 1n);
}

/** Writes the head, which makes a file of slots a key file. */
export function writeHead(file: SlotFile, { first, last }: RoundRange, root: Uint8Array): void {
  file.write(0, checked('head', concat(MAGIC, le64(first), le64(last), root)));
}

/** The head of a file. @throws KeyError `key-file-damaged`, `key-file-size` */
export function readHead(file: SlotFile): { range: RoundRange; root: Uint8Array } {
  const length = MAGIC.length + 16 + 32 + CHECK;
  const head = file.size < SECTOR ? undefined : unchecked('head', file.read(0, length));
  ensure(
    head !== undefined && compareBytes(head.subarray(0, MAGIC.length), MAGIC) === 0,
    'key-file-damaged',
    'this is no file of ephemeral keys, or its making was interrupted: register new keys',
  );
  const range = { first: leInteger(head.subarray(8, 16)), last: leInteger(head.subarray(16, 24)) };
  ensure(
    file.size === keyFileSize(range),
    'key-file-size',
    `the keys of ${range.first} to ${range.last} need a file of another size`,
  );
  return { range, root: head.slice(24) };
}

/** Whether nothing was ever written where the head stands. */
export function hasNoHead(file: SlotFile): boolean {
  return isZero(file.read(0, SECTOR));
}

/** Names the batch whose leaves an area holds. */
export function writeArea(file: SlotFile, batch: bigint, { batchKey, batchSignature }: BatchLink): void {
  file.write(areaAt(areaOf(batch)), checked('area', concat(le64(batch), batchKey, batchSignature)));
}

/** The batch whose leaves an area holds; undefined where its head is not whole. */
export function readArea(file: SlotFile, area: number): (BatchLink & { batch: bigint }) | undefined {
  const head = unchecked('area', file.read(areaAt(area), 8 + 32 + 64 + CHECK));
  if (head === undefined) return undefined;
  return {
    batch: leInteger(head.subarray(0, 8)),
    batchKey: head.slice(8, 40),
    batchSignature: head.slice(40),
  };
}

/** The area of a batch. */
export function areaOf(batch: bigint): number {
  return Number(batch & 1n);
}

/** Overwrites an area, its head included. */
export function eraseArea(file: SlotFile, area: number): void {
  erase(file, areaAt(area), AREA);
}

export function writeBatch(file: SlotFile, range: RoundRange, batch: bigint, slot: BatchSlot): void {
  writeSecret(file, batchSlotAt(range, batch), concat(slot.secret, slot.batchKey, slot.batchSignature));
}

export function readBatch(file: SlotFile, range: RoundRange, batch: bigint): BatchSlot {
  const slot = file.read(batchSlotAt(range, batch), SLOT);
  return { secret: slot.subarray(0, 32), batchKey: slot.slice(32, 64), batchSignature: slot.slice(64) };
}

/** Overwrites a batch's secret. */
export function eraseBatch(file: SlotFile, range: RoundRange, batch: bigint): void {
  erase(file, batchSlotAt(range, batch), SECRET);
}

/** @param leaf 0..4095, in its batch */
export function writeLeaf(file: SlotFile, batch: bigint, leaf: number, slot: LeafSlot): void {
  const bytes = new Uint8Array(SLOT);
  bytes.set(slot.secret);
  bytes.set(slot.leafSignature, SECRET);
  bytes.set(check(leafPlace(batch, leaf), bytes.subarray(0, SLOT - CHECK)), SLOT - CHECK);
  writeSecret(file, leafAt(batch, leaf), bytes);
}

/** A leaf; undefined where it was erased, or is another batch's. */
export function readLeaf(file: SlotFile, batch: bigint, leaf: number): LeafSlot | undefined {
  const slot = unchecked(leafPlace(batch, leaf), file.read(leafAt(batch, leaf), SLOT));
  return slot === undefined
    ? undefined
    : { secret: slot.subarray(0, SECRET), leafSignature: slot.slice(SECRET) };
}

/** Overwrites `count` leaves of a batch from a leaf on. */
export function eraseLeaves(file: SlotFile, batch: bigint, from: number, count: number): void {
  erase(file, leafAt(batch, from), count * SLOT);
}

/** Whether all bytes are 0, as those of a secret that was erased. */
export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Writes, and leaves no copy of its own. */
function writeSecret(file: SlotFile, offset: number, bytes: Uint8Array): void {
  file.write(offset, bytes);
  bytes.fill(0);
}

/** Overwrites with zeros; what is zeros already is not written again, so that starting anew costs no writes. */
function erase(file: SlotFile, offset: number, length: number): void {
  if (!isZero(file.read(offset, length))) file.write(offset, new Uint8Array(length));
}

function areaAt(area: number): number {
  return SECTOR + area * AREA;
}

function leafAt(batch: bigint, leaf: number): number {
  return areaAt(areaOf(batch)) + SECTOR + leaf * SLOT;
}

function batchSlotAt({ first }: RoundRange, batch: bigint): number {
  return areaAt(2) + Number(batch - batchOf(first)) * SLOT;
}

function leafPlace(batch: bigint, leaf: number): Uint8Array {
  return concat(le64(batch), le32(leaf));
}

/** Which part of the file a check belongs to; a leaf's is its place. */
type Place = 'head' | 'area' | Uint8Array;

function check(place: Place, bytes: Uint8Array): Uint8Array {
  if (place === 'head') return blake2b256('SERO_EPH_HEAD', bytes);
  if (place === 'area') return blake2b256('SERO_EPH_AREA', bytes);
  return blake2b256('SERO_EPH_SLOT', place, bytes);
}

function checked(place: Place, bytes: Uint8Array): Uint8Array {
  return concat(bytes, check(place, bytes));
}

function unchecked(place: Place, bytes: Uint8Array): Uint8Array | undefined {
  const body = bytes.subarray(0, bytes.length - CHECK);
  return equalBytes(check(place, body), bytes.subarray(body.length)) ? body : undefined;
}
