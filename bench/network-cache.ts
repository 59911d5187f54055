import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@sero/crypto';

/** Where payments are kept between runs. Git leaves it out; everything in it can be made again. */
export const PAYMENT_CACHE: string = join(import.meta.dirname, '.cache', 'payments');

/** Bytes before each payment: how many it has, little-endian. */
const PREFIX = 4;

/** Longest payment that is read: a longer one is no payment of this program. */
const MOST_BYTES = 16_384;

/** Payments of one chain in a file: those of its notes 0, 1, 2, … */
export interface PaymentCache {
  /** As many as there are whole. */
  count(): number;
  /** The first `count`. Throws RangeError where there are fewer. */
  first(count: number): Uint8Array[];
  /** Adds the next one. */
  append(payment: Uint8Array): void;
}

/**
 * Opens the payments of a chain. What a program that was ended left half written at the end is cut off by the first that is added.
 *
 * @param folder of the caches of all chains
 * @param genesisHash of the chain: payments of another one are worth nothing on it
 */
export function openPaymentCache(folder: string, genesisHash: Uint8Array): PaymentCache {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, toHex(genesisHash));
  if (!existsSync(path)) {
    // By name at once, so that two programs do not both begin it.
    writeFileSync(`${path}.part`, '');
    renameSync(`${path}.part`, path);
  }
  let found = 0;
  let end = 0;
  for (const payment of paymentsIn(path)) {
    found++;
    end += PREFIX + payment.length;
  }
  let isWhole = false;
  return {
    count: () => found,

    first(count) {
      if (count > found) throw new RangeError(`${found} payments are there, ${count} were asked for`);
      return [...paymentsIn(path)].slice(0, count);
    },

    append(payment) {
      if (payment.length === 0 || payment.length > MOST_BYTES) {
        throw new RangeError(`a payment has 1 to ${MOST_BYTES} bytes, not ${payment.length}`);
      }
      const record = Buffer.alloc(PREFIX + payment.length);
      record.writeUInt32LE(payment.length);
      record.set(payment, PREFIX);
      // Only who adds cuts off: what looks torn to a reader may be what another program is writing.
      if (!isWhole) truncateSync(path, end);
      isWhole = true;
      appendFileSync(path, record);
      found++;
    },
  };
}

/** The whole payments of a file, up to the first that is not. */
function* paymentsIn(path: string): Generator<Uint8Array, void, void> {
  const file = readFileSync(path);
  for (let at = 0; at + PREFIX <= file.length; ) {
    const length = file.readUInt32LE(at);
    const from = at + PREFIX;
    if (length === 0 || length > MOST_BYTES || from + length > file.length) return;
    yield new Uint8Array(file.subarray(from, from + length));
    at = from + length;
  }
}
