/** Bytes that are kept for the network: of answers until they are taken, or of requests until they are answered. */
export interface Unsent {
  /** Bytes of them. */
  bytes(): number;
  /** Starts counting for an answer to a client, or a request of his. */
  open(client: string): UnsentAnswer;
}

export interface UnsentAnswer {
  /**
   * Counts bytes of the answer, from when they are made on, so that all that one turn of the event loop makes is counted. False, and
   * nothing counted, where there is no room for them. To make room, readers are cut off, those of the client who leaves the most
   * waiting first: who asks for little is never cut off for others. Within the least time that is granted this is done only for a
   * client who would hold less than half as much, so that those who take turns in filling the room cannot keep the others out.
   * After `release` there is no room: what nobody lets go of would be counted for ever.
   *
   * @param what a `refusal` has an eighth more room, so that who is to come back later is told so
   */
  take(bytes: number, what?: 'answer' | 'refusal'): boolean;
  /** Lets go of bytes that were counted. */
  give(bytes: number): void;
  /** Bytes counted so far. */
  bytes(): number;
  /** The answer is on its way; `cut` ends its reader's connection. */
  sending(cut: () => void): void;
  /** Its reader has it or is gone. Idempotent. */
  release(): void;
}

export interface UnsentLimits {
  /** In all. */
  readonly maxBytes: number;
  readonly maxPerClient: number;
  /** ms that a client has before he can be cut off for others. */
  readonly minMs: number;
}

const REFUSAL_ROOM = 9 / 8;

interface Entry {
  readonly client: string;
  bytes: number;
  since: number;
  cut: (() => void) | undefined;
}

/** What is kept for one client. */
interface Held {
  bytes: number;
  /** Those on their way that can be cut off. */
  readonly sending: Set<Entry>;
}

/**
 * @param now ms, of a clock that does not go back
 * @param cutOff told of each reader that is cut off
 */
export function createUnsent(limits: UnsentLimits, now: () => number, cutOff: () => void): Unsent {
  const byClient = new Map<string, Held>();
  let total = 0;

  function heldBy(client: string): Held {
    let held = byClient.get(client);
    if (held === undefined) {
      held = { bytes: 0, sending: new Set() };
      byClient.set(client, held);
    }
    return held;
  }

  function count(entry: Entry, bytes: number): void {
    const held = heldBy(entry.client);
    entry.bytes += bytes;
    held.bytes += bytes;
    total += bytes;
    forget(entry.client, held);
  }

  function forget(client: string, { bytes, sending }: Held): void {
    if (bytes === 0 && sending.size === 0) byClient.delete(client);
  }

  function release(entry: Entry): void {
    byClient.get(entry.client)?.sending.delete(entry);
    count(entry, -entry.bytes);
  }

  /** What comes alone has room, however long it is: one block may be longer than any bound. */
  const fits = (held: number, bytes: number, most: number): boolean => held === 0 || held + bytes <= most;

  /** The longest answer of a client that can be cut off for who would hold so much. */
  function longest({ bytes, sending }: Held, latest: number, wanted: number): Entry | undefined {
    let found: Entry | undefined;
    for (const entry of sending) {
      if (entry.bytes === 0 || (entry.since > latest && bytes <= 2 * wanted)) continue;
      if (found === undefined || entry.bytes > found.bytes) found = entry;
    }
    return found;
  }

  /** The answer to cut off first, of those that have had their time or belong to who holds more than twice as much. */
  function worst(wanted: number): Entry | undefined {
    const latest = now() - limits.minMs;
    let found: Entry | undefined;
    let most = 0;
    for (const held of byClient.values()) {
      if (held.bytes <= most) continue;
      const entry = longest(held, latest, wanted);
      if (entry !== undefined) [found, most] = [entry, held.bytes];
    }
    return found;
  }

  /** @param wanted bytes that the client would hold */
  function makeRoom(bytes: number, most: number, wanted: number): boolean {
    while (!fits(total, bytes, most)) {
      const entry = worst(wanted);
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
      let released = false;
      return {
        take(bytes, what = 'answer') {
          if (released) return false;
          const share = what === 'refusal' ? REFUSAL_ROOM : 1;
          const held = byClient.get(client)?.bytes ?? 0;
          if (!fits(held, bytes, share * limits.maxPerClient)) return false;
          if (!makeRoom(bytes, share * limits.maxBytes, held + bytes)) return false;
          count(entry, bytes);
          return true;
        },
        give: (bytes) => count(entry, -Math.min(bytes, entry.bytes)),
        bytes: () => entry.bytes,
        sending(cut) {
          entry.since = now();
          entry.cut = cut;
          heldBy(client).sending.add(entry);
        },
        release() {
          released = true;
          release(entry);
        },
      };
    },
  };
}
