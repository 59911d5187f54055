import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Execution } from '../execution.ts';
import type { Frame } from '../frame.ts';
import { type MachineOptions, TRANSLATION_GAS } from '../machine.ts';
import { bytes, CONTRACT, OTHER, type Run, runCode } from '../machine-test-support.ts';

/** What both engines must say of a step. */
type Seen = readonly [
  depth: number,
  pc: number,
  opcode: number,
  gas: number,
  memory: number,
  stack: readonly bigint[],
];

interface Traced {
  readonly run: Run;
  readonly steps: readonly Seen[];
}

const callee = bytes('60003560005260205f5fa0 60206000fd');

function trace(code: Uint8Array, translateAfter: number, data: Uint8Array, gas: number): Traced {
  const steps: Seen[] = [];
  const step = (_: Execution, frame: Frame, opcode: number) => {
    steps.push([frame.depth, frame.pc, opcode, frame.gas, frame.memorySize, frame.stack.slice(0, frame.sp)]);
  };
  return { run: run(code, { translateAfter, step }, data, gas), steps };
}

function run(code: Uint8Array, machine: Partial<MachineOptions>, data: Uint8Array, gas: number): Run {
  return runCode(code, {
    machine,
    message: { data, gas },
    accounts: [{ address: OTHER, nonce: 1n, code: callee }],
  });
}

/** What is to be equal. Why a frame halted may depend on what was done ahead. */
function summary({ outcome, world }: Run): unknown {
  const { reason: _, ...rest } = outcome;
  return { ...rest, logs: [...world.logs], refund: world.refund, changes: world.changes() };
}

function assertAgreement(code: Uint8Array, data: Uint8Array, gas: number): void {
  const interpreted = trace(code, Infinity, data, gas);
  const translated = trace(code, -Infinity, data, gas);
  const shown = Buffer.from(code).toString('hex');
  interpreted.steps.forEach((seen, i) => {
    assert.deepEqual(translated.steps[i], seen, `step ${i} of ${shown}`);
  });
  assert.equal(translated.steps.length, interpreted.steps.length, shown);
  assert.equal(translated.run.outcome.reason, interpreted.run.outcome.reason, shown);
  assert.deepEqual(summary(translated.run), summary(interpreted.run), shown);
  // What runs without being watched takes the gas of a segment before its first opcode.
  assert.deepEqual(
    summary(run(code, { translateAfter: -Infinity }, data, gas)),
    summary(interpreted.run),
    shown,
  );
  // Translated at the first jump, in the middle of a frame.
  const soon = 1 - TRANSLATION_GAS * code.length;
  assert.deepEqual(summary(run(code, { translateAfter: soon }, data, gas)), summary(interpreted.run), shown);
}

/** xorshift32. */
function random(seed: number): (below: number) => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Words that arithmetic goes wrong on. */
const WORDS = [
  ...['00', '01', '02', '1f', '20', '40', '80', 'ff', '0100', 'ffffffff', '0100000000', '7fffffffffffffff'],
  ...['8000000000000000', 'ffffffffffffffff', '010000000000000000', `80${'00'.repeat(31)}`, 'ff'.repeat(32)],
  '7f'.repeat(20),
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const PAIRS = [
  ...range(0x01, 0x07),
  0x0a,
  0x0b,
  ...range(0x10, 0x14),
  ...range(0x16, 0x18),
  ...range(0x1a, 0x1d),
];
const OPCODES = [
  ...range(0x01, 0x0b),
  ...range(0x10, 0x1d),
  0x20,
  ...range(0x30, 0x4a),
  ...range(0x50, 0x55),
].concat([
  ...range(0x58, 0x5f),
  0xa0,
  0xa1,
  0xa2,
  0xf0,
  0xf5,
  0x80,
  0x81,
  0x82,
  0x83,
  0x90,
  0x91,
  0x92,
  0x9f,
]);

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function push(word: string): string {
  return hex(0x5f + (word.length >>> 1)) + word;
}

function program(seed: number): Uint8Array {
  const below = random(seed);
  const some = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let code = '';
  const places: number[] = [];
  for (let i = 0; i < 60; i++) {
    const kind = below(20);
    if (kind < 9) code += push(some(WORDS));
    else if (kind < 17) code += hex(some(OPCODES));
    else if (kind === 17) {
      places.push(code.length >>> 1);
      code += '5b';
    } else if (kind === 18) {
      const place = places.length > 0 && below(4) > 0 ? some(places) : below(100);
      code += push(place.toString(16).padStart(4, '0')) + (below(3) === 0 ? '56' : '57');
    } else {
      const to = below(2) === 0 ? OTHER : CONTRACT;
      const opcode = some(['f1', 'f2', 'f4', 'fa']);
      const value = opcode === 'f1' || opcode === 'f2' ? push(some(['00', '01'])) : '';
      code += `${push('40')}${push('20')}${push('20')}5f${value}${push(Buffer.from(to).toString('hex'))}5a${opcode}`;
    }
  }
  return bytes(code + some(['00', '60406000f3', '60206000fd', '6001ff', 'fe']));
}

describe('translated code', () => {
  it('does each opcode on each pair of awkward words as the interpreter does, known beforehand or not', () => {
    for (const opcode of PAIRS.map(hex)) {
      for (const a of WORDS) {
        const code = WORDS.map(
          (b) => `${push(b)}${push(a)}${opcode}50${push(b)}5f35${opcode}505f35${push(b)}${opcode}50`,
        );
        assertAgreement(bytes(`${code.join('')}00`), bytes(a.padStart(64, '0')), 200_000);
      }
    }
  });

  it('adds and multiplies modulo awkward words as the interpreter does', () => {
    for (const opcode of ['08', '09']) {
      for (const a of WORDS) {
        const code = WORDS.map(
          (b) => `${push(b)}${push(a)}5f35${opcode}5060${'05'}${push(b)}5f35${opcode}50`,
        );
        assertAgreement(bytes(`${code.join('')}00`), bytes(a.padStart(64, '0')), 100_000);
      }
    }
  });

  it('does each unary opcode as the interpreter does', () => {
    for (const word of WORDS) {
      assertAgreement(
        bytes(`5f35155f3519${push(word)}15${push(word)}1950505000`),
        bytes(word.padStart(64, '0')),
        10_000,
      );
    }
  });

  it('reads input at every offset: within it, across its end and far beyond', () => {
    const offsets = [...range(0, 40).map(hex), ...WORDS];
    for (const length of [0, 1, 31, 32, 33]) {
      const data = new Uint8Array(length).fill(0xa5);
      assertAgreement(bytes(`${offsets.map((offset) => `${push(offset)}3550`).join('')}00`), data, 10_000);
      assertAgreement(
        bytes(`${offsets.map((offset) => `5f51${push(offset)}013550`).join('')}00`),
        data,
        10_000,
      );
    }
  });

  it('agrees with the interpreter on every step of random programs', () => {
    for (let seed = 1; seed <= 400; seed++) {
      const below = random(seed + 7919);
      const data = Uint8Array.from({ length: below(80) }, () => below(256));
      assertAgreement(program(seed), data, [200, 3_000, 60_000][below(3)] as number);
    }
  });

  it('stops where the interpreter stops when the gas runs out at any opcode', () => {
    const code = bytes('5f5b60010180608010601957505b60016002600355600554505f5260205f20505a505f5ff3');
    for (let gas = 0; gas < 2_000; gas += 7) assertAgreement(code, new Uint8Array(0), gas);
  });

  it('goes on from where the interpreter was, with its stack', () => {
    // A loop of 5,000 rounds with three words under its counter.
    const code = bytes('6011602260336113885b600190038060095750 5f5260205260405260605ff3');
    const cold = runCode(code, { machine: { translateAfter: Infinity } });
    const warm = runCode(code, { machine: { translateAfter: 10_000 - TRANSLATION_GAS * code.length } });
    assert.equal(cold.outcome.status, 'success');
    assert.equal(Buffer.from(cold.outcome.output).toString('hex').slice(62, 64), '33');
    assert.deepEqual(warm.outcome, cold.outcome);
  });
});
