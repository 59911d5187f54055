import { blake2b256, le32, portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import {
  DEVELOPMENT,
  encodeOneTimeAddress,
  type GenesisValidator,
  oneTimeAddressToText,
  ownAddress,
} from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';
import { DEVNET_WORDS } from '../devnet/accounts.ts';

/** People who begin a network in tests: their addresses and public keys, the same in every run. */

interface Person {
  /** One-time address of a development network, as text. */
  readonly address: string;
  readonly pkr: Uint8Array;
}

/** The owner of a devnet account, on a development chain. */
export function person(n: number): Person {
  const { viewing } = accountFromWords(DEVNET_WORDS[n]!).proof;
  const address = ownAddress(viewing, DEVELOPMENT.chainId, 'owner', 0n);
  return { address: oneTimeAddressToText(address, 'development'), pkr: encodeOneTimeAddress(address) };
}

/** His row of a genesis file. */
export function rowOf(n: number, units = 100n): GenesisValidator {
  const secret = (what: string): Uint8Array => blake2b256(`SERO_test${what}`, le32(n));
  const blsSecret = secret('bls').fill(0, 0, 1);
  const owner = person(n).pkr;
  return {
    owner,
    vrfKey: portableVrf.publicKey(secret('vrf')),
    voteRoot: portableEd25519.publicKey(secret('vote')),
    blsKey: portableBls.publicKey(blsSecret),
    blsProof: portableBls.provePossession(blsSecret, owner),
    firstRound: 1n,
    lastRound: 1_000n,
    commission: 250,
    units,
  };
}
