import { LedgerError } from '@sero/ledger';
import { ProtocolError } from '@sero/protocol';
import type { ChainSource } from '@sero/wallet';
import type { Network } from './network.ts';

/** Money outside of wallets, in smallest units. */
export interface Reserves {
  /** Fees and prices that wait for proposers. */
  readonly rewardPool: bigint;
  /** What the pool holds of each asset, by number; SERO is 1. */
  readonly pooled: ReadonlyMap<bigint, bigint>;
  /** What was issued of each registered asset. */
  readonly supply: ReadonlyMap<bigint, bigint>;
  /** SERO that stake records hold, that slashing destroyed, and all that there ever was. */
  readonly staked: bigint;
  readonly burned: bigint;
  readonly issued: bigint;
}

/** How the holders of stake agree, as a node saw it. */
export interface Agreement {
  /** Stake records that vote, and their units. */
  readonly participants: number;
  readonly units: bigint;
  /** Rounds that were watched. */
  readonly rounds: readonly {
    readonly height: bigint;
    /** In which the block was first proposed: 0 where nothing went wrong. */
    readonly period: number;
    /** Records whose votes made it final, in the certificate that is kept. */
    readonly voters: number;
  }[];
}

/** A refusal by the rules: an answer, where anything else that goes wrong is none. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

/** A chain as the people of a story reach it: bytes in, bytes out. */
export interface Chain {
  /** The genesis file, serialised. */
  readonly genesis: Uint8Array;
  /** What wallets read the chain through, where it shows them that its blocks are final; undefined where they take the bytes as they are. */
  readonly source?: ChainSource;
  /** Gives a transaction to a node. Rejects with {@link Refused} where the rules refuse it. */
  send(transaction: Uint8Array): Promise<void>;
  /** The blocks from a height on that there are now, serialised with receipts, in order. */
  blocks(from: bigint): Promise<Uint8Array[]>;
  /** Resolves when the chain has a block more than `height`. */
  beyond(height: bigint): Promise<void>;
  reserves(): Promise<Reserves>;
  /** Undefined where one node seals alone. */
  agreement(): Promise<Agreement | undefined>;
  close(): Promise<void>;
}

/** The chain of a network in this process: it makes a block whenever somebody waits for one. */
export function inProcessChain(network: Network): Chain {
  const { ledger } = network;
  return {
    genesis: network.genesis,
    send: (transaction) =>
      network.send(transaction).catch((error) => {
        throw error instanceof LedgerError || error instanceof ProtocolError
          ? new Refused(error.code, error.message)
          : error;
      }),

    async blocks(from) {
      const found: Uint8Array[] = [];
      for (let height = from; height <= ledger.head().height; height++) {
        found.push(ledger.executedBlock(height));
      }
      return found;
    },

    async beyond(height) {
      while (ledger.head().height <= height) await network.mine();
    },

    async reserves() {
      const pooled = new Map([[1n, ledger.pooled(1n)]]);
      const supply = new Map<bigint, bigint>();
      for (const record of ledger.assets()) {
        pooled.set(record.asset, record.pooled);
        supply.set(record.asset, record.supply);
      }
      return { rewardPool: ledger.rewardPool(), pooled, supply, ...ledger.stakeTotals() };
    },

    agreement: async () => undefined,

    close: async () => {},
  };
}
