import { blake2b256, equalBytes, toHex } from '@sero/crypto';
import {
  type Block,
  type Committee,
  committeeOf,
  decodeBlock,
  encodeBlock,
  type Header,
  headerHash,
  isWholeBlock,
  nextSeed,
  type Parameters,
  type RoundContext,
  refreshHeight,
  type SeedDraw,
  type StakeRow,
  type StakeTable,
  seedHeight,
  seedInput,
  stakeTable,
  transactionsRoot,
  type VoteCrypto,
} from '@sero/protocol';
import type { BlockProposal, NamedBlock } from '../abstractions.ts';
import { thinned } from '../machine/state.ts';
import type { Mutant } from '../mutant.ts';
import { WALL_START } from './clock.ts';
import { decodeCommand, type StakeCommand } from './transactions.ts';

/** A block and what it leads to. Nodes share these: the same block on the same parent is worked out once. */
export interface ChainBlock extends NamedBlock {
  readonly header: Header;
  readonly transactions: readonly Uint8Array[];
  readonly parent: ChainBlock | undefined;
  /** Seeds and hashes of the blocks up to this one, by height. */
  readonly history: readonly { readonly seed: Uint8Array; readonly digest: Uint8Array }[];
  /** Tables by the height of the block whose state they follow from. */
  readonly tables: readonly StakeTable[];
  /** Virtual time that executing it takes, ms. */
  readonly cost: number;
}

/** The most that a block may hold: transactions, and virtual ms that they take, which stand for gas. */
export const FULL_BLOCK = { transactions: 64, cost: 2_000 } as const;

/**
 * The rules of a light chain: real headers, real seeds, real tables with their lookback, blocks whose transactions change weights and otherwise
 * only take time.
 */
export interface Chain {
  readonly parameters: Parameters;
  readonly genesisHash: Uint8Array;
  readonly genesis: ChainBlock;
  /** The facts of a round, given the last final block or any after round - seedLookback. */
  context(head: ChainBlock, round: bigint): RoundContext;
  /** The height whose block hash enters the seed of a height. */
  refreshFrom(height: bigint): bigint | undefined;
  /** What the facts of a round follow from. */
  basis(head: ChainBlock, round: bigint): Pick<RoundContext, 'seed' | 'table'>;
  /** E(r). */
  emptyBlock(head: ChainBlock): ChainBlock;
  /** A block on the head. */
  build(
    head: ChainBlock,
    proposal: Omit<BlockProposal, 'within'>,
    transactions: readonly Uint8Array[],
    time: bigint,
  ): ChainBlock;
  /** What bytes claim; undefined where they are no block. */
  read(bytes: Uint8Array): { readonly digest: Uint8Array; readonly block: Block } | undefined;
  /** The block if it holds on this head, else the rule that it breaks. */
  check(head: ChainBlock, bytes: Uint8Array): ChainBlock | string;
}

/**
 * @param rows who votes from the first round on
 * @param isBelieved everybody who judges by this chain's committees takes the mutant's quorum for the right one
 */
export function createChain(
  parameters: Parameters,
  rows: readonly StakeRow[],
  seed: Uint8Array,
  crypto: VoteCrypto,
  mutant: Mutant | undefined,
  isBelieved = false,
): Chain {
  const { stake, pace, committees } = parameters;
  const firstTable = stakeTable(rows);
  const genesisHash = blake2b256('SIM_GENESIS', seed, firstTable.root());
  const genesis = genesisBlock();
  const contexts = new Map<string, RoundContext>();
  const committeesByTotal = new Map<bigint, readonly Committee[]>();
  const readings = new WeakMap<Uint8Array, ReturnType<Chain['read']>>();
  const checked = new Map<string, ChainBlock | string>();
  const empties = new WeakMap<ChainBlock, ChainBlock>();

  function genesisBlock(): ChainBlock {
    const header: Header = {
      version: 1,
      genesisHash,
      height: 0n,
      period: 0,
      parent: new Uint8Array(32),
      time: BigInt(WALL_START),
      proposer: [],
      vrfProof: [],
      seed,
      transactionsRoot: transactionsRoot([]),
      receiptsRoot: new Uint8Array(32),
      logsBloom: new Uint8Array(256),
      stateRoot: new Uint8Array(32),
      notesRoot: new Uint8Array(32),
      validatorsRoot: firstTable.root(),
      gasUsed: 0n,
      gasLimit: 0n,
      baseFee: 0n,
      versionVote: [],
      disableVote: [],
      absent: [],
    };
    const digest = headerHash(header);
    return {
      header,
      digest,
      transactions: [],
      parent: undefined,
      bytes: encodeBlock({ header, transactions: [] }),
      history: [{ seed, digest }],
      tables: [firstTable],
      cost: 0,
    };
  }

  function committeesFor(total: bigint): readonly Committee[] {
    const known = committeesByTotal.get(total);
    if (known !== undefined) return known;
    const byStep = Array.from({ length: 256 }, (_, step) =>
      thinned(committeeOf(committees, step, total), isBelieved ? mutant : undefined),
    );
    committeesByTotal.set(total, byStep);
    return byStep;
  }

  /** The table for a round, from the state after the block balanceLookback before it. */
  function tableFor(head: ChainBlock, round: bigint): StakeTable {
    const height = round > stake.balanceLookback ? round - stake.balanceLookback : 0n;
    return head.tables[Number(height)]!;
  }

  function refreshFrom(height: bigint): bigint | undefined {
    // The mutants: contents of the parent, which its proposer has just chosen, instead of those of long ago; always, or only now and then, too.
    const from = mutant === 'seed-lookback' ? height : refreshHeight(stake, height);
    const isRecent = mutant === 'seed-lookback' || mutant === 'seed-refresh';
    return from !== undefined && isRecent ? height - 1n : from;
  }

  function seedOf(head: ChainBlock, draw: SeedDraw | undefined): Uint8Array {
    const height = head.header.height + 1n;
    const from = refreshFrom(height);
    return nextSeed(
      head.history[Number(seedHeight(stake, height))]!.seed,
      draw,
      from === undefined ? undefined : head.history[Number(from)]!.digest,
    );
  }

  function changedTable(table: StakeTable, commands: readonly StakeCommand[]): StakeTable {
    const changes = commands.filter(({ kind }) => kind === 'weight');
    if (changes.length === 0) return table;
    const weights = new Map(changes.map(({ row, weight }) => [row, BigInt(weight)]));
    return stakeTable(table.rows.map((row, i) => ({ ...row, weight: weights.get(i) ?? row.weight })));
  }

  function onto(
    head: ChainBlock,
    proposal: Pick<BlockProposal, 'proposer' | 'period' | 'seedProof'> | undefined,
    transactions: readonly Uint8Array[],
    time: bigint,
  ): ChainBlock {
    const commands = transactions.map(decodeCommand);
    const table = changedTable(head.tables.at(-1)!, commands);
    const root = rootOf(transactions);
    const proof = proposal?.seedProof;
    const draw =
      proposal === undefined || proof === undefined
        ? undefined
        : { proposer: proposal.proposer, output: crypto.vrf.outputOf(proof) };
    const ownSeed = seedOf(head, draw);
    const header: Header = {
      ...genesis.header,
      height: head.header.height + 1n,
      period: proposal?.period ?? 0,
      parent: head.digest,
      time,
      proposer: proposal === undefined ? [] : [proposal.proposer],
      vrfProof: proof === undefined ? [] : [proof],
      seed: ownSeed,
      transactionsRoot: root,
      stateRoot: blake2b256('SIM_STATE', head.header.stateRoot, root),
      validatorsRoot: table.root(),
    };
    const digest = headerHash(header);
    let encoded: Uint8Array | undefined;
    return {
      header,
      digest,
      transactions,
      parent: head,
      get bytes() {
        if (encoded === undefined) {
          const block = { header, transactions: [...transactions] };
          encoded = encodeBlock(block);
          readings.set(encoded, { digest, block });
        }
        return encoded;
      },
      history: [...head.history, { seed: ownSeed, digest }],
      tables: [...head.tables, table],
      cost: commands.reduce((sum, { cost }) => sum + cost, 0),
    };
  }

  /** The rule that a block breaks, cheapest first. */
  function fault(head: ChainBlock, { header, transactions }: Block): string | undefined {
    const [proposer] = header.proposer;
    const [proof] = header.vrfProof;
    if (!equalBytes(header.parent, head.digest)) return 'parent';
    if (header.height !== head.header.height + 1n) return 'height';
    if (proposer === undefined) return 'proposer-missing';
    if (header.time <= head.header.time) return 'time';
    if (transactions.length === 0 && header.time < head.header.time + BigInt(pace.minBlockGap)) return 'gap';
    if (transactions.length > FULL_BLOCK.transactions) return 'transactions';
    const commands = transactions.map(decodeCommand);
    if (commands.some(({ kind }) => kind === 'invalid')) return 'transaction';
    if (commands.reduce((sum, { cost }) => sum + cost, 0) > FULL_BLOCK.cost) return 'cost';
    const row = tableFor(head, header.height).row(proposer);
    if (row === undefined) return 'proposer';
    if ((proof === undefined) !== header.period > 0) return 'proof';
    if (proof === undefined) return undefined;
    const before = head.history[Number(seedHeight(stake, header.height))]!.seed;
    const input = seedInput(genesisHash, before, header.height);
    const isProven = mutant === 'seed-proof' || crypto.vrf.verify(row.vrfKey, input, proof) !== undefined;
    return isProven ? undefined : 'proof';
  }

  const chain: Chain = {
    parameters,
    genesisHash,
    genesis,

    refreshFrom,

    basis: (head, round) => ({
      seed: head.history[Number(seedHeight(stake, round))]!.seed,
      table: tableFor(head, round),
    }),

    context(head, round) {
      const { seed: roundSeed, table } = chain.basis(head, round);
      const key = `${round}/${toHex(roundSeed)}/${toHex(table.root())}`;
      const known = contexts.get(key);
      if (known !== undefined) return known;
      const byStep = committeesFor(table.total);
      const context: RoundContext = {
        genesisHash,
        round,
        seed: roundSeed,
        table,
        committees: (step) => byStep[step]!,
      };
      contexts.set(key, context);
      return context;
    },

    emptyBlock(head) {
      const known = empties.get(head) ?? onto(head, undefined, [], head.header.time + 1n);
      empties.set(head, known);
      return known;
    },

    build: (head, proposal, transactions, time) => onto(head, proposal, transactions, time),

    read(bytes) {
      if (readings.has(bytes)) return readings.get(bytes);
      let reading: ReturnType<Chain['read']>;
      try {
        const block = decodeBlock(bytes);
        // Other transactions under an honest header are no spelling of its block.
        const isWhole = mutant === 'body' || isWholeBlock(block, idOf);
        reading = isWhole ? { digest: headerHash(block.header), block } : undefined;
      } catch {
        reading = undefined;
      }
      readings.set(bytes, reading);
      return reading;
    },

    check(head, bytes) {
      const reading = chain.read(bytes);
      if (reading === undefined) return 'encoding';
      const { digest, block } = reading;
      if (equalBytes(digest, chain.emptyBlock(head).digest)) return chain.emptyBlock(head);
      const key = [head.digest, digest, rootOf(block.transactions)].map(toHex).join();
      const known = checked.get(key);
      if (known !== undefined) return known;
      const broken = fault(head, block);
      let result: ChainBlock | string = broken ?? 'header';
      if (broken === undefined) {
        const { period, time, proposer, vrfProof } = block.header;
        const own = onto(
          head,
          { proposer: proposer[0]!, period, seedProof: vrfProof[0] },
          block.transactions,
          time,
        );
        if (equalBytes(own.digest, digest)) result = own;
      }
      checked.set(key, result);
      return result;
    },
  };
  return chain;
}

/** Name of a transaction. */
function idOf(transaction: Uint8Array): Uint8Array {
  return blake2b256('SIM_TX', transaction);
}

function rootOf(transactions: readonly Uint8Array[]): Uint8Array {
  return transactionsRoot(transactions.map(idOf));
}
