import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import { decodeVerifyingKey } from '@sero/prover';
import { readCircuit, readCircuitHeader } from '../src/circuit-file.ts';
import { circuitFile } from '../src/circuit-files.ts';
import { developmentVerifyingKeys } from '../src/development-keys.ts';
import { loadDevelopmentKeys } from '../src/setup.ts';
import { readR1cs } from '../src/setup-r1cs.ts';
import type { Shape } from '../src/shape.ts';
import type { Loaded } from './circuit.ts';

/** The committed circuit file of a shape against its sources. */
export function circuitFileTests(
  shape: Shape,
  { compiled, file }: Loaded & { readonly file: Uint8Array },
): void {
  test(`the committed circuit file of shape ${shape.name} is what the sources give`, async () => {
    assert.ok(
      Buffer.from(await circuitFile(shape)).equals(file),
      'run packages/circuits/tools/make-programs.ts',
    );
  });

  test(`the circuit file of shape ${shape.name} holds the constraints and the hash of the .r1cs`, async () => {
    assert.equal(
      toHex(readCircuitHeader(file).hash),
      createHash('sha256').update(compiled.r1cs).digest('hex'),
    );
    assert.deepEqual(readCircuit(file), readR1cs(compiled.r1cs));
  });
}

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
