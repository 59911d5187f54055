import type { AccountMoment, World } from '../world.ts';
import { data, quantity } from './hex.ts';

/** An account as `debug_traceTransaction` with go-ethereum's `prestateTracer` gives it: ready for JSON. */
export interface AccountPrestate {
  balance?: string;
  nonce?: number;
  code?: string;
  storage?: Record<string, string>;
}

type States = Record<string, AccountPrestate>;

/**
 * Whatever the last transaction of a world looked at, as it was before it: what it takes to execute it alone. It is read
 * from the world's journal, so that nothing need be watched meanwhile.
 */
export function prestateOf(world: World): States {
  const states: States = {};
  for (const { address, before, slots } of world.compared()) {
    const state = stateOf(before);
    for (const { slot, before: value } of slots) addSlot(state, slot, value);
    states[data(address)] = state;
  }
  return states;
}

/** The same with `diffMode`: `pre` of accounts that the transaction changed, and in `post` what is other after it. */
export function prestateDiffOf(world: World): { pre: States; post: States } {
  const pre: States = {};
  const post: States = {};
  for (const { address, before, after, slots } of world.compared()) {
    const [was, is] = [stateOf(before), stateOf(after)];
    const changed: AccountPrestate = {};
    if (after.account !== undefined) {
      if (is.balance !== was.balance || before.account === undefined) changed.balance = is.balance as string;
      if (is.nonce !== was.nonce && is.nonce !== undefined) changed.nonce = is.nonce;
      if (is.code !== was.code && is.code !== undefined) changed.code = is.code;
    }
    let isChanged = (before.account === undefined) !== (after.account === undefined);
    for (const slot of slots) {
      if (equal(slot.before, slot.after)) continue;
      isChanged = true;
      if (!isZero(slot.before)) addSlot(was, slot.slot, slot.before);
      if (!isZero(slot.after) && after.account !== undefined) addSlot(changed, slot.slot, slot.after);
    }
    if (!isChanged && Object.keys(changed).length === 0) continue;
    const key = data(address);
    if (before.account !== undefined) pre[key] = was;
    if (after.account !== undefined) post[key] = changed;
  }
  return { pre, post };
}

function stateOf({ account, code }: AccountMoment): AccountPrestate {
  const state: AccountPrestate = { balance: quantity(account?.balance ?? 0n) };
  if (account !== undefined && account.nonce !== 0n) state.nonce = Number(account.nonce);
  if (code.length > 0) state.code = data(code);
  return state;
}

function addSlot(state: AccountPrestate, slot: Uint8Array, value: Uint8Array): void {
  state.storage ??= {};
  state.storage[data(slot)] = data(value);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i]);
}
