import type { Execution } from './execution.ts';
import type { Frame } from './frame.ts';
import { CURRENT, valuesAt } from './slots.ts';
import { readLimbs, writeLimbs } from './words.ts';

export const COLD_SLOT_MORE = 2000;
const COLD_SLOT = 2100;
const WARM = 100;
const SET = 20000;
const RESET = 2900;
const CLEAR_REFUND = 4800;
/** EIP-2200: what a call with a stipend alone can never write. */
export const SENTRY = 2300;

const scratch = new DataView(new ArrayBuffer(64));
const limbs = new Int32Array(scratch.buffer);

/** SLOAD of the key on top, its 100 gas taken (EIP-2929). @returns the gas left */
export function loadSlot(execution: Execution, frame: Frame, sp: number, gas: number): number {
  const { world } = execution;
  writeLimbs(scratch, 0, frame.stack[sp - 1] as bigint);
  const slot = world.slot(frame.account, limbs, 0);
  const { values } = world.slots;
  frame.stack[sp - 1] = wordAt(values, valuesAt(slot) + CURRENT);
  return world.warmSlot(slot) ? gas : gas - COLD_SLOT_MORE;
}

/** SSTORE of the value at `sp` under the key above it (EIP-2200, EIP-2929, EIP-3529). @returns the gas left */
export function storeSlot(execution: Execution, frame: Frame, sp: number, gas: number): number {
  if (gas <= SENTRY) return -1;
  writeLimbs(scratch, 0, frame.stack[sp + 1] as bigint);
  writeLimbs(scratch, 32, frame.stack[sp] as bigint);
  return storeLimbs(execution, frame, limbs, 0, 8, gas);
}

/** The same with key and value as 8 limbs each. */
export function storeLimbs(
  execution: Execution,
  frame: Frame,
  from: Int32Array,
  keyAt: number,
  valueAt: number,
  gas: number,
): number {
  const { world } = execution;
  const slot = world.slot(frame.account, from, keyAt);
  const { values } = world.slots;
  const original = valuesAt(slot);
  const current = original + CURRENT;
  let left = world.warmSlot(slot) ? gas : gas - COLD_SLOT;
  let isSame = true;
  let isOriginal = true;
  let isRestored = true;
  let [wasZero, isZero, originalIsZero] = [true, true, true];
  for (let i = 0; i < 8; i++) {
    const [before, now, first] = [values[current + i], from[valueAt + i], values[original + i]];
    if (before !== now) isSame = false;
    if (before !== first) isOriginal = false;
    if (now !== first) isRestored = false;
    if (before !== 0) wasZero = false;
    if (now !== 0) isZero = false;
    if (first !== 0) originalIsZero = false;
  }
  if (isSame) return left - WARM;
  if (isOriginal) {
    left -= originalIsZero ? SET : RESET;
    if (left < 0) return left;
    if (!originalIsZero && isZero) world.refund += CLEAR_REFUND;
  } else {
    left -= WARM;
    if (left < 0) return left;
    if (!originalIsZero) {
      if (wasZero) world.refund -= CLEAR_REFUND;
      else if (isZero) world.refund += CLEAR_REFUND;
    }
    if (isRestored) world.refund += (originalIsZero ? SET : RESET) - WARM;
  }
  world.store(slot, from, valueAt);
  return left;
}

/** TLOAD of the key on top (EIP-1153). */
export function loadTransient(execution: Execution, frame: Frame, sp: number): void {
  const { world } = execution;
  writeLimbs(scratch, 0, frame.stack[sp - 1] as bigint);
  const at = world.transientAt(frame.account, limbs, 0);
  frame.stack[sp - 1] = at < 0 ? 0n : wordAt(world.transient, at);
}

/** TSTORE of the value at `sp` under the key above it. */
export function storeTransient(execution: Execution, frame: Frame, sp: number): void {
  writeLimbs(scratch, 0, frame.stack[sp + 1] as bigint);
  writeLimbs(scratch, 32, frame.stack[sp] as bigint);
  execution.world.storeTransient(frame.account, limbs, 0, limbs, 8);
}

function wordAt(array: Int32Array, at: number): bigint {
  for (let i = 0; i < 8; i++) limbs[i] = array[at + i] as number;
  return readLimbs(scratch, 0);
}
