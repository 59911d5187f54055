import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blake2b,
  clearCofactor,
  concat,
  leBytes,
  leInteger,
  multiply,
  pointToBytes,
  R_J,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import fc from 'fast-check';
import {
  type DisclosedOutput,
  decodeKeyPoint,
  discloseReceipt,
  encodeAddress,
  encryptOutput,
  noteContext,
  noteRandomness,
  outputSecret,
  type PayeeDisclosure,
  senderSecret,
  verifyPayeeDisclosure,
  verifyPayerDisclosure,
} from './index.ts';
import { ALICE, BAD_POINTS, BOB, CAROL, filler, flipped, refusal } from './test-support.ts';

const NIL = 0x777n;
const [alice, bob, carol] = [ALICE.proof.viewing, BOB.proof.viewing, CAROL.proof.viewing];
const RSEED = filler(1, 32);

/** Alice pays Bob 1,000 of asset 7, in place 2. */
const PLAN = { to: bob.address, asset: 7n, value: 1_000n, rseed: RSEED, memoFiller: filler(2, 48) };
const PAID: DisclosedOutput = {
  output: encryptOutput(PLAN, alice.ovk, NIL, 2),
  firstNullifier: NIL,
  index: 2,
};
/** Another payment to Bob in the same transaction. */
const OTHER: DisclosedOutput = {
  output: encryptOutput({ ...PLAN, rseed: filler(3, 32) }, alice.ovk, NIL, 1),
  firstNullifier: NIL,
  index: 1,
};
const RECEIPT = discloseReceipt(bob, PAID.output.vpkr, filler(4, 64));

const misplaced: readonly DisclosedOutput[] = [
  { ...PAID, index: 1 },
  { ...PAID, firstNullifier: NIL + 1n },
  OTHER,
  { ...OTHER, index: 2 },
  { ...PAID, output: OTHER.output },
];

/** base^exponent mod r_J; with r_J - 2 the inverse (Fermat). */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const root = power(base, exponent >> 1n);
  const square = (root * root) % R_J;
  return exponent & 1n ? (square * base) % R_J : square;
}

test('the payer shows one payment: receiver, asset and value', () => {
  const opened = verifyPayerDisclosure(PAID, { to: bob.address, rseed: RSEED });
  assert.deepEqual([opened?.note.asset, opened?.note.value], [7n, 1_000n]);
});

test("the payer's claim holds for no other receiver, seed, place or transaction", () => {
  const claim = { to: bob.address, rseed: RSEED };
  for (const to of [
    alice.address,
    carol.address,
    { ...bob.address, vpk: carol.address.vpk },
    { ...bob.address, zpk: carol.address.zpk },
  ]) {
    assert.equal(verifyPayerDisclosure(PAID, { ...claim, to }), undefined);
  }
  for (const rseed of [filler(3, 32), flipped(RSEED, 0), RSEED.subarray(1), new Uint8Array(0)]) {
    assert.equal(verifyPayerDisclosure(PAID, { ...claim, rseed }), undefined);
  }
  for (const place of misplaced) assert.equal(verifyPayerDisclosure(place, claim), undefined);
});

test("the payer cannot name a multiple of the receiver's VPK with another seed, though the secret is the same", () => {
  const context = noteContext(NIL, 2);
  const rseed = filler(77, 32);
  const [e, other] = [RSEED, rseed].map((seed) => noteRandomness(seed, context).e);
  const factor = (e! * power(other!, R_J - 2n)) % R_J;
  const to = { ...bob.address, vpk: multiply(bob.address.vpk, factor) };
  assert.deepEqual(
    senderSecret(to, other!, PAID.output.vpkr),
    senderSecret(bob.address, e!, PAID.output.vpkr),
  );
  assert.equal(verifyPayerDisclosure(PAID, { to, rseed }), undefined);
  assert.equal(verifyPayerDisclosure(PAID, { to, rseed: RSEED }), undefined);
});

test("the payer's claim holds for the output as it stands in the chain only", () => {
  for (const field of ['cm', 'vpkr', 'tag', 'enc'] as const) {
    const output = { ...PAID.output, [field]: flipped(PAID.output[field], 1) };
    assert.equal(
      verifyPayerDisclosure({ ...PAID, output }, { to: bob.address, rseed: RSEED }),
      undefined,
      field,
    );
  }
});

test('the payee shows one receipt, and its proof holds whatever the randomness', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (random) => {
      const claim = discloseReceipt(bob, PAID.output.vpkr, random);
      assert.equal(verifyPayeeDisclosure(PAID, claim)?.note.value, 1_000n);
    }),
    { numRuns: 5 },
  );
});

test("the payee's claim holds for no other place, transaction or output", () => {
  assert.notEqual(verifyPayeeDisclosure(PAID, RECEIPT), undefined);
  for (const place of misplaced) assert.equal(verifyPayeeDisclosure(place, RECEIPT), undefined);
  for (const field of ['cm', 'vpkr', 'tag', 'enc'] as const) {
    const output = { ...PAID.output, [field]: flipped(PAID.output[field], 1) };
    assert.equal(verifyPayeeDisclosure({ ...PAID, output }, RECEIPT), undefined, field);
  }
});

test("the payee's claim holds for no other address: neither VPK nor ZPK may be another's", () => {
  for (const address of [
    carol.address,
    { ...bob.address, vpk: carol.address.vpk },
    { ...bob.address, zpk: carol.address.zpk },
  ]) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, address }), undefined);
  }
});

test("whoever knows S, as the payer does, cannot show the receipt in the payee's name or in his own", () => {
  const secret = outputSecret(bob.vsk, PAID.output.vpkr)!;
  const byAlice = discloseReceipt(alice, PAID.output.vpkr, filler(5, 64));
  const mixed = { ...bob.address, vpk: alice.address.vpk };
  const claims: PayeeDisclosure[] = [
    byAlice,
    { ...byAlice, secret },
    { ...byAlice, address: bob.address },
    { ...byAlice, address: bob.address, secret },
    { ...byAlice, address: mixed },
    { ...byAlice, address: mixed, secret },
  ];
  for (const claim of claims) assert.equal(verifyPayeeDisclosure(PAID, claim), undefined);
});

test('the proof of one receipt serves no other, though key and address are the same', () => {
  const other = discloseReceipt(bob, OTHER.output.vpkr, filler(4, 64));
  assert.notEqual(verifyPayeeDisclosure(OTHER, other), undefined);
  assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, proof: other.proof }), undefined);
  assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, secret: other.secret }), undefined);
});

test('any changed byte of the proof is noticed, and so is another length', () => {
  for (let i = 0; i < 64; i++) {
    const claim = { ...RECEIPT, proof: flipped(RECEIPT.proof, i, i % 8) };
    assert.equal(verifyPayeeDisclosure(PAID, claim), undefined, `byte ${i}`);
  }
  for (const proof of [
    new Uint8Array(0),
    RECEIPT.proof.subarray(1),
    concat(RECEIPT.proof, Uint8Array.of(0)),
  ]) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, proof }), undefined);
  }
});

test('challenge and response have one spelling each: neither may be r_J more', () => {
  const [c, s] = [RECEIPT.proof.subarray(0, 32), RECEIPT.proof.subarray(32)];
  for (const proof of [
    concat(leBytes(leInteger(c) + R_J, 32), s),
    concat(c, leBytes(leInteger(s) + R_J, 32)),
  ]) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, proof }), undefined);
  }
});

test('proofs of zeros prove nothing', () => {
  const zeros = new Uint8Array(64);
  for (const proof of [
    zeros,
    concat(zeros.subarray(32), RECEIPT.proof.subarray(32)),
    concat(RECEIPT.proof.subarray(0, 32), zeros.subarray(32)),
  ]) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, proof }), undefined);
  }
});

test('S is a key point, and the one that the address gives', () => {
  for (const [why, secret] of BAD_POINTS) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, secret }), undefined, why);
  }
  const twice = pointToBytes(multiply(decodeKeyPoint(RECEIPT.secret, 'S'), 2n));
  const base = pointToBytes(clearCofactor(VIEW_BASE));
  for (const secret of [twice, base, PAID.output.vpkr, new Uint8Array(31)]) {
    assert.equal(verifyPayeeDisclosure(PAID, { ...RECEIPT, secret }), undefined);
  }
});

test('the payee cannot fit an address to a finished proof: the address is under the challenge', () => {
  // Bob picks the proof's first half at random, takes the challenge, and solves for a VPK that verifies.
  const { vpkr } = PAID.output;
  const base = clearCofactor(decodeKeyPoint(vpkr, 'VPKr'));
  const secret = multiply(base, bob.vsk);
  const [a, b] = [multiply(VIEW_BASE, 12_345n), multiply(base, 678n)];
  const hidden = [secret, a, b].map(pointToBytes);
  for (const said of [[encodeAddress(bob.address), vpkr, ...hidden], [vpkr, ...hidden], hidden]) {
    const c = toScalar(blake2b('SERO_DLEQ_C', ...said));
    const s = (678n + c * bob.vsk) % R_J;
    const vpk = multiply(multiply(VIEW_BASE, s).subtract(a), power(c, R_J - 2n));
    const proof = concat(leBytes(c, 32), leBytes(s, 32));
    const claim = { address: { ...bob.address, vpk }, secret: pointToBytes(secret), proof };
    assert.equal(verifyPayeeDisclosure(PAID, claim), undefined);
  }
});

test('a receipt cannot be shown of an output that is not the own one', () => {
  const claim = discloseReceipt(carol, PAID.output.vpkr, filler(6, 64));
  assert.equal(verifyPayeeDisclosure(PAID, claim), undefined);
});

test('a receipt takes 64 random bytes and a VPKr that is a key point', () => {
  for (const length of [0, 32, 63, 65]) {
    assert.throws(() => discloseReceipt(bob, PAID.output.vpkr, new Uint8Array(length)), refusal('malformed'));
  }
  for (const [why, point, code] of BAD_POINTS) {
    assert.throws(() => discloseReceipt(bob, point, filler(4, 64)), refusal(code), why);
  }
});
