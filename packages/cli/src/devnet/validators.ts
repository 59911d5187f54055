import { blake2b256, blsSecret, le32 } from '@sero/crypto';
import { fastEd25519, fastVrf, makeValidatorKeys, nativeBls, type RoundRange } from '@sero/node';
import { DEVELOPMENT, type GenesisValidator } from '@sero/protocol';
import { type DevnetAccount, devnetAccounts } from './accounts.ts';
import { devnetGenesis } from './genesis.ts';

/**
 * Validators of a devnet. The whole world knows their secrets, as the words of the accounts: they are worth nothing anywhere else. They follow from
 * their numbers, so that every devnet of a size has the same genesis file, and keys that were destroyed after use are there again after --reset.
 */

/** Validators of `sero devnet`: one of them may fail. */
export const DEVNET_VALIDATORS = 4;

/** Units of stake of each. */
const UNITS = 100n;

/**
 * Rounds that the keys are for. An idle devnet makes a round every 5 s and lives for 121 days, one with a block a second for 24; 650 ms of work and
 * 2.1 MB of keys for each validator. Without other keys (`sero stake renew`, by the owner) the chain stops after the last of them.
 */
const KEY_RANGE: RoundRange = { first: 1n, last: 1n << 21n };

/** One validator of a devnet. */
export interface DevnetValidator {
  /** From 0 on. */
  readonly index: number;
  /** Its row of the genesis file; the owner is account `index` of the devnet, the first one again after the last. */
  readonly row: GenesisValidator;
  /** Makes its directory of keys, as they were before the first round. Throws as `makeValidatorKeys`. */
  makeKeys(directory: string): void;
}

/** A devnet whose validators agree on blocks. */
export interface DevnetNetwork {
  /** The genesis file. */
  readonly genesis: Uint8Array;
  readonly validators: readonly DevnetValidator[];
}

/**
 * The devnet with this many validators, the same wherever it is made.
 *
 * @param count 1..100
 * @param verifyingKeys canonical bytes of the development verifying keys, by circuit id
 */
export function devnetNetwork(count: number, verifyingKeys: ReadonlyMap<number, Uint8Array>): DevnetNetwork {
  const accounts = devnetAccounts(DEVELOPMENT.chainId);
  const validators = devnetValidators(count);
  const rows = validators.map(({ row }) => row);
  return { genesis: devnetGenesis({ accounts, verifyingKeys, solo: false, validators: rows }), validators };
}

/** The first validators of every devnet. @param count 1..100 @param range of rounds that their keys cover */
export function devnetValidators(count: number, range: RoundRange = KEY_RANGE): DevnetValidator[] {
  const accounts = devnetAccounts(DEVELOPMENT.chainId);
  return Array.from({ length: count }, (_, index) =>
    devnetValidator(index, accounts[index % accounts.length]!, range),
  );
}

function devnetValidator(
  index: number,
  { allocationAddress: owner }: DevnetAccount,
  range: RoundRange,
): DevnetValidator {
  const [vrf, bls, ephemeral] = [0, 1, 2].map((which) => secretOf(index, which)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const blsKey = blsSecret(bls);
  return {
    index,
    row: {
      owner,
      vrfKey: fastVrf.publicKey(vrf),
      voteRoot: fastEd25519.publicKey(blake2b256('SERO_EPH_ROOT', ephemeral)),
      blsKey: nativeBls.publicKey(blsKey),
      blsProof: nativeBls.provePossession(blsKey, owner),
      firstRound: range.first,
      lastRound: range.last,
      commission: 0,
      units: UNITS,
    },
    makeKeys(directory) {
      // In the order in which makeValidatorKeys asks; each time anew, since what is handed out is wiped.
      let asked = 0;
      makeValidatorKeys(directory, range, {
        owner,
        random: () => secretOf(index, asked++),
        bls: nativeBls,
      });
    },
  };
}

/** Secret of a validator, 32 bytes: 0 of its VRF key, 1 of its BLS key, 2 of its ephemeral keys. */
function secretOf(index: number, which: number): Uint8Array {
  return blake2b256('SERO_devkeys', le32(index), le32(which));
}
