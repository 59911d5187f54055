import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { reachOn, statusOf } from './heads.ts';
import { type Passing, proxyTo, type Way } from './proxy.ts';
import { type Called, type Devnet, type Home, newHome, sero, startDevnet, writeWallet } from './support.ts';

const UNIT = 10n ** 18n;

/** A node that says it did not take a payment: it may be so, or a lie. Who pays again must not pay twice. */
describe('a payment that the node says it refused', { concurrency: false }, () => {
  const homes: Home[] = [];
  let devnet: Devnet;
  const fresh = (): Home => {
    const home = newHome();
    homes.push(home);
    return home;
  };
  before(async () => {
    devnet = await startDevnet(fresh().path);
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    for (const home of homes) home.remove();
  });

  type Line = { readonly state: string; readonly txid: string };
  type Said = (passing: Passing) => Promise<object>;

  const refusal = (name: string, code: number, data: object) => ({
    code,
    message: name,
    data: { name, ...data },
  });
  const FULL = refusal('mempool-refused', -32011, { code: 'mempool-full' });
  const BUSY = refusal('busy', -32012, {});

  /** A payer and a payee of the devnet, and a node that answers the first submission as it is told. */
  async function people(
    [payer, payee]: readonly [number, number],
    says: Said,
  ): Promise<{
    liar: Way;
    pay(url: string, ...more: string[]): Promise<Called>;
    repair(...more: string[]): Promise<Called>;
    received(): Promise<bigint>;
    lines(): Promise<Line[]>;
  }> {
    const [from, to] = [fresh(), fresh()];
    await writeWallet(from, { words: devnet.accounts[payer]!.words });
    await writeWallet(to, { words: devnet.accounts[payee]!.words });
    const asked = (home: Home, url: string, ...args: string[]): Promise<Called> =>
      sero({ home }, '--json', '--yes', '--node', url, ...args);
    let submissions = 0;
    const liar = await proxyTo(devnet.url, async (passing) => {
      if (!passing.calls('sero_submit') || submissions++ > 0) return passing.forward();
      const { id } = JSON.parse(passing.body) as { id: number };
      return JSON.stringify({ jsonrpc: '2.0', id, error: await says(passing) });
    });
    return {
      liar,
      repair: (...more) => sero({ home: from }, '--json', '--node', devnet.url, 'repair', ...more),
      pay: (url, ...more) => asked(from, url, 'send', devnet.accounts[payee]!.address, '5', ...more),
      received: async () => {
        const { balances } = (await asked(to, devnet.url, 'balance')).json() as {
          balances: { total: string }[];
        };
        return BigInt(balances[0]!.total) - 1_000_000n * UNIT;
      },
      lines: async () => (await asked(from, devnet.url, 'history')).json()['transactions'] as Line[],
    };
  }

  it('and that it did not pass on: exit code 6, the history says so, and the second try pays once', async () => {
    const { liar, pay, received, lines } = await people([0, 1], async () => FULL);
    try {
      const first = await pay(liar.url);
      assert.deepEqual([first.code, first.failure().code], [6, 'mempool-full']);
      assert.match(first.failure().hint!, /^see sero history first/);
      assert.equal(first.stdout, '', 'nothing was sent');
      assert.equal((await lines()).filter(({ state }) => state === 'refused').length, 1);
      const second = await pay(liar.url, '--wait');
      assert.equal(second.code, 0, second.stderr);
      assert.equal(await received(), 5n * UNIT);
      const open = (await lines()).filter(({ state }) => state === 'refused' || state === 'pending');
      assert.deepEqual(open, []);
    } finally {
      await liar.close();
    }
  });

  it('is named by a repair, which another chain may make forget it; on the same chain it stays bound', async () => {
    const { liar, pay, repair, received, lines } = await people([6, 7], async () => FULL);
    try {
      assert.equal((await repair()).code, 0, 'with nothing on its way nothing is asked');
      assert.equal((await pay(liar.url)).code, 6);
      const [refused] = (await lines()).filter(({ state }) => state === 'refused');
      const told = new RegExp(
        `${refused!.txid} .* until block \\d+: it pays 5 SERO to serodev1\\w+; .*paid twice`,
      );
      const unasked = await repair();
      assert.equal(unasked.code, 2);
      assert.match(unasked.failure().message, told);
      assert.match(unasked.failure().message, /nothing was changed$/);
      const agreed = await repair('--yes');
      assert.equal(agreed.code, 0, agreed.stderr);
      assert.match(agreed.stderr, told, 'who agrees beforehand is told all the same');
      const second = await pay(devnet.url, '--wait');
      assert.equal(second.code, 0, second.stderr);
      assert.equal(await received(), 5n * UNIT);
      assert.deepEqual(
        (await lines()).map(({ state }) => state).filter((state) => state === 'refused'),
        [],
      );
    } finally {
      await liar.close();
    }
  });

  it('having much to do is no other answer: exit code 6, not one that reads as though nothing had been tried', async () => {
    const { liar, pay, lines } = await people([2, 3], async () => BUSY);
    try {
      const first = await pay(liar.url);
      assert.deepEqual([first.code, first.failure().code], [6, 'busy']);
      assert.match(first.failure().hint!, /^see sero history first/);
      assert.equal((await lines()).filter(({ state }) => state === 'refused').length, 1);
    } finally {
      await liar.close();
    }
  });

  it('and that it passed on: the next try sends nothing and says that it is paid; only one more is a second payment', async () => {
    const { liar, pay, received, lines } = await people([4, 5], async (passing) => {
      const answer = JSON.parse(await passing.forward()) as { result?: object };
      assert.ok(answer.result !== undefined, 'the node took it');
      return FULL;
    });
    try {
      const first = await pay(liar.url);
      assert.deepEqual([first.code, first.failure().code], [6, 'mempool-full']);
      // A block that is begun after the node took it holds it, and one may have been under way.
      await reachOn(devnet.url, (await statusOf(devnet.url)).head.height + 2n);
      assert.equal(await received(), 5n * UNIT);
      const second = await pay(liar.url, '--wait');
      assert.deepEqual([second.code, second.failure().code], [8, 'refused-entered'], 'it would pay twice');
      assert.match(second.failure().message, /refused/);
      assert.equal(await received(), 5n * UNIT);
      assert.equal((await lines()).filter(({ state }) => state === 'pending').length, 0);
      const third = await pay(liar.url, '--wait');
      assert.equal(third.code, 0, third.stderr);
      assert.equal(await received(), 10n * UNIT);
    } finally {
      await liar.close();
    }
  });
});
