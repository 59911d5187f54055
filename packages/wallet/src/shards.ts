import { SHARD_LEVEL } from '@sero/protocol';
import type { OwnedNote } from './records.ts';
import type { Anchor } from './state.ts';

/** From a leaf's position to its shard's number. */
const SHARD_SHIFT = BigInt(2 * SHARD_LEVEL);

/**
 * The shards that a new anchor completes and in which the account has nothing left to spend. Until an anchor lies behind a
 * shard, paths under the last one still need its nodes.
 */
export function shardsToDrop(
  last: Pick<Anchor, 'size'> | undefined,
  next: Pick<Anchor, 'size'>,
  left: readonly Pick<OwnedNote, 'position'>[],
): bigint[] {
  const kept = new Set(left.map(({ position }) => position >> SHARD_SHIFT));
  const shards: bigint[] = [];
  for (let shard = (last?.size ?? 0n) >> SHARD_SHIFT; shard < next.size >> SHARD_SHIFT; shard++) {
    if (!kept.has(shard)) shards.push(shard);
  }
  return shards;
}

/** Level and index of every node of a shard below its root. */
export function nodesBelow(shard: bigint): [number, bigint][] {
  const nodes: [number, bigint][] = [];
  for (let level = 0; level < SHARD_LEVEL; level++) {
    const width = 1n << BigInt(2 * (SHARD_LEVEL - level));
    for (let index = shard * width; index < (shard + 1n) * width; index++) nodes.push([level, index]);
  }
  return nodes;
}
