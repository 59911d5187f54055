import { type Bls, concat, type Ed25519, toHex } from '@sero/crypto';
import {
  type CheckedEvidence,
  type CheckedTransaction,
  checkEvidenceTransaction,
  type EphemeralCache,
  type EvidenceSubject,
  type Genesis,
  isEvidence,
  ProtocolError,
  type Receipt,
  verifyEvidence,
} from '@sero/protocol';
import { ensure } from './errors.ts';
import { slash } from './stake.ts';
import { historyOf, type State } from './state.ts';

/** Evidence in blocks (design 3, "Rewards and stake"): without proof or fee, so bounded in number, and nothing where all whom it is against were punished for its round. */

/** Pieces of evidence that one block holds at most. */
export const MOST_EVIDENCE = 8;

/** Those of them that are false checkpoints: one may have hundreds of signers, all of whom it punishes. */
export const MOST_FALSE_CHECKPOINTS = 1;

const ID_BYTES = 32;

/** What evidence is verified with. */
export interface EvidenceCrypto {
  readonly ed25519: Ed25519;
  readonly bls: Bls;
  readonly links: EphemeralCache;
}

/** What a block holds: transactions of its senders, and evidence of nobody's. */
export type BlockItem = CheckedTransaction | CheckedEvidence;

/** Whether an item is evidence. */
export function isEvidenceItem(item: BlockItem): item is CheckedEvidence {
  return 'evidence' in item;
}

/** Whether evidence is a false checkpoint. */
export function isFalseCheckpoint({ evidence }: CheckedEvidence): boolean {
  return evidence.checkpoint.length > 0;
}

/** The chain that evidence is about. */
export interface EvidenceChain {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  readonly evidenceCrypto: EvidenceCrypto;
}

/** Whether an envelope is to be read as evidence: a chain of one has nobody to punish. */
export function isEvidenceHere({ validators }: Genesis, envelope: Uint8Array): boolean {
  return validators.length > 0 && isEvidence(envelope);
}

/** Evidence as far as it shows without the chain; a refusal as a value. */
export function readEvidence(
  chain: Pick<EvidenceChain, 'genesis' | 'genesisHash'>,
  envelope: Uint8Array,
): CheckedEvidence | ProtocolError {
  try {
    return checkEvidenceTransaction(envelope, chain);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/**
 * Checks evidence for the block of this height, whose parent's header is in the history already: first whether it comes too late, too early or
 * again, which costs nothing.
 *
 * @throws LedgerError `evidence-early`, `evidence-again`; ProtocolError as `verifyEvidence`
 */
export function checkEvidence(
  state: State,
  { genesis, genesisHash, evidenceCrypto }: EvidenceChain,
  { evidence, subject }: CheckedEvidence,
  height: bigint,
): void {
  const { balanceLookback, evidenceWindow } = genesis.stake;
  ensure(
    subject.round <= height,
    'evidence-early',
    `evidence of round ${subject.round} has time until that round is decided`,
  );
  ensure(
    unpunished(state, genesis, subject).length > 0,
    'evidence-again',
    `whom it is against has been punished for round ${subject.round}`,
  );
  const history = historyOf(state);
  verifyEvidence({ genesisHash, balanceLookback, evidenceWindow, height, history }, evidence, evidenceCrypto);
}

/** Punishes whom evidence is against, that passed its checks: those of them who were not, for its round. */
export function applyEvidence(state: State, genesis: Genesis, { subject, txid }: CheckedEvidence): Receipt {
  const { round } = subject;
  const slot = state.punished(round % genesis.stake.evidenceWindow);
  const kept = slot.get();
  const before = kept?.height === round ? kept.value : new Uint8Array(0);
  const records = unpunished(state, genesis, subject);
  slot.set({ height: round, value: concat(before, ...records) });
  for (const record of records) slash(state, record);
  return { txid, status: 1, failure: new Uint8Array(0), gasUsed: 0n, publicOutputs: [], logs: [] };
}

/**
 * Whom evidence is against and nobody has punished for its round. That one signer of a checkpoint was punished protects no other: else the lightest
 * of them would have himself punished first. A round's slot is free again when the round has left the window; what is older stands in it
 * until then.
 */
function unpunished(
  state: State,
  { stake }: Genesis,
  { records, round }: EvidenceSubject,
): readonly Uint8Array[] {
  const kept = state.punished(round % stake.evidenceWindow).get();
  if (kept?.height !== round) return records;
  const punished = new Set<string>();
  for (let at = 0; at < kept.value.length; at += ID_BYTES) {
    punished.add(toHex(kept.value.subarray(at, at + ID_BYTES)));
  }
  return records.filter((record) => !punished.has(toHex(record)));
}
