import { ContainerType, ListCompositeType, VectorCompositeType } from '@chainsafe/ssz';
import { fieldToBytes } from '@sero/crypto';
import { decodeField } from './decode.ts';
import { ensure } from './errors.ts';
import { Bytes32, decodeStrict, u64 } from './ssz.ts';
import { type Frontier, TREE_CAPACITY, TREE_DEPTH } from './tree.ts';

/** Heights between two blocks after which a chain keeps the note tree's frontier; block 0 is one of them (design 3). */
export const CHECKPOINT_EVERY = 256n;

const FrontierType = new ContainerType({
  size: u64,
  /** Levels 0 to 18, field elements. */
  levels: new VectorCompositeType(new ListCompositeType(Bytes32, 3), TREE_DEPTH + 1),
});

/** Longest encoding of a frontier: three nodes on every level below the root. */
export const MAX_FRONTIER_BYTES = 12 + 4 * (TREE_DEPTH + 1) + 32 * 3 * TREE_DEPTH;

/** Bytes of a frontier: SSZ of its size and of the nodes of each level. */
export function encodeFrontier({ size, levels }: Frontier): Uint8Array {
  return FrontierType.serialize({ size, levels: levels.map((nodes) => nodes.map(fieldToBytes)) });
}

/**
 * Decodes a frontier: as many nodes a level as its size says, each a canonical field element. Whether they are those of a chain
 * shows in `frontierRoot` alone.
 *
 * @throws ProtocolError `too-large`, `malformed`, `not-canonical`, `field-not-canonical`
 */
export function decodeFrontier(bytes: Uint8Array): Frontier {
  const { size, levels } = decodeStrict(FrontierType, bytes, MAX_FRONTIER_BYTES, 'frontier');
  ensure(size <= TREE_CAPACITY, 'malformed', 'frontier: more leaves than the tree holds');
  for (const [level, nodes] of levels.entries()) {
    const digit = size >> BigInt(2 * level);
    ensure(
      BigInt(nodes.length) === (level === TREE_DEPTH ? digit : digit & 3n),
      'malformed',
      `frontier: level ${level} has not the nodes that ${size} leaves leave there`,
    );
  }
  return { size, levels: levels.map((nodes) => nodes.map((node) => decodeField(node, 'frontier'))) };
}
