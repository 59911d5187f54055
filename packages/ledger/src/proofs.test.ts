import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes, SIGNING_RANDOMNESS, sign } from '@sero/crypto';
import {
  type CheckedTransaction,
  checkTransaction,
  decodeEnvelope,
  encodeBlock,
  encodeEnvelope,
  witnessTransactionId,
} from '@sero/protocol';
import { decodeVerifyingKey } from '@sero/prover';
import { proofOf, testVerifier, verifyingKey } from './doubles-test-support.ts';
import { proofChecker } from './proofs.ts';
import {
  contents,
  filler,
  flipped,
  RSK,
  refusalOf,
  refusalOfTransaction,
  startChain,
  type TestChain,
} from './test-support.ts';

function parts(bytes: Uint8Array) {
  return decodeEnvelope(bytes).private!;
}

/** The same transaction under another proof; txid and signature stay right. */
function withProof(bytes: Uint8Array, proof: Uint8Array): Uint8Array {
  const { tx, authorization } = parts(bytes);
  return encodeEnvelope({ tx, authorization: { ...authorization, proof } });
}

function withSignature(bytes: Uint8Array, signature: Uint8Array): Uint8Array {
  const { tx, authorization } = parts(bytes);
  return encodeEnvelope({ tx, authorization: { ...authorization, signature } });
}

function checkedOf(chain: TestChain, bytes: Uint8Array): CheckedTransaction {
  const { genesis, ledger } = chain;
  return checkTransaction(decodeEnvelope(bytes), bytes, { genesis, genesisHash: ledger.genesisHash });
}

test('a proof that does not hold is refused', async () => {
  const chain = startChain();
  const tx = chain.make();
  assert.equal(await refusalOfTransaction(chain, withProof(tx, filler(3, 192))), 'proof-invalid');
  assert.equal(await refusalOfTransaction(chain, withProof(tx, new Uint8Array(192))), 'proof-invalid');
});

test('a proof is checked against the notes root of the anchor, and against no other', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  const early = chain.make({ anchor: 0n });
  assert.equal(await refusalOfTransaction(chain, early), 'accepted');
  const { tx } = parts(early);
  const { publicInputs } = checkedOf(chain, early);
  const wrongRoot = chain.authorize(tx, proofOf(publicInputs(12_345n)));
  assert.equal(await refusalOfTransaction(chain, wrongRoot), 'proof-invalid');
  // The proof of one anchor under the height of the other.
  const moved = { ...tx, shielded: { ...tx.shielded, anchor: 1n } };
  const { proof } = parts(early).authorization;
  assert.equal(await refusalOfTransaction(chain, chain.authorize(moved, proof)), 'proof-invalid');
});

test('a proof is verified once: the block asks the verifier nothing about what was checked before', async () => {
  const chain = startChain();
  const tx = chain.make();
  await chain.ledger.check(tx);
  assert.equal(chain.verifier.seen(), 1);
  await chain.ledger.check(tx);
  await chain.mine(tx);
  assert.equal(chain.verifier.seen(), 1);
});

test('a verified transaction whose proof is swapped is not taken on the strength of the first', async () => {
  const chain = startChain();
  const tx = chain.make();
  const other = chain.make();
  await chain.ledger.check(tx);
  await chain.ledger.check(other);
  for (const proof of [filler(3, 192), new Uint8Array(192), parts(other).authorization.proof]) {
    const swapped = withProof(tx, proof);
    const { hashE, wtxid } = checkedOf(chain, swapped);
    assert.equal(hashE, checkedOf(chain, tx).hashE, 'one txid');
    assert.notDeepEqual(wtxid, witnessTransactionId(tx), 'another wtxid');
    assert.equal(await refusalOfTransaction(chain, swapped), 'proof-invalid');
  }
  // The refused form does not stand in the honest one's way.
  assert.equal(await refusalOfTransaction(chain, tx), 'accepted');
});

test('a verified transaction whose proof is swapped inside a block takes the block with it', async () => {
  const chain = startChain();
  const tx = chain.make();
  const block = await chain.block(tx);
  const swapped = { ...block, transactions: [withProof(tx, flipped(parts(tx).authorization.proof))] };
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(encodeBlock(swapped))), 'proof-invalid');
});

test('a verified transaction whose signature is swapped is checked anew', async () => {
  const chain = startChain();
  const tx = chain.make();
  await chain.ledger.check(tx);
  const { signature } = parts(tx).authorization;
  for (const index of [0, 31, 32, 63]) {
    assert.equal(
      await refusalOfTransaction(chain, withSignature(tx, flipped(signature, index))),
      'signature-invalid',
    );
  }
  const { hashE } = checkedOf(chain, tx);
  const resigned = withSignature(tx, sign(RSK, hashE, filler(8, SIGNING_RANDOMNESS)));
  assert.equal(await refusalOfTransaction(chain, resigned), 'accepted');
  assert.ok(chain.verifier.seen() > 1, 'another form of it is another proof to verify');
  const block = await chain.block(tx);
  const swapped = { ...block, transactions: [resigned] };
  assert.equal(
    await refusalOf(chain, () => chain.ledger.apply(encodeBlock(swapped))),
    'header-transactionsRoot',
    'a block names the very bytes that it holds',
  );
});

test('another network’s transaction is refused: hash_e covers its genesis', async () => {
  const chain = startChain();
  const other = startChain({ genesis: { time: 5n } });
  assert.equal(await refusalOfTransaction(chain, other.make()), 'signature-invalid');
  assert.equal(await refusalOfTransaction(chain, chain.make({ chainId: 1_938n })), 'wrong-chain');
});

test('a circuit for which genesis names no key proves nothing', async () => {
  const chain = startChain({ genesis: { verifyingKeys: [] } });
  assert.equal(await refusalOfTransaction(chain, chain.make()), 'circuit-without-key');
  assert.equal(chain.verifier.seen(), 0);
});

test('circuits and proof systems that do not exist are refused', async () => {
  const chain = startChain();
  for (const circuit of [0, 4, 255]) {
    const tx = { ...chain.draft(), circuit };
    assert.equal(await refusalOfTransaction(chain, chain.authorize(tx)), 'unknown-circuit');
  }
  const tx = { ...chain.draft(), proofSystem: 2 };
  assert.equal(await refusalOfTransaction(chain, chain.authorize(tx)), 'unknown-proof-system');
});

test('a verdict is remembered for one root, one circuit and one form of a transaction', async () => {
  const chain = startChain();
  const verifier = testVerifier();
  const key = decodeVerifyingKey(verifyingKey());
  const proofs = proofChecker(verifier, new Map([[1, key]]));
  const bytes = chain.make();
  const checked = checkedOf(chain, bytes);
  const root = 77n;
  const right = { ...checked.authorization, proof: proofOf(checked.publicInputs(root)) };
  const claim = { checked: { ...checked, authorization: right }, root };
  assert.deepEqual(await proofs.check([claim]), [undefined]);
  assert.deepEqual(await proofs.check([claim]), [undefined]);
  assert.equal(verifier.seen(), 1);
  const [error] = await proofs.check([{ ...claim, root: 78n }]);
  assert.equal(error?.code, 'proof-invalid');
  assert.equal(verifier.seen(), 2);
  const [again] = await proofs.check([{ ...claim, root: 78n }]);
  assert.equal(again?.code, 'proof-invalid', 'a refusal is no verdict to remember as a pass');
});

test('verdicts are bounded: the oldest is forgotten and its proof verified again', async () => {
  const chain = startChain();
  const verifier = testVerifier();
  const proofs = proofChecker(verifier, new Map([[1, decodeVerifyingKey(verifyingKey())]]), 100);
  const checked = checkedOf(chain, chain.make());
  const proof = proofOf([]);
  const claim = (n: number) => ({
    checked: {
      ...checked,
      wtxid: Uint8Array.of(n & 0xff, n >> 8),
      authorization: { ...checked.authorization, proof },
      publicInputs: () => [],
    },
    root: 1n,
  });
  const all = Array.from({ length: 101 }, (_, n) => claim(n));
  await proofs.check(all);
  assert.equal(verifier.seen(), 101);
  await proofs.check([claim(100), claim(1)]);
  assert.equal(verifier.seen(), 101);
  await proofs.check([claim(0)]);
  assert.equal(verifier.seen(), 102);
});

test('each claim has its own verdict, in order, whatever stands beside it', async () => {
  const chain = startChain();
  const [good, bad, alsoGood] = [chain.make(), withProof(chain.make(), filler(1, 192)), chain.make()];
  const { block, rejected } = await chain.ledger.propose(
    [good, bad, alsoGood],
    chain.ledger.head().time + 1n,
  );
  assert.deepEqual(block.transactions, [good, alsoGood]);
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [[1, 'proof-invalid']],
  );
});

/** A verifier that fails over any batch with one of these proofs in it, and says how large the batches were. */
function failingVerifier(fails: (proof: Uint8Array) => boolean) {
  const verifier = testVerifier();
  const batches: number[] = [];
  return {
    batches,
    verifier: {
      ...verifier,
      async verifyBatch(items: Parameters<typeof verifier.verifyBatch>[0]) {
        batches.push(items.length);
        if (items.some(({ proof }) => fails(proof))) throw new Error('a thread died');
        return verifier.verifyBatch(items);
      },
    },
  };
}

test('a verifier that fails over one proof leaves out its transaction alone, and blocks go on', async () => {
  const good = startChain();
  const all = Array.from({ length: 5 }, () => good.make());
  const deadly = parts(all[2]!).authorization.proof;
  const bad = withProof(all[4]!, filler(3, 192));
  let dies = true;
  const { verifier, batches } = failingVerifier((proof) => dies && equalBytes(proof, deadly));
  const chain = startChain({ verifier });
  const propose = (transactions: readonly Uint8Array[]) =>
    chain.ledger.propose(transactions, chain.ledger.head().time + 1n);
  const { block, rejected } = await propose([...all.slice(0, 4), bad]);
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [
      [2, 'proof-unchecked'],
      [4, 'proof-invalid'],
    ],
  );
  assert.match(rejected[0]!.error.message, /a thread died/);
  assert.deepEqual(batches, [5, 1, 1, 1, 1, 1]);
  await chain.ledger.apply(encodeBlock(block));
  assert.equal(chain.ledger.head().height, 1n);
  dies = false;
  const later = await propose([all[2]!]);
  assert.deepEqual(later.rejected, []);
  await chain.ledger.apply(encodeBlock(later.block));
  assert.equal(chain.ledger.head().height, 2n);
});

test('while the verifier fails over everything empty blocks are made, and nothing is taken unseen', async () => {
  const { verifier } = failingVerifier(() => true);
  const chain = startChain({ verifier });
  const transactions = [chain.make(), chain.make()];
  const { block, rejected } = await chain.ledger.propose(transactions, chain.ledger.head().time + 1n);
  assert.deepEqual(
    rejected.map(({ error }) => error.code),
    ['proof-unchecked', 'proof-unchecked'],
  );
  assert.equal(block.transactions.length, 0);
  // Neither of the other doors takes it for a refusal by a rule: whoever asked may ask again.
  await assert.rejects(chain.ledger.check(transactions[0]!), /a thread died/);
  const honest = await startChain().block(transactions[0]!);
  await assert.rejects(chain.ledger.apply(encodeBlock(honest)), /a thread died/);
  await chain.ledger.apply(encodeBlock(block));
  assert.equal(chain.ledger.head().height, 1n);
});

test('what nobody checked before is verified in one batch when a block is made, and what was checked not again', async () => {
  const { verifier, batches } = failingVerifier(() => false);
  const chain = startChain({ verifier });
  const all = Array.from({ length: 6 }, () => chain.make());
  await chain.ledger.check(all[0]!);
  await chain.mine(...all);
  assert.deepEqual(batches, [1, 5]);
});

test('what a block was prepared for is not verified again when it is applied, and only what can be looked at already is', async () => {
  const [chain, other] = [startChain(), startChain()];
  const first = await chain.block(chain.make());
  await chain.ledger.apply(encodeBlock(first));
  // The second one is anchored to block 1, which the other chain has not got yet.
  const second = encodeBlock(await chain.block(chain.make({ anchor: 0n }), chain.make({ anchor: 1n })));
  const before = contents(other.store);
  await other.ledger.prepare(second);
  assert.equal(other.verifier.seen(), 1);
  await other.ledger.prepare(second);
  assert.equal(other.verifier.seen(), 1, 'not twice');
  assert.deepEqual(contents(other.store), before);
  await other.ledger.apply(encodeBlock(first));
  const seen = other.verifier.seen();
  await other.ledger.prepare(second);
  assert.equal(other.verifier.seen(), seen + 1, 'now the other one, too');
  await other.ledger.apply(second);
  assert.equal(other.verifier.seen(), seen + 1);
});

test('preparing a block says nothing of it, and nothing that is wrong passes because of it', async () => {
  const chain = startChain();
  const good = chain.make();
  const forged = [
    withProof(chain.make(), filler(3, 192)),
    withSignature(chain.make(), filler(5, 64)),
    filler(1, 4),
  ];
  const block = await chain.block(good);
  for (const transaction of forged) {
    const altered = encodeBlock({ ...block, transactions: [transaction, good] });
    await chain.ledger.prepare(altered);
    assert.notEqual(await refusalOf(chain, () => chain.ledger.apply(altered)), 'accepted');
    assert.notEqual(await refusalOfTransaction(chain, transaction), 'accepted');
  }
  await chain.ledger.prepare(filler(9, 100));
  await chain.ledger.apply(encodeBlock(block));
});
