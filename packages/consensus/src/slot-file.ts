/** Called once, when what was asked for is durable, or with what went wrong: then nothing may be sent, and the node stops. */
export type Done = (failure?: Error) => void;

/**
 * A file of fixed size that is overwritten in place and never moved, copied or grown: what a new version of a file leaves of the old one would
 * be the keys that were erased. The disk is the node's; `memorySlotFile` is the simulator's.
 */
export interface SlotFile {
  /** Bytes, fixed when the file was made, all zeros then. Reads and writes lie within. */
  readonly size: number;
  /** A copy of the bytes as they were last written, synced or not. */
  read(offset: number, length: number): Uint8Array;
  /** Overwrites in place. A crash before the next sync is done may leave any part of it written and any part not. */
  write(offset: number, bytes: Uint8Array): void;
  /** Makes everything durable that was written before the call; calls of one moment may share a sync. */
  sync(done: Done): void;
}
