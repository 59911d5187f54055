import { createClient, type SeroClient } from '@sero/api';
import type { Cli } from './command.ts';
import { usageError } from './errors.ts';

/** Where a wallet looks for its node. */
export const DEFAULT_NODE = 'http://127.0.0.1:8645';

/** The node's address: --node, SERO_NODE, what `init --node` kept, else this machine. Throws a usage error for what is no URL. */
export function nodeUrl({ options, io }: Cli, kept?: string): string {
  const url = options.node ?? (io.env.SERO_NODE || undefined) ?? kept ?? DEFAULT_NODE;
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw usageError('the address of a node begins with http:// or https://', `such as ${DEFAULT_NODE}`);
  }
  return url;
}

/** A client of the node. */
export function nodeClient(cli: Cli, kept?: string): SeroClient {
  return createClient({ url: nodeUrl(cli, kept) });
}

/** Height of the node's head. */
export async function chainHeight(cli: Cli): Promise<bigint> {
  const { head } = await nodeClient(cli).request('sero_getStatus', {}, cli.io.signal);
  return head.height;
}
