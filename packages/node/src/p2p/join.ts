import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultOf } from '@sero/api';
import type { Ledger } from '@sero/ledger';
import { createNetwork, type LocalStatus, type Network, type NetworkOptions, peerIdOf } from '@sero/network';
import { nodeKey, peerFile } from '@sero/network/node';
import { FIRST_VERSION, headerHash } from '@sero/protocol';
import { NodeError } from '../errors.ts';

/** How a node meets others. Everything else has its default in `DEFAULT_LIMITS` of @sero/network. */
export interface PeerOptions
  extends Partial<
    Pick<NetworkOptions, 'bootstrap' | 'direct' | 'discovery' | 'limits' | 'transport' | 'announce'>
  > {
  /** Multiaddrs to listen at. Default /ip4/0.0.0.0/tcp/8646. */
  readonly listen?: readonly string[];
}

const KEY = 'peer.key';
const PEERS = 'peers';

/** The name that a node has for its peers, from the key in its directory, which is made if it is not there. @param directory `network` of a node's */
export async function peerIdIn(directory: string): Promise<string> {
  return peerIdOf(await keyIn(directory));
}

async function keyIn(directory: string): Promise<Uint8Array> {
  await mkdir(directory, { recursive: true });
  return nodeKey(join(directory, KEY));
}

/**
 * Joins the network of a chain.
 *
 * @param directory of the node's key and addresses
 * @param highest version of the protocol that the program has
 * @throws NodeError `network-unusable`
 */
export async function joinNetwork(
  status: NetworkOptions['status'],
  directory: string,
  { listen = ['/ip4/0.0.0.0/tcp/8646'], ...options }: PeerOptions,
  highest: number,
  handlers: NetworkOptions['handlers'],
): Promise<Network> {
  const key = await keyIn(directory);
  try {
    return await createNetwork({
      ...options,
      key,
      versions: { lowest: FIRST_VERSION, highest },
      listen,
      peerFile: peerFile(join(directory, PEERS)),
      handlers,
      status,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new NodeError(
      'network-unusable',
      `the node cannot listen for others at ${listen.join(', ')}: ${message}`,
      {
        cause: error,
      },
    );
  }
}

/** What a ledger has to say of itself. */
export function statusOf(ledger: Pick<Ledger, 'genesisHash' | 'head' | 'earliest'>): LocalStatus {
  const head = ledger.head();
  return {
    genesisHash: ledger.genesisHash,
    height: head.height,
    headHash: headerHash(head),
    earliest: ledger.earliest(),
    version: head.version,
  };
}

/** What RPC says of a network. */
export function peersOf(network: Network): ResultOf<'sero_getPeers'> {
  return {
    id: network.peerId,
    addresses: [...network.addresses()],
    peers: network.peers().map(({ id, address, direction, status, score }) => ({
      id,
      address,
      direction,
      height: status?.height ?? null,
      penalty: Math.ceil(Math.max(0, -score)),
    })),
  };
}
