import { decodeOneTimeAddress, type OneTimeAddress } from './address.ts';
import type { PublicOutput } from './block.ts';
import { decodeField } from './decode.ts';
import type { Allocation } from './genesis.ts';
import { CREDIT_PURPOSE, type Note, publicOutputRandomness, systemTxid } from './note.ts';

/**
 * The note that the protocol makes of public output number `index` of the transaction with this txid (a field element).
 *
 * @param owner its address, where it was decoded
 */
export function publicOutputNote(
  output: PublicOutput,
  txid: bigint,
  index: number,
  owner = decodeOneTimeAddress(output.pkr),
): Note {
  return {
    asset: decodeField(output.asset, 'asset of a public output'),
    value: output.value,
    owner,
    rcm: publicOutputRandomness(txid, index),
  };
}

/**
 * The note of genesis allocation number `n`: a credit without a transaction at height 0.
 *
 * @param owner its address, where it was decoded
 */
export function allocationNote(
  allocation: Allocation,
  genesisHash: Uint8Array,
  n: number,
  owner?: OneTimeAddress,
): Note {
  const txid = systemTxid(genesisHash, 0n, CREDIT_PURPOSE.genesisAllocation, n);
  return publicOutputNote(allocation, txid, 0, owner);
}
