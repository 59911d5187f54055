export { type Example, examplesOf } from './command.ts';
export { freePorts } from './devnet/free-ports.ts';
export { devnetStake } from './devnet/genesis.ts';
export { startValidators, takeDevnetDirectory } from './devnet/network.ts';
export { DEVNET_VALIDATORS, devnetValidators } from './devnet/validators.ts';
export { EXIT_CODES, type ExitName } from './exit.ts';
export type { Io, OutputStream } from './io.ts';
export { buildProgram } from './program.ts';
export { runCli } from './run.ts';
