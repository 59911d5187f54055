import type { AddressBook } from './address-book.ts';
import type { Clock, Timer } from './clock.ts';
import type { NetworkLimits } from './limits.ts';
import type { Counters } from './metrics.ts';

/** A peer given by its operator. */
export interface KnownPeer {
  readonly id: string;
  /** Multiaddr with /p2p/<id>. */
  readonly address: string;
}

/** Keeps the node connected. */
export interface Dialler {
  start(): void;
  /** A peer that somebody spoke of, whose addresses the host knows: it is tried once, when peers are missing. */
  found(id: string): void;
  /** Does not dial a peer for a while. */
  avoid(id: string, ms: number): void;
  mayDial(id: string): boolean;
  /** Ends it; dials under way are the host's to end. */
  close(): void;
}

interface Wait {
  readonly until: number;
  readonly failures: number;
}

/** Most peers that wait for being tried; more are not listened to. */
const MAX_CANDIDATES = 256;
/** Most peers that are avoided; one more, and all are forgiven: whoever still does not fit says so again. */
const MAX_AVOIDED = 4_096;

/**
 * Dials direct and bootstrap peers whenever they are missing, others from the address book up to the target; each failure doubles the wait.
 *
 * @param dial connects, by address, or by id where the host knows addresses; resolves when the peer's status fits
 */
export function createDialler({
  direct,
  bootstrap,
  book,
  limits,
  target,
  clock,
  counters,
  isConnected,
  isRefused,
  connected,
  dial,
}: {
  readonly direct: readonly KnownPeer[];
  readonly bootstrap: readonly KnownPeer[];
  readonly book: AddressBook;
  readonly limits: NetworkLimits['dialling'];
  readonly target: number;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly isConnected: (id: string) => boolean;
  readonly isRefused: (id: string) => boolean;
  /** Peers connected now, whoever dialled. */
  readonly connected: () => number;
  readonly dial: (peer: { readonly id: string; readonly address?: string }) => Promise<void>;
}): Dialler {
  const given = new Map([...bootstrap, ...direct].map((peer) => [peer.id, peer]));
  const trusted = new Set(direct.map(({ id }) => id));
  const waits = new Map<string, Wait>();
  const avoided = new Map<string, number>();
  /** Spoken of; in the order of the DHT's telling. */
  const candidates = new Set<string>();
  const dialling = new Set<string>();
  let timer: Timer | undefined;
  let closed = false;

  const mayDial = (id: string): boolean =>
    trusted.has(id) || ((avoided.get(id) ?? 0) <= clock.now() && !isRefused(id));
  const isDue = (id: string): boolean =>
    !dialling.has(id) && !isConnected(id) && mayDial(id) && (waits.get(id)?.until ?? 0) <= clock.now();

  const attempt = async (id: string, address: string | undefined): Promise<void> => {
    dialling.add(id);
    try {
      await dial(address === undefined ? { id } : { id, address });
      waits.delete(id);
      book.dialled(id, true);
      counters.add('dials', 'ok');
    } catch {
      if (closed) return;
      const failures = (waits.get(id)?.failures ?? 0) + 1;
      const most = given.has(id) ? limits.maxBackoffDirectMs : limits.maxBackoffMs;
      const wait = Math.min(most, limits.backoffMs * 2 ** Math.min(failures - 1, 20));
      waits.set(id, { until: clock.now() + wait, failures });
      if (!given.has(id)) book.dialled(id, false);
      counters.add('dials', 'failed');
    } finally {
      dialling.delete(id);
    }
  };

  const look = (): void => {
    if (closed) return;
    const now = clock.now();
    for (const [id, until] of avoided) if (until <= now) avoided.delete(id);
    // Who is neither given nor in the book any more is not waited for.
    const known = new Set([...given.keys(), ...book.ids(), ...candidates]);
    for (const id of waits.keys()) if (!known.has(id)) waits.delete(id);

    for (const { id, address } of given.values()) {
      if (isDue(id)) void attempt(id, address);
    }
    let missing = target - connected() - dialling.size;
    for (const id of known) {
      if (missing <= 0 || dialling.size >= limits.parallel) break;
      if (given.has(id) || !isDue(id)) continue;
      missing--;
      candidates.delete(id);
      void attempt(id, undefined);
    }
  };
  const turn = (): void => {
    look();
    if (!closed) timer = clock.setTimer(turn, limits.intervalMs);
  };

  return {
    start: turn,
    found(id) {
      if (candidates.size < MAX_CANDIDATES && !given.has(id)) candidates.add(id);
    },
    avoid(id, ms) {
      if (avoided.size >= MAX_AVOIDED) avoided.clear();
      avoided.set(id, clock.now() + ms);
    },
    mayDial,
    close() {
      closed = true;
      if (timer !== undefined) clock.clearTimer(timer);
    },
  };
}
