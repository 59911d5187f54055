import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { blake2b256, concat, fromHex, le32, toHex, utf8 } from '@sero/crypto';
import { ensure, WalletError } from './errors.ts';
import { fromForeignJson, toJson } from './json.ts';
import { type Random, systemRandom } from './random.ts';

/** An account of a keystore. */
export interface KeystoreAccount {
  /** The account's number under its words, 0 to 2^32 - 1; 0 for a viewing key. */
  readonly index: number;
  /** What its owner calls it. */
  readonly name: string;
}

/** What a keystore keeps secret. All of it is encrypted: whoever has the file alone does not even learn how many accounts there are. */
export interface KeystoreContent {
  /** 24 words, or TK as text for a wallet that sees and cannot spend. */
  readonly secret: { readonly words: string } | { readonly viewingKey: string };
  /** Height before the first transaction of any of its accounts. */
  readonly birthday: bigint;
  readonly accounts: readonly KeystoreAccount[];
}

/** An opened keystore. */
export interface OpenKeystore {
  readonly content: KeystoreContent;
  /**
   * The key under which an account's wallet store is encrypted, 32 bytes. It is random, and stays what it is when the password changes.
   */
  storeKey(account: number): Uint8Array;
  /** The file anew, under this or another password and with changed content, the store keys as before. */
  reseal(password: string, change?: Partial<KeystoreContent>, options?: KeystoreOptions): Promise<string>;
}

/** How a keystore is written. */
export interface KeystoreOptions {
  /** scrypt's N, a power of two, 2^14 to 2^18. Default: 2^17, 128 MiB and about a second. */
  readonly cost?: number;
  /** Source of random bytes; the system's unless given. */
  readonly random?: Random;
  /** Called while the key is derived, with the share done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

const VERSION = 1;

/** Longest file that is looked at, in characters. */
const MAX_KEYSTORE_LENGTH = 65_536;

/** scrypt needs 128 N r bytes: a file cannot ask for more than 256 MiB, nor be written to be guessed cheaply. */
const MIN_N = 1 << 14;
const MAX_N = 1 << 18;
const DEFAULT_N = 1 << 17;
const SCRYPT_R = 8;
const SCRYPT_P = 1;

const SALT_LENGTH = 32;
/** XChaCha20's nonces are long enough to be random. */
const NONCE_LENGTH = 24;
const KEY_LENGTH = 32;

/** What stands in clear: all of it is authenticated with the content. */
interface Header {
  readonly version: number;
  readonly kdf: {
    readonly name: 'scrypt';
    readonly N: number;
    readonly r: number;
    readonly p: number;
    readonly salt: string;
  };
  readonly cipher: { readonly name: 'xchacha20-poly1305'; readonly nonce: string };
}

interface Sealed extends KeystoreContent {
  readonly storeSecret: Uint8Array;
}

const MALFORMED =
  'this is not a keystore file that the wallet wrote, or it is damaged: take it from a backup';

/** A new keystore as the text of its file: JSON. Throws `password-empty`, `keystore-costs`. */
export function createKeystore(
  content: KeystoreContent,
  password: string,
  options: KeystoreOptions = {},
): Promise<string> {
  const { random = systemRandom } = options;
  return sealed({ ...content, storeSecret: random(KEY_LENGTH) }, password, options);
}

/**
 * Opens a keystore file. Throws `password-wrong` where the password is another or the file was altered (nobody can tell the two
 * apart), `keystore-malformed`, `keystore-version`, `keystore-costs`.
 */
export async function openKeystore(
  text: string,
  password: string,
  options: Pick<KeystoreOptions, 'onProgress'> = {},
): Promise<OpenKeystore> {
  const { header, ciphertext } = readFile(text);
  const { N, salt } = header.kdf;
  const key = await derivedKey(password, fromHex(salt), N, options);
  let plain: Uint8Array;
  try {
    plain = xchacha20poly1305(key, fromHex(header.cipher.nonce), headerBytes(header)).decrypt(ciphertext);
  } catch {
    throw new WalletError('password-wrong', 'the password is wrong, or the keystore file was altered');
  } finally {
    key.fill(0);
  }
  try {
    const { storeSecret, ...content } = readContent(plain);
    return {
      content,
      storeKey: (account) => blake2b256('SERO_storekey', storeSecret, le32(account)),
      reseal: (next, change = {}, resealing = {}) =>
        sealed({ ...content, ...change, storeSecret }, next, resealing),
    };
  } finally {
    plain.fill(0);
  }
}

async function sealed(content: Sealed, password: string, options: KeystoreOptions): Promise<string> {
  const { cost = DEFAULT_N, random = systemRandom } = options;
  ensure(
    password.length > 0,
    'password-empty',
    'a keystore needs a password: without one its file gives the money away',
  );
  ensure(costFits(cost), 'keystore-costs', `N of scrypt is a power of two from ${MIN_N} to ${MAX_N}`);
  const salt = random(SALT_LENGTH);
  const nonce = random(NONCE_LENGTH);
  const header: Header = {
    version: VERSION,
    kdf: { name: 'scrypt', N: cost, r: SCRYPT_R, p: SCRYPT_P, salt: toHex(salt) },
    cipher: { name: 'xchacha20-poly1305', nonce: toHex(nonce) },
  };
  const key = await derivedKey(password, salt, cost, options);
  const plain = utf8(toJson(content));
  try {
    const ciphertext = xchacha20poly1305(key, nonce, headerBytes(header)).encrypt(plain);
    return `${JSON.stringify({ ...header, ciphertext: toHex(ciphertext) }, undefined, 2)}\n`;
  } finally {
    key.fill(0);
    plain.fill(0);
  }
}

function derivedKey(
  password: string,
  salt: Uint8Array,
  N: number,
  { onProgress }: Pick<KeystoreOptions, 'onProgress'>,
): Promise<Uint8Array> {
  // One spelling of what looks the same on every keyboard (RFC 8265 takes NFC, BIP-39 NFKD; keystores of Ethereum NFKD).
  const bytes = utf8(password.normalize('NFKD'));
  const progress = onProgress === undefined ? {} : { onProgress };
  return scryptAsync(bytes, salt, { N, r: SCRYPT_R, p: SCRYPT_P, dkLen: KEY_LENGTH, ...progress }).finally(
    () => bytes.fill(0),
  );
}

function costFits(N: unknown): N is number {
  return typeof N === 'number' && N >= MIN_N && N <= MAX_N && Number.isInteger(Math.log2(N));
}

/** The header in one spelling, whatever the file's spacing and order. */
function headerBytes({ version, kdf, cipher }: Header): Uint8Array {
  const { N, r, p, salt } = kdf;
  const fields = [version, kdf.name, N, r, p, salt, cipher.name, cipher.nonce];
  return concat(utf8('SERO_keystore'), utf8(JSON.stringify(fields)));
}

function readFile(text: string): { header: Header; ciphertext: Uint8Array } {
  ensure(text.length <= MAX_KEYSTORE_LENGTH, 'keystore-malformed', MALFORMED);
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new WalletError('keystore-malformed', MALFORMED);
  }
  ensure(isRecord(file) && typeof file['version'] === 'number', 'keystore-malformed', MALFORMED);
  ensure(
    file['version'] === VERSION,
    'keystore-version',
    `this keystore has version ${file['version']}, this wallet reads ${VERSION}: look for a newer wallet`,
  );
  const { kdf, cipher, ciphertext } = file;
  ensure(isRecord(kdf) && isRecord(cipher), 'keystore-malformed', MALFORMED);
  const { N, r, p, salt } = kdf;
  const { nonce } = cipher;
  ensure(
    kdf['name'] === 'scrypt' &&
      cipher['name'] === 'xchacha20-poly1305' &&
      isHex(salt, SALT_LENGTH) &&
      isHex(nonce, NONCE_LENGTH) &&
      isHex(ciphertext),
    'keystore-malformed',
    MALFORMED,
  );
  ensure(
    costFits(N) && r === SCRYPT_R && p === SCRYPT_P,
    'keystore-costs',
    `this keystore asks for scrypt with N ${N}, r ${r}, p ${p}: this wallet takes N from ${MIN_N} to ${MAX_N}, r ${SCRYPT_R}, p ${SCRYPT_P}`,
  );
  return {
    header: {
      version: VERSION,
      kdf: { name: 'scrypt', N, r, p, salt },
      cipher: { name: 'xchacha20-poly1305', nonce },
    },
    ciphertext: fromHex(ciphertext),
  };
}

/** The content was authenticated: what does not fit here was written by another wallet's version. */
function readContent(plain: Uint8Array): Sealed {
  const value = fromForeignJson(new TextDecoder().decode(plain), MAX_KEYSTORE_LENGTH);
  const fits =
    isRecord(value) &&
    isRecord(value['secret']) &&
    typeof (value['secret']['words'] ?? value['secret']['viewingKey']) === 'string' &&
    typeof value['birthday'] === 'bigint' &&
    Array.isArray(value['accounts']) &&
    value['storeSecret'] instanceof Uint8Array;
  ensure(fits, 'keystore-malformed', MALFORMED);
  return value as unknown as Sealed;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHex(value: unknown, length?: number): value is string {
  return (
    typeof value === 'string' &&
    value.length % 2 === 0 &&
    /^[0-9a-f]*$/.test(value) &&
    (length === undefined || value.length === 2 * length)
  );
}
