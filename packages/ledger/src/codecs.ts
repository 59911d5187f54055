import {
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz';
import { concat, fieldFromBytes, fieldToBytes, le32, le64, leBytes, leInteger } from '@sero/crypto';
import { decodeFrontier, encodeFrontier, type Frontier, type HistoryPeaks } from '@sero/protocol';

/** Values of the state, as bytes. Everything here was written by this package, so decoding trusts its shape. */

const Bytes32 = new ByteVectorType(32);
const u64 = new UintBigintType(8);

/** An asset of the one registry that native and contract assets share. */
const AssetRecordType = new ContainerType({
  /** 1 token, 2 category or ticket. */
  kind: new UintNumberType(1),
  name32: Bytes32,
  /** Alias of the issuer. */
  issuer: new ByteVectorType(20),
  supply: new UintBigintType(16),
  height: u64,
});

export type AssetRecord = ValueOf<typeof AssetRecordType>;

const HistoryType = new ContainerType({ size: u64, peaks: new ListCompositeType(Bytes32, 64) });

/** How a type of value becomes bytes and comes back. */
export interface Codec<T> {
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

export const u128Codec: Codec<bigint> = { encode: (value) => leBytes(value, 16), decode: leInteger };

export const u64Codec: Codec<bigint> = { encode: le64, decode: leInteger };

export const fieldCodec: Codec<bigint> = { encode: fieldToBytes, decode: fieldFromBytes };

export const bytesCodec: Codec<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes };

export const assetCodec: Codec<AssetRecord> = {
  encode: (value) => AssetRecordType.serialize(value),
  decode: (bytes) => AssetRecordType.deserialize(bytes.slice()),
};

/** A ring's entry says which height it is of, so that a stale entry is never taken for a new one. */
export interface RingEntry {
  readonly height: bigint;
  readonly value: Uint8Array;
}

export const ringCodec: Codec<RingEntry> = {
  encode: ({ height, value }) => concat(le64(height), value),
  decode: (bytes) => ({ height: leInteger(bytes.subarray(0, 8)), value: bytes.slice(8) }),
};

export const frontierCodec: Codec<Frontier> = { encode: encodeFrontier, decode: decodeFrontier };

export const historyCodec: Codec<HistoryPeaks> = {
  encode: ({ size, peaks }) => HistoryType.serialize({ size, peaks: [...peaks] }),
  decode: (bytes) => HistoryType.deserialize(bytes.slice()),
};

const HashListType = new ListCompositeType(Bytes32, 16_384);

export const hashListCodec: Codec<readonly Uint8Array[]> = {
  encode: (value) => HashListType.serialize([...value]),
  decode: (bytes) => HashListType.deserialize(bytes.slice()),
};

/** The version that is in force, by its hash (zeros: that of genesis), and the one that was approved to follow it. */
const AgendaType = new ContainerType({
  running: Bytes32,
  coming: new ListCompositeType(new ContainerType({ hash: Bytes32, start: u64 }), 1),
});

export type Agenda = ValueOf<typeof AgendaType>;

export const agendaCodec: Codec<Agenda> = {
  encode: (value) => AgendaType.serialize(value),
  decode: (bytes) => AgendaType.deserialize(bytes.slice()),
};

/** Where a transaction is: block and place in it. */
export const placeCodec: Codec<{ readonly height: bigint; readonly index: number }> = {
  encode: ({ height, index }) => concat(le64(height), le32(index)),
  decode: (bytes) => ({
    height: leInteger(bytes.subarray(0, 8)),
    index: Number(leInteger(bytes.subarray(8, 12))),
  }),
};
