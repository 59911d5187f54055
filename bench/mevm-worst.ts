import {
  createMachine,
  createWorld,
  keccak256,
  type Precompile,
  precompilesOf,
  type StateReader,
} from '@sero/mevm';
import { samples } from '@sero/mevm/test/precompile-inputs';
import { type Figure, sampled } from './harness.ts';

/** A program that does one opcode as often as its gas allows, on words that are hard for it. */
interface Program {
  readonly name: string;
  readonly code: Uint8Array;
}

const GAS = 20_000_000;
/** Mgas/s below which a row is shown. */
const SHOWN = 120;
/** Times that an opcode stands in its program, between two jumps. */
const TIMES = 100;
const SOME_HASH = keccak256(new Uint8Array(1));
const MOST = (1n << 256n) - 1n;
const BIG = 0xfedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543211n;
const FIVE_DIGITS = 0x8000000100000000ffffffff00000000ffffffffn;
const FOUR_DIGITS = 0x80000001ffffffff00000000ffffffffn;
const CONTRACT = 0xcccccccccccccccccccccccccccccccccccccccen;
const EMPTY = 0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeen;

const push = (word: bigint) => `7f${word.toString(16).padStart(64, '0')}`;

/** @param operands the topmost word first @param results words that the opcode leaves */
function program(
  name: string,
  opcode: number,
  operands: readonly bigint[],
  results = 1,
  before = '',
): Program {
  const again = (0x7f + operands.length).toString(16);
  const unit = again.repeat(operands.length) + opcode.toString(16).padStart(2, '0') + '50'.repeat(results);
  return looped(name, before + operands.toReversed().map(push).join(''), unit);
}

/** What comes before the loop, and what it does again and again. */
function looped(name: string, before: string, unit: string, times = TIMES): Program {
  const start = before.length / 2;
  const hex = `${before}5b${unit.repeat(times)}61${start.toString(16).padStart(4, '0')}56`;
  return { name, code: Uint8Array.from(Buffer.from(hex, 'hex')) };
}

/** 64 KiB of memory, so that nothing after it pays for more. */
const MEMORY = '5f61ffe052';

function programs(): Program[] {
  const list: Program[] = [];
  const add = (...of: Parameters<typeof program>) => list.push(program(...of));
  for (const [name, opcode] of [
    ['ADD', 1],
    ['MUL', 2],
    ['SUB', 3],
    ['LT', 0x10],
    ['SLT', 0x12],
    ['EQ', 0x14],
    ['AND', 0x16],
  ] as const) {
    add(name, opcode, [BIG, MOST]);
  }
  for (const [name, opcode] of [
    ['DIV', 4],
    ['SDIV', 5],
    ['MOD', 6],
    ['SMOD', 7],
  ] as const) {
    for (const divisor of [3n, (1n << 64n) - 59n, FOUR_DIGITS, FIVE_DIGITS, BIG >> 1n]) {
      add(`${name} by ${divisor.toString(2).length} bits`, opcode, [BIG, divisor]);
    }
  }
  for (const [name, opcode] of [
    ['ADDMOD', 8],
    ['MULMOD', 9],
  ] as const) {
    for (const modulus of [3n, FOUR_DIGITS, FIVE_DIGITS, BIG >> 1n, BIG]) {
      add(`${name} by ${modulus.toString(2).length} bits`, opcode, [MOST, MOST - 1n, modulus]);
    }
  }
  for (const exponent of [1n, 255n, 1n << 255n, MOST])
    add(`EXP to ${exponent.toString(2).length} bits`, 0x0a, [BIG, exponent]);
  for (const byte of [0n, 15n, 31n]) {
    add(`SIGNEXTEND ${byte}`, 0x0b, [byte, BIG]);
    add(`BYTE ${byte}`, 0x1a, [byte, BIG]);
  }
  for (const [name, opcode] of [
    ['SHL', 0x1b],
    ['SHR', 0x1c],
    ['SAR', 0x1d],
  ] as const)
    add(name, opcode, [77n, BIG]);
  add('ISZERO', 0x15, [BIG]);
  add('NOT', 0x19, [BIG]);
  for (const length of [0n, 32n, 135n, 136n, 1000n, 4096n, 65536n])
    add(`KECCAK256 of ${length}`, 0x20, [0n, length], 1, MEMORY);
  for (const [name, opcode] of [
    ['CALLDATACOPY', 0x37],
    ['CODECOPY', 0x39],
    ['MCOPY', 0x5e],
  ] as const) {
    for (const length of [0n, 32n, 65536n]) add(`${name} of ${length}`, opcode, [0n, 0n, length], 0, MEMORY);
  }
  for (const length of [0n, 32n, 65536n])
    add(`EXTCODECOPY of ${length}`, 0x3c, [CONTRACT, 0n, 0n, length], 0, MEMORY);
  for (const [name, opcode] of [
    ['BALANCE', 0x31],
    ['EXTCODESIZE', 0x3b],
    ['EXTCODEHASH', 0x3f],
  ] as const) {
    add(`${name}, warm`, opcode, [CONTRACT]);
    list.push(looped(`${name}, cold`, '', `5a${opcode.toString(16)}50`));
  }
  add('BLOCKHASH', 0x40, [999n]);
  add('CALLDATALOAD', 0x35, [0n]);
  for (const opcode of [
    0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a,
    0x58, 0x59, 0x5a, 0x5f,
  ]) {
    list.push(looped(`opcode 0x${opcode.toString(16)}`, '', `${opcode.toString(16)}50`));
  }
  for (const offset of [0n, 1n]) {
    add(`MLOAD at ${offset}`, 0x51, [offset], 1, MEMORY);
    add(`MSTORE at ${offset}`, 0x52, [offset, BIG], 0, MEMORY);
    add(`MSTORE8 at ${offset}`, 0x53, [offset, BIG], 0, MEMORY);
  }
  add('SLOAD, warm', 0x54, [5n]);
  list.push(looped('SLOAD, cold', '', '5a5450'));
  add('SSTORE, warm, the same', 0x55, [5n, 0n], 0);
  list.push(looped('SSTORE, warm, another', '', '5a6005556000600555'));
  list.push(looped('SSTORE, cold', '', '5a5a55'));
  add('TLOAD', 0x5c, [5n]);
  list.push(looped('TLOAD of new slots', '', '5a5c50'));
  list.push(looped('TSTORE', '', '5a60055d'));
  list.push(looped('TSTORE to new slots', '', '5a5a5d'));
  list.push(looped('JUMPDEST', '', '5b'));
  list.push(looped('PUSH32 POP', '', `${push(BIG)}50`));
  list.push(looped('PUSH1 POP', '', '600150'));
  list.push(looped('DUP16 SWAP16 POP', '60015f'.repeat(10), '8f9f50'));
  list.push(looped('JUMPI not taken', '', '5f5f57'));
  list.push(looped('JUMP', '', '', 0));
  list.push(looped('JUMP to where a word says', '5f5f5f', '', 0));
  for (let topics = 0; topics <= 4; topics++) {
    add(`LOG${topics}`, 0xa0 + topics, [0n, 0n, ...Array.from({ length: topics }, () => BIG)], 0);
  }
  add('LOG0 of 4096', 0xa0, [0n, 4096n], 0, MEMORY);
  for (const [name, opcode, hasValue] of [
    ['CALL', 0xf1, true],
    ['CALLCODE', 0xf2, true],
    ['DELEGATECALL', 0xf4, false],
    ['STATICCALL', 0xfa, false],
  ] as const) {
    const rest = [...(hasValue ? [0n] : []), 0n, 0n, 0n, 0n];
    add(`${name} of nothing`, opcode, [0n, EMPTY, ...rest]);
    add(`${name} of the identity`, opcode, [1000n, 4n, ...rest]);
  }
  add('CALL of itself', 0xf1, [MOST, CONTRACT, 0n, 0n, 0n, 0n, 0n]);
  add('CALL with 4096 bytes', 0xf1, [0n, EMPTY, 0n, 0n, 4096n, 0n, 4096n], 1, MEMORY);
  add('CREATE of nothing', 0xf0, [0n, 0n, 0n]);
  add('CREATE2 of 49152 bytes', 0xf5, [0n, 0n, 49152n, 7n], 1, MEMORY);
  return list;
}

const block = {
  chainId: 1n,
  number: 1000n,
  timestamp: 1n,
  coinbase: new Uint8Array(20),
  gasLimit: 1n << 40n,
  baseFee: 7n,
  prevRandao: 3n,
  blobBaseFee: 1n,
  blockHash: () => SOME_HASH,
};

const bytesOf = (word: bigint, length: number) =>
  Uint8Array.from(Buffer.from(word.toString(16).padStart(2 * length, '0'), 'hex'));

/** Mgas/s of a program, the slower of two runs that count, after one that does not. */
function speedOf({ code }: Program, translateAfter: number): number {
  const codeHash = keccak256(code);
  const address = bytesOf(CONTRACT, 20);
  const isContract = (bytes: Uint8Array) => bytes.every((byte, i) => byte === address[i]);
  const reader: StateReader = {
    account: (of) => (isContract(of) ? { nonce: 1n, balance: 10n ** 18n, codeHash } : undefined),
    code: () => code,
    storage: () => undefined,
    hasStorage: () => false,
  };
  const machine = createMachine({ fork: 'cancun', precompiles: precompilesOf('cancun'), translateAfter });
  const from = bytesOf(0xaaaan, 20);
  const message = { from, to: address, value: 0n, data: new Uint8Array(64), gas: GAS, gasPrice: 7n };
  const times = [0, 1, 2].map(() => {
    const world = createWorld(reader);
    world.begin();
    const start = performance.now();
    machine.execute(world, block, message);
    return performance.now() - start;
  });
  return GAS / Math.min(...times.slice(1)) / 1000;
}

/** Mgas/s of a precompiled contract on one of its inputs, with the 100 gas of the call. */
function precompileSpeed({ gas, run }: Precompile, input: Uint8Array): number {
  const price = gas(input) + 100;
  let [calls, ms] = [0, 0];
  run(input);
  for (const start = performance.now(); ms < 50; ms = performance.now() - start) {
    run(input);
    calls++;
  }
  return (price * calls) / ms / 1000;
}

/** The slowest of all opcodes, interpreted and translated, and of all precompiled contracts. All of them go to stderr. */
export async function worstFigure(): Promise<Figure> {
  const rows: { name: string; speed: number }[] = [];
  const note = (name: string, speed: number) => rows.push({ name, speed });
  for (const one of programs()) {
    note(`${one.name}, interpreted`, speedOf(one, Infinity));
    note(`${one.name}, translated`, speedOf(one, -Infinity));
  }
  for (const precompile of precompilesOf('prague').values()) {
    for (const input of samples(precompile.name as Parameters<typeof samples>[0])) {
      note(`${precompile.name} of ${input.length} bytes`, precompileSpeed(precompile, input));
    }
  }
  rows.sort((a, b) => a.speed - b.speed);
  const shown = new Set<string>();
  for (const { name, speed } of rows.filter(({ speed: mgas }) => mgas < SHOWN)) {
    // Of a precompiled contract the slowest input alone.
    const [kind = name] = name.includes(' of ') && !name.includes(', ') ? name.split(' of ') : [name];
    if (shown.has(kind)) continue;
    shown.add(kind);
    console.error(`  ${name.padEnd(40)} ${speed.toFixed(1)} Mgas/s`);
  }
  const [slowest] = rows as [{ name: string; speed: number }];
  const what = `The slowest of ${rows.length} programs and inputs, each of one opcode, interpreted or translated, or of one precompiled contract: ${slowest.name}.`;
  return sampled({ name: 'mevm.worst', what }, [slowest.speed], 'Mgas/s', 'higher');
}
