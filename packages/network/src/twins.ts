import type { Connection } from '@libp2p/interface';
import type { Clock } from './clock.ts';

// Both sides may dial at once, and a side that lost its connection without the other's knowing dials again. One connection stays: of those that both
// began the one that the smaller id dialled, of those that one began the newest. The smaller id, and whoever was dialled, ends the others, and not
// before a status went over the one that stays: then it stands on both sides, and neither loses the peer.

/** Whether a connection that answers stays, whatever others this side has to the peer. */
export function prevails(ownId: string, { direction, remotePeer }: Connection): boolean {
  return direction === 'outbound' && ownId < remotePeer.toString();
}

/** Connections that a newer one from the same peer replaces, when a status came over that. @param all in the order in which they began */
export function replacedBy(connection: Connection, all: readonly Connection[]): Connection[] {
  if (connection.direction !== 'inbound') return [];
  return all
    .slice(0, Math.max(0, all.indexOf(connection)))
    .filter(({ direction }) => direction === 'inbound');
}

/** Ends a connection of a peer that has a better one: what was sent over it may still come, for so many ms. */
export function endTwin(connection: Connection, ms: number, clock: Clock): void {
  const abort = (): void => connection.abort(new Error('the peer has another connection'));
  const timer = clock.setTimer(abort, ms);
  void connection
    .close()
    .catch(abort)
    .finally(() => clock.clearTimer(timer));
}
