import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Header, HeaderType } from '@sero/protocol';
import { readSnapshot } from '@sero/store/node';
import { createSnapshots } from './snapshots.ts';
import { settle } from './test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-snapshots-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ENTRIES = Array.from(
  { length: 6 },
  (_, i) => [Uint8Array.of(i), new Uint8Array(600_000).fill(i)] as const,
);

/** Snapshots of a made-up state that takes three chunks. */
function scene(name: string, change: { keep?: number; entry?: (number: number) => void } = {}) {
  const directory = join(folder, name);
  const state = { height: 0n, open: 0, taken: 0 };
  const written: bigint[] = [];
  const failed: unknown[] = [];
  const header = (): Header => ({ ...HeaderType.defaultValue(), height: state.height });
  function* entries() {
    for (const [i, entry] of ENTRIES.entries()) {
      change.entry?.(i);
      yield entry;
    }
  }
  const snapshots = createSnapshots({
    ledger: {
      snapshot: () => {
        state.open++;
        state.taken++;
        return { header: header(), entries: entries(), close: () => void state.open-- };
      },
    },
    directory,
    every: 10n,
    keep: change.keep ?? 2,
    now: () => 0,
    written: (height) => written.push(height),
    failed: (error) => failed.push(error),
  });
  const reach = (height: bigint): void => {
    state.height = height;
    snapshots.onHead(header());
  };
  return { directory, state, written, failed, snapshots, reach };
}

test('at each multiple of the interval a snapshot is written that reads as the state was; the last are kept', async () => {
  const { directory, snapshots, state, written, reach } = scene('kept');
  for (const height of [9n, 10n, 11n, 20n, 30n]) {
    reach(height);
    if (height % 10n === 0n) await snapshots.take();
  }
  assert.deepEqual(written, [10n, 20n, 30n]);
  assert.deepEqual(readdirSync(directory).sort(), ['20', '30']);
  const { manifest, entries } = readSnapshot(join(directory, '30'));
  assert.equal(manifest.height, 30n);
  assert.ok(manifest.chunks.length >= 3);
  assert.deepEqual([...entries()], ENTRIES);
  assert.equal(state.open, 0);
});

test('one is written at a time: who asks meanwhile gets that one, a height that comes meanwhile is left out', async () => {
  const { snapshots, state, written, reach } = scene('one');
  reach(10n);
  reach(20n);
  assert.equal(await snapshots.take(), 10n);
  assert.deepEqual([written, state.taken], [[10n], 1]);
  assert.equal(await snapshots.take(), 20n);
});

test('everything else has its turn between two chunks', async () => {
  let turns = 0;
  const seen: number[] = [];
  const { snapshots } = scene('turns', { entry: () => seen.push(turns) });
  const done = snapshots.take();
  const count = (): void => {
    turns++;
    if (turns < 10_000) setImmediate(count);
  };
  count();
  await done;
  assert.ok(new Set(seen).size >= 3, String(seen));
});

test('closed meanwhile it gives up and leaves nothing half done', async () => {
  const { directory, snapshots, state, written, failed, reach } = scene('closed');
  reach(10n);
  await snapshots.close();
  assert.deepEqual(readdirSync(directory), []);
  assert.deepEqual([written, failed, state.open], [[], [], 0]);
  reach(20n);
  assert.equal(state.taken, 1);
});

test('what fails is told, leaves nothing half done, and the next one is written', async () => {
  let fails = true;
  const { directory, snapshots, state, failed, reach } = scene('failed', {
    entry: (number) => {
      if (fails && number === 3) throw new Error('no more');
    },
  });
  reach(10n);
  await assert.rejects(snapshots.take(), /no more/);
  await settle();
  assert.equal(failed.length, 1);
  assert.deepEqual([readdirSync(directory), state.open], [[], 0]);
  fails = false;
  assert.equal(await snapshots.take(), 10n);
});

test('what a crash left half done is cleared away', async () => {
  const { directory, snapshots, reach } = scene('crashed');
  mkdirSync(join(directory, '10.new'), { recursive: true });
  writeFileSync(join(directory, '10.new', '00000009.chunk'), 'old');
  mkdirSync(join(directory, '5.new'));
  reach(10n);
  await snapshots.take();
  assert.deepEqual(readdirSync(directory), ['10']);
  assert.ok(!readdirSync(join(directory, '10')).includes('00000009.chunk'));
});

test('one that was written stays though others are of greater heights: those are of blocks that the chain does not have', async () => {
  const { directory, snapshots, written, reach } = scene('above');
  for (const name of ['1000', '900', '8', '7', '0020']) mkdirSync(join(directory, name), { recursive: true });
  reach(20n);
  await snapshots.take();
  assert.deepEqual(readdirSync(directory).sort(), ['20', '8']);
  reach(30n);
  await snapshots.take();
  assert.deepEqual(readdirSync(directory).sort(), ['20', '30']);
  assert.deepEqual(written, [20n, 30n]);
});

test('with none to keep, one is made on demand only', async () => {
  const { directory, snapshots, state, reach } = scene('none', { keep: 0 });
  reach(10n);
  assert.equal(state.taken, 0);
  await snapshots.take();
  assert.deepEqual(readdirSync(directory), ['10']);
});
