import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addressToText, viewingKeyToText } from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';
import {
  type Called,
  type Devnet,
  type Home,
  newHome,
  PASSWORD,
  sero,
  startDevnet,
  writeWallet,
} from './support.ts';

/** Control characters but for the end of a line: what would steer a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

const NOWHERE = 'http://127.0.0.1:1';

describe('a wallet against a running devnet', { concurrency: false }, () => {
  let devnetHome: Home;
  let devnet: Devnet;
  let home: Home;
  const homes: Home[] = [];
  const fresh = (): Home => {
    const made = newHome();
    homes.push(made);
    return made;
  };
  const call = (...args: string[]): Promise<Called> =>
    sero({ home }, '--node', devnet.url, '--json', ...args);
  const account = (n: number) => devnet.accounts[n]!;

  before(async () => {
    devnetHome = newHome();
    devnet = await startDevnet(devnetHome.path);
    home = fresh();
    await writeWallet(home, { words: account(0).words });
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    for (const made of [devnetHome, ...homes]) made.remove();
  });

  it('shows no balance before it has read the chain: without a node that is exit code 4, and no zero', async () => {
    const away = fresh();
    await writeWallet(away, { words: account(0).words });
    const { code, stdout, failure } = await sero({ home: away }, '--node', NOWHERE, '--json', 'balance');
    assert.equal(code, 4);
    assert.equal(stdout, '');
    assert.equal(failure().code, 'unreachable');
    assert.match(failure().hint!, /start a node/);
  });

  it('shows what the genesis file gave, exact, as of a block', async () => {
    const { code, json } = await call('balance');
    assert.equal(code, 0);
    const { balances, height, current } = json() as {
      balances: Record<string, unknown>[];
      height: string;
      current: boolean;
    };
    assert.equal(current, true);
    assert.match(height, /^\d+$/);
    assert.deepEqual(balances, [
      {
        asset: '1',
        name: 'SERO',
        spendable: '1000000000000000000000000',
        waiting: '0',
        pending: '0',
        total: '1000000000000000000000000',
        decimals: 18,
      },
    ]);
  });

  it('shows the last balance with its height, and a warning, while the node is away', async () => {
    const { code, stdout, stderr } = await sero({ home }, '--node', NOWHERE, 'balance');
    assert.equal(code, 0);
    assert.match(stdout, /1000000/);
    assert.match(stderr, /warning: .*as of block \d+/);
    assert.match(stderr, /NOT CURRENT/);
  });

  it('plans a payment in a dry run: the fee and the whole address are shown, and nothing is sent', async () => {
    const { code, stdout, stderr } = await sero(
      { home },
      '--node',
      devnet.url,
      'send',
      account(1).address,
      '1.5 SERO',
      '--memo',
      'hello',
      '--dry-run',
    );
    assert.equal(code, 0);
    assert.equal(stdout, '');
    assert.ok(stderr.includes(`Pay 1.5 SERO to ${account(1).address}.`));
    assert.match(stderr, /Memo: hello/);
    assert.match(stderr, /Fee: at most 0\.\d+ SERO/);
    const { json } = await call('history');
    assert.equal((json()['transactions'] as unknown[]).length, 1);
  });

  it('sends nothing where nobody can be asked and --yes is not said', async () => {
    const { code, failure } = await call('send', account(1).address, '1');
    assert.equal(code, 2);
    assert.match(failure().hint!, /--yes/);
  });

  it('ends with 3 where the money does not suffice, with 2 for amounts that are none', async () => {
    assert.equal((await call('send', account(1).address, '1000001', '--yes')).code, 3);
    for (const amount of ['1e3', '1 GOLD']) {
      assert.equal((await call('send', '--dry-run', account(1).address, '--', amount)).code, 2, amount);
    }
  });

  it('refuses what is no address: another network’s, one with a wrong letter, a viewing key', async () => {
    const { viewing } = accountFromWords(account(1).words).proof;
    const wrong = account(1).address.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q'));
    for (const text of [
      addressToText(viewing.address, 'production'),
      wrong,
      viewingKeyToText(viewing, 'development'),
      'nobody',
    ]) {
      const { code, stdout, stderr } = await call('send', '--dry-run', text, '1');
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.ok(
        !stderr.includes(viewingKeyToText(viewing, 'development')),
        'a viewing key is not shown again',
      );
    }
  });

  it('pays a contact, whose whole address is shown', async () => {
    assert.equal((await call('contact', 'add', 'bob', account(1).address)).code, 0);
    assert.deepEqual((await call('contact', 'list')).json(), {
      contacts: [{ name: 'bob', address: account(1).address }],
    });
    const { stderr } = await sero({ home }, '--node', devnet.url, 'send', 'bob', '2', '--dry-run');
    assert.ok(stderr.includes(`Pay 2 SERO to bob, ${account(1).address}.`));
    assert.equal((await call('contact', 'remove', 'bob')).code, 0);
    assert.equal((await call('send', 'bob', '2', '--dry-run')).code, 2);
  });

  it('pays what a payment URI asks for, and refuses to pay something else', async () => {
    const made = await sero(
      { home },
      'address',
      '--uri',
      '--amount',
      '1.5 SERO',
      '--memo',
      'two coffees',
      '--label',
      'the bakery',
    );
    const uri = made.stdout.trim();
    assert.ok(uri.startsWith(`sero:${account(0).address}?amount=1.5`));
    const { code, stderr } = await sero({ home }, '--node', devnet.url, 'send', uri, '--dry-run');
    assert.equal(code, 0);
    assert.match(stderr, /Pay 1\.5 SERO to .* \(the payment URI says: the bakery\)/);
    assert.match(stderr, /Memo: two coffees/);
    assert.equal((await call('send', uri, '2', '--dry-run')).code, 2);
    assert.equal((await call('send', uri, '1.5', '--dry-run')).code, 0);
    assert.equal((await call('send', `${uri}&req-later=1`, '--dry-run')).code, 2);
  });

  it('plans a payroll, and pays nobody where one line of it is wrong', async () => {
    const list = join(home.path, 'payments.csv');
    const lines = Array.from({ length: 20 }, (_, i) => `${account((i % 9) + 1).address},${i + 1}`);
    writeFileSync(list, ['to,amount', ...lines].join('\n'));
    const { code, json } = await call('send', '--file', list, '--dry-run');
    assert.equal(code, 0);
    assert.equal(json()['payments'], 20);
    assert.equal(json()['planned'], 2);
    writeFileSync(list, ['to,amount', ...lines, 'nobody,1'].join('\n'));
    const refused = await call('send', '--file', list, '--yes');
    assert.equal(refused.code, 2);
    assert.match(refused.failure().message, /^line 22: /);
  });

  it('takes a wrong password for what it is: exit code 5, and the password is nowhere', async () => {
    const file = join(home.path, 'wrong');
    writeFileSync(file, 'not the password\n');
    const { code, stdout, stderr } = await call('--password-file', file, 'address');
    assert.equal(code, 5);
    assert.equal(stdout, '');
    assert.doesNotMatch(stderr, /not the password/);
  });

  it('is for one process at a time, and says which one has it', async () => {
    const other = fresh();
    await writeWallet(other, { words: account(2).words });
    // A process that lives: the one that started the tests.
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
    const start = BigInt(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!).toString(16);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    writeFileSync(join(other.path, 'wallet', `lock-${process.ppid}-${boot}-${start}`), '');
    const { code, failure } = await sero({ home: other }, '--json', 'address');
    assert.equal(code, 7);
    assert.equal(failure().code, 'directory-locked');
    assert.match(failure().message, new RegExp(`process ${process.ppid}\\b`));
  });

  it('names what it cannot open: no wallet, a damaged keystore, a damaged store, another network', async () => {
    const empty = fresh();
    assert.equal((await sero({ home: empty }, '--json', 'balance')).failure().code, 'no-wallet');
    const broken = fresh();
    await writeWallet(broken, { words: account(2).words });
    writeFileSync(join(broken.path, 'wallet', 'keystore.json'), '{}');
    const keystore = await sero({ home: broken }, '--json', 'address');
    assert.deepEqual([keystore.code, keystore.failure().code], [7, 'keystore-malformed']);
    const production = fresh();
    await writeWallet(production, { words: account(2).words });
    writeFileSync(join(production.path, 'wallet', 'settings.json'), '{"network":"production"}');
    const network = await sero({ home: production }, '--json', '--node', devnet.url, 'balance');
    assert.deepEqual([network.code, network.failure().code], [7, 'other-network']);
  });

  it('names a store of another key as damaged, and repair does not destroy it', async () => {
    const mixed = fresh();
    await writeWallet(mixed, { words: account(3).words });
    assert.equal((await sero({ home: mixed }, '--json', '--node', devnet.url, 'sync')).code, 0);
    const store = join(mixed.path, 'wallet', 'account-0', 'data.mdb');
    const bytes = readFileSync(store);
    // The same words in a keystore with another store key.
    const other = fresh();
    await writeWallet(other, { words: account(3).words });
    writeFileSync(
      join(mixed.path, 'wallet', 'keystore.json'),
      readFileSync(join(other.path, 'wallet', 'keystore.json')),
    );
    const opened = await sero({ home: mixed }, '--json', '--node', devnet.url, 'balance');
    assert.deepEqual([opened.code, opened.failure().code], [7, 'store-damaged']);
    assert.match(opened.failure().hint!, /repair/);
    assert.equal((await sero({ home: mixed }, '--json', '--node', devnet.url, 'repair')).code, 7);
    assert.equal(readFileSync(store).length, bytes.length);
  });

  it('repairs: what the chain gives back is read again, contacts stay', async () => {
    await call('contact', 'add', 'carol', account(2).address);
    const { code, json } = await call('repair');
    assert.equal(code, 0);
    assert.equal(json()['current'], true);
    assert.equal(((await call('contact', 'list')).json()['contacts'] as unknown[]).length, 1);
    const { balances } = (await call('balance')).json() as { balances: { total: string }[] };
    assert.equal(balances[0]!.total, '1000000000000000000000000');
  });

  it('repairs from another birthday where the chain was begun anew and ends below the one that the wallet has', async () => {
    const old = fresh();
    await writeWallet(old, { words: account(8).words }, { birthday: 1_000_000n });
    const at = (...args: string[]): Promise<Called> =>
      sero({ home: old }, '--node', devnet.url, '--json', ...args);
    for (const command of ['balance', 'repair']) {
      const { code, failure } = await at(command);
      assert.deepEqual([code, failure().code], [4, 'node-behind']);
      assert.match(failure().hint!, /sero repair --birthday 0/);
    }
    assert.equal((await at('repair', '--birthday', '0')).code, 0);
    // The wallet keeps it: what reads the chain later, a second account too, begins there.
    assert.equal((await at('repair')).code, 0);
    const { balances } = (await at('balance')).json() as { balances: { total: string }[] };
    assert.equal(balances[0]!.total, '1000000000000000000000000');
  });

  it('has accounts that cannot be linked, each with its own money', async () => {
    const made = fresh();
    await writeWallet(
      made,
      { words: account(7).words },
      {
        accounts: [
          { index: 0, name: 'main' },
          { index: 5, name: 'five' },
        ],
      },
    );
    const at = (...args: string[]): Promise<Called> =>
      sero({ home: made }, '--node', devnet.url, '--json', ...args);
    const [one, other] = [(await at('address')).json(), (await at('--account', 'five', 'address')).json()];
    assert.notEqual(one['address'], other['address']);
    const { balances } = (await at('--account', '5', 'balance')).json() as { balances: { total: string }[] };
    assert.equal(balances[0]!.total, '0');
    assert.equal((await at('--account', '1', 'balance')).code, 2);
    assert.equal((await at('account', 'add', 'five')).code, 2);
    assert.equal((await at('account', 'add', '7')).code, 2);
    assert.equal((await at('account', 'rename', 'main', 'five')).code, 2);
    assert.deepEqual((await at('account', 'add', 'savings')).json(), { index: 6, name: 'savings' });
    assert.deepEqual(
      ((await at('account', 'list')).json()['accounts'] as { name: string }[]).map(({ name }) => name),
      ['main', 'five', 'savings'],
    );
  });

  it('shows an auditor with the viewing key what the owner sees, and not the key itself', async () => {
    const file = join(home.path, 'tk.txt');
    const exported = await call('audit', 'export-tk', '-o', file);
    assert.equal(exported.code, 0);
    const text = readFileSync(file, 'utf8').trim();
    assert.ok(!exported.stdout.includes(text) && !exported.stderr.includes(text));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(
      (await call('audit', 'export-tk', '-o', file)).code,
      2,
      'a file that exists is not overwritten',
    );
    const viewed = await sero(
      { stdin: `${text}\n` },
      '--node',
      devnet.url,
      '--json',
      'audit',
      'view',
      '--tk-file',
      '-',
    );
    assert.equal(viewed.code, 0, viewed.stderr);
    const { balances, undisclosed, address } = viewed.json() as {
      balances: { total: string }[];
      undisclosed: unknown[];
      address: string;
    };
    assert.equal(balances[0]!.total, '1000000000000000000000000');
    assert.deepEqual(undisclosed, []);
    assert.equal(address, account(0).address);
  });

  it('watches with a viewing key: plans, and neither signs nor sends', async () => {
    const watching = fresh();
    const viewing = viewingKeyToText(accountFromWords(account(4).words).proof.viewing, 'development');
    await writeWallet(watching, { viewingKey: viewing });
    const at = (...args: string[]): Promise<Called> =>
      sero({ home: watching }, '--node', devnet.url, '--json', ...args);
    assert.equal(
      (await at('tx', 'plan', account(1).address, '2.5', '--memo', 'rent', '-o', 'plan.json')).code,
      0,
    );
    const shown = (await at('tx', 'show', 'plan.json')).json() as {
      outputs: { to: string; value: string }[];
      memo: string;
    };
    assert.ok(
      shown.outputs.some(({ to, value }) => to === account(1).address && value === '2500000000000000000'),
    );
    assert.equal(shown.memo, 'rent');
    for (const args of [
      ['send', account(1).address, '1', '--yes'],
      ['tx', 'sign', 'plan.json', '-o', 'signed.json', '--yes'],
      ['account', 'add', 'x'],
    ]) {
      const { code, failure } = await at(...args);
      assert.deepEqual([code, failure().code], [1, 'watch-only'], args.join(' '));
    }
    // A plan that takes more than it shows is not signed.
    const text = readFileSync(join(watching.path, 'plan.json'), 'utf8');
    const changed = text.replace(/("pubOut":\["n\d+",)"n0"/, '$1"n5"');
    assert.notEqual(changed, text);
    writeFileSync(join(watching.path, 'changed.json'), changed);
    const hidden = await call(
      'tx',
      'sign',
      join(watching.path, 'changed.json'),
      '-o',
      'signed.json',
      '--yes',
    );
    assert.deepEqual([hidden.code, hidden.failure().code], [2, 'plan-not-shown']);
    // The plan is of another account than the wallet's with words.
    const foreign = await call('tx', 'sign', join(watching.path, 'plan.json'), '-o', 'signed.json', '--yes');
    assert.deepEqual([foreign.code, foreign.failure().code], [2, 'plan-of-another-account']);
    assert.ok(!readdirSync(home.path).includes('signed.json'));
  });

  it('shows the fees of both transactions of an issue, and refuses what is above --max-fee', async () => {
    const issue = ['asset', 'issue', 'HEPTANE', '1000', '--dry-run'];
    const shown = (await call(...issue)).json() as { fee: string; price: string; planned: number };
    const alone = (await call('asset', 'commit', 'HEPTANE', '--dry-run')).json() as { fee: string };
    assert.equal(shown.planned, 2);
    assert.ok(BigInt(shown.fee) > BigInt(shown.price) + BigInt(alone.fee));
    const refused = await call(...issue, '--max-fee', '0.000000000000000001');
    assert.deepEqual([refused.code, refused.failure().code], [1, 'fee-too-high']);
    assert.equal((await call(...issue, '--max-fee', '999999 SERO')).code, 0);
    assert.equal((await call(...issue, '--max-fee', '1 GOLD')).code, 2);
  });

  it('lists assets from the public table', async () => {
    const { code, json } = await call('asset', 'list');
    assert.equal(code, 0);
    assert.ok(Array.isArray(json()['assets']));
  });

  it('writes nothing to other people: every file of the wallet that holds something is its owner’s alone', async () => {
    const made = fresh();
    const { code } = await sero(
      { home: made },
      '--node',
      devnet.url,
      '--json',
      'init',
      '--devnet-account',
      '5',
    );
    assert.equal(code, 0);
    for (const name of ['', 'keystore.json', 'settings.json']) {
      assert.equal(statSync(join(made.path, 'wallet', name)).mode & 0o077, 0, name);
    }
    const files = ['keystore.json', 'settings.json'].map((name) =>
      readFileSync(join(made.path, 'wallet', name), 'utf8'),
    );
    const phrase = account(5).words.split(' ', 2).join(' ');
    assert.ok(files.every((text) => !text.includes(phrase)));
  });

  it('makes new words into a file, restores them, and shows them nowhere', async () => {
    const made = fresh();
    mkdirSync(join(made.path, 'b'));
    const words = join(made.path, 'words.txt');
    const first = await sero(
      { home: made },
      '--json',
      '--node',
      devnet.url,
      'init',
      '--new-words-file',
      words,
    );
    assert.equal(first.code, 0, first.stderr);
    const text = readFileSync(words, 'utf8').trim();
    assert.equal(text.split(' ').length, 24);
    assert.equal(statSync(words).mode & 0o777, 0o600);
    const second = await sero(
      { home: made, stdin: text },
      '--dir',
      join(made.path, 'b'),
      '--json',
      'init',
      '--words-file',
      '-',
    );
    assert.equal(second.json()['address'], first.json()['address']);
    for (const { stdout, stderr } of [first, second])
      assert.ok(!`${stdout}${stderr}`.includes(text.split(' ', 4).join(' ')));
    const again = await sero({ home: made }, '--json', 'init', '--words-file', words);
    assert.deepEqual([again.code, again.failure().code], [2, 'wallet-exists']);
  });

  it('shows control characters of others as text, and none of its own where there is no terminal', async () => {
    const calls = [
      await sero({ home }, '--node', devnet.url, 'balance'),
      await sero({ home }, '--node', devnet.url, 'history'),
      await sero({ home }, '--node', devnet.url, 'node', 'status'),
      await sero(
        { home },
        '--node',
        devnet.url,
        '-v',
        'send',
        account(1).address,
        '1',
        '--memo',
        '\u001b[2Jgone\u202e',
        '--dry-run',
      ),
      await sero({ home }, '--node', devnet.url, 'send', 'a\u001b[31m', '1'),
    ];
    for (const { stdout, stderr } of calls) {
      assert.doesNotMatch(stdout, CONTROL);
      assert.doesNotMatch(stderr, CONTROL);
    }
    assert.match(calls[3]!.stderr, /Memo: \\u001b\[2Jgone\\u202e/);
  });

  it('changes the password: the new one opens, the old one does not', async () => {
    const made = fresh();
    await writeWallet(made, { words: account(6).words });
    const file = join(made.path, 'new');
    writeFileSync(file, 'another long password\n');
    assert.equal((await sero({ home: made }, '--json', 'password', '--new-password-file', file)).code, 0);
    assert.equal((await sero({ home: made }, '--json', 'address')).code, 5);
    const opened = await sero({ home: made }, '--json', '--password-file', file, 'address');
    assert.equal(opened.json()['address'], account(6).address);
    assert.ok(!PASSWORD.includes('another'));
  });
});
