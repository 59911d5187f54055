import { blake2b256, compareBytes, fieldToBytes, le32, utf8 } from '@sero/crypto';
import {
  DEVELOPMENT,
  encodeGenesis,
  type Genesis,
  type GenesisValidator,
  GROTH16_BLS12_381,
  NO_VALIDATORS,
  recordOfValidator,
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
  /** Who agrees on blocks, in any order. Default: none, a chain of one. */
  readonly validators?: readonly GenesisValidator[];
}

/** The genesis file of `sero devnet`: development parameters, ten funded accounts, insecure proving keys. */
export function devnetGenesis({
  accounts,
  verifyingKeys,
  solo,
  validators = [],
}: DevnetGenesisOptions): Uint8Array {
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
    ...devnetStake(validators),
  };
  return encodeGenesis(genesis);
}

/** The part of a genesis file that names who agrees on blocks; nobody: a chain of one. */
export function devnetStake(validators: readonly GenesisValidator[]): Pick<Genesis, 'seed' | 'validators'> {
  if (validators.length === 0) return NO_VALIDATORS;
  return {
    seed: seedOf(validators.length),
    validators: [...validators].sort((a, b) => compareBytes(recordOfValidator(a), recordOfValidator(b))),
  };
}

/** seed(0): of the number of validators alone. Nobody drew it, and nobody chose it. */
function seedOf(validators: number): Uint8Array {
  return blake2b256('SERO_devseed', le32(validators));
}
