import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { utf8 } from '@sero/crypto';
import { decodeGenesis, encodeGenesis } from '@sero/protocol';
import { openLmdbStore } from '@sero/store/node';
import { reachOn, statusOf } from './heads.ts';
import { broken } from './proxy.ts';
import {
  type Called,
  type Devnet,
  type FundedAccount,
  type Home,
  newHome,
  sero,
  startDevnet,
  startNode,
  writeWallet,
} from './support.ts';

const MILLION = '1000000000000000000000000';

/** What a wallet that was here before does when `devnet --reset` begins another chain under the same genesis file. */
describe('a chain begun anew', { concurrency: false }, () => {
  const homes: Home[] = [];
  let devnetHome: Home;
  let devnet: Devnet;
  const fresh = (): Home => {
    const home = newHome();
    homes.push(home);
    return home;
  };
  /** A wallet of an account of the devnet, born after its first block. */
  const walletOf = async (n: number): Promise<Home> => {
    const home = fresh();
    await writeWallet(home, { words: devnet.accounts[n]!.words }, { birthday: 1n });
    return home;
  };
  const at = (home: Home, ...args: string[]): Promise<Called> =>
    sero({ home }, '--node', devnet.url, ...args);
  const height = async (): Promise<bigint> => (await statusOf(devnet.url)).head.height;
  const balanceOf = async (home: Home): Promise<string> => {
    const called = await at(home, '--json', 'balance');
    assert.equal(called.code, 0, called.stderr);
    const { balances, current } = called.json() as { balances: { total: string }[]; current: boolean };
    assert.equal(current, true);
    return balances[0]!.total;
  };
  /** What docs/guide.md says to do. */
  const followTheGuide = async (home: Home): Promise<void> => {
    const repaired = await at(home, 'repair', '--birthday', '0', '--yes');
    assert.equal(repaired.code, 0, repaired.stderr);
    assert.equal(await balanceOf(home), MILLION);
  };

  before(async () => {
    devnetHome = fresh();
    devnet = await startDevnet(devnetHome.path);
    await reachOn(devnet.url, 2n);
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    for (const home of homes) home.remove();
  });

  it('shorter or longer than what a wallet has read: it is told to read it from block 0 on, which shows the money', async () => {
    const [first, second] = [await walletOf(0), await walletOf(1)];
    const read = async (home: Home): Promise<bigint> => {
      const { code, json } = await at(home, '--json', 'sync');
      assert.equal(code, 0);
      return BigInt(String(json()['height']));
    };
    const [tip, later] = [await read(first), await read(second)];
    assert.ok(tip >= 2n);

    // A machine that is slow enough may let the new chain grow past the old one before it is asked: begun anew once more.
    let called: Called;
    do {
      assert.equal(await devnet.stop(), 0);
      devnet = await startDevnet(devnetHome.path, '--reset');
      called = await at(first, 'sync');
    } while ((await height()) >= tip);
    assert.equal(called.code, 4);
    assert.match(called.stderr, /ends at block \d+, this wallet has read block \d+/);
    assert.match(called.stderr, /sero repair --birthday 0$/m);
    const shown = await at(first, 'balance');
    if (shown.code === 0) assert.match(shown.stderr, /NOT CURRENT/);
    assert.match(shown.stderr, /sero repair --birthday 0$/m, 'who asks for the balance alone is told, too');
    await followTheGuide(first);

    await reachOn(devnet.url, later + 1n);
    for (const command of ['sync', 'balance']) {
      const other = await at(second, '--json', command);
      assert.deepEqual([other.code, other.failure().code], [4, 'node-other-chain'], command);
      assert.match(other.failure().hint!, /sero repair --birthday 0$/, command);
    }
    await followTheGuide(second);
  });

  it('a repair that cannot be carried out changes nothing: no node, a birthday that the chain does not have', async () => {
    const home = await walletOf(2);
    assert.equal(await balanceOf(home), MILLION);
    const away = await sero({ home }, '--json', '--node', 'http://127.0.0.1:1', 'repair', '--birthday', '0');
    assert.equal(away.code, 4);
    const ahead = await at(home, '--json', '--yes', 'repair', '--birthday', '1000000');
    assert.deepEqual([ahead.code, ahead.failure().code], [4, 'node-behind']);
    assert.match(ahead.failure().message, /nothing was changed/);
    // What was read is still there, and the birthday is the old one.
    const stored = await sero({ home }, '--json', '--node', 'http://127.0.0.1:1', 'balance');
    assert.equal((stored.json()['balances'] as { total: string }[])[0]!.total, MILLION);
    assert.equal((await at(home, 'repair')).code, 0);
  });

  it('a repair that is interrupted while it reads keeps the birthday that it was given', async () => {
    const home = fresh();
    await writeWallet(home, { words: devnet.accounts[3]!.words }, { birthday: 1_000_000n });
    const stop = new AbortController();
    const silent = await broken('sero_getBlocks', devnet.url, () => stop.abort());
    try {
      const args = ['--json', '--node', silent.url, 'repair', '--birthday', '0'];
      const called = await sero({ home, signal: stop.signal }, ...args);
      assert.equal(called.code, 130);
    } finally {
      await silent.close();
    }
    assert.equal(await balanceOf(home), MILLION);
  });

  it('what is on its way in a store that is damaged cannot be told, which is asked about', async () => {
    const home = await walletOf(5);
    assert.equal(await balanceOf(home), MILLION);
    const store = openLmdbStore(join(home.path, 'wallet', 'account-0'));
    // The sum over all records shows that one is gone.
    const [gone] = [...store.entries(utf8(''))].find(([key]) => Buffer.from(key).toString() !== 'seal')!;
    store.write([{ key: gone, value: undefined }]);
    store.close();
    const opened = await at(home, '--json', 'balance');
    assert.deepEqual([opened.code, opened.failure().code], [7, 'store-damaged']);
    const unasked = await at(home, '--json', 'repair');
    assert.equal(unasked.code, 2);
    assert.match(unasked.failure().message, /on its way cannot be read/);
    const still = await at(home, '--json', 'balance');
    assert.equal(still.code, 7, 'nothing was changed');
    const agreed = await at(home, 'repair', '--yes');
    assert.equal(agreed.code, 0, agreed.stderr);
    assert.match(agreed.stderr, /on its way cannot be read/);
    assert.equal(await balanceOf(home), MILLION);
  });

  it('a birthday that other accounts share is only lowered, and it is said how the others follow', async () => {
    const home = fresh();
    const accounts = [
      { index: 0, name: 'main' },
      { index: 1, name: 'savings' },
    ];
    await writeWallet(home, { words: devnet.accounts[4]!.words }, { birthday: 1n, accounts });
    const raised = await at(home, '--json', '--yes', 'repair', '--birthday', '2');
    assert.equal(raised.code, 2);
    assert.match(raised.failure().hint!, /init --words-file/);
    const lowered = await at(home, 'repair', '--birthday', '0');
    assert.equal(lowered.code, 0);
    assert.match(lowered.stderr, /other accounts .* sero repair --account/);
  });
});

describe('a birthday above money that the account has', { concurrency: false }, () => {
  let [nodeHome, home]: Home[] = [];
  let node: Awaited<ReturnType<typeof startNode>>;
  let funded: readonly FundedAccount[];
  const at = (...args: string[]): Promise<Called> => sero({ home: home! }, '--node', node.url, ...args);
  const total = async (): Promise<string> => {
    const called = await at('--json', 'balance');
    assert.equal(called.code, 0, called.stderr);
    return (called.json()['balances'] as { total: string }[])[0]!.total;
  };
  before(async () => {
    [nodeHome, home] = [newHome(), newHome()];
    const devnet = await startDevnet(nodeHome.path);
    assert.equal(await devnet.stop(), 0);
    const genesis = decodeGenesis(readFileSync(join(nodeHome.path, 'devnet-solo', 'genesis.ssz')));
    const quick = join(nodeHome.path, 'quick.ssz');
    // Fifty blocks a second: the second checkpoint of a chain is its block 256.
    const pace = { ...genesis.pace, idle: 20, minBlockGap: 0 };
    writeFileSync(quick, encodeGenesis({ ...genesis, pace }));
    node = await startNode(nodeHome.path, '--genesis', quick);
    await reachOn(node.url, 257n);
    funded = devnet.accounts;
    await writeWallet(home, { words: funded[0]!.words });
  });
  after(async () => {
    await node.stop('SIGKILL');
    for (const made of [nodeHome, home]) made?.remove();
  });

  it('is asked about, and what would be seen no more is named; without a yes nothing is changed', async () => {
    assert.equal(await total(), MILLION);
    const unasked = await at('--json', 'repair', '--birthday', '257');
    assert.equal(unasked.code, 2);
    assert.match(unasked.failure().message, /has 1000000 SERO from block 256 or before/);
    const world = { home: home!, answers: [[/Begin there\? \[y\/N\]/, () => 'n']] } as const;
    const declined = await sero(world, '--node', node.url, 'repair', '--birthday', '257');
    assert.equal(declined.code, 1);
    assert.match(declined.stderr, /1000000 SERO/);
    assert.equal((await at('repair')).code, 0);
    assert.equal(await total(), MILLION, 'the birthday is the old one');
  });

  it('and one above blocks that it has not read: what it got there cannot be told', async () => {
    // An account with money, and one without.
    const accounts = [0, 1].map((index) => ({ index, behind: newHome() }));
    const call = ({ index, behind }: (typeof accounts)[number], ...args: string[]): Promise<Called> =>
      sero({ home: behind }, '--json', '--node', node.url, '--account', `${index}`, ...args);
    try {
      const tips: bigint[] = [];
      for (const account of accounts) {
        const { index, behind } = account;
        await writeWallet(behind, { words: funded[1]!.words }, { accounts: [{ index, name: 'main' }] });
        const synced = await call(account, 'sync');
        assert.equal(synced.code, 0, synced.stderr);
        tips.push(BigInt(String(synced.json()['height'])));
      }
      // The chain goes on while they are asked: one checkpoint above what both have read is awaited once.
      const checkpoint = (tips.at(-1)! / 256n + 1n) * 256n;
      await reachOn(node.url, checkpoint + 1n);
      const raised = ['repair', '--birthday', `${checkpoint + 1n}`];
      for (const account of accounts) {
        const { index } = account;
        const unasked = await call(account, ...raised);
        assert.equal(unasked.code, 2, unasked.stderr);
        const { message } = unasked.failure();
        assert.ok(
          message.includes(`after block ${tips[index]}, which it has read, and in block ${checkpoint} or`),
          message,
        );
        assert.equal(/has 1000000 SERO/.test(message), index === 0, message);
        const agreed = await call(account, '--yes', ...raised);
        assert.equal(agreed.code, 0, agreed.stderr);
        assert.match(agreed.stderr, /cannot be told/);
      }
    } finally {
      for (const { behind } of accounts) behind.remove();
    }
  });

  it('hides the money with a yes, which a plain repair does not bring back, and one from block 0 on does', async () => {
    assert.equal((await at('repair', '--birthday', '257', '--yes')).code, 0);
    assert.equal(await total(), '0');
    assert.equal((await at('repair')).code, 0);
    assert.equal(await total(), '0');
    assert.equal((await at('repair', '--birthday', '0')).code, 0);
    assert.equal(await total(), MILLION);
  });
});
