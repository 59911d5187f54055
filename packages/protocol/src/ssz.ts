import { ByteListType, ByteVectorType, type Type, UintBigintType, UintNumberType } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import { ProtocolError } from './errors.ts';

/** SSZ types that several objects share (ethereum/consensus-specs, ssz/simple-serialize.md). */
export const u8 = new UintNumberType(1);
export const u16 = new UintNumberType(2);
export const u32 = new UintNumberType(4);
export const u64 = new UintBigintType(8);
export const u128 = new UintBigintType(16);
export const Bytes32 = new ByteVectorType(32);
export const Bytes64 = new ByteVectorType(64);
export { ByteListType, ByteVectorType };

/**
 * Decodes one object strictly: bounded before it is read, and refused unless it re-encodes to the same bytes, so that
 * every object has one spelling whatever the library lets pass.
 *
 * @param limit largest number of bytes that is looked at at all
 */
export function decodeStrict<T>(type: Type<T>, bytes: Uint8Array, limit: number, what: string): T {
  if (bytes.length > limit) {
    throw new ProtocolError('too-large', `${what}: ${bytes.length} bytes, at most ${limit} are allowed`);
  }
  let value: T;
  let again: Uint8Array;
  try {
    // A copy, since the library's values share memory with what they were read from; and a plain array, since
    // `slice` of Node's Buffer is a view and its values would be Buffers too.
    value = type.deserialize(new Uint8Array(bytes));
    again = type.serialize(value);
  } catch (error) {
    throw new ProtocolError(
      'malformed',
      `${what}: ${error instanceof Error ? error.message : 'undecodable'}`,
    );
  }
  if (!equalBytes(again, bytes)) {
    throw new ProtocolError('not-canonical', `${what}: the bytes are not the object's canonical encoding`);
  }
  return value;
}
