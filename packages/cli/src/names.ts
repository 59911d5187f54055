import { toHex } from '@sero/crypto';
import { addressToText, decodeAddress, type Network } from '@sero/protocol';
import type { Wallet } from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import { usageError } from './errors.ts';
import { visible } from './text.ts';

/** How an asset is called: its registered name, or its number where the wallet knows none. */
export function assetName(wallet: Pick<Wallet, 'asset'>, asset: bigint): string {
  const known = wallet.asset(asset);
  return known === undefined ? `#${asset}` : visible(known.name);
}

/** What a transaction pays to others, for a person. */
export function paidText(
  wallet: Pick<Wallet, 'asset'>,
  network: Network,
  payments: readonly { readonly to: Uint8Array; readonly asset: bigint; readonly value: bigint }[],
): string {
  if (payments.length === 0) return 'nobody else';
  return payments
    .map(({ to, asset, value }) => {
      const payee = addressToText(decodeAddress(to), network);
      return `${formatAmount(value, assetName(wallet, asset))} to ${payee}`;
    })
    .join(', ');
}

/** An asset by name or number. Throws a usage error where the chain has registered no such name. */
export function assetNumber(wallet: Pick<Wallet, 'asset'>, text: string): bigint {
  const known = wallet.asset(/^#?\d+$/.test(text) ? BigInt(text.replace('#', '')) : text);
  if (known === undefined) {
    throw usageError(
      `there is no asset ${visible(text)}`,
      'names are written in capitals; see: {sero} asset list',
    );
  }
  return known.asset;
}

/** A txid as people write it: 64 hexadecimal digits, with or without 0x. Throws a usage error. */
export function parseTxid(text: string): Uint8Array {
  const digits = text.replace(/^0x/, '');
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw usageError('a transaction is named by 64 hexadecimal digits', 'see: {sero} history');
  }
  return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** Bytes as the program shows them. */
export function hex(bytes: Uint8Array): string {
  return toHex(bytes);
}

/** The network of a genesis file. */
export function networkOf(genesis: { readonly devnet: number }): Network {
  return genesis.devnet === 1 ? 'development' : 'production';
}
