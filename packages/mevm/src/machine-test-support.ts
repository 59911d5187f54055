import { createCodeCache } from './code-cache.ts';
import type { BlockContext } from './context.ts';
import type { Fork } from './fork.ts';
import { keccak256 } from './keccak.ts';
import { createMachine, type MachineOptions, type Message, type Outcome } from './machine.ts';
import type { AccountRecord, StateReader } from './state.ts';
import { addressBytes } from './words.ts';
import { createWorld, type World } from './world.ts';

export const SENDER = addressBytes(0xaaaan);
export const CONTRACT = addressBytes(0xccccn);
export const OTHER = addressBytes(0xddddn);

export const block: BlockContext = {
  chainId: 1n,
  number: 1000n,
  timestamp: 1_700_000_000n,
  coinbase: addressBytes(0xbbbbn),
  gasLimit: 30_000_000n,
  baseFee: 7n,
  prevRandao: 12345n,
  blobBaseFee: 1n,
  blockHash: (number) => keccak256(addressBytes(number)),
};

/** An account of a test's world. */
export interface TestAccount {
  readonly address: Uint8Array;
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly code?: Uint8Array;
  /** Words by slot. */
  readonly storage?: ReadonlyMap<bigint, Uint8Array>;
}

export function readerOf(accounts: readonly TestAccount[]): StateReader {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const records = new Map<string, AccountRecord>();
  const codes = new Map<string, Uint8Array>();
  const storages = new Map<string, ReadonlyMap<bigint, Uint8Array>>();
  for (const {
    address,
    balance = 0n,
    nonce = 0n,
    code = new Uint8Array(0),
    storage = new Map(),
  } of accounts) {
    const codeHash = keccak256(code);
    records.set(text(address), { nonce, balance, codeHash });
    codes.set(text(codeHash), code);
    storages.set(text(address), storage);
  }
  return {
    account: (address) => records.get(text(address)),
    code: (hash) => codes.get(text(hash)) as Uint8Array,
    storage: (address, slot) => storages.get(text(address))?.get(BigInt(`0x${text(slot)}`)),
    hasStorage: (address) => (storages.get(text(address))?.size ?? 0) > 0,
  };
}

/** What a run did, and the world after it. */
export interface Run {
  readonly outcome: Outcome;
  readonly world: World;
}

/** Bytes of hexadecimal digits; spaces do not count. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

/** Runs code in a new world. */
export function runCode(
  code: Uint8Array,
  options: {
    readonly machine?: Partial<MachineOptions>;
    readonly message?: Partial<Message>;
    readonly accounts?: readonly TestAccount[];
    readonly fork?: Fork;
  } = {},
): Run {
  const accounts = [
    { address: SENDER, balance: 10n ** 18n, nonce: 1n },
    { address: CONTRACT, balance: 1000n, nonce: 1n, code },
    ...(options.accounts ?? []),
  ];
  const world = createWorld(readerOf(accounts), { codes: createCodeCache() });
  world.begin();
  const machine = createMachine({ fork: options.fork ?? 'cancun', ...options.machine });
  const message: Message = {
    from: SENDER,
    to: CONTRACT,
    value: 0n,
    data: new Uint8Array(0),
    gas: 1_000_000,
    gasPrice: 7n,
    ...options.message,
  };
  return { outcome: machine.execute(world, block, message), world };
}
