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
   * are cut off, the one who has had it longest first.
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
  /** Those on their way, in the order in which they were sent. */
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

  function makeRoom(bytes: number): boolean {
    for (const entry of sending) {
      if (fits(total, bytes, limits.maxUnsentBytes) || now() - entry.since < limits.minReadMs) break;
      release(entry);
      entry.cut!();
      cutOff();
    }
    return fits(total, bytes, limits.maxUnsentBytes);
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
