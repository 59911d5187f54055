export { type Exploration, explore } from './explore.ts';
export { type Model, modelOf, type Scope } from './model.ts';
export { replay } from './replay.ts';
export { FORKING, RUNS, type RunName } from './scopes.ts';
export { slotText, traceText } from './trace.ts';
