import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeExecutedBlock,
  encodeLightCertificate,
  type FinalBlock,
  type Header,
  HeaderType,
  headerHash,
  SERO_ASSET,
  SERO_UNIT,
  stakeTable,
} from '@sero/protocol';
import { type Participant, STUB } from '@sero/protocol/test/consensus';
import { type Certifying, founders, lightFor } from '@sero/protocol/test/light-chain';
import { startAt } from './birthday.ts';
import type { ChainSource } from './chain-source.ts';
import { walletFinality } from './finality.ts';
import type { FinalitySource } from './finality-source.ts';
import { finalBlockAt } from './finality-start.ts';
import { plan } from './plan.ts';
import { memoryWalletStore } from './store.ts';
import { syncWallet } from './sync.ts';
import { ALICE, ALICES_MONEY, BOB, openOn, refusal, type TestChain, testChain } from './test-support.ts';

/** Four validators of a quarter of all stake each. */
const FOUNDERS = founders([10n, 10n, 10n, 10n]);
const TABLE = stakeTable(FOUNDERS.all.map(({ row }) => row));
const THIRD = FOUNDERS.all.slice(0, 1);

const networkOf = (blocks: number): TestChain => grown(testChain(ALICES_MONEY, FOUNDERS.genesis), blocks);

/** Empty blocks up to a height; of another branch where the first of them differs. */
function grown(chain: TestChain, height: number, change: Partial<Header> = {}): TestChain {
  while (chain.blocks.length <= height) chain.add([], undefined, change);
  return chain;
}

/** A branch that has the first blocks of a chain, and others after them. */
function branched(from: number, height: number): TestChain {
  const branch = networkOf(from);
  branch.add([], undefined, { stateRoot: new Uint8Array(32).fill(7) });
  return grown(branch, height);
}

const headersOf = ({ blocks }: TestChain): Header[] =>
  blocks.map((bytes) => decodeExecutedBlock(bytes.slice()).block.header);

/** A node of a chain whose blocks these certify. */
interface TestNode extends ChainSource {
  readonly finality: FinalitySource;
  readonly requests: string[];
}

interface NodeOptions extends Partial<Certifying> {
  readonly who?: readonly Participant[];
  /** Heights that have a light certificate. Default: stride ends and the head. */
  readonly certified?: (height: bigint) => boolean;
  /** Headers an answer holds at most. */
  readonly most?: number;
}

function nodeOf(chain: TestChain, options: NodeOptions = {}): TestNode {
  const { who = FOUNDERS.all, table = TABLE, certified, most = 1_000, ...rest } = options;
  const headers = headersOf(chain);
  const head = BigInt(headers.length - 1);
  const requests: string[] = [];
  const isCertified = certified ?? ((height) => height % 8n === 0n || height === head);
  return {
    requests,
    async status() {
      return {
        genesisHash: chain.genesisHash,
        head: { height: head, hash: headerHash(headers.at(-1)!), notes: 0n },
      };
    },
    async blocks(from, limit) {
      requests.push(`blocks(${from}, ${limit})`);
      return { from, blocks: chain.blocks.slice(Number(from), Number(from) + limit) };
    },
    treeState: async (height) => chain.treeState(height),
    assets: async () => ({ assets: [], next: null }),
    finality: {
      async headers(from, limit) {
        requests.push(`headers(${from}, ${limit})`);
        const last = Number(from) + Math.min(limit, most);
        return headers.slice(Number(from), last).map((header) => HeaderType.serialize(header));
      },
      async lightCertificate(height) {
        requests.push(`light(${height})`);
        if (!isCertified(height) || height > head) return undefined;
        return encodeLightCertificate(
          lightFor(chain.genesis, headers, Number(height), { who, table, ...rest }),
        );
      },
    },
  };
}

const opened = (chain: TestChain, options = {}) =>
  openOn(chain, ALICE, { blocks: [], votes: STUB, ...options });

const PAYMENT = {
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount: SERO_UNIT,
} as const;

describe('a wallet on a network with validators', () => {
  it('reads blocks that are shown to be final, from stride end to stride end, then up to the head', async () => {
    const chain = networkOf(37);
    const node = nodeOf(chain);
    const wallet = await opened(chain);
    const reached = await syncWallet(wallet, node);
    assert.equal(reached.height, 37n);
    assert.equal(wallet.syncState().current, true);
    assert.deepEqual(
      node.requests.filter((request) => request.startsWith('light')),
      ['light(16)', 'light(32)', 'light(37)'],
    );
    // The next blocks: on top of what it knows, with one header more and one certificate each.
    grown(chain, 38);
    const later = nodeOf(chain);
    await syncWallet(wallet, later);
    assert.deepEqual(later.requests, ['blocks(38, 218)', 'headers(38, 1)', 'light(38)']);
    assert.equal(wallet.anchor()?.height, 38n);
    assert.ok((await plan(wallet, PAYMENT)).includes('"anchor"'));
  });

  it('goes on after it was closed from the headers below the last block that it read', async () => {
    const chain = networkOf(20);
    const store = memoryWalletStore();
    await syncWallet(await opened(chain, { store }), nodeOf(chain));
    grown(chain, 41);
    const node = nodeOf(chain, { most: 5 });
    const again = await opened(chain, { store });
    await syncWallet(again, node);
    assert.equal(again.tip()?.header.height, 41n);
    assert.deepEqual(node.requests.slice(1, 5), [
      'headers(5, 16)',
      'headers(10, 11)',
      'headers(15, 6)',
      'headers(20, 1)',
    ]);
  });

  it('asks two wallets’ worth of nothing: what is asked depends on heights alone', async () => {
    const chain = networkOf(37);
    const [one, other] = [nodeOf(chain), nodeOf(chain)];
    await syncWallet(await opened(chain), one);
    await syncWallet(await openOn(chain, BOB, { blocks: [], votes: STUB }), other);
    assert.deepEqual(one.requests, other.requests);
  });

  it('signs for no anchor of a branch that a third of the stake made: nothing of it is read', async () => {
    const chain = networkOf(20);
    const wallet = await opened(chain);
    await syncWallet(wallet, nodeOf(chain));
    const anchor = wallet.anchor();
    const branch = branched(20, 30);
    const lying = nodeOf(branch, { who: THIRD, threshold: 10n });
    await assert.rejects(syncWallet(wallet, lying), refusal('node-not-final'));
    assert.deepEqual(wallet.anchor(), anchor);
    assert.equal(wallet.tip()?.header.height, 20n);
    assert.ok(JSON.parse(await plan(wallet, PAYMENT)).anchor !== undefined);
    // Nor does a new wallet, which so has no anchor and signs nothing.
    const fresh = await opened(chain);
    await assert.rejects(
      syncWallet(fresh, nodeOf(branched(0, 30), { who: THIRD, threshold: 10n })),
      refusal('node-not-final'),
    );
    assert.equal(fresh.tip(), undefined);
    await assert.rejects(plan(fresh, PAYMENT), refusal('no-anchor'));
    // An honest node is followed from where they stand.
    grown(chain, 30);
    await syncWallet(wallet, nodeOf(chain));
    await syncWallet(fresh, nodeOf(chain));
    assert.deepEqual([wallet.anchor()?.height, fresh.anchor()?.height], [30n, 30n]);
  });

  it('reads no other blocks than those whose headers are final', async () => {
    const chain = networkOf(20);
    const wallet = await opened(chain);
    const other = nodeOf(branched(10, 20));
    const mixed: ChainSource = { ...nodeOf(chain), blocks: other.blocks };
    await assert.rejects(syncWallet(wallet, mixed), refusal('node-not-final'));
    assert.equal(wallet.tip()?.header.height, 10n, 'the blocks that the branches share');
    await syncWallet(wallet, nodeOf(chain));
    assert.equal(wallet.tip()?.header.height, 20n);
  });

  it('takes no head above the last certified block', async () => {
    const chain = networkOf(20);
    const wallet = await opened(chain);
    await syncWallet(wallet, nodeOf(chain));
    grown(chain, 23);
    const silent = nodeOf(chain, { certified: (height) => height <= 20n });
    assert.equal((await syncWallet(wallet, silent)).height, 20n);
    assert.equal(wallet.syncState().current, false);
    await assert.rejects(
      syncWallet(wallet, nodeOf(grown(chain, 24), { certified: (height) => height <= 20n })),
      refusal('node-not-final'),
    );
  });

  it('stops at the last stride end where the node has dropped the certificate of the head it named', async () => {
    const chain = networkOf(37);
    const wallet = await opened(chain);
    const forgetful = nodeOf(chain, { certified: (height) => height % 8n === 0n });
    assert.equal((await syncWallet(wallet, forgetful)).height, 32n);
    assert.deepEqual(
      forgetful.requests.filter((request) => request.startsWith('light')),
      ['light(16)', 'light(32)', 'light(37)'],
    );
    // Below the head's stride end there is one to fall back to only where the wallet does not stand there already.
    const behind = nodeOf(grown(chain, 45), { certified: (height) => height % 8n === 0n });
    assert.equal((await syncWallet(wallet, behind)).height, 40n);
    assert.deepEqual(
      behind.requests.filter((request) => request.startsWith('light')),
      ['light(45)', 'light(40)'],
    );
    assert.equal((await syncWallet(wallet, nodeOf(chain))).height, 45n);
  });

  it('takes no block that is handed to it past its verification, nor from a source that shows nothing', async () => {
    const chain = networkOf(3);
    const wallet = await opened(chain);
    await assert.rejects(wallet.addBlock(chain.blocks[0]!), refusal('block-not-final'));
    await assert.rejects(wallet.addBlocks(chain.blocks), refusal('block-not-final'));
    const { finality: _, ...silent } = nodeOf(chain);
    await assert.rejects(syncWallet(wallet, silent), refusal('node-not-final'));
    assert.equal(wallet.tip(), undefined);
  });

  it('refuses answers that are none', async () => {
    const chain = networkOf(20);
    const node = nodeOf(chain);
    const refused = async (
      finality: Partial<FinalitySource>,
      code: 'node-not-final' | 'node-answer-invalid',
    ) => {
      const wallet = await opened(chain);
      const lying = { ...node, finality: { ...node.finality, ...finality } };
      await assert.rejects(syncWallet(wallet, lying), refusal(code));
      assert.ok((wallet.tip()?.header.height ?? -1n) <= 0n);
    };
    const garbage = async () => Uint8Array.of(1, 2, 3);
    await refused({ lightCertificate: garbage }, 'node-not-final');
    await refused({ headers: async () => [await garbage()] }, 'node-not-final');
    await refused({ headers: async () => [] }, 'node-answer-invalid');
    const twice = async (from: bigint, limit: number) => [
      ...(await node.finality.headers(from, limit)),
      ...(await node.finality.headers(from, limit)),
    ];
    await refused({ headers: twice }, 'node-answer-invalid');
    const other = nodeOf(chain, { table: stakeTable(THIRD.map(({ row }) => row)), who: THIRD });
    await refused({ lightCertificate: other.finality.lightCertificate }, 'node-not-final');
    const replayed = () => node.finality.lightCertificate(8n);
    await refused({ lightCertificate: replayed }, 'node-not-final');
  });

  it('tells a version of the protocol that it does not know from a lie', async () => {
    const chain = networkOf(5);
    grown(chain, 8, { version: 2 });
    await assert.rejects(syncWallet(await opened(chain), nodeOf(chain)), refusal('block-rules'));
  });

  it('begins anew from a block that it does not remember as final', async () => {
    const chain = networkOf(40);
    const { finality, requests } = nodeOf(chain);
    const known = walletFinality(chain.genesis, STUB)!;
    const at = (height: number): FinalBlock => ({
      height: BigInt(height),
      hash: headerHash(headersOf(chain)[height]!),
    });
    await (await known.follow(finality, 40n, undefined)).upTo(40n);
    await known.follow(finality, 40n, at(30));
    assert.deepEqual([known.holds(at(29)), known.holds(at(30)), known.holds(at(40))], [false, true, true]);
    const asked = requests.length;
    const run = await known.follow(finality, 40n, at(10));
    assert.deepEqual(requests.slice(asked), ['headers(0, 11)']);
    assert.equal(await run.upTo(20n), 24n);
    await run.end();
    assert.deepEqual([known.holds(at(11)), known.holds(at(24)), known.holds(at(25))], [true, true, false]);
    assert.equal(walletFinality(testChain().genesis, STUB), undefined, 'there is none on a chain of one');
  });

  it('begins anew below what it had verified where its store took a batch back', async () => {
    const chain = networkOf(40);
    const store = memoryWalletStore();
    let full = false;
    const failing = {
      ...store,
      write: async (changes: Parameters<typeof store.write>[0]) => {
        if (full) throw new Error('disk full');
        return store.write(changes);
      },
    };
    const wallet = await opened(chain, { store: failing });
    const short = nodeOf(networkOf(16));
    await syncWallet(wallet, short);
    full = true;
    await assert.rejects(syncWallet(wallet, nodeOf(chain)), /disk full/);
    full = false;
    await syncWallet(wallet, nodeOf(chain));
    assert.equal(wallet.tip()?.header.height, 40n);
  });
});

describe('a wallet with a birthday on a network with validators', () => {
  const chain = networkOf(300);
  const block = (height: number): FinalBlock => ({
    height: BigInt(height),
    hash: headerHash(headersOf(chain)[height]!),
  });

  it('begins at a checkpoint that is shown to be final', async () => {
    const start = await startAt(nodeOf(chain), chain.genesis, 260n, undefined, { votes: STUB });
    assert.deepEqual(start?.final, block(256));
    const wallet = await opened(chain, { start });
    await syncWallet(wallet, nodeOf(chain));
    assert.equal(wallet.tip()?.header.height, 300n);
  });

  it('begins at no checkpoint of a false branch', async () => {
    const branch = branched(0, 300);
    const lying = nodeOf(branch, { who: THIRD, threshold: 10n });
    await assert.rejects(
      startAt(lying, chain.genesis, 260n, undefined, { votes: STUB }),
      refusal('node-not-final'),
    );
    // Final headers, and the tree of another chain under them.
    const mixed = { ...nodeOf(chain), treeState: nodeOf(branch).treeState };
    const start = await startAt(mixed, chain.genesis, 260n, undefined, { votes: STUB });
    await assert.rejects(opened(chain, { start }), refusal('block-not-final'));
    const { final: _, ...bare } = (await startAt(nodeOf(chain), chain.genesis, 260n, undefined, {
      votes: STUB,
    }))!;
    await assert.rejects(opened(chain, { start: bare }), refusal('block-not-final'));
  });

  it('goes by a trusted block in the place of genesis: up from it by certificates, down from it by links', async () => {
    const at = (height: number, trusted: FinalBlock, node = nodeOf(chain)) =>
      finalBlockAt(node.finality, chain.genesis, BigInt(height), 300n, { votes: STUB, trusted });
    assert.deepEqual(await at(256, block(250)), block(256));
    assert.deepEqual(await at(250, block(250)), block(250));
    assert.deepEqual(await at(256, block(290)), block(256));
    assert.deepEqual(await at(1, block(290), nodeOf(chain, { most: 7 })), block(1));
    const branch = nodeOf(branched(200, 300));
    await assert.rejects(at(256, block(250), branch), refusal('node-not-final'));
    await assert.rejects(at(240, block(290), branch), refusal('node-not-final'));
    // A hash that is said to be of another height, and a node that shifts its headers to fit.
    const shifted: FinalitySource = {
      ...nodeOf(chain).finality,
      headers: (from, limit) => nodeOf(chain).finality.headers(from - 1n, limit),
    };
    const options = { votes: STUB, trusted: { ...block(290), height: 291n } };
    await assert.rejects(
      finalBlockAt(shifted, chain.genesis, 240n, 300n, options),
      refusal('node-not-final'),
    );
    const false290 = { height: 290n, hash: new Uint8Array(32) };
    await assert.rejects(at(240, false290), refusal('node-not-final'));
  });

  it('is not shown what no certificate covers', async () => {
    const uncertified = nodeOf(chain, { certified: (height) => height <= 248n });
    await assert.rejects(
      finalBlockAt(uncertified.finality, chain.genesis, 256n, 300n, { votes: STUB }),
      refusal('node-not-final'),
    );
    await assert.rejects(
      finalBlockAt(uncertified.finality, chain.genesis, 252n, 252n, { votes: STUB }),
      refusal('node-not-final'),
    );
  });
});
