import { ByteVectorType, UintBigintType, UintNumberType } from '@chainsafe/ssz';

/** Basic types of requests (ethereum/consensus-specs, ssz/simple-serialize.md). */
export const u8 = new UintNumberType(1);
export const u16 = new UintNumberType(2);
export const u32 = new UintNumberType(4);
export const u64 = new UintBigintType(8);
export const Bytes32 = new ByteVectorType(32);
