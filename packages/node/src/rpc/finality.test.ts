import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClient, RpcError, type SeroClient } from '@sero/api';
import {
  decodeBundle,
  decodeLightCertificate,
  decodeStrict,
  extendLightChain,
  genesisTable,
  HeaderType,
  headerHash,
  lightChainAtGenesis,
  lightRules,
  nextLightHeight,
} from '@sero/protocol';
import { memoryStore } from '@sero/store';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import { createFinality } from './finality.ts';
import { lightCertificateStore } from './finality-store.ts';
import { type CertifiedNetwork, certifiedNetwork, HASHES } from './finality-test-support.ts';
import { serve, type TestServer } from './test-support.ts';

const servers: TestServer[] = [];
after(() => Promise.all(servers.map((server) => server.close())));

/** A server that is closed at the end, whatever comes of its test. */
async function serving(...args: Parameters<typeof serve>): Promise<TestServer> {
  const server = await serve(...args);
  servers.push(server);
  return server;
}

/** Matches a refusal that names this reason. */
const missing = (code: string) => (error: unknown) =>
  error instanceof RpcError && error.name === 'not-found' && error.data.code === code;

describe('a node of a chain with validators', () => {
  let made: CertifiedNetwork;
  let server: TestServer;
  let client: SeroClient;
  before(async () => {
    made = certifiedNetwork();
    for (let height = 1; height < 10; height++) await made.grow();
    await made.stake(1, 7n);
    while (made.network.ledger.head().height < 50n) await made.grow();
    server = await serving(
      { ...madeSource(), ledger: made.network.ledger, finality: made.finality },
      { limits: { burst: 1_000_000 } },
    );
    client = createClient({ url: server.url });
  });

  it('shows from genesis to head that its blocks are final, to who believes nothing', async () => {
    const { genesis } = made.network;
    const headersOf = async (from: bigint, to: bigint) => {
      const limit = Number(to - from) + 1;
      const { headers } = await client.request('sero_getHeaders', { from, limit });
      return headers.map((bytes) => decodeStrict(HeaderType, bytes, 4_096, 'header'));
    };
    const [first] = await headersOf(0n, 0n);
    assert.deepEqual(genesisTable(genesis).root(), first!.validatorsRoot, "the ledger's first table");
    let chain = lightChainAtGenesis(genesis, lightRules(genesis), first!);
    const heights: bigint[] = [];
    for (let next = nextLightHeight(chain, 50n); next !== undefined; next = nextLightHeight(chain, 50n)) {
      const { certificate } = await client.request('sero_getLightCertificate', { height: next });
      const headers = await headersOf(chain.tip.height + 1n, next);
      chain = extendLightChain(chain, headers, decodeLightCertificate(certificate), HASHES).chain;
      heights.push(next);
    }
    assert.deepEqual(heights, [16n, 32n, 48n, 50n]);
    assert.deepEqual(chain.tip, { height: 50n, hash: headerHash(made.network.ledger.head()) });
    assert.notDeepEqual(chain.roots[0], first!.validatorsRoot, 'the table changed on the way');
  });

  it('says which light certificates it has not', async () => {
    for (const height of [0n, 51n, 1n << 63n]) {
      await assert.rejects(
        client.request('sero_getLightCertificate', { height }),
        missing('certificate-missing'),
      );
    }
  });

  it('gives certificates of a range, those that are kept', async () => {
    const lost = [3n, 4n, 5n];
    const all = new Map(made.certificates);
    for (const height of lost) made.certificates.delete(height);
    const { certificates, from, head } = await client.request('sero_getCertificates', { from: 0n, limit: 8 });
    for (const height of lost) made.certificates.set(height, all.get(height)!);
    assert.deepEqual(
      certificates.map(({ height }) => height),
      [1n, 2n, 6n, 7n],
    );
    assert.deepEqual([from, head.height], [0n, 50n]);
    assert.ok(certificates.every(({ height, certificate }) => decodeBundle(certificate).round === height));
    const beyond = await client.request('sero_getCertificates', { from: 49n, limit: 1_024 });
    assert.equal(beyond.certificates.length, 2);
    await assert.rejects(client.request('sero_getCertificates', { from: 0n, limit: 1_025 }), {
      name: 'limit-exceeded',
    });
  });

  it('gives as many certificates as fit into an answer, and one at least', async () => {
    const small = await serving(
      { ...madeSource(), ledger: made.network.ledger, finality: made.finality },
      { limits: { maxAnswerBytes: 2 * 2_500 } },
    );
    const asked = createClient({ url: small.url });
    const size = made.certificates.get(20n)!.length;
    const { certificates } = await asked.request('sero_getCertificates', { from: 20n, limit: 30 });
    assert.equal(certificates.length, Math.max(1, Math.floor(2_500 / size)));
  });

  it('gives checkpoints from a height on, rounded up', async () => {
    const tall = {
      ...made.network.ledger,
      head: () => ({ ...made.network.ledger.head(), height: 1_024n }),
      blockHash: () => new Uint8Array(32),
      header: () => undefined,
    };
    const other = await serving({ ...madeSource(), ledger: tall, finality: made.finality });
    for (const height of [256n, 768n]) made.checkpoints.set(height, Uint8Array.of(Number(height >> 8n)));
    const asked = createClient({ url: other.url });
    const heights = async (from: bigint, limit: number): Promise<bigint[]> => {
      const { checkpoints } = await asked.request('sero_getCheckpoints', { from, limit });
      return checkpoints.map(({ height }) => height);
    };
    assert.deepEqual(await heights(1n, 10), [256n, 768n]);
    assert.deepEqual(await heights(256n, 1), [256n]);
    assert.deepEqual(await heights(257n, 1), []);
    assert.deepEqual(await heights(257n, 2), [768n]);
  });

  it('charges for a light certificate before it makes one, and little for one that it has', async () => {
    let finished = 0;
    const finality = {
      ...made.finality,
      lightCertificate(height: bigint, making?: (bytes: number) => void) {
        if (height % 8n === 0n) return Uint8Array.of(1);
        // As large as a production committee's.
        making?.(400_000);
        finished++;
        return Uint8Array.of(2);
      },
    };
    const poor = await serving(
      { ...madeSource(), ledger: made.network.ledger, finality },
      { limits: { burst: 40, unitsPerSecond: 1 } },
    );
    const asked = createClient({ url: poor.url, waitForRate: false });
    const outcome = (height: bigint): Promise<string> =>
      asked.request('sero_getLightCertificate', { height }).then(
        () => 'given',
        ({ name }: Error) => name,
      );
    for (let n = 0; n < 20; n++) assert.equal(await outcome(8n), 'given');
    const outcomes: string[] = [];
    for (let n = 0; n < 10; n++) outcomes.push(await outcome(49n));
    assert.equal(outcomes.at(-1), 'limit-exceeded');
    assert.equal(finished, outcomes.filter((one) => one === 'given').length);
    assert.ok(finished >= 1 && finished <= 3, outcomes.join());
  });

  it('tells how much it is about to make, and only then makes it', () => {
    const told: number[] = [];
    made.finality.lightCertificate(48n, (bytes) => told.push(bytes));
    assert.equal(told.length, 0, 'that of a stride end was kept');
    const refusing = () =>
      made.finality.lightCertificate(47n, (bytes) => {
        told.push(bytes);
        throw new Error('too dear');
      });
    assert.throws(refusing, /too dear/);
    assert.throws(refusing, /too dear/);
    assert.deepEqual(told, [made.certificates.get(47n)!.length, made.certificates.get(47n)!.length]);
    made.finality.lightCertificate(47n);
    assert.ok(refusing() !== undefined, 'what was made is there for all who ask');
  });
});

describe('the light certificates of strides', () => {
  it('are made while their table is known, and kept', async () => {
    const made = certifiedNetwork();
    while (made.network.ledger.head().height < 17n) await made.grow();
    const kept = lightCertificateStore(made.store);
    assert.deepEqual([kept.get(8n), kept.get(16n)].map(Boolean), [true, true]);
    assert.equal(kept.get(17n), undefined, 'nothing is kept between the ends of strides');
    assert.equal(kept.latest(), 16n);
    // Certificates between strides go, and those of strides could go: the light ones are there.
    made.certificates.clear();
    assert.deepEqual(made.finality.lightCertificate(16n), kept.get(16n));
    assert.equal(made.finality.lightCertificate(15n), undefined);
  });

  it('that a crash left out are made at the next start, and those that cannot be made are told', async () => {
    const made = certifiedNetwork();
    while (made.network.ledger.head().height < 33n) await made.grow();
    const store = memoryStore();
    const kept = lightCertificateStore(store);
    const after = (ledger: Pick<typeof made.network.ledger, 'stakeTable'> = made.network.ledger) =>
      createFinality({
        ledger: { ...made.network.ledger, ...ledger },
        store: kept,
        certificate: (height) => made.certificates.get(height),
        checkpoint: () => undefined,
      });
    kept.put([[8n, Uint8Array.of(1)]]);
    made.certificates.delete(16n);
    assert.deepEqual(after().committed(), [16n]);
    assert.deepEqual(
      [16n, 24n, 32n].map((height) => kept.get(height) !== undefined),
      [false, true, true],
    );
    assert.deepEqual(after().committed(), [], 'what was given up is not tried again');
    const forgetful = lightCertificateStore(memoryStore());
    const lost = createFinality({
      ledger: { ...made.network.ledger, stakeTable: () => undefined },
      store: forgetful,
      certificate: (height) => made.certificates.get(height),
      checkpoint: () => undefined,
    });
    assert.deepEqual(lost.committed(), [8n, 16n], 'the others may come yet');
    assert.equal(forgetful.latest(), undefined);
  });

  it('before one that cannot be read are kept, each time it is tried', async () => {
    const made = certifiedNetwork();
    while (made.network.ledger.head().height < 33n) await made.grow();
    const kept = lightCertificateStore(memoryStore());
    const finality = createFinality({
      ledger: made.network.ledger,
      store: kept,
      certificate(height) {
        if (height === 24n) throw new Error('a record is damaged');
        return made.certificates.get(height);
      },
      checkpoint: () => undefined,
    });
    for (let tries = 0; tries < 2; tries++) assert.throws(() => finality.committed(), /damaged/);
    assert.deepEqual(
      [8n, 16n, 24n, 32n].map((height) => kept.get(height) !== undefined),
      [true, true, false, false],
    );
  });

  it('are made with a later block where the certificate was written after its own', async () => {
    const made = certifiedNetwork();
    while (made.network.ledger.head().height < 7n) await made.grow();
    await made.network.mine();
    assert.deepEqual(made.finality.committed(), []);
    const kept = lightCertificateStore(made.store);
    assert.equal(kept.get(8n), undefined);
    await made.grow();
    made.certificate(8n);
    assert.deepEqual(made.finality.committed(), []);
    assert.ok(kept.get(8n) !== undefined);
  });

  it('that are missing now are asked for again: a certificate may come after its block', async () => {
    const made = certifiedNetwork();
    while (made.network.ledger.head().height < 5n) await made.grow();
    const certificate = made.certificates.get(5n)!;
    made.certificates.delete(5n);
    assert.equal(made.finality.lightCertificate(5n), undefined);
    made.certificates.set(5n, certificate);
    assert.ok(made.finality.lightCertificate(5n) !== undefined);
  });
});

describe('a node of a chain of one', () => {
  it('says that nobody votes', async () => {
    const server = await serving(madeSource());
    const client = createClient({ url: server.url });
    const range = { from: 0n, limit: 1 };
    await assert.rejects(
      client.request('sero_getLightCertificate', { height: 1n }),
      missing('no-validators'),
    );
    await assert.rejects(client.request('sero_getCertificates', range), missing('no-validators'));
    await assert.rejects(client.request('sero_getCheckpoints', range), missing('no-validators'));
  });
});
