import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { drawAt } from './random.ts';
import { CLEAR, type Conditions, createShaper } from './shaping.ts';

/**
 * open: bytes flow. held: none does, and who dials gets no answer, as where packets vanish. cut: connections are reset and new ones too, as where a
 * machine is down.
 */
export type LinkState = 'open' | 'held' | 'cut';

/** What a link carried. */
export interface LinkCounts {
  /** Connections so far. */
  readonly connections: number;
  /** Bytes from who dialled, and back. */
  readonly forth: number;
  readonly back: number;
}

/** The way by which one node dials another. */
export interface Link {
  readonly from: string;
  readonly to: string;
  /** Where `from` dials. */
  readonly host: string;
  readonly port: number;
  /** Changes what is named of the conditions, in both directions, or in the one that carries what `from` or `to` sends. */
  shape(change: Partial<Conditions>, direction?: 'forth' | 'back'): void;
  set(state: LinkState): void;
  counts(): LinkCounts;
}

/** The network between nodes. */
export interface Relay {
  /** Opens the way from one node to another. @param host where it listens. Default: 127.0.0.1 */
  link(
    from: string,
    to: string,
    target: { readonly host: string; readonly port: number },
    host?: string,
  ): Promise<Link>;
  readonly links: readonly Link[];
  /** All links between these two groups, in both directions; where there is one group, between it and all others. */
  between(group: readonly string[], others?: readonly string[]): Link[];
  close(): Promise<void>;
}

/** Bytes of one direction of a connection that wait here at most; then the sender has to wait, as with a full window. */
const WINDOW = 1 << 20;

/** A link's connections never take more than this many sockets from who dials. */
const BACKLOG = 128;

/**
 * A relay between nodes: each way from one node to another is a listening socket of its own, and what goes through it is delayed, held up as by
 * losses, slowed down, held or cut as the test says. What is done to which byte follows from the seed, the link, the number of the connection and the
 * place in its stream.
 */
export function createRelay(seed: string): Relay {
  const opened: { link: Link; end(): Promise<void> }[] = [];
  return {
    async link(from, to, target, host = '127.0.0.1') {
      const made = await openLink(seed, from, to, target, host);
      opened.push(made);
      return made.link;
    },
    get links() {
      return opened.map(({ link }) => link);
    },
    between: (group, others) =>
      opened
        .map(({ link }) => link)
        .filter(({ from, to }) => {
          const crosses = (a: string, b: string): boolean =>
            group.includes(a) && (others === undefined ? !group.includes(b) : others.includes(b));
          return crosses(from, to) || crosses(to, from);
        }),
    close: async () => {
      await Promise.all(opened.map(({ end }) => end()));
    },
  };
}

async function openLink(
  seed: string,
  from: string,
  to: string,
  target: { readonly host: string; readonly port: number },
  host: string,
): Promise<{ link: Link; end(): Promise<void> }> {
  const conditions = { forth: CLEAR, back: CLEAR };
  const carried = { connections: 0, forth: 0, back: 0 };
  const streams = new Set<Stream>();
  const sockets = new Set<Socket>();
  let state: LinkState = 'open';

  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    const number = carried.connections++;
    if (state === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ ...target, allowHalfOpen: true });
    const direction = (name: 'forth' | 'back', source: Socket, sink: Socket): Stream =>
      openStream({
        source,
        sink,
        shaper: createShaper(
          () => conditions[name],
          (purpose, segment, time) => drawAt(seed, from, to, number, name, purpose, segment, time),
        ),
        carried: (bytes) => {
          carried[name] += bytes;
        },
      });
    const both = [direction('forth', near, far), direction('back', far, near)];
    for (const stream of both) {
      streams.add(stream);
      stream.hold(state === 'held');
    }
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', (broken) => {
        sockets.delete(socket);
        // What one end lost, the other learns at once; an orderly end comes through the stream, behind its bytes.
        if (broken) other.resetAndDestroy();
        if (!broken && !other.destroyed) return;
        for (const stream of both) {
          stream.end();
          streams.delete(stream);
        }
      });
    }
  });
  server.listen({ host, port: 0, backlog: BACKLOG });
  await once(server, 'listening');

  const link: Link = {
    from,
    to,
    host,
    port: (server.address() as AddressInfo).port,
    shape(change, direction) {
      if (direction !== 'back') conditions.forth = { ...conditions.forth, ...change };
      if (direction !== 'forth') conditions.back = { ...conditions.back, ...change };
    },
    set(next) {
      state = next;
      for (const stream of streams) {
        if (next === 'cut') stream.reset();
        else stream.hold(next === 'held');
      }
    },
    counts: () => ({ ...carried }),
  };
  return {
    link,
    async end() {
      // Who is being taken just now is sent away.
      state = 'cut';
      for (const socket of sockets) socket.resetAndDestroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Stream {
  hold(held: boolean): void;
  /** Breaks the connection. */
  reset(): void;
  /** The connection is over: nothing more comes out. */
  end(): void;
}

interface StreamOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly shaper: ReturnType<typeof createShaper>;
  carried(bytes: number): void;
}

/** One direction of a connection: bytes wait in a queue until they are due, and no more of them than a window. */
function openStream({ source, sink, shaper, carried }: StreamOptions): Stream {
  const queue: { readonly bytes: Buffer | undefined; readonly due: number }[] = [];
  let waiting = 0;
  let timer: NodeJS.Timeout | undefined;
  let [held, over] = [false, false];

  const flow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held || over) return;
    while (queue.length > 0 && !sink.writableNeedDrain) {
      const { bytes, due } = queue[0]!;
      const early = due - performance.now();
      if (early > 0) {
        timer = setTimeout(flow, early);
        break;
      }
      queue.shift();
      if (bytes === undefined) sink.end();
      else {
        waiting -= bytes.length;
        carried(bytes.length);
        sink.write(bytes);
      }
    }
    if (waiting < WINDOW && source.isPaused()) source.resume();
  };
  source.on('data', (bytes: Buffer) => {
    queue.push({ bytes, due: shaper.release(performance.now(), bytes.length) });
    waiting += bytes.length;
    if (waiting >= WINDOW || held) source.pause();
    flow();
  });
  source.on('end', () => {
    queue.push({ bytes: undefined, due: queue.at(-1)?.due ?? performance.now() });
    flow();
  });
  sink.on('drain', flow);
  return {
    hold(next) {
      held = next;
      if (held) source.pause();
      else {
        source.resume();
        flow();
      }
    },
    reset() {
      source.resetAndDestroy();
      sink.resetAndDestroy();
    },
    end() {
      over = true;
      clearTimeout(timer);
      queue.length = 0;
    },
  };
}
