import { equalBytes, fieldFromBytes } from '@sero/crypto';
import {
  type Address,
  type DisclosedOutput,
  decodeAddress,
  decodeEnvelope,
  discloseReceipt,
  encodeAddress,
  ProtocolError,
  type Transaction,
  transactionId,
  verifyPayeeDisclosure,
  verifyPayerDisclosure,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { fromJson, toJson } from './json.ts';
import { type Random, systemRandom } from './random.ts';
import type { Wallet } from './wallet.ts';

/** One payment laid open, as text: shows this payment and nothing else of either account. */
export type Disclosure = string;

interface DisclosureRecord {
  readonly by: 'payer' | 'payee';
  readonly txid: Uint8Array;
  readonly index: number;
  /** PK of the payee, 64 bytes. */
  readonly to: Uint8Array;
  /** The payer's rseed, or the payee's secret and its proof. */
  readonly opening: Uint8Array;
}

/** What a disclosure proves about the chain. */
export interface DisclosedPayment {
  readonly by: 'payer' | 'payee';
  readonly to: Address;
  readonly asset: bigint;
  readonly value: bigint;
}

/** Discloses, as its payer, what an own transaction paid in one output. Throws `output-unknown`. */
export function disclosePayment(wallet: Wallet, txid: Uint8Array, index: number): Disclosure {
  const payment = wallet
    .history()
    .filter((entry) => equalBytes(entry.txid, txid))
    .flatMap(({ payments }) => payments)
    .find((candidate) => candidate.index === index);
  ensure(payment !== undefined, 'output-unknown', 'this account paid nothing in that output');
  return toJson({
    by: 'payer',
    txid,
    index,
    to: payment.to,
    opening: payment.rseed,
  } satisfies DisclosureRecord);
}

/**
 * Discloses, as its payee, one received output, without giving away the viewing key. Throws `output-unknown`.
 *
 * @param transaction the transaction's bytes, from the chain
 */
export function discloseReceived(
  wallet: Wallet,
  transaction: Uint8Array,
  index: number,
  random: Random = systemRandom,
): Disclosure {
  const { tx, txid } = decodeForDisclosure(transaction, wallet.genesisHash);
  const output = tx.shielded.outputs[index];
  const own = wallet
    .notes()
    .some((note) => !note.public && note.index === index && equalBytes(note.txid, txid));
  ensure(output !== undefined && own, 'output-unknown', 'this account received nothing in that output');
  const { secret, proof } = discloseReceipt(wallet.key, output.vpkr, random(64));
  const opening = new Uint8Array(96);
  opening.set(secret);
  opening.set(proof, 32);
  return toJson({
    by: 'payee',
    txid,
    index,
    to: encodeAddress(wallet.key.address),
    opening,
  } satisfies DisclosureRecord);
}

/**
 * Checks a disclosure against the transaction in the chain that it speaks of; needs no wallet. Undefined where it is false.
 * Throws `disclosure-malformed` for text that is no disclosure.
 */
export function verifyDisclosure(
  disclosure: Disclosure,
  transaction: Uint8Array,
  genesisHash: Uint8Array,
): DisclosedPayment | undefined {
  const record = readDisclosure(disclosure);
  const { tx, txid } = decodeForDisclosure(transaction, genesisHash);
  const output = tx.shielded.outputs[record.index];
  if (output === undefined || !equalBytes(txid, record.txid)) return undefined;
  const disclosed: DisclosedOutput = {
    output,
    firstNullifier: fieldFromBytes(tx.shielded.nullifiers[0]!),
    index: record.index,
  };
  let to: Address;
  try {
    to = decodeAddress(record.to);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  const opened =
    record.by === 'payer'
      ? verifyPayerDisclosure(disclosed, { to, rseed: record.opening })
      : verifyPayeeDisclosure(disclosed, {
          address: to,
          secret: record.opening.slice(0, 32),
          proof: record.opening.slice(32),
        });
  if (opened === undefined) return undefined;
  return { by: record.by, to, asset: opened.note.asset, value: opened.note.value };
}

function decodeForDisclosure(
  bytes: Uint8Array,
  genesisHash: Uint8Array,
): { tx: Transaction; txid: Uint8Array } {
  const envelope = decodeEnvelope(bytes);
  ensure(
    envelope.private !== undefined && envelope.private.tx.shielded.nullifiers.length > 0,
    'output-unknown',
    'this transaction has no private outputs',
  );
  const { tx } = envelope.private;
  return { tx, txid: transactionId(tx, genesisHash) };
}

function readDisclosure(text: Disclosure): DisclosureRecord {
  let value: unknown;
  try {
    value = fromJson(text);
  } catch {
    value = undefined;
  }
  const record = value as Partial<Record<keyof DisclosureRecord, unknown>> | null | undefined;
  const { by, txid, index, to, opening } = record ?? {};
  if (
    (by !== 'payer' && by !== 'payee') ||
    !(txid instanceof Uint8Array && to instanceof Uint8Array && opening instanceof Uint8Array) ||
    typeof index !== 'number' ||
    opening.length !== (by === 'payer' ? 32 : 96)
  ) {
    throw new WalletError('disclosure-malformed', 'this is not a disclosure that a wallet wrote');
  }
  return { by, txid, index, to, opening };
}
