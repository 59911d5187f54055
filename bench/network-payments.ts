import { developmentTools } from '../tools/demo/network.ts';
import type { PaymentCache } from './network-cache.ts';
import type { PaymentChain } from './network-chain.ts';
import { paymentMaker } from './network-payment.ts';

/** Payments under way: while one is proved, the next is built. */
const UNDER_WAY = 2;
const SAY_EVERY = 100;

type Say = (line: string) => void;

/** Makes those of a chain's first `wanted` payments that its cache lacks: nothing where it has them. It may be ended at any moment. */
export async function makePayments(
  chain: PaymentChain,
  cache: PaymentCache,
  wanted: number,
  say: Say,
): Promise<void> {
  if (cache.count() >= wanted) return;
  const tools = await developmentTools(say);
  try {
    const maker = paymentMaker(chain, tools);
    say(`the tree of ${chain.genesis.allocations.length} notes stands; ${tools.backend}`);
    await fillPaymentCache(cache, wanted, maker.make, say);
  } finally {
    await tools.close();
  }
}

/** Adds payments until a cache has `wanted`, from the first that it lacks on and in order, some of them under way at a time. */
export async function fillPaymentCache(
  cache: PaymentCache,
  wanted: number,
  make: (n: number) => Promise<Uint8Array>,
  say: Say,
): Promise<void> {
  const had = cache.count();
  const begun = performance.now();
  const coming: Promise<Uint8Array>[] = [];
  for (let next = had; cache.count() < wanted; ) {
    while (coming.length < UNDER_WAY && next < wanted) {
      const payment = make(next++);
      // Awaited below, in order; one that fails before its turn must not end the program first.
      payment.catch(() => undefined);
      coming.push(payment);
    }
    cache.append(await coming.shift()!);
    const made = cache.count() - had;
    if (made % SAY_EVERY !== 0 && cache.count() !== wanted) continue;
    const each = (performance.now() - begun) / made;
    const left = Math.ceil(((wanted - cache.count()) * each) / 60_000);
    say(`${cache.count()} of ${wanted}, ${each.toFixed(0)} ms each, ${left} min to go`);
  }
}
