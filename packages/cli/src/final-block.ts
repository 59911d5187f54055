import { equalBytes } from '@sero/crypto';
import { decodeExecutedBlock, type FinalBlock, type Genesis, headerHash } from '@sero/protocol';
import { type ChainSource, finalBlockAt } from '@sero/wallet';
import { blocksAround } from './block-range.ts';
import { CliError } from './errors.ts';
import { nativeVotes } from './votes.ts';

/**
 * A block that the node shows to be final; on a chain of one, a block as the node has it. What is asked depends on the block's range and on the node's
 * head: certificates lead to the end of what is there of the range, links from there down to the block.
 *
 * @param trusted a block from which on the chain is verified. Default: from genesis on
 * @throws CliError `not-found`, `block-not-final` where the node's block is another one than the final one; what `finalBlockAt` throws
 */
export async function finalBlock(
  source: ChainSource,
  genesis: Genesis,
  height: bigint,
  trusted: FinalBlock | undefined,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const blocks = await blocksAround(source, height, signal);
  const block = blocks[0]!;
  if (genesis.validators.length === 0) return block;
  const { head } = await source.status(signal);
  let last = height + BigInt(blocks.length) - 1n;
  // A node drops the certificate of a head once it has another one: those of stride ends stay.
  const strideEnd = head.height - (head.height % genesis.stake.certStride);
  if (last > strideEnd && height <= strideEnd) last = strideEnd;
  const final = await finalBlockAt(
    source.finality!,
    genesis,
    last,
    head.height,
    { votes: nativeVotes(), ...(trusted === undefined ? {} : { trusted }) },
    signal,
  );
  let { hash } = final;
  for (let at = last; at >= height; at--) {
    const { header } = decodeExecutedBlock(blocks[Number(at - height)]!).block;
    if (!equalBytes(headerHash(header), hash)) {
      throw new CliError(
        'unverified',
        'block-not-final',
        `the node’s block ${at} is not the one that is final`,
        'ask another node: --node URL',
      );
    }
    hash = header.parent;
  }
  return block;
}
