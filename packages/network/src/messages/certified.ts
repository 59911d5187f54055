import { ByteListType, ContainerType, type ValueOf } from '@chainsafe/ssz';
import { decodeStrict, MAX_BLOCK_BYTES, MAX_BUNDLE_BYTES } from '@sero/protocol';
import { countFault, MAX_CHUNK_BYTES, requestCodec } from './codec.ts';
import { u16, u32, u64 } from './ssz.ts';

const CertifiedType = new ContainerType({
  block: new ByteListType(MAX_BLOCK_BYTES),
  certificate: new ByteListType(MAX_BUNDLE_BYTES),
});
/** Chunk of a `certified` answer: bytes of a block and of the bundle that made it final. */
export type Certified = ValueOf<typeof CertifiedType>;

export function encodeCertified(certified: Certified): Uint8Array {
  return CertifiedType.serialize(certified);
}

/** Decodes the frame alone: neither block nor bundle is looked into. Throws ProtocolError. */
export function decodeCertified(bytes: Uint8Array): Certified {
  return decodeStrict(CertifiedType, bytes, MAX_CHUNK_BYTES, 'certified block');
}

const CertificatesType = new ContainerType({
  start: u64,
  count: u16,
  /** Heights from one to the next, at least 1. */
  stride: u32,
});
/** Certificates of heights start, start + stride, and so on. */
export type CertificatesRequest = ValueOf<typeof CertificatesType>;

/** Certificates that the peer has among these heights, ascending, one a chunk. */
export const certificatesRequest = requestCodec<CertificatesRequest>({
  type: CertificatesType,
  what: 'certificates request',
  chunkBytes: 12 + MAX_BUNDLE_BYTES,
  chunks: ({ count }) => count,
  // Who catches up where each block has one asks for all of them, hundreds a second; what is under way is bounded in bytes as for every answer.
  cost: ({ count }) => Math.ceil(count / 4),
  fault: ({ count, stride }) =>
    countFault(count, 64) ?? (stride === 0 ? 'a stride is at least 1' : undefined),
});

const CertificateAtType = new ContainerType({
  height: u64,
  certificate: new ByteListType(MAX_BUNDLE_BYTES),
});
/** Chunk of a `certificates` answer. */
export type CertificateAt = ValueOf<typeof CertificateAtType>;

export function encodeCertificateAt(at: CertificateAt): Uint8Array {
  return CertificateAtType.serialize(at);
}

/** Decodes the frame alone. Throws ProtocolError. */
export function decodeCertificateAt(bytes: Uint8Array): CertificateAt {
  return decodeStrict(CertificateAtType, bytes, 12 + MAX_BUNDLE_BYTES, 'certificate');
}
