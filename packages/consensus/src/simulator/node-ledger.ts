import { equalBytes, toHex } from '@sero/crypto';
import type { Bundle } from '@sero/protocol';
import type { CertifiedBlock, ConsensusLedger, NamedBlock } from '../abstractions.ts';
import type { Later } from '../memory-disk.ts';
import { type Chain, type ChainBlock, FULL_BLOCK } from './chain.ts';
import { decodeCommand } from './transactions.ts';

/** Whose the empty block is. */
const NOBODY = new Uint8Array(32);

/** A node's copy of the chain. */
export interface NodeLedger extends ConsensusLedger {
  readonly head: () => ChainBlock;
  /** Final blocks by height. */
  readonly blocks: () => readonly ChainBlock[];
  addTransaction(transaction: Uint8Array): void;
  /** Transactions that no final block has. */
  waiting(): readonly Uint8Array[];
  /** The machine starts. Default: nothing is to be done. */
  open?(): void;
  /** The machine stops: of a block that is being written all stays or nothing. */
  crash(isKept: () => boolean): void;
}

/** What a node's ledger needs of its machine. */
export interface Machine {
  /** Wall clock, ms. */
  readonly now: () => number;
  /** What takes time; nothing comes of it if the machine stops before. */
  readonly work: (ms: number, done: () => void) => void;
  readonly sync: Later;
  /** Told of a block before it is final. */
  readonly committing: (block: ChainBlock | string, certificate: Bundle) => void;
}

export function createNodeLedger(chain: Chain, machine: Machine): NodeLedger {
  const blocks: ChainBlock[] = [chain.genesis];
  const certified: (CertifiedBlock | undefined)[] = [undefined];
  const mempool = new Map<number, Uint8Array>();
  const executed = new Set<string>();
  let writing: { block: ChainBlock; certificate: Bundle } | undefined;

  const head = (): ChainBlock => blocks[blocks.length - 1]!;

  function keep(block: ChainBlock, certificate: Bundle): void {
    blocks.push(block);
    certified.push({ block: block.bytes, certificate });
    writing = undefined;
    executed.clear();
    for (const transaction of block.transactions) mempool.delete(decodeCommand(transaction).id);
  }

  function time(): bigint {
    const now = BigInt(machine.now());
    const least = head().header.time + 1n;
    return now > least ? now : least;
  }

  /** Executes a block, from memory if it was done before. */
  function execute(block: NamedBlock, done: (result: ChainBlock | string) => void): void {
    const parent = head();
    const key = toHex(block.digest);
    const result = chain.check(parent, block.bytes);
    const cost = typeof result === 'string' || executed.has(key) ? 0 : result.cost;
    const answer = (): void => {
      if (head() === parent) executed.add(key);
      done(head() === parent ? result : 'parent');
    };
    if (cost === 0) answer();
    else machine.work(cost, answer);
  }

  return {
    head,
    blocks: () => blocks,
    height: () => head().header.height,
    emptyBlock: () => chain.emptyBlock(head()),
    context: (round) => chain.context(head(), round),
    hasTransactions: () => mempool.size > 0,
    buildTime: () => 0,
    times: () => ({ parent: head().header.time, now: time() }),

    addTransaction(transaction) {
      mempool.set(decodeCommand(transaction).id, transaction);
    },

    waiting: () => [...mempool.values()],

    propose({ within, ...proposal }, done) {
      const parent = head();
      const taken: Uint8Array[] = [];
      let cost = 0;
      for (const transaction of mempool.values()) {
        const more = decodeCommand(transaction).cost;
        if (taken.length === FULL_BLOCK.transactions || cost + more > within) break;
        taken.push(transaction);
        cost += more;
      }
      const now = time();
      machine.work(cost, () => {
        const isTooEarly =
          taken.length === 0 && now < parent.header.time + BigInt(chain.parameters.pace.minBlockGap);
        if (head() !== parent || isTooEarly) return done(undefined);
        const block = chain.build(parent, proposal, taken, now);
        executed.add(toHex(block.digest));
        done(block);
      });
    },

    read(bytes) {
      const reading = chain.read(bytes);
      if (reading === undefined) return undefined;
      const { height, time: claimed, period, proposer } = reading.block.header;
      const value = { period, proposer: proposer[0] ?? NOBODY, digest: reading.digest };
      return { value, height, time: claimed };
    },

    validate: (block, done) => execute(block, (result) => done(typeof result !== 'string')),

    commit(block, certificate, done) {
      execute(block, (result) => {
        machine.committing(result, certificate);
        if (typeof result === 'string') return done(new Error(`a certified block does not hold: ${result}`));
        const isItsOwn = equalBytes(certificate.value.digest, result.digest);
        if (!isItsOwn) return done(new Error('a certificate of another block'));
        const mine = { block: result, certificate };
        writing = mine;
        machine.sync(() => {
          if (writing !== mine) return;
          keep(result, certificate);
          done();
        });
      });
    },

    certified: (round) => certified[Number(round)],

    crash(isKept) {
      if (writing !== undefined && isKept()) keep(writing.block, writing.certificate);
      writing = undefined;
      executed.clear();
      mempool.clear();
    },
  };
}
