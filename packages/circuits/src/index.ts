export * from './development-keys.ts';
export * from './errors.ts';
export * from './join-split.ts';
export { checkJoinSplit } from './join-split-check.ts';
export { joinSplitSignals } from './join-split-signals.ts';
export * from './join-split-witness.ts';
export * from './shape.ts';
export * from './witness-program.ts';
export * from './wtns.ts';
