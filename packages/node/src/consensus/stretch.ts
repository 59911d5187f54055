import type { VoteVerifier } from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import {
  type Bundle,
  checkCertified,
  checkLinked,
  committeeOf,
  decodeBlock,
  encodeBlock,
  type Header,
  headerHash,
  isWholeBlock,
  ProtocolError,
  type RoundContext,
  STEP,
  seedHeight,
  seedInput,
  transactionsRoot,
} from '@sero/protocol';
import type { SeedProof } from '../verification/seeds.ts';

/** Headers in a row, the last of which a certificate makes final, and with it all of them. */
export interface Stretch {
  /** From the one after the own head on. */
  readonly headers: readonly Header[];
  /** Of the last one, and of those before it where strides are short: in their order. */
  readonly certificates: readonly Bundle[];
}

/** A peer as catching up sees it. What it answers was decoded and bounded; nothing of it is believed. Each call rejects where the peer fails. */
export interface SyncPeer {
  readonly id: string;
  /** Height of its last final block, as it says. */
  readonly height: bigint;
  /** First height whose block it has, as it says. */
  readonly earliest: bigint;
  headers(from: bigint, count: number): Promise<readonly Header[]>;
  /** The certificate of a block. */
  certificate(height: bigint): Promise<Bundle | undefined>;
  /** Encoded blocks. */
  blocks(from: bigint, count: number): Promise<readonly Uint8Array[]>;
  /** `malice`: it answered what nobody honest answers. `useless`: it has not what it says that it has. */
  blame(offence: 'malice' | 'useless'): void;
}

export type StretchLedger = Pick<Ledger, 'genesis' | 'genesisHash' | 'head' | 'header' | 'stakeTable'>;

/**
 * Where certificates of the stretch after the own head are asked for: at heights that they are kept of for ever, or at the peer's head before the next
 * of these. One such height ends a stretch, and as many as fit into `together` blocks where they are closer: each by itself would cost a message to
 * every thread. Tables of all of them are older than the stretch, since certStride and `together` are at most balanceLookback.
 */
function endsOfStretch(
  head: bigint,
  peerHeight: bigint,
  { certStride, balanceLookback }: StretchLedger['genesis']['stake'],
  together: bigint,
): bigint[] {
  const most = together < balanceLookback ? together : balanceLookback;
  const first = (head / certStride + 1n) * certStride;
  if (peerHeight < first) return peerHeight > head ? [peerHeight] : [];
  const ends = [first];
  for (let end = first + certStride; end <= peerHeight && end <= head + most; end += certStride)
    ends.push(end);
  return ends;
}

/** What a stretch is asked for with. */
export interface StretchOptions {
  readonly ledger: StretchLedger;
  readonly verifier: StretchVerifier;
  /** Resolves when the ledger knows the table of a round, or never will. */
  readonly tableOf: (round: bigint) => Promise<void>;
  /** Told of headers that follow each other, before anything shows them final. */
  readonly linked?: (headers: readonly Header[]) => void;
  /** Blocks of short stretches that are asked for together. */
  readonly together: bigint;
}

/** What judges certificates. */
export type StretchVerifier = Pick<VoteVerifier, 'bundle'> & {
  /** Told of bundles that will be asked about soon, one after another. */
  ahead?(bundles: readonly { readonly context: RoundContext; readonly bundle: Bundle }[]): void;
  /** No more of them come for a while. */
  rest?(): void;
};

/**
 * Asks a peer for the stretch after the own head, or after final headers that are being applied, and checks it: links first, then certificates
 * (design 4, "Catch-up"). A fake branch costs a stretch of headers and its failed certificates.
 *
 * @param applied final headers that follow the own head or did when they were asked for; the stretch is the one after them
 * @returns undefined where the peer is not ahead, or does not keep what is asked for
 * @throws ProtocolError where what it says does not hold
 */
export async function fetchStretch(
  { ledger, verifier, tableOf, linked, together }: StretchOptions,
  peer: SyncPeer,
  applied: readonly Header[] = [],
): Promise<Stretch | undefined> {
  const { stake } = ledger.genesis;
  const before = applied.at(-1) ?? ledger.head();
  const ends = endsOfStretch(before.height, peer.height, stake, together);
  if (ends.length === 0) return undefined;
  const count = Number(ends.at(-1)! - before.height);
  const asked = await peer.headers(before.height + 1n, count);
  if (asked.length !== count) {
    peer.blame('useless');
    return undefined;
  }
  checkLinked([before, ...asked]);
  linked?.(asked);
  const certificates: Bundle[] = [];
  for (const end of ends) {
    const certificate = await peer.certificate(end);
    if (certificate === undefined) break;
    if (certificate.step !== STEP.cert) {
      throw new ProtocolError('certificate-step', 'only cert votes make a certificate');
    }
    checkCertified(certificate, asked[Number(end - before.height) - 1]!);
    certificates.push(certificate);
  }
  if (certificates.length === 0) {
    // One that is catching up itself has none of its head; of a boundary everybody has one.
    if (ends[0]! % stake.certStride === 0n) peer.blame('useless');
    return undefined;
  }
  // What no certificate was given of is asked for again, as a stretch of its own.
  const headers = asked.slice(0, Number(certificates.at(-1)!.round - before.height));
  await tableOf(certificates.at(-1)!.round);
  const judged: { context: RoundContext; bundle: Bundle }[] = [];
  for (const bundle of certificates) {
    const context = contextOf(ledger, [...applied, ...headers], bundle.round);
    // The own chain went on meanwhile.
    if (context === undefined) return undefined;
    judged.push({ context, bundle });
  }
  verifier.ahead?.(judged);
  for (const { context, bundle } of judged) {
    const isQuorum = await new Promise<boolean>((resolve) => {
      verifier.bundle(context, bundle, (votes) => resolve(votes !== undefined));
    });
    if (!isQuorum) throw new ProtocolError('vote-signature', 'the certificate does not hold');
  }
  return { headers, certificates };
}

/** What judges the votes of a round a stretch ahead: its table is known here, its seed stands in the headers. */
function contextOf(
  ledger: StretchLedger,
  headers: readonly Header[],
  round: bigint,
): RoundContext | undefined {
  const { genesis, genesisHash } = ledger;
  const table = ledger.stakeTable(round);
  const seed = seedAt(ledger, headers, seedHeight(genesis.stake, round));
  if (table === undefined || seed === undefined) return undefined;
  const committees = (step: number) => committeeOf(genesis.committees, step, table.total);
  return { genesisHash, round, seed, table, committees };
}

/** The seed of a height, in headers that follow each other or in the own chain before them. */
function seedAt(ledger: StretchLedger, headers: readonly Header[], height: bigint): Uint8Array | undefined {
  const first = headers[0]!.height;
  return height >= first ? headers[Number(height - first)]?.seed : ledger.header(height)?.seed;
}

/**
 * The proofs of seeds in headers, with the keys that made them by the newest table that is known: those of most rounds are not known yet. A proposer
 * who has another key in his round's costs a proof that is verified when its block is applied, and one that was in vain.
 *
 * @param applied final headers between the own head and them
 */
export function seedProofsOf(
  ledger: StretchLedger,
  headers: readonly Header[],
  applied: readonly Header[] = [],
): SeedProof[] {
  const { genesis, genesisHash } = ledger;
  const all = [...applied, ...headers];
  const newest = ledger.stakeTable(ledger.head().height + genesis.stake.balanceLookback);
  return headers.flatMap(({ height, proposer, vrfProof }) => {
    const [id] = proposer;
    const [proof] = vrfProof;
    if (id === undefined || proof === undefined) return [];
    const key = newest?.row(id)?.vrfKey;
    const before = seedAt(ledger, all, seedHeight(genesis.stake, height));
    if (key === undefined || before === undefined) return [];
    return [{ key, alpha: seedInput(genesisHash, before, height), proof }];
  });
}

const NOTHING = transactionsRoot([]);

/** Whether a block of this header has no transactions: the header is all of it. */
export function isEmpty(header: Header): boolean {
  return equalBytes(header.transactionsRoot, NOTHING);
}

/** The block that a header says is empty, encoded. */
export function emptyBlockOf(header: Header): Uint8Array {
  return encodeBlock({ header, transactions: [] });
}

/** Takes a peer's bytes for the block of a final header. @throws ProtocolError where they are not */
export function blockOf(header: Header, bytes: Uint8Array): Uint8Array {
  const block = decodeBlock(bytes);
  if (!equalBytes(headerHash(block.header), headerHash(header)) || !isWholeBlock(block)) {
    throw new ProtocolError('headers-unlinked', `this is not block ${header.height}`);
  }
  return bytes;
}
