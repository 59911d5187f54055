import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createEVM } from '@ethereumjs/evm';
import { SimpleStateManager } from '@ethereumjs/statemanager';
import { Account, createAddressFromString } from '@ethereumjs/util';
import {
  type AccountRecord,
  type BlockContext,
  createMachine,
  createWorld,
  keccak256,
  type MachineOptions,
  precompilesOf,
  type StateReader,
} from '@sero/mevm';
import { startAnvil } from './mevm-anvil.ts';
import { type Contracts, mappingSlot } from './mevm-contracts.ts';

/** Executes messages from one account, one after another, on a state that goes on. */
export interface Engine {
  /** Gas that the message used. @throws where it did not succeed */
  call(to: string, data: Uint8Array): number | Promise<number>;
  close?(): Promise<void>;
}

export const WORK = `0x${'c0'.repeat(20)}`;
export const TOKEN = `0x${'70'.repeat(20)}`;
export const PAYER = `0x${'9a'.repeat(20)}`;
const SENDER = `0x${'11'.repeat(20)}`;
/** Of a message: more than any figure uses, less than anvil's limit of a block. */
const GAS = 20_000_000_000;

/** 2^100 tokens, which the payer and the sender have each: OpenZeppelin's balances are a mapping at slot 0. */
const BALANCE = `0x${(1n << 100n).toString(16).padStart(64, '0')}`;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));

interface Genesis {
  readonly codes: readonly (readonly [address: string, code: Uint8Array])[];
  readonly slots: readonly (readonly [address: string, slot: Uint8Array, value: Uint8Array])[];
}

function genesisOf(contracts: Contracts): Genesis {
  return {
    codes: [
      [WORK, contracts.Work],
      [TOKEN, contracts.Token],
      [PAYER, contracts.Payer],
    ],
    slots: [SENDER, PAYER].map((owner) => [TOKEN, mappingSlot(BigInt(owner), 0n), bytesOf(BALANCE)]),
  };
}

const block: BlockContext = {
  chainId: 1n,
  number: 20_000_000n,
  timestamp: 1_750_000_000n,
  coinbase: new Uint8Array(20),
  gasLimit: BigInt(GAS),
  baseFee: 0n,
  prevRandao: 0n,
  blobBaseFee: 1n,
  blockHash: () => undefined,
};

/** The machine as nodes run it. */
export function ourEngine(contracts: Contracts, options: Partial<MachineOptions> = {}): Engine {
  const { codes, slots } = genesisOf(contracts);
  const key = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const accounts = new Map<string, AccountRecord>([
    [key(bytesOf(SENDER)), { nonce: 0n, balance: 10n ** 24n, codeHash: keccak256(new Uint8Array(0)) }],
    ...codes.map(([address, code]): [string, AccountRecord] => [
      key(bytesOf(address)),
      { nonce: 1n, balance: 0n, codeHash: keccak256(code) },
    ]),
  ]);
  const byHash = new Map(codes.map(([, code]) => [key(keccak256(code)), code]));
  const storage = new Map(slots.map(([address, slot, value]) => [key(bytesOf(address)) + key(slot), value]));
  const reader: StateReader = {
    account: (address) => accounts.get(key(address)),
    code: (hash) => byHash.get(key(hash)) as Uint8Array,
    storage: (address, slot) => storage.get(key(address) + key(slot)),
    hasStorage: (address) => key(address) === key(bytesOf(TOKEN)),
  };
  const machine = createMachine({ fork: 'cancun', precompiles: precompilesOf('cancun'), ...options });
  const world = createWorld(reader);
  const from = bytesOf(SENDER);
  return {
    call(to, data) {
      world.begin();
      const message = { from, to: bytesOf(to), value: 0n, data, gas: GAS, gasPrice: 0n };
      const { status, gasLeft } = machine.execute(world, block, message);
      if (status !== 'success') throw new Error(`${status} at ${to}`);
      return GAS - gasLeft;
    },
  };
}

/** @ethereumjs/evm with its state in memory, without a Merkle tree: its fastest way. */
export async function ethereumjsEngine(contracts: Contracts): Promise<Engine> {
  const { codes, slots } = genesisOf(contracts);
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Cancun });
  const stateManager = new SimpleStateManager();
  const evm = await createEVM({ common, stateManager });
  const caller = createAddressFromString(SENDER);
  await stateManager.putAccount(caller, new Account(0n, 10n ** 24n));
  for (const [address, code] of codes) {
    await stateManager.putAccount(createAddressFromString(address), new Account(1n, 0n));
    await stateManager.putCode(createAddressFromString(address), code);
  }
  for (const [address, slot, value] of slots) {
    await stateManager.putStorage(createAddressFromString(address), slot, value);
  }
  return {
    async call(to, data) {
      const target = createAddressFromString(to);
      const { execResult } = await evm.runCall({
        caller,
        origin: caller,
        to: target,
        data,
        gasLimit: BigInt(GAS),
      });
      if (execResult.exceptionError !== undefined) throw new Error(execResult.exceptionError.error);
      await evm.journal.cleanup();
      return Number(execResult.executionGasUsed);
    },
  };
}

/** revm, as anvil runs it for `eth_call`: nothing that a call changes stays. Undefined where there is no anvil for this machine. */
export async function revmEngine(contracts: Contracts): Promise<Engine | undefined> {
  const anvil = await startAnvil(GAS);
  if (anvil === undefined) return undefined;
  const { codes, slots } = genesisOf(contracts);
  const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
  for (const [address, code] of codes) await anvil.request('anvil_setCode', [address, hex(code)]);
  for (const [address, slot, value] of slots) {
    await anvil.request('anvil_setStorageAt', [address, hex(slot), hex(value)]);
  }
  return {
    async call(to, data) {
      await anvil.request('eth_call', [
        { from: SENDER, to, data: hex(data), gas: `0x${GAS.toString(16)}` },
        'latest',
      ]);
      return 0;
    },
    close: anvil.close,
  };
}
