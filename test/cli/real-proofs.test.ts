import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClient } from '@sero/api';
import { SHAPE_A, SHAPE_B, SHAPE_C, type Shape } from '@sero/circuits';
import { decodeEnvelope, decodeExecutedBlock, transactionId } from '@sero/protocol';
import {
  type Called,
  type Devnet,
  type Home,
  inProcess,
  newHome,
  startDevnet,
  wordsOf,
  writeWallet,
} from './support.ts';

/** Payments of HEPTANE to account 1, one note each; the other half goes to others. */
const TO_ONE = [10n, 20n, 30n, 40n, 50n, 60n];
const SUPPLY = 1_000_000n;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** Every process is one of its own, every proof a real one: shapes B and C too, whose keys are made while other tests run. */
describe('the command line against a devnet, with real proofs of all shapes', { concurrency: false }, () => {
  let devnetHome: Home;
  let devnet: Devnet;
  let issuer: Home;
  let payee: Home;
  before(async () => {
    [devnetHome, issuer, payee] = [newHome(), newHome(), newHome()];
    devnet = await startDevnet(devnetHome.path);
    await writeWallet(issuer, { words: devnet.accounts[0]!.words });
    await writeWallet(payee, { words: devnet.accounts[1]!.words });
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    for (const home of [devnetHome, issuer, payee]) home.remove();
  });

  /** A line of the documents with --json behind it, in the directory of a wallet. */
  const run = async (home: Home, line: string): Promise<Called> => {
    const [sero, ...words] = wordsOf(line);
    assert.equal(sero, 'sero');
    const called = await inProcess([...words, '--json'], {
      SERO_DIR: home.path,
      SERO_PASSWORD_FILE: home.passwordFile,
      SERO_NODE: devnet.url,
    });
    assert.equal(called.code, 0, called.stderr);
    return called;
  };

  interface Sent {
    readonly status: string;
    readonly fee: string;
    readonly transactions: readonly { readonly txid: string; readonly height: string }[];
  }
  /** The same with --yes and --wait, where a person would answer and look: examples.test.ts says which examples are run so. */
  const pays = async (home: Home, line: string): Promise<Sent> => {
    const sent = (await run(home, `${line} --yes --wait`)).json() as unknown as Sent;
    assert.equal(sent.status, 'final');
    return sent;
  };

  const balance = async (home: Home, name: string): Promise<bigint> => {
    const { balances } = (await run(home, 'sero balance')).json() as {
      balances: { name: string; total: string }[];
    };
    return BigInt(balances.find((one) => one.name === name)?.total ?? 0);
  };

  /** The shapes that transactions have in the chain. */
  const shapesOf = async ({ transactions }: Sent): Promise<Shape['id'][]> => {
    const client = createClient({ url: devnet.url });
    const { genesis } = await client.request('sero_getStatus', {}).then(({ genesisHash }) => ({
      genesis: genesisHash,
    }));
    return Promise.all(
      transactions.map(async ({ txid, height }) => {
        const { blocks } = await client.request('sero_getBlocks', { from: BigInt(height), limit: 1 });
        const found = decodeExecutedBlock(blocks[0]!)
          .block.transactions.map((bytes) => decodeEnvelope(bytes).private!.tx)
          .find((tx) => Buffer.from(transactionId(tx, genesis)).toString('hex') === txid);
        return found!.circuit;
      }),
    );
  };

  it('issues a token', async () => {
    for (const line of ['sero asset commit HEPTANE', 'sero asset issue HEPTANE 1000000']) {
      assert.deepEqual(await shapesOf(await pays(issuer, line)), [SHAPE_A.id], line);
    }
    assert.equal(await balance(issuer, 'HEPTANE'), SUPPLY);
    const { assets } = (await run(issuer, 'sero asset list')).json() as {
      assets: { name: string; supply: string }[];
    };
    assert.equal(assets.find(({ name }) => name === 'HEPTANE')?.supply, String(SUPPLY));
  });

  it('pays twelve at once from a file, in one transaction of shape C', async () => {
    const file = join(issuer.path, 'payments.csv');
    const lines = TO_ONE.flatMap((amount, i) => [
      `${devnet.accounts[1]!.address},${amount},HEPTANE`,
      `${devnet.accounts[2 + i]!.address},${amount},HEPTANE`,
    ]);
    writeFileSync(file, ['to,amount,asset', ...lines].join('\n'));
    const sent = await pays(issuer, `sero send --file ${file}`);
    assert.deepEqual(await shapesOf(sent), [SHAPE_C.id]);
    assert.equal(await balance(issuer, 'HEPTANE'), SUPPLY - 2n * sum(TO_ONE));
    assert.equal(await balance(payee, 'HEPTANE'), sum(TO_ONE));
  });

  it('merges the payee’s six notes into one, in a transaction of shape B', async () => {
    const sero = await balance(payee, 'SERO');
    const sent = await pays(payee, 'sero consolidate --asset HEPTANE');
    assert.deepEqual(await shapesOf(sent), [SHAPE_B.id]);
    assert.equal(await balance(payee, 'HEPTANE'), sum(TO_ONE));
    assert.equal(await balance(payee, 'SERO'), sero - BigInt(sent.fee));
  });

  it('pays a contact out of the merged note', async () => {
    await run(payee, `sero contact add bob ${devnet.accounts[0]!.address}`);
    const sent = await pays(payee, 'sero send bob 20 HEPTANE --wait');
    assert.deepEqual(await shapesOf(sent), [SHAPE_A.id]);
    assert.equal(await balance(payee, 'HEPTANE'), sum(TO_ONE) - 20n);
    assert.equal(await balance(issuer, 'HEPTANE'), SUPPLY - 2n * sum(TO_ONE) + 20n);
  });
});
