import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { reachOn, statusOf } from './heads.ts';
import { type Devnet, type Home, inProcess, newHome, OUTSIDE_NPM, startDevnet } from './support.ts';

describe('sero devnet --solo', { concurrency: false }, () => {
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

  const status = () => statusOf(devnet.url);
  const reach = (height: bigint): Promise<void> => reachOn(devnet.url, height);

  it('prints ten funded accounts, where it serves and what to try, and serves what it says', async () => {
    assert.equal(devnet.accounts.length, 10);
    assert.equal(new Set(devnet.accounts.map(({ address }) => address)).size, 10);
    for (const { words, address } of devnet.accounts) {
      assert.equal(words.split(' ').length, 24);
      assert.match(address, /^serodev1/);
    }
    const { genesisHash, network, head } = await status();
    assert.equal(Buffer.from(genesisHash).toString('hex'), devnet.genesisHash);
    assert.equal(network, 'development');
    assert.equal(head.notes, 10n);
    assert.match(devnet.next[0]!, /^sero init --devnet-account 0 --dir /);
  });

  it('is for one process at a time: a second one is refused with exit code 7 and the number of the first', async () => {
    await assert.rejects(startDevnet(home.path), (error: Error) => {
      assert.match(error.message, /^exit code 7: /);
      assert.match(error.message, /in use by process \d+/);
      return true;
    });
  });

  it('goes on where it was stopped: ctrl-C and SIGTERM end it cleanly, with 0', async () => {
    await reach(1n);
    assert.equal(await devnet.stop('SIGINT'), 0);
    assert.match(devnet.stderr(), /Stopped cleanly/);
    const before = devnet.genesisHash;
    devnet = await startDevnet(home.path);
    assert.equal(devnet.genesisHash, before);
    assert.ok(devnet.height >= 1n);
    assert.equal(await devnet.stop('SIGTERM'), 0);
    devnet = await startDevnet(home.path);
  });

  it('refuses the directory of another chain with the sentence that says so, and leaves it as it was', async () => {
    const { height } = devnet;
    assert.equal(await devnet.stop(), 0);
    const file = join(home.path, 'devnet-solo', 'genesis.ssz');
    const kept = readFileSync(file);
    writeFileSync(file, Uint8Array.of(...kept.subarray(0, -1), kept.at(-1)! ^ 1));
    const other = await inProcess(['devnet', '--solo', '--dir', home.path, '--port', '0', '--json']);
    assert.equal(other.code, 1);
    const failure = other.failure();
    assert.equal(failure.code, 'other-genesis');
    assert.match(failure.message, /genesis file of the devnet has changed/);
    assert.match(failure.hint!, /devnet --reset/);
    writeFileSync(file, kept);
    devnet = await startDevnet(home.path);
    assert.ok(devnet.height >= height);
  });

  it('begins anew with --reset, and not while another process has the chain', async () => {
    await reach(1n);
    const refused = await inProcess([
      ...['devnet', '--solo', '--dir', home.path, '--port', '0', '--reset', '--json'],
    ]);
    assert.equal(refused.code, 7);
    assert.ok(existsSync(join(home.path, 'devnet-solo', 'genesis.ssz')));
    assert.equal(await devnet.stop(), 0);
    devnet = await startDevnet(home.path, '--reset');
    assert.equal(devnet.height, 0n);
  });
});

const ROOT = join(import.meta.dirname, '..', '..');

describe('npm run devnet, as it is typed', { concurrency: false }, () => {
  let home: Home;
  const groups = new Set<number>();
  before(() => {
    home = newHome();
  });
  after(() => {
    for (const group of groups) process.kill(-group, 'SIGKILL');
    home.remove();
  });

  /** What a person has set, who did not come through npm. */
  const env = () => ({
    ...OUTSIDE_NPM,
    SERO_DIR: home.path,
    SERO_RPC_PORT: '0',
    SERO_PASSWORD_FILE: home.passwordFile,
  });

  /** Types a line in the checkout, in a process group of its own, as a terminal does. */
  function type(line: string) {
    const child = spawn(line, {
      shell: true,
      detached: true,
      cwd: ROOT,
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const group = child.pid!;
    groups.add(group);
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    const ended = new Promise<number | NodeJS.Signals>((resolve) => {
      child.once('close', (code, signal) => {
        groups.delete(group);
        resolve(code ?? signal!);
      });
    });
    return { stdout: createInterface({ input: child.stdout }), stderr: () => said.join(''), group, ended };
  }

  /** Types what starts a devnet and reads what it prints up to the commands to try. */
  async function start(typed = 'npm run devnet') {
    const { stdout, stderr, group, ended } = type(typed);
    const lines: string[] = [];
    const next: string[] = [];
    const printed = (async () => {
      for await (const line of stdout) {
        lines.push(line);
        if (/^ {2}npm run sero -- /.test(line)) next.push(line.trim());
        if (/^ {2}npm run sero -- send /.test(line)) return true;
      }
      return false;
    })();
    assert.ok(await printed, `it ended with ${await Promise.race([ended, undefined])}: ${stderr()}`);
    const text = lines.join('\n');
    return {
      text,
      next,
      stderr,
      url: /^RPC +(http:\/\/\S+)$/m.exec(text)![1]!,
      accounts: [...text.matchAll(/^account (\d) {2}(serodev1\S+)\n((?:[a-z]+ ){23}[a-z]+)$/gm)],
      /**
       * What a terminal does at ctrl-C: npm, its shell and the program all get the signal. The program ends with 0; the shell that npm
       * starts scripts with waits for it, and some then die of the signal themselves, which npm repeats.
       */
      interrupt: async () => {
        process.kill(-group, 'SIGINT');
        const end = await ended;
        assert.ok(end === 0 || end === 'SIGINT', `npm ended with ${end}: ${stderr()}`);
        assert.match(stderr(), /^Stopped cleanly\.$/m);
      },
    };
  }

  it('prints ten accounts, serves, and what it says to try next works; ctrl-C stops it cleanly, the next start goes on, one with --reset begins anew', async () => {
    const first = await start();
    assert.deepEqual(
      first.accounts.map(([, index]) => index),
      Array.from({ length: 10 }, (_, index) => String(index)),
    );
    assert.match(first.text, /^A new chain\.$/m);
    assert.equal((await statusOf(first.url)).head.notes, 10n);

    const [init, balance] = first.next as [string, string];
    assert.match(balance, /^npm run sero -- balance( |$)/);
    const made = type(init);
    const answer: string[] = [];
    made.stdout.on('line', (line) => answer.push(line));
    assert.equal(await made.ended, 0, made.stderr());
    assert.equal(answer.at(-1), first.accounts[0]![2], init);
    const shown = type(balance);
    const balances: string[] = [];
    shown.stdout.on('line', (line) => balances.push(line));
    assert.equal(await shown.ended, 0, shown.stderr());
    assert.match(balances.join('\n'), /^SERO +1000000 /m, balance);

    await reachOn(first.url, 1n);
    const { height } = (await statusOf(first.url)).head;
    await first.interrupt();
    const second = await start();
    const resumed = /^The chain goes on after block (\d+)\.$/m.exec(second.text);
    assert.ok(BigInt(resumed![1]!) >= height);
    assert.doesNotMatch(second.stderr(), /not stopped cleanly/);
    await second.interrupt();
    const third = await start('npm run devnet -- --reset');
    assert.match(third.text, /^A new chain\.$/m);
    await third.interrupt();
  });
});
