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
  /** Looks who is missing now, instead of at the next turn. */
  look(): void;
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

/**
 * Dials direct and bootstrap peers whenever they are missing, others from the address book up to the target; each failure doubles the wait.
 *
 * @param dial connects: by address, or by id where the host knows addresses
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
  outbound,
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
  readonly outbound: () => number;
  readonly dial: (peer: { readonly id: string; readonly address?: string }) => Promise<void>;
}): Dialler {
  const given = new Map([...bootstrap, ...direct].map((peer) => [peer.id, peer]));
  const trusted = new Set(direct.map(({ id }) => id));
  const waits = new Map<string, Wait>();
  const avoided = new Map<string, number>();
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
    const known = new Set([...given.keys(), ...book.ids()]);
    for (const id of waits.keys()) if (!known.has(id)) waits.delete(id);

    for (const { id, address } of given.values()) {
      if (isDue(id)) void attempt(id, address);
    }
    let missing = target - outbound() - dialling.size;
    for (const id of known) {
      if (missing <= 0 || dialling.size >= limits.parallel) break;
      if (given.has(id) || !isDue(id)) continue;
      missing--;
      void attempt(id, undefined);
    }
  };
  const turn = (): void => {
    look();
    if (!closed) timer = clock.setTimer(turn, limits.intervalMs);
  };

  return {
    start: turn,
    look,
    avoid(id, ms) {
      if (avoided.size >= 4_096) avoided.clear();
      avoided.set(id, clock.now() + ms);
    },
    mayDial,
    close() {
      closed = true;
      if (timer !== undefined) clock.clearTimer(timer);
    },
  };
}
