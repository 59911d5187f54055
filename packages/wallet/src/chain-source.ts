import { type Requester, RpcError } from '@sero/api';
import type { FinalitySource } from './finality-source.ts';
import type { TreeState } from './start.ts';

/** Where a chain ends. */
export interface ChainHead {
  readonly height: bigint;
  readonly hash: Uint8Array;
}

/** An asset of the chain's table, as a node tells it. */
export interface ListedAsset {
  /** 32 bytes, little-endian. */
  readonly asset: Uint8Array;
  readonly kind: number;
  readonly name32: Uint8Array;
  readonly supply: bigint;
  /** Where it was issued. */
  readonly height: bigint;
}

/**
 * All that a wallet asks a node: ranges and whole tables, never anything of its own. Answers are not trusted. Each call rejects with the
 * signal's reason once it aborts.
 */
export interface ChainSource {
  status(signal?: AbortSignal): Promise<{
    readonly genesisHash: Uint8Array;
    /** `notes`: leaves of the note tree. */
    readonly head: ChainHead & { readonly notes: bigint };
  }>;
  /** Executed blocks from a height on, serialised: at most `limit`, at least one where there is one. */
  blocks(
    from: bigint,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ readonly from: bigint; readonly blocks: readonly Uint8Array[] }>;
  /** The last checkpoint at or below a height. */
  treeState(height: bigint, signal?: AbortSignal): Promise<TreeState>;
  /** A page of the table of assets, ascending by number; `next` begins the following page. */
  assets(
    from: Uint8Array | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ readonly assets: readonly ListedAsset[]; readonly next: Uint8Array | null }>;
  /** What shows that blocks are final. Without it no block of a network with validators is read. */
  readonly finality?: FinalitySource;
}

/** A node that is reached by RPC. */
export function rpcSource(client: Requester): ChainSource {
  return {
    status: (signal) => client.request('sero_getStatus', {}, signal),
    blocks: (from, limit, signal) => client.request('sero_getBlocks', { from, limit }, signal),
    treeState: (height, signal) => client.request('sero_getTreeState', { height }, signal),
    assets: (from, limit, signal) =>
      client.request('sero_getAssets', from === undefined ? { limit } : { from, limit }, signal),
    finality: rpcFinality(client),
  };
}

/** What a node that is reached by RPC shows of its blocks. */
export function rpcFinality(client: Requester): FinalitySource {
  return {
    headers: async (from, limit, signal) =>
      (await client.request('sero_getHeaders', { from, limit }, signal)).headers,
    lightCertificate: async (height, signal) => {
      try {
        return (await client.request('sero_getLightCertificate', { height }, signal)).certificate;
      } catch (error) {
        if (error instanceof RpcError && error.name === 'not-found') return undefined;
        throw error;
      }
    },
  };
}
