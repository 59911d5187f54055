import type { ChainSource } from '@sero/wallet';
import { CliError } from './errors.ts';

/** Blocks are asked for in ranges of this length, so that the node learns little of which one mattered. */
const RANGE = 256n;

/**
 * One block, asked for as part of its whole range: read to the end of the range or of the chain, wherever the block stands in it, so that
 * the last request says nothing of it. Throws `not-found`.
 */
export async function blockAt(
  source: Pick<ChainSource, 'blocks'>,
  height: bigint,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  let from = height - (height % RANGE);
  const end = from + RANGE;
  let found: Uint8Array | undefined;
  while (from < end) {
    const { blocks } = await source.blocks(from, Number(end - from), signal);
    if (blocks.length === 0) break;
    if (height >= from) found ??= blocks[Number(height - from)];
    from += BigInt(blocks.length);
  }
  if (found !== undefined) return found;
  throw new CliError(
    'unreachable',
    'not-found',
    `the node has no block ${height}`,
    'ask another node: --node URL',
  );
}
