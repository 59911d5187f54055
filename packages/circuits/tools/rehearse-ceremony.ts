import { availableParallelism } from 'node:os';
import { openBackend } from '@sero/prover/node';
import { curves, powersOfTau, zKey } from 'snarkjs';
import {
  circuitFile,
  contributeKey,
  contributePowers,
  finishKeys,
  preparePowers,
  readPowers,
  startKey,
  startPowers,
  verifyKey,
  verifyPowers,
  writePowers,
  writeProvingKey,
} from '../src/node.ts';
import { SHAPE_A } from '../src/shape.ts';

/**
 * Rehearses a whole ceremony and prints how long each step takes:
 *
 *     node packages/circuits/tools/rehearse-ceremony.ts [power] [path of shape A's .r1cs, for snarkjs]
 *
 * The power is 14 unless given, which is what shape A takes; 16 is the goal's. With the .r1cs, snarkjs verifies both phases
 * at the end, which takes minutes.
 */
const [power = '14', r1csPath] = process.argv.slice(2);
const backend = await openBackend();
const engine = backend.groups;
console.log(
  `${backend.name}, ${backend.kernel}, ${backend.threads} of ${availableParallelism()} threads, 2^${power}`,
);

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(used);
  const [wall, cpu] = [(performance.now() - began) / 1e3, (user + system) / 1e6];
  console.log(
    `${what.padEnd(26)} ${wall.toFixed(1).padStart(7)} s, ${cpu.toFixed(1).padStart(7)} s of processor time`,
  );
  return result;
}

const nothing = new Uint8Array(0);
const end = { name: 'beacon', beacon: { value: Uint8Array.of(1, 2, 3, 4), iterationsPower: 10 } };
let powers = await timed('start phase 1', () => startPowers(engine, Number(power)));
powers = (await timed('contribute', () => contributePowers(engine, powers, { name: 'one' }, nothing))).result;
powers = (await timed('beacon', () => contributePowers(engine, powers, end, nothing))).result;
await timed('verify', () => verifyPowers(engine, powers));
powers = await timed('prepare phase 2', () => preparePowers(engine, powers));
await timed('write and read the file', async () => {
  powers = readPowers(writePowers(powers));
});
await timed('verify, prepared', () => verifyPowers(engine, powers));
const circuit = await circuitFile(SHAPE_A);
let key = await timed('start phase 2, shape A', () => startKey(engine, circuit, powers));
key = (await timed('contribute', () => contributeKey(engine, key, { name: 'one' }, nothing))).result;
key = (await timed('beacon', () => contributeKey(engine, key, end, nothing))).result;
await timed('verify', () => verifyKey(engine, circuit, powers, key));
await timed('finish', () => finishKeys(engine, circuit, SHAPE_A.id, powers, key));
if (r1csPath !== undefined) {
  const { readFile } = await import('node:fs/promises');
  const file = (data: Uint8Array) => ({ type: 'mem', data }) as const;
  const r1cs = file(new Uint8Array(await readFile(r1csPath)));
  const prepared = file(writePowers(powers));
  const curve = await curves.getCurveFromName('bls12381');
  const isGood = await timed('snarkjs verifies phase 1', () => powersOfTau.verify(prepared));
  const isKeyGood = await timed('snarkjs verifies phase 2', () =>
    zKey.verifyFromR1cs(r1cs, prepared, file(writeProvingKey(key))),
  );
  console.log({ isGood, isKeyGood });
  await curve.terminate();
}
await backend.close();
