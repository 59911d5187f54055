import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { concat, leBytes, leInteger, Q } from '@sero/crypto';
import { type BackendName, describeBackend, type ProverBackend } from './backend.ts';
import { ProverError } from './errors.ts';
import { readKeyFile, versionOfKeyFile } from './key-file.ts';
import { openBackend } from './open-backend.ts';
import { infinityBytes, strayG1, strayG2 } from './test-support.ts';
import { openWasmBackend } from './wasm-backend.ts';
import { compileWasm } from './wasm-module.ts';
import { readWasmFile, startNodeThread } from './wasm-node.ts';
import { verifyingKeyFromZkey } from './zkey.ts';

/** What the compliance suite hands to every backend: files that are right, and files that are wrong in one way each. */

/** Of the circuit productChain(3) of packages/circuits: setup.test.ts there makes the key anew and compares. */
export const zkeyPath = fileURLToPath(new URL('./fixtures/product-chain.zkey', import.meta.url));
export const zkey = new Uint8Array(await readFile(zkeyPath));
export const wtns = new Uint8Array(await readFile(new URL('./fixtures/product-chain.wtns', import.meta.url)));
export const vk = verifyingKeyFromZkey(zkey, 1, true);

const WIRES = 8;
/** The values stand at the end of the file. */
const VALUES_AT = wtns.length - WIRES * 32;
export const publicInputs = [1, 2, 3].map((wire) =>
  leInteger(wtns.subarray(VALUES_AT + 32 * wire, VALUES_AT + 32 * (wire + 1))),
);

/** A copy with other bytes at one place. */
function patched(bytes: Uint8Array, at: number, change: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes);
  out.set(change, at);
  return out;
}

interface Section {
  readonly type: number;
  readonly bytes: Uint8Array;
}

const u32 = (value: number): Uint8Array => leBytes(BigInt(value), 4);

function sectionsOf(file: Uint8Array): Section[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const sections: Section[] = [];
  for (let at = 12; at < file.length; ) {
    const length = Number(view.getBigUint64(at + 4, true));
    sections.push({ type: view.getUint32(at, true), bytes: file.subarray(at + 12, at + 12 + length) });
    at += 12 + length;
  }
  return sections;
}

function fileOf(head: Uint8Array, sections: readonly Section[], count = sections.length): Uint8Array {
  const parts = sections.map(({ type, bytes }) => concat(u32(type), leBytes(BigInt(bytes.length), 8), bytes));
  return concat(head.subarray(0, 8), u32(count), ...parts);
}

/** The file with one section changed. */
function withSection(file: Uint8Array, type: number, change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const sections = sectionsOf(file).map((one) =>
    one.type === type ? { type, bytes: change(one.bytes) } : one,
  );
  return fileOf(file, sections);
}

/** The modulus of the base field: a coordinate that is not below it. */
const FQ_MODULUS = leBytes(
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn,
  48,
);
const SIZES_AT = 4 + 48 + 4 + 32;
const POINTS_AT = SIZES_AT + 12;
const ENTRY_AT = 4;

/** Points of a .zkey that stand for themselves. */
const ownPoints = [
  { name: 'alpha in G1', type: 2, at: POINTS_AT, bytes: 96 },
  { name: 'beta in G1', type: 2, at: POINTS_AT + 96, bytes: 96 },
  { name: 'beta in G2', type: 2, at: POINTS_AT + 192, bytes: 192 },
  { name: 'gamma in G2', type: 2, at: POINTS_AT + 384, bytes: 192 },
  { name: 'delta in G1', type: 2, at: POINTS_AT + 576, bytes: 96 },
  { name: 'delta in G2', type: 2, at: POINTS_AT + 672, bytes: 192 },
  { name: 'the first point of IC', type: 3, at: 0, bytes: 96 },
  { name: 'the last point of IC', type: 3, at: 96 * publicInputs.length, bytes: 96 },
];
/** Coordinates as a .zkey has them, in Montgomery form. */
const coordinates = (...values: readonly bigint[]): Uint8Array =>
  concat(...values.map((value) => leBytes((value << 384n) % leInteger(FQ_MODULUS), 48)));
const outside1 = strayG1().toAffine();
const outside2 = strayG2().toAffine();
const stray1 = coordinates(outside1.x, outside1.y);
const stray2 = coordinates(outside2.x.c0, outside2.x.c1, outside2.y.c0, outside2.y.c1);
const flipped = (bytes: Uint8Array, at: number): Uint8Array => Uint8Array.of(bytes[at]! ^ 1);
const aliased = (point: Uint8Array): Uint8Array =>
  leBytes(leInteger(point.subarray(0, 48)) + leInteger(FQ_MODULUS), 48);

/** The key with what stands from a place of a section on changed. */
function damagedPoint(type: number, at: number, change: (point: Uint8Array) => Uint8Array): Uint8Array {
  return withSection(zkey, type, (bytes) => concat(bytes.subarray(0, at), change(bytes.subarray(at))));
}

/** Files that are no proving key, by what is wrong with them. */
export const badKeys: ReadonlyMap<string, Uint8Array> = new Map([
  ['no bytes', new Uint8Array(0)],
  ['a head alone', zkey.subarray(0, 12)],
  ['cut in a section head', zkey.subarray(0, 18)],
  ['cut in a section', zkey.subarray(0, 100)],
  ['the last byte is missing', zkey.subarray(0, zkey.length - 1)],
  ['a byte too many', concat(zkey, new Uint8Array(1))],
  ['another magic', patched(zkey, 0, Uint8Array.of(0x7a, 0x6b, 0x65, 0x7a))],
  ['a witness', wtns],
  ['more sections announced than there are', fileOf(zkey, sectionsOf(zkey), 11)],
  ['a section of 2^63 bytes', patched(zkey, 12 + 4, leBytes(1n << 63n, 8))],
  ['a section twice', fileOf(zkey, [...sectionsOf(zkey), sectionsOf(zkey)[4]!])],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((type): [string, Uint8Array] => [
    `section ${type} is missing`,
    fileOf(
      zkey,
      sectionsOf(zkey).filter((one) => one.type !== type),
    ),
  ]),
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((type): [string, Uint8Array] => [
    `section ${type} lacks its last byte`,
    withSection(zkey, type, (bytes) => bytes.subarray(0, bytes.length - 1)),
  ]),
  ['another proof system', withSection(zkey, 1, (bytes) => patched(bytes, 0, u32(2)))],
  ['another base field', withSection(zkey, 2, (bytes) => patched(bytes, 4, Uint8Array.of(0xad)))],
  ['another scalar field', withSection(zkey, 2, (bytes) => patched(bytes, 56, Uint8Array.of(3)))],
  ['more wires', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT, u32(WIRES + 1)))],
  ['no wires', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT, u32(0)))],
  ['2^32 - 1 wires', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT, u32(0xffff_ffff)))],
  [
    'more public inputs than wires',
    withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT + 4, u32(WIRES))),
  ],
  ['a domain of no size', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT + 8, u32(0)))],
  ['a domain that is no power of two', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT + 8, u32(7)))],
  ['a domain of 2^31', withSection(zkey, 2, (bytes) => patched(bytes, SIZES_AT + 8, u32(2 ** 31)))],
  ['2^32 - 1 entries announced', withSection(zkey, 4, (bytes) => patched(bytes, 0, u32(0xffff_ffff)))],
  ['an entry of a third matrix', withSection(zkey, 4, (bytes) => patched(bytes, ENTRY_AT, u32(2)))],
  [
    'an entry below the last row',
    withSection(zkey, 4, (bytes) => patched(bytes, ENTRY_AT + 4, u32(1 << 20))),
  ],
  ['an entry of no wire', withSection(zkey, 4, (bytes) => patched(bytes, ENTRY_AT + 8, u32(WIRES)))],
  ['an entry of the modulus', withSection(zkey, 4, (bytes) => patched(bytes, ENTRY_AT + 12, leBytes(Q, 32)))],
  ...[5, 6, 7, 8, 9].flatMap((type): [string, Uint8Array][] => [
    [
      `a coordinate of section ${type} is the modulus`,
      withSection(zkey, type, (bytes) => patched(bytes, 0, FQ_MODULUS)),
    ],
    [
      `a point of section ${type} is off its curve`,
      withSection(zkey, type, (bytes) =>
        patched(bytes, bytes.length - 192, Uint8Array.of(bytes.at(-192)! ^ 1)),
      ),
    ],
  ]),
  [
    'alpha is off the curve',
    withSection(zkey, 2, (bytes) => patched(bytes, POINTS_AT, Uint8Array.of(bytes[POINTS_AT]! ^ 1))),
  ],
  ...ownPoints.flatMap(({ name, type, at, bytes }): [string, Uint8Array][] => [
    [
      `${name} is off its curve`,
      damagedPoint(type, at, (point) => patched(point, bytes / 2, flipped(point, bytes / 2))),
    ],
    [`${name} is infinity`, damagedPoint(type, at, (point) => patched(point, 0, new Uint8Array(bytes)))],
    [
      `${name} is outside of the subgroup`,
      damagedPoint(type, at, (point) => patched(point, 0, bytes === 96 ? stray1 : stray2)),
    ],
    [
      `${name} has a coordinate above the modulus`,
      damagedPoint(type, at, (point) => patched(point, 0, aliased(point))),
    ],
  ]),
  [
    'delta is infinity',
    withSection(zkey, 2, (bytes) => patched(bytes, bytes.length - 192, new Uint8Array(192))),
  ],
]);

/** Files that are no witness of the key, by what is wrong with them. */
export const badWitnesses: ReadonlyMap<string, Uint8Array> = new Map([
  ['no bytes', new Uint8Array(0)],
  ['cut short', wtns.subarray(0, 80)],
  ['the last byte is missing', wtns.subarray(0, wtns.length - 1)],
  ['a byte too many', concat(wtns, new Uint8Array(1))],
  ['a proving key', zkey],
  ['another field', withSection(wtns, 1, (bytes) => patched(bytes, 4, Uint8Array.of(3)))],
  [
    'more values announced than there are',
    withSection(wtns, 1, (bytes) => patched(bytes, 36, u32(WIRES + 1))),
  ],
  ['2^32 - 1 values announced', withSection(wtns, 1, (bytes) => patched(bytes, 36, u32(0xffff_ffff)))],
  ['no values', withSection(wtns, 2, () => new Uint8Array(0))],
  ['a value of the modulus', patched(wtns, VALUES_AT + 32 * 5, leBytes(Q, 32))],
  ['a value of 2^256 - 1', patched(wtns, VALUES_AT + 32 * 7, new Uint8Array(32).fill(0xff))],
  ['a first value of 2', patched(wtns, VALUES_AT, Uint8Array.of(2))],
]);

/** A witness with one value less, well-formed in itself. */
export const shortWitness: Uint8Array = fileOf(
  wtns,
  sectionsOf(wtns).map(({ type, bytes }) =>
    type === 1
      ? { type, bytes: patched(bytes, 36, u32(WIRES - 1)) }
      : { type, bytes: bytes.subarray(0, bytes.length - 32) },
  ),
);

/** Witnesses in which one value other than the first is another: they break the circuit. */
export const brokenWitnesses: readonly Uint8Array[] = [1, 2, 4, 5, 7].map((wire) => {
  const at = VALUES_AT + 32 * wire;
  return patched(wtns, at, Uint8Array.of(wtns[at]! ^ 1));
});

/** Encodings that are no point of a proof, with the fault of each. */
export const badPoints = (length: number): Uint8Array[] => [
  infinityBytes(length),
  new Uint8Array(length),
  new Uint8Array(length).fill(0xff),
];

/** A backend that is held to the suite, and how another one like it is opened. */
export interface Candidate {
  readonly label: string;
  readonly backend: ProverBackend;
  readonly open: () => Promise<ProverBackend>;
}

interface Candidates {
  readonly found: readonly Candidate[];
  /** Those that do not run here, by name, with the reason. */
  readonly missing: ReadonlyMap<BackendName, string>;
}

/** WebAssembly for engines without relaxed SIMD, which would not be taken where there is. */
async function openPlainWasm(): Promise<ProverBackend> {
  return openWasmBackend({
    module: await compileWasm(readWasmFile, 'plain'),
    threads: Math.min(availableParallelism(), 2),
    startThread: startNodeThread,
    readKey: readKeyFile,
    versionOf: versionOfKeyFile,
  });
}

/**
 * The backends to be held to the suite: the one that SERO_PROVER names, else all that run here. Native and portable are
 * two ways of one process, so that a run has one of them. WebAssembly has two artefacts, and both are.
 */
export async function openCandidates(): Promise<Candidates> {
  const named = process.env['SERO_PROVER'];
  const isNamed = named !== undefined && named !== '';
  const names: readonly BackendName[] = isNamed
    ? [named as BackendName]
    : (['native', 'wasm', 'reference'] satisfies BackendName[]);
  const found: Candidate[] = [];
  const missing = new Map<BackendName, string>();
  const add = async (label: string, open: () => Promise<ProverBackend>): Promise<void> => {
    const backend = await open();
    found.push({ label: `${describeBackend(backend).replace(/ \(.*/, '')}${label}`, backend, open });
  };
  for (const name of names) {
    try {
      await add('', () => openBackend({ backend: name }));
      if (name === 'wasm') await add(', without relaxed SIMD', openPlainWasm);
    } catch (error) {
      if (isNamed || !(error instanceof ProverError) || error.code !== 'backend-unavailable') throw error;
      missing.set(name, error.message);
    }
  }
  return { found, missing };
}
