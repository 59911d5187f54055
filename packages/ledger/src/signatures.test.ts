import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, leBytes, leInteger, R_J } from '@sero/crypto';
import { checkTransaction, decodeEnvelope, encodeBlock, encodeEnvelope } from '@sero/protocol';
import { testRandom } from './doubles-test-support.ts';
import { signatureErrors } from './signatures.ts';
import { flipped, refusalOf, startChain, type TestChain } from './test-support.ts';

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

const codesOf = (errors: ReturnType<typeof signatureErrors>) => errors.map((error) => error?.code);

test('the bad signatures of a batch are named by their places', () => {
  const chain = startChain();
  const bad = shifted(chain.make(), 1n);
  const items = [chain.make(), chain.make(), bad, bad].map((bytes) => unsignedOf(chain, bytes));
  assert.deepEqual(signatureErrors(items.slice(0, 2), testRandom()), [undefined, undefined]);
  assert.deepEqual(signatureErrors([], testRandom()), []);
  assert.deepEqual(codesOf(signatureErrors(items, testRandom())), [
    undefined,
    undefined,
    'signature-invalid',
    'signature-invalid',
  ]);
});

test('two bad signatures that cancel each other out are refused, unless the coefficients can be foreseen', () => {
  const chain = startChain();
  const items = [shifted(chain.make(), 5n), shifted(chain.make(), -5n)].map((bytes) =>
    unsignedOf(chain, bytes),
  );
  assert.deepEqual(codesOf(signatureErrors(items, testRandom())), ['signature-invalid', 'signature-invalid']);
  const foreseen = (length: number): Uint8Array => new Uint8Array(length).fill(1);
  const passed = signatureErrors(items, foreseen);
  assert.deepEqual(passed, [undefined, undefined], 'the attack that fresh coefficients stop');
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
