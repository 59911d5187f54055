import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, describe, it } from 'node:test';
import type { Io } from './io.ts';
import { createOutput } from './output.ts';
import { type Clock, createProgress } from './progress.ts';
import { cachedProofTimes, proofReport, proofStage } from './proving.ts';

const directory = mkdtempSync(join(tmpdir(), 'sero-times-'));
after(() => rmSync(directory, { recursive: true }));

/** A clock that goes on when it is told, and what it was asked to call each second. */
function fakeClock(): Clock & { pass(seconds: number): void; readonly ticking: number } {
  let time = 0;
  const ticks = new Set<() => void>();
  return {
    now: () => time,
    every: (ms, tick) => {
      assert.equal(ms, 1_000);
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    pass: (seconds) => {
      for (let i = 0; i < seconds; i++) {
        time += 1_000;
        for (const tick of ticks) tick();
      }
    },
    get ticking() {
      return ticks.size;
    },
  };
}

/** A program of which stderr is seen. */
function world(clock: Clock, { isTTY = false, json = false } = {}) {
  const said: string[] = [];
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 100, rows: 24 });
  const stderr = stream();
  stderr.on('data', (chunk) => said.push(String(chunk)));
  const { signal } = new AbortController();
  const io: Io = { stdin: new PassThrough(), stdout: stream(), stderr, env: {}, cwd: '/', signal };
  const output = createOutput(io, { json, color: true, quiet: false, verbose: false });
  return { progress: createProgress(io, output, clock), said: () => said.join('') };
}

describe('the line of a proof', () => {
  it('says the seconds so far and those left by the last proof of the circuit', () => {
    assert.equal(proofReport(3, undefined), '3 s; how long it takes is known after the first one');
    assert.equal(proofReport(0, 11_200), '0 s, about 12 s left');
    assert.equal(proofReport(11, 11_200), '11 s, about 1 s left');
    assert.equal(proofReport(15, 11_200), '15 s, the last one took 12 s');
  });

  it('is a line every five seconds where there is no terminal, as JSON or not, and the time is kept for the next', async () => {
    for (const json of [false, true]) {
      const times = cachedProofTimes(join(directory, String(json)));
      const clock = fakeClock();
      const { progress, said } = world(clock, { json });
      const prove = async (): Promise<number> => {
        clock.pass(11);
        return 7;
      };
      assert.equal(await proofStage(progress, { circuit: 1, number: 1, of: 2 }, prove, { times, clock }), 7);
      assert.equal(clock.ticking, 0, 'the clock is given back');
      assert.equal(await times.last(1), 11_000);
      assert.equal(await times.last(2), undefined);
      await proofStage(progress, { circuit: 1, number: 2, of: 2 }, prove, { times, clock });
      assert.deepEqual(said().trimEnd().split('\n'), [
        'Proving, proof 1 of 2 ...',
        'Proving, proof 1 of 2: 0 s; how long it takes is known after the first one',
        'Proving, proof 1 of 2: 5 s; how long it takes is known after the first one',
        'Proving, proof 1 of 2: 10 s; how long it takes is known after the first one',
        'Proving, proof 2 of 2 ...',
        'Proving, proof 2 of 2: 0 s, about 11 s left',
        'Proving, proof 2 of 2: 5 s, about 6 s left',
        'Proving, proof 2 of 2: 10 s, about 1 s left',
      ]);
    }
  });

  it('turns on a terminal', async () => {
    const clock = fakeClock();
    const { progress, said } = world(clock, { isTTY: true });
    const times = { last: async () => 3_000, took: async () => undefined };
    await proofStage(progress, { circuit: 1, number: 1, of: 1 }, async () => clock.pass(2), { times, clock });
    assert.match(said(), /Proving, proof 1 of 1: 2 s, about 1 s left/);
  });

  it('fails as the proof does, which leaves no time behind, and stops the clock', async () => {
    const times = cachedProofTimes(join(directory, 'failed'));
    const clock = fakeClock();
    const failure = new Error('x');
    const made = proofStage(
      world(clock).progress,
      { circuit: 1, number: 1, of: 1 },
      () => Promise.reject(failure),
      { times, clock },
    );
    await assert.rejects(made, (error) => error === failure);
    assert.equal(clock.ticking, 0);
    assert.equal(await times.last(1), undefined);
  });

  it('goes on where times cannot be kept or are none: a proof is worth more', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, 'no directory');
    const times = cachedProofTimes(file);
    await times.took(1, 5);
    assert.equal(await times.last(1), undefined);
    const damaged = join(directory, 'damaged');
    await cachedProofTimes(damaged).took(1, 5);
    writeFileSync(join(damaged, '1'), 'x');
    assert.equal(await cachedProofTimes(damaged).last(1), undefined);
  });
});
