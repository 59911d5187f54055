import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { figuresOf } from './proc.ts';
import { type Program, startProcess } from './processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-processes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let programs = 0;
/** A program of one's own words. */
function program(text: string, more: Partial<Program> = {}): Program {
  const name = `program-${++programs}`;
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, text);
  return { name, args: [file], logFile: join(folder, `${name}.log`), ...more };
}

const FOREVER = 'console.log("up"); setInterval(() => {}, 1_000);';

/** Resolves when a process does not run any more, whoever started it. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) {
    await new Promise(setImmediate);
  }
}

describe('processes', () => {
  it('say their first line, leave a log, and say how they ended', async () => {
    const about = program(
      'console.log("one"); console.error("two"); console.log("three"); process.exitCode = 3;',
    );
    const running = startProcess(about);
    assert.equal(await running.firstLine(), 'one');
    assert.deepEqual(await running.ended, { code: 3, signal: null });
    assert.deepEqual(readFileSync(about.logFile, 'utf8').trim().split('\n').toSorted(), [
      'one',
      'three',
      'two',
    ]);
    assert.equal(running.isRunning(), false);
    assert.equal(running.figures(), undefined);
  });

  it('that end before they say anything are an error with their log', async () => {
    const running = startProcess(program('throw new Error("this is why");'));
    await assert.rejects(running.firstLine(), /program-\d+ ended \(1\):[\s\S]*this is why/);
  });

  it('are killed, stopped, paused and resumed', async () => {
    const killed = startProcess(program(FOREVER));
    await killed.firstLine();
    killed.pause();
    assert.deepEqual(await killed.kill(), { code: null, signal: 'SIGKILL' }, 'while it stands still too');
    const asked = startProcess(program(`process.on('SIGTERM', () => process.exit(7)); ${FOREVER}`));
    await asked.firstLine();
    asked.pause();
    assert.deepEqual(await asked.stop(), { code: 7, signal: null });
  });

  it('show what they take', async () => {
    const running = startProcess(
      program('while (process.cpuUsage().user < 200_000); console.log("up"); setInterval(() => {}, 1_000);'),
    );
    await running.firstLine();
    const { cpuSeconds, rss, peakRss, threads } = running.figures()!;
    assert.ok(cpuSeconds >= 0.1 && cpuSeconds < 30, `${cpuSeconds} s`);
    assert.ok(rss > 10e6 && rss <= peakRss && peakRss < 1e9);
    assert.ok(threads >= 1);
    await running.kill();
  });

  it('end with the process that started them, however that one ends', async () => {
    const child = program(FOREVER);
    const parent = program(
      `import { startProcess } from ${JSON.stringify(new URL('./processes.ts', import.meta.url).href)};
       const running = startProcess(${JSON.stringify(child)});
       await running.firstLine();
       console.log(running.pid);`,
    );
    const test = spawn(process.execPath, [...parent.args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = (await once(createInterface({ input: test.stdout }), 'line')) as [string];
    assert.ok(existsSync(`/proc/${pid}/stat`));
    test.kill('SIGKILL');
    await gone(Number(pid));
  });

  it('have a wall clock that is wrong where it is to be, in their threads too, and a monotonic one that is right', async () => {
    const text = `
      import { Worker, isMainThread, parentPort } from 'node:worker_threads';
      const look = () => [Date.now(), new Date().getTime(), Date.parse(Date()), new Date(5).getTime(), Date.UTC(1970, 0, 1), new Date() instanceof Date];
      if (isMainThread) {
        const thread = new Worker(new URL(import.meta.url));
        thread.once('message', (theirs) => console.log(JSON.stringify({ ours: look(), theirs, ran: performance.now() })));
      } else parentPort.postMessage(look());`;
    const running = startProcess(program(text, { skewMs: -3_600_000 }));
    const { ours, theirs, ran } = JSON.parse(await running.firstLine()) as {
      ours: number[];
      theirs: number[];
      ran: number;
    };
    const right = Date.now();
    for (const [now, made, text, five, zero, is] of [ours, theirs]) {
      for (const time of [now!, made!, text!]) assert.ok(Math.abs(right - 3_600_000 - time) < 30_000);
      assert.deepEqual([five, zero, is], [5, 0, true]);
    }
    assert.ok(ran < 60_000);
    const fast = startProcess(
      program(
        'const start = performance.now(), began = Date.now(); while (performance.now() < start + 100); console.log(Date.now() - began);',
        { driftPpm: 1e6 },
      ),
    );
    assert.ok(Number(await fast.firstLine()) >= 190);
    await Promise.all([running.ended, fast.ended]);
  });
});

it('figures are read from what the kernel writes, whatever the program is called', () => {
  const stat = '7 (a) b) S 1 7 7 0 -1 4194560 3085 0 0 0 150 50 0 0 20 0 11 0 221 0 0';
  const status = 'Name:\ta\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\t     512 kB\n';
  const devices =
    'Inter-|   Receive  |  Transmit\n face |bytes packets|bytes\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n  eth0: 100 2 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n mgmt0: 500 2 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n';
  assert.deepEqual(figuresOf(stat, status, devices), {
    cpuSeconds: 2,
    rss: 1_048_576,
    peakRss: 2_097_152,
    ownMemory: 524_288,
    threads: 11,
    sent: 30,
    received: 100,
  });
  assert.equal(figuresOf(stat, 'Name:\ta\nState:\tZ (zombie)\n', devices), undefined);
});
