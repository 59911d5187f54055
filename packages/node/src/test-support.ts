import { blake2b256, fieldToBytes, le32 } from '@sero/crypto';
import {
  DEVELOPMENT,
  encodeEnvelope,
  type Genesis,
  KIND,
  NO_VALIDATORS,
  type Transaction,
} from '@sero/protocol';
import type { Clock, Timer } from './clock.ts';
import type { Entry } from './mempool/entry.ts';

/** A clock that a test moves by hand. */
export interface HandClock extends Clock {
  /** Lets time pass: timers fire in order, each at its time, and what they started has its turn before the next. */
  pass(ms: number): Promise<void>;
  /** Turns the clock without letting time pass for timers. */
  set(now: number): void;
  /** Timers that wait. */
  waiting(): number;
}

export function handClock(start = 0): HandClock {
  let now = start;
  /** Time that timers go by. */
  let passed = 0;
  const timers = new Map<Timer, { readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    setTimer(callback, ms) {
      const timer = {};
      timers.set(timer, { at: passed + ms, callback });
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer),
    async pass(ms) {
      const end = passed + ms;
      for (;;) {
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        const to = due === undefined ? end : due[1].at;
        now += to - passed;
        passed = to;
        if (due === undefined) return;
        timers.delete(due[0]);
        due[1].callback();
        await settle();
      }
    },
    set(to) {
      now = to;
    },
    waiting: () => timers.size,
  };
}

/** Lets everything that waits on nothing but promises run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A nullifier by number. */
export function nullifier(n: number): Uint8Array {
  return fieldToBytes(BigInt(n) + 1n);
}

/** A development network without keys or money. */
export function emptyGenesis(change: Partial<Genesis> = {}): Genesis {
  const none = new Uint8Array(0);
  return {
    ...DEVELOPMENT,
    name: none,
    time: 1_700_000_000_000n,
    verifyingKeys: [],
    allocations: [],
    derivation: none,
    ...NO_VALIDATORS,
    ...change,
  };
}

/** What a test says of a transaction that is never checked. */
export interface Draft {
  readonly nullifiers: readonly number[];
  readonly gasPrice?: bigint;
  readonly anchor?: bigint;
  readonly expiry?: bigint;
  /** Default: a payment. */
  readonly kind?: number;
  /** Makes another transaction of the same notes and price. */
  readonly salt?: number;
  /** Another proof of the same statement. */
  readonly proof?: number;
}

/** The bytes of a transaction: they decode, and nothing in them holds. */
export function envelope(draft: Draft): Uint8Array {
  const tx: Transaction = {
    version: 1,
    kind: draft.kind ?? KIND.pay,
    proofSystem: 1,
    circuit: 1,
    chainId: DEVELOPMENT.chainId,
    expiry: draft.expiry ?? 600n,
    gasLimit: 200_000n,
    gasPrice: draft.gasPrice ?? 10n ** 9n,
    from: new Uint8Array(64),
    shielded: {
      anchor: draft.anchor ?? 0n,
      rk: blake2b256('TEST_RK', le32(draft.salt ?? 0)),
      nullifiers: draft.nullifiers.map(nullifier),
      traces: draft.nullifiers.map(nullifier),
      outputs: [],
    },
    memo: new Uint8Array(0),
    pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
    call: [],
    recipients: [],
    body: new Uint8Array(0),
  };
  const proof = new Uint8Array(192).fill(draft.proof ?? 0);
  return encodeEnvelope({ tx, authorization: { proof, signature: new Uint8Array(64) } });
}

/** A pool's entry of so many bytes. */
export function entry(
  name: number,
  nullifiers: readonly number[],
  change: Partial<Entry> & { size?: number } = {},
): Entry {
  const { size = 1_000, ...rest } = change;
  return {
    bytes: new Uint8Array(size),
    txid: blake2b256('TEST_TXID', le32(name)),
    wtxid: blake2b256('TEST_WTXID', le32(name)),
    nullifiers: nullifiers.map(String),
    gasPrice: 1_000n,
    gasLimit: 200_000n,
    registers: false,
    anchor: 0n,
    expiry: 600n,
    ...rest,
  };
}
