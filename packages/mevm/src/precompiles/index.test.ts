import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORKS } from '../fork.ts';
import { precompilesOf } from './index.ts';
import { modexpInput } from './sample-inputs-test-support.ts';
import { ethereumjsAddresses, hex, word } from './test-support.ts';

const PRAGUE = [...precompilesOf('prague').values()];

function gasOf(name: string, input: Uint8Array): number {
  const precompile = PRAGUE.find((one) => one.name === name);
  assert.ok(precompile);
  return precompile.gas(input);
}

test('each fork has the precompiles that @ethereumjs/evm has', () => {
  for (const fork of FORKS) {
    assert.deepEqual([...precompilesOf(fork).keys()], ethereumjsAddresses(fork), fork);
  }
});

test('each stands under its address', () => {
  for (const [address, precompile] of precompilesOf('prague')) assert.equal(precompile.address, address);
});

test('gas is what the EIPs say', () => {
  const rows: readonly (readonly [name: string, length: number, gas: number])[] = [
    ['ecrecover', 0, 3_000],
    ['sha256', 0, 60],
    ['sha256', 1, 72],
    ['sha256', 32, 72],
    ['sha256', 33, 84],
    ['ripemd160', 0, 600],
    ['ripemd160', 65, 960],
    ['identity', 0, 15],
    ['identity', 100, 27],
    ['bn254Add', 5, 150],
    ['bn254Mul', 5, 6_000],
    ['bn254Pairing', 0, 45_000],
    ['bn254Pairing', 192, 79_000],
    ['bn254Pairing', 193, 79_000],
    ['bn254Pairing', 384, 113_000],
    ['blake2f', 0, 0],
    ['blake2f', 212, 0],
    ['pointEvaluation', 0, 50_000],
    ['blsG1Add', 0, 375],
    ['blsG1Msm', 0, 0],
    ['blsG1Msm', 159, 0],
    ['blsG1Msm', 160, 12_000],
    ['blsG1Msm', 2 * 160, 22_776],
    ['blsG1Msm', 128 * 160, 797_184],
    ['blsG1Msm', 129 * 160, 803_412],
    ['blsG2Add', 0, 600],
    ['blsG2Msm', 288, 22_500],
    ['blsG2Msm', 2 * 288, 45_000],
    ['blsG2Msm', 128 * 288, 1_509_120],
    ['blsG2Msm', 500 * 288, 5_895_000],
    ['blsPairing', 0, 37_700],
    ['blsPairing', 384, 70_300],
    ['blsPairing', 767, 70_300],
    ['blsPairing', 768, 102_900],
    ['blsMapFpToG1', 64, 5_500],
    ['blsMapFp2ToG2', 128, 23_800],
  ];
  for (const [name, length, gas] of rows) {
    assert.equal(gasOf(name, new Uint8Array(length)), gas, `${name} of ${length} bytes`);
  }
});

test('blake2f costs one gas a round, 2^32 - 1 of them too', () => {
  assert.equal(gasOf('blake2f', hex(`ffffffff${word(0, 209)}`)), 2 ** 32 - 1);
  assert.equal(gasOf('blake2f', hex(`80000000${word(0, 209)}`)), 2 ** 31);
  assert.equal(gasOf('blake2f', hex(`ffffffff${word(0, 208)}`)), 0);
});

test('modexp costs what EIP-2565 says, from the header alone', () => {
  const gas = (...rest: Parameters<typeof modexpInput>) => gasOf('modexp', modexpInput(...rest));
  assert.equal(gasOf('modexp', new Uint8Array(0)), 200);
  assert.equal(gas('', '', '', [32, 0, 32]), 200);
  // 16 times 255 iterations, divided by 3.
  assert.equal(gas('03'.repeat(32), 'ff'.repeat(32), 'ff'.repeat(32)), 1_360);
  assert.equal(gas('03'.repeat(33), 'ff'.repeat(32), 'ff'.repeat(32)), 2_125);
  // Of 40 bytes the first 32 count bits, the others 8 each.
  assert.equal(gas('03'.repeat(32), `${'00'.repeat(31)}01${'ff'.repeat(8)}`, 'ff'.repeat(32)), 341);
  assert.equal(gas('03'.repeat(32), `${'00'.repeat(31)}80${'ff'.repeat(8)}`, 'ff'.repeat(32)), 378);
  assert.equal(gas('', '', '', [1n << 255n, 0, 0]) >= 2 ** 53, true);
  assert.equal(gas('', '', '', [0, (1n << 256n) - 1n, 1]) >= 2 ** 50, true);
  assert.equal(gas('', '', '', [0, (1n << 256n) - 1n, (1n << 256n) - 1n]) >= 2 ** 53, true);
  // Without base and modulus nothing is multiplied, however long the exponent.
  assert.equal(gas('', '', '', [0, (1n << 256n) - 1n, 0]), 200);
  assert.equal(gas('', '', '', [1, (1n << 32n) + 32n, 1]), Math.floor((8 * 2 ** 32) / 3));
});
