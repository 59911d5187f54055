import { readFile } from 'node:fs/promises';
import type { WitnessEngine } from '@sero/prover';
import type { Shape } from './shape.ts';
import { loadWitnessProgram, type WitnessProgram } from './witness-program.ts';

/**
 * The circuit file of a shape: its constraints and the program of its witness, as this package ships them. Nobody needs
 * circom to prove.
 */
export async function circuitFile({ name }: Pick<Shape, 'name'>): Promise<Uint8Array> {
  const file = new URL(`../programs/shape-${name.toLowerCase()}.circuit`, import.meta.url);
  return new Uint8Array(await readFile(file));
}

/**
 * What computes the witnesses of a shape.
 *
 * @param engine what computes. Default: big integers, which take a tenth of a second and more
 */
export async function loadShape(shape: Pick<Shape, 'name'>, engine?: WitnessEngine): Promise<WitnessProgram> {
  return loadWitnessProgram(await circuitFile(shape), engine);
}
