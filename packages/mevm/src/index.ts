export { applyTransaction, type TransactionOutcome } from './apply-transaction.ts';
export type { AccessListEntry, BlockContext, Log, SignedMessage } from './context.ts';
export { type HaltReason, MachineFault, TransactionError, type TransactionErrorCode } from './errors.ts';
export { FORKS, type Fork, isSince } from './fork.ts';
export { keccak256 } from './keccak.ts';
export { createMachine, type Machine, type MachineOptions, type Message, type Outcome } from './machine.ts';
export type { Precompile } from './precompile.ts';
export { type Computation, type Engine, type PrecompileName, precompilesOf } from './precompiles/index.ts';
export type { AccountChange, AccountRecord, StateReader } from './state.ts';
export { type CallTrace, type CallTracer, createCallTracer } from './tracing/call-tracer.ts';
export { type AccountPrestate, prestateDiffOf, prestateOf } from './tracing/prestate.ts';
export { createStructLogger, type StructLog, type StructLogger } from './tracing/struct-logger.ts';
export type { CallBegun, CallEnded, CallKind, Watcher } from './watcher.ts';
export {
  type AccessedSlot,
  type Accesses,
  type AccountMoment,
  type ComparedAccount,
  createWorld,
  type World,
} from './world.ts';
