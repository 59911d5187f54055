export * from './key-value.ts';
export * from './state-tree.ts';
