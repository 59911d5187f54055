/**
 * Writes what the native Jubjub and Poseidon code must give, by @sero/crypto, for native/harness/jubjub_check.cpp.
 *
 *   node packages/prover/tools/write-jubjub-vectors.ts FILE [ROUNDS]
 *
 * The file is a list of cases: operation, bytes in, bytes out (4 bytes little-endian each), then the bytes.
 */
import { writeFileSync } from 'node:fs';
import {
  concat,
  fieldToBytes,
  hashNode,
  hashTrace,
  isInPrimeSubgroup,
  isSmallOrder,
  le32,
  le64,
  leBytes,
  modQ,
  pointToBytes,
  Q,
  R_J,
  type SignedHash,
  toAffine,
  verify,
} from '@sero/crypto';
import {
  aliasedMessage,
  cancellingPair,
  decodedPoint,
  hostileEncodings,
  hostileOutputs,
  hostileSignatures,
  randomBytes,
  randomField,
  randomPoint,
  randomScalar,
  signedItem,
} from '../src/jubjub-test-support.ts';
import { createPortableScanner } from '../src/scanner.ts';

const OPERATION = { nodes: 1, traces: 2, scan: 3, points: 4, signatures: 5 } as const;

/** The interface's codes. */
const POINT = { ok: 0, malformed: 602, identity: 603, smallOrder: 604, stray: 605 } as const;

interface Case {
  readonly operation: number;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, key: randomField() }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ value }) => value);
}

function nodes(count: number): Case {
  const edge = [0n, 1n, Q - 1n];
  const tuples = Array.from({ length: count }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => (i < 9 ? edge[(i + i * j) % 3]! : randomField())),
  );
  return {
    operation: OPERATION.nodes,
    input: concat(...tuples.flat().map(fieldToBytes)),
    output: concat(...tuples.map(([a, b, c, d]) => fieldToBytes(hashNode(a!, b!, c!, d!)))),
  };
}

function traces(count: number): Case {
  const [tk, zpk] = [randomField(), randomField()];
  const limit = 1n << 53n;
  const plain = [0n, 1n, limit - 1n, limit, Q - 1n, (1n << 48n) + 77n];
  const entries = Array.from({ length: count }, (_, i) => {
    const nil = randomField();
    const trace = i % 2 === 0 ? modQ(plain[i % plain.length]! + hashTrace(tk, zpk, nil)) : randomField();
    return { nil, trace };
  });
  const opened = entries.map(({ nil, trace }) => {
    const difference = modQ(trace - hashTrace(tk, zpk, nil));
    return difference < limit ? le64(difference) : le64((1n << 64n) - 1n);
  });
  return {
    operation: OPERATION.traces,
    input: concat(...[tk, zpk, ...entries.flatMap(({ nil, trace }) => [nil, trace])].map(fieldToBytes)),
    output: concat(...opened),
  };
}

async function scan(vsk: bigint, audit: boolean, take: number): Promise<Case> {
  const outputs = shuffled(hostileOutputs(vsk)).slice(0, take);
  const viewKey = leBytes(vsk, 32);
  const packed = concat(...outputs);
  const found = await createPortableScanner().scan({ viewKey, outputs: packed, audit });
  const hits = new Uint8Array(outputs.length);
  const secrets = new Uint8Array(32 * outputs.length);
  for (const { index, sharedSecret } of found) {
    hits[index] = 1;
    secrets.set(sharedSecret, 32 * index);
  }
  return {
    operation: OPERATION.scan,
    input: concat(viewKey, Uint8Array.of(audit ? 1 : 0), packed),
    output: concat(hits, secrets),
  };
}

function points(): Case {
  const encodings = shuffled([
    ...hostileEncodings(),
    ...Array.from({ length: 60 }, () => randomBytes(32)),
    ...Array.from({ length: 20 }, () => pointToBytes(randomPoint())),
  ]);
  const kinds: Uint8Array[] = [];
  const affine: Uint8Array[] = [];
  for (const bytes of encodings) {
    const point = decodedPoint(bytes);
    if (point === undefined) {
      kinds.push(le32(POINT.malformed));
      affine.push(new Uint8Array(64));
      continue;
    }
    const { u, v } = toAffine(point);
    affine.push(concat(fieldToBytes(u), fieldToBytes(v)));
    if (point.is0()) kinds.push(le32(POINT.identity));
    else if (isSmallOrder(point)) kinds.push(le32(POINT.smallOrder));
    else kinds.push(le32(isInPrimeSubgroup(point) ? POINT.ok : POINT.stray));
  }
  return {
    operation: OPERATION.points,
    input: concat(...encodings),
    output: concat(...kinds, ...affine),
  };
}

function signatures(items: readonly SignedHash[]): Case {
  const packed = items.map(({ rk, hashE, signature }) => concat(rk, fieldToBytes(hashE), signature));
  return {
    operation: OPERATION.signatures,
    input: concat(randomBytes(32), ...packed),
    output: Uint8Array.from(items, (item) => (verify(item) ? 1 : 0)),
  };
}

const [file, rounds = '1'] = process.argv.slice(2);
if (file === undefined) throw new Error('write-jubjub-vectors.ts FILE [ROUNDS]');
// A key whose shared secret is VPKr itself, and one whose is its negative.
const eighth = invertOrder(8n);
const keys = [randomScalar(), 1n, R_J - 1n, eighth, R_J - eighth, 2n, (1n << 251n) - 1n];
const cases: Case[] = [];
for (let round = 0; round < Number(rounds); round++) {
  for (const count of [1, 7, 8, 9, 33]) cases.push(nodes(count), traces(count));
  for (const [i, key] of keys.entries()) {
    cases.push(await scan(key, false, i === 0 ? 500 : 40), await scan(key, true, i === 0 ? 500 : 40));
  }
  const sound = Array.from({ length: 65 }, signedItem);
  const hostile = shuffled(hostileSignatures());
  cases.push(points(), signatures(hostile), signatures(hostile.slice(0, 9)));
  cases.push(signatures(sound), signatures([signedItem()]), signatures(cancellingPair()));
  cases.push({
    operation: OPERATION.signatures,
    input: concat(randomBytes(32), aliasedMessage()),
    output: Uint8Array.of(0),
  });
}
const packed = cases.map(({ operation, input, output }) =>
  concat(le32(operation), le32(input.length), le32(output.length), input, output),
);
writeFileSync(file, concat(...packed));

/** value^-1 modulo the subgroup's order. */
function invertOrder(value: bigint): bigint {
  let [base, exponent, out] = [value, R_J - 2n, 1n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) out = (out * base) % R_J;
    base = (base * base) % R_J;
  }
  return out;
}
