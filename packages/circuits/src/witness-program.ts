import { isField } from '@sero/crypto';
import { ProverError, type WitnessEngine } from '@sero/prover';
import { type CircuitHeader, readCircuitHeader } from './circuit-file.ts';
import { CircuitError } from './errors.ts';
import { createReferenceEngine } from './reference-engine.ts';

/** Signal name (without `main.`) to its values, arrays of arrays flattened row by row. */
export type SignalValues = Readonly<Record<string, readonly bigint[]>>;

/** What computes a circuit's witnesses. */
export interface WitnessProgram {
  /** Number of input elements that `run` needs. */
  readonly inputSize: number;
  /** Number of field elements that `run` returns. */
  readonly witnessSize: number;
  /**
   * Computes the witness: `witnessSize` field elements of 32 little-endian bytes, the constant 1 first, the
   * public inputs next. Secret: the caller's to wipe.
   *
   * Throws `signal-unknown`, `signal-wrong-size`, `field-not-canonical`, and `witness-rejected` where the inputs
   * break a constraint.
   */
  run(signals: SignalValues): Promise<Uint8Array>;
}

const ELEMENT = 32;

/**
 * Loads a circuit file; throws `program-malformed` where it is none.
 *
 * @param engine what computes. Default: big integers, which take a tenth of a second
 */
export async function loadWitnessProgram(
  file: Uint8Array,
  engine: WitnessEngine = createReferenceEngine(),
): Promise<WitnessProgram> {
  const [header, circuit] = await Promise.all([readHeader(file), engine.load(file).catch(refuse)]);
  const inputSize = header.inputs.reduce((size, { slots }) => size + slots.length, 0);
  return {
    inputSize,
    witnessSize: header.wires,
    run: async (signals) => {
      checkSignals(header, inputSize, signals);
      const packed = packSignals(header, inputSize, signals);
      try {
        const outcome = await circuit.compute(packed);
        if (outcome.ok) return outcome.witness;
        throw new CircuitError(
          'witness-rejected',
          `a constraint does not hold: equation ${outcome.equation}`,
        );
      } finally {
        packed.fill(0);
      }
    },
  };
}

async function readHeader(file: Uint8Array): Promise<CircuitHeader> {
  try {
    return readCircuitHeader(file);
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  if (error instanceof ProverError && error.code === 'circuit-malformed') {
    throw new CircuitError('program-malformed', error.message);
  }
  throw error;
}

function checkSignals({ inputs }: CircuitHeader, inputSize: number, signals: SignalValues): void {
  const sizes = new Map(inputs.map(({ name, slots }) => [name, slots.length]));
  let total = 0;
  for (const [name, values] of Object.entries(signals)) {
    const size = sizes.get(name);
    if (size === undefined) throw new CircuitError('signal-unknown', `the circuit has no input "${name}"`);
    if (size !== values.length) {
      throw new CircuitError(
        'signal-wrong-size',
        `input "${name}" takes ${size} values, not ${values.length}`,
      );
    }
    if (!values.every(isField)) {
      throw new CircuitError('field-not-canonical', `input "${name}" has a value outside [0, q)`);
    }
    total += size;
  }
  if (total !== inputSize) {
    throw new CircuitError('signal-wrong-size', `the circuit takes ${inputSize} values, not ${total}`);
  }
}

function packSignals({ inputs }: CircuitHeader, inputSize: number, signals: SignalValues): Uint8Array {
  const packed = new Uint8Array(ELEMENT * inputSize);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const { name } of inputs) {
    for (const value of signals[name]!) {
      for (let rest = value, word = 0; rest > 0n; rest >>= 64n, word++) {
        view.setBigUint64(at + 8 * word, BigInt.asUintN(64, rest), true);
      }
      at += ELEMENT;
    }
  }
  return packed;
}
