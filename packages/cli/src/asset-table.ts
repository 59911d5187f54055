import type { SeroClient } from '@sero/api';
import { leInteger, toHex } from '@sero/crypto';
import { SERO_ASSET } from '@sero/protocol';
import { CliError } from './errors.ts';

/** Entries that one request asks for. */
const PAGE = 256;

/** Most entries that are read: a node that never comes to an end is refused. */
const MOST = 1_000_000;

/** A registered asset as people see it. */
export interface ListedAsset {
  readonly asset: bigint;
  readonly kind: 'coin' | 'token' | 'category' | 'ticket';
  readonly name: string;
  readonly supply: bigint;
  readonly pooled: bigint;
  readonly height: bigint;
}

/** The whole table of a chain's assets, which is public: nobody learns which of them matters to whom. */
export async function assetTable(client: SeroClient, signal: AbortSignal): Promise<ListedAsset[]> {
  const found: ListedAsset[] = [];
  let from: Uint8Array | undefined;
  do {
    const page: Awaited<ReturnType<typeof client.request<'sero_getAssets'>>> = await client.request(
      'sero_getAssets',
      from === undefined ? { limit: PAGE } : { from, limit: PAGE },
      signal,
    );
    for (const { asset, kind, name32, supply, pooled, height } of page.assets) {
      const number = leInteger(asset);
      const text = printable(name32);
      found.push({
        asset: number,
        kind: number === SERO_ASSET ? 'coin' : kind === 1 ? 'token' : supply === 0n ? 'category' : 'ticket',
        name: number === SERO_ASSET ? 'SERO' : text,
        supply,
        pooled,
        height,
      });
    }
    if (found.length > MOST || (page.next !== null && page.assets.length === 0)) {
      throw new CliError(
        'unreachable',
        'node-answer-invalid',
        'the node’s table of assets has no end',
        'ask another node: --node URL',
      );
    }
    from = page.next ?? undefined;
  } while (from !== undefined);
  return found;
}

/** A name as registered, or the hash that stands for a ticket's. */
function printable(name32: Uint8Array): string {
  const text = new TextDecoder().decode(name32).replace(/\0+$/, '');
  return /^[A-Z0-9_.-]{1,32}$/.test(text) ? text : toHex(name32);
}
