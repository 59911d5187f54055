// MLOAD, MSTORE, MSTORE8, KECCAK256 and CALLDATALOAD of translated code.

import { KECCAK_RESULT } from './keccak-module.ts';
import { MEMORY_AT, MEMORY_SIZE, OUT_OF_GAS } from './layout.ts';
import { loadBytes } from './load-bytes.ts';
import { byHost, GAS_LEFT, GROW_AT, HASH_AT, INPUT_WORD, type Part } from './translator.ts';
import { keepWord, known, type Limb, type Limbs, push, pushAny } from './values.ts';
import {
  access,
  type Body,
  call,
  emit,
  get,
  I32,
  I64,
  i32,
  i64,
  LOAD_I32,
  local,
  OP,
  replaceLane,
  reverseBytes,
  STORE_BYTE,
  STORE_I64,
  set,
  splatI64,
  tee,
  V128,
  vector,
  when,
} from './wasm.ts';

/** The longest input of KECCAK256 that is hashed without asking the host. */
const MOST_HASHED = 4096n;

/** Makes memory reach to `offset + length`, and gives a local with the address of `offset` in linear memory. Length above 0. */
function reach(part: Part, offset: Limbs, length: number): number {
  const { body, registers } = part;
  const low = local(body, I64);
  push(body, offset[0]);
  set(body, low);
  const isKnown = known(offset) !== undefined && (known(offset) as bigint) < 0x8000_0000n;
  const tooFar = local(body, I64);
  if (!isKnown) {
    pushAny(body, offset.slice(1));
    get(body, low);
    i64(body, 31n);
    emit(body, OP.i64ShrU, OP.i64Or);
    set(body, tooFar);
  }
  get(body, low);
  i64(body, BigInt(length));
  emit(body, OP.i64Add);
  get(body, registers);
  access(body, LOAD_I32, MEMORY_SIZE);
  emit(body, OP.i64ExtendI32U, OP.i64GtU);
  if (!isKnown) {
    get(body, tooFar);
    emit(body, OP.i64Eqz, OP.i32Eqz, OP.i32Or);
  }
  when(body);
  if (!isKnown) {
    get(body, tooFar);
    emit(body, OP.i64Eqz, OP.i32Eqz);
    when(body);
    i32(body, OUT_OF_GAS);
    emit(body, OP.return, OP.end);
  }
  get(body, low);
  emit(body, OP.i32WrapI64);
  i32(body, length);
  get(body, GAS_LEFT);
  emit(body, OP.f64ConvertI64S);
  call(body, GROW_AT);
  emit(body, OP.i64TruncF64S);
  tee(body, GAS_LEFT);
  i64(body, 0n);
  emit(body, OP.i64LtS);
  when(body);
  i32(body, OUT_OF_GAS);
  emit(body, OP.return, OP.end, OP.end);
  const address = local(body, I32);
  get(body, registers);
  access(body, LOAD_I32, MEMORY_AT);
  get(body, low);
  emit(body, OP.i32WrapI64, OP.i32Add);
  set(body, address);
  return address;
}

function storeBytes(body: Body, address: number, limbs: Limbs): void {
  for (const [more, low] of [
    [0, 2],
    [16, 0],
  ] as const) {
    const [first, second] = [limbs[low], limbs[low + 1]] as [Limb, Limb];
    if (typeof first === 'bigint' && typeof second === 'bigint') {
      for (const [at, limb] of [
        [more, second],
        [more + 8, first],
      ] as const) {
        get(body, address);
        i64(body, reversed(limb));
        access(body, STORE_I64, at);
      }
      continue;
    }
    const half = local(body, V128);
    get(body, address);
    push(body, first);
    splatI64(body);
    push(body, second);
    replaceLane(body, 1);
    tee(body, half);
    get(body, half);
    reverseBytes(body);
    vector(body, 0x0b, more);
  }
}

/** 64 bits with their bytes the other way round. */
function reversed(limb: bigint): bigint {
  let result = 0n;
  for (let i = 0n; i < 64n; i += 8n) result = (result << 8n) | ((limb >> i) & 255n);
  return result;
}

export function emitLoad(part: Part): void {
  const address = reach(part, part.stack.pop(), 32);
  part.stack.push(loadBytes(part.body, address, 0));
}

export function emitStore(part: Part): void {
  const offset = part.stack.pop();
  const word = part.stack.pop();
  storeBytes(part.body, reach(part, offset, 32), word);
}

export function emitStoreByte(part: Part): void {
  const { body, stack } = part;
  const offset = stack.pop();
  const word = stack.pop();
  const address = reach(part, offset, 1);
  get(body, address);
  push(body, word[0]);
  emit(body, OP.i32WrapI64);
  access(body, STORE_BYTE, 0);
}

/** KECCAK256 of a length that is known and not long; else by the host. */
export function emitKeccak(part: Part): void {
  const { body, stack } = part;
  const offset = stack.pop();
  const length = stack.pop();
  const bytes = known(length);
  if (bytes === undefined || bytes === 0n || bytes > MOST_HASHED) {
    stack.push(length);
    stack.push(offset);
    byHost(part, 0x20, 2, 1);
    return;
  }
  const address = reach(part, offset, Number(bytes));
  get(body, GAS_LEFT);
  i64(body, 6n * ((bytes + 31n) >> 5n));
  emit(body, OP.i64Sub);
  tee(body, GAS_LEFT);
  i64(body, 0n);
  emit(body, OP.i64LtS);
  when(body);
  i32(body, OUT_OF_GAS);
  emit(body, OP.return, OP.end);
  get(body, address);
  i32(body, Number(bytes));
  call(body, HASH_AT);
  const zero = local(body, I32);
  stack.push(loadBytes(body, zero, KECCAK_RESULT));
}

/** CALLDATALOAD. */
export function emitInput({ body, stack, registers }: Part): void {
  const offset = stack.pop();
  get(body, registers);
  push(body, offset[0]);
  pushAny(body, offset.slice(1));
  call(body, INPUT_WORD);
  stack.push(keepWord(body));
}
