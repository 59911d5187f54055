import type { Connection, Stream } from '@libp2p/interface';
import type { Handlers, Offence } from './abstractions.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import type { Clock } from './clock.ts';
import { RequestError } from './errors.ts';
import { frameReader, lengthAt, RESULT, sendChunks, sendFrame } from './frames.ts';
import type { NetworkLimits } from './limits.ts';
import { codecOf, type RequestName } from './messages/index.ts';
import type { Counters } from './metrics.ts';
import { createRateLimiter } from './rate.ts';
import { createSlots } from './slots.ts';

/** What serving needs of its network. */
export interface ServeParts {
  readonly handlers: Pick<Handlers, 'serve'>;
  readonly limits: NetworkLimits['requests'];
  readonly clock: Clock;
  readonly counters: Counters;
  /** Whether a peer's status is known and fits. */
  isKnown(id: string): boolean;
  report(id: string, offence: Offence): void;
  /** Fires when the network closes. */
  readonly closing: AbortSignal;
}

/** The side that answers requests. */
export interface Server {
  /** Handles one stream of a request's protocol. Never rejects. */
  handle(name: RequestName, stream: Stream, connection: Connection): Promise<void>;
  /** Requests that are being served, and bytes of answers under way. */
  state(): { readonly serving: number; readonly unsent: number };
}

/** Bytes of chunks that leave together; a longer one leaves with those before it. */
const TOGETHER = 16_384;

/** Turns of microtasks in which a chunk that is there has come through the iterators around it. */
const MICROTASKS = 16;

/** What ends an answer early, with what the peer is told. */
type Refusal = { readonly result: number; readonly outcome: string; readonly offence?: Offence };

const REFUSALS = {
  invalid: { result: RESULT.invalid, outcome: 'invalid', offence: 'invalid-request' },
  tooMany: { result: RESULT.limited, outcome: 'limited', offence: 'too-many-requests' },
  busy: { result: RESULT.limited, outcome: 'busy' },
  unavailable: { result: RESULT.unavailable, outcome: 'unavailable' },
} as const satisfies Record<string, Refusal>;

/** An answer under way. */
interface Answer {
  readonly id: string;
  /** Since when its reader keeps it waiting; undefined while the node makes a chunk. */
  waitsSince: number | undefined;
  /** Bytes of it under way. */
  holds: number;
  /** Ends it for others. */
  cut(): void;
}

/** A server; limits first, then the codec, then the rates, then the node. */
export function createServer(parts: ServeParts): Server {
  const { limits, clock, counters, closing } = parts;
  const perPeer = createRateLimiter(limits.ratePerPeer, clock);
  const total = createRateLimiter(limits.rate, clock);
  const unsent: ByteBudget = createByteBudget(limits.unsentPerPeer, limits.unsent);
  /** One chunk of a peer is made at a time: what is made and finds no room takes memory too. */
  const making = createSlots(1, 2 * limits.perPeer);
  const answers = new Set<Answer>();
  const servingOf = (id: string): number => {
    let count = 0;
    for (const answer of answers) if (answer.id === id) count++;
    return count;
  };

  /**
   * The answer to be cut off for another peer: of those whose readers have had their time, one of whoever has the most, and more than the other
   * has; there, the one that has waited longest.
   */
  const slowest = (own: number, has: (id: string) => number, mayBe: (answer: Answer) => boolean) => {
    const late = clock.now() - limits.readMs;
    const isLate = (answer: Answer): boolean => answer.waitsSince !== undefined && answer.waitsSince <= late;
    return [...answers]
      .filter((answer) => isLate(answer) && mayBe(answer) && has(answer.id) > own)
      .sort((a, b) => has(b.id) - has(a.id) || a.waitsSince! - b.waitsSince!)[0];
  };

  /** Takes room for a chunk; where others hold all of it, those of them who do not read are cut off. */
  const takeRoom = async (id: string, bytes: number, signal: AbortSignal): Promise<() => void> => {
    let timer: unknown;
    const look = (): void => {
      for (let lacking = unsent.lacks(id, bytes); lacking > 0; ) {
        const one = slowest(unsent.of(id), unsent.of, ({ holds }) => holds > 0);
        if (one === undefined) break;
        lacking -= one.holds;
        one.cut();
      }
      timer = clock.setTimer(look, limits.readMs);
    };
    // Before it waits: room that it has already would count as lacking.
    look();
    try {
      return await unsent.take(id, bytes, signal);
    } finally {
      clock.clearTimer(timer);
    }
  };

  /** Counts the costs, or says why the request is not served. */
  const admit = (id: string, cost: number): Refusal | undefined => {
    const own = servingOf(id);
    if (own >= limits.perPeer) return REFUSALS.tooMany;
    const inTheWay = answers.size < limits.total ? undefined : slowest(own, servingOf, () => true);
    if (answers.size >= limits.total && inTheWay === undefined) return REFUSALS.busy;
    if (perPeer.wait(id, cost) > 0) return REFUSALS.tooMany;
    if (!total.take('', cost)) return REFUSALS.busy;
    perPeer.force(id, cost);
    inTheWay?.cut();
    return undefined;
  };

  const answer = async (
    name: RequestName,
    bytes: Uint8Array,
    id: string,
    stream: Stream,
  ): Promise<string> => {
    const codec = codecOf(name);
    const refuse = async ({ result, outcome, offence }: Refusal): Promise<string> => {
      if (offence !== undefined) parts.report(id, offence);
      await sendFrame(stream, result, new Uint8Array(0), limits.chunkMs, clock);
      return outcome;
    };
    let request: unknown;
    try {
      request = codec.decode(bytes);
    } catch {
      return refuse(REFUSALS.invalid);
    }
    const refused = admit(id, codec.cost(request));
    if (refused !== undefined) return refuse(refused);

    const leaving = new AbortController();
    const gone = (): void => leaving.abort();
    const signal = AbortSignal.any([leaving.signal, closing]);
    let isCut = false;
    const own: Answer = {
      id,
      waitsSince: undefined,
      holds: 0,
      cut() {
        isCut = true;
        answers.delete(own);
        gone();
        stream.abort(new RequestError('timeout', 'others waited for a reader that does not read'));
      },
    };
    answers.add(own);
    const timer = clock.setTimer(gone, limits.wholeMs);
    stream.addEventListener('close', gone);
    let chunks: AsyncIterator<Uint8Array> | undefined;
    /** Chunks that have room and wait for others to leave with them. */
    let batch: { readonly chunk: Uint8Array; readonly giveBack: () => void }[] = [];
    const drop = (): void => {
      own.holds = 0;
      for (const { giveBack } of batch) giveBack();
      batch = [];
    };
    const send = async (): Promise<void> => {
      if (batch.length === 0) return;
      own.waitsSince = clock.now();
      const ready = batch.map(({ chunk }) => chunk);
      try {
        await sendChunks(stream, ready, limits.chunkMs, clock);
      } finally {
        drop();
      }
      for (const { length } of ready) counters.add('servedBytes', name, length);
    };
    /** Makes the next chunk and takes room for it; undefined at the end. Where it waits for room, it holds none. */
    const next = async (isOneMore: boolean) => {
      own.waitsSince = clock.now();
      const leave = await making.take(id, signal);
      try {
        own.waitsSince = undefined;
        chunks ??= parts.handlers.serve(name, bytes, id, signal)[Symbol.asyncIterator]();
        const made = chunks.next();
        // Nobody waits for a chunk that is there because the next one takes long.
        if (batch.length > 0 && !(await isSettling(made))) await send();
        const { value: chunk, done } = await made;
        if (signal.aborted) throw new RequestError('aborted');
        if (done) return undefined;
        if (isOneMore || chunk.length > codec.chunkBytes) {
          throw new Error(`an answer to ${name} with more than it may have`);
        }
        own.waitsSince = clock.now();
        const room = unsent.takeNow(id, chunk.length);
        if (room !== undefined) return { chunk, giveBack: room };
        await send();
        return { chunk, giveBack: await takeRoom(id, chunk.length, signal) };
      } finally {
        leave();
      }
    };
    try {
      for (let left = codec.chunks(request); ; left--) {
        const made = await next(left === 0);
        if (made === undefined) break;
        batch.push(made);
        own.holds += made.chunk.length;
        if (own.holds >= TOGETHER) await send();
      }
      await send();
      await sendFrame(stream, RESULT.end, new Uint8Array(0), limits.chunkMs, clock);
      return 'ok';
    } catch (error) {
      if (isCut) throw new RequestError('timeout');
      if (signal.aborted) throw new RequestError('aborted');
      if (!(error instanceof RequestError)) counters.add('failures', 'serve');
      // What was made before is the peer's.
      await send();
      if (error instanceof RequestError) {
        if (error.code === 'unavailable') return await refuse(REFUSALS.unavailable);
        if (error.code === 'invalid') return await refuse(REFUSALS.invalid);
        throw error;
      }
      return await refuse(REFUSALS.unavailable);
    } finally {
      drop();
      clock.clearTimer(timer);
      stream.removeEventListener('close', gone);
      // Whatever the node still does for this answer is for nobody.
      leaving.abort();
      answers.delete(own);
      await chunks?.return?.();
    }
  };

  return {
    async handle(name, stream, connection) {
      const id = connection.remotePeer.toString();
      try {
        if (!parts.isKnown(id)) throw new RequestError('closed', 'no status yet');
        const bytes = await readRequest(stream, codecOf(name).maxBytes, limits, clock);
        if (bytes === undefined) {
          parts.report(id, 'invalid-request');
          throw new RequestError('invalid', 'a request that is too long');
        }
        counters.add('served', `${name} ${await answer(name, bytes, id, stream)}`);
        await stream.close();
      } catch (error) {
        const code = error instanceof RequestError ? error.code : 'closed';
        counters.add('served', `${name} ${code}`);
        stream.abort(error instanceof Error ? error : new Error('the answer failed'));
      }
    },
    state: () => ({ serving: answers.size, unsent: unsent.used() }),
  };
}

/** Whether a promise settles by itself, without anything that the event loop would have to bring. */
async function isSettling(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  for (let turns = 0; turns < MICROTASKS && !isSettled; turns++) await undefined;
  return isSettled;
}

/**
 * Reads a request's bytes, its length before them; undefined for one that is longer than it may be.
 *
 * @throws RequestError `timeout`, `closed`
 */
export async function readRequest(
  stream: Stream,
  maxBytes: number,
  { openMs }: Pick<NetworkLimits['requests'], 'openMs'>,
  clock: Clock,
): Promise<Uint8Array | undefined> {
  const reader = frameReader(stream, clock);
  const head = await reader.read(4, openMs);
  if (head === undefined) throw new RequestError('closed', 'a stream without a request');
  const length = lengthAt(head, 0);
  if (length > maxBytes) return undefined;
  if (length === 0) return new Uint8Array(0);
  const bytes = await reader.read(length, openMs);
  if (bytes === undefined) throw new RequestError('closed', 'the request ended early');
  return bytes;
}
