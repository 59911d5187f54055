import { concat, leBytes } from '@sero/crypto';
import { CeremonyError } from './errors.ts';

/**
 * iden3's container of binary files: a magic of four bytes, a version, a number of sections; each section a type (u32),
 * a length (u64) and its bytes; integers little-endian.
 */
export type Sections = ReadonlyMap<number, Uint8Array>;

const HEAD_BYTES = 12;
const SECTION_HEAD_BYTES = 12;

export const u32 = (value: number): Uint8Array => leBytes(BigInt(value), 4);

/** Reads a file of version 1. Every section stands once, and nothing else stands in the file. */
export function readSections(bytes: Uint8Array, magic: string): Sections {
  const refuse = (why: string): CeremonyError => new CeremonyError('file-malformed', `.${magic}: ${why}`);
  if (bytes.length < HEAD_BYTES || String.fromCharCode(...bytes.subarray(0, 4)) !== magic) {
    throw refuse('no such file');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(4, true) !== 1) throw refuse(`version ${view.getUint32(4, true)}`);
  const sections = new Map<number, Uint8Array>();
  let at = HEAD_BYTES;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    if (at + SECTION_HEAD_BYTES > bytes.length) throw refuse('cut short');
    const [type, length] = [view.getUint32(at, true), view.getBigUint64(at + 4, true)];
    at += SECTION_HEAD_BYTES;
    if (length > BigInt(bytes.length - at)) throw refuse('cut short');
    if (sections.has(type)) throw refuse(`section ${type} stands twice`);
    sections.set(type, bytes.subarray(at, at + Number(length)));
    at += Number(length);
  }
  if (at !== bytes.length) throw refuse('bytes after the last section');
  return sections;
}

/** Writes a file of version 1, sections in the order given. */
export function writeSections(
  magic: string,
  sections: readonly (readonly [number, Uint8Array])[],
): Uint8Array {
  const parts = sections.flatMap(([type, bytes]) => [u32(type), leBytes(BigInt(bytes.length), 8), bytes]);
  return concat(new TextEncoder().encode(magic), u32(1), u32(sections.length), ...parts);
}

/** A section of exactly so many bytes. */
export function sectionOf(file: Sections, type: number, length: number): Uint8Array {
  const bytes = file.get(type);
  if (bytes === undefined) throw new CeremonyError('file-malformed', `section ${type} is missing`);
  if (bytes.length !== length) {
    throw new CeremonyError('file-malformed', `section ${type} has ${bytes.length} bytes, not ${length}`);
  }
  return bytes;
}

/** Reads one field after another; whatever reaches past the end is refused. */
export interface FieldReader {
  readonly u8: () => number;
  readonly u32: () => number;
  readonly bytes: (length: number) => Uint8Array;
  readonly left: () => number;
}

export function fieldReader(bytes: Uint8Array): FieldReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const advance = (length: number): number => {
    if (length > bytes.length - at) throw new CeremonyError('file-malformed', 'a section is cut short');
    at += length;
    return at - length;
  };
  return {
    u8: () => view.getUint8(advance(1)),
    u32: () => view.getUint32(advance(4), true),
    bytes: (length) => bytes.slice(advance(length), at),
    left: () => bytes.length - at,
  };
}
