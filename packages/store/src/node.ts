export * from './data-directory.ts';
export {
  type Disk,
  readUpTo,
  syncDirectory,
  systemDisk,
  writeAll,
  writeFileDurably,
} from './disk.ts';
export { diskError } from './disk-errors.ts';
export * from './file-log.ts';
export * from './lmdb-check.ts';
export * from './lmdb-store.ts';
export * from './snapshot-files.ts';
