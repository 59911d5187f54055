import { equalBytes } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import {
  hashEd25519,
  hashVrf,
  type NetworkOptions,
  type Participant,
  participant,
  SEED,
  startNetwork,
  type TestNetwork,
} from '@sero/ledger/test/participants';
import {
  type Block,
  type Bundle,
  decodeBlock,
  encodeBlock,
  headerHash,
  isWholeBlock,
  type Parameters,
  ProtocolError,
  type RoundContext,
} from '@sero/protocol';
import { type KeyValueStore, memoryLog, memoryStore } from '@sero/store';
import type { CertifiedBlock, NamedBlock } from '../../abstractions.ts';
import type { Chain, ChainBlock } from '../chain.ts';
import { WALL_START } from '../clock.ts';
import type { Foundation } from '../foundation.ts';
import type { Machine, NodeLedger } from '../node-ledger.ts';
import type { Schedule } from '../schedule.ts';
import { Violation } from '../violation.ts';

/** Nodes on real ledgers: whatever a block does is worked out by @sero/ledger, with doubles for proofs and keys. */
export interface RealFoundation extends Foundation {
  /** Genesis' participants, by the number of their records. */
  readonly participants: readonly Participant[];
  /** The node's ledger as it is open now. */
  readonly chainOf: (node: number) => TestNetwork;
  /** Transactions that a node puts into its next blocks beside those that wait, made anew for each head. */
  readonly pending: Map<number, (chain: TestNetwork) => readonly Uint8Array[]>;
  /** Called when a node begins to write a final block. */
  onWriting: ((node: number) => void) | undefined;
  /** Crashes in which the log of blocks had the block and the state had not. */
  tornCommits(): number;
}

const NOBODY = new Uint8Array(32);

/** Nobody forges transactions here. */
const TRUSTING: NonNullable<NetworkOptions['signatures']> = {
  verifyBatch: async (items) => items.map(() => true),
};

/** Virtual time that building or executing a block takes, ms. */
const COST = 10;

/** Most transactions of a block. */
const MOST_TRANSACTIONS = 8;

export function realFoundation(parameters: Parameters): RealFoundation {
  const participants: Participant[] = [];
  const networks: TestNetwork[] = [];
  const pending: RealFoundation['pending'] = new Map();
  const contexts = new Map<bigint, RoundContext>();
  let torn = 0;

  /** What all nodes open their ledgers with. */
  const common = (): NetworkOptions => ({
    participants,
    signatures: TRUSTING,
    genesis: { stake: parameters.stake, time: BigInt(WALL_START), seed: SEED },
  });

  /** A round's facts, which all nodes must agree on. */
  function agreed(context: RoundContext): RoundContext {
    const known = contexts.get(context.round);
    if (known === undefined) {
      contexts.set(context.round, context);
      return context;
    }
    const isSame =
      equalBytes(known.seed, context.seed) && equalBytes(known.table.root(), context.table.root());
    if (!isSame) throw new Violation('fork', `round ${context.round}: other facts`);
    return known;
  }

  function openStore(): { store: KeyValueStore; fail: () => void; mend: () => void } {
    const store = memoryStore();
    let isBroken = false;
    return {
      store: {
        ...store,
        write(changes) {
          if (isBroken) throw new Error('the machine stopped');
          store.write(changes);
        },
      },
      fail: () => {
        isBroken = true;
      },
      mend: () => {
        isBroken = false;
      },
    };
  }

  function openNode(machine: Machine, node: number, schedule: Schedule): NodeLedger {
    const disk = openStore();
    const blockLog = memoryLog();
    const open = (): TestNetwork => startNetwork({ ...common(), store: disk.store, blocks: blockLog });
    let network = open();
    networks[node] = network;
    const blocks: ChainBlock[] = [genesisOf(network)];
    const certified: (CertifiedBlock | undefined)[] = [undefined];
    const mempool = new Map<string, Uint8Array>();
    const verdicts = new Map<string, string | undefined>();
    let life = 0;
    let writing: { block: ChainBlock; certificate: Bundle; isApplied: boolean } | undefined;
    let empty: { readonly at: ChainBlock; readonly block: ChainBlock } | undefined;

    const head = (): ChainBlock => blocks[blocks.length - 1]!;

    function keep(block: ChainBlock, certificate: Bundle): void {
      const { ledger } = network;
      const isItsRoot = equalBytes(ledger.stateRoot(), block.header.stateRoot);
      if (ledger.head().height !== block.header.height || !isItsRoot) {
        throw new Violation('fork', `node ${node}: the state is not that of block ${block.header.height}`);
      }
      blocks.push(block);
      certified.push({ block: block.bytes, certificate });
      writing = undefined;
      verdicts.clear();
      for (const transaction of block.transactions) mempool.delete(transaction.join());
    }

    /** The rule that a block breaks on this head. */
    function validate(bytes: Uint8Array, done: (fault: string | undefined) => void): void {
      const key = `${head().digest.join()}/${bytes.join()}`;
      if (verdicts.has(key)) {
        done(verdicts.get(key));
        return;
      }
      const born = life;
      schedule.hold(network.ledger.validate(bytes), (result) => {
        const fault = result.status === 'fulfilled' ? undefined : codeIn(result.reason);
        if (born !== life) return;
        machine.work(COST, () => {
          verdicts.set(key, fault);
          done(fault);
        });
      });
    }

    function time(): bigint {
      const now = BigInt(machine.now());
      const least = head().header.time + 1n;
      return now > least ? now : least;
    }

    return {
      head,
      blocks: () => blocks,
      height: () => head().header.height,
      emptyBlock() {
        if (empty?.at !== head()) empty = { at: head(), block: named(network.ledger.emptyBlock()) };
        return empty.block;
      },
      context: (round) => agreed(network.ledger.roundContext(round)!),
      hasTransactions: () => mempool.size > 0 || (pending.get(node)?.(network) ?? []).length > 0,
      buildTime: () => 0,
      times: () => ({ parent: head().header.time, now: time() }),
      addTransaction: (transaction) => void mempool.set(transaction.join(), transaction),
      waiting: () => [...mempool.values()],

      propose({ proposer, period, seedProof }, done) {
        const parent = head();
        const born = life;
        const now = time();
        const offered = [...(pending.get(node)?.(network) ?? []), ...mempool.values()].slice(
          0,
          MOST_TRANSACTIONS,
        );
        const proof = seedProof === undefined ? {} : { vrfProof: seedProof };
        schedule.hold(network.ledger.propose(offered, now, { proposer, period, ...proof }), (result) => {
          if (born !== life || head() !== parent) return done(undefined);
          // Who is not in the table any more proposes nothing.
          if (result.status === 'rejected') return done(void codeIn(result.reason));
          const { block, rejected } = result.value;
          for (const { index } of rejected) mempool.delete(offered[index]!.join());
          const isTooEarly =
            block.transactions.length === 0 && now < parent.header.time + BigInt(parameters.pace.minBlockGap);
          machine.work(COST, () => done(isTooEarly || head() !== parent ? undefined : named(block)));
        });
      },

      read(bytes) {
        const block = readBlock(bytes)?.block;
        if (block === undefined) return undefined;
        const { height, time: claimed, period, proposer } = block.header;
        const value = { period, proposer: proposer[0] ?? NOBODY, digest: headerHash(block.header) };
        return { value, height, time: claimed };
      },

      validate: ({ bytes }, done) => validate(bytes, (fault) => done(fault === undefined)),

      commit({ bytes }: NamedBlock, certificate, done) {
        validate(bytes, (fault) => {
          const block = fault === undefined ? named(decodeBlock(bytes)) : undefined;
          machine.committing(block ?? fault!, certificate);
          if (block === undefined) return done(new Error(`a certified block does not hold: ${fault}`));
          if (!equalBytes(certificate.value.digest, block.digest)) {
            return done(new Error('a certificate of another block'));
          }
          const mine = { block, certificate, isApplied: false };
          const born = life;
          writing = mine;
          foundation.onWriting?.(node);
          machine.sync(() => {
            if (writing !== mine || born !== life) return;
            mine.isApplied = true;
            schedule.hold(network.ledger.apply(bytes), (result) => {
              if (born !== life) return;
              if (result.status === 'rejected') throw result.reason;
              keep(block, certificate);
              done();
            });
          });
        });
      },

      certified: (round) => certified[Number(round)],

      crash(isKept) {
        life++;
        mempool.clear();
        verdicts.clear();
        if (writing === undefined || writing.isApplied || !isKept()) return;
        // The log of blocks has it; the state has it as well, or not.
        if (isKept()) {
          disk.fail();
          torn++;
        }
        schedule.hold(network.ledger.apply(writing.block.bytes), () => undefined);
      },

      open() {
        if (life === 0) return;
        disk.mend();
        network = open();
        networks[node] = network;
        const { height } = network.ledger.head();
        if (writing !== undefined && writing.block.header.height === height) {
          keep(writing.block, writing.certificate);
        }
        writing = undefined;
        if (head().header.height !== height) {
          throw new Violation('height-fell', `node ${node} opened at ${height}, not ${head().header.height}`);
        }
      },
    };
  }

  const foundation: RealFoundation = {
    onWriting: undefined,
    crypto: { vrf: hashVrf, ed25519: hashEd25519 },
    participants,
    pending,
    chainOf: (node) => networks[node]!,
    tornCommits: () => torn,

    register(number, { vrfKey, voteRoot, weight }) {
      const made = participant(number, { vrfKey, voteRoot, units: weight });
      participants.push(made);
      return made.id;
    },

    build(schedule) {
      const first = startNetwork(common());
      return {
        chain: chainOn(first, parameters, contexts),
        openLedger: (machine, node) => openNode(machine, node, schedule),
      };
    },
  };
  return foundation;
}

/** What the world asks of a chain beside the nodes' ledgers: what all of them have agreed on. */
function chainOn(
  first: TestNetwork,
  parameters: Parameters,
  contexts: ReadonlyMap<bigint, RoundContext>,
): Chain {
  const elsewhere = (): never => {
    throw new Error('the nodes of this world have ledgers of their own');
  };
  const context = (_: ChainBlock, round: bigint): RoundContext =>
    contexts.get(round) ?? first.ledger.roundContext(round)!;
  return {
    parameters,
    genesisHash: first.ledger.genesisHash,
    genesis: genesisOf(first),
    context,
    refreshFrom: elsewhere,
    basis: context,
    emptyBlock: elsewhere,
    build: elsewhere,
    read: readBlock,
    check: elsewhere,
  };
}

function genesisOf({ ledger }: TestNetwork): ChainBlock {
  return named({ header: ledger.head(), transactions: [] });
}

function named(block: Block): ChainBlock {
  const { header, transactions } = block;
  const digest = headerHash(header);
  const bytes = encodeBlock(block);
  return { header, digest, bytes, transactions, parent: undefined, history: [], tables: [], cost: COST };
}

function readBlock(bytes: Uint8Array): { digest: Uint8Array; block: Block } | undefined {
  try {
    const block = decodeBlock(bytes);
    return isWholeBlock(block) ? { digest: headerHash(block.header), block } : undefined;
  } catch (error) {
    codeIn(error);
    return undefined;
  }
}

/** The rule behind a refusal. Throws what is none. */
function codeIn(error: unknown): string {
  if (error instanceof LedgerError || error instanceof ProtocolError) return error.code;
  throw error;
}
