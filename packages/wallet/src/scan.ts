import { equalBytes, fieldFromBytes, hashZpkr, pointToBytes, toAffine } from '@sero/crypto';
import {
  addressRandomness,
  assetId,
  decodeAssetBody,
  decodeEnvelope,
  decodeField,
  type ExecutedBlock,
  encodeAddress,
  type Header,
  KIND,
  type Note,
  name32,
  noteCommitment,
  noteContext,
  openMemo,
  openOutput,
  publicOutputNote,
  type Receipt,
  recoverSent,
  SERO_ASSET,
  type Transaction,
  ticketName32,
  type ViewingKey,
  viewTag,
} from '@sero/protocol';
import { ensure } from './errors.ts';
import type {
  HistoryEntry,
  KnownAsset,
  NameCommitment,
  OwnedNote,
  Payment,
  UndisclosedNote,
} from './records.ts';
import { spendsOf } from './spends.ts';
import { isStakeKind, stakeEntry } from './stake-entry.ts';
import type { Findings } from './try-blocks.ts';

/** A public output or genesis allocation as the scanner sees it. */
export interface PublicNote {
  readonly note: Note;
  readonly index: number;
}

/** One transaction of a block, decoded, with the leaves that it appended. */
export interface ScannedTransaction {
  readonly tx: Transaction;
  readonly receipt: Receipt;
  readonly firstPosition: bigint;
  readonly publicNotes: readonly PublicNote[];
}

/** What a block held for one account. */
export interface ScanResult {
  readonly received: readonly OwnedNote[];
  readonly spentPositions: readonly bigint[];
  /** Positions that the account's own dummies of the block's transactions name. */
  readonly spentDummies: readonly bigint[];
  readonly undisclosed: readonly UndisclosedNote[];
  readonly history: readonly HistoryEntry[];
  /** P(VPKr) of own one-time addresses that stand in the open: senders, owners of public outputs. */
  readonly ownAddresses: readonly Uint8Array[];
  /** Own commitments to names that succeeded. */
  readonly commitments: readonly NameCommitment[];
}

/** What scanning needs of the account. */
export interface ScanAccount {
  readonly key: ViewingKey;
  /** True for auditors: view tags are ignored. */
  readonly audit: boolean;
  /** The account's note at a position, among those of earlier blocks. */
  readonly noteAt: (position: bigint) => OwnedNote | undefined;
}

/** Decodes a block's transactions and places their leaves; returns the leaves too. */
export function placeTransactions(
  executed: ExecutedBlock,
  firstPosition: bigint,
): { transactions: ScannedTransaction[]; leaves: bigint[] } {
  const transactions: ScannedTransaction[] = [];
  const leaves: bigint[] = [];
  for (const [i, bytes] of executed.block.transactions.entries()) {
    const envelope = decodeEnvelope(bytes);
    const receipt = executed.receipts[i]!;
    const txid = decodeField(receipt.txid, 'txid of a receipt');
    const publicNotes = receipt.publicOutputs.map((output, index) => ({
      note: publicOutputNote(output, txid, index),
      index,
    }));
    // Bare transactions have no shielded part; none is active yet.
    if (envelope.private === undefined) continue;
    const { tx } = envelope.private;
    // A block of the chain holds no other; a liar's must not get further than this.
    const { nullifiers, traces } = tx.shielded;
    ensure(
      nullifiers.length > 0 && nullifiers.length === traces.length,
      'block-roots',
      'a transaction of the block is none that the network takes',
    );
    transactions.push({ tx, receipt, firstPosition: firstPosition + BigInt(leaves.length), publicNotes });
    leaves.push(...tx.shielded.outputs.map((output) => decodeField(output.cm, 'commitment')));
    leaves.push(...publicNotes.map(({ note }) => noteCommitment(note)));
  }
  return { transactions, leaves };
}

/**
 * Finds everything in a block that concerns the account.
 *
 * @param findings what its key opens in the block
 * @param allocations how many of the block's public notes come before those of its transactions
 */
export function scanTransactions(
  account: ScanAccount,
  { height, time }: Header,
  transactions: readonly ScannedTransaction[],
  findings: Findings,
  allocations: number,
): ScanResult {
  const allSpends = spendsOf(
    transactions.map(({ tx }) => tx),
    findings.traced,
  );
  const received: OwnedNote[] = [];
  const spentPositions: bigint[] = [];
  const spentDummies: bigint[] = [];
  const undisclosed: UndisclosedNote[] = [];
  const history: HistoryEntry[] = [];
  const ownAddresses: Uint8Array[] = [];
  const commitments: NameCommitment[] = [];
  const ownedAt = (position: bigint): OwnedNote | undefined =>
    account.noteAt(position) ?? received.find((note) => note.position === position);

  let shielded = 0;
  let open = allocations;
  for (const [number, placed] of transactions.entries()) {
    const { tx, receipt, firstPosition, publicNotes } = placed;
    const outputs = tx.shielded.outputs;
    const context = { height, txid: receipt.txid };
    const spends = allSpends[number]!;
    const opened = openShielded(account, placed, findings, shielded, height);
    const found = publicNotes.flatMap(({ note, index }, i) => {
      const r = openPublic(account, note, findings.open.get(open + i));
      const position = firstPosition + BigInt(outputs.length + i);
      return r === undefined ? [] : [ownedPublic(note, { ...context, index, position, r })];
    });
    shielded += outputs.length;
    open += publicNotes.length;

    const spent: OwnedNote[] = [];
    for (const position of spends.real) {
      const note = ownedAt(position);
      if (note === undefined) undisclosed.push({ position, height, txid: receipt.txid });
      else spent.push(note);
    }
    spentPositions.push(...spends.real);
    spentDummies.push(...spends.dummies);
    const mine = [...opened.notes, ...found];
    received.push(...mine);
    if (spends.own) ownAddresses.push(tx.from.subarray(0, 32));
    for (const { index } of found) ownAddresses.push(pointToBytes(publicNotes[index]!.note.owner.vpkr));
    if (spends.own) commitments.push(...ownCommitment(tx, receipt, height));
    const counted = mine.filter(({ tagged }) => tagged);
    if (!spends.own && counted.length === 0) continue;
    const sent = spends.own ? sentPayments(account.key, tx) : { payments: [], memo: undefined };
    const memo = opened.memo ?? sent.memo;
    const stake = spends.own ? stakeEntry(tx, receipt) : undefined;
    history.push({
      height,
      time,
      txid: receipt.txid,
      kind: kindOf(tx.kind),
      own: spends.own,
      succeeded: receipt.status === 1,
      change: netChange(
        counted,
        spent.filter(({ tagged }) => tagged),
      ),
      payments: sent.payments,
      fee: spends.own ? keptByNetwork(tx, receipt) : 0n,
      ...(memo === undefined ? {} : { memo }),
      ...(stake === undefined ? {} : { stake }),
    });
  }
  return { received, spentPositions, spentDummies, undisclosed, history, ownAddresses, commitments };
}

/** Notes among genesis allocations, which come before all other public notes. */
export function scanAllocations(
  account: ScanAccount,
  notes: readonly PublicNote[],
  { open }: Findings,
): OwnedNote[] {
  return notes.flatMap(({ note, index }) => {
    const r = openPublic(account, note, open.get(index));
    if (r === undefined) return [];
    return [ownedPublic(note, { height: 0n, txid: new Uint8Array(32), index, position: BigInt(index), r })];
  });
}

function ownedPublic(
  note: Note,
  place: Pick<OwnedNote, 'height' | 'txid' | 'index' | 'position' | 'r'>,
): OwnedNote {
  return {
    ...place,
    public: true,
    tagged: true,
    asset: note.asset,
    value: note.value,
    vpkrU: toAffine(note.owner.vpkr).u,
    zpkr: note.owner.zpkr,
    rcm: note.rcm,
  };
}

/** r of a public note that is the account's. */
function openPublic(
  { key }: ScanAccount,
  { owner: { vpkr, zpkr } }: Note,
  sharedSecret: Uint8Array | undefined,
): bigint | undefined {
  if (sharedSecret === undefined) return undefined;
  const r = addressRandomness(sharedSecret, pointToBytes(vpkr));
  return hashZpkr(key.address.zpk, r) === zpkr ? r : undefined;
}

function openShielded(
  account: ScanAccount,
  { tx, receipt, firstPosition }: ScannedTransaction,
  findings: Findings,
  firstOutput: number,
  height: bigint,
): { notes: OwnedNote[]; memo: string | undefined } {
  const firstNullifier = decodeField(tx.shielded.nullifiers[0]!, 'nullifier');
  const notes: OwnedNote[] = [];
  let memo: string | undefined;
  for (const [index, output] of tx.shielded.outputs.entries()) {
    const secret = findings.shielded.get(firstOutput + index);
    if (secret === undefined) continue;
    const r = addressRandomness(secret, output.vpkr);
    const context = noteContext(firstNullifier, index);
    const opened = openOutput(output, account.key.address.zpk, secret, r, context, !account.audit);
    if (opened === undefined) continue;
    memo ??= openMemo(tx.memo, output, secret);
    // Value-0 notes are padding: worth nothing, never spent, never shown.
    if (opened.note.value === 0n) continue;
    notes.push({
      position: firstPosition + BigInt(index),
      height,
      txid: receipt.txid,
      index,
      public: false,
      tagged: equalBytes(viewTag(secret, output.vpkr), output.tag),
      asset: opened.note.asset,
      value: opened.note.value,
      vpkrU: toAffine(opened.note.owner.vpkr).u,
      zpkr: opened.note.owner.zpkr,
      rcm: opened.note.rcm,
      r,
    });
  }
  return { notes, memo };
}

/** The name commitment that an own transaction made. */
function ownCommitment(tx: Transaction, receipt: Receipt, height: bigint): NameCommitment[] {
  if (tx.kind !== KIND.asset || receipt.status !== 1) return [];
  return decodeAssetBody(tx.body).commit.map(({ hash }) => ({ hash, from: tx.from, height }));
}

/** What an own transaction paid to others, and its memo, from the copies that the sender keeps. */
function sentPayments(key: ViewingKey, tx: Transaction): { payments: Payment[]; memo: string | undefined } {
  const firstNullifier = fieldFromBytes(tx.shielded.nullifiers[0]!);
  const payments: Payment[] = [];
  let memo: string | undefined;
  for (const [index, output] of tx.shielded.outputs.entries()) {
    const sent = recoverSent(output, key, firstNullifier, index);
    if (sent === undefined || sent.to.zpk === key.address.zpk) continue;
    memo ??= openMemo(tx.memo, output, sent.secret);
    if (sent.note.value === 0n) continue;
    payments.push({
      to: encodeAddress(sent.to),
      index,
      asset: sent.note.asset,
      value: sent.note.value,
      rseed: sent.rseed,
    });
  }
  return { payments, memo };
}

function kindOf(kind: number): HistoryEntry['kind'] {
  if (isStakeKind(kind)) return 'stake';
  return kind === KIND.pay ? 'pay' : kind === KIND.asset ? 'asset' : kind === KIND.call ? 'call' : 'other';
}

/** SERO that left with a transaction and came back to nobody, nor into a stake record. */
function keptByNetwork(tx: Transaction, receipt: Receipt): bigint {
  // What is staked leaves the pool and is no fee; what is claimed enters it and lowers none.
  if (isStakeKind(tx.kind)) return receipt.gasUsed * tx.gasPrice;
  const returned = receipt.publicOutputs
    .filter(({ asset }) => fieldFromBytes(asset) === SERO_ASSET)
    .reduce((sum, { value }) => sum + value, 0n);
  return tx.pub.pubOut[0]! - returned;
}

function netChange(received: readonly OwnedNote[], spent: readonly OwnedNote[]): HistoryEntry['change'] {
  const amounts = new Map<bigint, bigint>();
  for (const { asset, value } of received) amounts.set(asset, (amounts.get(asset) ?? 0n) + value);
  for (const { asset, value } of spent) amounts.set(asset, (amounts.get(asset) ?? 0n) - value);
  return [...amounts].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => ({ asset, amount }));
}

/** Assets that a block's transactions registered; everybody sees them. */
export function registeredAssets(transactions: readonly ScannedTransaction[], chainId: bigint): KnownAsset[] {
  return transactions.flatMap(({ tx, receipt }) => {
    const issue =
      tx.kind === KIND.asset && receipt.status === 1 ? decodeAssetBody(tx.body).issue[0] : undefined;
    if (issue === undefined || (issue.kind !== 1 && issue.kind !== 2)) return [];
    const name = String.fromCharCode(...issue.name);
    const nameBytes = issue.kind === 2 && issue.supply === 1n ? ticketName32(name, issue.salt) : name32(name);
    const asset = assetId(chainId, issue.kind, nameBytes);
    return [{ asset, kind: issue.kind, name, supply: issue.supply, issuer: tx.from }];
  });
}
