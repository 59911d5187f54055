import type { Account } from './accounts.ts';
import type { StateReader } from './state.ts';
import { add, createTable, doubled, find, type WordTable } from './table.ts';
import { bytesToLimbs, limbsToBytes } from './words.ts';

/** Of each slot 16 words: what it held when the transaction began, and what it holds. */
const VALUES = 16;
export const CURRENT = 8;
/** Of each slot 4 more: the transactions in which it is warm, in which the original was noted, in which it was written last; whether ever. */
const MARKS = 4;
const WARM = 0;
const ORIGINAL = 1;
const WRITTEN = 2;
const EVER = 3;

/** The storage slots that were looked at since the world was made, by number. */
export interface Slots {
  readonly table: WordTable;
  /** 8 words of the original and 8 of the current value of slot i, from 16 i on. */
  values: Int32Array;
  marks: Int32Array;
}

export function createSlots(seed: Int32Array): Slots {
  return {
    table: createTable(9, seed),
    values: new Int32Array(VALUES * 64),
    marks: new Int32Array(MARKS * 64),
  };
}

/** Where the values of a slot begin. */
export function valuesAt(slot: number): number {
  return slot * VALUES;
}

/** The number of an account's slot whose key is 8 limbs at `at`; its value is read where it was not looked at. Original noted. */
export function slotOf(
  slots: Slots,
  reader: StateReader,
  account: Account,
  limbs: Int32Array,
  at: number,
  epoch: number,
): number {
  const { table } = slots;
  const { key } = table;
  key[0] = account.storageId;
  for (let i = 0; i < 8; i++) key[i + 1] = limbs[at + i] as number;
  let slot = find(table);
  if (slot < 0) slot = load(slots, reader, account);
  const marks = slot * MARKS;
  if (slots.marks[marks + ORIGINAL] !== epoch) {
    slots.marks[marks + ORIGINAL] = epoch;
    const values = slot * VALUES;
    slots.values.copyWithin(values, values + CURRENT, values + VALUES);
  }
  return slot;
}

function load(slots: Slots, reader: StateReader, account: Account): number {
  const slot = add(slots.table);
  if ((slot + 1) * VALUES > slots.values.length) {
    slots.values = doubled(slots.values);
    slots.marks = doubled(slots.marks);
  }
  slots.values.fill(0, slot * VALUES, (slot + 1) * VALUES);
  slots.marks.fill(0, slot * MARKS, (slot + 1) * MARKS);
  if (!account.isStorageCleared && account.exists) {
    const value = reader.storage(account.address, keyOf(slots, slot));
    if (value !== undefined) bytesToLimbs(value, slots.values, slot * VALUES + CURRENT);
  }
  return slot;
}

/** The slot's key, 32 bytes. */
export function keyOf(slots: Slots, slot: number): Uint8Array {
  return limbsToBytes(slots.table.keys, slot * 9 + 1);
}

/** What a slot holds, 32 bytes. */
export function currentOf(slots: Slots, slot: number): Uint8Array {
  return limbsToBytes(slots.values, slot * VALUES + CURRENT);
}

/** What a slot held before the transaction that looked at it last, 32 bytes. */
export function originalOf(slots: Slots, slot: number): Uint8Array {
  return limbsToBytes(slots.values, slot * VALUES);
}

/** Number of the storage that a slot is of. */
export function storageIdOf(slots: Slots, slot: number): number {
  return slots.table.keys[slot * 9] as number;
}

export function isWarm(slots: Slots, slot: number, epoch: number): boolean {
  return slots.marks[slot * MARKS + WARM] === epoch;
}

/** Makes a slot warm in a transaction, or, in 0, cold. */
export function setWarm(slots: Slots, slot: number, epoch: number): void {
  slots.marks[slot * MARKS + WARM] = epoch;
}

export function setWritten(slots: Slots, slot: number, epoch: number): void {
  slots.marks[slot * MARKS + WRITTEN] = epoch;
  slots.marks[slot * MARKS + EVER] = 1;
}

/** Says whether a slot was looked at in a transaction. */
export function isRead(slots: Slots, slot: number, epoch: number): boolean {
  return slots.marks[slot * MARKS + ORIGINAL] === epoch;
}

/** Says whether a slot was written in a transaction, later undone or not. */
export function isWritten(slots: Slots, slot: number, epoch: number): boolean {
  return slots.marks[slot * MARKS + WRITTEN] === epoch;
}

/** Says whether a slot was ever written. */
export function wasWritten(slots: Slots, slot: number): boolean {
  return slots.marks[slot * MARKS + EVER] === 1;
}
