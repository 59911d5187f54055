import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blake2b256,
  concat,
  fieldToBytes,
  hashCm,
  hashZpkr,
  leBytes,
  multiply,
  pointToBytes,
  Q,
  R_J,
  seal,
  toAffine,
  VIEW_BASE,
} from '@sero/crypto';
import fc from 'fast-check';
import {
  encodeAddress,
  encryptOutput,
  noteCommitment,
  type Output,
  type OutputPlan,
  openMemo,
  outputSecret,
  plannedNote,
  recoverSent,
  SEALED_MEMO_LENGTH,
  scalarToBytes,
  senderSecret,
  type ViewingKey,
  viewTag,
} from './index.ts';
import { ALICE, BAD_POINTS, BOB, CAROL, filler, flipped, received, refusal } from './test-support.ts';

const NIL = 0xabcdefn;
const [alice, bob, carol] = [ALICE.proof.viewing, BOB.proof.viewing, CAROL.proof.viewing];

/** Alice pays Bob. */
const PLAN: OutputPlan = {
  to: bob.address,
  asset: 7n,
  value: 1_000n,
  rseed: filler(1, 32),
  memoFiller: filler(2, 48),
};
const PAID = encryptOutput(PLAN, alice.ovk, NIL, 1);

const receive = (key: ViewingKey, output: Output, nil = NIL, index = 1, checkTag = true) =>
  received(key, output, nil, index, checkTag);

/** Parts of an output that a dishonest sender chooses against the rules. */
interface Forgery {
  readonly version?: number;
  readonly asset?: Uint8Array;
  readonly value?: bigint;
  readonly rseed?: Uint8Array;
  readonly cm?: bigint;
  readonly e?: bigint;
  readonly out?: Uint8Array;
}

/** The output of PLAN, sealed as an honest one is, with some parts of another content. */
function forged(forgery: Forgery): Output {
  const { note, e } = plannedNote(PLAN, NIL, 1);
  const scalar = forgery.e ?? e;
  const vpkr = pointToBytes(multiply(VIEW_BASE, scalar));
  const { secret } = senderSecret(PLAN.to, scalar, vpkr);
  const cm = fieldToBytes(forgery.cm ?? noteCommitment(note));
  const plaintext = concat(
    Uint8Array.of(forgery.version ?? 1),
    forgery.asset ?? fieldToBytes(PLAN.asset),
    leBytes(forgery.value ?? PLAN.value, 16),
    forgery.rseed ?? PLAN.rseed,
  );
  return {
    cm,
    vpkr,
    tag: viewTag(secret, vpkr),
    enc: seal(blake2b256('SERO_kdf', secret, vpkr, cm), plaintext),
    out: seal(
      blake2b256('SERO_ock', alice.ovk, cm, vpkr),
      forgery.out ?? concat(encodeAddress(PLAN.to), scalarToBytes(scalar)),
    ),
    memoKey: PLAN.memoFiller,
  };
}

test('the receiver and the sender open an output, and nobody else does', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const amount = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
  const asset = fc.bigInt({ min: 1n, max: Q - 1n });
  fc.assert(
    fc.property(bytes, amount, asset, asset, fc.nat(15), (rseed, value, kind, nil, index) => {
      const made = encryptOutput({ ...PLAN, value, asset: kind, rseed }, alice.ovk, nil, index);
      const opened = receive(bob, made, nil, index);
      assert.deepEqual([opened?.note.asset, opened?.note.value, opened?.rseed], [kind, value, rseed]);
      assert.equal(recoverSent(made, alice, nil, index)?.to.zpk, bob.address.zpk);
      for (const key of [alice, carol]) assert.equal(receive(key, made, nil, index, false), undefined);
      for (const key of [bob, carol]) assert.equal(recoverSent(made, key, nil, index), undefined);
    }),
    { numRuns: 15 },
  );
});

test('any changed bit of CM, VPKr or the ciphertext makes an output no payment', () => {
  assert.notEqual(receive(bob, PAID), undefined);
  for (const field of ['cm', 'vpkr', 'enc'] as const) {
    for (let i = 0; i < PAID[field].length; i++) {
      const changed = { ...PAID, [field]: flipped(PAID[field], i, i % 8) };
      assert.equal(receive(bob, changed, NIL, 1, false), undefined, `${field}, byte ${i}`);
    }
  }
});

test('a wrong tag is no payment to a wallet, but an audit opens the note', () => {
  for (let bit = 0; bit < 16; bit++) {
    const changed = { ...PAID, tag: flipped(PAID.tag, bit >> 3, bit & 7) };
    assert.equal(receive(bob, changed), undefined);
    assert.deepEqual(receive(bob, changed, NIL, 1, false), receive(bob, PAID));
  }
});

test("the sender's copy and the memo's key change nothing for the receiver", () => {
  const changed = { ...PAID, out: filler(9, 112), memoKey: filler(9, 48) };
  assert.deepEqual(receive(bob, changed), receive(bob, PAID));
  assert.equal(recoverSent(changed, alice, NIL, 1), undefined);
});

test('an output is no payment in another place or in another transaction', () => {
  for (const [nil, index] of [
    [NIL, 0],
    [NIL, 2],
    [NIL + 1n, 1],
    [0n, 1],
  ] as const) {
    assert.equal(receive(bob, PAID, nil, index, false), undefined);
    assert.equal(recoverSent(PAID, alice, nil, index), undefined);
  }
});

test('an output that says something else than it commits to is no payment', async (t) => {
  const honest = plannedNote(PLAN, NIL, 1);
  const { note } = honest;
  const withData = hashCm(note.asset, note.value, toAffine(note.owner.vpkr).u, note.owner.zpkr, note.rcm, 1n);
  const cases: Record<string, Forgery> = {
    'version 0': { version: 0 },
    'version 2': { version: 2 },
    'version 255': { version: 255 },
    'a greater value': { value: PLAN.value + 1n },
    'the greatest value': { value: 2n ** 128n - 1n },
    'another asset': { asset: fieldToBytes(1n) },
    'a second spelling of the asset': { asset: leBytes(PLAN.asset + Q, 32) },
    'another rseed': { rseed: filler(8, 32) },
    'the commitment to a greater value': { cm: noteCommitment({ ...note, value: PLAN.value + 1n }) },
    'the commitment to another asset': { cm: noteCommitment({ ...note, asset: 1n }) },
    'the commitment with another rcm': { cm: noteCommitment({ ...note, rcm: 1n }) },
    "the commitment to another's address": {
      cm: noteCommitment({ ...note, owner: { ...note.owner, zpkr: 1n } }),
    },
    'the commitment to data 1': { cm: withData },
    'VPKr of another scalar than the rseed gives': { e: honest.e + 1n },
    "VPKr of the negated scalar, whose CM's u differs": { e: R_J - honest.e },
  };
  assert.deepEqual(forged({}), PAID);
  for (const [why, forgery] of Object.entries(cases)) {
    await t.test(why, () => {
      assert.equal(receive(bob, forged(forgery), NIL, 1, false), undefined);
      assert.equal(recoverSent(forged(forgery), alice, NIL, 1), undefined);
    });
  }
});

test('VPKr is the whole point that the rseed gives, even where CM commits to that point', () => {
  const { note, e } = plannedNote(PLAN, NIL, 1);
  for (const scalar of [e + 1n, R_J - e]) {
    const vpkr = multiply(VIEW_BASE, scalar);
    const { r } = senderSecret(PLAN.to, scalar, pointToBytes(vpkr));
    // CM of the point [e]G with the ZPKr that belongs to the other point's secret: everything recomputes but VPKr.
    const owner = { vpkr: note.owner.vpkr, zpkr: hashZpkr(PLAN.to.zpk, r) };
    const output = forged({ e: scalar, cm: noteCommitment({ ...note, owner }) });
    assert.equal(received(bob, output, NIL, 1, false), undefined);
    assert.equal(recoverSent(output, alice, NIL, 1), undefined);
  }
});

test("a sender's copy cannot name a multiple of the receiver's VPK, though the secret is the same", () => {
  const { e } = plannedNote(PLAN, NIL, 1);
  const half = (R_J + 1n) / 2n;
  const impostor = { ...PLAN.to, vpk: multiply(PLAN.to.vpk, half) };
  const doubled = (2n * e) % R_J;
  assert.deepEqual(
    senderSecret(impostor, doubled, PAID.vpkr),
    senderSecret(PLAN.to, e, PAID.vpkr),
    '[8 * 2e][1/2]VPK is [8e]VPK',
  );
  const out = concat(encodeAddress(impostor), scalarToBytes(doubled));
  assert.equal(recoverSent(forged({ out }), alice, NIL, 1), undefined);
});

test('an rseed of another transaction does not serve here, though e and CM are made of it there', () => {
  const elsewhere = plannedNote(PLAN, NIL + 1n, 1);
  const output = forged({ e: elsewhere.e, cm: noteCommitment(elsewhere.note) });
  assert.equal(receive(bob, output), undefined);
  assert.notEqual(receive(bob, output, NIL + 1n), undefined);
});

test("a sender's copy counts only if it names the true receiver and the true scalar", async (t) => {
  const { e } = plannedNote(PLAN, NIL, 1);
  const pk = encodeAddress(PLAN.to);
  const cases: Record<string, Uint8Array> = {
    "another's PK": concat(encodeAddress(carol.address), scalarToBytes(e)),
    "another's VPK": concat(encodeAddress({ ...PLAN.to, vpk: carol.address.vpk }), scalarToBytes(e)),
    "another's ZPK": concat(encodeAddress({ ...PLAN.to, zpk: carol.address.zpk }), scalarToBytes(e)),
    "the sender's own PK": concat(encodeAddress(alice.address), scalarToBytes(e)),
    'another scalar': concat(pk, scalarToBytes(e + 1n)),
    'the scalar 0': concat(pk, scalarToBytes(0n)),
    'a second spelling of the scalar': concat(pk, leBytes(e + R_J, 32)),
    'a scalar of 256 ones': concat(pk, new Uint8Array(32).fill(255)),
    'a second spelling of ZPK': concat(pk.subarray(0, 32), leBytes(PLAN.to.zpk + Q, 32), scalarToBytes(e)),
  };
  for (const [why, point] of BAD_POINTS) {
    cases[`a VPK that is no key: ${why}`] = concat(point, pk.subarray(32), scalarToBytes(e));
  }
  assert.equal(recoverSent(forged({}), alice, NIL, 1)?.to.zpk, bob.address.zpk);
  for (const [why, out] of Object.entries(cases)) {
    await t.test(why, () => assert.equal(recoverSent(forged({ out }), alice, NIL, 1), undefined));
  }
});

test('a note of 2^128 or more cannot be made', () => {
  for (const value of [2n ** 128n, Q]) {
    assert.throws(
      () => encryptOutput({ ...PLAN, value }, alice.ovk, NIL, 1),
      refusal('value-out-of-range'),
      String(value),
    );
  }
  assert.equal(
    receive(bob, encryptOutput({ ...PLAN, value: 2n ** 128n - 1n }, alice.ovk, NIL, 1))?.note.value,
    2n ** 128n - 1n,
  );
});

test('a dummy output looks like any other: same parts, same lengths, opens as value 0', () => {
  const dummy = encryptOutput({ ...PLAN, to: alice.address, value: 0n }, alice.ovk, NIL, 1);
  const lengths = (output: Output) => Object.entries(output).map(([name, part]) => [name, part.length]);
  assert.deepEqual(lengths(dummy), lengths(PAID));
  assert.equal(receive(alice, dummy)?.note.value, 0n);
  assert.equal(recoverSent(dummy, alice, NIL, 1)?.note.value, 0n);
});

test('whatever stands in an output, opening it says no and never throws', () => {
  const part = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const output = fc.record({
    cm: part(32),
    vpkr: fc.oneof(
      part(32),
      fc.constantFrom(...BAD_POINTS.map(([, bytes]) => bytes)),
      fc.constant(PAID.vpkr),
    ),
    tag: part(2),
    enc: part(97),
    out: part(112),
    memoKey: part(48),
  });
  fc.assert(
    fc.property(output, (random) => {
      assert.equal(receive(bob, random, NIL, 1, false), undefined);
      assert.equal(recoverSent(random, alice, NIL, 1), undefined);
      assert.equal(openMemo(filler(1, SEALED_MEMO_LENGTH), random, filler(1, 32)), undefined);
    }),
    { numRuns: 60 },
  );
});

test('no secret is shared with a VPKr that is no key point', () => {
  for (const [why, point] of BAD_POINTS) assert.equal(outputSecret(bob.vsk, point), undefined, why);
  assert.equal(outputSecret(0n, PAID.vpkr), undefined, 'nor with a key that is 0');
  assert.deepEqual(outputSecret(bob.vsk, PAID.vpkr), receive(bob, PAID)?.secret);
});
