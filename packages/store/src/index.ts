export * from './errors.ts';
export { type HeldWrites, heldWrites } from './held-writes.ts';
export * from './hooked.ts';
export * from './key-value.ts';
export * from './log.ts';
export * from './snapshot.ts';
export * from './state-proof.ts';
export * from './state-tree.ts';
export { NODE_PREFIX, type TreeHash } from './tree-node.ts';
