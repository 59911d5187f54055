/** Bytes that may be under way, to each peer and to all together; who finds no room waits its turn. */
export interface ByteBudget {
  /**
   * Resolves with what gives the bytes back, when there is room.
   *
   * @param bytes at most the peer's share
   * @param signal ends the wait: it rejects with the signal's reason
   */
  take(peer: string, bytes: number, signal: AbortSignal): Promise<() => void>;
  /** As `take`, at once; undefined where there is no room, or others wait for it. */
  takeNow(peer: string, bytes: number): (() => void) | undefined;
  /** Bytes that are missing for these in all, though the peer's own share has room for them: others' are under way. */
  lacks(peer: string, bytes: number): number;
  /** Bytes under way to a peer. */
  of(peer: string): number;
  /** Bytes under way. */
  used(): number;
}

interface Waiting {
  readonly peer: string;
  readonly bytes: number;
  readonly start: () => void;
}

/** A budget: the peer with the fewest bytes under way first, each peer's own in the order of asking; nobody waits for a peer that has used its share. */
export function createByteBudget(perPeer: number, total: number): ByteBudget {
  const ofPeer = new Map<string, number>();
  let used = 0;
  let waiting: Waiting[] = [];
  const of = (peer: string): number => ofPeer.get(peer) ?? 0;
  const fits = ({ peer, bytes }: Waiting): boolean => used + bytes <= total && of(peer) + bytes <= perPeer;
  const reserve = ({ peer, bytes, start }: Waiting): void => {
    used += bytes;
    ofPeer.set(peer, of(peer) + bytes);
    start();
  };
  const wake = (): void => {
    for (;;) {
      const [next] = waiting.filter(fits).sort((a, b) => of(a.peer) - of(b.peer));
      if (next === undefined) return;
      waiting = waiting.filter((other) => other !== next);
      reserve(next);
    }
  };
  const giveBack = (peer: string, bytes: number): void => {
    used -= bytes;
    const left = of(peer) - bytes;
    if (left > 0) ofPeer.set(peer, left);
    else ofPeer.delete(peer);
    wake();
  };
  const onlyOnce = (peer: string, bytes: number): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      giveBack(peer, bytes);
    };
  };
  return {
    take: (peer, bytes, signal) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          waiting = waiting.filter((other) => other !== one);
          reject(signal.reason);
        };
        const one: Waiting = {
          peer,
          bytes,
          start() {
            signal.removeEventListener('abort', leave);
            resolve(onlyOnce(peer, bytes));
          },
        };
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        signal.addEventListener('abort', leave, { once: true });
        if (fits(one)) reserve(one);
        else waiting.push(one);
      }),
    takeNow(peer, bytes) {
      const one: Waiting = { peer, bytes, start: () => undefined };
      if (waiting.length > 0 || !fits(one)) return undefined;
      reserve(one);
      return onlyOnce(peer, bytes);
    },
    lacks: (peer, bytes) => (of(peer) + bytes > perPeer ? 0 : Math.max(0, used + bytes - total)),
    of,
    used: () => used,
  };
}
