import { WalletError } from './errors.ts';
import { fromJson } from './json.ts';
import type { Plan, TransactionPlan } from './plan.ts';

/**
 * Reads a plan. Only its outer shape is looked at here: every number, point and length in it is checked again when the
 * transaction is built, encoded and proved, where a wrong one is refused with its own error.
 */
export function readPlan(plan: Plan): TransactionPlan {
  let value: unknown;
  try {
    value = fromJson(plan);
  } catch {
    throw new WalletError('plan-malformed', 'this is not a plan that the wallet wrote');
  }
  if (!isPlan(value)) throw new WalletError('plan-malformed', 'this is not a plan that the wallet wrote');
  return value;
}

function isPlan(value: unknown): value is TransactionPlan {
  if (typeof value !== 'object' || value === null) return false;
  const plan = value as Record<keyof TransactionPlan, unknown>;
  return (
    plan.version === 1 &&
    plan.genesisHash instanceof Uint8Array &&
    typeof plan.tx === 'object' &&
    typeof plan.anchor === 'object' &&
    [plan.rFrom, plan.alpha, plan.slotAsset, plan.fee].every((item) => typeof item === 'bigint') &&
    [plan.inputs, plan.outputs, plan.spends].every(Array.isArray)
  );
}
