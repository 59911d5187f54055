import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, leBytes, leInteger, R_J, verifyBatch } from '@sero/crypto';
import { checkTransaction, decodeEnvelope, encodeBlock, encodeEnvelope, signedHash } from '@sero/protocol';
import {
  createReferenceKeyPointChecker,
  createReferenceSignatureVerifier,
  type SignatureVerifier,
} from '@sero/prover';
import { type SignatureChecker, signatureChecker } from './signatures.ts';
import { flipped, refusalOf, refusalOfTransaction, startChain, type TestChain } from './test-support.ts';

/** The same transaction with its signature's s changed by an amount. */
function shifted(bytes: Uint8Array, by: bigint): Uint8Array {
  const { tx, authorization } = decodeEnvelope(bytes).private!;
  const { proof, signature } = authorization;
  const s = (leInteger(signature.subarray(32)) + by + R_J) % R_J;
  return encodeEnvelope({
    tx,
    authorization: { proof, signature: concat(signature.slice(0, 32), leBytes(s, 32)) },
  });
}

const unsignedOf = ({ genesis, ledger }: TestChain, bytes: Uint8Array) =>
  checkTransaction(
    decodeEnvelope(bytes),
    bytes,
    { genesis, genesisHash: ledger.genesisHash },
    { signature: false },
  );

const reference = signatureChecker(createReferenceSignatureVerifier());

async function codesOf(errors: ReturnType<SignatureChecker['ofBlock']>): Promise<(string | undefined)[]> {
  return (await errors).map((error) => error?.code);
}

test('the bad signatures of a batch are named by their places', async () => {
  const chain = startChain();
  const bad = shifted(chain.make(), 1n);
  const items = [chain.make(), chain.make(), bad, bad].map((bytes) => unsignedOf(chain, bytes));
  const expected = [undefined, undefined, 'signature-invalid', 'signature-invalid'];
  for (const check of [reference.ofBlock, reference.shared]) {
    assert.deepEqual(await check(items.slice(0, 2)), [undefined, undefined]);
    assert.deepEqual(await check([]), []);
    assert.deepEqual(await codesOf(check(items)), expected);
  }
  const alone = items.map((item) => codesOf(reference.shared([item])));
  assert.deepEqual((await Promise.all(alone)).flat(), expected);
});

test('two bad signatures that cancel each other out are refused, unless the coefficients can be foreseen', async () => {
  const chain = startChain();
  const items = [shifted(chain.make(), 5n), shifted(chain.make(), -5n)].map((bytes) =>
    unsignedOf(chain, bytes),
  );
  assert.deepEqual(await codesOf(reference.ofBlock(items)), ['signature-invalid', 'signature-invalid']);
  const foreseen = new Uint8Array(16).fill(1);
  const passes = verifyBatch(items.map(signedHash), () => foreseen);
  assert.equal(passes, true, 'the attack that fresh coefficients stop');
});

test('only an answer of the verifier lets a signature pass: one that is missing does not', async () => {
  const chain = startChain();
  const items = [chain.make(), chain.make()].map((bytes) => unsignedOf(chain, bytes));
  const forgetful: SignatureVerifier = { verifyBatch: async () => [true] };
  assert.deepEqual(await codesOf(signatureChecker(forgetful).ofBlock(items)), [
    undefined,
    'signature-invalid',
  ]);
});

test('a verifier or a checker of points that fails decides nothing: no door lets the transaction in, and it stays good', async () => {
  let isBroken = true;
  /** Fails while it is broken. */
  const fragile =
    <T extends unknown[], R>(work: (...given: T) => Promise<R>) =>
    async (...given: T): Promise<R> => {
      if (isBroken) throw new Error('no threads');
      return work(...given);
    };
  const { verifyBatch } = createReferenceSignatureVerifier();
  const { check } = createReferenceKeyPointChecker();
  for (const parts of [
    { signatures: { verifyBatch: fragile(verifyBatch) } },
    { keyPoints: { check: fragile(check) } },
  ]) {
    isBroken = true;
    const chain = startChain(parts);
    const [good, block] = [chain.make(), await chain.block()];
    await assert.rejects(chain.ledger.check(good), /no threads/);
    await assert.rejects(chain.ledger.apply(encodeBlock({ ...block, transactions: [good] })), /no threads/);
    const { rejected } = await chain.ledger.propose([good, good], chain.ledger.head().time + 1n);
    assert.deepEqual(
      rejected.map(({ error }) => error.code),
      ['proof-unchecked', 'proof-unchecked'],
    );
    isBroken = false;
    assert.equal(await refusalOfTransaction(chain, good), 'accepted');
  }
});

test('a block with a bad signature anywhere is refused, even where two would cancel out', async () => {
  const chain = startChain();
  const honest = [chain.make(), chain.make(), chain.make()];
  const block = await chain.block(...honest);
  const applied = (transactions: Uint8Array[]): Promise<string> =>
    refusalOf(chain, () => chain.ledger.apply(encodeBlock({ ...block, transactions })));
  for (const [place, bytes] of honest.entries()) {
    const bad = honest.with(place, shifted(bytes, 1n));
    assert.equal(await applied(bad), 'signature-invalid', `at place ${place}`);
  }
  const [a, b, c] = honest as [Uint8Array, Uint8Array, Uint8Array];
  assert.equal(await applied([shifted(a, 9n), b, shifted(c, -9n)]), 'signature-invalid');
  // R is no point any more, or another one.
  const { tx, authorization } = decodeEnvelope(a).private!;
  const noPoint = { ...authorization, signature: flipped(authorization.signature) };
  assert.equal(await applied([encodeEnvelope({ tx, authorization: noPoint }), b, c]), 'signature-invalid');
  assert.equal(await applied(honest), 'accepted');
});
