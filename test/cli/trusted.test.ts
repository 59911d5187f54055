import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createClient } from '@sero/api';
import { toHex } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import { serve, type TestServer } from '@sero/node/test/rpc';
import {
  decodeExecutedBlock,
  encodeLightCertificate,
  ephemeralCache,
  type Header,
  headerHash,
  SERO_ASSET,
  SERO_UNIT,
  stakeTable,
} from '@sero/protocol';
import { type Certifying, founders, lightFor } from '@sero/protocol/test/light-chain';
import { accountFromWords, disclosePayment, plan, readPlan, rpcSource, syncWallet } from '@sero/wallet';
import { BOB, openOn, ready, type TestChain, testChain } from '@sero/wallet/test/wallet';
import { madeSource } from '../rpc/made-chain.ts';
import { type Called, type Home, newHome, sero } from './support.ts';

const CRYPTO = { vrf: fastVrf, ed25519: fastEd25519 };
const VOTES = { ...CRYPTO, links: ephemeralCache(64) };
const FOUNDERS = founders([1n, 1n, 1n, 1n], CRYPTO);
const EVERYBODY: Certifying = {
  who: FOUNDERS.all,
  table: stakeTable(FOUNDERS.all.map(({ row }) => row)),
  crypto: CRYPTO,
};
/** A quarter of the stake, who sign what they like. */
const FEW: Certifying = { ...EVERYBODY, who: FOUNDERS.all.slice(0, 1), threshold: 1n };
const WORDS = `${'abandon '.repeat(23)}art`;
const OWNER = accountFromWords(WORDS);
const VALUE = 1_234n;

function grown(chain: TestChain, height: number): TestChain {
  while (chain.blocks.length <= height) chain.add();
  return chain;
}

const headersOf = ({ blocks }: TestChain): Header[] =>
  blocks.map((bytes) => decodeExecutedBlock(bytes.slice()).block.header);

/** A node of a chain as far as it goes, whose blocks these certify, and the heights of the certificates that it was asked for. */
async function nodeOf(chain: TestChain, certifying = EVERYBODY, blocks: TestChain['blocks'] = chain.blocks) {
  const base = madeSource();
  const asked: bigint[] = [];
  const header = (height: bigint): Header | undefined => headersOf(chain)[Number(height)];
  const server: TestServer = await serve(
    {
      ...base,
      genesisBytes: chain.genesisBytes,
      ledger: {
        ...base.ledger,
        genesis: chain.genesis,
        genesisHash: chain.genesisHash,
        head: () => header(BigInt(chain.blocks.length - 1))!,
        header,
        blockHash: (height) => headerHash(header(height)!),
        executedBlock: (height) => blocks[Number(height)]!,
        treeState(height) {
          const at = height - (height % 256n);
          return { ...chain.treeState(at), header: header(at)! };
        },
      },
      finality: {
        certificate: () => undefined,
        checkpoint: () => undefined,
        lightCertificate(height) {
          asked.push(height);
          const headers = headersOf(chain);
          if (Number(height) >= headers.length) return undefined;
          return encodeLightCertificate(lightFor(chain.genesis, headers, Number(height), certifying));
        },
      },
    },
    { limits: { burst: 1_000_000 } },
  );
  servers.push(server);
  return { url: server.url, asked };
}

const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

const newChain = (): TestChain =>
  grown(testChain([{ key: OWNER, value: 10n * SERO_UNIT }], FOUNDERS.genesis), 20);

/** A chain of 300 blocks, and one with a payment in block 21 that the owner of its money discloses. */
const empty = grown(newChain(), 300);
const paying = newChain();
let disclosure: string;
before(async () => {
  const { url } = await nodeOf(paying);
  const source = rpcSource(createClient({ url }));
  const wallet = await openOn(paying, OWNER, { blocks: [], votes: VOTES });
  await syncWallet(wallet, source);
  const to = BOB.proof.viewing.address;
  const planned = await plan(wallet, { type: 'pay', to, asset: SERO_ASSET, amount: VALUE });
  const { bytes, txid } = await ready(planned, OWNER);
  paying.add([bytes]);
  await syncWallet(wallet, source);
  grown(paying, 300);
  const index = readPlan(planned).outputs.findIndex(({ value }) => value === VALUE);
  disclosure = disclosureText(21n, disclosePayment(wallet, txid, index));
});

const disclosureText = (height: bigint, proof: string): string =>
  JSON.stringify({ type: 'sero-disclosure', version: 1, height: `${height}`, disclosure: proof });

describe('sero audit verify on a network with validators', () => {
  const verify = (url: string, ...more: string[]): Promise<Called> =>
    sero({ stdin: disclosure }, 'audit', 'verify', '-', '--json', '--node', url, ...more);

  it('takes a payment for true whose block the node shows to be final', async () => {
    const { url } = await nodeOf(paying);
    const { code, stderr, json } = await verify(url);
    assert.equal(code, 0, stderr);
    assert.deepEqual([json()['value'], json()['height']], [`${VALUE}`, '21']);
    assert.match(stderr, /the genesis file is the node’s word/);
    const named = await verify(url, '--genesis-hash', toHex(paying.genesisHash));
    assert.deepEqual([named.code, named.stderr], [0, '']);
    assert.equal((await verify(url, '--genesis-hash', '11'.repeat(32))).code, 10);
  });

  it('refuses a block that a lying node made up for it: certified by few, or beside the final one', async () => {
    const few = await verify((await nodeOf(paying, FEW)).url);
    assert.deepEqual([few.code, few.failure().code, few.stdout], [10, 'node-not-final', '']);
    const beside = await verify((await nodeOf(empty, EVERYBODY, paying.blocks)).url);
    assert.deepEqual([beside.code, beside.failure().code, beside.stdout], [10, 'block-not-final', '']);
    // The last block of the range is the final one, and those below it are not.
    const mixed = paying.blocks.slice(0, 100).concat(empty.blocks.slice(100));
    const spliced = await verify((await nodeOf(empty, EVERYBODY, mixed)).url);
    assert.deepEqual([spliced.code, spliced.failure().code], [10, 'block-not-final']);
  });

  it('says that a payment is false which the final block does not hold', async () => {
    const { code, failure } = await verify((await nodeOf(empty)).url);
    assert.deepEqual([code, failure().code], [1, 'disclosure-false']);
  });

  it('asks for the same wherever in its range the block stands', async () => {
    const { url, asked } = await nodeOf(paying);
    await verify(url);
    const first = asked.splice(0);
    disclosure = disclosure.replace('"height":"21"', '"height":"250"');
    const { failure } = await verify(url);
    disclosure = disclosure.replace('"height":"250"', '"height":"21"');
    assert.deepEqual([failure().code, asked], ['disclosure-false', first]);
  });
});

describe('a wallet that is told a young block to trust', () => {
  let home: Home;
  const at256 = `256:${toHex(headerHash(headersOf(empty)[256]!))}`;
  const ago = (days: number): string => new Date(Date.now() - 1_000 - days * 86_400_000).toISOString();
  const trusting = (block: string, days = 0): string[] => [
    '--from-checkpoint',
    block,
    '--checkpoint-time',
    ago(days),
  ];
  const call = (...args: string[]): Promise<Called> => sero({ home }, ...args, '--json', '--yes');
  const init = (...more: string[]): Promise<Called> =>
    call('init', '--words-file', 'words.txt', '--birthday', '280', ...more);
  const settings = (): string => join(home.path, 'wallet', 'settings.json');
  beforeEach(() => {
    home = newHome();
    writeFileSync(join(home.path, 'words.txt'), WORDS);
  });
  afterEach(() => home.remove());

  it('begins there, and asks for nothing below it but what links the block of its birthday to it', async () => {
    const { url, asked } = await nodeOf(empty);
    assert.equal((await init(...trusting(at256))).code, 0);
    const { code, stderr, json } = await call('balance', '--node', url);
    assert.deepEqual([code, json()['height']], [0, '300'], stderr);
    assert.deepEqual([asked.length > 0, asked.filter((height) => height <= 256n)], [true, []]);
  });

  it('verifies from genesis on where it is told none, or one that has grown too old since', async () => {
    const { url, asked } = await nodeOf(empty);
    assert.equal((await init(...trusting(at256))).code, 0);
    const kept = JSON.parse(readFileSync(settings(), 'utf8'));
    kept.trusted.time = String(Date.now() - 11 * 86_400_000);
    writeFileSync(settings(), JSON.stringify(kept));
    assert.equal((await call('balance', '--node', url)).code, 0);
    assert.equal(asked.includes(16n), true);
    asked.splice(0);
    const repaired = await call('repair', '--node', url, ...trusting(at256));
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.equal(asked.includes(16n), false);
    assert.equal(JSON.parse(readFileSync(settings(), 'utf8')).trusted.height, '256');
    assert.equal((await call('repair', '--node', url)).code, 0);
    assert.equal(asked.includes(16n), true);
    assert.equal(JSON.parse(readFileSync(settings(), 'utf8')).trusted, undefined);
  });

  it('is not made with a block of an unknown, a long past or a future time, and refuses kept garbage', async () => {
    for (const bad of [
      trusting(at256, 11),
      trusting(at256, -1),
      trusting(at256).slice(0, 2),
      trusting('256:abc'),
    ]) {
      assert.equal((await init(...bad)).code, 2, bad.join(' '));
    }
    assert.equal((await init()).code, 0);
    for (const trusted of ['256', { height: '256', hash: 'ab', time: '1' }, { height: 256 }]) {
      writeFileSync(settings(), JSON.stringify({ network: 'development', trusted }));
      assert.equal((await call('address')).failure().code, 'settings-damaged');
    }
  });

  it('reads nothing of a chain that does not hold the block', async () => {
    const { url } = await nodeOf(empty);
    assert.equal((await init(...trusting(`256:${'11'.repeat(32)}`))).code, 0);
    const { code, failure } = await call('balance', '--node', url);
    assert.deepEqual([code, failure().code], [10, 'node-not-final']);
  });
});
