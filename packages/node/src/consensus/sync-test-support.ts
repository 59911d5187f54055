import { utf8 } from '@sero/crypto';
import {
  type Block,
  type Bundle,
  DEVELOPMENT,
  encodeBlock,
  type Genesis,
  genesisHash,
  genesisTable,
  type Header,
  ProtocolError,
  transactionsRoot,
  verifyBundle,
  witnessTransactionId,
} from '@sero/protocol';
import { STUB } from '@sero/protocol/test/consensus';
import {
  certificateFor,
  firstHeader,
  foundedGenesis,
  founders,
  nextHeader,
} from '@sero/protocol/test/light-chain';
import type { CatchUpOptions } from './catch-up.ts';
import type { SyncPeer } from './stretch.ts';

/** Chains that peers show to who is behind, and what liars make of them. */

const FOUNDERS = founders([10n, 20n, 30n, 40n]);

/** Certificates of every fourth block are kept for ever. */
export const GENESIS: Genesis = foundedGenesis(FOUNDERS, { stake: { ...DEVELOPMENT.stake, certStride: 4n } });
const TABLE = genesisTable(GENESIS);

/** A chain that no ledger made: headers, blocks, and who signs them. Every third block holds a transaction. */
interface ShownChain {
  readonly headers: readonly Header[];
  readonly blocks: readonly Uint8Array[];
  /** @param few whether too few of them sign */
  certificate(height: bigint, few?: boolean, step?: number): Bundle;
}

/** @param branch what makes it another chain from block `from` on */
export function shownChain(last: number, branch = 0, from = 1): ShownChain {
  const headers = [firstHeader(GENESIS)];
  const blocks = [encodeBlock({ header: headers[0]!, transactions: [] })];
  for (let height = 1; height <= last; height++) {
    const transactions = height % 3 === 0 ? [utf8(`transaction of ${height}`)] : [];
    const root = transactionsRoot(transactions.map((one) => witnessTransactionId(one)));
    const header = nextHeader(headers[height - 1]!, height < from ? 0 : branch, { transactionsRoot: root });
    headers.push(header);
    blocks.push(encodeBlock({ header, transactions }));
  }
  return {
    headers,
    blocks,
    certificate: (height, few = false, step) =>
      certificateFor(GENESIS, headers, Number(height), {
        who: few ? FOUNDERS.all.slice(0, 1) : FOUNDERS.all,
        table: TABLE,
        ...(few ? { threshold: 1n } : {}),
        ...(step === undefined ? {} : { step }),
      }),
  };
}

/** The ledger of who is behind on a chain. */
export function behind(chain: ShownChain, at: number) {
  let height = at;
  const ledger: CatchUpOptions['ledger'] = {
    genesis: GENESIS,
    genesisHash: genesisHash(GENESIS),
    head: () => chain.headers[height]!,
    header: (asked) => (asked <= BigInt(height) ? chain.headers[Number(asked)] : undefined),
    stakeTable: (round) => (round <= BigInt(height) + GENESIS.stake.balanceLookback ? TABLE : undefined),
  };
  return {
    ledger,
    /** Its own next block. */
    grow: () => {
      height++;
    },
    height: () => height,
  };
}

/** The verifier of bundles, at once. */
export const bundleVerifier: CatchUpOptions['verifier'] = {
  bundle(context, bundle, done) {
    try {
      verifyBundle(context, bundle, STUB);
      done({ votes: [], pairs: [] });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      done(undefined);
    }
  },
};

/** A peer that has a chain up to a height, and notes what it is asked and blamed for. */
export interface PeerDouble extends SyncPeer {
  readonly asked: string[];
  readonly blamed: string[];
}

export function peerDouble(
  id: string,
  chain: ShownChain,
  height: bigint,
  change: Partial<SyncPeer> = {},
): PeerDouble {
  const asked: string[] = [];
  const blamed: string[] = [];
  const cut = <T>(all: readonly T[], from: bigint, count: number): T[] => {
    const end = Math.min(Number(from) + count, Number(height) + 1);
    return all.slice(Number(from), end);
  };
  return {
    id,
    height,
    earliest: 0n,
    async headers(from, count) {
      asked.push(`headers ${from}+${count}`);
      return cut(chain.headers, from, count);
    },
    async certificate(at) {
      asked.push(`certificate ${at}`);
      return chain.certificate(at);
    },
    async blocks(from, count) {
      asked.push(`blocks ${from}+${count}`);
      return cut(chain.blocks, from, count);
    },
    blame: (offence) => void blamed.push(offence),
    ...change,
    asked,
    blamed,
  };
}

/** A block of a chain with other transactions under its header. */
export function foreignBody(header: Header): Uint8Array {
  const block: Block = { header, transactions: [utf8('another transaction')] };
  return encodeBlock(block);
}
