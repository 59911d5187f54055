import { createHash } from 'node:crypto';
import { ProverError } from '@sero/prover';
import { CIRCUIT_MAGIC, readCircuit, readCircuitHeader } from './circuit-file.ts';
import { type R1cs, R1csError, readR1cs } from './setup-r1cs.ts';

const isCircuitFile = (bytes: Uint8Array): boolean => CIRCUIT_MAGIC.every((byte, i) => bytes[i] === byte);

/**
 * The hash by which a setup knows a circuit: SHA-256 of its .r1cs, which a circuit file carries.
 *
 * @param circuit a .r1cs or a circuit file
 * @throws R1csError
 */
export function circuitHash(circuit: Uint8Array): Uint8Array {
  if (isCircuitFile(circuit)) return typed(() => readCircuitHeader(circuit).hash);
  return new Uint8Array(createHash('sha256').update(circuit).digest());
}

/**
 * The constraints of a .r1cs or of a circuit file.
 *
 * @throws R1csError
 */
export function constraintsOf(circuit: Uint8Array): R1cs {
  return isCircuitFile(circuit) ? typed(() => readCircuit(circuit)) : readR1cs(circuit);
}

function typed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProverError) throw new R1csError(error.message);
    throw error;
  }
}
