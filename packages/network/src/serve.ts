import type { Connection, Stream } from '@libp2p/interface';
import type { Handlers, Offence } from './abstractions.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import type { Clock } from './clock.ts';
import { RequestError } from './errors.ts';
import { frameReader, lengthAt, RESULT, sendFrame } from './frames.ts';
import type { NetworkLimits } from './limits.ts';
import { codecOf, type RequestName } from './messages/index.ts';
import type { Counters } from './metrics.ts';
import { createRateLimiter } from './rate.ts';

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

/** What ends an answer early, with what the peer is told. */
type Refusal = { readonly result: number; readonly outcome: string; readonly offence?: Offence };

const REFUSALS = {
  invalid: { result: RESULT.invalid, outcome: 'invalid', offence: 'invalid-request' },
  tooMany: { result: RESULT.limited, outcome: 'limited', offence: 'too-many-requests' },
  busy: { result: RESULT.limited, outcome: 'busy' },
  unavailable: { result: RESULT.unavailable, outcome: 'unavailable' },
} as const satisfies Record<string, Refusal>;

/** A server; limits first, then the codec, then the rates, then the node. */
export function createServer(parts: ServeParts): Server {
  const { limits, clock, counters, closing } = parts;
  const perPeer = createRateLimiter(limits.ratePerPeer, clock);
  const total = createRateLimiter(limits.rate, clock);
  const unsent: ByteBudget = createByteBudget(limits.unsentPerPeer, limits.unsent);
  const running = new Map<string, number>();
  let serving = 0;

  /** Counts the costs, or says why the request is not served. */
  const admit = (id: string, cost: number): Refusal | undefined => {
    if ((running.get(id) ?? 0) >= limits.perPeer) return REFUSALS.tooMany;
    if (serving >= limits.total) return REFUSALS.busy;
    if (perPeer.wait(id, cost) > 0) return REFUSALS.tooMany;
    if (!total.take('', cost)) return REFUSALS.busy;
    perPeer.force(id, cost);
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

    serving++;
    running.set(id, (running.get(id) ?? 0) + 1);
    const leaving = new AbortController();
    const gone = (): void => leaving.abort();
    const signal = AbortSignal.any([leaving.signal, closing]);
    const timer = clock.setTimer(gone, limits.wholeMs);
    stream.addEventListener('close', gone);
    try {
      let left = codec.chunks(request);
      for await (const chunk of parts.handlers.serve(name, bytes, id, signal)) {
        if (signal.aborted) throw new RequestError('aborted');
        if (left-- === 0 || chunk.length > codec.chunkBytes) {
          throw new Error(`an answer to ${name} with more than it may have`);
        }
        const giveBack = await unsent.take(id, chunk.length, signal);
        try {
          await sendFrame(stream, RESULT.chunk, chunk, limits.chunkMs, clock);
        } finally {
          giveBack();
        }
        counters.add('servedBytes', name, chunk.length);
      }
      if (signal.aborted) throw new RequestError('aborted');
      await sendFrame(stream, RESULT.end, new Uint8Array(0), limits.chunkMs, clock);
      return 'ok';
    } catch (error) {
      if (signal.aborted) throw new RequestError('aborted');
      if (error instanceof RequestError) {
        if (error.code === 'unavailable') return await refuse(REFUSALS.unavailable);
        if (error.code === 'invalid') return await refuse(REFUSALS.invalid);
        throw error;
      }
      counters.add('failures', 'serve');
      return await refuse(REFUSALS.unavailable);
    } finally {
      clock.clearTimer(timer);
      stream.removeEventListener('close', gone);
      // Whatever the node still does for this answer is for nobody.
      leaving.abort();
      serving--;
      const others = (running.get(id) ?? 1) - 1;
      if (others > 0) running.set(id, others);
      else running.delete(id);
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
    state: () => ({ serving, unsent: unsent.used() }),
  };
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
