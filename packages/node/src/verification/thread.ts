import { createPortableVerifier, type ProofItem, type Verdict, type VerifyingKey } from '@sero/prover';

/** What a thread is told: a key under a number, once, or proofs to check. */
export type Order =
  | { readonly key: number; readonly vk: VerifyingKey }
  | { readonly batch: number; readonly items: readonly Item[] };

/** A proof; its key was told before. */
export interface Item {
  readonly key: number;
  readonly publicInputs: readonly bigint[];
  readonly proof: Uint8Array;
}

/** An answer to one proof: a verdict, or why there is none. */
export type Answer = Verdict | { readonly failed: string };

/** What a thread says: the answers of a batch, in order. */
export interface Report {
  readonly batch: number;
  readonly answers: readonly Answer[];
}

/**
 * The work of one thread, which a signal ends where the verifier can be ended. It remembers keys, so that each one's tables are made
 * once.
 */
export function createThreadWork(
  verifier = createPortableVerifier(),
): (order: Order, signal?: AbortSignal) => Promise<Report | undefined> {
  const keys = new Map<number, VerifyingKey>();

  async function alone(item: ProofItem): Promise<Answer> {
    try {
      return await verifier.verify(item.vk, item.publicInputs, item.proof);
    } catch (error) {
      return { failed: String(error) };
    }
  }

  return async (order, signal) => {
    if ('vk' in order) {
      keys.set(order.key, order.vk);
      return undefined;
    }
    const items = order.items.map(({ key, publicInputs, proof }) => ({
      vk: keys.get(key)!,
      publicInputs,
      proof,
    }));
    try {
      return { batch: order.batch, answers: await verifier.verifyBatch(items, signal) };
    } catch (error) {
      if (signal?.aborted) throw error;
      // One item that the verifier throws at must not take its neighbours along.
      const answers: Answer[] = [];
      for (const item of items) answers.push(await alone(item));
      return { batch: order.batch, answers };
    }
  };
}
