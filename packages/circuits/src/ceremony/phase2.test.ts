import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { concat, invert } from '@sero/crypto';
import { decodeVerifyingKey } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import fc from 'fast-check';
import { R1csError } from '../setup-r1cs.ts';
import { productChain, writeR1cs } from '../setup-test-support.ts';
import { type KeyContribution, type ProvingKey, readProvingKey, writeProvingKey } from '../zkey-file.ts';
import {
  BEACON,
  NOTHING_TYPED,
  outsideG2,
  powersBy,
  refused,
  replaced,
  scalar,
  shifted,
  withSmallOrder,
} from './ceremony-test-support.ts';
import { freshStream } from './entropy.ts';
import { CeremonyError } from './errors.ts';
import { finishKeys, requireBeacon } from './finish.ts';
import { type PublicKey, proveKnowledge } from './knowledge.ts';
import { preparePowers } from './lagrange.ts';
import { contributeKey, startKey } from './phase2.ts';
import { transcriptHash } from './phase2-hash.ts';
import { verifyKey } from './phase2-verify.ts';
import { generators, pointAt } from './points.ts';

const backend = await openBackend();
after(() => backend.close());
const engine = backend.groups;
/** Random bytes that are changed. What reads them is the same with every prover, and big integers take a second for each that they check. */
const CHANGED = backend.name === 'reference' ? 10 : 60;

const circuit = writeR1cs(productChain(3).r1cs);
const other = writeR1cs(productChain(4).r1cs);
const [ada, bob] = [{ name: 'Ada' }, { name: 'Bob' }];
const end = { name: 'the end', beacon: BEACON };
const powers = await preparePowers(engine, await powersBy(engine, 3, ada, end));
const start = await startKey(engine, circuit, powers);
let honest = start;
for (const origin of [ada, bob, end]) {
  honest = (await contributeKey(engine, honest, origin, NOTHING_TYPED)).result;
}
const [one, two, three] = honest.contributions as [KeyContribution, KeyContribution, KeyContribution];
const verify = (key: ProvingKey): Promise<unknown> => verifyKey(engine, circuit, powers, key);

test('an honest transcript verifies, and names everybody with what he attested', async () => {
  const log = await verifyKey(engine, circuit, powers, honest);
  assert.deepEqual(
    log.map(({ origin }) => origin.name),
    ['Ada', 'Bob', 'the end'],
  );
  const again = await contributeKey(engine, honest, ada, NOTHING_TYPED);
  const longer = await verifyKey(engine, circuit, powers, again.result);
  assert.deepEqual(longer.slice(0, 3), log);
  assert.deepEqual(longer[3]!.attestation, again.attestation);
});

test('a file read and written is the same file', () => {
  const bytes = writeProvingKey(honest);
  assert.deepEqual(writeProvingKey(readProvingKey(bytes)), bytes);
});

test('the beginning is the same for everybody, and nobody has contributed to it', async () => {
  assert.deepEqual(await startKey(engine, circuit, powers), start);
  await refused('no-contribution', () => verify(start));
});

test('a key of another circuit, or under other powers, is refused', async () => {
  await refused('circuit-mismatch', () => verifyKey(engine, other, powers, honest));
  const others = await preparePowers(engine, await powersBy(engine, 3, ada));
  await refused('circuit-mismatch', () => verifyKey(engine, circuit, others, honest));
});

test('whatever no contribution may change is compared: gamma, alpha, beta, the circuit, its hash', async () => {
  const bend = (points: Uint8Array): Uint8Array => replaced(points, 0, Uint8Array.of(points[0]! ^ 1));
  for (const part of [
    'alpha1',
    'beta1',
    'beta2',
    'gamma2',
    'ic',
    'coefficients',
    'a1',
    'b1',
    'b2',
    'circuitHash',
  ] as const) {
    await refused('circuit-mismatch', () => verify({ ...honest, [part]: bend(honest[part]) }));
  }
  for (const size of ['wires', 'publicInputs', 'domainSize'] as const) {
    await refused('circuit-mismatch', () => verify({ ...honest, [size]: honest[size] * 2 }));
  }
  // A larger domain, with points behind those that are compared.
  const larger = { domainSize: honest.domainSize * 2, h1: concat(honest.h1, honest.h1) };
  await refused('circuit-mismatch', () => verify({ ...honest, ...larger }));
  // gamma a multiple of the generator that Mallory knows, and IC divided by it: proofs of anything without this check.
  const gamma2 = await engine.multiplyEach('g2', honest.gamma2, scalar(5n));
  const ic = await engine.multiplyPowers('g1', honest.ic, scalar(invert(5n)), scalar(1n));
  await refused('circuit-mismatch', () => verify({ ...honest, gamma2, ic }));
});

test('a contribution that is left out, or in another place, is noticed', async () => {
  const of = (...contributions: readonly KeyContribution[]): Promise<unknown> =>
    verify({ ...honest, contributions });
  await refused('hash-mismatch', () => of(two, three));
  await refused('hash-mismatch', () => of(one, three));
  await refused('contribution-unmatched', () => of(one, two));
  await refused('hash-mismatch', () => of(two, one, three));
  await refused('key-reused', () => of(one, two, two, three));
});

/** A contribution as somebody would make it who keeps to no rule but knows his secret. */
async function forge(
  base: ProvingKey,
  from: ProvingKey,
  secret: bigint,
  instead: { readonly key?: PublicKey; readonly parts?: Partial<ProvingKey> } = {},
): Promise<ProvingKey> {
  const hash = await transcriptHash(engine, base.circuitHash, base.contributions);
  const challenge = (sAndSx: Uint8Array): Uint8Array => new Uint8Array(hash.copy().update(sAndSx).digest());
  const key = instead.key ?? (await proveKnowledge(engine, scalar(secret), freshStream(), challenge));
  const transcript = challenge(await engine.encode('g1', concat(key.s1, key.sx1), 'uncompressed'));
  const inverse = scalar(secret === 0n ? 0n : invert(secret));
  const delta1 = await engine.multiplyEach('g1', from.delta1, scalar(secret));
  const contribution = { delta1, key, transcript, origin: { name: 'Mallory' } };
  return {
    ...base,
    delta1,
    delta2: await engine.multiplyEach('g2', from.delta2, scalar(secret)),
    l1: await engine.multiplyPowers('g1', from.l1, inverse, scalar(1n)),
    h1: await engine.multiplyPowers('g1', from.h1, inverse, scalar(1n)),
    contributions: [...base.contributions, contribution],
    ...instead.parts,
  };
}

test('the forger of these tests passes where he keeps to the rules', async () => {
  await verify(await forge(honest, honest, 5n));
});

test('a secret of one changes nothing and is refused; a secret of zero makes infinity', async () => {
  await refused('secret-trivial', async () => verify(await forge(honest, honest, 1n)));
  await refused('point-invalid', async () => verify(await forge(honest, honest, 0n)));
});

test('somebody who uses the key of another has not contributed', async () => {
  const scaled = {
    ...two.key,
    s1: await engine.multiplyEach('g1', two.key.s1, scalar(7n)),
    sx1: await engine.multiplyEach('g1', two.key.sx1, scalar(7n)),
  };
  await refused('knowledge-false', async () => verify(await forge(honest, honest, 1n, { key: scaled })));
  await refused('key-reused', async () => verify(await forge(honest, honest, 1n, { key: two.key })));
});

test('whoever throws away what others contributed and begins anew is found out', async () => {
  await refused('contribution-not-next', async () => verify(await forge(honest, start, 5n)));
});

test('delta of another number in G2, or that does not divide every point, is refused', async () => {
  const { g2 } = await generators(engine);
  await refused('delta-mismatch', async () =>
    verify(await forge(honest, honest, 5n, { parts: { delta2: g2 } })),
  );
  for (const part of ['l1', 'h1'] as const) {
    await refused('delta-mismatch', async () =>
      verify(await forge(honest, honest, 5n, { parts: { [part]: honest[part] } })),
    );
    const { [part]: points } = await forge(honest, honest, 5n);
    const swapped = replaced(points, 1, pointAt('g1', honest.a1, 1));
    await refused('delta-mismatch', async () => verify({ ...honest, [part]: swapped }));
  }
});

test('delta of G2 that fits the points it divides, but not delta of G1, is refused', async () => {
  const { delta2, l1, h1 } = await forge(honest, honest, 7n);
  await refused('delta-mismatch', async () =>
    verify(await forge(honest, honest, 5n, { parts: { delta2, l1, h1 } })),
  );
  const bent = replaced(honest.delta2, 0, Uint8Array.of(honest.delta2[0]! ^ 1));
  await refused('point-invalid', () => verify({ ...honest, delta2: bent }));
});

test('two wrong points that make up for each other are found', async () => {
  const h1 = await shifted(engine, honest.h1, [1, 2], pointAt('g1', honest.a1, 1));
  await refused('delta-mismatch', () => verify({ ...honest, h1 }));
});

test('a wire of no constraint stays at infinity', async () => {
  // Wire 6 of 7 is private and in no constraint.
  const spare = productChain(2).r1cs;
  const withSpare = writeR1cs({ ...spare, wires: spare.wires + 1 });
  const first = await startKey(engine, withSpare, powers);
  const last = countPoints(first.l1) - 1;
  assert.ok(pointAt('g1', first.l1, last).every((byte) => byte === 0));
  const made = (await contributeKey(engine, first, ada, NOTHING_TYPED)).result;
  await verifyKey(engine, withSpare, powers, made);
  const l1 = replaced(made.l1, last, pointAt('g1', made.a1, 1));
  await refused('delta-mismatch', () => verifyKey(engine, withSpare, powers, { ...made, l1 }));
});

const countPoints = (points: Uint8Array): number => points.length / 96;

test('points outside the subgroup are refused by who verifies, and by who is to put a secret on them', async () => {
  for (const part of ['l1', 'h1', 'delta1'] as const) {
    const bent = {
      ...honest,
      [part]: replaced(honest[part], 0, withSmallOrder(pointAt('g1', honest[part], 0))),
    };
    await refused(part === 'delta1' ? 'contribution-unmatched' : 'point-invalid', () => verify(bent));
    await refused('point-invalid', () => contributeKey(engine, bent, ada, NOTHING_TYPED));
  }
  const delta2 = outsideG2();
  await refused('point-invalid', () => verify({ ...honest, delta2 }));
  await refused('point-invalid', () => contributeKey(engine, { ...honest, delta2 }, ada, NOTHING_TYPED));
  const records = [
    { ...one, delta1: withSmallOrder(one.delta1) },
    { ...one, key: { ...one.key, spx2: delta2 } },
  ];
  for (const record of records) {
    await refused('point-invalid', () => verify({ ...honest, contributions: [record, two, three] }));
  }
});

test('a beacon that is not of its number is refused, and so is one that was not agreed on', async () => {
  const as = (beacon: KeyContribution['origin']['beacon']): ProvingKey => ({
    ...honest,
    contributions: [one, two, { ...three, origin: { name: '', beacon: beacon! } }],
  });
  await refused('beacon-wrong', () => verify(as({ ...BEACON, value: Uint8Array.of(9) })));
  await refused('beacon-wrong', () => verify(as({ ...BEACON, iterationsPower: 11 })));
  await refused('option-invalid', () => verify(as({ ...BEACON, iterationsPower: 9 })));
  const log = await verifyKey(engine, circuit, powers, honest);
  requireBeacon(log);
  requireBeacon(log, BEACON.value);
  await refused('beacon-wrong', async () => requireBeacon(log, Uint8Array.of(1)));
  await refused('beacon-missing', async () => requireBeacon(log.slice(0, 2)));
});

test('names and beacons that the format does not hold are refused', async () => {
  const contribute = (origin: KeyContribution['origin']): Promise<unknown> =>
    contributeKey(engine, honest, origin, NOTHING_TYPED);
  await refused('option-invalid', () => contribute({ name: 'ä'.repeat(33) }));
  await refused('option-invalid', () =>
    contribute({ name: '', beacon: { ...BEACON, value: new Uint8Array(256) } }),
  );
});

test('powers that are too few, or not prepared, are refused', async () => {
  const { lagrange: _, ...unprepared } = powers;
  await refused('not-prepared', () => startKey(engine, circuit, unprepared));
  await refused('circuit-too-large', () => startKey(engine, writeR1cs(productChain(5).r1cs), powers));
});

test('bytes that are no circuit are refused as such', async () => {
  await assert.rejects(startKey(engine, new Uint8Array(40), powers), R1csError);
});

test('the keys of a finished ceremony carry no mark, and prove', async () => {
  const keys = await finishKeys(engine, circuit, 1, powers, honest);
  const vk = decodeVerifyingKey(keys.verifyingKey);
  assert.deepEqual([vk.circuit, vk.development], [1, false]);
  assert.deepEqual(readProvingKey(keys.provingKey).h1, honest.h1);
  assert.equal(keys.powers.length, 2);
});

test('a ceremony is not finished without beacons, nor with anything that does not verify', async () => {
  const open = (await contributeKey(engine, honest, ada, NOTHING_TYPED)).result;
  await refused('beacon-missing', () => finishKeys(engine, circuit, 1, powers, open));
  const openPowers = await preparePowers(engine, await powersBy(engine, 3, end, ada));
  const key = (await contributeKey(engine, await startKey(engine, circuit, openPowers), end, NOTHING_TYPED))
    .result;
  await refused('beacon-missing', () => finishKeys(engine, circuit, 1, openPowers, key));
  await refused('delta-mismatch', () => finishKeys(engine, circuit, 1, powers, { ...honest, h1: start.h1 }));
  const bent = { ...powers, alpha1: replaced(powers.alpha1, 3, pointAt('g1', powers.tau1, 2)) };
  await refused('powers-inconsistent', () => finishKeys(engine, circuit, 1, bent, honest));
});

test('a ceremony of beacons alone is refused, in each phase: everybody could forge under its keys', async () => {
  const key = (await contributeKey(engine, start, end, NOTHING_TYPED)).result;
  await refused('beacons-only', () => verify(key));
  await refused('beacons-only', () => finishKeys(engine, circuit, 1, powers, key));
  const beacons = await preparePowers(engine, await powersBy(engine, 3, end));
  let under = await startKey(engine, circuit, beacons);
  for (const origin of [ada, end]) under = (await contributeKey(engine, under, origin, NOTHING_TYPED)).result;
  await refused('beacons-only', () => finishKeys(engine, circuit, 1, beacons, under));
});

test('a ceremony is finished with the beacons agreed on, or with none', async () => {
  const finish = (powersBeacon: Uint8Array, keyBeacon: Uint8Array): Promise<unknown> =>
    finishKeys(engine, circuit, 1, powers, honest, { powersBeacon, keyBeacon });
  await finish(BEACON.value, BEACON.value);
  await refused('beacon-wrong', () => finish(Uint8Array.of(1), BEACON.value));
  await refused('beacon-wrong', () => finish(BEACON.value, Uint8Array.of(1)));
});

test('beacons that ask for too many hashes, alone or together, are refused before one is taken', async () => {
  const by = (...iterations: readonly number[]): ProvingKey => ({
    ...honest,
    contributions: [
      one,
      ...iterations.map((iterationsPower) => ({
        ...three,
        origin: { name: '', beacon: { ...BEACON, iterationsPower } },
      })),
    ],
  });
  await refused('beacon-too-long', () => verify(by(63)));
  await refused('beacon-too-long', () => verify(by(24, 10)));
  const next = { name: '', beacon: BEACON };
  await refused('beacon-too-long', () => contributeKey(engine, by(24), next, NOTHING_TYPED));
});

test('a file that is cut short anywhere, or goes on after its end, is refused', async () => {
  const bytes = writeProvingKey(honest);
  for (let length = 0; length < bytes.length; length += 29) {
    await refused('file-malformed', async () => readProvingKey(bytes.subarray(0, length)));
  }
  await refused('file-malformed', async () => readProvingKey(concat(bytes, Uint8Array.of(0))));
});

test('a file with any byte changed gives a typed refusal, unless it is the last name', async () => {
  const bytes = writeProvingKey(honest);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        const file = replaced(bytes, at, Uint8Array.of(bytes[at]! ^ change));
        const named = Buffer.from(file).includes('the end') && Buffer.from(file).includes('Ada');
        try {
          await verify(readProvingKey(file));
        } catch (error) {
          assert.ok(error instanceof CeremonyError, String(error));
          return;
        }
        // Names are nobody's: the transcript's hashes leave them out, as snarkjs' do.
        assert.ok(!named || !Buffer.from(file).includes('Bob'), `byte ${at}`);
      },
    ),
    { numRuns: CHANGED },
  );
});
