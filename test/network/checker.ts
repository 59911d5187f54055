import type { ChainBook } from './chain-book.ts';
import { type Spread, spreadOf } from './figures.ts';
import { OutsideError, type OutsideSocket, openOutsideSocket } from './outside-rpc.ts';

/** A node as the checker reaches it. */
export interface Watched {
  readonly name: string;
  /** `http://HOST:PORT` of its RPC. */
  readonly url: string;
}

/** Watches nodes from outside: it knows them by RPC alone, and believes none of them. */
export interface Checker {
  readonly book: ChainBook;
  /** Begins to watch one more. */
  watch(node: Watched): void;
  /** Resolves when each of these has a head of at least this height; rejects when it is not so after this many ms, or with a violation. */
  reached(nodes: readonly string[], height: number, withinMs: number): Promise<void>;
  /** As `reached`, so many blocks above the highest head that any of them has now. */
  progressed(nodes: readonly string[], blocks: number, withinMs: number): Promise<void>;
  /** Reads what each of these has up to its head now, then throws for whatever cannot be: a recent block that no certificate shows final among it. */
  settle(nodes: readonly string[]): Promise<void>;
  /** What was measured from a height on. Default: the first block. */
  figures(from?: number): ChainFigures;
  close(): void;
}

/** What the checker measured. */
export interface ChainFigures {
  readonly blocks: number;
  /** Blocks with transactions, blocks of later periods than the first, and empty blocks without a proposer. */
  readonly full: number;
  readonly latePeriods: number;
  readonly unproposed: number;
  /** ms from a block's time to when a node named it as its head, over nodes and blocks; a wrong clock of the proposer is in it. */
  readonly finality: Spread;
  /** ms between a block's time and its parent's. */
  readonly interval: Spread;
  readonly proposers: Readonly<Record<string, number>>;
}

export interface CheckerOptions {
  readonly book: ChainBook;
  /** Blocks below the head that each node must show final; 0: no certificate is asked for. Default: 64. */
  readonly certificates?: number;
}

/** ms until a node that does not answer is asked again. */
const AGAIN = 100;

/** Times that a node is given to show what it has, `AGAIN` apart. */
const MOST_TRIES = 300;

/** Headers and certificates that are asked for at a time. */
const PAGE = 64;

/** Starts to watch. */
export function createChecker({ book, certificates = 64 }: CheckerOptions): Checker {
  const ending = new AbortController();
  const watched = new Map<string, Promise<void>>();

  async function follow({ name, url }: Watched): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await followOnce(name, url);
      } catch (error) {
        // A node that is down, or was killed in the middle of an answer.
        if (!(error instanceof OutsideError)) throw error;
      }
      await pause(AGAIN);
    }
  }

  /** Until the connection breaks. */
  async function followOnce(name: string, url: string): Promise<void> {
    const socket = await openOutsideSocket(url, ending.signal);
    let wake = Promise.withResolvers<void>();
    try {
      await socket.subscribeHeads(({ height, hash }) => {
        book.head(name, height, hash, Date.now());
        wake.resolve();
      });
      const { head } = await socket.status();
      // A notification may have overtaken the answer.
      if (head.height > book.headOf(name)) book.head(name, head.height, head.hash, Date.now());
      for (;;) {
        await catchUp(name, socket);
        await Promise.race([wake.promise, socket.closed]);
        wake = Promise.withResolvers<void>();
      }
    } finally {
      socket.close();
    }
  }

  async function catchUp(name: string, socket: OutsideSocket): Promise<void> {
    while (book.shownTo(name) < book.headOf(name)) {
      const from = book.shownTo(name) + 1;
      const headers = await socket.headers(from, PAGE);
      if (headers.length === 0) return;
      for (const [i, bytes] of headers.entries()) book.header(name, from + i, bytes);
    }
    if (certificates === 0) return;
    const last = book.shownTo(name);
    // What was not shown before is asked for again: a head may be told before its certificate can be read.
    for (let from = book.uncertified(name, last - certificates + 1, last)[0] ?? last + 1; from <= last; ) {
      const limit = Math.min(PAGE, last - from + 1);
      for (const { height, bytes } of await socket.certificates(from, limit)) {
        book.certificate(name, height, bytes);
      }
      from += limit;
    }
  }

  const expectNothingBroken = (): void => {
    if (book.violations.length > 0) throw new Error(book.violations.join('\n'));
  };

  /** Resolves when a condition holds, looked at after each head. */
  async function until(what: () => string, holds: () => boolean, withinMs: number): Promise<void> {
    const held = Promise.withResolvers<void>();
    const look = (): void => {
      if (book.violations.length > 0) held.reject(new Error(book.violations.join('\n')));
      else if (holds()) held.resolve();
    };
    const timer = setTimeout(() => held.reject(new Error(`after ${withinMs} ms ${what()}`)), withinMs);
    const off = book.onHead(look);
    look();
    try {
      await held.promise;
    } finally {
      off();
      clearTimeout(timer);
    }
  }

  /** What a node has by its own words up to a height and has not shown. */
  function missingOf(name: string, head: number): string[] {
    const shown = book.shownTo(name);
    if (shown < head) return [`${name} headers ${shown + 1} to ${head}`];
    if (certificates === 0) return [];
    return book
      .uncertified(name, head - certificates + 1, head)
      .map((height) => `${name} a certificate of block ${height} or of one soon after`);
  }

  const heads = (nodes: readonly string[]): string =>
    `the heads are ${nodes.map((name) => `${name} ${book.headOf(name)}`).join(', ')}`;

  const reached: Checker['reached'] = (nodes, height, withinMs) =>
    until(
      () => `not all are at block ${height}: ${heads(nodes)}`,
      () => nodes.every((name) => book.headOf(name) >= height),
      withinMs,
    );

  return {
    book,
    watch(node) {
      if (watched.has(node.name)) throw new Error(`${node.name} is watched already`);
      watched.set(node.name, follow(node));
    },
    reached,
    progressed: (nodes, blocks, withinMs) =>
      reached(nodes, Math.max(...nodes.map((name) => book.headOf(name))) + blocks, withinMs),
    async settle(nodes) {
      const goal = new Map(nodes.map((name) => [name, book.headOf(name)]));
      for (let tries = 0; ; tries++) {
        const missing = nodes.flatMap((name) => missingOf(name, goal.get(name)!));
        if (missing.length === 0) break;
        if (tries > MOST_TRIES) throw new Error(`what nodes have and do not show: ${missing.join('; ')}`);
        await pause(AGAIN);
      }
      expectNothingBroken();
    },
    figures: (from = 1) => figuresOf(book, from),
    close() {
      ending.abort();
    },
  };
}

function figuresOf({ blocks }: ChainBook, from: number): ChainFigures {
  const made = [...blocks.values()].filter(({ header }) => header.height >= from);
  const finality: number[] = [];
  const interval: number[] = [];
  const proposers: Record<string, number> = {};
  for (const { header, told } of made) {
    for (const at of told.values()) finality.push(at - header.time);
    const parent = blocks.get(header.height - 1);
    if (parent !== undefined && header.height > 1) interval.push(header.time - parent.header.time);
    const name = header.proposer?.slice(0, 8) ?? 'nobody';
    proposers[name] = (proposers[name] ?? 0) + 1;
  }
  return {
    blocks: made.length,
    full: made.filter(({ header }) => header.gasUsed > 0).length,
    latePeriods: made.filter(({ header }) => header.period > 0).length,
    unproposed: made.filter(({ header }) => header.proposer === undefined).length,
    finality: spreadOf(finality),
    interval: spreadOf(interval),
    proposers,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
