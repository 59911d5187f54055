import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeBundle, type Header, ProtocolError } from '@sero/protocol';
import type { HeldWrites } from '@sero/store';
import type { CertificateStore } from '../validator/certificates.ts';
import type { SeedProofs } from '../verification/seeds.ts';
import {
  blockOf,
  emptyBlockOf,
  fetchStretch,
  isEmpty,
  type Stretch,
  type StretchLedger,
  type StretchVerifier,
  type SyncPeer,
  seedProofsOf,
} from './stretch.ts';

/** A certified stretch, and its blocks on the way. */
interface Found {
  readonly stretch: Stretch;
  readonly blocks: BlockFeed;
  readonly from: SyncPeer;
}

/** Blocks in order, asked for some ranges ahead of whoever takes them. */
interface BlockFeed {
  /** Asks for the first of them that anybody must be asked for. */
  begin(): void;
  /** Undefined where a stop came first. Rejects where nobody has the blocks. */
  take(): AsyncGenerator<Uint8Array>;
}

/** Blocks that are asked for at once. */
const BLOCKS_A_REQUEST = 16;

/** Requests of blocks that are under way. */
const REQUESTS = 4;

/** Rounds that a node may be behind before it stops voting to catch up; fewer it makes up for round by round. */
const MOST_BEHIND = 4n;

/** Bytes that blocks may have written and that are not durable, and their number. */
const MOST_HELD = 33_554_432;
const MOST_HELD_BLOCKS = 512;

/** Blocks that are applied in a turn of the event loop. */
const BLOCKS_A_TURN = 4;

/** ms of waiting for others after which what is held becomes durable: a peer says how far its head is, and may lie. */
const MOST_WAITED = 1_000;

/** Blocks before a peer's head from which on each block is durable before the next one: who is nearly there shows what he does not lose again. */
const NEAR = 64n;

/** Blocks of short stretches that are asked for, judged and applied as one. */
const TOGETHER = 32n;

export interface CatchUpOptions {
  readonly ledger: StretchLedger;
  readonly verifier: StretchVerifier;
  readonly certificates: Pick<CertificateStore, 'put'>;
  /** Peers that may know more, best first. */
  readonly peers: () => readonly SyncPeer[];
  /** Verifies proofs of seeds while earlier blocks are applied. */
  readonly seeds: Pick<SeedProofs, 'ahead' | 'rest'>;
  /** Verifies what it can of a block that will be applied soon; what it finds changes nothing but how long that takes. */
  readonly prepare: (block: Uint8Array) => Promise<void>;
  /** Applies a final block. */
  readonly apply: (block: Uint8Array) => Promise<unknown>;
  /** Makes what several blocks write durable together. */
  readonly writes: Pick<HeldWrites, 'hold' | 'flush' | 'held'>;
  /** Blocks before a peer's head from which on nothing is held. Default: 64. */
  readonly near?: bigint;
  /** ms of waiting for others after which what is held becomes durable. Default: 1,000. */
  readonly mostWaited?: number;
  /** Blocks of short stretches that are taken together. Default: 32. */
  readonly together?: bigint;
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
  const { ledger, verifier, certificates, peers, seeds, apply, pause, resume, failed, peerFailed, writes } =
    options;
  const { near = NEAR, mostWaited = MOST_WAITED, together = TOGETHER } = options;
  let running: Promise<void> | undefined;
  let isPaused = false;
  let isApplying = false;
  let isHolding = false;
  let stopped = false;
  let heldBlocks = 0;
  /** Who showed the last stretch: he has more on the way. */
  let guide: string | undefined;
  /** Who has shown nothing since the last stretch: votes rest while he is asked, and he is not asked twice. */
  const barren = new Set<string>();
  /** Runs that have ended: what is still on the way for one of them is for nobody. */
  let runs = 0;
  const stopping = new AbortController();

  const height = (): bigint => ledger.head().height;

  /** Peers that say they are ahead, and have what comes next. */
  function ahead(least: bigint, head = height()): readonly SyncPeer[] {
    const found = peers().filter((peer) => peer.height >= head + least && peer.earliest <= head + 1n);
    return [...found.filter(({ id }) => id === guide), ...found.filter(({ id }) => id !== guide)];
  }

  /** A stop waits for no peer. Undefined where it came first. */
  function unlessStopped<T>(answer: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(undefined);
      if (stopped) end();
      stopping.signal.addEventListener('abort', end, { once: true });
      answer.then(resolve, reject).finally(() => stopping.signal.removeEventListener('abort', end));
    });
  }

  /** Who waits for the table of a round. */
  let waiters: { readonly round: bigint; readonly come: () => void }[] = [];

  /** Resolves when the ledger knows the table of a round, or nothing is being applied that would bring it. */
  function tableOf(round: bigint): Promise<void> {
    if (!isApplying || ledger.stakeTable(round) !== undefined) return Promise.resolve();
    return new Promise((come) => waiters.push({ round, come }));
  }

  function lookForTables(): void {
    const ready = waiters.filter(({ round }) => !isApplying || ledger.stakeTable(round) !== undefined);
    if (ready.length === 0) return;
    waiters = waiters.filter((waiter) => !ready.includes(waiter));
    for (const { come } of ready) come();
  }

  /**
   * The next final stretch that one of the peers shows.
   *
   * @param applied headers of the stretch that is being applied, after which it comes
   */
  async function nextStretch(least: bigint, applied: readonly Header[] = []): Promise<Found | undefined> {
    const own = runs;
    const isOver = (): boolean => stopped || own !== runs;
    for (const peer of ahead(least, applied.at(-1)?.height)) {
      if (isOver()) return undefined;
      if (barren.has(peer.id)) continue;
      barren.add(peer.id);
      try {
        // Seeds before the certificate: that of the next stretch can often be judged only when most of this one is applied.
        const linked = (headers: readonly Header[]): void => {
          if (!isOver()) seeds.ahead(seedProofsOf(ledger, headers, applied));
        };
        const asked = fetchStretch({ ledger, verifier, tableOf, linked, together }, peer, applied);
        const stretch = await unlessStopped(asked);
        if (stretch === undefined || isOver()) continue;
        barren.clear();
        guide = peer.id;
        const blocks = feedOf(stretch);
        blocks.begin();
        return { stretch, blocks, from: peer };
      } catch (error) {
        blame(peer, error);
      }
    }
    return undefined;
  }

  function blame(peer: SyncPeer, error: unknown): void {
    if (error instanceof ProtocolError) peer.blame('malice');
    peerFailed(peer.id, error);
  }

  /** Blocks of final headers, from whoever has them: the peer that showed the headers is one of many, and may be slow on purpose. */
  async function fetchBlocks(headers: readonly Header[]): Promise<Uint8Array[]> {
    const [wanted, last] = [headers[0]!, headers.at(-1)!];
    let reason: unknown;
    for (const peer of peers()) {
      if (stopped || peer.height < last.height || peer.earliest > wanted.height) continue;
      try {
        const found = await peer.blocks(wanted.height, headers.length);
        if (found.length === headers.length) return headers.map((header, i) => blockOf(header, found[i]!));
        peer.blame('useless');
      } catch (error) {
        reason = error;
        blame(peer, error);
      }
    }
    throw new Error(`nobody gave block ${wanted.height}`, { cause: reason });
  }

  let prepared = Promise.resolve();

  /** Has blocks verified, one after another, while those before them are applied; those whose turn has come already are left out. */
  function prepareLater(headers: readonly Header[], blocks: readonly Uint8Array[]): void {
    for (const [i, bytes] of blocks.entries()) {
      prepared = prepared.then(async () => {
        if (stopped || headers[i]!.height <= height() + 1n) return;
        // A fault of the verifier shows again where the block is applied.
        await options.prepare(bytes).catch(() => undefined);
      });
    }
  }

  /** The blocks of a stretch in order; what has no transactions is its header and nobody is asked for it. */
  function feedOf({ headers }: Stretch): BlockFeed {
    const ranges: Header[][] = [];
    for (const header of headers) {
      const last = ranges.at(-1);
      const fits =
        last !== undefined && last.length < BLOCKS_A_REQUEST && isEmpty(last[0]!) === isEmpty(header);
      if (fits) last.push(header);
      else ranges.push([header]);
    }
    const started: (Promise<Uint8Array[]> | undefined)[] = [];

    function askUpTo(count: number): void {
      while (started.length < ranges.length && started.length < count) {
        const range = ranges[started.length]!;
        const fetched = isEmpty(range[0]!) ? Promise.resolve(range.map(emptyBlockOf)) : fetchBlocks(range);
        // Whoever waits for it hears of its failure.
        fetched.then(
          (blocks) => isEmpty(range[0]!) || prepareLater(range, blocks),
          () => undefined,
        );
        started.push(fetched);
      }
    }

    return {
      begin: () => askUpTo(1 + ranges.findIndex(([first]) => !isEmpty(first!))),
      async *take() {
        for (let i = 0; i < ranges.length; i++) {
          askUpTo(i + REQUESTS);
          const blocks = await notHolding(unlessStopped(started[i]!));
          if (blocks === undefined) return;
          // A stretch of full blocks does not fit into memory.
          started[i] = undefined;
          yield* blocks;
        }
      },
    };
  }

  /** Rejects where no peer has the blocks; where the node itself fails there is no going on. */
  async function take({ stretch, blocks, from }: Found): Promise<void> {
    let next = stretch.headers[0]!.height;
    const holdAsFar = (): void => (from.height - next < near ? holdNoMore() : holdFurther());
    /** Of the blocks that come next. */
    let certificate = 0;
    /** The certificate first: what is applied is final because of it. */
    const keepCertificate = (): void => {
      const bundle = stretch.certificates[certificate]!;
      certificates.put(bundle.round, encodeBundle(bundle));
    };
    if (!ownStep(holdAsFar) || !ownStep(keepCertificate)) return;
    for await (const bytes of blocks.take()) {
      if (!ownStep(holdAsFar)) return;
      if (next > stretch.certificates[certificate]!.round) {
        certificate++;
        if (!ownStep(keepCertificate)) return;
      }
      next++;
      // A certified block that does not hold is a fault of the chain, or of this program.
      if (stopped || !(await ownWork(() => apply(bytes)))) return;
      heldBlocks++;
      lookForTables();
      // What is held ends in no wait: without this all else, the next stretch and its seeds with it, would come when this one is applied.
      if (heldBlocks % BLOCKS_A_TURN === 0) await nextTurn();
      const isMuch = heldBlocks >= MOST_HELD_BLOCKS || writes.held() > MOST_HELD;
      if (isHolding && isMuch && !ownStep(flushAndHold)) return;
    }
  }

  /** What comes of it; what is held meanwhile becomes durable where that takes long. */
  async function notHolding<T>(waiting: Promise<T>): Promise<T> {
    const timer = setTimeout(() => isHolding && ownStep(flushAndHold), mostWaited);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
    }
  }

  function flushAndHold(): void {
    writes.flush();
    hold();
  }

  /** Others have these blocks: a crash costs no more than fetching the last of them again. */
  function hold(): void {
    heldBlocks = 0;
    isHolding = true;
    writes.hold();
  }

  function holdFurther(): void {
    if (!isHolding) hold();
  }

  function holdNoMore(): void {
    if (isHolding) writes.flush();
    isHolding = false;
  }

  async function ownWork(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      ownFault(error);
      return false;
    }
  }

  /** As `ownWork` for what is done at once: a turn of microtasks less, of which a block would take several. */
  function ownStep(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      ownFault(error);
      return false;
    }
  }

  function ownFault(error: unknown): void {
    stopped = true;
    failed(error);
  }

  async function run(): Promise<void> {
    let next = nextStretch(MOST_BEHIND);
    while (!stopped) {
      // Somebody may have come further since the one after the last stretch was looked for.
      const found = await notHolding(next.then((shown) => shown ?? (isPaused ? nextStretch(1n) : undefined)));
      if (found === undefined || stopped) return;
      if (!isPaused) {
        isPaused = true;
        await pause();
      }
      const { headers } = found.stretch;
      // The own chain may have gone on until the pause.
      const follows = headers[0]!.height === height() + 1n;
      next = follows ? afterNext(headers) : nextStretch(1n);
      if (!follows) continue;
      try {
        await take(found);
      } catch (error) {
        peerFailed(found.from.id, error);
        stopApplying();
        return;
      }
      stopApplying();
    }
  }

  /** What comes after a stretch, looked for while that is applied. */
  function afterNext(headers: readonly Header[]): Promise<Found | undefined> {
    isApplying = true;
    return nextStretch(1n, headers);
  }

  /** Tables that nobody knows by now will not come from what was applied. */
  function stopApplying(): void {
    isApplying = false;
    lookForTables();
  }

  async function runWhole(): Promise<void> {
    try {
      await run();
      runs++;
      barren.clear();
      ownStep(holdNoMore);
      seeds.rest();
      verifier.rest?.();
      running = undefined;
      const wasPaused = isPaused;
      isPaused = false;
      // The next block may be of a version that this software lacks: then agreement does not begin again.
      if (wasPaused && !stopped) resume();
    } catch (error) {
      stopped = true;
      failed(error);
    }
  }

  return {
    look() {
      if (stopped || running !== undefined || ahead(MOST_BEHIND).length === 0) return;
      running = runWhole();
    },
    isRunning: () => isPaused,
    async stop() {
      stopped = true;
      stopping.abort();
      await running;
      seeds.rest();
      verifier.rest?.();
    },
  };
}
