// A client of a node's RPC for the checker alone: what it reads does not come through the code that it checks.

/** A node did not answer, or answered nothing that can be read. */
export class OutsideError extends Error {
  /** What the node said was wrong, where it said something: the error's `data`. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'OutsideError';
    this.data = data;
  }
}

export interface OutsideHead {
  readonly height: number;
  /** Hexadecimal, without 0x. */
  readonly hash: string;
}

/** A peer as a node shows it. */
export interface OutsidePeer {
  readonly id: string;
  readonly address: string;
  readonly penalty: number;
}

/** A socket to a node. Every call rejects with OutsideError where the node does not give what was asked for. */
export interface OutsideSocket {
  subscribeHeads(listener: (head: OutsideHead) => void): Promise<void>;
  status(): Promise<{ readonly head: OutsideHead; readonly genesisHash: string }>;
  headers(from: number, limit: number): Promise<Buffer[]>;
  certificates(from: number, limit: number): Promise<{ readonly height: number; readonly bytes: Buffer }[]>;
  /** Transactions and nullifiers of the blocks of a range, as far as one answer goes. */
  transactions(
    from: number,
    limit: number,
  ): Promise<{ readonly txids: string[]; readonly nullifiers: string[] }[]>;
  /** What the node says that the shielded pool holds of SERO. */
  pooled(): Promise<bigint>;
  peers(): Promise<readonly OutsidePeer[]>;
  /** Rejects when the connection is over. */
  readonly closed: Promise<never>;
  close(): void;
}

/** ms until an answer must be there. */
const PATIENCE = 20_000;

type Json = Readonly<Record<string, unknown>>;

const quantity = (value: number): string => `0x${value.toString(16)}`;
const numberOf = (value: unknown): number => Number(BigInt(value as string));
const bytesOf = (value: unknown): Buffer => Buffer.from((value as string).slice(2), 'hex');
const headOf = (value: unknown): OutsideHead => {
  const { height, hash } = value as Json;
  return { height: numberOf(height), hash: (hash as string).slice(2) };
};

/** Opens a socket to a node. */
export async function openOutsideSocket(url: string, signal: AbortSignal): Promise<OutsideSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let listener: ((head: OutsideHead) => void) | undefined;
  let last = 0;
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const opened = Promise.withResolvers<void>();
  const end = (): void => {
    const error = new OutsideError(`the connection to ${url} is over`);
    over.reject(error);
    opened.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    signal.removeEventListener('abort', abort);
  };
  const abort = (): void => {
    end();
    socket.close();
  };
  signal.addEventListener('abort', abort);
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('close', end);
  socket.addEventListener('error', end);
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Json;
    if (typeof answer['id'] !== 'number') {
      const { result } = (answer['params'] ?? {}) as Json;
      if (result !== undefined) listener?.(headOf(result));
      return;
    }
    const asked = waiting.get(answer['id']);
    waiting.delete(answer['id']);
    const error = answer['error'] as Json | undefined;
    if (error === undefined) asked?.resolve(answer['result']);
    else asked?.reject(new OutsideError(`${url}: ${error['message']}`, (error['data'] ?? {}) as Json));
  });
  if (signal.aborted) abort();
  await opened.promise;

  async function call(method: string, params: unknown): Promise<unknown> {
    if (socket.readyState !== WebSocket.OPEN) return over.promise;
    const id = ++last;
    const asked = Promise.withResolvers<unknown>();
    waiting.set(id, asked);
    const timer = setTimeout(
      () => asked.reject(new OutsideError(`${url} does not answer ${method}`)),
      PATIENCE,
    );
    try {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
      return await asked.promise;
    } finally {
      clearTimeout(timer);
    }
  }
  const ranged = async (method: string, from: number, limit: number): Promise<Json> =>
    (await call(method, { from: quantity(from), limit: quantity(limit) })) as Json;

  return {
    async subscribeHeads(told) {
      listener = told;
      await call('sero_subscribe', { topic: 'heads' });
    },
    async status() {
      const { head, genesisHash } = (await call('sero_getStatus', {})) as Json;
      return { head: headOf(head), genesisHash: (genesisHash as string).slice(2) };
    },
    async headers(from, limit) {
      const { headers } = await ranged('sero_getHeaders', from, limit);
      return (headers as unknown[]).map(bytesOf);
    },
    async certificates(from, limit) {
      const { certificates } = await ranged('sero_getCertificates', from, limit);
      return (certificates as Json[]).map(({ height, certificate }) => ({
        height: numberOf(height),
        bytes: bytesOf(certificate),
      }));
    },
    async transactions(from, limit) {
      const { blocks } = await ranged('sero_getCompactOutputs', from, limit);
      const spent = await ranged('sero_getNullifiers', from, limit);
      return (blocks as Json[]).map(({ layout }, i) => {
        const { nullifiers } = (spent['blocks'] as Json[])[i]!;
        return {
          txids: (layout as Json[]).map(({ txid }) => (txid as string).slice(2)),
          nullifiers: (nullifiers as string).slice(2).match(/.{64}/g) ?? [],
        };
      });
    },
    async pooled() {
      const { pool } = (await call('sero_getStatus', {})) as Json;
      return BigInt((pool as Json)['sero'] as string);
    },
    async peers() {
      const { peers } = (await call('sero_getPeers', {})) as Json;
      return (peers as Json[]).map(({ id, address, penalty }) => ({
        id: String(id),
        address: String(address),
        penalty: numberOf(penalty),
      }));
    },
    closed: over.promise,
    close: abort,
  };
}
