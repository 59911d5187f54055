import { decodeOneTimeAddress } from './address.ts';
import type { PublicOutput } from './block.ts';
import { decodeField } from './decode.ts';
import type { Allocation } from './genesis.ts';
import { CREDIT_PURPOSE, type Note, publicOutputRandomness, systemTxid } from './note.ts';

/** The note that the protocol makes of public output number `index` of the transaction with this txid (a field element). */
export function publicOutputNote(output: PublicOutput, txid: bigint, index: number): Note {
  return {
    asset: decodeField(output.asset, 'asset of a public output'),
    value: output.value,
    owner: decodeOneTimeAddress(output.pkr),
    rcm: publicOutputRandomness(txid, index),
  };
}

/** The note of genesis allocation number `n`: a credit without a transaction at height 0. */
export function allocationNote(allocation: Allocation, genesisHash: Uint8Array, n: number): Note {
  return publicOutputNote(allocation, systemTxid(genesisHash, 0n, CREDIT_PURPOSE.genesisAllocation, n), 0);
}
