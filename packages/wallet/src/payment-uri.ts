import { utf8 } from '@sero/crypto';
import {
  type Address,
  addressFromText,
  addressToText,
  checkName,
  type Network,
  ProtocolError,
  VALUE_LIMIT,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';

/** A request for one payment, as a link or QR code carries it. */
export interface PaymentUri {
  readonly to: Address;
  /** Name of the token; SERO where it is undefined. */
  readonly asset?: string;
  /** In the smallest unit: of SERO 10^-18, a token has no smaller one. The payer chooses where it is undefined. */
  readonly amount?: bigint;
  /** At most 512 bytes of UTF-8. */
  readonly memo?: string;
  /** Who is paid, as he says. Never show it as if it were true. */
  readonly label?: string;
  /** What for, as the payee says. */
  readonly message?: string;
}

const SCHEME = 'sero:';

/** Longest URI, in characters: what a QR code holds. */
const MAX_URI_LENGTH = 4_096;

/** Bytes of a memo at most (protocol). */
const MAX_MEMO = 512;

/** Digits after the point of an amount in SERO. */
const SERO_DECIMALS = 18;

/** A payment request as text, after ZIP 321: `sero:<address>?amount=1.5&asset=…&memo=<base64url>&label=…&message=…`. */
export function paymentUri(request: PaymentUri, network: Network): string {
  const { amount, asset, memo, label, message } = request;
  const parameters: [string, string | undefined][] = [
    ['amount', amount === undefined ? undefined : amountText(amount, asset)],
    ['asset', asset],
    ['memo', memo === undefined ? undefined : toBase64Url(utf8(memo))],
    ['label', label],
    ['message', message],
  ];
  const wellFormed = parameters.every(([, value]) => value?.isWellFormed() !== false);
  ensure(wellFormed, 'uri-malformed', 'a text of this payment request holds half of a character');
  const query = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  const uri = `${SCHEME}${addressToText(request.to, network)}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  // What nobody could read is not written.
  readPaymentUri(uri, network);
  return uri;
}

/**
 * Reads a payment request strictly. Throws `uri-malformed` where a part is not what it should be or stands there twice,
 * `uri-unsupported` for several payments in one URI and for `req-` parameters that this wallet does not know; other unknown
 * parameters are passed over (ZIP 321).
 */
export function readPaymentUri(text: string, network: Network): PaymentUri {
  ensure(
    text.length <= MAX_URI_LENGTH,
    'uri-malformed',
    `a payment URI has at most ${MAX_URI_LENGTH} characters`,
  );
  ensure(text.toLowerCase().startsWith(SCHEME), 'uri-malformed', `a payment URI begins with "${SCHEME}"`);
  const rest = text.slice(SCHEME.length);
  const question = rest.indexOf('?');
  const address = question === -1 ? rest : rest.slice(0, question);
  const parameters = readParameters(question === -1 ? undefined : rest.slice(question + 1));
  const to = addressOf(address, network);
  const asset = parameters.get('asset');
  if (asset !== undefined && asset !== 'SERO') checkAssetName(asset);
  const token = asset === 'SERO' ? undefined : asset;
  const amount = parameters.get('amount');
  const memo = parameters.get('memo');
  const label = parameters.get('label');
  const message = parameters.get('message');
  return {
    to,
    ...(token === undefined ? {} : { asset: token }),
    ...(amount === undefined ? {} : { amount: readAmount(amount, token) }),
    ...(memo === undefined ? {} : { memo: readMemo(memo) }),
    ...(label === undefined ? {} : { label }),
    ...(message === undefined ? {} : { message }),
  };
}

const KNOWN = ['amount', 'asset', 'memo', 'label', 'message'];

function readParameters(query: string | undefined): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (query === undefined) return parameters;
  for (const pair of query.split('&')) {
    const parts = /^([a-zA-Z][a-zA-Z0-9+-]*)(?:\.(\d+))?(?:=(.*))?$/.exec(pair);
    ensure(parts !== null, 'uri-malformed', 'a part of this payment URI is no parameter');
    const [, name = '', index, value] = parts;
    ensure(
      index === undefined && name !== 'address',
      'uri-unsupported',
      'this URI asks for several payments: this wallet takes one at a time',
    );
    ensure(
      !name.startsWith('req-'),
      'uri-unsupported',
      `this URI needs "${name}", which this wallet does not know`,
    );
    if (!KNOWN.includes(name)) continue;
    ensure(
      value !== undefined && !parameters.has(name),
      'uri-malformed',
      `"${name}" stands there twice or without a value`,
    );
    parameters.set(name, decodedText(value));
  }
  return parameters;
}

function decodedText(value: string): string {
  ensure(
    /^[\w\-.~!$'()*+,;:@%/?]*$/.test(value),
    'uri-malformed',
    'a character of this payment URI must be escaped',
  );
  try {
    return decodeURIComponent(value);
  } catch {
    throw new WalletError('uri-malformed', 'an escaped character of this payment URI is none');
  }
}

function addressOf(text: string, network: Network): Address {
  try {
    return addressFromText(text, network);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError('uri-malformed', `no address of the ${network} network: ${error.message}`);
  }
}

function checkAssetName(asset: string): void {
  try {
    checkName(asset);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError('uri-malformed', `"${asset}" is no name of an asset`);
  }
}

function readAmount(text: string, token: string | undefined): bigint {
  const parts = /^(\d{1,39})(?:\.(\d+))?$/.exec(text);
  ensure(parts !== null, 'uri-malformed', 'an amount is a decimal number such as 1.5');
  const [, whole = '', fraction = ''] = parts;
  const decimals = token === undefined ? SERO_DECIMALS : 0;
  ensure(
    fraction.length <= decimals,
    'uri-malformed',
    `an amount here has at most ${decimals} digits after the point`,
  );
  const amount = BigInt(`${whole}${fraction.padEnd(decimals, '0')}`);
  ensure(
    amount > 0n && amount < VALUE_LIMIT,
    'uri-malformed',
    'an amount lies in 1 to 2^128 - 1 smallest units',
  );
  return amount;
}

function amountText(amount: bigint, token: string | undefined): string {
  if (token !== undefined) return amount.toString();
  const digits = amount.toString().padStart(SERO_DECIMALS + 1, '0');
  const fraction = digits.slice(-SERO_DECIMALS).replace(/0+$/, '');
  return `${digits.slice(0, -SERO_DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64url without padding (RFC 4648, section 5). */
function toBase64Url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(bytes.length - i, 3) + 1;
    for (let digit = 0; digit < digits; digit++) text += ALPHABET[(group >> (18 - 6 * digit)) & 63];
  }
  return text;
}

function readMemo(text: string): string {
  const bytes = fromBase64Url(text);
  ensure(
    bytes !== undefined && bytes.length <= MAX_MEMO && toBase64Url(bytes) === text,
    'uri-malformed',
    `a memo is base64url of at most ${MAX_MEMO} bytes`,
  );
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WalletError('uri-malformed', 'the memo is no UTF-8 text');
  }
}

function fromBase64Url(text: string): Uint8Array | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of text) {
    const digit = ALPHABET.indexOf(letter);
    if (digit === -1) return undefined;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Uint8Array.from(bytes);
}
