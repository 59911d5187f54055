import { equalBytes } from '@sero/crypto';
import {
  type Address,
  type DisclosedOutput,
  decodeAddress,
  decodeEnvelope,
  decodeExecutedBlock,
  decodeField,
  discloseReceipt,
  encodeAddress,
  headerHash,
  type OpenedNote,
  type Output,
  ProtocolError,
  type Transaction,
  transactionId,
  verifyPayeeDisclosure,
  verifyPayerDisclosure,
} from '@sero/protocol';
import { rootsHold } from './block-roots.ts';
import { ensure, WalletError } from './errors.ts';
import { fromForeignJson, MAX_DISCLOSURE_LENGTH, toJson } from './json.ts';
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

/** What a disclosure proves. */
export interface DisclosedPayment {
  /** Which opening it is: not who made it, since whoever opens a note can make the payer's. */
  readonly kind: 'payer' | 'payee';
  readonly to: Address;
  readonly asset: bigint;
  readonly value: bigint;
  readonly txid: Uint8Array;
  /** The block that holds the payment. That this block is the chain's is the verifier's to check. */
  readonly height: bigint;
  readonly blockHash: Uint8Array;
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
 * Checks a disclosure against the block that holds its transaction; needs no wallet. Undefined where it is false, or where the
 * block does not hold the transaction or is not what its header says. Throws `disclosure-malformed` for text that
 * is no disclosure, ProtocolError for bytes that are no block.
 *
 * @param block an executed block, serialised, from a source that the verifier trusts: compare `blockHash` with the chain's
 */
export function verifyDisclosure(
  disclosure: Disclosure,
  block: Uint8Array,
  genesisHash: Uint8Array,
): DisclosedPayment | undefined {
  const record = readDisclosure(disclosure);
  const executed = decodeExecutedBlock(block);
  const { header } = executed.block;
  const place = executed.receipts.findIndex(({ txid }) => equalBytes(txid, record.txid));
  const transaction = executed.block.transactions[place];
  if (!rootsHold(executed) || !equalBytes(header.genesisHash, genesisHash) || transaction === undefined) {
    return undefined;
  }
  const { tx, txid } = decodeForDisclosure(transaction, genesisHash);
  const output = tx.shielded.outputs[record.index];
  if (output === undefined || !equalBytes(txid, record.txid)) return undefined;
  try {
    const opened = openDisclosed(record, tx, output);
    if (opened === undefined) return undefined;
    const { asset, value } = opened.note;
    const to = decodeAddress(record.to);
    return { kind: record.by, to, asset, value, txid, height: header.height, blockHash: headerHash(header) };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function openDisclosed(record: DisclosureRecord, tx: Transaction, output: Output): OpenedNote | undefined {
  const firstNullifier = decodeField(tx.shielded.nullifiers[0]!, 'nullifier');
  const disclosed: DisclosedOutput = { output, firstNullifier, index: record.index };
  const to = decodeAddress(record.to);
  if (record.by === 'payer') return verifyPayerDisclosure(disclosed, { to, rseed: record.opening });
  const [secret, proof] = [record.opening.slice(0, 32), record.opening.slice(32)];
  return verifyPayeeDisclosure(disclosed, { address: to, secret, proof });
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
  const value = fromForeignJson(text, MAX_DISCLOSURE_LENGTH);
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
