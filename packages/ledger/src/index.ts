export type { AssetFailure } from './assets.ts';
export type { AssetRecord } from './codecs.ts';
export { LedgerError, type LedgerErrorCode } from './errors.ts';
export * from './ledger.ts';
