import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { developmentVerifyingKeys, type Shape } from '@sero/circuits';
import { fieldFromBytes, fieldToBytes, Q, randomizeSecret, sign } from '@sero/crypto';
import {
  type Allocation,
  checkTransaction,
  DEVELOPMENT,
  decodeEnvelope,
  decodeExecutedBlock,
  encodeEnvelope,
  encodeOneTimeAddress,
  ownAddress,
  SERO_ASSET,
  type Transaction,
  transactionHash,
} from '@sero/protocol';
import { createPortableVerifier, decodeVerifyingKey, type Proof } from '@sero/prover';
import { createSnarkjsProver } from '@sero/prover/test/snarkjs';
import { type Request, readPlan, systemRandom } from '@sero/wallet';
import { type Actor, keysFromWords, openActor, type Prepared, prepare } from '../../tools/demo/actor.ts';
import {
  type DevelopmentTools,
  developmentTools,
  type Network,
  startNetwork,
} from '../../tools/demo/network.ts';

/** One real proof of a shape on a network whose node made no proving key: it has the committed verifying keys. */
export interface ShapeScene {
  readonly shape: Shape;
  /** Alice's notes of SERO in the genesis block. */
  readonly notes: readonly bigint[];
  /** What Alice asks for. */
  readonly request: (bob: Actor) => Request;
  /** What Bob has afterwards. */
  readonly received: bigint;
}

/** Proves once and checks everything that hangs on it. */
export function realProofTests({ shape, notes, request, received }: ShapeScene): void {
  const vk = decodeVerifyingKey(developmentVerifyingKeys().get(shape.id)!);
  const verifier = createPortableVerifier();
  let tools: DevelopmentTools;
  let network: Network;
  let alice: Actor;
  let bob: Actor;
  let prepared: Prepared;
  let inputs: bigint[];
  let allocations: Allocation[];

  before(async () => {
    tools = await developmentTools();
    const [hers, his] = [keysFromWords('new'), keysFromWords('new')];
    allocations = notes.map((value, i) => {
      const address = ownAddress(hers.key.proof.viewing, DEVELOPMENT.chainId, 'owner', BigInt(i));
      return { pkr: encodeOneTimeAddress(address), asset: fieldToBytes(SERO_ASSET), value };
    });
    network = startNetwork([...developmentVerifyingKeys().values()], allocations);
    alice = await openActor('alice', hers.words, network.genesis);
    bob = await openActor('bob', his.words, network.genesis);
    await deliver(network.ledger.executedBlock(0n));
    prepared = await prepare(alice, request(bob), tools);
    const { bytes } = prepared.ready;
    const checked = checkTransaction(decodeEnvelope(bytes), bytes, network.ledger);
    const { header } = decodeExecutedBlock(network.ledger.executedBlock(checked.tx.shielded.anchor)).block;
    inputs = checked.publicInputs(fieldFromBytes(header.notesRoot));
  });

  after(() => tools.close());

  async function deliver(block: Uint8Array): Promise<void> {
    for (const { wallet } of [alice, bob]) await wallet.addBlock(block.slice());
  }

  const proofOf = (): Proof => decodeEnvelope(prepared.ready.bytes).private!.authorization.proof;

  test(`a proof of shape ${shape.name} verifies here and in snarkjs`, async (t) => {
    t.diagnostic(`shape ${shape.name}: proved in ${Math.round(prepared.timing.proveMs)} ms`);
    assert.equal(readPlan(prepared.plan).tx.circuit, shape.id);
    assert.equal(inputs.length, shape.publicInputs);
    assert.deepEqual(verifier.verifySync(vk, inputs, proofOf()), { ok: true });
    const snarkjs = createSnarkjsProver();
    try {
      assert.equal(await snarkjs.verify(vk, inputs, proofOf()), true);
    } finally {
      await snarkjs.close();
    }
  });

  test(`each of the ${shape.publicInputs} public inputs of shape ${shape.name} is bound by the proof`, () => {
    for (const [i, input] of inputs.entries()) {
      const moved = verifier.verifySync(vk, inputs.with(i, (input + 1n) % Q), proofOf());
      assert.deepEqual(moved, { ok: false, code: 'proof-invalid' }, `input ${i}`);
    }
  });

  test(`a proof of shape ${shape.name} is none under another shape’s key`, () => {
    for (const [circuit, bytes] of developmentVerifyingKeys()) {
      if (circuit === shape.id) continue;
      const other = decodeVerifyingKey(bytes);
      const fitted = Array.from({ length: other.ic.length - 1 }, (_, i) => inputs[i] ?? 0n);
      assert.equal(verifier.verifySync(other, fitted, proofOf()).ok, false);
    }
  });

  test(`a transaction of shape ${shape.name} that was changed after it was proved is refused, signed as it may be`, async () => {
    const secret = randomizeSecret(alice.key.ask, readPlan(prepared.plan).alpha);
    const { tx } = decodeEnvelope(prepared.ready.bytes).private!;
    const { shielded } = tx;
    const flipped = (bytes: Uint8Array): Uint8Array => fieldToBytes((fieldFromBytes(bytes) + 1n) % Q);
    const last = <T>(list: readonly T[], change: (item: T) => T): T[] =>
      list.map((item, i) => (i === list.length - 1 ? change(item) : item));
    const changes: readonly Partial<Transaction>[] = [
      { expiry: tx.expiry - 1n },
      { shielded: { ...shielded, nullifiers: last(shielded.nullifiers, flipped) } },
      { shielded: { ...shielded, traces: last(shielded.traces, flipped) } },
      {
        shielded: {
          ...shielded,
          outputs: last(shielded.outputs, (out) => ({ ...out, cm: flipped(out.cm) })),
        },
      },
    ];
    for (const change of changes) {
      const altered = { ...tx, ...change };
      const signature = sign(secret, transactionHash(altered, network.ledger.genesisHash), systemRandom(80));
      const bytes = encodeEnvelope({ tx: altered, authorization: { proof: proofOf(), signature } });
      await assert.rejects(network.ledger.check(bytes), { name: 'LedgerError', code: 'proof-invalid' });
    }
  });

  test(`the ledger takes the transaction of shape ${shape.name}, once, and both wallets see it`, async () => {
    const { bytes } = prepared.ready;
    const before = alice.wallet.balances()[0]!.total;
    await prepared.send((transaction) => network.send(transaction));
    await deliver(await network.mine());
    const paid = bob.wallet.balances().find(({ asset }) => asset === SERO_ASSET)?.total ?? 0n;
    assert.equal(paid, received);
    assert.equal(alice.wallet.balances()[0]!.total, before - received - prepared.fee);
    await assert.rejects(network.ledger.check(bytes), { name: 'LedgerError', code: 'nullifier-spent' });
  });

  test('a network that names no key for the circuit refuses the very transaction that this one took', async () => {
    const keys = developmentVerifyingKeys();
    const without = [...keys].filter(([circuit]) => circuit !== shape.id).map(([, bytes]) => bytes);
    const other = startNetwork(without, allocations);
    const { tx } = decodeEnvelope(prepared.ready.bytes).private!;
    const secret = randomizeSecret(alice.key.ask, readPlan(prepared.plan).alpha);
    const signature = sign(secret, transactionHash(tx, other.ledger.genesisHash), systemRandom(80));
    const bytes = encodeEnvelope({ tx, authorization: { proof: proofOf(), signature } });
    await assert.rejects(other.ledger.check(bytes), { name: 'LedgerError', code: 'circuit-without-key' });
  });
}
