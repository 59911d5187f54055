import { randomBytes } from 'node:crypto';
import { joinSplitSignals, joinSplitWitness, SHAPE_A } from '@sero/circuits';
import { compileShape } from '@sero/circuits/node';
import { fieldToBytes, multiply, pointToBytes, toScalar, VIEW_BASE } from '@sero/crypto';
import { DEVELOPMENT, decodeEnvelope, scalarToBytes } from '@sero/protocol';
import {
  createPortableScanner,
  createPortableVerifier,
  decodeVerifyingKey,
  type ProofItem,
  SCAN_OUTPUT_BYTES,
  type VerifyingKey,
} from '@sero/prover';
import { createSnarkjsProver } from '@sero/prover/node';
import { buildTransaction, newWords, plan, readPlan } from '@sero/wallet';
import { wtns } from 'snarkjs';
import {
  type Actor,
  addressOf,
  allocationAddress,
  keysFromWords,
  openActor,
  prepare,
} from '../tools/demo/actor.ts';
import {
  type DevelopmentTools,
  developmentTools,
  type Network,
  startNetwork,
} from '../tools/demo/network.ts';
import type { Comparison, Suite } from './harness.ts';

/** One wallet with money on a chain of its own. */
async function fundedWallet(tools: DevelopmentTools): Promise<{ actor: Actor; network: Network }> {
  const { words, key } = keysFromWords(newWords());
  const pkr = allocationAddress(key, DEVELOPMENT.chainId);
  const network = startNetwork([tools.verifyingKey], [{ pkr, asset: fieldToBytes(1n), value: 10n ** 21n }]);
  const actor = await openActor('bench', words, network.genesis);
  await actor.wallet.addBlock(network.ledger.executedBlock(0n));
  return { actor, network };
}

function payment(actor: Actor): Parameters<typeof plan>[1] {
  return { type: 'pay', to: addressOf(actor.address), asset: 1n, amount: 5n, memo: 'bench' };
}

async function witnessComparison(actor: Actor, tools: DevelopmentTools): Promise<Comparison> {
  const { assignment } = buildTransaction(
    readPlan(await plan(actor.wallet, payment(actor))),
    actor.key.proof,
  );
  const { wasm } = await compileShape(SHAPE_A);
  const { program } = await tools.circuit(SHAPE_A.id);
  const signals = joinSplitSignals(SHAPE_A, assignment);
  return {
    what: 'The witness of a shape-A payment, with the checks that this program adds.',
    unit: 'ms',
    better: 'lower',
    runs: 7,
    subject: {
      name: 'pool.witness',
      operations: 1,
      run: () => joinSplitWitness(program, SHAPE_A, assignment),
    },
    beside: {
      name: 'snarkjs wtns.calculate (no checks of its own)',
      operations: 1,
      run: () => wtns.calculate(signals, wasm, { type: 'mem' }),
    },
  };
}

/** The proof of a payment, as often as asked: a batch of honest proofs costs the same whatever they say. */
async function proofItems(
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

function scanComparison(actor: Actor): Comparison {
  const count = 256;
  const outputs = new Uint8Array(SCAN_OUTPUT_BYTES * count);
  for (let i = 0; i < count; i++) {
    outputs.set(pointToBytes(multiply(VIEW_BASE, toScalar(randomBytes(64)))), SCAN_OUTPUT_BYTES * i);
  }
  const scanner = createPortableScanner();
  const viewKey = scalarToBytes(actor.wallet.key.vsk);
  return {
    what: 'Outputs of others tried by a wallet, each with its own one-time key.',
    unit: 'outputs/s',
    better: 'higher',
    runs: 5,
    subject: { name: 'pool.scan', operations: count, run: () => scanner.scan({ viewKey, outputs }) },
  };
}

let open: DevelopmentTools | undefined;
const oracle = createSnarkjsProver();

/** Figures of a private payment: what its maker and its checker pay. */
export const poolSuite: Suite = {
  prefix: 'pool.',
  async prepare() {
    const tools = await developmentTools();
    open = tools;
    const { actor, network } = await fundedWallet(tools);
    const { item, vk, bytes } = await proofItems(actor, network, tools);
    const verifier = createPortableVerifier();
    const batch = Array.from({ length: 64 }, () => item);
    const { program, provingKey } = await tools.circuit(SHAPE_A.id);
    const planned = await plan(actor.wallet, payment(actor));
    const { assignment } = buildTransaction(readPlan(planned), actor.key.proof);
    return [
      await witnessComparison(actor, tools),
      {
        what: 'Witness and Groth16 proof of a shape-A payment, the proving key in the page cache.',
        unit: 'ms',
        better: 'lower',
        runs: 5,
        subject: {
          name: 'pool.prove',
          operations: 1,
          run: async () => {
            const { wtns: witness } = await joinSplitWitness(program, SHAPE_A, assignment);
            return tools.prover.prove(provingKey, witness);
          },
        },
      },
      {
        what: 'One proof of shape A.',
        unit: 'ms',
        better: 'lower',
        runs: 7,
        subject: {
          name: 'pool.verify',
          operations: 1,
          run: () => verifier.verify(vk, item.publicInputs, item.proof),
        },
        beside: {
          name: 'snarkjs groth16.verify',
          operations: 1,
          run: () => oracle.verify(vk, item.publicInputs, item.proof),
        },
      },
      {
        what: 'Each of 64 proofs that are checked as one equation.',
        unit: 'ms',
        better: 'lower',
        runs: 3,
        subject: {
          name: 'pool.verifyBatch64',
          operations: batch.length,
          run: () => verifier.verifyBatch(batch),
        },
        beside: {
          name: 'one by one',
          operations: 4,
          run: async () => {
            for (const { publicInputs, proof } of batch.slice(0, 4))
              await verifier.verify(vk, publicInputs, proof);
          },
        },
      },
      scanComparison(actor),
      {
        what: 'The bytes of a payment decoded; points, signature and proof are not looked at.',
        unit: 'ms',
        better: 'lower',
        runs: 7,
        subject: { name: 'pool.decodeTransaction', operations: 1, run: () => decodeEnvelope(bytes) },
      },
    ];
  },
  async close() {
    await oracle.close();
    await open?.close();
  },
};
