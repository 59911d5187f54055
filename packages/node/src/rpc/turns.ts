/** Shares the event loop out between clients, by units of work: what comes beyond a turn's share waits for one of the next. */
export interface Turns {
  /**
   * Asks for a share of this turn. Undefined where there is some left and nobody waits: go on at once. Otherwise go on when
   * this resolves; of those who wait the clients come one after the other, however much each of them asks for.
   */
  take(client: string, units: number): Promise<void> | undefined;
  /** How many wait. */
  waiting(): number;
}

interface Waiting {
  readonly units: number;
  readonly goOn: () => void;
}

/** @param perTurn units after which a turn is over, so that connections are looked at again */
export function createTurns(perTurn: number): Turns {
  /** Those who wait, by client, in the order in which they come next. */
  const queues = new Map<string, Waiting[]>();
  let spent = 0;
  let waiting = 0;
  let nextIsComing = false;

  function grant(): void {
    const [client, queue] = queues.entries().next().value!;
    queues.delete(client);
    const { units, goOn } = queue.shift()!;
    if (queue.length > 0) queues.set(client, queue);
    waiting--;
    spend(units);
    goOn();
  }

  function spend(units: number): void {
    spent += units;
    if (!nextIsComing) setImmediate(beginTurn);
    nextIsComing = true;
  }

  function beginTurn(): void {
    nextIsComing = false;
    spent = 0;
    while (spent < perTurn && queues.size > 0) grant();
  }

  return {
    take(client, units) {
      if (queues.size === 0 && spent < perTurn) {
        spend(units);
        return undefined;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const queue = queues.get(client);
      if (queue === undefined) queues.set(client, [{ units, goOn: resolve }]);
      else queue.push({ units, goOn: resolve });
      waiting++;
      return promise;
    },
    waiting: () => waiting,
  };
}
