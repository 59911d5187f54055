// Keccak-f[1600] (FIPS 202 section 3.2) and the sponge of Keccak-256 over linear memory, written out as WebAssembly.

import {
  access,
  type Body,
  block,
  branch,
  branchIf,
  createBody,
  emit,
  get,
  I32,
  I64,
  i32,
  i64,
  LOAD_I64,
  local,
  loop,
  type ModuleParts,
  memoryCopy,
  memoryFill,
  OP,
  STORE_BYTE,
  STORE_I64,
  set,
  tee,
} from './wasm.ts';

/** Bytes of a block of Keccak-256. */
const RATE = 136;
/** Where the round constants, the state and the last block stand. */
const KECCAK_SPACE = 8192;
const CONSTANTS = KECCAK_SPACE;
const STATE = KECCAK_SPACE + 192;
const LAST = KECCAK_SPACE + 512;

/** FIPS 202 section 3.2.5, by its shift register. */
function roundConstants(): Uint8Array {
  const view = new DataView(new ArrayBuffer(192));
  let register = 1;
  for (let round = 0; round < 24; round++) {
    let constant = 0n;
    for (let j = 0; j < 7; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt((1 << j) - 1);
      register = (register << 1) ^ ((register >>> 7) * 0x171);
    }
    view.setBigUint64(round * 8, constant, true);
  }
  return new Uint8Array(view.buffer);
}

/** Section 3.2.2: by how much each lane, at x + 5y, is turned. */
function rotations(): number[] {
  const turns = new Array<number>(25).fill(0);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    turns[x + 5 * y] = (((t + 1) * (t + 2)) >>> 1) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return turns;
}

/** The permutation of the state in memory. */
function permutation(): Body {
  const body = createBody(0);
  const lanes = (count: number) => Array.from({ length: count }, () => local(body, I64));
  const a = lanes(25);
  const b = lanes(25);
  const c = lanes(5);
  const d = lanes(5);
  const round = local(body, I32);
  const at = (list: number[], index: number) => list[index] as number;
  for (let i = 0; i < 25; i++) {
    i32(body, 0);
    access(body, LOAD_I64, STATE + 8 * i);
    set(body, at(a, i));
  }
  loop(body);
  for (let x = 0; x < 5; x++) {
    get(body, at(a, x));
    for (let y = 1; y < 5; y++) {
      get(body, at(a, x + 5 * y));
      emit(body, OP.i64Xor);
    }
    set(body, at(c, x));
  }
  for (let x = 0; x < 5; x++) {
    get(body, at(c, (x + 4) % 5));
    get(body, at(c, (x + 1) % 5));
    i64(body, 1n);
    emit(body, OP.i64Rotl, OP.i64Xor);
    set(body, at(d, x));
  }
  const turns = rotations();
  for (let x = 0; x < 5; x++) {
    for (let y = 0; y < 5; y++) {
      get(body, at(a, x + 5 * y));
      get(body, at(d, x));
      emit(body, OP.i64Xor);
      const turn = turns[x + 5 * y] as number;
      if (turn !== 0) {
        i64(body, BigInt(turn));
        emit(body, OP.i64Rotl);
      }
      set(body, at(b, y + 5 * ((2 * x + 3 * y) % 5)));
    }
  }
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 5; x++) {
      get(body, at(b, x + 5 * y));
      get(body, at(b, ((x + 1) % 5) + 5 * y));
      i64(body, -1n);
      emit(body, OP.i64Xor);
      get(body, at(b, ((x + 2) % 5) + 5 * y));
      emit(body, OP.i64And, OP.i64Xor);
      if (x === 0 && y === 0) {
        get(body, round);
        access(body, LOAD_I64, CONSTANTS);
        emit(body, OP.i64Xor);
      }
      set(body, at(a, x + 5 * y));
    }
  }
  get(body, round);
  i32(body, 8);
  emit(body, OP.i32Add);
  tee(body, round);
  i32(body, 192);
  emit(body, OP.i32LtU);
  branchIf(body, 0);
  emit(body, OP.end);
  for (let i = 0; i < 25; i++) {
    i32(body, 0);
    get(body, at(a, i));
    access(body, STORE_I64, STATE + 8 * i);
  }
  return body;
}

/** Takes a block at the address in local `from` into the state, and permutes it. */
function absorb(body: Body, from: number | undefined): void {
  for (let i = 0; i < RATE >>> 3; i++) {
    i32(body, 0);
    i32(body, 0);
    access(body, LOAD_I64, STATE + 8 * i);
    if (from === undefined) i32(body, LAST);
    else get(body, from);
    access(body, LOAD_I64, 8 * i);
    emit(body, OP.i64Xor);
    access(body, STORE_I64, STATE + 8 * i);
  }
  body.bytes.push(0x10, 0);
}

/** keccak(from, length): the hash's 32 bytes are the beginning of the state. */
function sponge(): Body {
  const body = createBody(2);
  const [from, length] = [0, 1];
  i32(body, STATE);
  i32(body, 0);
  i32(body, 200);
  memoryFill(body);
  block(body);
  loop(body);
  get(body, length);
  i32(body, RATE);
  emit(body, OP.i32LtU);
  branchIf(body, 1);
  absorb(body, from);
  get(body, from);
  i32(body, RATE);
  emit(body, OP.i32Add);
  set(body, from);
  get(body, length);
  i32(body, RATE);
  emit(body, OP.i32Sub);
  set(body, length);
  branch(body, 0);
  emit(body, OP.end, OP.end);
  i32(body, LAST);
  i32(body, 0);
  i32(body, RATE);
  memoryFill(body);
  i32(body, LAST);
  get(body, from);
  get(body, length);
  memoryCopy(body);
  // Keccak's own padding, not SHA-3's: 1, zeros, 1.
  get(body, length);
  i32(body, 1);
  access(body, STORE_BYTE, LAST);
  i32(body, LAST + RATE - 1);
  i32(body, LAST + RATE - 1);
  access(body, 0x2d, 0);
  i32(body, 0x80);
  emit(body, OP.i32Or);
  access(body, STORE_BYTE, 0);
  absorb(body, undefined);
  return body;
}

/** Where `keccak` leaves its 32 bytes. */
export const KECCAK_RESULT = STATE;

/** A module that exports `keccak(from, length)`. */
export function keccakModule(): ModuleParts {
  return {
    types: [
      { takes: [], gives: [] },
      { takes: [I32, I32], gives: [] },
    ],
    imports: [],
    functions: [
      { type: 0, body: permutation() },
      { type: 1, body: sponge() },
    ],
    exports: [{ name: 'keccak', index: 1 }],
    table: [],
    data: { at: CONSTANTS, bytes: roundConstants() },
  };
}
