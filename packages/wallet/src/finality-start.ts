import { equalBytes } from '@sero/crypto';
import {
  type FinalBlock,
  type Genesis,
  genesisHash,
  type Header,
  headerHash,
  type VoteCrypto,
} from '@sero/protocol';
import { ensure } from './errors.ts';
import { portableVotes } from './finality.ts';
import {
  type FinalitySource,
  followFinality,
  headersBetween,
  lightFromBlock,
  lightFromGenesis,
} from './finality-source.ts';

/** Headers that are asked for at a time on the way down. */
const PIECE = 1_024n;

/** How a wallet that does not begin at block 0 learns that the block where it begins is final. */
export interface FinalityOptions {
  /** What votes are verified with. Default: `portableVotes()`. */
  readonly votes?: VoteCrypto;
  /**
   * A block that is trusted as it is: one that somebody whom the user trusts named at most ten days ago (`trustedBlock` of @sero/protocol says how old). Default:
   * none, and everything is verified from genesis on.
   */
  readonly trusted?: FinalBlock;
}

/**
 * The block of a height, shown to be final: by certificates from genesis or a trusted block on; below a trusted block by the links between headers.
 *
 * @param head where the node says that its chain ends, at or above the height
 * @throws WalletError `node-not-final`, `node-answer-invalid`; what the source and the signal throw
 */
export async function finalBlockAt(
  source: FinalitySource,
  genesis: Genesis,
  height: bigint,
  head: bigint,
  { votes = portableVotes(), trusted }: FinalityOptions = {},
  signal?: AbortSignal,
): Promise<FinalBlock> {
  if (trusted !== undefined && height < trusted.height) {
    return linkedDown(source, genesis, trusted, height, signal);
  }
  const start =
    trusted === undefined
      ? await lightFromGenesis(source, genesis, signal)
      : await lightFromBlock(source, genesis, trusted, signal);
  if (start.tip.height === height) return start.tip;
  for await (const { chain, hashes } of followFinality(source, start, head, votes, signal)) {
    const { tip } = chain;
    if (tip.height < height) continue;
    return { height, hash: hashes[hashes.length - 1 - Number(tip.height - height)]! };
  }
  ensure(false, 'node-not-final', `the node does not show that block ${height} is final: ask another node`);
}

/** The block of a height below a trusted one: each header is the one that the next one names. */
async function linkedDown(
  source: FinalitySource,
  genesis: Genesis,
  trusted: FinalBlock,
  height: bigint,
  signal: AbortSignal | undefined,
): Promise<FinalBlock> {
  const network = genesisHash(genesis);
  let { hash } = trusted;
  for (let to = trusted.height; to > height; ) {
    const from = to - PIECE + 1n > height ? to - PIECE + 1n : height + 1n;
    const headers: Header[] = await headersBetween(source, from, to, signal);
    for (const header of headers.reverse()) {
      ensure(
        header.height === to &&
          equalBytes(header.genesisHash, network) &&
          equalBytes(headerHash(header), hash),
        'node-not-final',
        `the node’s header of block ${to} does not lead up to the trusted block ${trusted.height}: ask another node`,
      );
      hash = header.parent;
      to--;
    }
  }
  return { height, hash };
}
