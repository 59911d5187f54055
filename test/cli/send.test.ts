import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Devnet, type Home, inProcess, newHome, startDevnet } from './support.ts';

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

    const payer = await paste(`sero history --dir ${home.path}`, '--json');
    const paid = (payer.json()['transactions'] as Record<string, unknown>[])[0]!;
    assert.deepEqual(
      [paid['txid'], paid['height'], paid['memo'], paid['state']],
      [txid, height, 'for the bread', 'final'],
    );
    assert.ok(BigInt(paid['fee'] as string) <= BigInt(fee));

    const there = ['--dir', `${home.path}/payee`, '--node', devnet.url];
    await paste(`sero init --devnet-account 1`, ...there);
    const payee = await paste('sero history', ...there, '--json');
    const received = (payee.json()['transactions'] as { memo?: string; change: { amount: string }[] }[])[0]!;
    assert.equal(received.memo, 'for the bread');
    assert.equal(received.change[0]!.amount, '1500000000000000000');

    // Payer and payee each prove it to a third party.
    for (const [who, by] of [
      [['--dir', home.path], 'payer'],
      [there, 'payee'],
    ] as const) {
      const disclosed = await paste(`sero audit disclose ${txid} -o ${home.path}/${by}.json`, ...who);
      assert.equal(disclosed.code, 0, disclosed.stderr);
      const verified = await paste(
        `sero audit verify ${home.path}/${by}.json --node ${devnet.url}`,
        '--json',
      );
      const { valid, value, to } = verified.json();
      assert.deepEqual(
        [verified.json()['by'], valid, value, to],
        [by, true, '1500000000000000000', devnet.accounts[1]!.address],
      );
    }
  });
});
