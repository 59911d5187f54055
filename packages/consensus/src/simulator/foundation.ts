import type { Ed25519, Vrf } from '@sero/crypto';
import type { StakeRow, VoteCrypto } from '@sero/protocol';
import type { Chain } from './chain.ts';
import type { Machine, NodeLedger } from './node-ledger.ts';
import type { Schedule } from './schedule.ts';

/** What a world stands on beside the light chain: another ledger with its cryptography, of one run. */
export interface Foundation {
  readonly crypto: VoteCrypto & { readonly ed25519: Ed25519; readonly vrf: Vrf };
  /** Names a stake record of genesis. @param row what is known of it */
  register(number: number, row: Omit<StakeRow, 'id' | 'blsKey'>): Uint8Array;
  /** When all records are registered. */
  build(schedule: Schedule): Ground;
}

/** A chain and the nodes' copies of it. */
export interface Ground {
  readonly chain: Chain;
  readonly openLedger: (machine: Machine, node: number) => NodeLedger;
}
