import { Agent, request } from 'node:http';
import { RPC_ERRORS } from '@sero/api';

/** One payment as its payer saw it go. Times are of `performance.now()`. */
export interface Submission {
  /** When it was handed in for the first time. */
  readonly at: number;
  /** When the node said that it is checked and waits for a block. */
  readonly takenAt: number;
  /** Names it in blocks: hexadecimal digits as RPC has them. */
  readonly txid: string;
  /** Tries before the node took it: its rate, or too much under way. */
  readonly refusals: number;
}

export interface SubmitOptions {
  /** Where payments are handed in, each node its share in turn. */
  readonly urls: readonly string[];
  readonly payments: readonly Uint8Array[];
  /** Payments a second at most; undefined for as fast as nodes answer. */
  readonly rate: number | undefined;
  /** Payments that wait for their answer at most. */
  readonly inFlight: number;
  /** Ends it early: what is under way is still answered. */
  readonly signal: AbortSignal;
  /** A payment was taken. */
  readonly taken?: (submission: Submission) => void;
}

/** People who pay: each has an address of his own, and with it the default limits of one client. */
const PAYERS = 64;

/** Pause before the same bytes are handed in again where the node names none, ms. */
const PAUSE = 50;

/**
 * Hands payments in over `sero_submit`, by HTTP over connections that stay open. What a node has no room for now is handed in again; any
 * other refusal is thrown.
 */
export async function submitAll(options: SubmitOptions): Promise<Submission[]> {
  const { urls, payments, rate, inFlight, signal, taken } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const done: Submission[] = [];
  const begun = performance.now();
  let next = 0;

  async function payer(): Promise<void> {
    while (next < payments.length && !signal.aborted) {
      const n = next++;
      if (rate !== undefined) {
        const wait = begun + (1_000 * n) / rate - performance.now();
        if (wait > 0) await pause(wait);
      }
      const submission = await submit(agent, urls[n % urls.length]!, payments[n]!, n);
      done.push(submission);
      taken?.(submission);
    }
  }
  try {
    await Promise.all(Array.from({ length: inFlight }, payer));
  } finally {
    agent.destroy();
  }
  return done;
}

async function submit(agent: Agent, url: string, payment: Uint8Array, n: number): Promise<Submission> {
  const params = { transaction: `0x${Buffer.from(payment).toString('hex')}` };
  const body = JSON.stringify({ jsonrpc: '2.0', id: n, method: 'sero_submit', params });
  const at = performance.now();
  for (let refusals = 0; ; refusals++) {
    const { result, error } = await post(agent, url, body, `10.0.0.${1 + (n % PAYERS)}`);
    if (result !== undefined) return { at, takenAt: performance.now(), txid: result.txid, refusals };
    const passes = error?.code === RPC_ERRORS.busy.code;
    const wait = error?.data?.retryAfterMs ?? (passes ? PAUSE : undefined);
    if (wait === undefined) throw new Error(`payment ${n} was refused: ${JSON.stringify(error)}`);
    await pause(wait);
  }
}

interface Answer {
  readonly result?: { readonly txid: string };
  readonly error?: {
    readonly code: number;
    readonly data?: { readonly retryAfterMs?: number };
  };
}

function post(agent: Agent, url: string, body: string, payer: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-forwarded-for': payer,
    };
    const asked = request(url, { agent, method: 'POST', headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(parts).toString()) as Answer);
        } catch (error) {
          reject(error);
        }
      });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The node ended a connection that stood idle at the moment at which it was used: the same bytes may come again.
      if (asked.reusedSocket && error.code === 'ECONNRESET') resolve(post(agent, url, body, payer));
      else reject(error);
    });
    asked.end(body);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
