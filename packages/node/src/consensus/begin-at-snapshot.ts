import { setTimeout as pause } from 'node:timers/promises';
import { blake2b256, toHex } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import { type Network, REQUESTS, RequestError } from '@sero/network';
import { type BeginOptions, beginStorage, isUnbegun } from '../checkpoints/begin-storage.ts';
import {
  isFalseSnapshot,
  receiveSnapshot,
  type SnapshotReceiver,
  type TrustedBlock,
} from '../checkpoints/snapshot-receiver.ts';
import { NodeError } from '../errors.ts';

/** Pause between two looks for somebody who has what is wanted, ms. */
const LOOK_EVERY = 500;

/** Parts that are asked for at once. */
const PARTS_AT_ONCE = 4;

export interface BeginAtOptions {
  readonly storage: BeginOptions;
  readonly genesisHash: Uint8Array;
  /** A block that the operator trusts, of a height at which nodes keep snapshots. */
  readonly trusted: TrustedBlock;
  /** Joins the network, for as long as this takes. */
  readonly join: () => Promise<Pick<Network, 'peers' | 'request' | 'report' | 'close'>>;
  /** ms within which somebody must offer the snapshot. */
  readonly patience: number;
  readonly now: () => number;
  readonly onProgress: (parts: number, of: number) => void;
}

/** A manifest, and who offered these very bytes: true ones of a height are equal. */
interface Offer {
  readonly manifest: Uint8Array;
  readonly from: Set<string>;
}

/**
 * Fetches the state after a trusted block from peers and begins the chain there, where the directory holds none yet; blocks before it are never fetched. Each part is
 * checked when it comes, and the state as a whole against the block's header: nobody is believed. A manifest binds itself to the block by its word alone, so
 * parts come from those who offered the same one, and all of them answer for it.
 *
 * @returns false where there is a chain already
 * @throws NodeError `no-snapshot` where nobody offers one that holds; StoreError of the disk; the signal's reason
 */
export async function beginAtSnapshot(options: BeginAtOptions): Promise<boolean> {
  const { storage, trusted, now, patience } = options;
  if (!isUnbegun(storage)) return false;
  const network = await options.join();
  const tried = new Set<string>();
  try {
    for (const until = now() + patience; now() < until; ) {
      storage.signal?.throwIfAborted();
      for (const [name, offer] of await offers(options, network)) {
        if (tried.has(name)) continue;
        tried.add(name);
        if (await tryOffer(options, network, offer)) return true;
      }
      await pause(LOOK_EVERY, undefined, { signal: storage.signal });
    }
  } finally {
    await network.close();
  }
  throw new NodeError(
    'no-snapshot',
    `no peer gives the state after block ${trusted.height}: nodes keep the last two that genesis has them make; name a newer block, or begin with block 0`,
  );
}

type Asking = Pick<Network, 'peers' | 'request' | 'report'>;

/** What peers offer now, by the manifest's bytes. */
async function offers({ storage }: BeginAtOptions, network: Asking): Promise<Map<string, Offer>> {
  const found = new Map<string, Offer>();
  const answers = await Promise.all(
    network.peers().map(async ({ id }) => ({
      id,
      manifests: await chunksOf(network, id, 'snapshots', {}, storage.signal),
    })),
  );
  for (const { id, manifests } of answers) {
    for (const manifest of manifests) {
      const name = toHex(blake2b256('SERO_MANIFEST', manifest));
      const offer = found.get(name) ?? { manifest, from: new Set() };
      offer.from.add(id);
      found.set(name, offer);
    }
  }
  return found;
}

/** Whether the chain has begun with what was offered. Where it does not hold, all who offered it are reported. */
async function tryOffer(options: BeginAtOptions, network: Asking, offer: Offer): Promise<boolean> {
  const { storage, genesisHash, trusted } = options;
  try {
    const { manifest } = offer;
    const receiver = await receiveSnapshot({ genesisHash, trusted, manifest, directory: storage.directory });
    if (!(await fetchParts(options, network, receiver, offer))) return false;
    await beginStorage(storage, receiver.received());
    return true;
  } catch (error) {
    if (!isFalseSnapshot(error)) throw error;
    // One of another height is what others have.
    if (!(error instanceof LedgerError && error.code === 'snapshot-of-another-block')) {
      for (const peer of offer.from) network.report(peer, 'malice');
    }
    return false;
  }
}

/** Every part, from whoever offered the manifest; false where they do not give all. */
async function fetchParts(
  { storage, trusted, onProgress }: BeginAtOptions,
  network: Asking,
  receiver: SnapshotReceiver,
  { from }: Offer,
): Promise<boolean> {
  const missing = [...receiver.missing()];
  const total = receiver.parts;
  let turn = 0;
  let isGivenUp = false;

  async function fetchPart(index: number): Promise<void> {
    for (let failures = 0; failures < MOST_FAILURES && !isGivenUp; failures++) {
      storage.signal?.throwIfAborted();
      const peers = network.peers().filter(({ id }) => from.has(id));
      if (peers.length === 0) break;
      const peer = peers[turn++ % peers.length]!;
      const request = { height: trusted.height, index };
      const [bytes] = await chunksOf(network, peer.id, 'snapshot-chunk', request, storage.signal);
      if (bytes !== undefined && take(peer.id, index, bytes)) return;
      if (failures >= peers.length) await pause(LOOK_EVERY, undefined, { signal: storage.signal });
    }
    isGivenUp = true;
  }

  function take(peer: string, index: number, bytes: Uint8Array): boolean {
    try {
      receiver.add(index, bytes);
      return true;
    } catch (error) {
      if (!isFalseSnapshot(error)) throw error;
      // A part that is not what its own manifest says.
      from.delete(peer);
      network.report(peer, 'malice');
      return false;
    }
  }

  async function work(): Promise<void> {
    for (let index = missing.shift(); index !== undefined && !isGivenUp; index = missing.shift()) {
      await fetchPart(index);
      onProgress(total - missing.length, total);
    }
  }

  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
  return !isGivenUp;
}

/** Times that a part is asked for in vain. */
const MOST_FAILURES = 64;

/** An answer's chunks; none where the peer fails. */
async function chunksOf(
  network: Asking,
  peer: string,
  name: 'snapshots' | 'snapshot-chunk',
  request: unknown,
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const codec = REQUESTS[name] as { encode(request: unknown): Uint8Array };
  const chunks: Uint8Array[] = [];
  try {
    const options = signal === undefined ? {} : { signal };
    for await (const chunk of network.request(peer, name, codec.encode(request), options)) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    signal?.throwIfAborted();
  }
  return chunks;
}
