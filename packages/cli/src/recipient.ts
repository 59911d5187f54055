import { addressToText, SERO_ASSET } from '@sero/protocol';
import { type Payout, type Request, readPaymentUri } from '@sero/wallet';
import { formatAmount, parseUnits, splitAmount } from './amounts.ts';
import { usageError } from './errors.ts';
import { assetName, assetNumber } from './names.ts';
import type { Session } from './session.ts';
import { visible } from './text.ts';

/** A payment as it was typed. */
export interface TypedPayment {
  /** An address, a contact's name or a payment URI. */
  readonly to: string;
  /** "1.5", "1.5 SERO", or empty where a payment URI says it. */
  readonly amount: string;
  readonly asset?: string;
  readonly memo?: string;
}

/** A payment that can be planned. */
export interface ResolvedPayment extends Payout {
  readonly memo?: string;
  /** What the person who is asked sees: the exact amount and the whole address. */
  readonly says: string;
}

type Payment = Extract<Request, { type: 'pay' }>;

/** Finds out whom and how much a payment means. Throws a usage error, `contact-unknown`, `uri-malformed`, `uri-unsupported`. */
export async function resolvePayment(session: Session, typed: TypedPayment): Promise<ResolvedPayment> {
  return /^sero:/i.test(typed.to) ? fromUri(session, typed) : fromText(session, typed);
}

/** The request to the wallet. */
export function paymentRequest({ to, asset, amount, memo }: ResolvedPayment): Payment {
  return { type: 'pay', to, asset, amount, ...(memo === undefined ? {} : { memo }) };
}

async function fromText({ contacts, wallet }: Session, typed: TypedPayment): Promise<ResolvedPayment> {
  const { address, text, name } = await contacts.resolve(typed.to);
  if (typed.amount === '') throw usageError('the amount is missing', 'such as 1.5, "1.5 SERO" or "20 GOLD"');
  const { digits, unit } = splitAmount(typed.amount);
  if (unit !== undefined && typed.asset !== undefined && unit !== typed.asset) {
    throw usageError(`the amount is in ${unit}, --asset says ${typed.asset}`, 'say it once');
  }
  const asset = assetNumber(wallet, unit ?? typed.asset ?? 'SERO');
  const amount = parseUnits(digits, nameForUnits(asset, assetName(wallet, asset)));
  const payee = name === undefined ? text : `${visible(name)}, ${text}`;
  return {
    to: address,
    asset,
    amount,
    says: `${formatAmount(amount, assetName(wallet, asset))} to ${payee}`,
    ...(typed.memo === undefined ? {} : { memo: typed.memo }),
  };
}

/** What a URI says must not be contradicted: whoever scans a code sees all of it before he pays. */
async function fromUri({ wallet, network }: Session, typed: TypedPayment): Promise<ResolvedPayment> {
  const uri = readPaymentUri(typed.to, network);
  if (uri.asset !== undefined && typed.asset !== undefined && uri.asset !== typed.asset) {
    throw usageError(`the payment URI asks for ${uri.asset}, --asset says ${typed.asset}`);
  }
  const written = typed.amount === '' ? undefined : splitAmount(typed.amount);
  const asset = assetNumber(wallet, uri.asset ?? written?.unit ?? typed.asset ?? 'SERO');
  const name = nameForUnits(asset, assetName(wallet, asset));
  if (written?.unit !== undefined && written.unit !== name) {
    throw usageError(`the payment URI asks for ${name}, the amount is in ${written.unit}`);
  }
  const amount = written === undefined ? uri.amount : parseUnits(written.digits, name);
  if (amount === undefined)
    throw usageError('the payment URI leaves the amount to you', 'add it: {sero} send URI 1.5');
  if (uri.amount !== undefined && uri.amount !== amount) {
    throw usageError(
      `the payment URI asks for ${formatAmount(uri.amount, name)}`,
      'leave the amount away, or pay to the address',
    );
  }
  const memo = typed.memo ?? uri.memo;
  const claims = [uri.label, uri.message].filter((part) => part !== undefined).map(visible);
  const claim = claims.length === 0 ? '' : ` (the payment URI says: ${claims.join('; ')})`;
  return {
    to: uri.to,
    asset,
    amount,
    says: `${formatAmount(amount, name)} to ${addressToText(uri.to, network)}${claim}`,
    ...(memo === undefined ? {} : { memo }),
  };
}

/** The coin alone has decimal places, and only its number makes it the coin. */
function nameForUnits(asset: bigint, name: string): string {
  return asset === SERO_ASSET ? 'SERO' : name;
}
