import { isField, Q } from '@sero/crypto';
import { CircuitError } from '../src/errors.ts';
import type { SignalValues, WitnessProgram } from '../src/witness-program.ts';
import { instantiate, type Machine } from './circom-machine.ts';

/**
 * Loads a witness program as circom compiles it to WebAssembly: the oracle of our own programs. Each run has a memory of
 * its own, which is wiped. Throws `program-malformed` if the bytes are no circom program over BLS12-381's field.
 */
export async function loadCircomProgram(wasm: Uint8Array): Promise<WitnessProgram> {
  const start = await instantiate(wasm);
  const machine = await start();
  if (machine.prime() !== Q) {
    throw new CircuitError(
      'program-malformed',
      'the program was compiled for another field: use --prime bls12381',
    );
  }
  const { inputSize, witnessSize } = machine;
  return {
    inputSize,
    witnessSize,
    run: async (signals) => {
      const fresh = await start();
      try {
        setInputs(fresh, signals);
        return readWitness(fresh);
      } finally {
        fresh.wipe();
      }
    },
  };
}

function setInputs(machine: Machine, signals: SignalValues): void {
  // Checked as a whole first: the machine computes as soon as the last input is set.
  let total = 0;
  for (const [name, values] of Object.entries(signals)) {
    const size = machine.signalSize(fnv1a64(name));
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
  if (total !== machine.inputSize) {
    throw new CircuitError(
      'signal-wrong-size',
      `the circuit takes ${machine.inputSize} values, not ${total}`,
    );
  }
  for (const [name, values] of Object.entries(signals)) {
    const hash = fnv1a64(name);
    values.forEach((value, i) => {
      machine.setInput(hash, i, value);
    });
  }
}

function readWitness(machine: Machine): Uint8Array {
  const elements = new Uint8Array(machine.witnessSize * 32);
  for (let i = 0; i < machine.witnessSize; i++)
    machine.readWitness(i, elements.subarray(32 * i, 32 * i + 32));
  return elements;
}

/** 64-bit FNV-1a (draft-eastlake-fnv), by which circom's programs find a signal's name. */
function fnv1a64(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
