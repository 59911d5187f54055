import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openBackend } from '@sero/prover/node';
import { type CeremonyFile, curves, powersOfTau, zKey } from 'snarkjs';
import { productChain, writeR1cs } from '../setup-test-support.ts';
import { readProvingKey, writeProvingKey } from '../zkey-file.ts';
import { BEACON, NOTHING_TYPED, powersBy } from './ceremony-test-support.ts';
import { preparePowers } from './lagrange.ts';
import { contributePowers, startPowers } from './phase1.ts';
import { verifyPowers } from './phase1-verify.ts';
import { contributeKey, startKey } from './phase2.ts';
import { verifyKey } from './phase2-verify.ts';
import { readPowers, writePowers } from './ptau.ts';

/** The files are snarkjs': it checks and continues ours, and we its. */

const backend = await openBackend();
const curve = await curves.getCurveFromName('bls12381');
after(async () => {
  await curve.terminate();
  await backend.close();
});
const engine = backend.groups;
// Big integers take an hour for 2^8.
const POWER = backend.name === 'reference' ? 3 : 8;
const circuit = productChain(backend.name === 'reference' ? 3 : 200);
const r1cs = writeR1cs(circuit.r1cs);

const file = (data: Uint8Array): CeremonyFile => ({ type: 'mem', data });
/** What snarkjs writes. */
async function written<T>(write: (to: CeremonyFile) => Promise<T>): Promise<readonly [Uint8Array, T]> {
  const to: CeremonyFile = { type: 'mem' };
  const result = await write(to);
  return [to.data!, result];
}
const BEACON_HEX = Buffer.from(BEACON.value).toString('hex');
const end = { name: 'the end', beacon: BEACON };

const [bytes1, hash1] = await written((to) =>
  startPowers(engine, POWER).then((start) =>
    powersOfTau.contribute(file(writePowers(start)), to, 'theirs', 'typed'),
  ),
);
const one = readPowers(bytes1);
const two = (await contributePowers(engine, one, { name: 'ours' }, NOTHING_TYPED)).result;
const closed = (await contributePowers(engine, two, end, NOTHING_TYPED)).result;
const prepared = await preparePowers(engine, closed);

test('both begin phase 1 with the same points', async () => {
  const [bytes] = await written((to) => powersOfTau.newAccumulator(curve, POWER, to));
  const [theirs, ours] = [readPowers(bytes), await startPowers(engine, POWER)];
  // snarkjs leaves the size of the ceremony out of the very first file.
  assert.deepEqual({ ...theirs, ceremonyPower: POWER }, ours);
});

test('snarkjs adds to our powers, we to its, and both verify the whole', async () => {
  assert.deepEqual((await verifyPowers(engine, one))[0]!.attestation, new Uint8Array(hash1));
  assert.equal(await powersOfTau.verify(file(writePowers(two))), true);
  assert.equal((await verifyPowers(engine, two)).length, 2);
});

test('both make the same of a beacon in phase 1', async () => {
  const [bytes] = await written((to) =>
    powersOfTau.beacon(file(writePowers(two)), to, 'the end', BEACON_HEX, BEACON.iterationsPower),
  );
  const theirs = readPowers(bytes);
  // Of the state of a hash, snarkjs keeps bytes of an earlier block that count for nothing.
  const counting = ({ contributions, ...rest }: typeof theirs): unknown => ({
    ...rest,
    contributions: contributions.map((it) => ({ ...it, hashState: it.hashState.slice(128) })),
  });
  assert.deepEqual(counting(theirs), counting(closed));
  await verifyPowers(engine, theirs);
});

test('both prepare the same powers in the same way', async () => {
  const small = await powersBy(engine, 3, { name: 'one' });
  const [bytes] = await written((to) => powersOfTau.preparePhase2(file(writePowers(small)), to));
  assert.deepEqual(bytes, writePowers(await preparePowers(engine, small)));
});

test('snarkjs verifies powers that we prepared', async () => {
  assert.equal(await powersOfTau.verify(file(writePowers(prepared))), true);
});

test('both begin phase 2 with the same key, with the same hash of the circuit', async () => {
  const [bytes, hash] = await written((to) => zKey.newZKey(file(r1cs), file(writePowers(prepared)), to));
  const ours = await startKey(engine, r1cs, prepared);
  assert.deepEqual(readProvingKey(bytes), ours);
  assert.deepEqual(new Uint8Array(hash), ours.circuitHash);
});

test('snarkjs adds to our key, we to its, both make the same of a beacon, and both verify the whole', async () => {
  const start = await startKey(engine, r1cs, prepared);
  const [bytes, hash] = await written((to) =>
    zKey.contribute(file(writeProvingKey(start)), to, 'theirs', 'typed'),
  );
  const theirs = readProvingKey(bytes);
  const log = await verifyKey(engine, r1cs, prepared, theirs);
  assert.deepEqual(log[0]!.attestation, new Uint8Array(hash));
  const ours = (await contributeKey(engine, theirs, { name: 'ours' }, NOTHING_TYPED)).result;
  const last = (await contributeKey(engine, ours, end, NOTHING_TYPED)).result;
  const [lastBytes] = await written((to) =>
    zKey.beacon(file(writeProvingKey(ours)), to, 'the end', BEACON_HEX, BEACON.iterationsPower),
  );
  assert.deepEqual(readProvingKey(lastBytes), last);
  const powers = file(writePowers(prepared));
  assert.equal(await zKey.verifyFromR1cs(file(r1cs), powers, file(writeProvingKey(last))), true);
  assert.equal((await verifyKey(engine, r1cs, prepared, last)).length, 3);
});
