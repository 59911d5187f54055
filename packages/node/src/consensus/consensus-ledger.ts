import type { BlockClaim, CertifiedBlock, ConsensusLedger, NamedBlock } from '@sero/consensus';
import { equalBytes } from '@sero/crypto';
import { type Ledger, LedgerError, type LedgerErrorCode } from '@sero/ledger';
import {
  type Block,
  type Bundle,
  decodeBlock,
  decodeBundle,
  encodeBlock,
  encodeBundle,
  headerHash,
  isWholeBlock,
  ProtocolError,
  valueOfHeader,
} from '@sero/protocol';
import type { AgreementChain } from '../agreement.ts';
import type { CertificateStore } from '../validator/certificates.ts';
import type { Ballot } from './ballot.ts';

type Rounds = Pick<Ledger, 'genesis' | 'head' | 'emptyBlock' | 'roundContext' | 'validate' | 'executedBlock'>;

/** The node's ledger, mempool and certificates as a participant sees them. */
export interface NodeConsensusLedger extends ConsensusLedger {
  /** Resolves when nothing is being made final. */
  settled(): Promise<void>;
}

export interface ConsensusLedgerOptions {
  readonly ledger: Rounds;
  readonly chain: AgreementChain;
  readonly certificates: Pick<CertificateStore, 'put' | 'get'>;
  /** Evidence for the next own block. */
  readonly evidence: () => readonly Uint8Array[];
  /** What own blocks say of versions and circuits. */
  readonly ballot: () => Ballot;
  /** ms since 1970. */
  readonly now: () => number;
  /** A fault that says nothing of any block: a proposal or a check that could not be made. */
  readonly failed: (error: unknown) => void;
}

export function createConsensusLedger(options: ConsensusLedgerOptions): NodeConsensusLedger {
  const { ledger, chain, certificates, evidence, ballot, now, failed } = options;
  const { minBlockGap } = ledger.genesis.pace;
  /**
   * By the identity of the bytes, which holds good only while nobody writes into them: blocks were encoded here, or come out of a decoder of messages or
   * of the log, which gives each away once and keeps none. What is executed and made final is decoded from the bytes anew, and its transactions are
   * compared with its header then; that it is the block of the hash which was voted for hangs on this.
   */
  const claims = new WeakMap<Uint8Array, BlockClaim | 'none'>();
  let commits: Promise<void> = Promise.resolve();
  let empty: { readonly at: bigint; readonly block: NamedBlock } | undefined;

  const height = (): bigint => chain.head().height;

  function times(): { parent: bigint; now: bigint } {
    const parent = chain.head().time;
    const time = BigInt(Math.floor(now()));
    return { parent, now: time > parent ? time : parent + 1n };
  }

  async function propose(order: Parameters<ConsensusLedger['propose']>[0]): Promise<NamedBlock | undefined> {
    const { proposer, period, seedProof, within } = order;
    const parent = height();
    const { parent: parentTime, now: time } = times();
    const proof = seedProof === undefined ? {} : { vrfProof: seedProof };
    const proposal = { proposer, period, ...proof, ...ballot() };
    const block = await chain.propose({ time, proposal, within, evidence: evidenceNow() });
    const isTooEarly = block.transactions.length === 0 && time - parentTime < BigInt(minBlockGap);
    return isTooEarly || height() !== parent ? undefined : named(block);
  }

  /** A pool that fails must not keep this validator from proposing. */
  function evidenceNow(): readonly Uint8Array[] {
    try {
      return evidence();
    } catch (error) {
      failed(error);
      return [];
    }
  }

  /** Answers a participant. What that throws has stopped it already, which it has told: it is no refusal of the promise that it comes from. */
  function answered(done: () => void): void {
    try {
      done();
    } catch (error) {
      failed(error);
    }
  }

  async function keep(block: NamedBlock, certificate: Bundle): Promise<void> {
    if (!equalBytes(certificate.value.digest, block.digest))
      throw new Error('a certificate of another block');
    // The certificate first: a block that is final without one could not be shown to anybody.
    certificates.put(certificate.round, encodeBundle(certificate));
    await chain.committed(block.bytes);
  }

  return {
    height,
    times,
    hasTransactions: () => chain.hasTransactions(),
    buildTime: () => Math.ceil(chain.buildTime()),
    settled: () => commits,

    emptyBlock() {
      const at = height();
      if (empty?.at !== at) empty = { at, block: named(ledger.emptyBlock()) };
      return empty.block;
    },

    context(round) {
      const context = ledger.roundContext(round);
      if (context === undefined) throw new Error(`round ${round} was asked for at block ${height()}`);
      return context;
    },

    propose(order, done) {
      propose(order).then(
        (block) => answered(() => done(block)),
        (error: unknown) => {
          // Who is not in the table any more proposes nothing.
          if (!isRule(error)) failed(error);
          answered(() => done(undefined));
        },
      );
    },

    read(bytes) {
      const known = claims.get(bytes);
      if (known !== undefined) return known === 'none' ? undefined : known;
      const claim = readClaim(bytes);
      claims.set(bytes, claim ?? 'none');
      return claim;
    },

    validate({ bytes }, done) {
      ledger.validate(bytes).then(
        () => answered(() => done(true)),
        (error: unknown) => {
          if (!isRule(error)) failed(error);
          answered(() => done(false));
        },
      );
    },

    commit(block, certificate, done) {
      commits = keep(block, certificate).then(
        () => answered(done),
        (error: unknown) => answered(() => done(error instanceof Error ? error : new Error(String(error)))),
      );
    },

    certified: (round) => certifiedBlock(options, round),
  };
}

/** Where final blocks and their certificates are kept. */
interface FinalBlocks {
  readonly ledger: Pick<Ledger, 'executedBlock' | 'head'>;
  readonly certificates: Pick<CertificateStore, 'get'>;
}

/** A final block and the certificate that is kept of it. */
export function certifiedBlock(
  { ledger, certificates }: FinalBlocks,
  round: bigint,
): CertifiedBlock | undefined {
  if (round < 1n || round > ledger.head().height) return undefined;
  const certificate = certificates.get(round);
  if (certificate === undefined) return undefined;
  const block = finalBlock(ledger, round);
  return block === undefined ? undefined : { block, certificate: decodeBundle(certificate) };
}

/** A final block without its receipts, encoded; undefined where there is none of that height. */
export function finalBlock(
  ledger: Pick<Ledger, 'executedBlock' | 'head'>,
  height: bigint,
): Uint8Array | undefined {
  try {
    return blockIn(ledger.executedBlock(height));
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'block-unknown') return undefined;
    throw error;
  }
}

/** SSZ of a container of two variable parts, the first of which is the block: its bytes stand between the offsets. */
function blockIn(executed: Uint8Array): Uint8Array {
  const view = new DataView(executed.buffer, executed.byteOffset, executed.byteLength);
  return executed.slice(view.getUint32(0, true), view.getUint32(4, true));
}

function readClaim(bytes: Uint8Array): BlockClaim | undefined {
  let block: Block;
  try {
    block = decodeBlock(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  if (!isWholeBlock(block)) return undefined;
  const { height, time } = block.header;
  return { value: valueOfHeader(block.header), height, time };
}

function named(block: Block): NamedBlock {
  return { digest: headerHash(block.header), bytes: encodeBlock(block) };
}

/** Refusals of the ledger that are faults of this node. */
const FAULTS: readonly LedgerErrorCode[] = [
  'proof-unchecked',
  'store-damaged',
  'block-log-short',
  'block-log-mismatch',
  'commit-interrupted',
];

/** Whether an error says that a block breaks a rule, and nothing of this node. */
function isRule(error: unknown): boolean {
  return error instanceof ProtocolError || (error instanceof LedgerError && !FAULTS.includes(error.code));
}
