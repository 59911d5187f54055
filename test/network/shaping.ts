/** How one direction of a link treats bytes. */
export interface Conditions {
  /** ms that every byte takes at least. Default 0. */
  readonly delay: number;
  /** Mean of what comes on top of it, ms, exponentially distributed. Default 0. */
  readonly jitter: number;
  /** Part of the segments that are lost once, 0 to 0.9; a second time with the same chance, and so on. Default 0. */
  readonly loss: number;
  /** ms until a lost segment is sent again, doubled with each further loss of it. Default 200, the least of Linux. */
  readonly retransmit: number;
  /** Bytes a second, 0 for no limit. Default 0. */
  readonly rate: number;
}

/** A link that does nothing to what it carries. */
export const CLEAR: Conditions = { delay: 0, jitter: 0, loss: 0, retransmit: 200, rate: 0 };

/** Bytes of a segment: what Ethernet leaves of 1,500 after the headers of IP and TCP with timestamps. */
export const SEGMENT = 1_448;

/** Losses of one segment in a row after which it comes through whatever the chance. */
const MOST_LOSSES = 6;

/** Says of each piece of a stream when it comes out at the other end. */
export interface Shaper {
  /**
   * Takes the next bytes of the stream.
   *
   * @param now ms
   * @param length bytes, at least 1
   * @returns ms, never before those of the bytes before it
   */
  release(now: number, length: number): number;
}

/**
 * Shapes one direction of one TCP connection. Whatever reads a TCP stream sees loss as a pause: the bytes behind a lost segment wait for it. So
 * nothing is left out or put in another order here; messages on different connections overtake each other.
 *
 * @param conditions looked up for each piece, since they change while the stream flows
 * @param draw a number in [0, 1) of a segment of the stream, for each purpose another one: it does not depend on how the bytes are cut into pieces
 */
export function createShaper(
  conditions: () => Conditions,
  draw: (purpose: 'jitter' | 'loss', segment: number, time: number) => number,
): Shaper {
  let [offset, wireFree, last] = [0, 0, 0];
  return {
    release(now, length) {
      const { delay, jitter, loss, retransmit, rate } = conditions();
      wireFree = Math.max(wireFree, now) + (rate > 0 ? (length / rate) * 1_000 : 0);
      const first = Math.floor(offset / SEGMENT);
      offset += length;
      const end = Math.ceil(offset / SEGMENT);
      let wait = jitter > 0 ? -jitter * Math.log(1 - draw('jitter', first, 0)) : 0;
      if (loss > 0) {
        for (let segment = first; segment < end; segment++) {
          let losses = 0;
          while (losses < MOST_LOSSES && draw('loss', segment, losses) < loss) losses++;
          wait = Math.max(wait, retransmit * (2 ** losses - 1));
        }
      }
      last = Math.max(last, wireFree + delay + wait);
      return last;
    },
  };
}
