import { fieldToBytes, utf8 } from '@sero/crypto';
import {
  DEVELOPMENT,
  encodeGenesis,
  type Genesis,
  GROTH16_BLS12_381,
  NO_VALIDATORS,
  SERO_ASSET,
} from '@sero/protocol';
import { verifyingKeyHash } from '@sero/prover';
import { DEVNET_ALLOCATION, type DevnetAccount } from './accounts.ts';

/** Time of block 0, ms: fixed, so that every devnet of this version has the same genesis file. */
const GENESIS_TIME = 1_767_225_600_000n;

export interface DevnetGenesisOptions {
  readonly accounts: readonly DevnetAccount[];
  /** Canonical bytes of the development verifying keys, by circuit id. */
  readonly verifyingKeys: ReadonlyMap<number, Uint8Array>;
  /** True for `--solo`: an empty block may follow the last one at once. */
  readonly solo: boolean;
}

/** The genesis file of `sero devnet`: development parameters, ten funded accounts, insecure proving keys. */
export function devnetGenesis({ accounts, verifyingKeys, solo }: DevnetGenesisOptions): Uint8Array {
  const genesis: Genesis = {
    ...DEVELOPMENT,
    name: utf8(solo ? 'sero-devnet-solo' : 'sero-devnet'),
    time: GENESIS_TIME,
    pace: solo ? { ...DEVELOPMENT.pace, minBlockGap: 0 } : DEVELOPMENT.pace,
    verifyingKeys: [...verifyingKeys].map(([circuit, key]) => ({
      circuit,
      proofSystem: GROTH16_BLS12_381,
      hash: verifyingKeyHash(key),
    })),
    allocations: accounts.map(({ allocationAddress }) => ({
      pkr: allocationAddress,
      asset: fieldToBytes(SERO_ASSET),
      value: DEVNET_ALLOCATION,
    })),
    derivation: utf8('own owner address number 0 of each of the ten accounts that sero devnet prints'),
    ...NO_VALIDATORS,
  };
  return encodeGenesis(genesis);
}
