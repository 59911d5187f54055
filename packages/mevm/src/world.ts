import { type Account, type Accounts, createAccounts, isCodeless, isEmpty } from './accounts.ts';
import { analyse, type Code, NO_CODE, NO_CODE_HASH } from './code.ts';
import { type CodeCache, sharedCodes } from './code-cache.ts';
import type { Log } from './context.ts';
import { keccak256 } from './keccak.ts';
import {
  CURRENT,
  createSlots,
  currentOf,
  isRead,
  isWarm,
  isWritten,
  keyOf,
  originalOf,
  type Slots,
  setWarm,
  setWritten,
  slotOf,
  storageIdOf,
  valuesAt,
  wasWritten,
} from './slots.ts';
import type { AccountChange, AccountRecord, StateReader } from './state.ts';
import { add, clear, createTable, doubled, find } from './table.ts';
import { writeLimbs } from './words.ts';

/** Slots that a transaction looked at or wrote. */
export interface AccessedSlot {
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** 32 bytes. */
  readonly slot: Uint8Array;
}

/** What a transaction read and wrote: whatever else changes, the same transaction does the same. */
export interface Accesses {
  /** Accounts that were looked at, 20 bytes each. */
  readonly accounts: readonly Uint8Array[];
  readonly reads: readonly AccessedSlot[];
  /** Of `reads` those that were written, where it was undone too. */
  readonly writes: readonly AccessedSlot[];
}

/** An account before a transaction or after it. */
export interface AccountMoment {
  /** Undefined where there is none. */
  readonly account: AccountRecord | undefined;
  readonly code: Uint8Array;
}

/** An account that a transaction looked at, before it and after it. */
export interface ComparedAccount {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly before: AccountMoment;
  readonly after: AccountMoment;
  /** Slots that it looked at, 32 bytes each, and their values. */
  readonly slots: ReadonlyArray<{
    readonly slot: Uint8Array;
    readonly before: Uint8Array;
    readonly after: Uint8Array;
  }>;
}

/**
 * The state during a block: what its transactions changed, over what was before it. What a frame did can be undone
 * (`mark`, `revert`) until its transaction ends.
 */
export interface World {
  readonly accounts: Accounts;
  readonly slots: Slots;
  /** Number of the current transaction, from 1 on. */
  readonly epoch: number;
  /** SSTORE's refunds, less what was taken back (EIP-3529). */
  refund: number;
  readonly logs: Log[];

  codeOf(account: Account): Code;
  /** Marks the account warm (EIP-2929). True where it was. */
  warm(account: Account): boolean;
  /** Marks the slot warm. True where it was. */
  warmSlot(slot: number): boolean;
  /** The slot of an account by 8 limbs of its key. */
  slot(account: Account, limbs: Int32Array, at: number): number;
  /** The same by a word. */
  slotOfWord(account: Account, key: bigint): number;
  /** Writes 8 limbs into a slot. */
  store(slot: number, limbs: Int32Array, at: number): void;
  /** Where 8 limbs of transient storage stand in `transient` (EIP-1153); -1 where they are zeros. */
  transientAt(account: Account, limbs: Int32Array, at: number): number;
  readonly transient: Int32Array;
  storeTransient(account: Account, key: Int32Array, keyAt: number, value: Int32Array, valueAt: number): void;
  setBalance(account: Account, balance: bigint): void;
  setNonce(account: Account, nonce: bigint): void;
  /** Marks for EIP-161's deletion. */
  touch(account: Account): void;
  /** Makes it a new contract: nonce 1, no code; its balance stays. */
  create(account: Account): void;
  setCode(account: Account, bytes: Uint8Array): void;
  /** Marks for deletion at the transaction's end. */
  destroy(account: Account): void;
  hasStorage(account: Account): boolean;

  /** Notes where things stand at a depth of frames. */
  mark(depth: number): void;
  /** Undoes what was done since the mark at a depth. */
  revert(depth: number): void;
  /** Forgets what was warm, refunds, logs and transient storage; what was done stays. */
  begin(): void;
  /** Deletes what was destroyed, and touched accounts that are empty (EIP-161). */
  end(): void;
  /** What the current transaction, or the last one, looked at. */
  accesses(): Accesses;
  /** The accounts that the current transaction, or the last one, looked at: as they were before it, and as they are. */
  compared(): ComparedAccount[];
  /** Whatever is other than when the world was made. */
  changes(): AccountChange[];
}

type Undo = { account: Account; field: keyof Account; before: unknown };

const NO_SEED = Int32Array.from({ length: 18 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ 0x7f4a7c15);
/** Whose touch is never undone: as on the main network since block 2,675,119. */
const RIPEMD160 = 3n;

/**
 * @param options.seed 18 words that nobody knows who chooses addresses or slots, so that nobody can make lookups slow; no answer depends on them
 * @param options.codes code that was analysed before; unless given, what all worlds share
 */
export function createWorld(
  reader: StateReader,
  options: { readonly seed?: Int32Array; readonly codes?: CodeCache } = {},
): World {
  const seed = options.seed ?? NO_SEED;
  const codes = options.codes ?? sharedCodes;
  const accounts = createAccounts(reader, seed);
  const slots = createSlots(seed);
  const transientKeys = createTable(9, seed);
  const logs: Log[] = [];
  const undone: Undo[] = [];
  let slotUndo = new Int32Array(9 * 64);
  let slotUndoLength = 0;
  const transientUndo: Int32Array[] = [];
  const warmed: number[] = [];
  // Five lengths and the refund for each depth.
  const marks: number[] = [];
  const scratch = new DataView(new ArrayBuffer(32));
  const scratchLimbs = new Int32Array(scratch.buffer);
  let storageIds = 1;
  /** Of storages that are gone. */
  const formerStorages = new Map<number, Uint8Array>();

  const change = <F extends keyof Account>(account: Account, field: F, value: Account[F]): void => {
    undone.push({ account, field, before: account[field] });
    account[field] = value;
  };

  const touch = (account: Account): void => {
    account.readIn = world.epoch;
    if (account.touchedIn !== world.epoch) change(account, 'touchedIn', world.epoch);
  };

  const remove = (account: Account): void => {
    change(account, 'exists', false);
    change(account, 'nonce', 0n);
    change(account, 'balance', 0n);
    change(account, 'codeHash', NO_CODE_HASH);
    change(account, 'code', NO_CODE);
    Object.assign(account, { isChanged: true, isStorageCleared: true, isCodeChanged: false });
    formerStorages.set(account.storageId, account.address);
    account.storageId = 2 * storageIds++ + 1;
  };

  /** Addresses by the numbers of their storages. */
  const storageOwners = (): Map<number, Uint8Array> => {
    const owners = new Map(formerStorages);
    for (const account of accounts.all) owners.set(account.storageId, account.address);
    return owners;
  };

  const world: { -readonly [K in keyof World]: World[K] } = {
    accounts,
    slots,
    epoch: 0,
    refund: 0,
    logs,
    transient: new Int32Array(8 * 64),

    codeOf(account) {
      let { code } = account;
      if (code === undefined) {
        code = isCodeless(account) ? NO_CODE : codes.get(account.codeHash);
        if (code === undefined) {
          code = analyse(reader.code(account.codeHash));
          codes.set(account.codeHash, code);
        }
        account.code = code;
      }
      return code;
    },

    warm(account) {
      account.readIn = world.epoch;
      if (account.warmIn === world.epoch) return true;
      change(account, 'warmIn', world.epoch);
      return false;
    },

    warmSlot(slot) {
      if (isWarm(slots, slot, world.epoch)) return true;
      setWarm(slots, slot, world.epoch);
      warmed.push(slot);
      return false;
    },

    slot: (account, limbs, at) => slotOf(slots, reader, account, limbs, at, world.epoch),

    slotOfWord(account, key) {
      writeLimbs(scratch, 0, key);
      return slotOf(slots, reader, account, scratchLimbs, 0, world.epoch);
    },

    store(slot, limbs, at) {
      if (slotUndoLength + 9 > slotUndo.length) slotUndo = doubled(slotUndo) as Int32Array<ArrayBuffer>;
      const current = valuesAt(slot) + CURRENT;
      const { values } = slots;
      slotUndo[slotUndoLength] = slot;
      for (let i = 0; i < 8; i++) {
        slotUndo[slotUndoLength + 1 + i] = values[current + i] as number;
        values[current + i] = limbs[at + i] as number;
      }
      slotUndoLength += 9;
      setWritten(slots, slot, world.epoch);
    },

    transientAt(account, limbs, at) {
      const { key } = transientKeys;
      key[0] = account.storageId;
      for (let i = 0; i < 8; i++) key[i + 1] = limbs[at + i] as number;
      const number = find(transientKeys);
      return number < 0 ? -1 : number * 8;
    },

    storeTransient(account, key, keyAt, value, valueAt) {
      let at = world.transientAt(account, key, keyAt);
      if (at < 0) {
        at = add(transientKeys) * 8;
        if (at + 8 > world.transient.length) world.transient = doubled(world.transient);
        world.transient.fill(0, at, at + 8);
      }
      const undo = new Int32Array(9);
      undo[0] = at;
      for (let i = 0; i < 8; i++) {
        undo[i + 1] = world.transient[at + i] as number;
        world.transient[at + i] = value[valueAt + i] as number;
      }
      transientUndo.push(undo);
    },

    setBalance(account, balance) {
      change(account, 'balance', balance);
      if (!account.exists) change(account, 'exists', true);
      if (!account.isChanged) change(account, 'isChanged', true);
    },

    setNonce(account, nonce) {
      change(account, 'nonce', nonce);
      if (!account.exists) change(account, 'exists', true);
      if (!account.isChanged) change(account, 'isChanged', true);
    },

    touch,

    create(account) {
      world.setNonce(account, 1n);
      change(account, 'createdIn', world.epoch);
      change(account, 'code', NO_CODE);
      change(account, 'codeHash', NO_CODE_HASH);
    },

    setCode(account, bytes) {
      const hash = bytes.length === 0 ? NO_CODE_HASH : keccak256(bytes);
      change(account, 'code', bytes.length === 0 ? NO_CODE : (codes.get(hash) ?? analyse(bytes)));
      change(account, 'codeHash', hash);
      if (!account.isCodeChanged) change(account, 'isCodeChanged', true);
    },

    destroy(account) {
      if (account.destroyedIn !== world.epoch) change(account, 'destroyedIn', world.epoch);
      touch(account);
    },

    // A storage that this block filled belongs to a contract, whose nonce says so.
    hasStorage: (account) => !account.isStorageCleared && reader.hasStorage(account.address),

    mark(depth) {
      const at = depth * 6;
      marks[at] = undone.length;
      marks[at + 1] = slotUndoLength;
      marks[at + 2] = transientUndo.length;
      marks[at + 3] = warmed.length;
      marks[at + 4] = logs.length;
      marks[at + 5] = world.refund;
    },

    revert(depth) {
      const at = depth * 6;
      let keptTouch: Account | undefined;
      for (let i = undone.length; i > (marks[at] as number); i--) {
        const { account, field, before } = undone.pop() as Undo;
        if (field === 'touchedIn' && account.word === RIPEMD160) keptTouch = account;
        else (account as unknown as Record<string, unknown>)[field] = before;
      }
      if (keptTouch !== undefined) undone.push({ account: keptTouch, field: 'touchedIn', before: 0 });
      while (slotUndoLength > (marks[at + 1] as number)) {
        slotUndoLength -= 9;
        const current = valuesAt(slotUndo[slotUndoLength] as number) + CURRENT;
        for (let i = 0; i < 8; i++) slots.values[current + i] = slotUndo[slotUndoLength + 1 + i] as number;
      }
      while (transientUndo.length > (marks[at + 2] as number)) {
        const undo = transientUndo.pop() as Int32Array;
        for (let i = 0; i < 8; i++) world.transient[(undo[0] as number) + i] = undo[i + 1] as number;
      }
      while (warmed.length > (marks[at + 3] as number)) setWarm(slots, warmed.pop() as number, 0);
      logs.length = marks[at + 4] as number;
      world.refund = marks[at + 5] as number;
    },

    begin() {
      world.epoch++;
      world.refund = 0;
      logs.length = 0;
      undone.length = 0;
      slotUndoLength = 0;
      transientUndo.length = 0;
      warmed.length = 0;
      clear(transientKeys);
    },

    end() {
      // What happened to an account in this transaction stands among what could be undone.
      for (const { account, field } of undone) {
        if (field === 'destroyedIn' && account.destroyedIn === world.epoch && account.exists) remove(account);
        if (field === 'touchedIn' && account.touchedIn === world.epoch && account.exists && isEmpty(account))
          remove(account);
      }
    },

    accesses() {
      const byStorage = storageOwners();
      const reads: AccessedSlot[] = [];
      const writes: AccessedSlot[] = [];
      for (let slot = 0; slot < slots.table.count; slot++) {
        const address = byStorage.get(storageIdOf(slots, slot));
        if (address === undefined || !isRead(slots, slot, world.epoch)) continue;
        const accessed = { address, slot: keyOf(slots, slot) };
        reads.push(accessed);
        if (isWritten(slots, slot, world.epoch)) writes.push(accessed);
      }
      const looked = accounts.all.filter((account) => account.readIn === world.epoch);
      return { accounts: looked.map(({ address }) => address), reads, writes };
    },

    compared() {
      const earlier = new Map<Account, Partial<Account>>();
      for (let i = undone.length - 1; i >= 0; i--) {
        const { account, field, before } = undone[i] as Undo;
        earlier.set(account, { ...earlier.get(account), [field]: before });
      }
      const slotsBy = new Map<Uint8Array, { slot: Uint8Array; before: Uint8Array; after: Uint8Array }[]>();
      const addresses = storageOwners();
      for (let number = 0; number < slots.table.count; number++) {
        const id = storageIdOf(slots, number);
        const address = addresses.get(id);
        if (address === undefined || !isRead(slots, number, world.epoch)) continue;
        const after = formerStorages.has(id) ? new Uint8Array(32) : currentOf(slots, number);
        const compared = { slot: keyOf(slots, number), before: originalOf(slots, number), after };
        const list = slotsBy.get(address);
        if (list === undefined) slotsBy.set(address, [compared]);
        else list.push(compared);
      }
      const codeBehind = (account: Account) =>
        isCodeless(account) ? NO_CODE.bytes : (account.code ?? world.codeOf(account)).bytes;
      const momentOf = (account: Account): AccountMoment => ({
        account: account.exists ? recordOf(account) : undefined,
        code: codeBehind(account),
      });
      return accounts.all
        .filter((account) => account.readIn === world.epoch)
        .map((account) => ({
          address: account.address,
          before: momentOf({ ...account, ...earlier.get(account) }),
          after: momentOf(account),
          slots: slotsBy.get(account.address) ?? [],
        }));
    },

    changes() {
      const written = new Map<number, (readonly [Uint8Array, Uint8Array])[]>();
      for (let slot = 0; slot < slots.table.count; slot++) {
        if (!wasWritten(slots, slot)) continue;
        const id = storageIdOf(slots, slot);
        const list = written.get(id);
        const pair = [keyOf(slots, slot), currentOf(slots, slot)] as const;
        if (list === undefined) written.set(id, [pair]);
        else list.push(pair);
      }
      return accounts.all
        .filter((account) => account.isChanged || written.has(account.storageId))
        .map((account) => ({
          address: account.address,
          account: account.exists ? recordOf(account) : undefined,
          code: account.isCodeChanged ? account.code?.bytes : undefined,
          isStorageCleared: account.isStorageCleared,
          slots: account.exists ? (written.get(account.storageId) ?? []) : [],
        }));
    },
  };
  return world;
}

function recordOf({ nonce, balance, codeHash }: Account): AccountRecord {
  return { nonce, balance, codeHash };
}
