import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fieldToBytes, toHex } from '@sero/crypto';
import {
  assetId,
  decodeExecutedBlock,
  encodeExecutedBlock,
  headerHash,
  name32,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import { startAt } from './birthday.ts';
import type { ChainSource, ListedAsset } from './chain-source.ts';
import type { WalletErrorCode } from './errors.ts';
import { memoryWalletStore } from './store.ts';
import { type SyncProgress, syncWallet } from './sync.ts';
import {
  ALICE,
  BOB,
  CAROL,
  openOn,
  refusal,
  type TestChain,
  testChain,
  transaction,
  view,
} from './test-support.ts';

const hashOf = (bytes: Uint8Array): Uint8Array => headerHash(decodeExecutedBlock(bytes.slice()).block.header);

/** An honest node of a chain: a few blocks an answer, whatever is asked for. */
function honest(chain: TestChain, most = 1_000): ChainSource {
  return {
    async status() {
      const bytes = chain.blocks.at(-1)!;
      const height = BigInt(chain.blocks.length - 1);
      return { genesisHash: chain.genesisHash, head: { height, hash: hashOf(bytes), notes: 0n } };
    },
    async blocks(from, limit) {
      const count = Math.min(limit, most);
      return { from, blocks: chain.blocks.slice(Number(from), Number(from) + count) };
    },
    treeState: async (height) => chain.treeState(height),
    assets: async () => ({ assets: [], next: null }),
  };
}

/** The node, and the names and arguments of what it is asked. */
function recorded(source: ChainSource): { source: ChainSource; requests: string[] } {
  const requests: string[] = [];
  const noted =
    <A extends unknown[], R>(name: string, call: (...parameters: A) => R) =>
    (...parameters: A): R => {
      const said = parameters.filter((item) => item !== undefined && !(item instanceof AbortSignal));
      requests.push(
        `${name}(${said.map((item) => (item instanceof Uint8Array ? toHex(item) : item)).join(', ')})`,
      );
      return call(...parameters);
    };
  return {
    requests,
    source: {
      status: noted('status', source.status),
      blocks: noted('blocks', source.blocks),
      treeState: noted('treeState', source.treeState),
      assets: noted('assets', source.assets),
    },
  };
}

const BLOCKS = 600;
const SHORT = 50;

describe('reading the chain from a node', () => {
  let chain: TestChain;
  let other: TestChain;
  /** The first blocks of the chain, for wallets that are lied to. */
  let short: TestChain;
  before(async () => {
    chain = testChain();
    const alice = await openOn(chain, ALICE);
    const pay = { type: 'pay', to: BOB.proof.viewing.address, asset: SERO_ASSET, amount: SERO_UNIT } as const;
    for (let height = 1; height < BLOCKS; height++) {
      const busy = height === 3 || height === 599;
      await alice.addBlock(chain.add(busy ? [await transaction(alice, ALICE, pay)] : []));
    }
    other = testChain();
    for (let height = 1; height < SHORT; height++) other.add();
    short = { ...chain, blocks: chain.blocks.slice(0, SHORT) };
  });

  const opened = (key = ALICE) => openOn(chain, key, { blocks: [] });

  it('gives the wallet that was handed every block, in ranges that begin at multiples of 256', async () => {
    const { source, requests } = recorded(honest(chain));
    const wallet = await opened();
    const reached = await syncWallet(wallet, source);
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
    assert.deepEqual(reached, { height: 599n, hash: hashOf(chain.blocks[599]!) });
    assert.deepEqual(requests, ['status()', 'blocks(0, 256)', 'blocks(256, 256)', 'blocks(512, 256)']);
  });

  it('takes answers as short as a node likes, and asks on from where they end', async () => {
    const { source, requests } = recorded(honest(chain, 100));
    const wallet = await opened(BOB);
    await syncWallet(wallet, source);
    assert.deepEqual(view(wallet), view(await openOn(chain, BOB)));
    assert.deepEqual(requests.slice(1, 5), [
      'blocks(0, 256)',
      'blocks(100, 156)',
      'blocks(200, 56)',
      'blocks(256, 256)',
    ]);
  });

  it('asks for the next range while it scans this one, and for none beyond it', async () => {
    const events: string[] = [];
    const inner = honest(chain);
    const wallet = await opened();
    await syncWallet(
      wallet,
      {
        ...inner,
        blocks: (from, limit) => {
          events.push(`ask ${from}`);
          return inner.blocks(from, limit);
        },
      },
      { onProgress: ({ height }) => events.push(`read ${height}`) },
    );
    assert.deepEqual(events, ['ask 0', 'ask 256', 'read 255', 'ask 512', 'read 511', 'read 599']);
  });

  it('goes on from where it was aborted, at any batch', async () => {
    const store = memoryWalletStore();
    const stop = new AbortController();
    const onProgress = ({ height }: SyncProgress): void => {
      if (height > 300n) stop.abort(new Error('enough'));
    };
    const wallet = await openOn(chain, ALICE, { store, blocks: [] });
    const brief = honest(chain, 100);
    await assert.rejects(syncWallet(wallet, brief, { onProgress, signal: stop.signal }), /enough/);
    assert.equal(wallet.tip()?.header.height, 355n);
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(view(again), view(wallet), 'what was read is kept');
    const { source, requests } = recorded(honest(chain));
    await syncWallet(again, source);
    assert.equal(requests[1], 'blocks(356, 156)');
    assert.deepEqual(view(again), view(await openOn(chain, ALICE)));
    const aborted = AbortSignal.abort(new Error('never'));
    await assert.rejects(syncWallet(again, honest(chain), { signal: aborted }), /never/);
  });

  it('stops what is on its way when it is aborted or a range fails', async () => {
    const inner = honest(chain);
    const signals: AbortSignal[] = [];
    const source: ChainSource = {
      ...inner,
      blocks: (from, limit, signal) => {
        signals.push(signal!);
        if (from === 0n) return inner.blocks(from, limit);
        return from === 256n ? Promise.reject(new Error('connection lost')) : new Promise(() => undefined);
      },
    };
    const wallet = await opened();
    await assert.rejects(syncWallet(wallet, source), /connection lost/);
    assert.equal(wallet.tip()?.header.height, 255n, 'the range before it is kept');
    assert.ok(signals.every(({ aborted }) => aborted));
  });

  it('says height, head, rates and the time left', async () => {
    const seen: SyncProgress[] = [];
    let clock = 0;
    const wallet = await opened();
    const now = (): number => (clock += 1_000);
    await syncWallet(wallet, honest(chain), { onProgress: (progress) => seen.push(progress), now });
    assert.deepEqual(seen.at(-1), {
      height: 599n,
      tip: 599n,
      blocksPerSecond: 600 / 3,
      outputsPerSecond: 7 / 3,
      secondsLeft: 0,
    });
    assert.ok(seen.slice(0, -1).every(({ secondsLeft }) => secondsLeft > 0));
  });

  it('never shows a balance without the height it is of, nor calls itself current before it is', async () => {
    const wallet = await opened();
    assert.deepEqual(wallet.syncState(), {
      height: undefined,
      time: undefined,
      target: undefined,
      current: false,
    });
    const states: boolean[] = [];
    await syncWallet(wallet, honest(chain), { onProgress: () => states.push(wallet.syncState().current) });
    assert.deepEqual(states.slice(-2), [false, true]);
    const { height, target, current } = wallet.syncState();
    assert.deepEqual([height, target, current], [599n, 599n, true]);
    wallet.expectHead(600n);
    assert.equal(wallet.syncState().current, false);
    const again = await openOn(chain, ALICE);
    assert.equal(again.syncState().current, false, 'a wallet that was just opened does not know of a head');
  });

  /** Syncs from a liar: refused with this code, and an honest node can go on from what was read. */
  async function refused(lie: Partial<ChainSource>, code: WalletErrorCode, readBefore = 0): Promise<void> {
    const wallet = await openOn(short, ALICE, { blocks: short.blocks.slice(0, readBefore) });
    await assert.rejects(syncWallet(wallet, { ...honest(short), ...lie }), refusal(code));
    await syncWallet(wallet, honest(short));
    assert.equal(wallet.tip()?.header.height, 49n);
  }

  it('of another network is refused, in the status and in the blocks', async () => {
    const foreign = testChain([{ key: ALICE, value: 5n }]);
    await refused({ status: honest(foreign).status }, 'node-other-network');
    await refused({ blocks: honest(foreign).blocks }, 'node-other-network');
  });

  it('that is shorter than what was read, or ends in another block, is refused before anything is asked', async () => {
    const status = async (height: bigint, hash: Uint8Array) => ({
      genesisHash: chain.genesisHash,
      head: { height, hash, notes: 0n },
    });
    await refused({ status: () => status(8n, hashOf(short.blocks[8]!)) }, 'node-behind', 10);
    await refused({ status: () => status(9n, hashOf(short.blocks[8]!)) }, 'node-other-chain', 10);
  });

  it('whose blocks do not follow, or lead to another head than it said, is refused', async () => {
    await refused({ blocks: honest(other).blocks }, 'node-other-chain', 10);
    const { status } = honest(short);
    const lie = async () => {
      const said = await status();
      return { ...said, head: { ...said.head, hash: new Uint8Array(32) } };
    };
    await refused({ status: lie }, 'node-other-chain');
    const shorter = async () => ({
      ...(await status()),
      head: { height: 40n, hash: new Uint8Array(32), notes: 0n },
    });
    await refused({ status: shorter }, 'node-other-chain');
  });

  it('with empty answers, more than was asked for, or another range is refused', async () => {
    const { blocks } = honest(short);
    await refused({ blocks: async (from) => ({ from, blocks: [] }) }, 'node-answer-invalid');
    await refused(
      { blocks: async (from) => ({ from, blocks: chain.blocks.slice(0, 257) }) },
      'node-answer-invalid',
    );
    await refused(
      { blocks: async (from, limit) => ({ ...(await blocks(from, limit)), from: from + 1n }) },
      'node-answer-invalid',
    );
  });

  it('that promises a chain without end and has none is refused where its blocks end', async () => {
    const said = await honest(short).status();
    const status = async () => ({ ...said, head: { ...said.head, height: 1n << 60n } });
    await refused({ status }, 'node-answer-invalid');
  });

  it('with damaged blocks is refused; the blocks before them stay', async () => {
    const cut = short.blocks.map((bytes, height) => (height === 40 ? bytes.slice(0, -1) : bytes));
    const altered = short.blocks.map((bytes, height) => {
      if (height !== 40) return bytes;
      const { block, receipts } = decodeExecutedBlock(bytes.slice());
      return encodeExecutedBlock({
        block: { ...block, header: { ...block.header, notesRoot: fieldToBytes(4n) } },
        receipts,
      });
    });
    for (const blocks of [cut, altered]) {
      const wallet = await opened();
      const source = honest({ ...short, blocks });
      await assert.rejects(syncWallet(wallet, source), refusal('node-answer-invalid'));
      assert.equal(wallet.tip()?.header.height, 39n);
    }
  });

  it('asks the same of two wallets, whatever is in them: a busy one and one that has nothing', async () => {
    const asked: string[][] = [];
    for (const key of [ALICE, CAROL]) {
      const { source, requests } = recorded(honest(chain, 100));
      await syncWallet(await opened(key), source);
      asked.push(requests);
    }
    assert.deepEqual(asked[0], asked[1]);
  });
});

describe('a wallet’s birthday', () => {
  let chain: TestChain;
  before(() => {
    chain = testChain();
    for (let height = 1; height < 530; height++) chain.add();
  });

  const token = (name: string, height: bigint, change: Partial<ListedAsset> = {}): ListedAsset => {
    const asset = { kind: 1, name32: name32(name), supply: 5n, height, ...change };
    const id = assetId(chain.genesis.chainId, asset.kind === 2 ? 2 : 1, asset.name32);
    return { asset: fieldToBytes(id), ...asset, ...change };
  };

  it('is rounded down to the checkpoint before it: the node learns no more', async () => {
    const wanted: [bigint, string[]][] = [
      [0n, []],
      [255n, []],
      [256n, ['status()', 'treeState(256)', 'assets(1000)']],
      [511n, ['status()', 'treeState(256)', 'assets(1000)']],
      [512n, ['status()', 'treeState(512)', 'assets(1000)']],
    ];
    for (const [birthday, expected] of wanted) {
      const { source, requests } = recorded(honest(chain));
      const start = await startAt(source, chain.genesis, birthday);
      assert.deepEqual(requests, expected);
      assert.equal(start?.height, expected.length === 0 ? undefined : birthday - (birthday % 256n));
    }
  });

  it('begins with the names of assets that were registered until then, from every page of the table', async () => {
    const pages = [
      {
        assets: [token('OLD', 3n), token('CATEGORY', 5n, { kind: 2, supply: 0n })],
        next: new Uint8Array([1]),
      },
      { assets: [token('NEW', 257n), token('?', 9n, { kind: 2, supply: 1n })], next: null },
    ];
    const source = {
      ...honest(chain),
      assets: async (from?: Uint8Array) => pages[from === undefined ? 0 : 1]!,
    };
    const start = await startAt(source, chain.genesis, 300n);
    const wallet = await openOn(chain, BOB, { start: start!, blocks: [] });
    assert.deepEqual(
      ['OLD', 'CATEGORY', 'NEW', '?'].map((name) => wallet.asset(name)?.supply),
      [5n, 0n, undefined, undefined],
    );
    assert.equal(start?.assets?.length, 3, 'the ticket is known by its number');
    await syncWallet(wallet, honest(chain));
    assert.equal(wallet.tip()?.header.height, 529n);
  });

  async function refused(lie: Partial<ChainSource>): Promise<void> {
    const source = { ...honest(chain), ...lie };
    await assert.rejects(startAt(source, chain.genesis, 300n), refusal('node-answer-invalid'));
  }

  it('is not moved forward by a node: money between would be hidden', async () => {
    await refused({ treeState: async () => chain.treeState(512n) });
  });

  it('is not moved back by a node either: the checkpoint is the one that was asked for', async () => {
    await refused({ treeState: async () => chain.treeState(0n) });
  });

  it('after the chain’s end is refused: a network that was begun anew would hide what it holds', async () => {
    const last = await startAt(honest(chain), chain.genesis, 529n);
    assert.equal(last?.height, 512n);
    for (const birthday of [530n, 1_000n]) {
      await assert.rejects(startAt(honest(chain), chain.genesis, birthday), refusal('node-behind'));
    }
  });

  it('gets no name that nobody can register', async () => {
    for (const name of ['lower', 'SERO', 'A\u001b[2J', 'A\0B', '', 'A B']) {
      await refused({ assets: async () => ({ assets: [token(name, 3n)], next: null }) });
    }
  });

  it('gets no asset under another’s name, nor a table without end', async () => {
    const { asset } = token('OLD', 3n);
    await refused({ assets: async () => ({ assets: [{ ...token('FAKE', 3n), asset }], next: null }) });
    await refused({ assets: async () => ({ assets: [], next: new Uint8Array([1]) }) });
    const page = Array.from({ length: 1_000 }, () => token('x', 3n, { kind: 9 }));
    await refused({ assets: async () => ({ assets: page, next: new Uint8Array([1]) }) });
  });
});
