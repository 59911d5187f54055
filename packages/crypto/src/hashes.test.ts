import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  DOMAIN,
  hashCm,
  hashNil,
  hashNk,
  hashNode,
  hashPub,
  hashQk,
  hashTrace,
  hashZpk,
  hashZpkr,
  modQ,
} from './index.ts';

interface HashVectors {
  hashes: { name: string; inputs: string[]; hash: string }[];
  notes: Record<
    'asset' | 'value' | 'VPKrU' | 'ZPKr' | 'rcm' | 'data' | 'CM' | 'nk' | 'NIL' | 'tk' | 'ZPK' | 'TRACE',
    string
  >[] &
    { position: number; isReal: boolean }[];
}
const notes: HashVectors = read('notes');
const tags: { domainTags: Record<string, number> } = read('poseidon');

function read(name: string) {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
}

const HASHES: Readonly<Record<string, { arity: number; hash: (...inputs: bigint[]) => bigint }>> = {
  node: { arity: 4, hash: (a, b, c, d) => hashNode(a!, b!, c!, d!) },
  nk: { arity: 1, hash: (a) => hashNk(a!) },
  zpk: { arity: 5, hash: (a, b, c, d, e) => hashZpk(a!, b!, c!, d!, e!) },
  zpkr: { arity: 2, hash: (a, b) => hashZpkr(a!, b!) },
  cm: { arity: 6, hash: (a, b, c, d, e, f) => hashCm(a!, b!, c!, d!, e!, f!) },
  nil: { arity: 3, hash: (a, b, c) => hashNil(a!, b!, c!) },
  trace: { arity: 3, hash: (a, b, c) => hashTrace(a!, b!, c!) },
  pub: { arity: 2, hash: (a, b) => hashPub(a!, b!) },
  qk: { arity: 1, hash: (a) => hashQk(a!) },
};

test('every use has a tag of its own, and the reference uses the same ones', () => {
  const values = Object.values(DOMAIN);
  assert.equal(new Set(values).size, values.length);
  assert.deepEqual({ ...DOMAIN }, tags.domainTags);
  assert.deepEqual(Object.keys(HASHES).sort(byText), Object.keys(DOMAIN).sort(byText));
});

test("every hash of the designs gives the Python reference's answers", async (t) => {
  assert.deepEqual(new Set(notes.hashes.map(({ name }) => name)), new Set(Object.keys(HASHES)));
  for (const { name, inputs, hash } of notes.hashes) {
    await t.test(`${name}(${inputs.length} inputs from ${BigInt(inputs[0]!) === 1n ? '1' : 'q - 1'})`, () => {
      assert.equal(inputs.length, HASHES[name]!.arity);
      assert.equal(HASHES[name]!.hash(...inputs.map(BigInt)), BigInt(hash));
    });
  }
});

test('hashes of one arity under different tags never meet', () => {
  const results = Object.values(HASHES).map(({ hash, arity }) => hash(...new Array<bigint>(arity).fill(3n)));
  assert.equal(new Set(results).size, results.length);
});

test('every input counts, and its place does', () => {
  for (const [name, { arity, hash }] of Object.entries(HASHES)) {
    const inputs = Array.from({ length: arity }, (_, i) => BigInt(i + 10));
    const seen = new Set([hash(...inputs), hash(...inputs.toReversed())]);
    for (let i = 0; i < arity; i++) seen.add(hash(...inputs.with(i, 0n)));
    assert.equal(seen.size, arity === 1 ? 2 : arity + 2, name);
  }
});

test('commitments, nullifiers and masks of whole notes are those of the Python reference', () => {
  for (const note of notes.notes) {
    const [asset, vpkrU, zpkr] = [BigInt(note.asset), BigInt(note.VPKrU), BigInt(note.ZPKr)];
    const cm = hashCm(asset, BigInt(note.value), vpkrU, zpkr, BigInt(note.rcm), BigInt(note.data));
    assert.equal(cm, BigInt(note.CM));
    const nil = hashNil(BigInt(note.nk), cm, BigInt(note.position));
    assert.equal(nil, BigInt(note.NIL));
    const mask = hashTrace(BigInt(note.tk), BigInt(note.ZPK), nil);
    const shown = BigInt(note.position) + (note.isReal ? 1n << 48n : 0n);
    assert.equal(modQ(shown + mask), BigInt(note.TRACE));
  }
});

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
