import type { ChainSource } from '@sero/wallet';
import { CliError } from './errors.ts';

/** Blocks are asked for in ranges of this length, so that the node learns little of which one mattered. */
const RANGE = 256n;

/** One block, asked for as `blocksAround` does. Throws `not-found`. */
export async function blockAt(
  source: Pick<ChainSource, 'blocks'>,
  height: bigint,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return (await blocksAround(source, height, signal))[0]!;
}

/**
 * A block and those after it in its range. The whole range is asked for, to its end or that of the chain, wherever the block stands in it, so that
 * no request says anything of it. Throws `not-found`.
 *
 * @returns the block first, at least that one
 */
export async function blocksAround(
  source: Pick<ChainSource, 'blocks'>,
  height: bigint,
  signal?: AbortSignal,
): Promise<readonly Uint8Array[]> {
  let from = height - (height % RANGE);
  const end = from + RANGE;
  const found: Uint8Array[] = [];
  while (from < end) {
    const { blocks } = await source.blocks(from, Number(end - from), signal);
    if (blocks.length === 0) break;
    const skipped = height > from ? Number(height - from) : 0;
    found.push(...blocks.slice(skipped));
    from += BigInt(blocks.length);
  }
  if (found.length > 0) return found;
  throw new CliError(
    'unreachable',
    'not-found',
    `the node has no block ${height}`,
    'ask another node: --node URL',
  );
}
