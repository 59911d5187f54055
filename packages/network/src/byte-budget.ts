/** Bytes that may be under way, to each peer and to all together; who finds no room waits its turn. */
export interface ByteBudget {
  /**
   * Resolves with what gives the bytes back, when there is room.
   *
   * @param bytes at most the peer's share
   * @param signal ends the wait: it rejects with the signal's reason
   */
  take(peer: string, bytes: number, signal: AbortSignal): Promise<() => void>;
  /** Bytes under way. */
  used(): number;
}

interface Waiting {
  readonly peer: string;
  readonly bytes: number;
  readonly start: () => void;
}

/** A budget; first come, first served, but nobody waits for a peer that has used its share. */
export function createByteBudget(perPeer: number, total: number): ByteBudget {
  const ofPeer = new Map<string, number>();
  let used = 0;
  let waiting: Waiting[] = [];
  const fits = ({ peer, bytes }: Waiting): boolean =>
    used + bytes <= total && (ofPeer.get(peer) ?? 0) + bytes <= perPeer;
  const reserve = ({ peer, bytes, start }: Waiting): void => {
    used += bytes;
    ofPeer.set(peer, (ofPeer.get(peer) ?? 0) + bytes);
    start();
  };
  const wake = (): void => {
    waiting = waiting.filter((one) => {
      if (!fits(one)) return true;
      reserve(one);
      return false;
    });
  };
  const giveBack = (peer: string, bytes: number): void => {
    used -= bytes;
    const left = (ofPeer.get(peer) ?? 0) - bytes;
    if (left > 0) ofPeer.set(peer, left);
    else ofPeer.delete(peer);
    wake();
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
            let given = false;
            resolve(() => {
              if (given) return;
              given = true;
              giveBack(peer, bytes);
            });
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
    used: () => used,
  };
}
