export type { AssetFailure } from './assets.ts';
export { type CheckOptions, checkLedger, type LedgerReport } from './check-ledger.ts';
export type { AssetRecord } from './codecs.ts';
export { LedgerError, type LedgerErrorCode } from './errors.ts';
export * from './ledger.ts';
export { loadSnapshot, type SnapshotLoad } from './snapshot-load.ts';
export type { StateSnapshot } from './snapshot-source.ts';
export type { TransactionPlace } from './state.ts';
