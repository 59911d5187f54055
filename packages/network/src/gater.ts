import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface';
import { addressKey } from './address-key.ts';
import type { Clock } from './clock.ts';
import type { NetworkLimits } from './limits.ts';
import type { Counters } from './metrics.ts';
import { hasName } from './names.ts';
import { guardConnection } from './negotiation-guard.ts';
import { createRateLimiter } from './rate.ts';
import type { Scores } from './scores.ts';

/** Decides about connections before they are set up. */
export interface Gater {
  readonly gater: ConnectionGater;
  opened(connection: Connection): void;
  closed(connection: Connection): void;
  connections(): number;
}

/**
 * First the address (bans, places, rate), which costs nothing; when encryption has shown the id, its score and the places that are left.
 *
 * @param mayDial whether this peer may be dialled now
 */
export function createGater({
  limits,
  clock,
  counters,
  scores,
  direct,
  mayDial,
}: {
  readonly limits: NetworkLimits['connections'];
  readonly clock: Clock;
  readonly counters: Counters;
  readonly scores: Scores;
  readonly direct: ReadonlySet<string>;
  readonly mayDial: (id: string) => boolean;
}): Gater {
  const rate = createRateLimiter(limits.ratePerAddress, clock);
  const exempt = new Set(limits.exemptAddresses);
  /** Connections that others are setting up: remote address and port, and the key it counts under. */
  const pending = new Map<string, string | undefined>();
  const open = new Map<string, { readonly inbound: boolean; readonly key: string | undefined }>();

  const countOf = (values: Iterable<string | undefined>, key: string): number => {
    let count = 0;
    for (const value of values) if (value === key) count++;
    return count;
  };
  const inbound = (): number => [...open.values()].filter((one) => one.inbound).length;

  const faultOf = (key: string | undefined): string | undefined => {
    if (inbound() >= limits.max) return 'full';
    if (pending.size >= limits.pending) return 'pending';
    if (key === undefined || exempt.has(key)) return undefined;
    if (scores.refusedAddress(key)) return 'banned-address';
    if (countOf(pending.values(), key) >= limits.pendingPerAddress) return 'pending-address';
    const here = countOf(
      [...open.values()].map((one) => one.key),
      key,
    );
    if (here >= limits.perAddress) return 'address';
    return rate.take(key, 1) ? undefined : 'address-rate';
  };
  const refuse = (reason: string | undefined): boolean => {
    if (reason !== undefined) counters.add('refused', reason);
    return reason !== undefined;
  };

  const gater: ConnectionGater = {
    denyDialPeer: (peer) => !mayDial(peer.toString()),
    // Names that the operator gave are looked up before; what peers say of themselves shall not make this node look names up.
    denyDialMultiaddr: (address) => refuse(hasName(address.toString()) ? 'name' : undefined),
    denyInboundConnection(connection: MultiaddrConnection) {
      const key = addressKey(connection.remoteAddr);
      if (refuse(faultOf(key))) return true;
      guardConnection(connection);
      const name = connection.remoteAddr.toString();
      pending.set(name, key);
      connection.addEventListener('close', () => pending.delete(name), { once: true });
      return false;
    },
    denyOutboundConnection(_peer, connection) {
      guardConnection(connection);
      return false;
    },
    denyInboundEncryptedConnection(peer) {
      const id = peer.toString();
      if (direct.has(id)) return false;
      if (scores.refused(id)) return refuse('score');
      return refuse(inbound() >= limits.max - limits.target ? 'full' : undefined);
    },
    denyOutboundEncryptedConnection: (peer) => refuse(scores.refused(peer.toString()) ? 'score' : undefined),
  };
  return {
    gater,
    opened(connection) {
      pending.delete(connection.remoteAddr.toString());
      open.set(connection.id, {
        inbound: connection.direction === 'inbound',
        key: addressKey(connection.remoteAddr),
      });
    },
    closed(connection) {
      open.delete(connection.id);
    },
    connections: () => open.size,
  };
}
