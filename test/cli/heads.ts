import { createClient, createSocketClient } from '@sero/api';

/** What a node says of itself. */
export const statusOf = (url: string) => createClient({ url }).request('sero_getStatus', {});

/** Resolves when a node's chain has a block of this height. */
export async function reachOn(url: string, height: bigint): Promise<void> {
  const socket = await createSocketClient({ url: url.replace(/^http/, 'ws') });
  try {
    const reached = Promise.withResolvers<void>();
    // Awaited: closing the socket before the answer would be a rejection that nobody waits for.
    await socket.subscribeHeads((head) => head.height >= height && reached.resolve());
    if ((await statusOf(url)).head.height < height) await reached.promise;
  } finally {
    socket.close();
  }
}
