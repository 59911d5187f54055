import { CircuitError } from '../src/errors.ts';

/**
 * The binary interface of a circom 2 witness program. Integers are i32; a signal is named by the two halves of
 * its name's hash; field elements pass through one 32-byte window of memory, lowest word first.
 */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly getVersion: () => number;
  readonly getFieldNumLen32: () => number;
  readonly getInputSize: () => number;
  readonly getWitnessSize: () => number;
  readonly getSharedRWMemoryStart: () => number;
  /** Writes the modulus to the window. */
  readonly getRawPrime: () => void;
  readonly init: (sanityCheck: number) => void;
  /** Number of elements of an input signal, -1 (or 0) for an unknown one. */
  readonly getInputSignalSize: (hashHigh: number, hashLow: number) => number;
  /** Takes the window as element `index`; with the last one missing, computes the witness. */
  readonly setInputSignal: (hashHigh: number, hashLow: number, index: number) => void;
  /** Writes a witness element to the window. */
  readonly getWitness: (index: number) => void;
  /** Next character of the pending message, 0 at its end. */
  readonly getMessageChar: () => number;
}

/** One instance with a memory of its own, good for one witness. */
export interface Machine {
  readonly inputSize: number;
  readonly witnessSize: number;
  readonly prime: () => bigint;
  readonly signalSize: (hash: bigint) => number | undefined;
  readonly setInput: (hash: bigint, index: number, value: bigint) => void;
  /** Copies element `index` to 32 bytes. */
  readonly readWitness: (index: number, to: Uint8Array) => void;
  readonly wipe: () => void;
}

/** The part of WebAssembly's JavaScript interface used here; neither es2024 nor node declares its types. */
interface WebAssemblyInterface {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ): Promise<{ exports: unknown }>;
}
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface };

const WINDOW = 32;
/** What the program's exception codes mean. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'signal not found',
  2: 'too many signals set',
  3: 'signal already set',
  4: 'a constraint does not hold',
  5: 'out of memory',
  6: 'signal index out of range',
};

/** Compiles once; the result makes instances. Throws `program-malformed`. */
export async function instantiate(wasm: Uint8Array): Promise<() => Promise<Machine>> {
  const module = await WebAssembly.compile(wasm).catch((error: unknown) => malformed(String(error)));
  return () => start(module);
}

async function start(module: object): Promise<Machine> {
  // The program reports a failed constraint as lines of text, innermost template first, then as an exception.
  const report: string[] = [];
  const drain = (): string => {
    let text = '';
    for (let char = exports.getMessageChar(); char !== 0; char = exports.getMessageChar()) {
      text += String.fromCharCode(char);
    }
    return text.trim();
  };
  const imports = {
    runtime: {
      exceptionHandler: (code: number): never => {
        const reason = EXCEPTIONS[code] ?? `exception ${code}`;
        throw new CircuitError('witness-rejected', [reason, ...report].join('; '));
      },
      printErrorMessage: (): void => {
        report.push(drain());
      },
      // log() of the circuit language: drained so that it cannot run into an error's text, and dropped.
      writeBufferMessage: (): void => {
        drain();
      },
      showSharedRWMemory: (): void => undefined,
    },
  };
  const instance = await WebAssembly.instantiate(module, imports).catch((error: unknown) =>
    malformed(String(error)),
  );
  const exports = asExports(instance.exports);
  exports.init(1);

  const window = exports.getSharedRWMemoryStart();
  const halves = (hash: bigint): [number, number] => [
    Number(hash >> 32n) | 0,
    Number(hash & 0xffffffffn) | 0,
  ];
  return {
    inputSize: exports.getInputSize(),
    witnessSize: exports.getWitnessSize(),
    prime: () => {
      exports.getRawPrime();
      const view = new DataView(exports.memory.buffer, window, WINDOW);
      let value = 0n;
      for (let word = 3; word >= 0; word--) value = (value << 64n) | view.getBigUint64(8 * word, true);
      return value;
    },
    signalSize: (hash) => {
      const size = exports.getInputSignalSize(...halves(hash));
      return size > 0 ? size : undefined;
    },
    setInput: (hash, index, value) => {
      const view = new DataView(exports.memory.buffer, window, WINDOW);
      for (let word = 0; word < 4; word++) {
        view.setBigUint64(8 * word, BigInt.asUintN(64, value >> BigInt(64 * word)), true);
      }
      exports.setInputSignal(...halves(hash), index);
    },
    readWitness: (index, to) => {
      exports.getWitness(index);
      to.set(new Uint8Array(exports.memory.buffer, window, WINDOW));
    },
    wipe: () => {
      new Uint8Array(exports.memory.buffer).fill(0);
    },
  };
}

const FUNCTIONS = [
  'getVersion',
  'getFieldNumLen32',
  'getInputSize',
  'getWitnessSize',
  'getSharedRWMemoryStart',
  'getRawPrime',
  'init',
  'getInputSignalSize',
  'setInputSignal',
  'getWitness',
  'getMessageChar',
] as const;

function asExports(value: unknown): Exports {
  const exports = value as Record<string, unknown>;
  const missing = FUNCTIONS.find((name) => typeof exports[name] !== 'function');
  if (missing !== undefined) return malformed(`it has no ${missing}`);
  if (!(exports.memory instanceof Object)) return malformed('it has no memory');
  const program = exports as unknown as Exports;
  if (program.getVersion() !== 2) return malformed('it is not of circom 2');
  if (program.getFieldNumLen32() !== WINDOW / 4) return malformed('its field is not of 256 bits');
  return program;
}

function malformed(why: string): never {
  throw new CircuitError(
    'program-malformed',
    `not a circom witness program (${why}): compile the circuit again`,
  );
}
