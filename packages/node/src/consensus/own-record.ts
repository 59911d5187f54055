import type { OwnRecord } from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { ValidatorKeys } from '../validator/keys.ts';

/**
 * Finds the stake record that these keys vote for among those who take part in the coming rounds. All three keys must be there: anybody may
 * register what is public of a validator's VRF and voting keys under a record of his own, which these keys would vote for in place of theirs;
 * a BLS key is registered by whoever proves that he has its secret.
 */
export function findOwnRecord(
  ledger: Pick<Ledger, 'genesis' | 'head' | 'stakeTable'>,
  keys: ValidatorKeys,
): OwnRecord | undefined {
  const newest = ledger.head().height + ledger.genesis.stake.balanceLookback;
  const { vrfKey, voteRoot, blsKey } = keys.public;
  // Who has left may still vote until the newest table is that of the round.
  for (const round of [newest, ledger.head().height + 1n]) {
    const row = ledger
      .stakeTable(round)
      ?.rows.find(
        (one) =>
          equalBytes(one.blsKey, blsKey) &&
          equalBytes(one.vrfKey, vrfKey) &&
          equalBytes(one.voteRoot, voteRoot),
      );
    if (row !== undefined) return { id: row.id.slice(), prove: keys.prove, keys: keys.keys };
  }
  return undefined;
}
