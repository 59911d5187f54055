import type { NamedBlock, VoteVerifier } from '@sero/consensus';
import type { Ledger } from '@sero/ledger';
import { encodeBundle, type Header, ProtocolError } from '@sero/protocol';
import type { CertificateStore } from '../validator/certificates.ts';
import { blockOf, emptyBlockOf, fetchStretch, isEmpty, type Stretch, type SyncPeer } from './stretch.ts';

/** Blocks that are asked for at once. */
const BLOCKS_A_REQUEST = 16;

/** Requests of blocks that are under way. */
const REQUESTS = 4;

/** Rounds that a node may be behind before it stops voting to catch up; fewer it makes up for round by round. */
const MOST_BEHIND = 4n;

export interface CatchUpOptions {
  readonly ledger: Pick<Ledger, 'genesis' | 'genesisHash' | 'head' | 'header' | 'stakeTable'>;
  readonly verifier: Pick<VoteVerifier, 'bundle'>;
  readonly certificates: Pick<CertificateStore, 'put'>;
  /** Peers that may know more, best first. */
  readonly peers: () => readonly SyncPeer[];
  /** Applies a final block. */
  readonly apply: (block: Uint8Array) => Promise<unknown>;
  /** Nothing else changes the chain until `resume`. */
  readonly pause: () => Promise<void>;
  readonly resume: () => void;
  /** A fault of this node. */
  readonly failed: (error: unknown) => void;
  /** A peer did not give what it should have. */
  readonly peerFailed: (peer: string, error: unknown) => void;
}

/** Brings a node that is far behind to where others are. */
export interface CatchUp {
  /** Looks whether somebody is ahead; what runs already sees it by itself. */
  look(): void;
  /** True while final blocks of others are applied. */
  isRunning(): boolean;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

export function createCatchUp(options: CatchUpOptions): CatchUp {
  const { ledger, certificates, peers, apply, pause, resume, failed, peerFailed } = options;
  let running: Promise<void> | undefined;
  let isPaused = false;
  let stopped = false;

  const height = (): bigint => ledger.head().height;

  function ahead(least: bigint): readonly SyncPeer[] {
    return peers().filter((peer) => peer.height >= height() + least);
  }

  /** The next final stretch that one of the peers shows. */
  async function nextStretch(least: bigint): Promise<{ stretch: Stretch; from: SyncPeer } | undefined> {
    for (const peer of ahead(least)) {
      if (stopped) return undefined;
      try {
        const stretch = await fetchStretch(ledger, options.verifier, peer);
        if (stretch !== undefined) return { stretch, from: peer };
      } catch (error) {
        blame(peer, error);
      }
    }
    return undefined;
  }

  function blame(peer: SyncPeer, error: unknown): void {
    if (error instanceof ProtocolError) peer.blame();
    peerFailed(peer.id, error);
  }

  /** Blocks of final headers, from whoever has them. */
  async function fetchBlocks(headers: readonly Header[], first: SyncPeer): Promise<NamedBlock[]> {
    const wanted = headers[0]!;
    let reason: unknown;
    for (const peer of [first, ...peers().filter(({ id }) => id !== first.id)]) {
      if (stopped || peer.height < headers.at(-1)!.height) continue;
      try {
        const found = await peer.blocks(wanted.height, headers.length);
        if (found.length === headers.length) return headers.map((header, i) => blockOf(header, found[i]!));
      } catch (error) {
        reason = error;
        blame(peer, error);
      }
    }
    throw new Error(`nobody gave block ${wanted.height}`, { cause: reason });
  }

  /** The blocks of a stretch in order; what has no transactions is its header and nobody is asked for it. */
  async function* blocksOf({ headers }: Stretch, from: SyncPeer): AsyncGenerator<NamedBlock> {
    const ranges: Header[][] = [];
    for (const header of headers) {
      const last = ranges.at(-1);
      const fits =
        last !== undefined && last.length < BLOCKS_A_REQUEST && isEmpty(last[0]!) === isEmpty(header);
      if (fits) last.push(header);
      else ranges.push([header]);
    }
    const started: Promise<NamedBlock[]>[] = [];
    for (let i = 0; i < ranges.length; i++) {
      while (started.length < ranges.length && started.length < i + REQUESTS) {
        const range = ranges[started.length]!;
        const fetched = isEmpty(range[0]!)
          ? Promise.resolve(range.map(emptyBlockOf))
          : fetchBlocks(range, from);
        // Whoever waits for it hears of its failure.
        fetched.catch(() => undefined);
        started.push(fetched);
      }
      yield* await started[i]!;
    }
  }

  async function take(stretch: Stretch, from: SyncPeer): Promise<void> {
    // The certificate first: what is applied is final because of it.
    certificates.put(stretch.certificate.round, encodeBundle(stretch.certificate));
    for await (const { bytes } of blocksOf(stretch, from)) {
      if (stopped) return;
      try {
        await apply(bytes);
      } catch (error) {
        // A certified block that does not hold, or a disk that failed: there is no going on.
        failed(error);
        stopped = true;
      }
    }
  }

  async function run(): Promise<void> {
    for (let least = MOST_BEHIND; !stopped; least = 1n) {
      const found = await nextStretch(least);
      if (found === undefined || stopped) break;
      if (!isPaused) {
        isPaused = true;
        await pause();
      }
      // The own chain may have gone on until the pause.
      if (found.stretch.headers[0]!.height !== height() + 1n) continue;
      try {
        await take(found.stretch, found.from);
      } catch (error) {
        peerFailed(found.from.id, error);
        break;
      }
    }
  }

  async function runWhole(): Promise<void> {
    try {
      await run();
    } catch (error) {
      failed(error);
    }
    running = undefined;
    if (!isPaused) return;
    isPaused = false;
    if (!stopped) resume();
  }

  return {
    look() {
      if (stopped || running !== undefined || ahead(MOST_BEHIND).length === 0) return;
      running = runWhole();
    },
    isRunning: () => isPaused,
    async stop() {
      stopped = true;
      await running;
    },
  };
}
