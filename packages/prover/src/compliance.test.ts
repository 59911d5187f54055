import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  concat,
  fieldToBytes,
  hashTrace,
  leBytes,
  modQ,
  pointToBytes,
  Q,
  R_J,
  SPEND_BASE,
  VIEW_BASE,
  verify,
} from '@sero/crypto';
import { createSnarkjsProver } from '../test/snarkjs-prover.ts';
import {
  badKeys,
  badPoints,
  badWitnesses,
  brokenWitnesses,
  type Candidate,
  openCandidates,
  publicInputs,
  shortWitness,
  vk,
  wtns,
  zkey,
  zkeyPath,
} from './compliance-test-support.ts';
import { ProverError, type ProverErrorCode } from './errors.ts';
import { type Proof, type ProofItem, splitProof } from './groth16.ts';
import { createReferenceGroupEngine } from './group-reference.ts';
import { hostileEncodings, hostileSignatures, signedItem } from './jubjub-test-support.ts';
import { createReferenceKeyPointChecker } from './key-points.ts';
import { loadNativeAddon } from './native-addon.ts';
import { createPortableNoteHasher } from './note-hasher.ts';
import { createPortableScanner, SCAN_OUTPUT_BYTES } from './scanner.ts';
import {
  aliasG1,
  bytes1,
  bytes2,
  g1,
  joinProof,
  knownKey,
  offCurveG1,
  randomField,
  simulate,
  strayG1,
  strayG2,
} from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';

const OK = { ok: true };
const refusesWith =
  (code: ProverErrorCode) =>
  (error: unknown): boolean =>
    error instanceof ProverError && error.code === code;

const { found, missing } = await openCandidates();
const backends = found.map(({ backend }) => backend);
const snarkjs = createSnarkjsProver();
const reference = createPortableVerifier();
after(async () => {
  await snarkjs.close();
  for (const backend of backends) await backend.close();
});

/** Proofs that no verifier may take, and honest ones, under keys of known secrets. */
function proofItems(): ProofItem[] {
  const [key, other] = [knownKey(3), knownKey(3)];
  const inputs = [5n, 0n, Q - 1n];
  const proof = simulate(key, inputs);
  const { a, b, c } = splitProof(proof);
  const item = (candidate: Proof, its: readonly bigint[] = inputs, of = key): ProofItem => ({
    vk: of.vk,
    publicInputs: its,
    proof: candidate,
  });
  const negated = new Uint8Array(proof);
  negated[0]! ^= 0x20;
  const alias = aliasG1(a);
  return [
    item(proof),
    item(simulate(key, [1n, 2n, 3n]), [1n, 2n, 3n]),
    item(simulate(other, inputs), inputs, other),
    item(proof, [6n, 0n, Q - 1n]),
    item(proof, [0n, 5n, Q - 1n]),
    item(proof, [5n, 0n]),
    item(proof, []),
    item(proof, [5n, 0n, Q - 1n, 1n]),
    item(proof, [5n + Q, 0n, Q - 1n]),
    item(proof, [5n, Q, Q - 1n]),
    item(proof, [5n, -1n, Q - 1n]),
    item(proof, [5n, 1n << 256n, Q - 1n]),
    item(proof, inputs, other),
    item(negated),
    item(joinProof(c, b, a)),
    item(joinProof(bytes1(g1(5n)), b, c)),
    item(joinProof(a, vk.beta, c)),
    item(joinProof(bytes1(strayG1()), b, c)),
    item(joinProof(a, bytes2(strayG2()), c)),
    item(joinProof(a, b, bytes1(strayG1()))),
    item(joinProof(offCurveG1(), b, c)),
    item(proof.subarray(0, 191)),
    item(concat(proof, new Uint8Array(1))),
    item(new Uint8Array(0)),
    ...(alias === undefined ? [] : [item(joinProof(alias, b, c))]),
    ...badPoints(48).flatMap((bad) => [item(joinProof(bad, b, c)), item(joinProof(a, b, bad))]),
    ...badPoints(96).map((bad) => item(joinProof(a, bad, c))),
  ];
}

/** Points and tags of outputs, of all kinds. */
function outputs(): Uint8Array {
  const vpkrs = [
    pointToBytes(VIEW_BASE),
    pointToBytes(SPEND_BASE),
    ...hostileSignatures().map(({ rk }) => rk),
    ...Array.from({ length: 20 }, () => signedItem().rk),
    leBytes(Q, 32),
    new Uint8Array(32),
    new Uint8Array(32).fill(0xff),
    leBytes(1n, 32),
    leBytes(1n | (1n << 255n), 32),
    leBytes(Q - 1n, 32),
  ].filter(({ length }) => length === 32);
  return concat(...vpkrs.flatMap((vpkr, i) => [vpkr, Uint8Array.of(i, 7)]));
}

describe('all backends together', () => {
  it('are all that this machine can run, and the test says which it cannot', (t) => {
    for (const [name, why] of missing) t.diagnostic(`NOT HELD TO THE SUITE: ${name}: ${why}`);
    assert.deepEqual(
      [...missing.keys()].filter((name) => name !== 'native'),
      [],
      'WebAssembly and TypeScript run wherever these tests do',
    );
    // An addon that was built and does not load is broken; one that was not built says why.
    const load = loadNativeAddon();
    if (missing.has('native')) assert.ok('missing' in load && !/built addon is gone/.test(load.missing));
  });

  it('take the proofs of each other, and snarkjs takes them all', async () => {
    for (const { prover } of backends) {
      const proof = await prover.prove(zkey, wtns);
      assert.equal(await snarkjs.verify(vk, publicInputs, proof), true);
      assert.deepEqual(reference.verifySync(vk, publicInputs, proof), OK);
      for (const { verifier } of backends) {
        assert.deepEqual(await verifier.verify(vk, publicInputs, proof), OK);
        assert.deepEqual(await verifier.verify(vk, publicInputs.toReversed(), proof), {
          ok: false,
          code: 'proof-invalid',
        });
      }
    }
  });
});

for (const candidate of found) describe(candidate.label, () => suite(candidate));

/** Turns of the event loop after which work is given up: at once, soon, and when some of it is done. */
const MOMENTS = [1, 2, 4, 8, 16, 40];

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What came of some work: what it gave, or what it threw. */
function outcome<T>(work: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** `count` true proofs, of one statement: much to do. */
function manyProofs(count: number): ProofItem[] {
  const key = knownKey(3);
  const publicInputs = [5n, 0n, Q - 1n];
  const item = { vk: key.vk, publicInputs, proof: simulate(key, publicInputs) };
  return Array.from({ length: count }, () => item);
}

/** Outputs, some kinds over and over: a second of work and more. */
function manyOutputs(count: number): Uint8Array {
  const some = outputs();
  const out = new Uint8Array(count * SCAN_OUTPUT_BYTES);
  for (let at = 0; at < out.length; at += some.length) out.set(some.subarray(0, out.length - at), at);
  return out;
}

function suite({ backend, open }: Candidate): void {
  const { name, prover, verifier, scanner, noteHasher, signatures, keyPoints, traces, groups } = backend;
  it('takes keys by path and by bytes, and never makes the same proof twice', async () => {
    const proofs = [
      await prover.prove(zkey, wtns),
      await prover.prove(zkeyPath, wtns),
      await prover.prove(zkey, wtns),
    ];
    for (const proof of proofs) assert.deepEqual(reference.verifySync(vk, publicInputs, proof), OK);
    assert.equal(new Set(proofs.map((proof) => Buffer.from(proof).toString('hex'))).size, 3);
  });

  it('makes many proofs that were asked for at once', async () => {
    const proofs = await Promise.all([zkey, zkeyPath, zkey, zkeyPath].map((key) => prover.prove(key, wtns)));
    for (const proof of proofs) assert.deepEqual(reference.verifySync(vk, publicInputs, proof), OK);
  });

  it("leaves the caller's witness and key as they were, a Buffer's too", async () => {
    const [key, witness] = [Buffer.from(zkey), Buffer.from(wtns)];
    await prover.prove(key, witness);
    assert.deepEqual([new Uint8Array(key), new Uint8Array(witness)], [zkey, wtns]);
  });

  it('refuses a key that is none, whatever is wrong with it', async () => {
    for (const [what, bad] of badKeys) {
      await assert.rejects(prover.prove(bad, wtns), refusesWith('zkey-malformed'), what);
    }
    await assert.rejects(prover.prove(`${zkeyPath}.absent`, wtns), refusesWith('zkey-malformed'));
  });

  it('reads a key file again that was changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sero-key-'));
    const path = join(folder, 'key.zkey');
    try {
      await writeFile(path, zkey);
      assert.deepEqual(reference.verifySync(vk, publicInputs, await prover.prove(path, wtns)), OK);
      await writeFile(path, zkey.subarray(0, 100));
      await assert.rejects(prover.prove(path, wtns), refusesWith('zkey-malformed'));
      await writeFile(path, zkey);
      assert.deepEqual(reference.verifySync(vk, publicInputs, await prover.prove(path, wtns)), OK);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('refuses a witness that is none, is another circuit’s, or breaks the circuit', async () => {
    for (const [what, bad] of badWitnesses) {
      await assert.rejects(prover.prove(zkey, bad), refusesWith('witness-malformed'), what);
    }
    await assert.rejects(prover.prove(zkey, shortWitness), refusesWith('witness-length'));
    for (const bad of brokenWitnesses)
      await assert.rejects(prover.prove(zkey, bad), refusesWith('prove-failed'));
  });

  it('gives up a proof that is aborted before it begins or while it waits, and no other', async () => {
    await assert.rejects(prover.prove(zkey, wtns, AbortSignal.abort()), refusesWith('aborted'));
    const [running, waiting] = [new AbortController(), new AbortController()];
    const refusals = [
      assert.rejects(
        prover.prove(zkey, wtns, running.signal),
        (error) => refusesWith('aborted')(error) && (error as Error).cause === 'changed my mind',
      ),
      assert.rejects(prover.prove(zkey, wtns, waiting.signal), refusesWith('aborted')),
    ];
    const last = prover.prove(zkey, wtns);
    waiting.abort();
    running.abort('changed my mind');
    await Promise.all(refusals);
    assert.deepEqual(reference.verifySync(vk, publicInputs, await last), OK);
  });

  it('gives up a proof in the middle of its work, at whatever moment, its key being ready or not', async () => {
    await prover.prove(zkey, wtns);
    let midway = 0;
    for (const key of [zkey, new Uint8Array(zkey)]) {
      for (const moment of MOMENTS) {
        const aborted = new AbortController();
        const work = outcome(prover.prove(key, wtns, aborted.signal));
        await turns(moment);
        aborted.abort('changed my mind');
        const came = await work;
        if ('value' in came) {
          // Done before the moment came.
          assert.deepEqual(reference.verifySync(vk, publicInputs, came.value), OK);
        } else {
          midway++;
          assert.ok(refusesWith('aborted')(came.error), String(came.error));
          assert.equal((came.error as Error).cause, 'changed my mind');
        }
      }
    }
    assert.ok(midway > 0, 'every proof was done after one turn of the loop');
    assert.deepEqual(reference.verifySync(vk, publicInputs, await prover.prove(zkey, wtns)), OK);
  });

  it('ends a batch of proofs, of signatures and a scan in the middle of their work', async () => {
    const isSlow = name === 'reference';
    const items = manyProofs(isSlow ? 24 : 600);
    const packed = manyOutputs(isSlow ? 2000 : 200_000);
    const viewKey = leBytes(R_J - 2n, 32);
    const one = signedItem();
    const signed = Array.from({ length: isSlow ? 200 : 20_000 }, () => one);
    for (const moment of [1, 2, 6]) {
      for (const begin of [
        (signal: AbortSignal) => verifier.verifyBatch(items, signal),
        (signal: AbortSignal) => scanner.scan({ viewKey, outputs: packed, audit: true, signal }),
        (signal: AbortSignal) => signatures.verifyBatch(signed, signal),
      ]) {
        const aborted = new AbortController();
        const work = assert.rejects(begin(aborted.signal), /enough/);
        await turns(moment);
        aborted.abort(new Error('enough'));
        await work;
      }
    }
    assert.deepEqual(await verifier.verifyBatch(items.slice(0, 2)), [OK, OK]);
    assert.deepEqual(await signatures.verifyBatch(signed.slice(0, 2)), [true, true]);
  });

  it('closed, refuses what runs, what waits and what comes later, of every kind', async () => {
    const isSlow = name === 'reference';
    const items = manyProofs(isSlow ? 24 : 600);
    const packed = manyOutputs(isSlow ? 2000 : 200_000);
    const [scalars, viewKey] = [concat(...Array(64).fill(leBytes(Q - 1n, 32))), leBytes(R_J - 2n, 32)];
    const signed = [signedItem(), signedItem()];
    const spent = { traceKey: fieldToBytes(1n), zpk: fieldToBytes(2n), entries: new Uint8Array(64) };
    const element = leBytes(1n, 32);
    for (const moment of [0, 1, 3]) {
      const other = await open();
      const [one] = items as [ProofItem];
      const works = (): Promise<unknown>[] => [
        other.prover.prove(zkey, wtns),
        other.prover.prove(zkeyPath, wtns),
        other.verifier.verifyBatch(items),
        other.scanner.scan({ viewKey, outputs: packed, audit: true }),
        other.groups.multiplyGenerator('g2', scalars),
        other.verifier.verify(one.vk, one.publicInputs, one.proof),
        other.signatures.verifyBatch(signed),
      ];
      const short = (): Promise<unknown>[] => [
        other.traces.open(spent),
        other.keyPoints.check(element),
        other.groups.multiplyEach('g1', new Uint8Array(96), element),
        other.groups.multiplyPowers('g1', new Uint8Array(96), element, element),
        other.groups.lagrange('g1', new Uint8Array(96)),
        other.groups.combineRows('g1', new Uint8Array(96), {
          starts: Uint32Array.of(0, 1),
          indices: Uint32Array.of(0),
          coefficients: element,
        }),
        other.groups.multiExp('g1', new Uint8Array(96), element, 32),
        other.groups.subtract('g1', new Uint8Array(96), new Uint8Array(96)),
        other.groups.firstBad('g1', new Uint8Array(96)),
        other.groups.encode('g1', new Uint8Array(96), 'compressed'),
        other.groups.pairingProductIsOne(new Uint8Array(96), new Uint8Array(192)),
        ...(other.witness === undefined ? [] : [other.witness.load(new Uint8Array(0))]),
      ];
      const running = works().map(outcome);
      if (moment > 0) await turns(moment);
      await other.close();
      for (const came of await Promise.all(running)) {
        // Work of a moment may be done before the backend is closed; that of many proofs and outputs is not.
        if (moment === 0 || 'error' in came) assert.ok('error' in came && refusesWith('closed')(came.error));
      }
      for (const long of [running[2], running[3]]) assert.ok('error' in (await long!));
      for (const later of [...works(), ...short()]) await assert.rejects(later, refusesWith('closed'));
      assert.throws(
        () => other.verifier.verifySync(one.vk, one.publicInputs, one.proof),
        refusesWith('closed'),
      );
      assert.throws(() => other.noteHasher.hash4(new Uint8Array(128)), refusesWith('closed'));
      await other.close();
    }
  });

  it('says of every proof what the reference says, alone and in any batch', async () => {
    const items = proofItems();
    const expected = await reference.verifyBatch(items);
    assert.ok(expected.filter(({ ok }) => ok).length === 3);
    assert.deepEqual(await verifier.verifyBatch(items), expected);
    assert.deepEqual(await verifier.verifyBatch(items.toReversed()), expected.toReversed());
    for (const [i, { vk: key, publicInputs: its, proof }] of items.entries()) {
      assert.deepEqual(verifier.verifySync(key, its, proof), expected[i]);
      assert.deepEqual(await verifier.verify(key, its, proof), expected[i]);
    }
    assert.deepEqual(await verifier.verifyBatch([]), []);
  });

  it('throws at a key under which proofs can be forged, with the code of its fault', async () => {
    const { vk: sound } = knownKey(1);
    const item = { publicInputs: [1n], proof: simulate(knownKey(1), [1n]) };
    // Joined, the two are as long as they would have to be.
    const joined = concat(sound.alpha, sound.beta);
    const weak: [ProverErrorCode, typeof sound][] = [
      ['point-not-canonical', { ...sound, alpha: joined.subarray(0, 47), beta: joined.subarray(47) }],
      ['key-ic-count', { ...sound, ic: [] }],
      ['key-ic-count', { ...sound, ic: Array.from({ length: 1026 }, () => sound.ic[0]!) }],
      ['key-gamma-equals-delta', { ...sound, gamma: sound.delta }],
      ['key-ic-repeated', { ...sound, ic: [sound.ic[0]!, sound.ic[0]!] }],
      ['point-at-infinity', { ...sound, alpha: badPoints(48)[0]! }],
      ['point-not-in-subgroup', { ...sound, beta: bytes2(strayG2()) }],
      ['point-not-on-curve', { ...sound, ic: [sound.ic[0]!, offCurveG1()] }],
    ];
    for (const [code, key] of weak) {
      assert.throws(() => verifier.verifySync(key, item.publicInputs, item.proof), refusesWith(code));
      await assert.rejects(verifier.verifyBatch([{ vk: key, ...item }]), refusesWith(code));
    }
  });

  it('ends a batch of proofs that is no longer wanted', async () => {
    const items = proofItems();
    await assert.rejects(verifier.verifyBatch(items, AbortSignal.abort(new Error('enough'))), /enough/);
  });

  it('finds the outputs that the reference finds, with the same secrets', async () => {
    const packed = outputs();
    const viewKey = leBytes(R_J - 2n, 32);
    for (const audit of [false, true]) {
      const request = { viewKey, outputs: packed, audit };
      assert.deepEqual(await scanner.scan(request), await createPortableScanner().scan(request));
    }
    assert.ok((await scanner.scan({ viewKey, outputs: packed, audit: true })).length > 20);
    assert.deepEqual(await scanner.scan({ viewKey, outputs: new Uint8Array(0) }), []);
  });

  it('refuses to scan for what is no view key, or in what are no outputs, or when it is not wanted', async () => {
    const packed = outputs();
    for (const viewKey of [
      leBytes(0n, 32),
      leBytes(R_J, 32),
      new Uint8Array(32).fill(0xff),
      new Uint8Array(31),
    ]) {
      const refused = refusesWith('view-key-not-canonical');
      await assert.rejects(scanner.scan({ viewKey, outputs: packed }), refused);
      await assert.rejects(scanner.scan({ viewKey, outputs: new Uint8Array(0) }), refused);
    }
    const viewKey = leBytes(1n, 32);
    await assert.rejects(
      scanner.scan({ viewKey, outputs: packed.subarray(1) }),
      refusesWith('packed-length'),
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(scanner.scan({ viewKey, outputs: packed, signal }), /enough/);
  });

  it('hashes tuples as the reference does, and names the element that is not below the modulus', () => {
    const values = [0n, 1n, Q - 1n, ...Array.from({ length: 65 }, randomField)];
    const tuples = concat(...values.map(fieldToBytes));
    assert.deepEqual(noteHasher.hash4(tuples), createPortableNoteHasher().hash4(tuples));
    assert.deepEqual(noteHasher.hash4(new Uint8Array(0)), new Uint8Array(0));
    assert.throws(() => noteHasher.hash4(tuples.subarray(1)), refusesWith('packed-length'));
    for (const bad of [Q, (1n << 256n) - 1n]) {
      const wrong = new Uint8Array(tuples);
      wrong.set(leBytes(bad, 32), 32 * 6);
      assert.throws(
        () => noteHasher.hash4(wrong),
        (error) => refusesWith('field-not-canonical')(error) && /element 6 /.test((error as Error).message),
      );
    }
  });

  it('says of every signature what verify says, alone and among others', async () => {
    const items = [...hostileSignatures(), ...Array.from({ length: 9 }, signedItem)];
    const expected = items.map(verify);
    assert.ok(expected.includes(true) && expected.includes(false));
    assert.deepEqual(await signatures.verifyBatch(items), expected);
    for (const [i, item] of items.entries()) {
      assert.deepEqual(await signatures.verifyBatch([item]), [expected[i]]);
    }
    assert.deepEqual(await signatures.verifyBatch([]), []);
  });

  it('says of every encoding of a point what the reference says, with the same coordinates', async () => {
    const encodings = concat(...hostileEncodings(), ...Array.from({ length: 9 }, () => signedItem().rk));
    const expected = await createReferenceKeyPointChecker().check(encodings);
    assert.equal(new Set(expected.map(({ verdict }) => verdict)).size, 5);
    assert.deepEqual(await keyPoints.check(encodings), expected);
    for (const place of [0, 1, expected.length - 1]) {
      const alone = encodings.subarray(32 * place, 32 * place + 32);
      assert.deepEqual(await keyPoints.check(alone), [expected[place]]);
    }
    assert.deepEqual(await keyPoints.check(new Uint8Array(0)), []);
    await assert.rejects(keyPoints.check(encodings.subarray(1)), refusesWith('packed-length'));
    await assert.rejects(keyPoints.check(encodings, AbortSignal.abort(new Error('enough'))), /enough/);
  });

  it('opens the traces that the reference opens, and refuses what are none', async () => {
    const [tk, zpk] = [randomField(), randomField()];
    const plain = [0n, 77n, (1n << 48n) + 5n, (1n << 53n) - 1n, 1n << 53n, Q - 1n];
    const entries = concat(
      ...plain.flatMap((value, i) => {
        const nil = i === 1 ? 0n : randomField();
        return [nil, modQ(value + hashTrace(tk, zpk, nil))].map(fieldToBytes);
      }),
      ...[randomField(), randomField()].map(fieldToBytes),
    );
    const request = { traceKey: fieldToBytes(tk), zpk: fieldToBytes(zpk), entries };
    const expected = [0, 77, 2 ** 48 + 5, 2 ** 53 - 1, undefined, undefined, undefined];
    assert.deepEqual(await traces.open(request), expected);
    assert.deepEqual(await traces.open({ ...request, entries: new Uint8Array(0) }), []);
    const zpkOfAnother = { ...request, zpk: fieldToBytes(zpk === 0n ? 1n : zpk - 1n) };
    assert.deepEqual(
      await traces.open(zpkOfAnother),
      expected.map(() => undefined),
    );
    const tooLarge = leBytes(Q, 32);
    for (const bad of [
      { ...request, traceKey: tooLarge },
      { ...request, zpk: tooLarge },
      { ...request, entries: concat(entries, fieldToBytes(1n), tooLarge) },
    ]) {
      await assert.rejects(traces.open(bad), refusesWith('field-not-canonical'));
    }
    await assert.rejects(
      traces.open({ ...request, entries: entries.subarray(1) }),
      refusesWith('packed-length'),
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(traces.open({ ...request, signal }), /enough/);
  });

  it('computes with points as the reference does', async () => {
    const engine = createReferenceGroupEngine();
    const scalars = concat(...[1n, 2n, 3n, Q - 1n].map((value) => leBytes(value, 32)));
    const small = concat(...[7n, 8n, 9n, 10n].map((value) => leBytes(value, 2)));
    const [first, factor] = [leBytes(5n, 32), leBytes(6n, 32)];
    const rows = {
      starts: Uint32Array.of(0, 2, 2, 3),
      indices: Uint32Array.of(0, 3, 1),
      coefficients: scalars.subarray(0, 96),
    };
    for (const group of ['g1', 'g2'] as const) {
      const points = await engine.multiplyGenerator(group, scalars);
      assert.deepEqual(await groups.multiplyGenerator(group, scalars), points);
      assert.deepEqual(
        await groups.multiplyEach(group, points, scalars),
        await engine.multiplyEach(group, points, scalars),
      );
      assert.deepEqual(
        await groups.multiplyPowers(group, points, first, factor),
        await engine.multiplyPowers(group, points, first, factor),
      );
      assert.deepEqual(await groups.lagrange(group, points), await engine.lagrange(group, points));
      assert.deepEqual(
        await groups.combineRows(group, points, rows),
        await engine.combineRows(group, points, rows),
      );
      assert.deepEqual(
        await groups.multiExp(group, points, small, 2),
        await engine.multiExp(group, points, small, 2),
      );
      assert.deepEqual(await groups.subtract(group, points, points.toReversed().fill(0)), points);
      for (const form of ['compressed', 'uncompressed'] as const) {
        assert.deepEqual(await groups.encode(group, points, form), await engine.encode(group, points, form));
      }
      assert.equal(await groups.firstBad(group, points), undefined);
      const bad = new Uint8Array(points);
      bad[2 * (points.length / 4)]! ^= 1;
      assert.equal(await groups.firstBad(group, bad), 2);
      for (const scalar of [Q, (1n << 256n) - 1n]) {
        const wrong = concat(scalars.subarray(0, 96), leBytes(scalar, 32));
        await assert.rejects(groups.multiplyGenerator(group, wrong), refusesWith('field-not-canonical'));
        await assert.rejects(groups.multiplyEach(group, points, wrong), refusesWith('field-not-canonical'));
      }
      await assert.rejects(
        groups.multiplyEach(group, points, scalars.subarray(32)),
        refusesWith('packed-length'),
      );
      await assert.rejects(
        groups.multiplyGenerator(group, scalars.subarray(1)),
        refusesWith('packed-length'),
      );
      const far = { ...rows, indices: Uint32Array.of(0, 4, 1) };
      await assert.rejects(groups.combineRows(group, points, far), refusesWith('packed-length'));
    }
    const [left, right] = [
      await engine.multiplyGenerator('g1', concat(leBytes(6n, 32), leBytes(1n, 32))),
      await engine.multiplyGenerator('g2', concat(leBytes(1n, 32), leBytes(Q - 6n, 32))),
    ];
    assert.equal(await groups.pairingProductIsOne(left, right), true);
    assert.equal(
      await groups.pairingProductIsOne(left, await engine.multiplyGenerator('g2', concat(first, factor))),
      false,
    );
  });
}
