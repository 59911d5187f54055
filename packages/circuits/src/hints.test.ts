import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JubjubPoint, modQ, Q, toAffine } from '@sero/crypto';
import { attackSignals, honest, LINE_1, LINE_3, LINE_4 } from '../test/attacks.ts';
import { loadShape, loadUnsimplified, witnessOf } from '../test/circuit.ts';
import { spenderOf, withPublic } from '../test/fixtures.ts';
import { broken, propagate, wiresOf } from '../test/r1cs.ts';
import { circuitSources } from './compile.ts';
import { assignSignals } from './join-split-signals.ts';
import { SHAPE_A } from './shape.ts';
import type { SignalValues } from './witness-program.ts';

const production = await loadShape(SHAPE_A);
const open = await loadUnsimplified();

const HINT = /(^|\.)(u3|v3|u2|v2|inverse|bit\[\d+\])$/;
/** Wires of the unsimplified circuit that are assigned by `<--`. */
const hints: ReadonlyMap<string, number> = new Map(
  [...open.symbols.names].filter(([name]) => {
    if (!HINT.test(name) || !name.includes('.')) return false;
    const [parent, signal] = [name.replace(/\.[^.]*$/, ''), name.replace(/^.*\./, '')];
    if (/^[uv]3$/.test(signal)) return /(key|sum\[\d+\])$/.test(parent);
    if (/^[uv]2$/.test(signal)) return /double\[\d\]$/.test(parent);
    return signal === 'inverse' || /range$/.test(parent);
  }),
);

const honestSignals = assignSignals(SHAPE_A, honest(SHAPE_A));
const honestWitness = await witnessOf(open.program, honestSignals);
/** Wires of each input, in order. */
const inputWires = new Map(
  Object.keys(honestSignals).map((name) => [
    name,
    [...open.symbols.names].flatMap(([symbol, wire]) =>
      symbol === name || symbol.startsWith(`${name}[`) ? [wire] : [],
    ),
  ]),
);

/**
 * The attacker's work: from these inputs and these values of hints all else is recomputed from the unsimplified
 * constraints.
 * Returns the names of the signals in the production constraints that the forged witness breaks.
 */
function forge(signals: SignalValues, forged: ReadonlyMap<string, bigint>): string[][] {
  const known = new Map<number, bigint>();
  for (const [name, values] of Object.entries(signals)) {
    inputWires.get(name)!.forEach((wire, i) => {
      known.set(wire, values[i]!);
    });
  }
  // What circom's program would put where a single constraint does not say.
  signals.out_value!.forEach((value, j) => {
    for (let i = 0; i < 128; i++) {
      known.set(open.symbols.wireOf(`output_note[${j}].range.bit[${i}]`), (value >> BigInt(i)) & 1n);
    }
  });
  signals.in_value!.forEach((value, i) => {
    if (value === 0n) known.set(open.symbols.wireOf(`input_note[${i}].isDummy.inverse`), 0n);
  });
  for (const [name, value] of forged) known.set(open.symbols.wireOf(name), value);
  const { witness, undetermined } = propagate(open.r1cs, known);
  assert.deepEqual(undetermined, []);
  const projected = Array.from({ length: production.r1cs.wireCount }, () => 1n);
  for (const [name, wire] of production.symbols.names) projected[wire] = witness[open.symbols.wireOf(name)]!;
  return broken(production.r1cs, projected).map((i) =>
    [...wiresOf(production.r1cs.constraints[i]!)].map((wire) => production.symbols.nameOf(wire)),
  );
}

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

test('the forger’s list of wires covers every hint of the circuit', () => {
  // 83 + 1 additions and 3 doublings of two hints, 3 inverses, 3 ranges of 128 bits.
  assert.equal(hints.size, 2 * 84 + 2 * 3 + 3 + 3 * 128);
});

test('with honest hints the constraints alone give circom’s own witness', () => {
  assert.deepEqual(forge(honestSignals, new Map()), []);
});

test('no hint of a finished witness can be changed', async () => {
  const witness = await witnessOf(production.program, honestSignals);
  const touching = new Map<number, number[]>();
  production.r1cs.constraints.forEach((constraint, i) => {
    for (const wire of wiresOf(constraint)) touching.set(wire, [...(touching.get(wire) ?? []), i]);
  });
  let tried = 0;
  for (const [name, wire] of production.symbols.names) {
    if (!hints.has(name)) continue;
    for (const value of [0n, 1n, 2n, Q - 1n, modQ(witness[wire]! + 1n), modQ(-witness[wire]!)]) {
      if (value === witness[wire]) continue;
      const changed = [...witness];
      changed[wire] = value;
      const constraints = touching.get(wire)!.map((i) => production.r1cs.constraints[i]!);
      assert.notDeepEqual(broken({ ...production.r1cs, constraints }, changed), [], `${name} = ${value}`);
      tried++;
    }
  }
  assert.ok(tried > 1000);
});

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
