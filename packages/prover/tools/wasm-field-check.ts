// Tries the multiplications of wasm-field.ts against big integers, at the bounds that native/src/field/wasm.hpp states:
// limbs so large that their products just fit, of every sign, and values as large as they may be.

import { FIELDS } from './wasm-field.ts';

const ROUNDS = 2000;
/** Bytes between limbs. */
const STRIDE = 16;

type Function = (...pointers: number[]) => void;

/** What is wrong, a line each. `module` is what `buildField` makes. */
export function fieldFaults(module: Uint8Array): string[] {
  const exports = new WebAssembly.Instance(new WebAssembly.Module(module)).exports as Record<string, unknown>;
  const memory = exports['memory'] as WebAssembly.Memory;
  const { value: heap } = exports['__heap_base'] as { readonly value: number };
  const base = Math.ceil(heap / 64) * 64;
  const doubles = new Float64Array(memory.buffer);
  const [a, b, out] = [base, base + 1024, base + 2048] as const;
  const faults: string[] = [];

  for (const [name, { modulus, limbs, radix }] of Object.entries(FIELDS)) {
    const r = 2n ** BigInt(radix * limbs);
    const at = (pointer: number, j: number, lane: number) => pointer / 8 + (STRIDE / 8) * j + lane;
    const valueAt = (pointer: number, lane: number): bigint => {
      let value = 0n;
      for (let j = limbs - 1; j >= 0; j--)
        value = value * 2n ** BigInt(radix) + BigInt(doubles[at(pointer, j, lane)]!);
      return value;
    };
    // Products of limbs stay below 2^(51 + radix); the highest limb is that of 32p at most.
    const most = Math.floor(2 ** ((51 + radix) / 2)) - 1;
    const highest = Number((32n * modulus) >> BigInt(radix * (limbs - 1)));
    const limbOf = (kind: number, j: number): number => {
      const bound = j === limbs - 1 ? highest : most;
      const sign = Math.random() < 0.5 ? -1 : 1;
      return [bound, -bound, sign * bound, sign * Math.floor(Math.random() * bound), sign * 0][kind] ?? 0;
    };
    for (const operation of ['mul', 'sqr'] as const) {
      const call = exports[`sero_wasm_${name}_${operation}`] as Function;
      for (let round = 0; round < ROUNDS; round++) {
        for (const pointer of [a, b]) {
          for (let lane = 0; lane < 2; lane++) {
            for (let j = 0; j < limbs; j++) {
              const kind = round % 5 === 4 ? Math.floor(Math.random() * 5) : round % 5;
              doubles[at(pointer, j, lane)] = limbOf(kind, j);
            }
          }
        }
        if (operation === 'mul') call(out, a, b);
        else call(out, a);
        for (let lane = 0; lane < 2; lane++) {
          const [x, y, z] = [
            valueAt(a, lane),
            valueAt(operation === 'mul' ? b : a, lane),
            valueAt(out, lane),
          ];
          // Each digit of LIMBS - 1 adds a quarter of p at most, the quotient half of it.
          const bound = (BigInt(limbs + 1) * modulus) / 4n + abs(x * y) / r + 1n;
          if ((z * r - x * y) % modulus !== 0n)
            faults.push(`${name}_${operation}: ${x} times ${y} gives ${z}`);
          if (abs(z) > bound) faults.push(`${name}_${operation}: ${x} times ${y} is too large`);
          for (let j = 0; j < limbs - 1; j++) {
            if (Math.abs(doubles[at(out, j, lane)]!) > 2 ** (radix - 1))
              faults.push(`${name}_${operation}: limb ${j}`);
          }
        }
      }
    }
  }
  return faults;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
