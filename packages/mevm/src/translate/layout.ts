// Where things stand in the low part of linear memory, for translated code and for what it calls. Bytes.

/** Words that are the same for a whole transaction, little-endian, by opcode: ORIGIN, GASPRICE and the block's. */
export const TRANSACTION_WORDS: ReadonlyMap<number, number> = new Map(
  [0x32, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x48, 0x4a].map((opcode, i) => [opcode, 1024 + 32 * i]),
);

/** A word that is passed to the host; three words in which a word is shifted. */
export const SCRATCH = 2048;

/** Digits of 32 bits in a division: 18 of the dividend, which becomes the remainder; 10 of the divisor; 18 of the quotient. */
export const DIVIDEND = 2304;
export const DIVISOR = 2432;
export const QUOTIENT = 2496;

/** Tables of translated code: for each byte of code the number of the function that a jump there calls, 16 bits, 0 for none. */
export const JUMPS = 0x10_0000;
export const JUMPS_END = 0x110_0000;

/** The registers of a frame are the upper half of its part of the stacks. */
export const REGISTERS = 0x8000;
export const MEMORY_AT = 0;
export const MEMORY_SIZE = 4;
export const INPUT_AT = 8;
export const INPUT_LENGTH = 12;
export const GAS = 16;
export const STACK_POINTER = 24;
export const RESUME_AT = 28;
export const RETURN_DATA_LENGTH = 32;
export const ADDRESS = 64;
export const CALLER = 96;
export const VALUE = 128;

/** Why translated code stops exceptionally: what its functions return. */
export const OUT_OF_GAS = -1;
export const UNDERFLOW = -2;
export const OVERFLOW = -3;
export const INVALID_JUMP = -4;
export const INVALID_OPCODE = -5;
export const STATIC_VIOLATION = -6;
export const RETURN_DATA_BOUNDS = -7;
