import { concat, pointToBytes } from '@sero/crypto';
import { type Note, scalarToBytes, type Transaction, type ViewingKey } from '@sero/protocol';
import { SCAN_OUTPUT_BYTES, type Scanner, type TraceOpener } from '@sero/prover';
import { type OpenedTrace, openTraces } from './spends.ts';

/** What blocks are tried with. */
export interface TryingKey {
  readonly key: ViewingKey;
  readonly scanner: Scanner;
  readonly traces: TraceOpener;
  /** True for auditors: view tags are ignored and every output is tried. */
  readonly audit: boolean;
}

/** What of a block has to be tried. */
export interface TriedBlock {
  readonly transactions: readonly Transaction[];
  /** Notes that the protocol made in the open. */
  readonly publicNotes: readonly Note[];
  /** NIL || TRACE of every input of the transactions. */
  readonly traces: Uint8Array;
}

/** What an account's key opens in a block. */
export interface Findings {
  /** S of the block's shielded outputs that may be the account's, by their place among them. */
  readonly shielded: ReadonlyMap<number, Uint8Array>;
  /** The same of its public notes, which carry no tag: S of every one that has one. */
  readonly open: ReadonlyMap<number, Uint8Array>;
  /** Of each input of its transactions, in order. */
  readonly traced: readonly OpenedTrace[];
}

/**
 * Tries a key on everything in some blocks, with one call for all shielded outputs, one for all public notes, one for all traces: of a
 * block with a single payment a call by itself would be mostly the call. What does not decode is found to be nobody's, so that a block
 * spoils nothing for the others.
 *
 * @throws the signal's reason when aborted
 */
export async function tryBlocks(
  { key, scanner, traces, audit }: TryingKey,
  blocks: readonly TriedBlock[],
  signal?: AbortSignal,
): Promise<Findings[]> {
  const outputs = blocks.map(({ transactions }) => transactions.flatMap(({ shielded }) => shielded.outputs));
  const open = blocks.map(({ publicNotes }) =>
    publicNotes.map(({ owner }) => ({ vpkr: pointToBytes(owner.vpkr) })),
  );
  const secretsIn = (packed: readonly (readonly PackedOutput[])[], all: boolean) =>
    findSecrets({ key, scanner, audit: all }, packed, signal);
  const shieldedSecrets = await secretsIn(outputs, audit);
  const openSecrets = await secretsIn(open, true);
  const opened = await openTraces(key, traces, concat(...blocks.map((block) => block.traces)), signal);
  let first = 0;
  return blocks.map(({ transactions }, i) => {
    const from = first;
    first = transactions.reduce((at, { shielded }) => at + shielded.nullifiers.length, from);
    return { shielded: shieldedSecrets[i]!, open: openSecrets[i]!, traced: opened.slice(from, first) };
  });
}

/** An output as a scanner takes it; without a tag where every one is tried. */
interface PackedOutput {
  readonly vpkr: Uint8Array;
  readonly tag?: Uint8Array;
}

/** Scans groups of outputs with one call. Returns the secrets of each group's hits, by place in the group. */
async function findSecrets(
  { key, scanner, audit }: Omit<TryingKey, 'traces'>,
  groups: readonly (readonly PackedOutput[])[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<number, Uint8Array>[]> {
  const secrets = groups.map(() => new Map<number, Uint8Array>());
  const packed = new Uint8Array(SCAN_OUTPUT_BYTES * groups.reduce((sum, { length }) => sum + length, 0));
  if (packed.length === 0) return secrets;
  const ends: number[] = [];
  let at = 0;
  for (const group of groups) {
    for (const { vpkr, tag } of group) {
      packed.set(vpkr, at);
      if (tag !== undefined) packed.set(tag, at + vpkr.length);
      at += SCAN_OUTPUT_BYTES;
    }
    ends.push(at / SCAN_OUTPUT_BYTES);
  }
  const viewKey = scalarToBytes(key.vsk);
  try {
    const request = { viewKey, outputs: packed, audit };
    const hits = await scanner.scan(signal === undefined ? request : { ...request, signal });
    for (const { index, sharedSecret } of hits) {
      const group = groupOf(ends, index);
      secrets[group]!.set(index - (ends[group - 1] ?? 0), sharedSecret);
    }
    return secrets;
  } finally {
    viewKey.fill(0);
  }
}

/** The first group that ends after a place: hits need not come in order. */
function groupOf(ends: readonly number[], index: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > index) high = middle;
    else low = middle + 1;
  }
  return low;
}
