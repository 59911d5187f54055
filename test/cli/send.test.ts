import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { viewingKeyToText } from '@sero/protocol';
import { accountFromWords } from '@sero/wallet';
import { broken } from './proxy.ts';
import {
  type Devnet,
  type Home,
  inProcess,
  newHome,
  sero,
  startDevnet,
  wordsOf,
  writeWallet,
} from './support.ts';

describe('the commands that devnet recommends, in processes of their own, with a real proof', {
  concurrency: false,
}, () => {
  let home: Home;
  let devnet: Devnet;
  before(async () => {
    home = newHome();
    devnet = await startDevnet(home.path);
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    home.remove();
  });

  /** Runs a line as it was printed, with a yes and a password file where a person would answer. */
  const paste = (line: string, ...more: string[]) => {
    const words = wordsOf(line);
    assert.equal(words[0], 'sero');
    return inProcess([...words.slice(1), ...more], { SERO_PASSWORD_FILE: home.passwordFile, NO_COLOR: '1' });
  };

  it('makes a wallet, shows a million SERO, and pays; the payee sees the payment and its memo', async () => {
    const [init, balance, send] = devnet.next as [string, string, string];
    const made = await paste(init);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stdout.trim(), devnet.accounts[0]!.address);
    assert.match((await paste(balance)).stdout, /^SERO +1000000 /m);
    const sent = await paste(send, '--yes', '--wait', '--json');
    assert.equal(sent.code, 0, sent.stderr);
    const { status, transactions, fee } = sent.json() as {
      status: string;
      fee: string;
      transactions: { txid: string; height: string }[];
    };
    assert.equal(status, 'final');
    const { txid, height } = transactions[0]!;
    assert.match(txid, /^[0-9a-f]{64}$/);

    const payer = newHome();
    const payee = newHome();
    try {
      // The same accounts restored, in this process.
      await writeWallet(payer, { words: devnet.accounts[0]!.words });
      await writeWallet(payee, { words: devnet.accounts[1]!.words });
      const at = (who: Home, ...args: string[]) =>
        sero({ home: who }, '--json', '--node', devnet.url, ...args);
      type Line = {
        txid: string;
        height: string;
        memo?: string;
        state: string;
        fee: string;
        change: { amount: string }[];
      };
      const newest = async (who: Home): Promise<Line> =>
        ((await at(who, 'history')).json()['transactions'] as Line[])[0]!;
      const paid = await newest(payer);
      assert.deepEqual(
        [paid.txid, paid.height, paid.memo, paid.state],
        [txid, height, 'for the bread', 'final'],
      );
      assert.ok(BigInt(paid.fee) <= BigInt(fee));
      const received = await newest(payee);
      assert.deepEqual([received.txid, received.memo], [txid, 'for the bread']);
      assert.equal(received.change[0]!.amount, '1500000000000000000');

      // Payer and payee each prove it to a third party.
      for (const [who, by] of [
        [payer, 'payer'],
        [payee, 'payee'],
      ] as const) {
        const file = join(who.path, 'proof.json');
        const disclosed = await at(who, 'audit', 'disclose', txid, '-o', file);
        assert.equal(disclosed.code, 0, disclosed.stderr);
        const verified = (await sero({}, '--json', '--node', devnet.url, 'audit', 'verify', file)).json();
        assert.deepEqual(
          [verified['by'], verified['valid'], verified['value'], verified['to']],
          [by, true, '1500000000000000000', devnet.accounts[1]!.address],
        );
        // Of a block that does not hold the payment it proves nothing.
        const text = readFileSync(file, 'utf8');
        const stdin = text.replace(`"height":"${height}"`, '"height":"0"');
        assert.notEqual(stdin, text);
        const elsewhere = await sero({ stdin }, '--json', '--node', devnet.url, 'audit', 'verify', '-');
        assert.deepEqual([elsewhere.code, elsewhere.failure().code], [1, 'disclosure-false']);
      }
    } finally {
      payer.remove();
      payee.remove();
    }
  });

  it('in parts on three machines: a lost connection ends with 8 and keeps the notes, and the same files go again', async () => {
    const online = newHome();
    const offline = newHome();
    const proxy = await broken('sero_submit', devnet.url, (socket) => socket.destroy());
    try {
      const { words, address } = devnet.accounts[2]!;
      const { viewing } = accountFromWords(words).proof;
      await writeWallet(online, { viewingKey: viewingKeyToText(viewing, 'development') });
      await writeWallet(offline, { words });
      const file = (name: string): string => join(online.path, name);
      const watching = (url: string, ...args: string[]) =>
        sero({ home: online }, '--json', '--node', url, ...args);
      // No node can be reached from there.
      const signing = (...args: string[]) =>
        sero({ home: offline }, '--json', '--yes', '--node', 'http://127.0.0.1:1', ...args);
      const steps = [
        await watching(devnet.url, 'tx', 'plan', devnet.accounts[3]!.address, '7', '-o', file('plan')),
        await signing('tx', 'sign', file('plan'), '-o', file('signed')),
        await signing('tx', 'prove', file('plan'), '-o', file('proved')),
      ];
      for (const { code, stderr } of steps) assert.equal(code, 0, stderr);
      assert.ok(steps[1]!.stderr.includes(`7 SERO to ${devnet.accounts[3]!.address}\n`));
      assert.ok(steps[1]!.stderr.includes(`to ${address} (back to yourself)`));

      const parts = ['plan', 'signed', 'proved'].map(file);
      const lost = await watching(proxy.url, 'tx', 'submit', ...parts);
      assert.deepEqual([lost.code, lost.failure().code], [8, 'outcome-unknown']);
      const pending = (await watching(devnet.url, 'balance')).json()['balances'] as {
        spendable: string;
        pending: string;
      }[];
      assert.deepEqual([pending[0]!.spendable, pending[0]!.pending], ['0', '1000000000000000000000000']);
      // Ctrl-C while the node has the request: it may have the transaction, too.
      const stop = new AbortController();
      const silent = await broken('sero_submit', devnet.url, () => stop.abort());
      const interrupted = await sero(
        { home: online, signal: stop.signal },
        ...['--json', '--node', silent.url, 'tx', 'submit', ...parts],
      ).finally(silent.close);
      assert.deepEqual([interrupted.code, interrupted.failure().code], [8, 'outcome-unknown']);
      const [open] = interrupted.json()['transactions'] as { txid: string; state: string; pays: unknown[] }[];
      assert.equal(open!.state, 'unknown');
      assert.deepEqual(open!.pays, [
        { to: devnet.accounts[3]!.address, asset: '1', amount: '7000000000000000000' },
      ]);
      // The node takes it, and is away for the next question.
      let cuts = 0;
      const flaky = await broken('sero_getStatus', devnet.url, (socket, submitted) => {
        if (!submitted || cuts > 0) return false;
        cuts += 1;
        socket.destroy();
        return true;
      });
      const sent = await watching(flaky.url, 'tx', 'submit', ...parts, '--wait').finally(flaky.close);
      assert.equal(sent.code, 0, sent.stderr);
      assert.equal(cuts, 1);
      assert.equal(sent.json()['txid'], open!.txid);
      assert.equal(sent.json()['status'], 'final');
      // Its notes are spent: the same parts are refused, and the first payment stays as it is.
      const again = await watching(devnet.url, 'tx', 'submit', ...parts);
      assert.deepEqual([again.code, again.failure().code], [3, 'already-spending']);
    } finally {
      await proxy.close();
      online.remove();
      offline.remove();
    }
  });
});
