/**
 * Blocks that are tried, scanned and written together: as many as one request to a node gives, and bytes for which everything that is
 * made of them stays in some megabytes, and what a lying node can have a wallet do before the first of its roots is looked at in seconds.
 * A payment has some 1,700 bytes, so that there are at most some 1,000 outputs, while native code is as fast as it gets from 100 on;
 * whoever is interrupted has lost them at most.
 */
const MOST_BLOCKS = 256;
const MOST_BYTES = 1 << 19;

/** Cuts blocks in their order into batches of at least one block. */
export function batchesOf(blocks: readonly Uint8Array[]): (readonly Uint8Array[])[] {
  const batches: (readonly Uint8Array[])[] = [];
  let from = 0;
  let bytes = 0;
  for (const [at, block] of blocks.entries()) {
    if (at > from && (at - from === MOST_BLOCKS || bytes + block.length > MOST_BYTES)) {
      batches.push(blocks.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += block.length;
  }
  if (from < blocks.length) batches.push(blocks.slice(from));
  return batches;
}
