export type { RoundRange } from '@sero/consensus';
export {
  type BatchEvent,
  type BatchOptions,
  type BatchPreparer,
  type BatchStatus,
  createBatchPreparer,
} from './batches.ts';
export {
  type CertificateOptions,
  type CertificateStore,
  openCertificateStore,
} from './certificates.ts';
export { ValidatorKeysError, type ValidatorKeysErrorCode } from './errors.ts';
export { type OpenKeysOptions, openValidatorKeys, type ValidatorKeys } from './keys.ts';
export { type MakeKeysOptions, makeValidatorKeys } from './make-keys.ts';
export { readValidatorRecord, type ValidatorPublicKeys } from './record-file.ts';
export { type DiskSlotFile, makeSlotFile, openSlotFile } from './slot-file.ts';
export { type FileVoteLog, openVoteLog, type VoteLogOptions } from './vote-log-file.ts';
