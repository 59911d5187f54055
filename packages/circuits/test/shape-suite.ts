import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import { decodeVerifyingKey } from '@sero/prover';
import { developmentVerifyingKeys } from '../src/development-keys.ts';
import { loadDevelopmentKeys } from '../src/setup.ts';
import type { Shape } from '../src/shape.ts';
import type { Loaded } from './circuit.ts';

/** The committed verifying key of a shape against the key that its circuit gives. */
export function developmentKeyTests(shape: Shape, { compiled }: Loaded): void {
  test(`making the development keys of shape ${shape.name} gives the verifying key that is committed`, async () => {
    const { verifyingKey } = await loadDevelopmentKeys(compiled.r1cs, shape.id, { warn: () => undefined });
    const committed = developmentVerifyingKeys().get(shape.id)!;
    assert.equal(toHex(committed), toHex(verifyingKey));
    const decoded = decodeVerifyingKey(committed);
    assert.deepEqual(
      [decoded.circuit, decoded.development, decoded.ic.length],
      [shape.id, true, shape.publicInputs + 1],
    );
  });
}
