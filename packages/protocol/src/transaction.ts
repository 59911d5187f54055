import { ContainerType, ListCompositeType, type ValueOf, VectorBasicType } from '@chainsafe/ssz';
import { blake2b, blake2b256, fieldToBytes, toField } from '@sero/crypto';
import { ensure, ProtocolError } from './errors.ts';
import { ByteListType, Bytes32, Bytes64, ByteVectorType, decodeStrict, u8, u64, u128 } from './ssz.ts';

/** Largest transaction on the wire. */
export const MAX_TRANSACTION_BYTES = 131_072;

/** Bytes of a Groth16 proof: A, B, C compressed. */
export const PROOF_LENGTH = 192;

/** Transaction kinds of the design; 0 to 8 are private, 9 and 10 are bare. */
export const KIND = {
  pay: 0,
  call: 1,
  create: 2,
  asset: 3,
  stake: 4,
  register: 5,
  online: 6,
  unlock: 7,
  claim: 8,
  evidence: 9,
  ethereum: 10,
} as const;

const FIRST_BARE_KIND = KIND.evidence;
const LAST_KIND = KIND.ethereum;

/** One shielded output on the wire: 323 bytes. */
export const OutputType = new ContainerType({
  /** Commitment of the note, field element. */
  cm: Bytes32,
  /** VPKr, at once the ephemeral key of the encryption. */
  vpkr: Bytes32,
  /** View tag. */
  tag: new ByteVectorType(2),
  /** The note, encrypted to its owner. */
  enc: new ByteVectorType(97),
  /** PK and e, encrypted to the sender's own ovk. */
  out: new ByteVectorType(112),
  /** The memo's key for this output, or random bytes. */
  memoKey: new ByteVectorType(48),
});

const ShieldedType = new ContainerType({
  /** Height whose notes root the proof uses. */
  anchor: u64,
  /** Re-randomised spend key, point. */
  rk: Bytes32,
  nullifiers: new ListCompositeType(Bytes32, 8),
  traces: new ListCompositeType(Bytes32, 8),
  outputs: new ListCompositeType(OutputType, 16),
});

const PubType = new ContainerType({
  /** Asset of pubOut[1], 0 where that is 0. */
  asset: Bytes32,
  /** What leaves the pool: SERO, then `asset`. */
  pubOut: new VectorBasicType(u128, 2),
});

const CallType = new ContainerType({
  /** CADDR, or none for a create. */
  to: new ListCompositeType(Bytes64, 1),
  data: new ByteListType(MAX_TRANSACTION_BYTES),
  /** SERO sent along. */
  value: u128,
  /** Amount of pub.asset sent along. */
  amount: u128,
});

/** A private transaction, without proof and signature: what hash_e covers. */
export const TransactionType = new ContainerType({
  version: u8,
  kind: u8,
  proofSystem: u8,
  circuit: u8,
  chainId: u64,
  /** Last height at which it may enter. */
  expiry: u64,
  gasLimit: u64,
  gasPrice: u128,
  /** PKr that the spender owns (proved). */
  from: Bytes64,
  shielded: ShieldedType,
  /** Empty or 528 bytes. */
  memo: new ByteListType(528),
  pub: PubType,
  call: new ListCompositeType(CallType, 1),
  recipients: new ListCompositeType(Bytes64, 16),
  /** SSZ of the kind's own container. */
  body: new ByteListType(65_536),
});

/** Evidence and Ethereum envelopes: neither proof nor signature. */
export const BareTransactionType = new ContainerType({
  version: u8,
  kind: u8,
  proofSystem: u8,
  circuit: u8,
  chainId: u64,
  body: new ByteListType(MAX_TRANSACTION_BYTES),
});

const AuthorizationType = new ContainerType({ proof: new ByteVectorType(PROOF_LENGTH), signature: Bytes64 });
const AuthorizationListType = new ListCompositeType(AuthorizationType, 1);

const PrivateEnvelopeType = new ContainerType({ tx: TransactionType, authorization: AuthorizationListType });
const BareEnvelopeType = new ContainerType({ tx: BareTransactionType, authorization: AuthorizationListType });

const CommitType = new ContainerType({ hash: Bytes32 });
const IssueType = new ContainerType({
  name: new ByteListType(32),
  salt: Bytes32,
  supply: u128,
  kind: u8,
});

/** Body of kind 3: exactly one of the two. */
export const AssetBodyType = new ContainerType({
  commit: new ListCompositeType(CommitType, 1),
  issue: new ListCompositeType(IssueType, 1),
});

export type Output = ValueOf<typeof OutputType>;
export type Shielded = ValueOf<typeof ShieldedType>;
export type Call = ValueOf<typeof CallType>;
export type Transaction = ValueOf<typeof TransactionType>;
export type BareTransaction = ValueOf<typeof BareTransactionType>;
export type Authorization = ValueOf<typeof AuthorizationType>;
export type AssetBody = ValueOf<typeof AssetBodyType>;
export type Issue = ValueOf<typeof IssueType>;

/** A private transaction with its proof and signature. */
export interface PrivateEnvelope {
  readonly tx: Transaction;
  readonly authorization: Authorization;
}

/** A decoded envelope: structure is right, nothing else has been checked. */
export type Envelope =
  | { readonly private: PrivateEnvelope; readonly bare?: undefined }
  | { readonly private?: undefined; readonly bare: BareTransaction };

/** Offset of the inner encoding in every envelope: two 4-byte offsets stand before it. */
const INNER_OFFSET = 8;

/** Decodes an envelope of at most 131,072 bytes; the kind byte says which of the two containers stands inside. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  ensure(
    bytes.length <= MAX_TRANSACTION_BYTES,
    'too-large',
    `a transaction has at most ${MAX_TRANSACTION_BYTES} bytes`,
  );
  const kind = bytes[INNER_OFFSET + 1];
  ensure(kind !== undefined, 'malformed', 'transaction: too short');
  ensure(kind <= LAST_KIND, 'unknown-kind', `transaction kind ${kind} does not exist`);
  if (kind >= FIRST_BARE_KIND) {
    const { tx, authorization } = decodeStrict(BareEnvelopeType, bytes, MAX_TRANSACTION_BYTES, 'transaction');
    ensure(
      authorization.length === 0,
      'authorization-unexpected',
      `kind ${kind} carries neither proof nor signature`,
    );
    return { bare: tx };
  }
  const { tx, authorization } = decodeStrict(
    PrivateEnvelopeType,
    bytes,
    MAX_TRANSACTION_BYTES,
    'transaction',
  );
  const only = authorization[0];
  ensure(only !== undefined, 'authorization-missing', `kind ${kind} needs a proof and a signature`);
  return { private: { tx, authorization: only } };
}

/** The wire form of a private transaction. */
export function encodeEnvelope(envelope: PrivateEnvelope): Uint8Array {
  return PrivateEnvelopeType.serialize({ tx: envelope.tx, authorization: [envelope.authorization] });
}

/** The wire form of a bare transaction. */
export function encodeBareEnvelope(tx: BareTransaction): Uint8Array {
  return BareEnvelopeType.serialize({ tx, authorization: [] });
}

/** hash_e (WP 3.3), a field element: covers the genesis and everything in the transaction but proof and signature. */
export function transactionHash(tx: Transaction, genesisHash: Uint8Array): bigint {
  return toField(blake2b('SERO_TXE_v1', genesisHash, TransactionType.serialize(tx)));
}

/** txid: hash_e as 32 little-endian bytes. */
export function transactionId(tx: Transaction, genesisHash: Uint8Array): Uint8Array {
  return fieldToBytes(transactionHash(tx, genesisHash));
}

/** wtxid: names these very bytes, proof and signature included; verdicts are kept under it. */
export function witnessTransactionId(envelopeBytes: Uint8Array): Uint8Array {
  return blake2b256('SERO_WTX_v1', envelopeBytes);
}

/** The body of an asset transaction (kind 3). */
export function decodeAssetBody(body: Uint8Array): AssetBody {
  try {
    return decodeStrict(AssetBodyType, body, 256, 'asset body');
  } catch (error) {
    if (error instanceof ProtocolError) throw new ProtocolError('body-malformed', error.message);
    throw error;
  }
}

/** Lists of wtxids are hashed as this type for the header's transactions root. */
export const TransactionIdListType = new ListCompositeType(Bytes32, 16_384);
