import { setTimeout as pause } from 'node:timers/promises';
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

/**
 * Fetches the state after a trusted block from peers and begins the chain there, where the directory holds none yet; blocks before it are never fetched. Each part is
 * checked when it comes, and the state as a whole against the block's header: nobody is believed.
 *
 * @returns false where there is a chain already
 * @throws NodeError `no-snapshot` where nobody offers one; LedgerError and StoreError as `beginStorage`; the signal's reason
 */
export async function beginAtSnapshot(options: BeginAtOptions): Promise<boolean> {
  const { storage } = options;
  if (!isUnbegun(storage)) return false;
  const network = await options.join();
  try {
    const receiver = await findSnapshot(options, network);
    await fetchParts(options, network, receiver);
    await beginStorage(storage, receiver.received());
    return true;
  } finally {
    await network.close();
  }
}

type Asking = Pick<Network, 'peers' | 'request' | 'report'>;

/** The first manifest that is of the trusted block. */
async function findSnapshot(
  { storage, genesisHash, trusted, patience, now }: BeginAtOptions,
  network: Asking,
): Promise<SnapshotReceiver> {
  const until = now() + patience;
  const asked = new Set<string>();
  for (;;) {
    storage.signal?.throwIfAborted();
    for (const { id } of network.peers()) {
      if (asked.has(id)) continue;
      asked.add(id);
      for (const manifest of await chunksOf(network, id, 'snapshots', {}, storage.signal)) {
        try {
          return await receiveSnapshot({ genesisHash, trusted, manifest, directory: storage.directory });
        } catch (error) {
          // Of another height, as others have them; or none at all.
          if (!isFalseSnapshot(error)) throw error;
        }
      }
    }
    if (now() > until) {
      throw new NodeError(
        'no-snapshot',
        `no peer offers the state after block ${trusted.height}: nodes keep the last two that genesis has them make; name a newer block, or begin with block 0`,
      );
    }
    await pause(LOOK_EVERY, undefined, { signal: storage.signal });
  }
}

/** Every part, from whoever gives it. */
async function fetchParts(
  { storage, trusted, onProgress }: BeginAtOptions,
  network: Asking,
  receiver: SnapshotReceiver,
): Promise<void> {
  const missing = [...receiver.missing()];
  const total = receiver.parts;
  let turn = 0;

  async function fetchPart(index: number): Promise<void> {
    for (let failures = 0; ; failures++) {
      storage.signal?.throwIfAborted();
      const peers = network.peers();
      const peer = peers[turn++ % peers.length];
      const request = { height: trusted.height, index };
      const [bytes] =
        peer === undefined ? [] : await chunksOf(network, peer.id, 'snapshot-chunk', request, storage.signal);
      if (bytes !== undefined && take(peer!.id, index, bytes)) return;
      if (failures >= MOST_FAILURES) {
        throw new NodeError(
          'no-snapshot',
          `nobody gives part ${index} of the state after block ${trusted.height}`,
        );
      }
      if (failures >= peers.length) await pause(LOOK_EVERY, undefined, { signal: storage.signal });
    }
  }

  function take(peer: string, index: number, bytes: Uint8Array): boolean {
    try {
      receiver.add(index, bytes);
      return true;
    } catch (error) {
      if (!isFalseSnapshot(error)) throw error;
      network.report(peer, 'malice');
      return false;
    }
  }

  async function work(): Promise<void> {
    for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
      await fetchPart(index);
      onProgress(total - missing.length, total);
    }
  }

  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, work));
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
