import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Called, type Devnet, type Home, newHome, sero, startDevnet, writeWallet } from './support.ts';

/** `sero stake` against a node, on a chain of one: commands of stake work there as everywhere, and nobody is drawn. */
describe('stake on the command line', { concurrency: false }, () => {
  let base: Home;
  let home: Home;
  let devnet: Devnet;
  let record: string;
  let owner: string;
  const call = (...args: string[]): Promise<Called> =>
    sero({ home }, ...args, '--json', '--yes', '--node', devnet.url);
  const ok = async (...args: string[]): Promise<Record<string, unknown>> => {
    const called = await call(...args);
    assert.equal(called.code, 0, called.stderr);
    return called.json();
  };
  const fails = async (exit: number, code: string, ...args: string[]): Promise<Called> => {
    const called = await call(...args);
    assert.deepEqual([called.code, called.failure().code], [exit, code], called.stderr);
    return called;
  };
  const holding = async (): Promise<Record<string, unknown>> => {
    const { holdings } = (await ok('stake', 'status', record)) as { holdings: Record<string, unknown>[] };
    assert.equal(holdings.length, 1);
    return holdings[0]!;
  };
  before(async () => {
    base = newHome();
    home = newHome();
    devnet = await startDevnet(base.path, '--solo');
    await writeWallet(home, { words: devnet.accounts[0]!.words });
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    base.remove();
    home.remove();
  });

  it('makes keys for an owner address of the wallet, in a directory with one public file', async () => {
    const made = await ok('stake', 'keys', 'validator');
    record = made['record'] as string;
    owner = made['owner'] as string;
    assert.match(record, /^[0-9a-f]{64}$/);
    assert.ok(existsSync(join(home.path, 'validator', 'record.json')));
    await fails(2, 'keys-exist', 'stake', 'keys', 'validator');
    await fails(2, 'usage', 'stake', 'keys', 'other', '--owner', 'ab');
    await fails(2, 'keys-invalid', 'stake', 'keys', 'other', '--rounds', '9..3');
    // Elsewhere an owner address is enough, and neither wallet nor node is asked.
    const elsewhere = await sero(
      {},
      'stake',
      'keys',
      join(home.path, 'bare'),
      '--owner',
      owner,
      '--rounds',
      '1..5000',
      '--json',
    );
    assert.equal(elsewhere.code, 0, elsewhere.stderr);
    assert.equal(elsewhere.json()['owner'], owner);
  });

  it('refuses before it asks: no keys there, more than the account has, an amount of nothing', async () => {
    await fails(2, 'keys-missing', 'stake', 'register', '--keys', 'nowhere');
    await fails(3, 'insufficient-funds', 'stake', 'register', '--keys', 'validator', '--units', '10000000');
    await fails(2, 'usage', 'stake', 'register', '--keys', 'validator', '--units', '0');
    await fails(2, 'usage', 'stake', 'register', '--keys', 'validator', '--commission', '101');
    await fails(2, 'usage', 'stake', 'online');
  });

  it('shows what registering means before it asks for a yes', async () => {
    const said = await sero(
      { home },
      'stake',
      'register',
      '--keys',
      'validator',
      '--units',
      '2',
      '--dry-run',
      '--node',
      devnet.url,
    );
    assert.equal(said.code, 0, said.stderr);
    assert.match(said.stderr, new RegExp(`Register the record ${record}`));
    assert.match(said.stderr, /stake 2 units, 200 SERO/);
    assert.match(said.stderr, /a tenth of all that is staked in it is burned/);
    assert.match(said.stderr, /Unlocking takes 64 rounds/);
    assert.match(said.stderr, /for 2 transactions/);
    assert.match(said.stderr, /Nothing was sent/);
  });

  it('registers and stakes, two transactions one after the other', async () => {
    const done = await ok(
      'stake',
      'register',
      '--keys',
      'validator',
      '--units',
      '2',
      '--commission',
      '2.5',
      '--wait',
    );
    assert.equal(done['record'], record);
    assert.equal(done['status'], 'final');
    assert.equal((done['transactions'] as unknown[]).length, 2);
    const { record: id, staked, owns } = await holding();
    assert.deepEqual([id, staked, owns], [record, `${200n * 10n ** 18n}`, true]);
    const { records } = (await ok('stake', 'status')) as { records: Record<string, unknown>[] };
    const [shown] = records;
    assert.deepEqual([shown!['owner'], shown!['commission'], shown!['status']], [owner, 250, 'offline']);
    const text = await sero({ home }, 'stake', 'status', '--node', devnet.url);
    assert.match(text.stdout, new RegExp(`${record}  offline +2 .*2\\.5 % .*yours`));
    await fails(2, 'stake-keys-in-use', 'stake', 'register', '--keys', 'validator');
  });

  it('goes online and offline; the second time it says so and sends nothing', async () => {
    await ok('stake', 'online', '--wait');
    await fails(2, 'stake-status', 'stake', 'online');
    await ok('stake', 'offline', record.slice(0, 8), '--wait');
    await fails(2, 'stake-status', 'stake', 'offline');
    await fails(2, 'usage', 'stake', 'offline', record.slice(0, 7));
    await fails(2, 'stake-record-unknown', 'stake', 'offline', '5f'.repeat(32));
  });

  it('adds to the stake by parts made apart: a plan, a signature after it was shown whole, a proof', async () => {
    await ok('stake', 'delegate', record, '1', '--plan', 'plan.json');
    const shown = await sero({ home }, 'tx', 'show', 'plan.json');
    assert.match(shown.stdout, new RegExp(`stakes 1 unit in the record ${record}`));
    assert.match(shown.stdout, /100 SERO leave the account openly/);
    const run = async (...args: string[]): Promise<void> => {
      const called = await sero({ home }, ...args, '--yes', '--node', devnet.url);
      assert.equal(called.code, 0, called.stderr);
    };
    await run('tx', 'sign', 'plan.json', '-o', 'signed.json');
    await run('tx', 'prove', 'plan.json', '-o', 'proved.json');
    await run('tx', 'submit', 'plan.json', 'signed.json', 'proved.json', '--wait');
    assert.equal((await holding())['staked'], `${300n * 10n ** 18n}`);
  });

  it('unlocks, and says of a claim that it is not due, or that there is nothing', async () => {
    await fails(3, 'stake-nothing', 'stake', 'claim');
    await fails(2, 'stake-units', 'stake', 'unlock', record, '4');
    const { dueHeight } = await ok('stake', 'unlock', record, '3', '--wait');
    assert.match(String(dueHeight), /^\d+$/);
    const { waiting, claimable } = (await holding()) as {
      waiting: Record<string, unknown>[];
      claimable: string;
    };
    assert.deepEqual([waiting.length, waiting[0]!['due'], claimable], [1, false, '0']);
    const { stderr } = await fails(3, 'stake-not-due', 'stake', 'claim');
    assert.match(stderr, /waits until block \d+/);
  });

  it('renews keys for the same owner, lowers the commission and does not raise it', async () => {
    await ok('stake', 'keys', 'validator-2', '--record', record, '--rounds', '1..100000');
    await fails(2, 'stake-commission', 'stake', 'renew', '--keys', 'validator-2', '--commission', '3');
    await ok('stake', 'renew', '--keys', 'validator-2', '--wait');
    const { records } = (await ok('stake', 'status', record)) as { records: Record<string, unknown>[] };
    assert.equal(records[0]!['commission'], 250);
    await ok('stake', 'keys', 'foreign', '--rounds', '1..100000');
    await fails(2, 'stake-not-owner', 'stake', 'renew', record, '--keys', 'foreign');
  });

  it('leaves for good, after which nothing can be staked in it', async () => {
    await ok('stake', 'offline', '--for-good', '--wait');
    await fails(2, 'stake-status', 'stake', 'delegate', record, '1');
    const text = await sero({ home }, 'history', '--node', devnet.url);
    assert.match(text.stdout, new RegExp(`^ +command: stake 1 unit in the record ${record}$`, 'm'));
    const { transactions } = (await ok('history')) as { transactions: Record<string, unknown>[] };
    const actions = transactions
      .filter(({ kind }) => kind === 'stake')
      .map(({ stake }) => (stake as { action: string }).action);
    assert.deepEqual(actions.toReversed(), [
      'register',
      'stake',
      'online',
      'offline',
      'stake',
      'unlock',
      'renew',
      'leave',
    ]);
  });
});
