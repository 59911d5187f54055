import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHAPES } from '@sero/circuits';
import { fieldToBytes, leInteger } from '@sero/crypto';
import {
  GROTH16_BLS12_381,
  intrinsicGas,
  MAX_TRANSACTION_BYTES,
  PRODUCTION,
  type Transaction,
  transactionHash,
} from './index.ts';
import { CONTEXT, GENESIS, paymentOfShape, receive, refusal, signed, tied } from './test-support.ts';

/** Counts written out, so that a change of a shape shows here. */
const EXPECTED = [
  { name: 'A', circuit: 1, inputs: 2, outputs: 3 },
  { name: 'B', circuit: 2, inputs: 8, outputs: 4 },
  { name: 'C', circuit: 3, inputs: 2, outputs: 16 },
] as const;

test('the shapes of version 1 are A, B and C, of 18 levels, with 8 + 2 inputs + outputs public inputs', () => {
  assert.deepEqual(
    SHAPES.map(({ name, id, inputs, outputs }) => ({ name, circuit: id, inputs, outputs })),
    EXPECTED,
  );
  assert.deepEqual(
    SHAPES.map(({ slots }) => slots),
    [2, 3, 3],
  );
  for (const { inputs, outputs, publicInputs, depth } of SHAPES) {
    assert.deepEqual([publicInputs, depth], [8 + 2 * inputs + outputs, 18]);
  }
});

for (const counts of EXPECTED) {
  const { name, circuit, inputs, outputs } = counts;

  test(`a transaction of shape ${name} has ${inputs} inputs and ${outputs} outputs, and as many public inputs as its proof`, () => {
    const tx = paymentOfShape(counts);
    const checked = receive(signed(tx));
    assert.equal(checked.shape.id, circuit);
    assert.deepEqual(checked.nullifiers.map(fieldToBytes), tx.shielded.nullifiers);
    const publicInputs = checked.publicInputs(99n);
    assert.equal(publicInputs.length, checked.shape.publicInputs);
    assert.deepEqual(publicInputs.slice(5, 5 + 2 * inputs + outputs), [
      ...tx.shielded.nullifiers.map(leInteger),
      ...tx.shielded.traces.map(leInteger),
      ...tx.shielded.outputs.map(({ cm }) => leInteger(cm)),
    ]);
  });

  test(`other counts than shape ${name}’s are refused under its circuit, another shape’s too`, () => {
    const wrong = [
      ...[-1, 1].map((more) => ({ circuit, inputs: inputs + more, outputs })),
      ...[-1, 1].map((more) => ({ circuit, inputs, outputs: outputs + more })),
      ...EXPECTED.filter((other) => other.circuit !== circuit).map((other) => ({ ...other, circuit })),
    ];
    // 9 nullifiers and 17 outputs have no encoding.
    for (const change of wrong.filter((counts) => counts.inputs <= 8 && counts.outputs <= 16)) {
      assert.throws(
        () => receive(signed(paymentOfShape(change))),
        refusal('wrong-shape'),
        JSON.stringify(change),
      );
    }
  });

  test(`shape ${name} with a trace less than it has nullifiers is refused`, () => {
    const { shielded, ...rest } = paymentOfShape(counts);
    const tx: Transaction = { ...rest, shielded: { ...shielded, traces: shielded.traces.slice(1) } };
    assert.throws(() => receive(signed(tx)), refusal('wrong-shape'));
  });

  test(`every one of shape ${name}’s nullifiers and outputs is checked, the last too`, () => {
    const { shielded, ...rest } = paymentOfShape(counts);
    const nullifiers = [...shielded.nullifiers.slice(0, -1), shielded.nullifiers[0]!];
    const repeated: Transaction = { ...rest, shielded: { ...shielded, nullifiers } };
    assert.throws(() => receive(signed(repeated)), refusal('duplicate-nullifier'));
    const last = { ...shielded.outputs.at(-1)!, cm: new Uint8Array(32) };
    const empty: Transaction = {
      ...rest,
      shielded: { ...shielded, outputs: [...shielded.outputs.slice(0, -1), last] },
    };
    assert.throws(() => receive(signed(empty)), refusal('commitment-is-zero'));
    const shared = { ...last, ...shielded.outputs.at(-1)!, vpkr: shielded.outputs[0]!.vpkr };
    const one: Transaction = {
      ...rest,
      shielded: { ...shielded, outputs: [...shielded.outputs.slice(0, -1), shared] },
    };
    assert.throws(() => receive(signed(one)), refusal('duplicate-output-address'));
  });

  test(`the gas of shape ${name} is its own: proof, nullifiers, outputs`, () => {
    const tx = paymentOfShape(counts);
    // 21,000 + proof + 22,100 a nullifier + 25,000 an output (design 3, Gas).
    const proof = circuit === 1 ? 45_000n : 60_000n;
    const gas = 21_000n + proof + 22_100n * BigInt(inputs) + 25_000n * BigInt(outputs);
    assert.equal(intrinsicGas(PRODUCTION.gas, tx), gas);
    for (const gasLimit of [gas - 1n, gas + 1n]) {
      assert.throws(() => receive(signed(tied({ ...tx, gasLimit }))), refusal('gas-limit'));
    }
    assert.ok(gas <= GENESIS.fees.gasLimit && tx.proofSystem === GROTH16_BLS12_381);
  });

  test(`a transaction of shape ${name} with a memo stays far below the size limit`, (t) => {
    const { length } = signed(tied({ ...paymentOfShape(counts), gasLimit: 0n, memo: new Uint8Array(528) }));
    t.diagnostic(`shape ${name}: ${length} bytes`);
    assert.ok(length < MAX_TRANSACTION_BYTES / 8);
  });
}

test('the circuit’s number is under hash_e: a proof of one circuit is for no other', () => {
  const tx = paymentOfShape(EXPECTED[1]);
  const hashes = [0, 1, 2, 3].map((circuit) => transactionHash({ ...tx, circuit }, CONTEXT.genesisHash));
  assert.equal(new Set(hashes).size, 4);
  assert.equal(receive(signed(tx)).hashE, hashes[2]);
});
