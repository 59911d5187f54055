import type { ResultOf } from '@sero/api';
import type { Ledger } from '@sero/ledger';
import type { Header } from '@sero/protocol';
import type { AgreementStatus } from '../agreement.ts';
import type { Mempool } from '../mempool/mempool.ts';
import type { FinalitySource } from './finality.ts';

/** What the RPC server reads of the chain. All of it is synchronous, so one answer is of one state. */
export type RpcLedger = Pick<
  Ledger,
  | 'genesis'
  | 'genesisHash'
  | 'head'
  | 'header'
  | 'blockHash'
  | 'earliest'
  | 'executedBlock'
  | 'findTransaction'
  | 'treeState'
  | 'shardRoot'
  | 'assets'
  | 'pooled'
  | 'rewardPool'
  | 'prove'
  | 'stakeTable'
  | 'keysEnd'
  | 'stakeRecords'
  | 'stakePositions'
  | 'stakeTotals'
>;

/** Everything that the RPC server serves from. */
export interface RpcSource {
  readonly ledger: RpcLedger;
  /** The genesis file. */
  readonly genesisBytes: Uint8Array;
  readonly mempool: Pick<Mempool, 'submit' | 'has' | 'stats'>;
  readonly agreement: { status(): AgreementStatus };
  /** What shows that blocks are final. Default: nobody votes, and the methods say so. */
  readonly finality?: FinalitySource;
  /** Other nodes. */
  readonly peers: () => ResultOf<'sero_getPeers'>;
  /** Calls back with each new head. @returns how to stop that */
  onHead(listener: (head: Header) => void): () => void;
  /** The node's version, for people. */
  readonly version: string;
  /** False while the node starts, has failed, or stops: GET /ready answers 503. */
  ready(): boolean;
}

/** What a node without a network says of others. */
export const NO_PEERS: ResultOf<'sero_getPeers'> = { id: null, addresses: [], peers: [] };
