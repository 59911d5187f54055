/** Answers that were made and not taken yet, over all readers. */
export interface Unsent {
  /** Bytes of them. */
  bytes(): number;
  /** Starts counting for an answer to a client. */
  open(client: string): UnsentAnswer;
}

export interface UnsentAnswer {
  /**
   * Counts bytes of the answer, from when they are made on, so that all that one turn of the event loop makes is counted. False, and
   * nothing counted, where there is no room for them. To make room, readers who have had their answer for the least time that is granted
   * are cut off, those of the client who leaves the most waiting first: who asks for little is never cut off for others.
   */
  take(bytes: number): boolean;
  /** Bytes counted so far. */
  bytes(): number;
  /** The answer is on its way; `cut` ends its reader's connection. */
  sending(cut: () => void): void;
  /** Its reader has it or is gone. Idempotent. */
  release(): void;
}

export interface UnsentLimits {
  readonly maxUnsentBytes: number;
  readonly maxUnsentPerClient: number;
  readonly minReadMs: number;
}

interface Entry {
  readonly client: string;
  bytes: number;
  since: number;
  cut: (() => void) | undefined;
}

/**
 * @param now ms, of a clock that does not go back
 * @param cutOff told of each reader that is cut off
 */
export function createUnsent(limits: UnsentLimits, now: () => number, cutOff: () => void): Unsent {
  /** Those on their way. */
  const sending = new Set<Entry>();
  const byClient = new Map<string, number>();
  let total = 0;

  function count(entry: Entry, bytes: number): void {
    entry.bytes += bytes;
    total += bytes;
    const held = (byClient.get(entry.client) ?? 0) + bytes;
    if (held === 0) byClient.delete(entry.client);
    else byClient.set(entry.client, held);
  }

  function release(entry: Entry): void {
    count(entry, -entry.bytes);
    sending.delete(entry);
  }

  /** What comes alone has room, however long it is: one block may be longer than any bound. */
  const fits = (held: number, bytes: number, most: number): boolean => held === 0 || held + bytes <= most;

  const heldBy = ({ client }: Entry): number => byClient.get(client) ?? 0;

  /** The answer to cut off first, of those that have had their time. */
  function worst(): Entry | undefined {
    const latest = now() - limits.minReadMs;
    let found: Entry | undefined;
    for (const entry of sending) {
      if (entry.since > latest) continue;
      if (found === undefined || heldBy(entry) > heldBy(found)) found = entry;
    }
    return found;
  }

  function makeRoom(bytes: number): boolean {
    while (!fits(total, bytes, limits.maxUnsentBytes)) {
      const entry = worst();
      if (entry === undefined) return false;
      release(entry);
      entry.cut!();
      cutOff();
    }
    return true;
  }

  return {
    bytes: () => total,
    open(client) {
      const entry: Entry = { client, bytes: 0, since: 0, cut: undefined };
      return {
        take(bytes) {
          if (!fits(byClient.get(client) ?? 0, bytes, limits.maxUnsentPerClient)) return false;
          if (!makeRoom(bytes)) return false;
          count(entry, bytes);
          return true;
        },
        bytes: () => entry.bytes,
        sending(cut) {
          entry.since = now();
          entry.cut = cut;
          sending.add(entry);
        },
        release: () => release(entry),
      };
    },
  };
}
