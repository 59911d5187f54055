import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Devnet, type Home, inProcess, newHome, sero, startDevnet, writeWallet } from './support.ts';

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
    const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
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
});
