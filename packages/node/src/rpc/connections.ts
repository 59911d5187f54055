import type { Server } from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import type { RpcLimits } from './limits.ts';
import { clientOf } from './meter.ts';
import type { RpcMetrics } from './metrics.ts';

/** The open connections of a server. */
export interface Connections {
  count(): number;
}

/** Bounds how many connections are open, in all and from one client. Those of trusted proxies count only in all. */
export function guardConnections(
  server: Server,
  limits: Pick<RpcLimits, 'maxConnections' | 'maxConnectionsPerAddress'>,
  trustedProxies: readonly string[],
  metrics: RpcMetrics,
): Connections {
  const byClient = new Map<string, number>();
  const proxies = blockList(trustedProxies);
  let open = 0;
  // node closes what comes beyond it before anything is read.
  server.maxConnections = limits.maxConnections;
  server.on('drop', () => metrics.refused('connections'));

  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const client = clientOf(address);
    const others = byClient.get(client) ?? 0;
    if (others >= limits.maxConnectionsPerAddress && !contains(proxies, address)) {
      metrics.refused('connections');
      socket.destroy();
      return;
    }
    open++;
    byClient.set(client, others + 1);
    socket.once('close', () => {
      open--;
      const left = byClient.get(client)! - 1;
      if (left === 0) byClient.delete(client);
      else byClient.set(client, left);
    });
  });
  return { count: () => open };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}
