import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NamedBlock } from '@sero/consensus';
import { utf8 } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import {
  type Block,
  type Bundle,
  decodeBlock,
  encodeBlock,
  encodeBundle,
  encodeExecutedBlock,
  type Header,
  headerHash,
  ProtocolError,
  type Receipt,
  transactionsRoot,
  valueOfHeader,
  witnessTransactionId,
} from '@sero/protocol';
import type { AgreementChain, BlockOrder } from '../agreement.ts';
import { settle } from '../test-support.ts';
import {
  type ConsensusLedgerOptions,
  certifiedBlock,
  createConsensusLedger,
  finalBlock,
} from './consensus-ledger.ts';
import { behind, foreignBody, GENESIS, shownChain } from './sync-test-support.ts';

const CHAIN = shownChain(6);
const NEXT = CHAIN.headers[3]!;
const BLOCK: NamedBlock = { digest: headerHash(NEXT), bytes: CHAIN.blocks[3]! };
const CERTIFICATE: Bundle = CHAIN.certificate(3n);
const ORDER = { proposer: new Uint8Array(32), period: 0, seedProof: undefined, within: 100 };

/** A ledger at block 2 of a chain; what is done with it, in order. */
function scene(change: Partial<ConsensusLedgerOptions> = {}, chainChange: Partial<AgreementChain> = {}) {
  const own = behind(CHAIN, 2);
  const told: string[] = [];
  const chain = {
    head: own.ledger.head,
    hasTransactions: () => false,
    buildTime: () => 0,
    onTransaction: () => () => undefined,
    async propose({ time }: BlockOrder): Promise<Block> {
      return { header: { ...NEXT, time }, transactions: [] };
    },
    committed: async () => {
      own.grow();
      told.push('committed');
    },
    failed: () => undefined,
    ...chainChange,
  } as AgreementChain;
  const ledger = {
    ...own.ledger,
    emptyBlock: () => decodeBlock(CHAIN.blocks[own.height() + 1]!),
    roundContext: () => undefined,
    validate: async () => undefined,
    executedBlock: () => new Uint8Array(0),
  } as unknown as ConsensusLedgerOptions['ledger'];
  const consensus = createConsensusLedger({
    ledger,
    chain,
    certificates: { put: (height) => void told.push(`certificate ${height}`), get: () => undefined },
    evidence: () => [],
    ballot: () => ({}),
    now: () => Number(CHAIN.headers[2]!.time) + GENESIS.pace.minBlockGap,
    failed: (error) => void told.push(`failed: ${(error as Error).message}`),
    ...change,
  });
  return { consensus, told, own };
}

const proposedBy = async ({ consensus }: ReturnType<typeof scene>): Promise<Header | undefined> => {
  const block = await new Promise<NamedBlock | undefined>((resolve) => consensus.propose(ORDER, resolve));
  return block === undefined ? undefined : decodeBlock(block.bytes).header;
};

const validityBy = ({ consensus }: ReturnType<typeof scene>): Promise<boolean> =>
  new Promise((resolve) => consensus.validate(BLOCK, resolve));

describe('the ledger of a participant', () => {
  it('takes for a block only bytes whose transactions are those of the header', () => {
    const { consensus } = scene();
    assert.deepEqual(consensus.read(BLOCK.bytes), {
      value: valueOfHeader(NEXT),
      height: 3n,
      time: NEXT.time,
    });
    assert.equal(consensus.read(foreignBody(NEXT)), undefined);
    assert.equal(consensus.read(BLOCK.bytes.subarray(1)), undefined);
    assert.equal(consensus.read(utf8('nothing')), undefined);
  });

  it('keeps the certificate before the block', async () => {
    const { consensus, told } = scene();
    const failure = await new Promise((resolve) => consensus.commit(BLOCK, CERTIFICATE, resolve));
    assert.equal(failure, undefined);
    assert.deepEqual(told, ['certificate 3', 'committed']);
  });

  it('commits no block without its certificate: one of another block, or one that cannot be kept', async () => {
    const other = scene();
    const otherFailure = await new Promise((resolve) =>
      other.consensus.commit(BLOCK, CHAIN.certificate(2n), resolve),
    );
    assert.ok(otherFailure instanceof Error);
    const put = () => {
      throw new Error('disk');
    };
    const full = scene({ certificates: { put, get: () => undefined } });
    const fullFailure = await new Promise((resolve) => full.consensus.commit(BLOCK, CERTIFICATE, resolve));
    assert.match(String(fullFailure), /disk/);
    assert.deepEqual([...other.told, ...full.told], []);
  });

  it('is settled when the commit that is under way has ended, well or not, whatever who waited for it throws', async () => {
    const disk = Promise.withResolvers<never>();
    const { consensus, told } = scene({}, { committed: () => disk.promise });
    consensus.commit(BLOCK, CERTIFICATE, () => {
      throw new Error('a bug');
    });
    const settled = consensus.settled().then(() => told.push('settled'));
    await settle();
    assert.deepEqual(told, ['certificate 3']);
    disk.reject(new Error('disk'));
    await settled;
    assert.deepEqual(told, ['certificate 3', 'failed: a bug', 'settled']);
  });

  it('tells a block that breaks a rule from a node that fails: the second is said, and neither is voted for', async () => {
    const refused = async (error: Error) => {
      const made = scene({ ledger: { genesis: GENESIS, validate: () => Promise.reject(error) } as never });
      return [await validityBy(made), ...made.told];
    };
    assert.deepEqual(await refused(new LedgerError('nullifier-spent', 'spent')), [false]);
    assert.deepEqual(await refused(new ProtocolError('wrong-shape', 'shape')), [false]);
    assert.deepEqual(await refused(new LedgerError('proof-unchecked', 'no verifier')), [
      false,
      'failed: no verifier',
    ]);
    assert.deepEqual(await refused(new Error('disk')), [false, 'failed: disk']);
    assert.equal(await validityBy(scene()), true);
  });

  it('is not brought down by who asked: what he throws is told', async () => {
    const { consensus, told } = scene();
    const bug = () => {
      throw new Error('a bug');
    };
    consensus.validate(BLOCK, bug);
    consensus.propose(ORDER, bug);
    await settle();
    assert.deepEqual(told, ['failed: a bug', 'failed: a bug']);
  });

  it('proposes no empty block before its time, and no block on a head that is over', async () => {
    const due = Number(CHAIN.headers[2]!.time) + GENESIS.pace.minBlockGap;
    assert.equal((await proposedBy(scene({ now: () => due })))?.time, BigInt(due));
    assert.equal(await proposedBy(scene({ now: () => due - 1 })), undefined);
    const transactions = [utf8('one')];
    const header = {
      ...NEXT,
      transactionsRoot: transactionsRoot(transactions.map((one) => witnessTransactionId(one))),
    };
    const full = scene({ now: () => due - 1 }, { propose: async () => ({ header, transactions }) });
    assert.notEqual(await proposedBy(full), undefined);
    const late = scene(
      {},
      {
        async propose() {
          late.own.grow();
          return { header, transactions };
        },
      },
    );
    assert.equal(await proposedBy(late), undefined);
  });

  it('proposes without evidence where the pool fails', async () => {
    const evidence = () => {
      throw new Error('pool');
    };
    const orders: BlockOrder[] = [];
    const made = scene(
      { evidence },
      {
        async propose(order) {
          orders.push(order);
          return { header: { ...NEXT, time: order.time }, transactions: [] };
        },
      },
    );
    assert.notEqual(await proposedBy(made), undefined);
    assert.deepEqual(orders[0]!.evidence, []);
    assert.deepEqual(made.told, ['failed: pool']);
  });

  it('has a time that is above that of the last block, whatever the clock says', () => {
    const { consensus } = scene({ now: () => 0 });
    const parent = CHAIN.headers[2]!.time;
    assert.deepEqual(consensus.times(), { parent, now: parent + 1n });
  });
});

describe('final blocks', () => {
  it('are what stands before their receipts, empty or full', () => {
    const receipt: Receipt = {
      txid: new Uint8Array(32),
      status: 1,
      failure: new Uint8Array(0),
      gasUsed: 7n,
      publicOutputs: [],
      logs: [],
    };
    for (const [transactions, receipts] of [
      [[], []],
      [[utf8('one')], [receipt]],
      [
        [utf8('one'), utf8('another')],
        [receipt, receipt],
      ],
    ] as const) {
      const block: Block = { header: NEXT, transactions: [...transactions] };
      const executed = encodeExecutedBlock({ block, receipts: [...receipts] });
      // As a view into a larger buffer, too, which is how files are read.
      const room = new Uint8Array(executed.length + 5);
      room.set(executed, 5);
      for (const bytes of [executed, room.subarray(5)]) {
        const ledger = { head: () => NEXT, executedBlock: () => bytes };
        assert.deepEqual(finalBlock(ledger, 3n), encodeBlock(block));
      }
    }
  });

  it('are undefined where there are none, and faults are faults', () => {
    const failing = (error: Error) => ({
      head: () => NEXT,
      executedBlock: () => {
        throw error;
      },
    });
    assert.equal(finalBlock(failing(new LedgerError('block-unknown', 'none')), 9n), undefined);
    assert.throws(() => finalBlock(failing(new LedgerError('store-damaged', 'damaged')), 1n), /damaged/);
  });

  it('come with the certificate that is kept of them, never with one above the head', () => {
    const block = decodeBlock(BLOCK.bytes);
    const ledger = { head: () => NEXT, executedBlock: () => encodeExecutedBlock({ block, receipts: [] }) };
    const certificates = { get: () => encodeBundle(CERTIFICATE) };
    assert.deepEqual(certifiedBlock({ ledger, certificates }, 3n), {
      block: BLOCK.bytes,
      certificate: CERTIFICATE,
    });
    for (const round of [0n, 4n, 1n << 60n]) {
      assert.equal(certifiedBlock({ ledger, certificates }, round), undefined);
    }
    assert.equal(certifiedBlock({ ledger, certificates: { get: () => undefined } }, 3n), undefined);
  });
});
