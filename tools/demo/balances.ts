import { toHex } from '@sero/crypto';
import { SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import type { Balance, Wallet } from '@sero/wallet';
import type { Scenario } from './scenario.ts';
import { type Details, headerAt, heightOf, type Stage } from './stage.ts';

/** What a wallet holds of an asset in the end, in smallest units. */
export interface FinalBalance {
  readonly wallet: string;
  readonly asset: string;
  readonly balance: string;
}

function assetName(wallet: Wallet, balance: Balance): string {
  return wallet.asset(balance.asset)?.name ?? balance.asset.toString();
}

export function shownBalance(wallet: Wallet): { balances: Record<string, string> } {
  return {
    balances: Object.fromEntries(
      wallet.balances().map((balance) => [assetName(wallet, balance), balance.total.toString()]),
    ),
  };
}

export function finalBalances(stage: Stage): FinalBalance[] {
  return [...stage.actors.values()].flatMap(({ name, wallet }) => {
    const held = wallet.balances().map(
      (balance): FinalBalance => ({
        wallet: name,
        asset: assetName(wallet, balance),
        balance: balance.total.toString(),
      }),
    );
    const sero = held.some(({ asset }) => asset === 'SERO');
    return sero ? held : [{ wallet: name, asset: 'SERO', balance: '0' }, ...held];
  });
}

/**
 * All SERO that there ever was is in the pool, in the reward pool, staked or burned, and what is in the pool the wallets hold; of each token
 * what was issued: to the last unit.
 */
export async function conservation(stage: Stage, scenario: Scenario): Promise<Details> {
  const { rewardPool, pooled, supply, staked, burned, issued } = await stage.chain.reserves();
  const held = new Map<bigint, bigint>();
  for (const { wallet } of stage.actors.values()) {
    for (const { asset, total } of wallet.balances()) held.set(asset, (held.get(asset) ?? 0n) + total);
  }
  const allocated = scenario.allocations.reduce((sum, { amount }) => sum + amount, 0n);
  const pool = pooled.get(SERO_ASSET) ?? 0n;
  const seroOk = held.get(SERO_ASSET) === pool && pool + rewardPool + staked + burned === issued;
  const tokensOk = [...held].every(
    ([asset, total]) => asset === SERO_ASSET || (total === supply.get(asset) && total === pooled.get(asset)),
  );
  return {
    ok: seroOk && tokensOk,
    allocated: allocated.toString(),
    fees: (allocated - pool).toString(),
    assets: held.size,
    height: heightOf(stage).toString(),
    root: toHex(headerAt(stage, heightOf(stage)).stateRoot),
  };
}

/** Whole SERO for people. */
export function inSero(units: bigint): string {
  if (units < 0n) return `-${inSero(-units)}`;
  const whole = units / SERO_UNIT;
  const rest = (units % SERO_UNIT).toString().padStart(18, '0').replace(/0+$/, '');
  return rest === '' ? `${whole}` : `${whole}.${rest}`;
}
