import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JubjubPoint, modQ, Q, toAffine } from '@sero/crypto';
import { attackSignals, honest, LINE_1, LINE_3, LINE_4 } from '../test/attacks.ts';
import { loadOwn, loadShape, loadUnsimplified, small, witnessOf } from '../test/circuit.ts';
import { spenderOf, withPublic } from '../test/fixtures.ts';
import { forger, hintsOf } from '../test/forge.ts';
import { broken, wiresOf } from '../test/r1cs.ts';
import { circuitSources } from '../tools/compile.ts';
import { assignSignals } from './join-split-signals.ts';
import { SHAPE_A, SHAPE_B, SHAPE_C } from './shape.ts';
import type { SignalValues } from './witness-program.ts';

const production = await loadShape(SHAPE_A);
const open = await loadUnsimplified();
const hints = hintsOf(open);
const forge = forger(SHAPE_A, production, open);
const honestSignals = assignSignals(SHAPE_A, honest(SHAPE_A));
const honestWitness = await witnessOf(open.program, honestSignals);

const attack = (list: typeof LINE_1, name: string): SignalValues => {
  const found = list.find((entry) => entry.name === name);
  assert.ok(found, name);
  return attackSignals(found, SHAPE_A);
};

test('HINTS.md lists every hint of the sources, and no other', async () => {
  const found: string[] = [];
  for (const [file, text] of Object.entries(await circuitSources())) {
    let template = '';
    for (const line of text.split('\n').map((raw) => raw.replace(/\/\/.*/, ''))) {
      template = line.match(/^template (\w+)/)?.[1] ?? template;
      if (line.includes('-->')) found.push(`${file}: write ${line.trim()} with <--`);
      if (line.includes('<--')) found.push(`${template} ${line.trim()}`);
    }
  }
  const rows = readFileSync(new URL('../HINTS.md', import.meta.url), 'utf8').matchAll(
    /^\| (\w+) \| `(.*?)` \| .{40,} \|$/gm,
  );
  const listed = [...rows].map(([, template, hint]) => `${template} ${hint}`);
  assert.deepEqual(listed.sort(), found.sort());
  assert.ok(found.length > 0);
});

// The larger shapes over a small tree: a path has no hints.
for (const [shape, made, opened] of [
  [SHAPE_A, production, open],
  ...(await Promise.all(
    [small(SHAPE_B), small(SHAPE_C)].map(
      async (shape) => [shape, await loadOwn(shape, 'full'), await loadOwn(shape, 'none')] as const,
    ),
  )),
] as const) {
  const found = hintsOf(opened);
  const forgeOf = forger(shape, made, opened);
  const signals = assignSignals(shape, honest(shape));

  test(`the forger’s list of wires covers every hint of shape ${shape.name}`, () => {
    // 83 + 1 additions and 3 doublings of two hints, an inverse for AK and for each input, a range of 128 bits for each output.
    assert.equal(found.size, 2 * 84 + 2 * 3 + 1 + shape.inputs + 128 * shape.outputs);
  });

  test(`with honest hints the constraints of shape ${shape.name} alone give circom’s own witness`, () => {
    assert.deepEqual(forgeOf(signals, new Map()), []);
  });

  test(`no hint of a finished witness of shape ${shape.name} can be changed`, async () => {
    const witness = await witnessOf(made.program, signals);
    const touching = new Map<number, number[]>();
    for (const [i, constraint] of made.r1cs.constraints.entries()) {
      for (const wire of wiresOf(constraint)) touching.set(wire, [...(touching.get(wire) ?? []), i]);
    }
    let tried = 0;
    for (const [name, wire] of made.symbols.names) {
      // The inverse of a dummy's value of 0 is the one hint that no rule fixes (determinism.test.ts).
      const dummy = name.match(/^input_note\[(\d+)\]\.isDummy\.inverse$/)?.[1];
      if (!found.has(name) || (dummy !== undefined && signals.in_value![Number(dummy)] === 0n)) continue;
      for (const value of [0n, 1n, 2n, Q - 1n, modQ(witness[wire]! + 1n), modQ(-witness[wire]!)]) {
        if (value === witness[wire]) continue;
        const changed = [...witness];
        changed[wire] = value;
        const constraints = touching.get(wire)!.map((i) => made.r1cs.constraints[i]!);
        assert.notDeepEqual(broken({ ...made.r1cs, constraints }, changed), [], `${name} = ${value}`);
        tried++;
      }
    }
    assert.ok(tried > 1000);
  });

  test(`a forged bit of the last output of shape ${shape.name} is refused although all that follows is made to fit`, () => {
    const last = `output_note[${shape.outputs - 1}].range.bit`;
    assert.notDeepEqual(forgeOf(signals, new Map([[`${last}[126]`, 1n]])), []);
    assert.notDeepEqual(forgeOf(signals, new Map([[`${last}[0]`, 2n]])), []);
  });
}

for (const name of [
  'account.shift.sum[1].u3',
  'account.shift.sum[1].v3',
  'account.shift.sum[42].v3',
  'account.shift.sum[83].u3',
  'output_note[0].range.bit[0]',
  'output_note[2].range.bit[126]',
  'input_note[0].isDummy.inverse',
]) {
  test(`a forged ${name} is refused by the constraints although all that follows is made to fit`, () => {
    const wire = open.symbols.wireOf(name);
    const found = forge(honestSignals, new Map([[name, modQ(honestWitness[wire]! + 1n)]]));
    assert.notDeepEqual(found, []);
  });
}

test('a thief’s rk cannot be forged as the sum in line 1', () => {
  const rk = spenderOf('a thief').ak;
  const signals = assignSignals(SHAPE_A, withPublic(honest(SHAPE_A), { rk }));
  const sum = new Map([
    ['account.key.u3', rk.u],
    ['account.key.v3', rk.v],
  ]);
  assert.equal(forge(signals, sum).length, 2);
});

test('a thief’s rk cannot be forged as a product [alpha]G_s that fits', () => {
  const { ak } = honest(SHAPE_A).spender;
  const rk = spenderOf('a thief').ak;
  const signals = assignSignals(SHAPE_A, withPublic(honest(SHAPE_A), { rk }));
  const needed = JubjubPoint.fromAffine({ x: rk.u, y: rk.v }).subtract(
    JubjubPoint.fromAffine({ x: ak.u, y: ak.v }),
  );
  const { u, v } = toAffine(needed);
  const product = new Map([
    ['account.shift.sum[83].u3', u],
    ['account.shift.sum[83].v3', v],
  ]);
  // Everything after the forged sum fits: only its own two quotients do not.
  assert.equal(forge(signals, product).length, 2);
});

test('a spend key of small order cannot pass by a forged doubling or inverse', () => {
  const signals = attack(LINE_1, 'a spend key of order 8');
  const parent = [...hints.keys()]
    .find((name) => name.endsWith('notIdentity.inverse'))!
    .replace(/\.[^.]*\.[^.]*$/, '');
  const inverse = `${parent}.notIdentity.inverse`;
  assert.equal(forge(signals, new Map([[inverse, 5n]])).length, 1);
  const doubled = new Map([
    [`${parent}.double[2].u2`, 1n],
    [inverse, 1n],
  ]);
  assert.equal(forge(signals, doubled).length, 1);
});

test('a note that was never made cannot pass as a dummy by a forged inverse', () => {
  const signals = attack(LINE_3, 'a note that was never made');
  // inverse = 0 makes isDummy 1, and TRACE the dummy's: then only in * out === 0 is broken.
  const forged = new Map([
    ['input_note[0].isDummy.in', 5n],
    ['input_note[0].isDummy.inverse', 0n],
    ['input_note[0].isDummy.out', 1n],
  ]);
  const trace = [...signals.trace!];
  trace[0] = modQ(trace[0]! - (1n << 48n));
  assert.equal(forge({ ...signals, trace }, forged).length, 1);
});

test('a negative output cannot pass by forged bits, boolean or not', () => {
  const signals = attack(LINE_4, 'an output of negative value');
  const bit = (i: number): string => `output_note[1].range.bit[${i}]`;
  const value = signals.out_value![1]!;
  const cut = Array.from({ length: 128 }, (_, i) => [bit(i), (value >> BigInt(i)) & 1n] as const);
  assert.equal(forge(signals, new Map(cut)).length, 1);
  const lumped = Array.from({ length: 128 }, (_, i) => [bit(i), i === 0 ? value : 0n] as const);
  assert.equal(forge(signals, new Map(lumped)).length, 1);
});
