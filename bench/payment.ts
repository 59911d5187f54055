import { fieldToBytes } from '@sero/crypto';
import { DEVELOPMENT } from '@sero/protocol';
import { decodeVerifyingKey, type ProofItem, type VerifyingKey } from '@sero/prover';
import { newWords, type plan } from '@sero/wallet';
import {
  type Actor,
  addressOf,
  allocationAddress,
  keysFromWords,
  openActor,
  prepare,
} from '../tools/demo/actor.ts';
import { type DevelopmentTools, type Network, startNetwork } from '../tools/demo/network.ts';

/** One wallet with money on a chain of its own. */
export async function fundedWallet(tools: DevelopmentTools): Promise<{ actor: Actor; network: Network }> {
  const { words, key } = keysFromWords(newWords());
  const pkr = allocationAddress(key, DEVELOPMENT.chainId);
  const network = startNetwork([tools.verifyingKey], [{ pkr, asset: fieldToBytes(1n), value: 10n ** 21n }]);
  const actor = await openActor('bench', words, network.genesis);
  await actor.wallet.addBlock(network.ledger.executedBlock(0n));
  return { actor, network };
}

/** A payment of a person to himself, with a memo. */
export function payment(actor: Actor): Parameters<typeof plan>[1] {
  return { type: 'pay', to: addressOf(actor.address), asset: 1n, amount: 5n, memo: 'bench' };
}

/** The proof of a payment, as often as asked: a batch of honest proofs costs the same whatever they say. */
export async function proofItems(
  actor: Actor,
  network: Network,
  tools: DevelopmentTools,
): Promise<{ item: ProofItem; vk: VerifyingKey; bytes: Uint8Array }> {
  const { ready } = await prepare(actor, payment(actor), tools);
  const checked = await network.ledger.check(ready.bytes);
  const vk = decodeVerifyingKey(tools.verifyingKey);
  const root = actor.wallet.anchor()!.root;
  return {
    vk,
    bytes: ready.bytes,
    item: { vk, publicInputs: checked.publicInputs(root), proof: checked.authorization.proof },
  };
}
