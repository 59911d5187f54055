import { type Code, NO_CODE, NO_CODE_HASH } from './code.ts';
import type { StateReader } from './state.ts';
import { add, createTable, find, type WordTable } from './table.ts';
import { addressBytes, writeLimbs } from './words.ts';

/** An account as the current transaction has it. Epochs are numbers of transactions: equal to the current one means yes. */
export interface Account {
  readonly address: Uint8Array;
  readonly word: bigint;
  /** The same in 8 little-endian limbs. */
  readonly limbs: Int32Array;
  /** Stands for its storage in keys of slots; another one after its storage was cleared. */
  storageId: number;
  /** False where the state holds none (Yellow Paper 4.1, EIP-161). */
  exists: boolean;
  nonce: bigint;
  balance: bigint;
  codeHash: Uint8Array;
  /** Undefined until it is asked for. */
  code: Code | undefined;
  warmIn: number;
  createdIn: number;
  destroyedIn: number;
  touchedIn: number;
  /** The last transaction that looked at it, whether that was undone or not. */
  readIn: number;
  /** The reader's storage of it counts no longer. */
  isStorageCleared: boolean;
  /** Something of it other than its storage was written since the world was made. */
  isChanged: boolean;
  /** Its code was written since the world was made. */
  isCodeChanged: boolean;
}

/** All accounts that were looked at, by address. */
export interface Accounts {
  readonly all: Account[];
  /** The account of the low 160 bits of a word, looked up or read. */
  of(word: bigint): Account;
  /** The same for a word in 8 little-endian limbs, of which the lowest 5 count. */
  at(limbs: Int32Array, at: number): Account;
}

const LOW_160 = (1n << 160n) - 1n;

export function createAccounts(reader: StateReader, seed: Int32Array): Accounts {
  const table: WordTable = createTable(5, seed);
  const all: Account[] = [];
  const scratch = new DataView(new ArrayBuffer(32));
  const limbs = new Int32Array(scratch.buffer);

  const load = (): Account => {
    const { key } = table;
    let word = 0n;
    for (let i = 4; i >= 0; i--) word = (word << 32n) | BigInt((key[i] as number) >>> 0);
    const address = addressBytes(word);
    const record = reader.account(address);
    const account: Account = {
      address,
      word,
      limbs: Int32Array.from({ length: 8 }, (_, i) => (i < 5 ? (key[i] as number) : 0)),
      storageId: all.length * 2,
      exists: record !== undefined,
      nonce: record?.nonce ?? 0n,
      balance: record?.balance ?? 0n,
      codeHash: record?.codeHash ?? NO_CODE_HASH,
      code: record === undefined ? NO_CODE : undefined,
      warmIn: 0,
      createdIn: 0,
      destroyedIn: 0,
      touchedIn: 0,
      readIn: 0,
      isStorageCleared: false,
      isChanged: false,
      isCodeChanged: false,
    };
    all[add(table)] = account;
    return account;
  };
  const at = (from: Int32Array, offset: number): Account => {
    const { key } = table;
    for (let i = 0; i < 5; i++) key[i] = from[offset + i] as number;
    const number = find(table);
    return number < 0 ? load() : (all[number] as Account);
  };
  return {
    all,
    at,
    of(word) {
      writeLimbs(scratch, 0, word & LOW_160);
      return at(limbs, 0);
    },
  };
}

/** EIP-161: no code, nonce 0, balance 0; whether it exists or not. */
export function isEmpty(account: Account): boolean {
  return account.nonce === 0n && account.balance === 0n && isCodeless(account);
}

/** Says whether an account's code is none. */
export function isCodeless(account: Account): boolean {
  const { codeHash } = account;
  if (codeHash === NO_CODE_HASH) return true;
  for (let i = 0; i < 32; i++) if (codeHash[i] !== NO_CODE_HASH[i]) return false;
  return true;
}
