import { equalBytes } from '@sero/crypto';
import { planStep } from '@sero/wallet';
import { addressOf, authorize, type Prepared } from './actor.ts';
import type { ScenarioStep } from './scenario.ts';
import { include, type Play, type Stage } from './stage.ts';

/** A payment may take several transactions where the money lies in many notes; each is a line of its own. */
export async function pay(
  stage: Stage,
  step: Extract<ScenarioStep, { do: 'pay' }>,
  play: Play,
): Promise<void> {
  const from = stage.actors.get(step.from)!;
  const asset = from.wallet.asset(step.asset);
  type Payment = Parameters<typeof planStep>[1];
  let rest: Payment | undefined = {
    type: 'pay',
    to: addressOf(stage.actors.get(step.to)!.address),
    asset: asset?.asset ?? 0n,
    amount: step.amount,
    ...(step.memo === undefined ? {} : { memo: step.memo }),
  };
  while (rest !== undefined) {
    const due: Payment = rest;
    rest = undefined;
    const facts = { from: step.from, to: step.to, asset: step.asset, amount: due.amount.toString() };
    const memo = step.memo === undefined ? {} : { memo: step.memo };
    await play('pay', { ...facts, ...memo }, async () => {
      if (asset === undefined) return { ok: false, code: 'asset-unknown' };
      const start = performance.now();
      const next = await planStep(from.wallet, due);
      const prepared = await authorize(from, next.plan, stage.tools, performance.now() - start);
      const included = await include(stage, prepared);
      rest = next.rest;
      return {
        ...included,
        amount: next.paid.toString(),
        ...(next.paid === 0n ? { merge: true, memo: undefined } : {}),
        ok: included.ok === true && (next.paid === 0n || arrived(stage, step, prepared, next.paid)),
      };
    });
  }
}

/** The payee's wallet alone says whether the payment arrived, memo included. */
function arrived(
  stage: Stage,
  step: Extract<ScenarioStep, { do: 'pay' }>,
  prepared: Prepared,
  amount: bigint,
): boolean {
  const { wallet } = stage.actors.get(step.to)!;
  const note = wallet.notes().find(({ txid, value, asset }) => {
    const paid = value === amount && asset === wallet.asset(step.asset)?.asset;
    return paid && equalBytes(txid, prepared.ready.txid);
  });
  const entry = wallet.history().find(({ txid }) => equalBytes(txid, prepared.ready.txid));
  return note !== undefined && entry?.memo === step.memo;
}
