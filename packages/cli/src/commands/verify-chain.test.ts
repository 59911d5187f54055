import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { toHex } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import { serve, type TestServer } from '@sero/node/test/rpc';
import {
  type Checkpoint,
  encodeCheckpoint,
  encodeGenesis,
  encodeLightCertificate,
  genesisHash,
  type Header,
  headerHash,
  stakeTable,
} from '@sero/protocol';
import {
  type Certifying,
  firstHeader,
  foundedGenesis,
  founders,
  grown,
  lightFor,
} from '@sero/protocol/test/light-chain';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import type { Io } from '../io.ts';
import { runCli } from '../run.ts';

const CRYPTO = { vrf: fastVrf, ed25519: fastEd25519 };
const FOUNDERS = founders([1n, 1n, 1n, 1n], CRYPTO);
const GENESIS = foundedGenesis(FOUNDERS);
const TABLE = stakeTable(FOUNDERS.all.map(({ row }) => row));
const HEADERS = grown([firstHeader(GENESIS)], 300);
const EVERYBODY: Certifying = { who: FOUNDERS.all, table: TABLE, crypto: CRYPTO };

/** A node of a chain of headers that these certify. */
function nodeOf(
  headers: readonly Header[],
  certifying = EVERYBODY,
  genesis = GENESIS,
  hashOf = headerHash,
): Promise<TestServer> {
  const base = madeSource();
  return serve(
    {
      ...base,
      genesisBytes: encodeGenesis(genesis),
      ledger: {
        ...base.ledger,
        genesis,
        genesisHash: genesisHash(genesis),
        head: () => headers.at(-1)!,
        header: (height) => headers[Number(height)],
        blockHash: (height) => hashOf(headers[Number(height)]!),
        treeState: (height) => ({ ...base.ledger.treeState(0n)!, height }),
      },
      finality: {
        certificate: () => undefined,
        checkpoint: () => undefined,
        lightCertificate: (height) =>
          Number(height) < headers.length
            ? encodeLightCertificate(lightFor(genesis, headers, Number(height), certifying))
            : undefined,
      },
    },
    { limits: { burst: 1_000_000 } },
  );
}

async function run(...args: readonly string[]) {
  const chunks: { out: string[]; err: string[] } = { out: [], err: [] };
  const stream = (into: string[]) =>
    Object.assign(
      new PassThrough().on('data', (chunk) => into.push(String(chunk))),
      { isTTY: false, columns: 80 },
    );
  const io: Io = {
    stdin: Object.assign(new PassThrough().end(), { isTTY: false }),
    stdout: stream(chunks.out),
    stderr: stream(chunks.err),
    env: { SERO_DIR: '/nonexistent/sero' },
    cwd: '/',
    signal: new AbortController().signal,
  };
  const code = await runCli(['verify-chain', ...args], io);
  return { code, out: chunks.out.join(''), err: chunks.err.join('') };
}

describe('sero verify-chain', () => {
  let directory: string;
  let honest: TestServer;
  let genesisFile: string;
  const servers: TestServer[] = [];
  const serving = async (...args: Parameters<typeof nodeOf>): Promise<string> => {
    const server = await nodeOf(...args);
    servers.push(server);
    return server.url;
  };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sero-verify-'));
    genesisFile = join(directory, 'genesis.ssz');
    await writeFile(genesisFile, encodeGenesis(GENESIS));
    honest = await nodeOf(HEADERS);
    servers.push(honest);
  });
  after(async () => {
    for (const server of servers) await server.close();
    await rm(directory, { recursive: true });
  });

  it('verifies every header from genesis to the head, and says so', async () => {
    const { code, out, err } = await run('--node', honest.url, '--genesis', genesisFile);
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`^final {5}block 300, ${toHex(headerHash(HEADERS[300]!))}\n`));
    assert.match(out, /300 headers above block 0, 19 certificates/);
    assert.doesNotMatch(err, /warning/);
  });

  it('answers a program with one object', async () => {
    const { code, out } = await run('--node', honest.url, '--json', '--quiet');
    assert.equal(code, 0);
    const { seconds, certificateBytes, ...rest } = JSON.parse(out);
    assert.ok(seconds > 0 && certificateBytes > 0);
    assert.deepEqual(rest, {
      node: honest.url,
      genesisHash: toHex(genesisHash(GENESIS)),
      from: '0',
      height: '300',
      hash: toHex(headerHash(HEADERS[300]!)),
      head: '300',
      headers: '300',
      certificates: 19,
    });
  });

  it('warns where the genesis file is the node’s word, unless its hash is given', async () => {
    const network = toHex(genesisHash(GENESIS));
    assert.match((await run('--node', honest.url)).err, /warning: .*compare its hash/);
    const named = await run('--node', honest.url, '--genesis-hash', network);
    assert.deepEqual([named.code, /warning/.test(named.err)], [0, false]);
    const other = await run('--node', honest.url, '--genesis-hash', `0x${'11'.repeat(32)}`);
    assert.equal(other.code, 10);
    assert.equal((await run('--node', honest.url, '--genesis-hash', 'abc')).code, 2);
    assert.equal(
      (await run('--node', honest.url, '--genesis', genesisFile, '--genesis-hash', '11'.repeat(32))).code,
      2,
    );
  });

  it('refuses a chain that a third of the stake signed anew, and one that no certificate reaches', async () => {
    const branch = grown(HEADERS.slice(0, 200), 300, 1);
    const third = { ...EVERYBODY, who: FOUNDERS.all.slice(0, 1), threshold: 1n };
    const forged = await run('--node', await serving(branch, third), '--genesis', genesisFile);
    assert.equal(forged.code, 10);
    assert.match(forged.err, /bundle-weight/);
    assert.equal(forged.out, '');
    const unlinked = HEADERS.with(150, { ...HEADERS[150]!, stateRoot: new Uint8Array(32) });
    const broken = await run('--node', await serving(unlinked), '--genesis', genesisFile);
    assert.match(broken.err, /node-not-final|headers-unlinked/);
    assert.equal(broken.code, 10);
  });

  it('refuses a node that names another head than the one that is final', async () => {
    const url = await serving(HEADERS.slice(0, 20), EVERYBODY, GENESIS, () => new Uint8Array(32));
    const { code, err, out } = await run('--node', url, '--genesis', genesisFile);
    assert.deepEqual([code, /names another head/.test(err), out], [10, true, '']);
  });

  it('refuses a node of another network, and a chain on which nobody votes', async () => {
    const other = foundedGenesis(FOUNDERS, { time: 5n });
    const url = await serving(grown([firstHeader(other)], 20), EVERYBODY, other);
    const foreign = await run('--node', url, '--genesis', genesisFile);
    assert.deepEqual([foreign.code, /belongs to the network/.test(foreign.err)], [10, true]);
    const solo = await serve({
      ...madeSource(),
      ledger: { ...madeSource().ledger, genesisHash: genesisHash(madeSource().ledger.genesis) },
    });
    servers.push(solo);
    const alone = await run('--node', solo.url, '--json');
    assert.equal(alone.code, 10);
    assert.equal(JSON.parse(alone.err.trim().split('\n').at(-1)!).error.code, 'no-validators');
  });

  const checkpoint: Checkpoint = {
    height: 256n,
    blockHash: headerHash(HEADERS[256]!),
    stateRoot: HEADERS[256]!.stateRoot,
    validatorsRoot: TABLE.root(),
    signers: Uint8Array.of(15),
    signature: new Uint8Array(96),
  };
  const from = (said: Checkpoint, when: string) =>
    run(
      ...['--node', honest.url, '--genesis', genesisFile, '--json', '--quiet'],
      ...['--from-checkpoint', toHex(encodeCheckpoint(said)), '--checkpoint-time', when],
    );
  const now = (): string => new Date(Date.now() - 1_000).toISOString();

  it('begins at a checkpoint that is trusted, young, and names its block', async () => {
    const good = await from(checkpoint, now());
    const { from: begun, height, certificates } = JSON.parse(good.out);
    assert.deepEqual([good.code, begun, height, certificates], [0, '256', '300', 3]);
    const file = join(directory, 'checkpoint.ssz');
    await writeFile(file, encodeCheckpoint(checkpoint));
    const args = ['--node', honest.url, '--genesis', genesisFile, '--from-checkpoint', file];
    assert.equal((await run(...args, '--checkpoint-time', now())).code, 0);
    assert.equal((await run(...args)).code, 2, 'without its time');
    assert.equal((await run(...args, '--checkpoint-time', 'yesterday')).code, 2);
    const failures = [
      [await from(checkpoint, new Date(Date.now() - 11 * 86_400_000).toISOString()), 2],
      [await from(checkpoint, new Date(Date.now() + 3_600_000).toISOString()), 2],
      [await from({ ...checkpoint, height: 255n }, now()), 2],
      [await from({ ...checkpoint, blockHash: headerHash(HEADERS[255]!) }, now()), 10],
      [await from({ ...checkpoint, validatorsRoot: new Uint8Array(32) }, now()), 2],
    ] as const;
    for (const [{ code, err, out }, expected] of failures) {
      assert.equal(code, expected, err);
      assert.equal(out, '');
    }
  });
});
