export * from './data-directory.ts';
export { type Disk, systemDisk, writeFileDurably } from './disk.ts';
export * from './file-log.ts';
export * from './lmdb-check.ts';
export * from './lmdb-store.ts';
export * from './snapshot-files.ts';
