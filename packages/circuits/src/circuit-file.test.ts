import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { modQ, Q } from '@sero/crypto';
import { ProverError } from '@sero/prover';
import fc from 'fast-check';
import { compileCircuit } from '../tools/compile.ts';
import { makeCircuitFile } from '../tools/make-programs.ts';
import { writeCircuitFile } from '../tools/write-circuit-file.ts';
import {
  type Instruction,
  type Program,
  readCircuit,
  readCircuitHeader,
  readProgram,
} from './circuit-file.ts';
import { createReferenceEngine } from './reference-engine.ts';
import { type LinearCombination, type R1cs, readR1cs } from './setup-r1cs.ts';
import { readElements } from './wtns.ts';

const MINUS = Q - 1n;
const one = (slot: number): LinearCombination => [[slot, 1n]];

/** c = a b over slots 1 (c), 2 (a) and 3 (b). */
const product: Instruction = { kind: 'solve', a: one(2), b: one(3), c: one(1), subject: 1 };

/** A circuit with inputs a and b, and one wire that its program computes. */
function circuit(changes: Partial<Program> = {}, constraints: R1cs['constraints'] = []): Uint8Array {
  const program: Program = {
    hash: new Uint8Array(32).fill(7),
    wires: 4,
    publicInputs: 1,
    inputs: [
      { name: 'a', slots: [2] },
      { name: 'b', slots: [3] },
    ],
    slots: 4,
    wireSlots: [0, 1, 2, 3],
    instructions: [product],
    ...changes,
  };
  return writeCircuitFile(program, constraints);
}

const elements = (...values: readonly bigint[]): Uint8Array => {
  const packed = new Uint8Array(32 * values.length);
  const view = new DataView(packed.buffer);
  values.forEach((value, i) => {
    for (let word = 0; word < 4; word++) {
      view.setBigUint64(32 * i + 8 * word, BigInt.asUintN(64, value >> BigInt(64 * word)), true);
    }
  });
  return packed;
};

/** The wires, or the number of the equation that does not hold. */
async function compute(file: Uint8Array, ...inputs: readonly bigint[]): Promise<bigint[] | number> {
  const outcome = await (await createReferenceEngine().load(file)).compute(elements(...inputs));
  return outcome.ok ? readElements(outcome.witness) : outcome.equation;
}

const malformed = (file: Uint8Array): Promise<void> =>
  assert.rejects(createReferenceEngine().load(file), { name: 'ProverError', code: 'circuit-malformed' });

const SOURCES = {
  'some.circom': `pragma circom 2.2.0;
template Some() {
  signal input a, b[3], c;
  signal output d <== a * b[0] + 7 * b[1] - b[2] + 11;
  signal e <== (d + 1) * (d + 1);
  signal f <== c + e;
  signal output g <== f * (c - e);
}
component main {public [c]} = Some();
`,
};

test('a file gives back constraints, sizes and names of the circuit that it was made from', async () => {
  const production = await compileCircuit(SOURCES, 'some');
  const open = await compileCircuit(SOURCES, 'some', 'none');
  const file = makeCircuitFile(production, open);
  assert.deepEqual(readCircuit(file), readR1cs(production.r1cs));
  const header = readCircuitHeader(file);
  assert.deepEqual(
    header.inputs.map(({ name, slots }) => [name, slots.length]),
    [
      ['c', 1],
      ['a', 1],
      ['b', 3],
    ],
  );
  assert.deepEqual([header.wires, header.publicInputs], [readR1cs(production.r1cs).wires, 3]);
  assert.equal(
    Buffer.from(header.hash).toString('hex'),
    createHash('sha256').update(production.r1cs).digest('hex'),
  );
});

test('what is written is read again: every list of terms, with its order, at every distance', () => {
  const combination = fc.array(fc.tuple(fc.nat(99), fc.bigInt(1n, Q - 1n)), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(combination, combination, combination), { maxLength: 20 }),
      (constraints) => {
        const wireSlots = Array.from({ length: 100 }, (_, i) => i);
        const file = circuit({ wires: 100, slots: 100, wireSlots }, constraints);
        assert.deepEqual(readCircuit(file).constraints, constraints);
      },
    ),
  );
});

test('B equal to A, or to its negative, is written once', () => {
  const a: LinearCombination = Array.from({ length: 40 }, (_, i) => [i % 4, BigInt(i + 1)] as const);
  const negative = a.map(([wire, value]) => [wire, Q - value] as const);
  const sizes = [a, negative, a.map(([wire, value]) => [wire, value + 1n] as const)].map((b) => {
    const constraints: R1cs['constraints'] = [[a, b, []]];
    const file = circuit({}, constraints);
    assert.deepEqual(readCircuit(file).constraints, constraints);
    return file.length;
  });
  assert.equal(sizes[0], sizes[1]);
  assert.ok(sizes[0]! + 60 < sizes[2]!);
});

test('a solved equation holds: products, sums and coefficients other than one', async () => {
  assert.deepEqual(await compute(circuit(), 6n, 7n), [1n, 42n, 6n, 7n]);
  // 5 c + 3 = a b + 2 a
  const scaled: Instruction = {
    kind: 'solve',
    a: one(2),
    b: [...one(3), [0, 2n]],
    c: [
      [0, 3n],
      [1, 5n],
    ],
    subject: 1,
  };
  const [, c] = (await compute(circuit({ instructions: [scaled] }), 6n, 7n)) as bigint[];
  assert.equal(modQ(5n * c! + 3n), 54n);
});

test('a checked equation is refused by its number where it does not hold', async () => {
  const check: Instruction = { kind: 'check', a: one(2), b: one(2), c: one(3), subject: 0 };
  const file = circuit({ instructions: [product, check] });
  assert.deepEqual(await compute(file, 6n, 36n), [1n, 216n, 6n, 36n]);
  assert.equal(await compute(file, 6n, 37n), 1);
});

test('a quotient by zero is zero where the equation then holds, and refused where it does not', async () => {
  const quotient: Instruction = { kind: 'divide-last', a: one(1), b: one(2), c: one(3), subject: 1 };
  const file = circuit({ instructions: [quotient] });
  assert.deepEqual(await compute(file, 6n, 42n), [1n, 7n, 6n, 42n]);
  assert.deepEqual(await compute(file, 0n, 0n), [1n, 0n, 0n, 0n]);
  assert.equal(await compute(file, 0n, 1n), 0);
});

test('divisions of a run share nothing but their inversion, and the first that has no quotient is named', async () => {
  const slots = { slots: 5, wires: 5, wireSlots: [0, 1, 2, 3, 4] };
  const run: Instruction[] = [
    { kind: 'divide', a: one(1), b: one(2), c: one(3), subject: 1 },
    // x (a - b) = x + a: the subject on both sides.
    {
      kind: 'divide-last',
      a: [...one(2), [3, MINUS]],
      b: one(4),
      c: [...one(4), ...one(2)],
      subject: 4,
    },
  ];
  const file = circuit({ ...slots, instructions: run });
  const [, x, a, b, y] = (await compute(file, 5n, 10n)) as bigint[];
  assert.deepEqual([x, a, b], [2n, 5n, 10n]);
  assert.equal(modQ(y! * (a! - b!)), modQ(y! + a!));
  assert.equal(await compute(file, 0n, 10n), 0);
  assert.equal(await compute(file, 11n, 10n), 1);
});

test('digits are the value’s own, and a value with more is refused', async () => {
  const wires = { slots: 6, wires: 6, wireSlots: [0, 1, 2, 3, 4, 5] };
  const produced: Instruction = { ...product, subject: 1 };
  for (const sign of [1n, MINUS]) {
    const c: LinearCombination = [
      [2, sign],
      [4, modQ(-sign)],
      [5, modQ(-8n * sign)],
    ];
    const file = circuit({
      ...wires,
      instructions: [produced, { kind: 'digits', a: [], b: [], c, subject: 2 }],
    });
    for (const [value, low, high] of [
      [0n, 0n, 0n],
      [1n, 1n, 0n],
      [8n, 0n, 1n],
      [9n, 1n, 1n],
    ] as const) {
      assert.deepEqual(await compute(file, value, 1n), [1n, value, value, 1n, low, high]);
    }
    for (const value of [2n, 16n, Q - 1n]) assert.equal(await compute(file, value, 1n), 1);
  }
});

test('an inverse of zero is zero', async () => {
  const wires = { slots: 5, wires: 5, wireSlots: [0, 1, 2, 3, 4] };
  const invert: Instruction = { kind: 'invert', a: one(2), b: one(4), c: [], subject: 2 };
  const file = circuit({ ...wires, instructions: [product, invert] });
  assert.equal(((await compute(file, 0n, 1n)) as bigint[])[4], 0n);
  assert.equal(modQ(((await compute(file, 3n, 1n)) as bigint[])[4]! * 3n), 1n);
});

test('inputs of another number, and inputs of q or more, are refused', async () => {
  const loaded = await createReferenceEngine().load(circuit());
  await assert.rejects(loaded.compute(elements(1n)), { code: 'packed-length' });
  await assert.rejects(loaded.compute(elements(1n, Q)), { code: 'field-not-canonical' });
});

for (const [what, changes] of [
  ['uses a slot before it is computed', { instructions: [{ ...product, a: one(1) }] }],
  ['computes a slot twice', { instructions: [product, product] }],
  ['computes an input', { instructions: [product, { ...product, c: one(2), subject: 2 }] }],
  ['computes the constant', { instructions: [product, { ...product, c: one(0), subject: 0 }] }],
  ['leaves a wire without a value', { instructions: [] }],
  ['inverts the constant', { instructions: [{ kind: 'invert', a: one(0), b: one(1), c: [], subject: 0 }] }],
  [
    'gives two inputs one slot',
    {
      inputs: [
        { name: 'a', slots: [2, 2] },
        { name: 'b', slots: [3] },
      ],
    },
  ],
  [
    'gives two inputs one name',
    {
      inputs: [
        { name: 'a', slots: [2] },
        { name: 'a', slots: [3] },
      ],
    },
  ],
  [
    'gives an input a slot beyond its last',
    {
      inputs: [
        { name: 'a', slots: [2] },
        { name: 'b', slots: [4] },
      ],
    },
  ],
  ['gives a wire a slot beyond its last', { wireSlots: [0, 1, 2, 4] }],
  ['solves for a factor', { instructions: [{ ...product, b: one(1) }] }],
  [
    'divides a square',
    { instructions: [{ ...product, kind: 'divide-last', a: one(1), b: one(1), c: one(2) }] },
  ],
  ['has no end of a run of divisions', { instructions: [{ ...product, kind: 'divide' }] }],
  [
    'checks within a run of divisions',
    {
      instructions: [
        { ...product, kind: 'divide' },
        { kind: 'check', a: one(2), b: one(2), c: [], subject: 0 },
      ],
    },
  ],
  [
    'has a digit without a place',
    {
      instructions: [
        {
          kind: 'digits',
          a: [],
          b: [],
          c: [
            [2, 1n],
            [1, Q - 3n],
          ],
          subject: 2,
        },
      ],
    },
  ],
  [
    'has a digit of the value’s own sign',
    {
      instructions: [
        {
          kind: 'digits',
          a: [],
          b: [],
          c: [
            [2, 1n],
            [1, 2n],
          ],
          subject: 2,
        },
      ],
    },
  ],
  [
    'has digits of a multiple',
    {
      instructions: [
        {
          kind: 'digits',
          a: [],
          b: [],
          c: [
            [2, 2n],
            [1, MINUS],
          ],
          subject: 2,
        },
      ],
    },
  ],
  [
    'inverts a multiple',
    {
      instructions: [{ kind: 'invert', a: [[2, 2n]], b: one(1), c: [], subject: 2 }],
    },
  ],
  [
    'inverts what is not known',
    {
      instructions: [{ kind: 'invert', a: one(1), b: one(1), c: [], subject: 1 }],
    },
  ],
] as const satisfies readonly (readonly [string, Partial<Program>])[]) {
  test(`a program that ${what} is refused`, () => malformed(circuit(changes)));
}

test('a constraint beyond the wires is refused', () => {
  const file = circuit({}, [[one(4), [], []]]);
  assert.throws(() => readCircuit(file), { code: 'circuit-malformed' });
});

test('another version, other bytes before or after, and every file that is cut short are refused', async () => {
  const file = circuit({}, [[one(2), one(3), one(1)]]);
  await malformed(Uint8Array.from([...file, 0]));
  await malformed(file.with(4, 2));
  await malformed(file.with(0, 0));
  for (let length = 0; length < file.length; length++) {
    assert.throws(() => [readProgram(file.subarray(0, length)), readCircuit(file.subarray(0, length))], {
      code: 'circuit-malformed',
    });
  }
});

test('a coefficient of zero, or of more than half the modulus, is refused', async () => {
  const file = circuit({ instructions: [{ ...product, a: [[2, 5n]] }] });
  const at = Buffer.from(file).indexOf(elements(5n));
  assert.ok(at > 0);
  for (const value of [0n, (Q + 1n) / 2n, Q, (1n << 256n) - 1n]) {
    const changed = file.slice();
    changed.set(elements(value), at);
    await malformed(changed);
  }
  const greatest = file.slice();
  greatest.set(elements((Q - 1n) / 2n), at);
  assert.equal(((await compute(greatest, 2n, 1n)) as bigint[])[1], Q - 1n);
});

test('a damaged file is refused or computes; nothing else is thrown', async () => {
  const file = makeCircuitFile(
    await compileCircuit(SOURCES, 'some'),
    await compileCircuit(SOURCES, 'some', 'none'),
  );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), fc.boolean(), async (at, byte, isCut) => {
      const damaged = isCut
        ? Uint8Array.from([...file.slice(0, at), ...file.slice(at + 1)])
        : file.with(at, byte);
      try {
        const loaded = await createReferenceEngine().load(damaged);
        await loaded.compute(elements(1n, 2n, 3n, 4n, 5n));
      } catch (error) {
        assert.ok(error instanceof ProverError, String(error));
        assert.ok(['circuit-malformed', 'packed-length'].includes(error.code));
        refused++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(refused > 100);
});
