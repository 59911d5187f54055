import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadVerifyingKeys, ProverError, verifyingKeyHash } from '@sero/prover';
import { loadShape } from '../test/circuit.ts';
import { developmentKeyTests } from '../test/shape-suite.ts';
import { developmentVerifyingKeys } from './development-keys.ts';
import { SHAPE_A, SHAPES } from './shape.ts';

test('every shape has a committed development key, and a development network loads them all', () => {
  const keys = developmentVerifyingKeys();
  assert.deepEqual(
    [...keys.keys()],
    SHAPES.map(({ id }) => id),
  );
  const named = [...keys].map(([circuit, bytes]) => ({ circuit, hash: verifyingKeyHash(bytes) }));
  assert.equal(loadVerifyingKeys(named, [...keys.values()], { devnet: true }).size, SHAPES.length);
});

test('a network that is no development network refuses each of them', () => {
  for (const [circuit, bytes] of developmentVerifyingKeys()) {
    const named = [{ circuit, hash: verifyingKeyHash(bytes) }];
    assert.throws(
      () => loadVerifyingKeys(named, [bytes], { devnet: false }),
      (error) => error instanceof ProverError && error.code === 'key-development',
    );
  }
});

developmentKeyTests(SHAPE_A, await loadShape(SHAPE_A));
