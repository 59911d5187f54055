import { ContainerType, ListCompositeType, type ValueOf, VectorCompositeType } from '@chainsafe/ssz';
import { type Bls, equalBytes } from '@sero/crypto';
import { type Header, HeaderType, headerHash } from './block.ts';
import { type Bundle, checkPair } from './bundle.ts';
import {
  CHECKPOINT_INTERVAL,
  CheckpointType,
  checkCheckpointHeight,
  placesOf,
  verifyCheckpointSignature,
} from './checkpoint.ts';
import { EphemeralSignatureType, rememberBatchKey, verifyEphemeral } from './ephemeral.ts';
import { ensure, ProtocolError } from './errors.ts';
import { type HistoryPeaks, isInHistory, MAX_HISTORY_PATH } from './history.ts';
import { RowsProofType, tableOfProof } from './rows-proof.ts';
import { Bytes32, decodeStrict, u8, u32, u64 } from './ssz.ts';
import { anchorHeight } from './stake-table.ts';
import { MAX_TRANSACTION_BYTES } from './transaction.ts';
import { ValueType } from './value.ts';
import { type VoteCrypto, voteMessage } from './vote.ts';

/** A header, and its path in the range over all header hashes. */
const ProvedHeaderType = new ContainerType({
  header: HeaderType,
  path: new ListCompositeType(Bytes32, MAX_HISTORY_PATH),
});

/** Two votes of one record for the same (round, period, step) and for different values. */
const TwoVotesType = new ContainerType({
  record: Bytes32,
  round: u64,
  period: u32,
  step: u8,
  /** Ascending by their bytes. */
  values: new VectorCompositeType(ValueType, 2),
  signatures: new VectorCompositeType(EphemeralSignatureType, 2),
  /** The header of max(0, round - balanceLookback), whose validators root is that of the round's table. */
  anchor: ProvedHeaderType,
  /** The record's row. */
  row: RowsProofType,
});

/** BLS signatures on a checkpoint that is not the chain's, of as many signers as fit a transaction: some 820. All of them are punished. */
const FalseCheckpointType = new ContainerType({
  checkpoint: CheckpointType,
  /** The chain's header of the checkpoint's height. */
  header: ProvedHeaderType,
  /** The header of 256 blocks before it, whose validators root is that of the signing table. */
  anchor: ProvedHeaderType,
  /** The rows of all signers. */
  rows: RowsProofType,
});

/** Body of kind 9: exactly one of the two. */
export const EvidenceType = new ContainerType({
  votes: new ListCompositeType(TwoVotesType, 1),
  checkpoint: new ListCompositeType(FalseCheckpointType, 1),
});

export type ProvedHeader = ValueOf<typeof ProvedHeaderType>;
export type TwoVotes = ValueOf<typeof TwoVotesType>;
export type FalseCheckpoint = ValueOf<typeof FalseCheckpointType>;
export type Evidence = ValueOf<typeof EvidenceType>;

/** Whom evidence is against: it counts once per record and round (for a checkpoint, its height). */
export interface EvidenceSubject {
  /** One record for two votes, the signers of a checkpoint. */
  readonly records: readonly Uint8Array[];
  readonly round: bigint;
}

/** What evidence is judged by: the chain before the block that would hold it. */
export interface EvidenceContext {
  readonly genesisHash: Uint8Array;
  readonly balanceLookback: bigint;
  readonly evidenceWindow: bigint;
  /** Of the block that would hold it. */
  readonly height: bigint;
  /** Over the chain's header hashes. */
  readonly history: HistoryPeaks;
}

/** Bytes of evidence: the body of a transaction of kind 9. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  return EvidenceType.serialize(evidence);
}

/** Decodes the body of kind 9. Throws ProtocolError `body-malformed`. */
export function decodeEvidence(body: Uint8Array): Evidence {
  try {
    const evidence = decodeStrict(EvidenceType, body, MAX_TRANSACTION_BYTES, 'evidence');
    const parts = evidence.votes.length + evidence.checkpoint.length;
    ensure(parts === 1, 'body-malformed', 'evidence is two votes or a checkpoint');
    return evidence;
  } catch (error) {
    if (error instanceof ProtocolError) throw new ProtocolError('body-malformed', error.message);
    throw error;
  }
}

/** Whom decoded evidence says that it is against: what deduplicates it before it costs anything. */
export function subjectOf({ votes: [votes], checkpoint: [checkpoint] }: Evidence): EvidenceSubject {
  return votes === undefined
    ? { records: checkpoint!.rows.rows.map(({ id }) => id), round: checkpoint!.checkpoint.height }
    : { records: [votes.record], round: votes.round };
}

/**
 * Checks evidence against the chain, cheapest rules first.
 *
 * @returns whom to punish, each once per record and round, which the caller keeps
 * @throws ProtocolError `evidence-window`, `evidence-header`, `rows-proof`, `evidence-innocent`, for votes also `bundle-pair`,
 *   `value-not-canonical`, `batch-signature`, `leaf-signature`, `vote-signature`, for checkpoints `checkpoint-height`,
 *   `checkpoint-signers`, `checkpoint-signature`
 */
export function verifyEvidence(
  context: EvidenceContext,
  evidence: Evidence,
  crypto: Pick<VoteCrypto, 'ed25519' | 'links'> & { readonly bls: Bls },
): EvidenceSubject {
  const subject = subjectOf(evidence);
  ensure(
    subject.round + context.evidenceWindow > context.height,
    'evidence-window',
    `round ${subject.round} is out of the window at height ${context.height}`,
  );
  const {
    votes: [votes],
    checkpoint: [checkpoint],
  } = evidence;
  if (votes !== undefined) verifyTwoVotes(context, votes, crypto);
  if (checkpoint !== undefined) verifyFalseCheckpoint(context, checkpoint, crypto.bls);
  return subject;
}

/** The header of this height. Throws `evidence-header` unless it is the chain's. */
function chainHeader({ history }: EvidenceContext, height: bigint, { header, path }: ProvedHeader): Header {
  ensure(
    header.height === height && isInHistory(history, height, headerHash(header), path),
    'evidence-header',
    `the header of height ${height} is not shown to be the chain's`,
  );
  return header;
}

function verifyTwoVotes(
  context: EvidenceContext,
  { record, round, period, step, values, signatures, anchor, row }: TwoVotes,
  { ed25519, links }: Pick<VoteCrypto, 'ed25519' | 'links'>,
): void {
  checkPair(period, step, values);
  const { genesisHash, balanceLookback } = context;
  const { validatorsRoot } = chainHeader(context, anchorHeight(round, balanceLookback), anchor);
  ensure(row.rows.length === 1, 'rows-proof', 'one row, that of the record');
  const voter = tableOfProof(row, validatorsRoot).row(record);
  ensure(voter !== undefined, 'rows-proof', 'the row is that of another record');
  const [first, second] = signatures;
  for (const [side, before] of [undefined, first].entries()) {
    const message = voteMessage(genesisHash, { sender: record, round, period, step, value: values[side]! });
    const known = { links, before };
    verifyEphemeral(voter.voteRoot, { round, period, step }, message, signatures[side]!, ed25519, known);
  }
  rememberBatchKey(voter.voteRoot, round, second!, links);
}

function verifyFalseCheckpoint(
  context: EvidenceContext,
  { checkpoint, header, anchor, rows }: FalseCheckpoint,
  bls: Bls,
): void {
  const { height } = checkpoint;
  checkCheckpointHeight(height);
  const real = chainHeader(context, height, header);
  // The roots count too: by them a client takes its next table and its state, whatever the block hash beside them.
  ensure(
    !equalBytes(checkpoint.blockHash, headerHash(real)) ||
      !equalBytes(checkpoint.stateRoot, real.stateRoot) ||
      !equalBytes(checkpoint.validatorsRoot, real.validatorsRoot),
    'evidence-innocent',
    "the checkpoint is the chain's",
  );
  const { validatorsRoot } = chainHeader(context, height - CHECKPOINT_INTERVAL, anchor);
  const places = placesOf(rows.count, checkpoint.signers);
  ensure(
    places.length === rows.positions.length && places.every((place, i) => place === rows.positions[i]),
    'checkpoint-signers',
    'the rows are not those of the bitmap',
  );
  const table = tableOfProof(rows, validatorsRoot);
  verifyCheckpointSignature(context.genesisHash, checkpoint, table.rows, bls);
}

/** The part of evidence that a pair of votes gives; header and row are the prover's to add. */
export function twoVotesOf(
  { round, period, step }: Pick<Bundle, 'round' | 'period' | 'step'>,
  { sender, values, signatures }: Bundle['equivocations'][number],
  anchor: ProvedHeader,
  row: TwoVotes['row'],
): Evidence {
  return {
    votes: [{ record: sender, round, period, step, values, signatures, anchor, row }],
    checkpoint: [],
  };
}
