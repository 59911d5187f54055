import type { Fork } from '../fork.ts';
import { blsPairingGas, g1MsmGas, g2MsmGas } from './bls-gas.ts';
import { wordsOf } from './bytes.ts';
import type { PrecompileName } from './engine.ts';
import { modexpGas } from './modexp-input.ts';

/** What is known of a contract apart from what it computes. */
export interface TableEntry {
  readonly name: PrecompileName;
  readonly address: number;
  readonly since: Fork;
  readonly gas: (input: Uint8Array) => number;
}

const entry = (
  address: number,
  name: PrecompileName,
  since: Fork,
  gas: (input: Uint8Array) => number,
): TableEntry => ({ name, address, since, gas });

const always = (gas: number) => () => gas;
const byWords = (base: number, word: number) => (input: Uint8Array) => base + word * wordsOf(input.length);

/** EIP-1108; a length that is no multiple of 192 fails whatever it pays. */
const bn254PairingGas = ({ length }: Uint8Array): number => 45_000 + 34_000 * Number(BigInt(length) / 192n);

/** One a round (EIP-152); an input of another length fails for nothing. */
const blake2fGas = (input: Uint8Array): number =>
  input.length === 213 ? ((input[0]! << 24) | (input[1]! << 16) | (input[2]! << 8) | input[3]!) >>> 0 : 0;

/** Yellow Paper appendix E, EIP-1108, EIP-152, EIP-2565, EIP-4844 and EIP-2537, in the order of addresses. */
export const TABLE: readonly TableEntry[] = [
  entry(0x01, 'ecrecover', 'london', always(3_000)),
  entry(0x02, 'sha256', 'london', byWords(60, 12)),
  entry(0x03, 'ripemd160', 'london', byWords(600, 120)),
  entry(0x04, 'identity', 'london', byWords(15, 3)),
  entry(0x05, 'modexp', 'london', modexpGas),
  entry(0x06, 'bn254Add', 'london', always(150)),
  entry(0x07, 'bn254Mul', 'london', always(6_000)),
  entry(0x08, 'bn254Pairing', 'london', bn254PairingGas),
  entry(0x09, 'blake2f', 'london', blake2fGas),
  entry(0x0a, 'pointEvaluation', 'cancun', always(50_000)),
  entry(0x0b, 'blsG1Add', 'prague', always(375)),
  entry(0x0c, 'blsG1Msm', 'prague', g1MsmGas),
  entry(0x0d, 'blsG2Add', 'prague', always(600)),
  entry(0x0e, 'blsG2Msm', 'prague', g2MsmGas),
  entry(0x0f, 'blsPairing', 'prague', blsPairingGas),
  entry(0x10, 'blsMapFpToG1', 'prague', always(5_500)),
  entry(0x11, 'blsMapFp2ToG2', 'prague', always(23_800)),
];
