import type { Type } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import { type Block, type Header, HeaderType, ProtocolError } from '@sero/protocol';
import { type KeyValueStore, overlay } from '@sero/store';
import { termsOf } from './empty-block.ts';
import { ensure, LedgerError } from './errors.ts';
import { type BlockItem, isEvidenceItem } from './evidence.ts';
import {
  type BlockExecution,
  type ChainHead,
  type ChainView,
  EXECUTED,
  executeBlock,
  type FinishedBlock,
  hashOfOwn,
} from './execute.ts';
import type { ProofClaim } from './proofs.ts';

/** A transaction whose proof is to be checked, and its place in the block. */
export interface BlockClaim extends ProofClaim {
  readonly index: number;
}

/** A block that did all it does to an overlay. Its signatures and proofs are still to be checked. */
export interface RunBlock {
  readonly claims: readonly BlockClaim[];
  /** Throws LedgerError unless the header is the one that follows. */
  finish(): FinishedBlock;
}

/**
 * Begins to run a block that came from elsewhere on top of `head`: its header must be the one that follows, as far as its transactions
 * do not matter. Writes nothing.
 *
 * @throws LedgerError
 */
export function beginBlock(
  chain: ChainView,
  store: Pick<KeyValueStore, 'get'>,
  head: ChainHead,
  header: Header,
): BlockExecution {
  checkLink(header, head);
  const terms = termsOf(chain.genesis, header);
  const execution = executeBlock(chain, head, terms, overlay(store));
  checkHeader(header, execution.expected, (name) => !EXECUTED.includes(name));
  return execution;
}

/**
 * Runs a block that was begun: every check but those of signatures and proofs. Writes nothing.
 *
 * @param decode the checks that need no state
 * @throws LedgerError or ProtocolError; which transaction, where it is one's
 */
export function runBlock(
  execution: BlockExecution,
  block: Block,
  decode: (transaction: Uint8Array, index: number) => BlockItem,
): RunBlock {
  const claims = block.transactions.flatMap((transaction, index) => {
    try {
      const checked = decode(transaction, index);
      const root = execution.check(checked);
      execution.apply(checked);
      return root === undefined || isEvidenceItem(checked) ? [] : [{ checked, root, index }];
    } catch (error) {
      throw inBlock(error, index);
    }
  });
  return {
    claims,
    finish() {
      const finished = execution.finish();
      checkHeader(block.header, finished.header, (name) => EXECUTED.includes(name));
      return finished;
    },
  };
}

/** Height, parent and genesis first: they say that the block is not for this state at all. */
function checkLink(header: Header, head: ChainHead): void {
  const parent = head.header;
  ensure(
    equalBytes(header.genesisHash, parent.genesisHash),
    'header-genesisHash',
    'the block is of another chain',
  );
  ensure(
    header.height === parent.height + 1n,
    'header-height',
    `the next block has height ${parent.height + 1n}`,
  );
  ensure(
    equalBytes(header.parent, hashOfOwn(parent)),
    'header-parent',
    'the block continues another chain than this one',
  );
}

const FIELDS = Object.keys(HeaderType.fields) as (keyof Header)[];

/** Whether two values are the same beyond doubt; where not, their encodings tell. */
function isSame(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  return a === b || (Array.isArray(a) && a.length === 0 && Array.isArray(b) && b.length === 0);
}

/** The wanted fields of a header must be what they are computed to be; the error names the first that is not. */
function checkHeader(given: Header, computed: Header, wanted: (name: keyof Header) => boolean): void {
  for (const name of FIELDS) {
    if (!wanted(name) || isSame(given[name], computed[name])) continue;
    const type = HeaderType.fields[name] as Type<unknown>;
    if (!equalBytes(type.serialize(given[name]), type.serialize(computed[name]))) {
      throw new LedgerError(`header-${name}`, `the header's ${name} is not what this chain computes`);
    }
  }
}

/** A refusal that says which transaction of the block it is about. */
export function inBlock(error: unknown, index: number): unknown {
  if (error instanceof LedgerError) {
    return new LedgerError(error.code, `transaction ${index}: ${error.message}`, { cause: error });
  }
  if (error instanceof ProtocolError) {
    return new ProtocolError(error.code, `transaction ${index}: ${error.message}`);
  }
  return error;
}
