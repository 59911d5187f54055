// Writes WebAssembly modules byte by byte (WebAssembly core specification 3.0, section 5). What has no line here is not used.

export const [I32, I64, F64] = [0x7f, 0x7e, 0x7c];
const FUNCTION = 0x60;
const VOID = 0x40;

/** Instructions without immediates, by name. */
export const OP = {
  end: 0x0b,
  else: 0x05,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64Eq: 0x51,
  i64Ne: 0x52,
  i64LtS: 0x53,
  i64LtU: 0x54,
  i64GtU: 0x56,
  i64LeU: 0x58,
  i64GeU: 0x5a,
  f64Lt: 0x63,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32Shl: 0x74,
  i64Clz: 0x79,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivU: 0x80,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i32WrapI64: 0xa7,
  i32TruncF64S: 0xaa,
  i64ExtendI32U: 0xad,
  i64TruncF64S: 0xb0,
  f64ConvertI64S: 0xb9,
} as const;

/** Bytes of a function's body, written from its first instruction to its last. */
export interface Body {
  readonly bytes: number[];
  readonly parameters: number;
  /** Types of the locals after the parameters. */
  readonly locals: number[];
}

export function createBody(parameters: number): Body {
  return { bytes: [], parameters, locals: [] };
}

/** A new local. */
export function local(body: Body, type: number): number {
  body.locals.push(type);
  return body.parameters + body.locals.length - 1;
}

function unsigned(bytes: number[], value: number): void {
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function signed(bytes: number[], value: bigint): void {
  for (let rest = value; ; ) {
    const low = Number(rest & 127n);
    rest >>= 7n;
    const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
    bytes.push(isLast ? low : low | 128);
    if (isLast) return;
  }
}

function signedNumber(bytes: number[], value: number): void {
  for (let rest = value | 0; ; ) {
    const low = rest & 127;
    rest >>= 7;
    const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
    bytes.push(isLast ? low : low | 128);
    if (isLast) return;
  }
}

/** Instructions without immediates. */
export function emit(body: Body, ...instructions: number[]): void {
  for (const instruction of instructions) body.bytes.push(instruction);
}

export function i32(body: Body, value: number): void {
  body.bytes.push(0x41);
  signedNumber(body.bytes, value);
}

/** The constant of 64 bits that has a value's lowest 64. */
export function i64(body: Body, value: bigint): void {
  body.bytes.push(0x42);
  signed(body.bytes, BigInt.asIntN(64, value));
}

export function get(body: Body, index: number): void {
  body.bytes.push(0x20);
  unsigned(body.bytes, index);
}

export function set(body: Body, index: number): void {
  body.bytes.push(0x21);
  unsigned(body.bytes, index);
}

export function tee(body: Body, index: number): void {
  body.bytes.push(0x22);
  unsigned(body.bytes, index);
}

/** A load or store: its opcode, and the offset that is added to the address on the stack. Alignment is a hint, given as none. */
export function access(body: Body, opcode: number, offset: number): void {
  body.bytes.push(opcode, 0);
  unsigned(body.bytes, offset);
}

export const LOAD_I32 = 0x28;
export const LOAD_I64 = 0x29;
export const LOAD_BYTE_I64 = 0x31;
export const LOAD_U32_I64 = 0x35;
export const LOAD_U16 = 0x2f;
export const STORE_I32 = 0x36;
export const STORE_I64 = 0x37;
export const STORE_BYTE = 0x3a;
export const STORE_LOW_32 = 0x3e;

export function call(body: Body, index: number): void {
  body.bytes.push(0x10);
  unsigned(body.bytes, index);
}

/** Ends the function with a call in its place. */
export function returnCall(body: Body, index: number): void {
  body.bytes.push(0x12);
  unsigned(body.bytes, index);
}

/** The same by the number in the only table that stands on the stack. */
export function returnCallIndirect(body: Body, type: number): void {
  body.bytes.push(0x13);
  unsigned(body.bytes, type);
  body.bytes.push(0);
}

/** `if` without result; closed by `OP.end`. */
export function when(body: Body): void {
  body.bytes.push(0x04, VOID);
}

export function loop(body: Body): void {
  body.bytes.push(0x03, VOID);
}

export function block(body: Body): void {
  body.bytes.push(0x02, VOID);
}

/** A branch out of, or for a loop to the beginning of, the depth-th structure around it. */
export function branch(body: Body, depth: number): void {
  body.bytes.push(0x0c);
  unsigned(body.bytes, depth);
}

export function branchIf(body: Body, depth: number): void {
  body.bytes.push(0x0d);
  unsigned(body.bytes, depth);
}

export function memoryCopy(body: Body): void {
  body.bytes.push(0xfc, 0x0a, 0, 0);
}

export function memoryFill(body: Body): void {
  body.bytes.push(0xfc, 0x0b, 0);
}

/** v128.load or, with 0x0b, v128.store. */
export function vector(body: Body, opcode: 0x00 | 0x0b, offset: number): void {
  body.bytes.push(0xfd, opcode, 0);
  unsigned(body.bytes, offset);
}

/** Turns the order of 16 bytes round. The vector is on the stack twice. */
export function reverseBytes(body: Body): void {
  body.bytes.push(0xfd, 0x0d, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

export function extractLane(body: Body, lane: number): void {
  body.bytes.push(0xfd, 0x1d, lane);
}

export function splatI64(body: Body): void {
  body.bytes.push(0xfd, 0x12);
}

export function replaceLane(body: Body, lane: number): void {
  body.bytes.push(0xfd, 0x1e, lane);
}

export const V128 = 0x7b;

/** A function type. */
export interface Signature {
  readonly takes: readonly number[];
  readonly gives: readonly number[];
}

export interface ModuleParts {
  readonly types: readonly Signature[];
  /** Functions that come from outside, of the module `m`, and the memory `m.memory`. They have the first indices. */
  readonly imports: ReadonlyArray<{ readonly name: string; readonly type: number }>;
  readonly functions: ReadonlyArray<{ readonly type: number; readonly body: Body }>;
  readonly exports: ReadonlyArray<{ readonly name: string; readonly index: number }>;
  /** Functions by their number in the table. Empty: no table. */
  readonly table: readonly number[];
  readonly data?: { readonly at: number; readonly bytes: Uint8Array };
}

/** The module's bytes. */
export function moduleBytes(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const { types, imports, functions, exports, table, data } = parts;
  const hasTable = table.length > 0;
  const sections: (readonly number[])[][] = [
    section(1, types.map(typeBytes)),
    section(2, [...imports.map(importBytes), [...text('m'), ...text('memory'), 2, 1, 1, ...number(65536)]]),
    section(
      3,
      functions.map(({ type }) => number(type)),
    ),
    hasTable ? section(4, [[0x70, 0, ...number(table.length)]]) : [],
    section(
      7,
      exports.map(({ name, index }) => [...text(name), 0, ...number(index)]),
    ),
    hasTable ? section(9, [[0, 0x41, 0, OP.end, ...list(table)]]) : [],
    section(
      10,
      functions.flatMap(({ body }) => bodyBytes(body)),
      functions.length,
    ),
    data === undefined ? [] : section(11, [dataBytes(data.at, data.bytes)]),
  ];
  const pieces: (readonly number[])[] = [[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...sections.flat()];
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A section in pieces, so that what is long is copied once. @param count how many items the pieces are of */
function section(id: number, pieces: (readonly number[])[], count = pieces.length): (readonly number[])[] {
  const counted = number(count);
  return [[id, ...number(counted.length + lengthOf(pieces)), ...counted], ...pieces];
}

function lengthOf(pieces: readonly (readonly number[])[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

function number(value: number): number[] {
  const bytes: number[] = [];
  unsigned(bytes, value);
  return bytes;
}

function text(characters: string): number[] {
  return [characters.length, ...Array.from(characters, (character) => character.charCodeAt(0))];
}

function list(values: readonly number[]): number[] {
  const bytes: number[] = [];
  unsigned(bytes, values.length);
  for (const value of values) unsigned(bytes, value);
  return bytes;
}

function typeBytes({ takes, gives }: Signature): number[] {
  return [FUNCTION, ...list(takes), ...list(gives)];
}

function importBytes({ name, type }: { readonly name: string; readonly type: number }): number[] {
  return [...text('m'), ...text(name), 0, ...number(type)];
}

function dataBytes(at: number, content: Uint8Array): number[] {
  const bytes = [0, 0x41];
  signedNumber(bytes, at);
  return [...bytes, OP.end, ...number(content.length), ...content];
}

/** A function's locals and instructions, after their length. */
function bodyBytes({ locals, bytes }: Body): (readonly number[])[] {
  const groups: number[] = [];
  let count = 0;
  for (let i = 0; i < locals.length; ) {
    const from = i;
    while (i < locals.length && locals[i] === locals[from]) i++;
    unsigned(groups, i - from);
    groups.push(locals[from] as number);
    count++;
  }
  const head = number(count);
  return [[...number(head.length + groups.length + bytes.length + 1), ...head], groups, bytes, [OP.end]];
}
