import type { EphemeralKeys, OwnRecord } from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import type { StakeRow } from '@sero/protocol';
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
  // Who has left may still vote until the newest table is that of the round.
  for (const round of [newest, ledger.head().height + 1n]) {
    const row = ledger.stakeTable(round)?.rows.find((one) => isOf(one, keys));
    if (row !== undefined)
      return { id: row.id.slice(), prove: keys.prove, keys: inTime(ledger, row.id, keys) };
  }
  return undefined;
}

function isOf(row: StakeRow, { public: { vrfKey, voteRoot, blsKey } }: ValidatorKeys): boolean {
  return (
    equalBytes(row.blsKey, blsKey) && equalBytes(row.vrfKey, vrfKey) && equalBytes(row.voteRoot, voteRoot)
  );
}

/**
 * Keys that sign in the rounds whose table names them for the record, and in no other: when a record's keys are renewed the new ones count
 * balanceLookback rounds later and the old ones until then, and whoever votes with others says what peers ban him for.
 */
function inTime(ledger: Pick<Ledger, 'stakeTable'>, id: Uint8Array, keys: ValidatorKeys): EphemeralKeys {
  return {
    ...keys.keys,
    sign(round, period, step, message) {
      const row = ledger.stakeTable(round)?.row(id);
      return row !== undefined && isOf(row, keys) ? keys.keys.sign(round, period, step, message) : undefined;
    },
  };
}
