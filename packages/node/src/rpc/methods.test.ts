import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createClient, METHODS, openRpcDocument, type RequestName, RpcError } from '@sero/api';
import { blake2b256, concat, fieldToBytes } from '@sero/crypto';
import { LedgerError, type LedgerErrorCode } from '@sero/ledger';
import {
  alias,
  decodeEnvelope,
  decodeExecutedBlock,
  decodeFrontier,
  decodeGenesis,
  HeaderType,
  headerHash,
  KIND,
  ladderGasPrice,
  nextBaseFee,
  ProtocolError,
} from '@sero/protocol';
import { decodeStateProof, verifyStateProof } from '@sero/store';
import { ABSENT_KEY, filler, madeChain, madeSource, PRESENT_KEY } from '../../../../test/rpc/made-chain.ts';
import { MempoolError, type MempoolErrorCode } from '../mempool/errors.ts';
import { serve } from './test-support.ts';

/** Assets of the made chain. */
const ASSETS = [3n, 5n, 9n].map((asset) => ({
  asset,
  kind: 1,
  name32: filler(`name/${asset}`, 32),
  issuer: filler(`issuer/${asset}`, 20),
  supply: asset << 100n,
  height: asset,
  pooled: asset,
}));

const source = madeSource({ chain: madeChain(ASSETS) });
source.grow([{}, { kind: KIND.call, publicOutputs: 2, recipients: 2 }, { kind: KIND.evidence }]);
source.grow([]);
source.grow([
  { kind: KIND.call, failure: 'no-code', publicOutputs: 1, recipients: 1 },
  { kind: KIND.asset, publicOutputs: 1, logs: 3 },
]);
const server = await serve(source, { limits: { burst: 1_000_000 } });
after(() => server.close());
const client = createClient({ url: server.url });
const { ledger } = source;
const head = { height: 3n, hash: headerHash(ledger.head()) };
const blocks = [0n, 1n, 2n, 3n].map((height) => source.chain.block(height));
const ALL = { from: 0n, limit: 1_024 };

test('sero_getStatus says what the node is and where its chain ends', async () => {
  const status = await client.request('sero_getStatus', {});
  const { time, stateRoot, notesRoot, baseFee } = ledger.head();
  assert.deepEqual(status, {
    version: '0.0.0-test',
    network: 'development',
    chainId: 31_938n,
    genesisHash: ledger.genesisHash,
    // 3 shielded and 2 public outputs, 3 and 0 (evidence), 3 and 1, 3 and 1; the evidence has none of either
    head: { ...head, time, stateRoot, notesRoot, notes: 16n, baseFee },
    earliest: 0n,
    mempool: { transactions: 0, bytes: 1_234 },
    pool: { sero: 1_000n, reward: 77n },
    mode: 'solo',
    tentative: null,
  });
});

test('sero_getGenesis gives the genesis file', async () => {
  const { genesis } = await client.request('sero_getGenesis', {});
  assert.deepEqual(decodeGenesis(genesis), ledger.genesis);
});

test('sero_getHeaders and sero_getAnchors give the range, no more than there is, and the head', async () => {
  const some = await client.request('sero_getHeaders', { from: 1n, limit: 2 });
  assert.deepEqual(some, {
    from: 1n,
    headers: [1, 2].map((h) => HeaderType.serialize(blocks[h]!.block.header)),
    head,
  });
  const all = await client.request('sero_getHeaders', ALL);
  assert.equal(all.headers.length, 4);
  const anchors = await client.request('sero_getAnchors', { from: 2n, limit: 9 });
  assert.deepEqual(anchors, {
    from: 2n,
    anchors: [2n, 3n].map((height) => ({ height, root: blocks[Number(height)]!.block.header.notesRoot })),
    head,
  });
});

test('sero_getBlocks gives blocks that decode to the very blocks, and none above the head', async () => {
  const got = await client.request('sero_getBlocks', { from: 1n, limit: 2 });
  assert.deepEqual(got.head, head);
  assert.deepEqual(got.blocks.map(decodeExecutedBlock), blocks.slice(1, 3));
  const above = await client.request('sero_getBlocks', { from: 4n, limit: 2 });
  assert.deepEqual(above, { from: 4n, blocks: [], head });
  const far = await client.request('sero_getBlocks', { from: (1n << 64n) - 1n, limit: 1_024 });
  assert.deepEqual(far.blocks, []);
});

test('sero_getCompactOutputs gives each leaf of the note tree in order, by its layout', async () => {
  const got = await client.request('sero_getCompactOutputs', ALL);
  assert.deepEqual(got.head, head);
  assert.equal(got.blocks.length, 4);
  for (const [h, compact] of got.blocks.entries()) {
    const { block, receipts } = blocks[h]!;
    const txs = block.transactions.map((bytes) => decodeEnvelope(bytes).private?.tx.shielded);
    assert.deepEqual(compact, {
      height: BigInt(h),
      hash: headerHash(block.header),
      time: block.header.time,
      outputs: concat(
        ...txs.flatMap((shielded) =>
          (shielded?.outputs ?? []).map(({ cm, vpkr, tag, enc }) => concat(cm, vpkr, tag, enc)),
        ),
      ),
      publicOutputs: receipts.flatMap(({ publicOutputs }) => publicOutputs),
      layout: receipts.map(({ txid, publicOutputs }, i) => ({
        txid,
        nullifier: txs[i]?.nullifiers[0] ?? null,
        outputs: txs[i]?.outputs.length ?? 0,
        publicOutputs: publicOutputs.length,
      })),
    });
  }
});

test('sero_getNullifiers and sero_getTraces give all of a block as one string', async () => {
  const nullifiers = await client.request('sero_getNullifiers', { from: 1n, limit: 1 });
  const traces = await client.request('sero_getTraces', { from: 1n, limit: 1 });
  const shielded = blocks[1]!.block.transactions.flatMap(
    (bytes) => decodeEnvelope(bytes).private?.tx.shielded ?? [],
  );
  assert.deepEqual(nullifiers, {
    from: 1n,
    blocks: [{ height: 1n, nullifiers: concat(...shielded.flatMap((s) => s.nullifiers)) }],
    head,
  });
  assert.deepEqual(traces.blocks[0]!.traces, concat(...shielded.flatMap((s) => s.traces)));
});

test('sero_getAliases names callers, and recipients only of calls that went through', async () => {
  const got = await client.request('sero_getAliases', ALL);
  const named = (h: number, i: number, withRecipients: boolean) => {
    const { tx } = decodeEnvelope(blocks[h]!.block.transactions[i]!).private!;
    const pkrs = withRecipients ? [tx.from, ...tx.recipients] : [tx.from];
    return pkrs.map((pkr) => ({ alias: alias(pkr), pkr }));
  };
  assert.deepEqual(
    got.blocks.map(({ aliases }) => aliases),
    [[], named(1, 1, true), [], named(3, 0, false)],
  );
});

test('sero_getTransaction tells unknown, pending and final apart, with the whole receipt', async () => {
  assert.deepEqual(await client.request('sero_getTransaction', { txid: filler('nothing', 32) }), {
    status: 'unknown',
  });
  assert.deepEqual(await client.request('sero_getTransaction', { txid: filler('pending', 32) }), {
    status: 'pending',
  });
  const [failed, issued] = blocks[3]!.receipts;
  assert.deepEqual(await client.request('sero_getTransaction', { txid: failed!.txid }), {
    status: 'final',
    height: 3n,
    index: 0,
    receipt: {
      status: 'failed',
      failure: 'no-code',
      gasUsed: failed!.gasUsed,
      publicOutputs: failed!.publicOutputs,
      logs: [],
    },
  });
  const final = await client.request('sero_getTransaction', { txid: issued!.txid });
  assert.ok(final.status === 'final' && final.receipt.failure === null);
  assert.deepEqual(final.receipt.logs, issued!.logs);
});

test('sero_getTreeState gives the checkpoint at or below a height', async () => {
  const state = await client.request('sero_getTreeState', { height: 1_000n });
  assert.equal(state.height, 0n);
  assert.deepEqual(HeaderType.deserialize(state.header), blocks[0]!.block.header);
  assert.equal(decodeFrontier(state.frontier).size, 0n);
  const without = madeSource();
  const bare = await serve({ ...without, ledger: { ...without.ledger, treeState: () => undefined } });
  try {
    await assert.rejects(createClient({ url: bare.url }).request('sero_getTreeState', { height: 0n }), {
      name: 'not-found',
    });
  } finally {
    await bare.close();
  }
});

test('sero_getShardRoots gives complete shards only', async () => {
  const got = await client.request('sero_getShardRoots', { from: 1n, limit: 10 });
  assert.deepEqual(got, { from: 1n, roots: [8n, 9n].map(fieldToBytes) });
});

test('sero_getAssets pages through the table', async () => {
  const shown = ASSETS.map(({ asset, ...record }) => ({ asset: fieldToBytes(asset), ...record }));
  const first = await client.request('sero_getAssets', { limit: 2 });
  assert.deepEqual(first, { assets: shown.slice(0, 2), next: fieldToBytes(9n) });
  const rest = await client.request('sero_getAssets', { from: first.next!, limit: 2 });
  assert.deepEqual(rest, { assets: shown.slice(2), next: null });
  await assert.rejects(client.request('sero_getAssets', { from: new Uint8Array(32).fill(255), limit: 2 }), {
    name: 'invalid-params',
    data: { path: '/from' },
  });
});

test('sero_getStateProof proves presence and absence under the root that it names', async () => {
  const present = await client.request('sero_getStateProof', { key: PRESENT_KEY });
  const absent = await client.request('sero_getStateProof', { key: ABSENT_KEY });
  const { stateRoot } = ledger.head();
  for (const answer of [present, absent]) {
    assert.deepEqual([answer.height, answer.stateRoot], [3n, stateRoot]);
  }
  const proved = verifyStateProof(stateRoot, PRESENT_KEY, decodeStateProof(present.proof));
  assert.deepEqual(proved, blake2b256('SERO_TREEVAL', filler('value', 8)));
  assert.equal(verifyStateProof(stateRoot, ABSENT_KEY, decodeStateProof(absent.proof)), undefined);
});

test('sero_getFees gives the next base fee and the ladder that wallets use', async () => {
  const baseFee = nextBaseFee(ledger.genesis.fees, ledger.head());
  assert.deepEqual(await client.request('sero_getFees', {}), { baseFee, gasPrice: ladderGasPrice(baseFee) });
});

test('sero_getConsensus says how blocks come about', async () => {
  assert.deepEqual(await client.request('sero_getConsensus', {}), {
    mode: 'solo',
    height: 3n,
    tentative: null,
    atWork: true,
    record: null,
    participants: 0,
    units: 0n,
    last: null,
  });
});

test('sero_getPeers says whom the node is connected with', async () => {
  assert.deepEqual(await client.request('sero_getPeers', {}), { id: null, addresses: [], peers: [] });
});

test('rpc.discover and /openrpc.json give the document of these methods', async () => {
  const document = JSON.parse(JSON.stringify(openRpcDocument('0.0.0-test')));
  assert.deepEqual(await client.request('rpc.discover', {}), document);
  assert.deepEqual(await (await fetch(`${server.url}/openrpc.json`)).json(), document);
});

test('every method of the interface has a test here', () => {
  const tested: readonly RequestName[] = [
    'sero_getStatus',
    'sero_getGenesis',
    'sero_getHeaders',
    'sero_getBlocks',
    'sero_getStateProof',
    'sero_getFees',
    'sero_getConsensus',
    'sero_getPeers',
    'rpc.discover',
    'sero_submit',
    'sero_getTransaction',
    'sero_getCompactOutputs',
    'sero_getShardRoots',
    'sero_getTreeState',
    'sero_getAnchors',
    'sero_getNullifiers',
    'sero_getTraces',
    'sero_getAssets',
    'sero_getAliases',
  ];
  const sockets = ['sero_subscribe', 'sero_unsubscribe']; // sockets.test.ts
  const stake = ['sero_getStakeRecords', 'sero_getStakePositions', 'sero_getStakeStatus']; // stake.test.ts
  const finality = ['sero_getLightCertificate', 'sero_getCertificates', 'sero_getCheckpoints']; // finality.test.ts
  assert.deepEqual([...tested, ...sockets, ...stake, ...finality].sort(), Object.keys(METHODS).sort());
});

test('sero_submit hands the bytes to the mempool under the name of the client and gives back both ids', async () => {
  const transaction = filler('transaction', 2_000);
  const { txid, wtxid } = await client.request('sero_submit', { transaction });
  assert.deepEqual(source.submitted, [{ bytes: transaction, source: '127.0.0.1' }]);
  assert.deepEqual([txid.length, wtxid.length], [32, 32]);
});

/** What a caller learns of an error that a submission meets. */
async function refusal(error: unknown): Promise<{ name: string; data: unknown }> {
  const refusing = await serve(
    madeSource({
      submit: async () => {
        throw error;
      },
    }),
  );
  try {
    await createClient({ url: refusing.url }).request('sero_submit', { transaction: new Uint8Array(3) });
    return { name: 'taken', data: {} };
  } catch (caught) {
    if (!(caught instanceof RpcError)) throw caught;
    return { name: caught.name, data: caught.data };
  } finally {
    await refusing.close();
  }
}

test('a refused transaction is answered with the rule that it breaks and whose rule that is', async () => {
  const rule = (code: LedgerErrorCode) => new LedgerError(code, 'no');
  assert.deepEqual(await refusal(new ProtocolError('wrong-shape', 'no')), {
    name: 'transaction-refused',
    data: { code: 'wrong-shape', source: 'protocol' },
  });
  assert.deepEqual(await refusal(rule('nullifier-spent')), {
    name: 'transaction-refused',
    data: { code: 'nullifier-spent', source: 'ledger' },
  });
  assert.deepEqual(await refusal(rule('circuit-disabled')), {
    name: 'transaction-refused',
    data: { code: 'circuit-disabled', source: 'ledger' },
  });
  // A fault of the node is no fault of the transaction: its sender must not take it for refused.
  assert.equal((await refusal(rule('store-damaged'))).name, 'internal');
});

test('a refusal by the mempool is answered as such, and as busy where trying again is all that helps', async () => {
  const pool = (code: MempoolErrorCode) => new MempoolError(code, 'no', { retryAfterMs: 500 });
  assert.deepEqual(await refusal(pool('mempool-full')), {
    name: 'mempool-refused',
    data: { code: 'mempool-full', retryAfterMs: 500 },
  });
  assert.deepEqual(await refusal(new MempoolError('registrations-full', 'no')), {
    name: 'mempool-refused',
    data: { code: 'registrations-full' },
  });
  assert.deepEqual(await refusal(pool('busy')), { name: 'busy', data: { retryAfterMs: 500 } });
  assert.deepEqual(await refusal(pool('closed')), { name: 'busy', data: { retryAfterMs: 500 } });
});
