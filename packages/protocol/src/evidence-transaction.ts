import { blake2b, fieldToBytes, toField } from '@sero/crypto';
import { ensure } from './errors.ts';
import {
  decodeEvidence,
  type Evidence,
  type EvidenceSubject,
  encodeEvidence,
  subjectOf,
} from './evidence.ts';
import type { Genesis } from './genesis.ts';
import {
  type BareTransaction,
  BareTransactionType,
  decodeEnvelope,
  encodeBareEnvelope,
  KIND,
  witnessTransactionId,
} from './transaction.ts';

/** Evidence as a transaction (kind 9) whose encoding is right. What it says is still to be verified. */
export interface CheckedEvidence {
  readonly evidence: Evidence;
  /** Whom it is against. */
  readonly subject: EvidenceSubject;
  readonly txid: Uint8Array;
  readonly wtxid: Uint8Array;
  /** Bytes on the wire. */
  readonly size: number;
}

/** Place of the kind in every envelope: after two offsets of 4 bytes, and the version. */
const KIND_OFFSET = 9;

/** Whether an envelope says that it is evidence; whether it is any, `checkEvidenceTransaction` tells. */
export function isEvidence(envelope: Uint8Array): boolean {
  return envelope[KIND_OFFSET] === KIND.evidence;
}

/** The wire form of evidence; everybody who has the same evidence makes the same bytes. */
export function encodeEvidenceTransaction(evidence: Evidence, chainId: bigint): Uint8Array {
  return encodeBareEnvelope({
    version: 1,
    kind: KIND.evidence,
    proofSystem: 0,
    circuit: 0,
    chainId,
    body: encodeEvidence(evidence),
  });
}

/**
 * Every check of evidence that needs no chain.
 *
 * @throws ProtocolError `too-large`, `malformed`, `not-canonical`, `authorization-unexpected`, `kind-not-active`, `unknown-version`,
 *   `unknown-proof-system`, `unknown-circuit`, `wrong-chain`, `body-malformed`
 */
export function checkEvidenceTransaction(
  bytes: Uint8Array,
  { genesis, genesisHash }: { readonly genesis: Pick<Genesis, 'chainId'>; readonly genesisHash: Uint8Array },
): CheckedEvidence {
  const tx = decodeEnvelope(bytes).bare;
  ensure(tx !== undefined && tx.kind === KIND.evidence, 'kind-not-active', 'the transaction is no evidence');
  ensure(tx.version === 1, 'unknown-version', `transaction version ${tx.version} is not known`);
  ensure(tx.proofSystem === 0, 'unknown-proof-system', 'evidence has no proof, so no proof system');
  ensure(tx.circuit === 0, 'unknown-circuit', 'evidence has no proof, so no circuit');
  ensure(tx.chainId === genesis.chainId, 'wrong-chain', `the transaction is for chain ${tx.chainId}`);
  const evidence = decodeEvidence(tx.body);
  return {
    evidence,
    subject: subjectOf(evidence),
    txid: evidenceId(tx, genesisHash),
    wtxid: witnessTransactionId(bytes),
    size: bytes.length,
  };
}

/** As hash_e of a private transaction, over what a bare one has. */
function evidenceId(tx: BareTransaction, genesisHash: Uint8Array): Uint8Array {
  return fieldToBytes(toField(blake2b('SERO_TXE_v1', genesisHash, BareTransactionType.serialize(tx))));
}
