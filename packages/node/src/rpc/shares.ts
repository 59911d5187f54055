/** Places of which one client can have no more than a share. */
export interface Shares {
  /** Takes a place; undefined where there is none left, for this client or at all, otherwise how to leave it, once. */
  enter(client: string): (() => void) | undefined;
}

/** @param max places in all @param perClient places of one client */
export function createShares(max: number, perClient: number): Shares {
  const byClient = new Map<string, number>();
  let taken = 0;

  function leave(client: string): void {
    taken--;
    const left = byClient.get(client)! - 1;
    if (left === 0) byClient.delete(client);
    else byClient.set(client, left);
  }

  return {
    enter(client) {
      const held = byClient.get(client) ?? 0;
      if (taken >= max || held >= perClient) return undefined;
      taken++;
      byClient.set(client, held + 1);
      return () => leave(client);
    },
  };
}
