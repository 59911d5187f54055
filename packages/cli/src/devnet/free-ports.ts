import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below what systems give to connections that go out (Linux: from 32,768 on), one of which would take a port before it is listened at. */
const [FIRST, LAST] = [15_000, 32_000];

/** Ports that are tried for each one that is wanted. */
const TRIES = 100;

/** Ports of the loopback address that nobody listens at now. Somebody may before they are used: then the one who comes second says so. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, Server>();
  try {
    for (let tries = 0; servers.size < count && tries < TRIES * count; tries++) {
      const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
      const server = servers.has(port) ? undefined : await listening(port);
      if (server !== undefined) servers.set(port, server);
    }
    if (servers.size < count)
      throw new Error(`no ${count} ports between ${FIRST} and ${LAST} are free on 127.0.0.1`);
    return [...servers.keys()];
  } finally {
    await Promise.all([...servers.values()].map((server) => once(server.close(), 'close')));
  }
}

/** A server at a port; undefined where somebody has it. */
async function listening(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return undefined;
  }
}
