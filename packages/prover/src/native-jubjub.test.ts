import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fieldToBytes, hashNode, hashTrace, leBytes, modQ, Q, R_J, verify } from '@sero/crypto';
import { ProverError } from './errors.ts';
import {
  aliasedMessage,
  cancellingPair,
  hostileEncodings,
  hostileOutputs,
  hostileSignatures,
  randomBytes,
  randomField,
  randomScalar,
  signedItem,
} from './jubjub-test-support.ts';
import { createReferenceKeyPointChecker } from './key-points.ts';
import { loadNativeAddon } from './native-addon.ts';
import { createNativeKeyPointChecker } from './native-key-points.ts';
import { createNativeNoteHasher } from './native-note-hasher.ts';
import { createNativeScanner } from './native-scanner.ts';
import { createNativeSignatureVerifier } from './native-signatures.ts';
import { createNativeTraceOpener } from './native-traces.ts';
import { createPortableScanner } from './scanner.ts';
import { createReferenceTraceOpener } from './traces.ts';

function inverseOfEight(): bigint {
  // r_J = 7 modulo 8, so r_J + 1 is a multiple of 8.
  return (R_J + 1n) / 8n;
}

/** An order in which hostile and sound ones stand beside each other. */
function mixed<T>(values: readonly T[]): T[] {
  return values.map((_, i) => values[(i * 37) % values.length]!);
}

// With 1/8 and its negative S is VPKr itself and its negative: the recovery of the sign has cases of its own.
const scans = await Promise.all(
  [randomScalar(), inverseOfEight(), R_J - inverseOfEight(), 1n, R_J - 1n, (1n << 251n) - 1n].flatMap(
    (vsk, i) => {
      const outputs = concat(...mixed(hostileOutputs(vsk)).slice(0, i === 0 ? undefined : 33));
      return [false, true].map(async (audit) => {
        const request = { viewKey: leBytes(vsk, 32), outputs, audit };
        return { request, expected: await createPortableScanner().scan(request) };
      });
    },
  ),
);
const signed = mixed([...hostileSignatures(), ...Array.from({ length: 20 }, signedItem)]).map((item) => ({
  item,
  expected: verify(item),
}));
const encodings = mixed([...hostileEncodings(), ...Array.from({ length: 80 }, () => randomBytes(32))]);
const encodingVerdicts = createReferenceKeyPointChecker().check(concat(...encodings));
const sound = Array.from({ length: 130 }, signedItem);

const load = loadNativeAddon();
const kernels = 'addon' in load ? [...new Set([load.addon.kernel(), 'portable' as const])] : [];

for (const kernel of kernels) {
  const addon = 'addon' in load ? load.addon : assert.fail();
  const use = (): void => addon.forcePortable(kernel === 'portable');

  test(`${kernel}: nodes are hashed as by the reference, at any number of tuples`, () => {
    use();
    const hasher = createNativeNoteHasher(addon);
    const edge = [0n, 1n, Q - 1n];
    for (const count of [0, 1, 7, 8, 9, 300]) {
      const tuples = Array.from({ length: count }, (_, i) =>
        Array.from({ length: 4 }, (_, j) => (i < 9 ? edge[(i + i * j) % 3]! : randomField())),
      );
      assert.deepEqual(
        hasher.hash4(concat(...tuples.flat().map(fieldToBytes))),
        concat(...tuples.map(([a, b, c, d]) => fieldToBytes(hashNode(a!, b!, c!, d!)))),
      );
    }
  });

  test(`${kernel}: an element that is not canonical is refused, wherever it stands`, () => {
    use();
    const hasher = createNativeNoteHasher(addon);
    for (const place of [0, 3, 4 * 8 + 1, 4 * 20 - 1]) {
      const packed = new Uint8Array(20 * 128);
      packed.set(leBytes(Q, 32), 32 * place);
      assert.throws(
        () => hasher.hash4(packed),
        (error) => error instanceof ProverError && error.code === 'field-not-canonical',
      );
    }
  });

  test(`${kernel}: a trace opens for its own account alone`, async () => {
    use();
    const [tk, zpk] = [randomField(), randomField()];
    const limit = 1n << 53n;
    const plain = [0n, 1n, limit - 1n, limit, Q - 1n, (1n << 48n) + 77n];
    const entries = Array.from({ length: 21 }, (_, i) => {
      const nil = randomField();
      const value = plain[i % plain.length]!;
      return { nil, value, trace: modQ(value + hashTrace(i < 18 ? tk : randomField(), zpk, nil)) };
    });
    const packed = concat(...entries.flatMap(({ nil, trace }) => [fieldToBytes(nil), fieldToBytes(trace)]));
    const request = { traceKey: fieldToBytes(tk), zpk: fieldToBytes(zpk), entries: packed };
    const expected = entries.map(({ value }, i) => (i < 18 && value < limit ? Number(value) : undefined));
    assert.deepEqual(await createReferenceTraceOpener().open(request), expected);
    assert.deepEqual(await createNativeTraceOpener(addon).open(request), expected);
  });

  test(`${kernel}: a trace key, ZPK, NIL or TRACE that is not below the modulus is refused`, async () => {
    use();
    const sound = { traceKey: fieldToBytes(5n), zpk: fieldToBytes(6n), entries: new Uint8Array(64 * 10) };
    const inEntries = (at: number): Uint8Array => {
      const entries = new Uint8Array(64 * 10);
      entries.set(leBytes(Q + 5n, 32), at);
      return entries;
    };
    const bad = [
      { ...sound, traceKey: leBytes(Q, 32) },
      { ...sound, zpk: leBytes(Q, 32) },
      { ...sound, entries: inEntries(64 * 9) },
      { ...sound, entries: inEntries(64 * 9 + 32) },
    ];
    for (const opener of [createNativeTraceOpener(addon), createReferenceTraceOpener()]) {
      for (const request of bad) {
        await assert.rejects(
          opener.open(request),
          (error) => error instanceof ProverError && error.code === 'field-not-canonical',
        );
      }
      await assert.rejects(
        opener.open({ ...sound, entries: new Uint8Array(65) }),
        (error) => error instanceof ProverError && error.code === 'packed-length',
      );
    }
  });

  test(`${kernel}: points get the verdict of the reference, torsion and twisted encodings among them`, async () => {
    use();
    const found = await createNativeKeyPointChecker(addon).check(concat(...encodings));
    assert.deepEqual(found, await encodingVerdicts);
    assert.equal(new Set(found.map(({ verdict }) => verdict)).size, 5);
  });

  test(`${kernel}: hits and secrets are those of the reference, for hostile outputs and special keys`, async () => {
    use();
    const scanner = createNativeScanner(addon);
    for (const { request, expected } of scans) {
      assert.ok(expected.length > 5);
      assert.deepEqual(await scanner.scan(request), expected);
    }
  });

  test(`${kernel}: a view key that is 0 or not below the order is refused`, async () => {
    use();
    const scanner = createNativeScanner(addon);
    for (const key of [0n, R_J, R_J + 1n, (1n << 256n) - 1n]) {
      await assert.rejects(
        scanner.scan({ viewKey: leBytes(key, 32), outputs: new Uint8Array(0) }),
        (error) => error instanceof ProverError && error.code === 'view-key-not-canonical',
      );
    }
  });

  test(`${kernel}: a batch of signatures gets the verdicts of verify, hostile ones among sound ones`, async () => {
    use();
    const verifier = createNativeSignatureVerifier(addon);
    const items = signed.map(({ item }) => item);
    const expected = signed.map(({ expected }) => expected);
    assert.ok(expected.filter(Boolean).length > 25);
    assert.deepEqual(await verifier.verifyBatch(items), expected);
    for (const [i, item] of items.slice(0, 12).entries()) {
      assert.deepEqual(await verifier.verifyBatch([item]), [expected[i]]);
    }
  });

  test(`${kernel}: one false signature among many sound ones is the one refused`, async () => {
    use();
    const verifier = createNativeSignatureVerifier(addon);
    assert.deepEqual(new Set(await verifier.verifyBatch(sound)), new Set([true]));
    for (const place of [0, 63, 64, 129]) {
      const broken = sound.with(place, { ...sound[place]!, hashE: randomField() });
      const verdicts = await verifier.verifyBatch(broken);
      assert.deepEqual(
        verdicts.flatMap((valid, i) => (valid ? [] : [i])),
        [place],
      );
    }
  });

  test(`${kernel}: two false signatures whose errors cancel out in a plain sum are both refused`, async () => {
    use();
    const items = [...cancellingPair(), ...sound.slice(0, 6)];
    const verdicts = await createNativeSignatureVerifier(addon).verifyBatch(items);
    assert.deepEqual(verdicts, [false, false, true, true, true, true, true, true]);
  });

  test(`${kernel}: a message that is not below the modulus is refused, though its equation holds`, async () => {
    use();
    assert.deepEqual(await addon.verifySignatures(aliasedMessage(), randomBytes(32)), Uint8Array.of(0));
  });

  test(`${kernel}: a seed of zeros, which everybody could foresee, is refused`, async () => {
    use();
    const { rk, hashE, signature } = signedItem();
    const item = concat(rk, fieldToBytes(hashE), signature);
    assert.equal(await addon.verifySignatures(item, new Uint8Array(32)), 4);
  });
}
