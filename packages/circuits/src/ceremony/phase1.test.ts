import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { concat } from '@sero/crypto';
import { openBackend } from '@sero/prover/node';
import fc from 'fast-check';
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
import type { Beacon } from './contribution.ts';
import { freshStream } from './entropy.ts';
import { CeremonyError } from './errors.ts';
import { type PublicKey, powersChallenge, proveKnowledge } from './knowledge.ts';
import { preparePowers } from './lagrange.ts';
import { contributePowers, startPowers } from './phase1.ts';
import { verifyPowers } from './phase1-verify.ts';
import { pointAt } from './points.ts';
import { challengeAfter, hashResponse, responseHash } from './powers-hash.ts';
import { type Powers, type PowersContribution, readPowers, writePowers } from './ptau.ts';

const backend = await openBackend();
after(() => backend.close());
const engine = backend.groups;
/** Random bytes that are changed. What reads them is the same with every prover, and big integers take a second for each that they check. */
const CHANGED = backend.name === 'reference' ? 10 : 40;
const POWER = 2;

const [ada, bob] = [{ name: 'Ada' }, { name: 'Bob' }];
const end = { name: 'the end', beacon: BEACON };
const honest = await powersBy(engine, POWER, ada, bob, end);
const [one, two, three] = honest.contributions as [
  PowersContribution,
  PowersContribution,
  PowersContribution,
];
const prepared = await preparePowers(engine, honest);
const without = (powers: Powers, ...gone: readonly PowersContribution[]): Powers => ({
  ...powers,
  contributions: powers.contributions.filter((it) => !gone.includes(it)),
});
const verify = (powers: Powers): Promise<unknown> => verifyPowers(engine, powers);

test('an honest transcript verifies, and names everybody with what he attested', async () => {
  const log = await verifyPowers(engine, honest);
  assert.deepEqual(
    log.map(({ origin }) => origin.name),
    ['Ada', 'Bob', 'the end'],
  );
  const again = await contributePowers(engine, honest, ada, NOTHING_TYPED);
  const longer = await verifyPowers(engine, again.result);
  assert.deepEqual(longer.slice(0, 3), log);
  assert.deepEqual(longer[3]!.attestation, again.attestation);
});

test('a file read and written is the same file, and what it says verifies', async () => {
  for (const powers of [honest, prepared]) {
    const bytes = writePowers(powers);
    assert.deepEqual(writePowers(readPowers(bytes)), bytes);
    await verify(readPowers(bytes));
  }
});

test('two contributions with the same typing have nothing in common', async () => {
  const start = await startPowers(engine, 1);
  const typed = new TextEncoder().encode('the same');
  const made = await Promise.all([1, 2].map(() => contributePowers(engine, start, ada, typed)));
  assert.notDeepEqual(made[0]!.result.tau1, made[1]!.result.tau1);
});

test('a beacon gives everybody the same contribution', async () => {
  const before = await powersBy(engine, 1, ada);
  const made = await Promise.all(
    [1, 2].map(() => contributePowers(engine, before, { name: '', beacon: BEACON }, NOTHING_TYPED)),
  );
  assert.deepEqual(made[0], made[1]);
});

test('powers to which nobody contributed are refused', async () => {
  await refused('no-contribution', async () => verify(await startPowers(engine, POWER)));
});

test('a contribution that is left out is noticed, wherever it stood', async () => {
  await refused('knowledge-false', () => verify(without(honest, one)));
  await refused('hash-mismatch', () => verify(without(honest, two)));
  await refused('contribution-unmatched', () => verify(without(honest, three)));
});

test('contributions in another order are refused', async () => {
  await refused('hash-mismatch', () => verify({ ...honest, contributions: [two, one, three] }));
});

test('somebody who copies the record of another has not contributed', async () => {
  const copy = { ...three, origin: ada, nextChallenge: three.nextChallenge };
  await refused('key-reused', () => verify({ ...honest, contributions: [...honest.contributions, copy] }));
  // Other points [k] s and [k x] s for the x of somebody else, with hashes that fit.
  const scaled = async (key: PublicKey): Promise<PublicKey> => ({
    ...key,
    s1: await engine.multiplyEach('g1', key.s1, scalar(7n)),
    sx1: await engine.multiplyEach('g1', key.sx1, scalar(7n)),
  });
  const keys = { tau: await scaled(two.tau), alpha: await scaled(two.alpha), beta: await scaled(two.beta) };
  await refused('knowledge-false', async () => verify(await forge(honest, honest, [1n, 1n, 1n], { keys })));
});

type Points = Pick<Powers, 'tau1' | 'tau2' | 'alpha1' | 'beta1' | 'beta2'>;

/** A contribution as somebody would make it who keeps to no rule but knows his secrets. */
async function forge(
  base: Powers,
  from: Powers,
  [tau, alpha, beta]: readonly [bigint, bigint, bigint],
  instead: {
    readonly points?: (honest: Points) => Partial<Points>;
    readonly keys?: Record<'tau' | 'alpha' | 'beta', PublicKey>;
  } = {},
): Promise<Powers> {
  const challenge = base.contributions.at(-1)!.nextChallenge;
  const multiplied = {
    tau1: await engine.multiplyPowers('g1', from.tau1, scalar(1n), scalar(tau)),
    tau2: await engine.multiplyPowers('g2', from.tau2, scalar(1n), scalar(tau)),
    alpha1: await engine.multiplyPowers('g1', from.alpha1, scalar(alpha), scalar(tau)),
    beta1: await engine.multiplyPowers('g1', from.beta1, scalar(beta), scalar(tau)),
    beta2: await engine.multiplyEach('g2', from.beta2, scalar(beta)),
  };
  const points = { ...multiplied, ...instead.points?.(multiplied) };
  const next = freshStream();
  const key = (which: number, secret: bigint): Promise<PublicKey> =>
    proveKnowledge(engine, scalar(secret), next, powersChallenge(which, challenge));
  const record = {
    tau1: pointAt('g1', points.tau1, 1),
    tau2: pointAt('g2', points.tau2, 1),
    alpha1: pointAt('g1', points.alpha1, 0),
    beta1: pointAt('g1', points.beta1, 0),
    beta2: points.beta2,
    ...(instead.keys ?? { tau: await key(0, tau), alpha: await key(1, alpha), beta: await key(2, beta) }),
    hashState: (await hashResponse(engine, challenge, points)).state(),
    origin: { name: 'Mallory' },
  };
  const attested = await responseHash(engine, { ...record, nextChallenge: challenge }, POWER);
  const nextChallenge = await challengeAfter(engine, attested, points);
  return { ...base, ...points, contributions: [...base.contributions, { ...record, nextChallenge }] };
}

test('the forger of these tests passes where he keeps to the rules', async () => {
  await verify(await forge(honest, honest, [5n, 6n, 7n]));
});

test('a secret of one changes nothing and is refused; a secret of zero makes infinity', async () => {
  await refused('secret-trivial', async () => verify(await forge(honest, honest, [1n, 6n, 7n])));
  await refused('secret-trivial', async () => verify(await forge(honest, honest, [5n, 1n, 7n])));
  await refused('secret-trivial', async () => verify(await forge(honest, honest, [5n, 6n, 1n])));
  await refused('point-invalid', async () => verify(await forge(honest, honest, [0n, 6n, 7n])));
  await refused('point-invalid', async () => verify(await forge(honest, honest, [5n, 0n, 7n])));
});

test('whoever throws away what others contributed and begins anew is found out', async () => {
  const fresh = await startPowers(engine, POWER);
  await refused('contribution-not-next', async () => verify(await forge(honest, fresh, [5n, 6n, 7n])));
  // Of alpha, or of beta, alone: the powers of tau times one.
  const alpha1 = honest.tau1.subarray(0, honest.alpha1.length);
  const anew = [{ alpha1 }, { beta1: alpha1, beta2: pointAt('g2', honest.tau2, 0) }];
  for (const part of anew) {
    await refused('contribution-not-next', async () =>
      verify(await forge(honest, { ...honest, ...part }, [5n, 6n, 7n])),
    );
  }
});

test('points that are not powers of tau are found in every part, the last one too', async () => {
  const last = { tau1: 2 ** (POWER + 1) - 2, alpha1: 2 ** POWER - 1, beta1: 2 ** POWER - 1 } as const;
  const bent = async (points: (honest: Points) => Partial<Points>): Promise<void> =>
    refused('powers-inconsistent', async () => verify(await forge(honest, honest, [5n, 6n, 7n], { points })));
  for (const part of ['tau1', 'alpha1', 'beta1'] as const) {
    for (const at of [2, last[part]]) {
      await bent((points) => ({ [part]: replaced(points[part], at, pointAt('g1', points.tau1, 1)) }));
    }
  }
  for (const at of [2, last.alpha1]) await bent(({ tau2, beta2 }) => ({ tau2: replaced(tau2, at, beta2) }));
  await bent(({ tau1 }) => ({ tau1: replaced(tau1, 0, pointAt('g1', tau1, 2)) }));
  await bent(({ tau2 }) => ({ beta2: pointAt('g2', tau2, 1) }));
});

test('two wrong points that make up for each other are found', async () => {
  const alpha1 = await shifted(engine, honest.alpha1, [1, 2], pointAt('g1', honest.tau1, 2));
  await refused('powers-inconsistent', () => verify({ ...honest, alpha1 }));
});

test('what a contribution says of its results is checked for those that are not the last, too', async () => {
  const changes: Partial<PowersContribution>[] = [
    { tau1: two.tau1 },
    { tau2: two.tau2 },
    { alpha1: two.alpha1 },
    { beta1: two.beta1 },
    { beta2: two.beta2 },
  ];
  for (const change of changes) {
    await refused('contribution-not-next', () =>
      verify({ ...honest, contributions: [{ ...one, ...change }, two, three] }),
    );
  }
});

test('points outside the subgroup are refused by who verifies, and by who is to put a secret on them', async () => {
  for (const part of ['tau1', 'alpha1', 'beta1'] as const) {
    const bent = {
      ...honest,
      [part]: replaced(honest[part], 3, withSmallOrder(pointAt('g1', honest[part], 3))),
    };
    await refused('point-invalid', () => verify(bent));
    await refused('point-invalid', () => contributePowers(engine, bent, ada, NOTHING_TYPED));
  }
  const outside = outsideG2();
  const tau2 = replaced(honest.tau2, 3, outside);
  for (const bent of [
    { ...honest, tau2 },
    { ...honest, beta2: outside },
  ]) {
    await refused('point-invalid', () => verify(bent));
    await refused('point-invalid', () => contributePowers(engine, bent, ada, NOTHING_TYPED));
  }
  const records = [
    { ...one, tau: { ...one.tau, sx1: withSmallOrder(one.tau.sx1) } },
    { ...one, beta1: withSmallOrder(one.beta1) },
    { ...one, tau: { ...one.tau, spx2: outside } },
    { ...one, beta2: outside },
  ];
  for (const record of records) {
    await refused('point-invalid', () => verify({ ...honest, contributions: [record, two, three] }));
  }
});

test('points that the last contribution did not make are refused', async () => {
  const { contributions } = honest;
  const factors = [
    [5n, 6n, 7n],
    [5n, 1n, 1n],
    [1n, 6n, 1n],
    [1n, 1n, 7n],
  ] as const;
  for (const secrets of factors) {
    const other = await forge(honest, honest, secrets);
    await refused('contribution-unmatched', () => verify({ ...other, contributions }));
  }
});

test('hashes that are not of this transcript are refused', async () => {
  const flip = (bytes: Uint8Array, at: number): Uint8Array =>
    replaced(bytes, at, Uint8Array.of(bytes[at]! ^ 1));
  const changed = (last: PowersContribution): Powers => ({ ...honest, contributions: [one, two, last] });
  await refused('hash-mismatch', () =>
    verify(changed({ ...three, nextChallenge: flip(three.nextChallenge, 9) })),
  );
  await refused('hash-mismatch', () => verify(changed({ ...three, hashState: flip(three.hashState, 130) })));
  await refused('hash-mismatch', () => verify(changed({ ...three, hashState: flip(three.hashState, 192) })));
});

test('a beacon that is not of its number is refused', async () => {
  const as = (beacon: PowersContribution['origin']['beacon']): Powers => ({
    ...honest,
    contributions: [one, two, { ...three, origin: { name: '', beacon: beacon! } }],
  });
  await refused('beacon-wrong', () => verify(as({ ...BEACON, value: Uint8Array.of(9) })));
  await refused('beacon-wrong', () => verify(as({ ...BEACON, iterationsPower: 11 })));
  await refused('option-invalid', () => verify(as({ ...BEACON, iterationsPower: 9 })));
  await refused('option-invalid', () => verify(as({ ...BEACON, value: NOTHING_TYPED })));
  // A secret of one's own, passed off as a beacon's.
  const own = await forge(honest, honest, [5n, 6n, 7n]);
  const last = { ...own.contributions.at(-1)!, origin: { name: '', beacon: BEACON } };
  await refused('beacon-wrong', () => verify({ ...own, contributions: [...honest.contributions, last] }));
});

test('powers of beacons alone are refused: everybody can compute tau', async () => {
  const beacons = await powersBy(engine, POWER, end, {
    name: 'as well',
    beacon: { ...BEACON, iterationsPower: 11 },
  });
  await refused('beacons-only', () => verify(beacons));
  await refused('beacons-only', async () => verify(await preparePowers(engine, beacons)));
  await verify((await contributePowers(engine, beacons, ada, NOTHING_TYPED)).result);
});

test('a person’s record that holds a beacon’s number is malformed', async () => {
  const bytes = writePowers(honest);
  // The last record: type, length of the parameters, name, iterations, number.
  const length = 2 + 'the end'.length + 2 + 2 + BEACON.value.length;
  const type = bytes.length - length - 8;
  assert.equal(bytes[type], 1);
  await refused('file-malformed', async () => readPowers(replaced(bytes, type, Uint8Array.of(0))));
});

test('beacons that ask for too many hashes, alone or together, are refused before one is taken', async () => {
  const [least, most, far] = ([10, 24, 63] as const).map((iterationsPower) => ({
    ...BEACON,
    iterationsPower,
  })) as [Beacon, Beacon, Beacon];
  const by = (...beacons: readonly Beacon[]): Powers => ({
    ...honest,
    contributions: [one, ...beacons.map((beacon) => ({ ...three, origin: { name: '', beacon } }))],
  });
  // This one would last for 300,000 years.
  await refused('beacon-too-long', () => verify(by(far)));
  await refused('beacon-too-long', () => verify(by(most, least)));
  // Else whoever follows works in vain: nothing could close the phase any more.
  await refused('beacon-too-long', () =>
    verify({ ...by(most), contributions: [...by(most).contributions, one] }),
  );
  const contribute = (powers: Powers, beacon: Beacon): Promise<unknown> =>
    contributePowers(engine, powers, { name: '', beacon }, NOTHING_TYPED);
  await refused('beacon-too-long', () => contribute(honest, far));
  await refused('beacon-too-long', () => contribute(by(most), least));
});

test('Lagrange forms that are not those of the powers are refused, in every part and domain', async () => {
  const { lagrange } = prepared;
  for (const part of ['tau1', 'alpha1', 'beta1'] as const) {
    for (const at of [0, 1, 4, lagrange![part].length / 96 - 1]) {
      const forms = { ...lagrange!, [part]: replaced(lagrange![part], at, pointAt('g1', honest.tau1, 2)) };
      await refused('lagrange-wrong', () => verify({ ...prepared, lagrange: forms }));
    }
  }
  const tau2 = replaced(lagrange!.tau2, 3, honest.beta2);
  await refused('lagrange-wrong', () => verify({ ...prepared, lagrange: { ...lagrange!, tau2 } }));
  const bent = replaced(lagrange!.tau1, 3, withSmallOrder(pointAt('g1', lagrange!.tau1, 3)));
  await refused('point-invalid', () => verify({ ...prepared, lagrange: { ...lagrange!, tau1: bent } }));
});

test('a part of a larger ceremony cannot be added to', async () => {
  await refused('truncated', () =>
    contributePowers(engine, { ...honest, ceremonyPower: POWER + 1 }, ada, NOTHING_TYPED),
  );
});

test('names and beacons that the format does not hold, and other numbers of powers, are refused', async () => {
  const contribute = (origin: PowersContribution['origin']): Promise<unknown> =>
    contributePowers(engine, honest, origin, NOTHING_TYPED);
  await refused('option-invalid', () => contribute({ name: 'ä'.repeat(33) }));
  await refused('option-invalid', () =>
    contribute({ name: '', beacon: { ...BEACON, value: new Uint8Array(256) } }),
  );
  await refused('option-invalid', () =>
    contribute({ name: '', beacon: { ...BEACON, value: NOTHING_TYPED } }),
  );
  await refused('option-invalid', () => contribute({ name: '', beacon: { ...BEACON, iterationsPower: 9 } }));
  for (const power of [0, 21, 1.5]) await refused('power-unsupported', () => startPowers(engine, power));
});

test('a file that is cut short anywhere, or goes on after its end, is refused', async () => {
  const bytes = writePowers(prepared);
  for (let length = 0; length < bytes.length; length += 37) {
    await refused('file-malformed', async () => readPowers(bytes.subarray(0, length)));
  }
  await refused('file-malformed', async () => readPowers(concat(bytes, Uint8Array.of(0))));
});

test('a file with any byte changed gives a typed refusal, or says the same in other words', async () => {
  const bytes = writePowers(honest);
  const verdict = async (file: Uint8Array): Promise<'refused' | 'valid'> => {
    try {
      await verify(readPowers(file));
      return 'valid';
    } catch (error) {
      assert.ok(error instanceof CeremonyError, String(error));
      return 'refused';
    }
  };
  // The head of the file and all points; names and what only an earlier author attests is no part of the proof.
  const end = bytes.length - honest.contributions.length * 2_400;
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: end - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      assert.equal(await verdict(replaced(bytes, at, Uint8Array.of(bytes[at]! ^ change))), 'refused');
    }),
    { numRuns: CHANGED },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: end, max: bytes.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, change) => {
        await verdict(replaced(bytes, at, Uint8Array.of(bytes[at]! ^ change)));
      },
    ),
    { numRuns: CHANGED },
  );
});
