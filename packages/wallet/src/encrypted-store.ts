import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { blake2b256, concat, fromHex, le32, leInteger, toHex, utf8 } from '@sero/crypto';
import { ensure, WalletError } from './errors.ts';
import { type Random, systemRandom } from './random.ts';
import type { WalletChange, WalletStore } from './store.ts';

/** How an encrypted store is opened. */
export interface EncryptedStoreOptions {
  /** Throws away the records that cannot be read and goes on with the rest. Default: false, a damaged store is refused. */
  readonly repair?: boolean;
  /** Source of random bytes; the system's unless given. */
  readonly random?: Random;
}

/** Where the sum over all records stands: every other place has a slash in it. */
const SEAL = 'seal';

const NONCE_LENGTH = 24;
const SUM_LENGTH = 32;
/** Plaintexts are padded to a multiple of this, so that a record's length says little of what it holds. */
const PADDING = 256;

const DAMAGED = 'the wallet’s store is damaged: repair the wallet, which reads the chain again';

/**
 * A store whose disk shows neither what is kept nor under which names: names are keyed hashes, values XChaCha20-Poly1305 with the name
 * as associated data, so that records cannot change places. A sum over all records, sealed with each batch, shows
 * that one was removed or is an older one. A copy of the whole store from an earlier day is not noticed.
 *
 * What remains visible: the number of records, how many are alike in kind, their lengths in steps of 256 bytes, when they change.
 *
 * Throws `store-damaged` where a record was altered, removed, moved or replaced by an older one, or the key is another's.
 *
 * @param key 32 bytes, of this store alone: `OpenKeystore.storeKey`
 */
export async function encryptedWalletStore(
  inner: WalletStore,
  key: Uint8Array,
  options: EncryptedStoreOptions = {},
): Promise<WalletStore> {
  const { repair = false, random = systemRandom } = options;
  const [nameKey, valueKey, sumKey] = ['name', 'value', 'sum'].map((use) =>
    blake2b256('SERO_walletstore', key, utf8(use)),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const hashed = (text: string): string => toHex(blake2b256('SERO_storename', nameKey, utf8(text)));
  /** A record's place: its table's hash, then its own. Prefixes that end inside a table are sorted out after decryption. */
  const placeOf = (name: string): string => `${hashed(tableOf(name)).slice(0, 16)}/${hashed(name)}`;

  const sealed = (place: string, name: string, value: string): string => {
    const nonce = random(NONCE_LENGTH);
    const plain = padded(utf8(name), utf8(value));
    return toHex(concat(nonce, xchacha20poly1305(valueKey, nonce, utf8(place)).encrypt(plain)));
  };
  const opened = (place: string, record: string): readonly [string, string] => {
    try {
      const bytes = fromHex(record);
      const cipher = xchacha20poly1305(valueKey, bytes.slice(0, NONCE_LENGTH), utf8(place));
      return unpadded(cipher.decrypt(bytes.slice(NONCE_LENGTH)));
    } catch {
      throw new WalletError('store-damaged', DAMAGED);
    }
  };

  /** What each record adds to the sum: a keyed hash of place and ciphertext, which nobody else can make. */
  const shareOf = (place: string, record: string): Uint8Array =>
    blake2b256('SERO_storesum', sumKey, utf8(`${place}=${record}`));
  const shares = new Map<string, Uint8Array>();
  let sum = new Uint8Array(SUM_LENGTH);
  let queue: Promise<unknown> = Promise.resolve();

  const broken: string[] = [];
  const records = await inner.entries('');
  for (const [place, record] of records) {
    if (place === SEAL) continue;
    try {
      if (repair) opened(place, record);
    } catch {
      broken.push(place);
      continue;
    }
    const share = shareOf(place, record);
    shares.set(place, share);
    sum = xor(sum, share);
  }
  if (repair) {
    const whole = records.length - (records.some(([place]) => place === SEAL) ? 1 : 0);
    ensure(
      whole === 0 || broken.length < whole,
      'store-damaged',
      'no record of this store opens with this key: it belongs to another account, and is left as it is',
    );
    await inner.write([...broken.map((place) => ({ key: place, value: undefined })), sealOf(sum)]);
  } else {
    const seal = records.find(([place]) => place === SEAL);
    const kept = seal === undefined ? undefined : opened(...seal)[1];
    const holds = kept === undefined ? records.length === 0 : kept === toHex(sum);
    ensure(holds, 'store-damaged', DAMAGED);
  }

  function sealOf(value: Uint8Array): WalletChange {
    return { key: SEAL, value: sealed(SEAL, SEAL, toHex(value)) };
  }

  /** Batches go one after another: each seals the sum that the one before left. */
  async function write(changes: readonly WalletChange[]): Promise<void> {
    const last = new Map(changes.map((change) => [placeOf(change.key), change]));
    let next = sum;
    const nextShares = new Map<string, Uint8Array | undefined>();
    const batch = [...last].map(([place, { key: name, value }]): WalletChange => {
      const record = value === undefined ? undefined : sealed(place, name, value);
      const before = shares.get(place);
      const share = record === undefined ? undefined : shareOf(place, record);
      if (before !== undefined) next = xor(next, before);
      if (share !== undefined) next = xor(next, share);
      nextShares.set(place, share);
      return { key: place, value: record };
    });
    await inner.write([...batch, sealOf(next)]);
    sum = next;
    for (const [place, share] of nextShares) {
      if (share === undefined) shares.delete(place);
      else shares.set(place, share);
    }
  }

  return {
    async get(name) {
      const place = placeOf(name);
      const record = await inner.get(place);
      return record === undefined ? undefined : opened(place, record)[1];
    },

    async entries(prefix) {
      const table = tableOf(prefix);
      const found = await inner.entries(table === '' ? '' : `${hashed(table).slice(0, 16)}/`);
      return found
        .filter(([place]) => place !== SEAL)
        .map(([place, record]) => opened(place, record))
        .filter(([name]) => name.startsWith(prefix));
    },

    write(changes) {
      const result = queue.then(() => write(changes));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

/** The part of a name up to its first slash: "note/" of "note/7", nothing of "head". */
function tableOf(name: string): string {
  return name.slice(0, name.indexOf('/') + 1);
}

function padded(name: Uint8Array, value: Uint8Array): Uint8Array {
  const content = concat(le32(name.length), le32(value.length), name, value);
  const out = new Uint8Array(content.length + ((PADDING - (content.length % PADDING)) % PADDING));
  out.set(content);
  return out;
}

function unpadded(plain: Uint8Array): readonly [string, string] {
  const nameLength = Number(leInteger(plain.subarray(0, 4)));
  const valueLength = Number(leInteger(plain.subarray(4, 8)));
  const text = (from: number, length: number): string =>
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain.subarray(from, from + length));
  return [text(8, nameLength), text(8 + nameLength, valueLength)];
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(a, (byte, i) => byte ^ b[i]!);
}
