import { toHex } from '@sero/crypto';
import type { Value } from '@sero/protocol';

/** A value as the key of a map; what tells values apart comes first, as `PersistentMap` likes it. */
export function keyOf({ period, proposer, digest }: Value): string {
  return `${toHex(digest)}${toHex(proposer)}${period}`;
}
