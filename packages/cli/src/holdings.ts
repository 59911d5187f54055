import { SERO_ASSET } from '@sero/protocol';
import type { Wallet } from '@sero/wallet';
import { decimalsOf, formatUnits } from './amounts.ts';
import { assetName } from './names.ts';
import { table } from './text.ts';

/** Balances as data and as a table. */
export interface Holdings {
  readonly data: readonly object[];
  readonly text: () => string;
}

/**
 * What a wallet holds that has read the chain. SERO, or the one asset that was asked for, is shown where there is none of it, too: the
 * chain was read, so that it is a true zero.
 */
export function holdingsOf(wallet: Wallet, only?: bigint): Holdings {
  const wanted = only ?? SERO_ASSET;
  const none = { asset: wanted, spendable: 0n, waiting: 0n, pending: 0n, total: 0n };
  const held = wallet.balances().filter(({ asset }) => only === undefined || asset === only);
  const shown = held.some(({ asset }) => asset === wanted) ? held : [none, ...held];
  const rows = shown.map((balance) => ({ ...balance, name: assetName(wallet, balance.asset) }));
  return {
    data: rows.map((row) => ({ ...row, decimals: decimalsOf(row.name) })),
    text: () =>
      table(
        ['ASSET', '>SPENDABLE', '>WAITING', '>PENDING', '>TOTAL'],
        rows.map(({ name, spendable, waiting, pending, total }) => [
          name,
          ...[spendable, waiting, pending, total].map((units) => formatUnits(units, name)),
        ]),
      ),
  };
}
