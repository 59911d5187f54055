import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import { type Clock, diskBackend, type NodeError, type NodeOptions, systemClock } from '@sero/node';
import type { Header } from '@sero/protocol';
import { hookedStore } from '@sero/store';
import { genesisFile, newDirectory, sealed, start } from './running.ts';

const GENESIS = genesisFile({ snapshotEvery: 2n });

interface Lived {
  readonly directory: string;
  readonly head: Header;
}

/** A directory in which a node lived through so many blocks, with snapshots of the last two even ones. */
async function livedIn(blocks: number, change: Partial<NodeOptions> = {}): Promise<Lived> {
  const directory = newDirectory();
  const { node } = await start(directory, { genesis: GENESIS, ...change });
  for (let number = 1; number <= blocks; number++) {
    await sealed(node, number);
    if (number % 2 === 0 && change.keepSnapshots !== 0) await node.takeSnapshot();
  }
  const head = node.ledger.head();
  await node.close();
  return { directory, head };
}

/** Every entry of a state on disk. */
function contents(state: string): string[] {
  const store = diskBackend.openState(state);
  try {
    return [...store.entries(new Uint8Array(0))].map(([key, value]) => `${toHex(key)} ${toHex(value)}`);
  } finally {
    store.close();
  }
}

const GARBAGE = new Uint8Array(65_536).fill(7);
const damageState = (directory: string, state = 'state'): void =>
  writeFileSync(join(directory, state, 'data.mdb'), GARBAGE);
const evidence = (directory: string): Uint8Array =>
  Uint8Array.from(readFileSync(join(directory, 'state.damaged', 'data.mdb')));

/** Opens with a backend that counts the writes of a state which is built again, and stops after so many. */
async function rebuilding(directory: string, stopAfter = Number.POSITIVE_INFINITY) {
  const abort = new AbortController();
  let writes = 0;
  const after = (): void => {
    if (++writes === stopAfter) abort.abort(new Error('no more'));
  };
  const backend = {
    ...diskBackend,
    openState: (path: string) => {
      const store = diskBackend.openState(path);
      return path.endsWith('state.new') ? hookedStore(store, { after }) : store;
    },
  };
  const opening = start(directory, { genesis: GENESIS, signal: abort.signal, world: { backend } });
  const started = await opening.catch((error: Error) => error);
  return { started, writes };
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at]! ^= 1;
  writeFileSync(file, bytes);
}

test('stopped while the state is built again a node stops before the next block, and the next start goes on from there', async () => {
  const { directory, head } = await livedIn(7, { keepSnapshots: 0 });
  rmSync(join(directory, 'state'), { recursive: true });
  const first = await rebuilding(directory, 3);
  assert.match(String(first.started), /no more/);
  assert.equal(first.writes, 3);
  assert.ok(!existsSync(join(directory, 'state')) && existsSync(join(directory, 'state.new')));
  const second = await rebuilding(directory, 2);
  assert.equal(second.writes, 2);
  const third = await rebuilding(directory);
  assert.equal(third.writes, 3, 'eight blocks, each once');
  assert.ok(!(third.started instanceof Error));
  assert.ok(third.started.node.rebuilt);
  assert.deepEqual(third.started.node.ledger.head(), head);
  assert.ok(!existsSync(join(directory, 'state.new')));
  assert.equal((await sealed(third.started.node, 8)).height, 8n);
  await third.started.node.close();
  const again = await start(directory, { genesis: GENESIS });
  assert.ok(!again.node.rebuilt && !again.said('built again'));
  await again.node.close();
});

test('what was set aside stays until a whole state is found damaged: not even a damaged draft takes its place', async () => {
  const { directory, head } = await livedIn(4, { keepSnapshots: 0 });
  damageState(directory);
  await rebuilding(directory, 2);
  assert.deepEqual(evidence(directory), GARBAGE);
  await rebuilding(directory, 1);
  assert.deepEqual(evidence(directory), GARBAGE);
  for (const mark of [true, false]) {
    // The draft is found damaged by the look at its records, and by opening it.
    damageState(directory, 'state.new');
    if (mark) writeFileSync(join(directory, 'running'), '');
    const { started } = await rebuilding(directory, 2);
    assert.match(String(started), /no more/);
    assert.deepEqual(evidence(directory), GARBAGE);
  }
  const { started } = await rebuilding(directory);
  assert.ok(!(started instanceof Error));
  assert.deepEqual(started.node.ledger.head(), head);
  await started.node.close();
  assert.deepEqual(evidence(directory), GARBAGE);
  writeFileSync(
    join(directory, 'state', 'data.mdb'),
    GARBAGE.map(() => 9),
  );
  const again = await start(directory, { genesis: GENESIS });
  await again.node.close();
  assert.equal(evidence(directory)[0], 9);
});

/** The block whose record is damaged is known by its place in the log. */
function damageRecord(directory: string, header: Header): void {
  const folder = join(directory, 'blocks');
  for (const name of readdirSync(folder)) {
    const at = readFileSync(join(folder, name)).indexOf(header.notesRoot);
    if (at >= 0) flip(join(folder, name), at + 5);
  }
}

test('a damaged block is named at once: nothing is set aside and nothing built for a log that leads nowhere', async () => {
  for (const state of ['damaged', 'missing', 'behind'] as const) {
    const directory = newDirectory();
    const { node } = await start(directory, { genesis: GENESIS });
    await sealed(node, 1);
    await node.close();
    const [now, old] = [join(directory, 'state'), join(directory, 'old')];
    cpSync(now, old, { recursive: true });
    const again = await start(directory, { genesis: GENESIS });
    const header = await sealed(again.node, 2);
    for (const number of [3, 4]) await sealed(again.node, number);
    await again.node.close();
    if (state === 'damaged') damageState(directory);
    else rmSync(now, { recursive: true });
    if (state === 'behind') renameSync(old, now);
    damageRecord(directory, header);
    const left = readdirSync(directory).filter((name) => name.startsWith('state'));
    const { started, writes } = await rebuilding(directory);
    assert.equal((started as { code?: string }).code, 'chain-damaged', state);
    assert.equal(writes, 0);
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('state')),
      left,
    );
  }
});

/** What a directory has beside the files of every one, in order. */
const parts = (directory: string): string[] =>
  readdirSync(directory, { recursive: true })
    .map(String)
    .filter((name) => /^(state|snapshots)/.test(name))
    .sort();

test('without blocks no second chain is begun where anything is left of a first one: it is named, and all stays', async () => {
  const lost: readonly [string, (directory: string) => unknown, keepSnapshots: number][] = [
    ['a whole state', () => undefined, 0],
    ['a damaged state', damageState, 0],
    ['a state that was set aside', (directory) => rename(directory, 'state', 'state.damaged'), 0],
    ['a state that was begun', (directory) => rename(directory, 'state', 'state.new'), 0],
    [
      'a rebuild that was broken off',
      (directory) => {
        damageState(directory);
        return rebuilding(directory, 1);
      },
      0,
    ],
    ['snapshots', (directory) => rmSync(join(directory, 'state'), { recursive: true }), 2],
    [
      'snapshots beside an empty file',
      (directory) => writeFileSync(join(directory, 'state', 'data.mdb'), ''),
      2,
    ],
  ];
  for (const [name, lose, keepSnapshots] of lost) {
    for (const check of ['unclean', 'always'] as const) {
      const { directory } = await livedIn(2, { keepSnapshots });
      await lose(directory);
      rmSync(join(directory, 'blocks'), { recursive: true });
      const left = parts(directory);
      for (const attempt of [1, 2]) {
        await assert.rejects(
          start(directory, { genesis: GENESIS, check }),
          (error: NodeError) => error.code === 'chain-damaged' && /restore .* backup/.test(error.message),
          `${name}, attempt ${attempt}`,
        );
        assert.deepEqual(parts(directory), left, name);
      }
    }
  }
});

const rename = (directory: string, from: string, to: string): void =>
  renameSync(join(directory, from), join(directory, to));

test('a state that was begun is removed once another one took its place', async () => {
  const { directory, head } = await livedIn(4, { keepSnapshots: 0 });
  cpSync(join(directory, 'state'), join(directory, 'old'), { recursive: true });
  rmSync(join(directory, 'state'), { recursive: true });
  await rebuilding(directory, 2);
  assert.ok(existsSync(join(directory, 'state.new')));
  rename(directory, 'old', 'state');
  const again = await start(directory, { genesis: GENESIS });
  assert.deepEqual(again.node.ledger.head(), head);
  assert.ok(!existsSync(join(directory, 'state.new')));
  await again.node.close();
});

test('a log that ends before a snapshot is named where the state is lost: final blocks are not left out in silence', async () => {
  const { directory } = await livedIn(4);
  const shorter = await livedIn(2, { keepSnapshots: 0 });
  const state = join(directory, 'state');
  rmSync(join(directory, 'blocks'), { recursive: true });
  cpSync(join(shorter.directory, 'blocks'), join(directory, 'blocks'), { recursive: true });
  for (const lost of [
    () => writeFileSync(join(state, 'data.mdb'), ''),
    () => rmSync(join(state, 'data.mdb')),
    () => rmSync(state, { recursive: true }),
  ]) {
    lost();
    await assert.rejects(start(directory, { genesis: GENESIS }), {
      code: 'chain-damaged',
      message: /snapshots.4/,
    });
  }
  rmSync(join(directory, 'snapshots'), { recursive: true });
  const { node } = await start(directory, { genesis: GENESIS });
  assert.deepEqual(node.ledger.head(), shorter.head);
  await node.close();
});

test('a state that was built again and is ahead of the log is named, and stays', async () => {
  const { directory } = await livedIn(4, { keepSnapshots: 0 });
  const shorter = await livedIn(2, { keepSnapshots: 0 });
  renameSync(join(directory, 'state'), join(directory, 'state.new'));
  rmSync(join(directory, 'blocks'), { recursive: true });
  cpSync(join(shorter.directory, 'blocks'), join(directory, 'blocks'), { recursive: true });
  await assert.rejects(start(directory, { genesis: GENESIS }), { code: 'chain-damaged' });
  assert.ok(existsSync(join(directory, 'state.new')));
});

test('a lost state is built from the newest snapshot and the blocks after it, and equals one that lived through all', async () => {
  const { directory, head } = await livedIn(7);
  const lived = contents(join(directory, 'state'));
  const cases: readonly [name: string, damage: () => void, begins: number | undefined][] = [
    ['whole', () => undefined, 6],
    ['a byte of the newest', () => flip(join(directory, 'snapshots', '6', '00000000.chunk'), 999), 4],
    ['the older has no manifest', () => rmSync(join(directory, 'snapshots', '4', 'manifest')), undefined],
  ];
  for (const [name, damage, begins] of cases) {
    damage();
    rmSync(join(directory, 'state'), { recursive: true });
    const { node, lines } = await start(directory, { genesis: GENESIS, keepSnapshots: 0 });
    assert.deepEqual(node.ledger.head(), head);
    await node.close();
    const loaded = lines.filter(({ msg }) => msg.startsWith('beginning with')).map(({ height }) => height);
    assert.equal(loaded.at(-1), begins ?? 6, name);
    const passed = lines.filter(({ msg }) => msg.includes('passed over')).map(({ snapshot }) => snapshot);
    assert.deepEqual(passed, { 6: [], 4: ['6'] }[begins ?? 0] ?? ['6', '4'], name);
    assert.deepEqual(contents(join(directory, 'state')), lived, name);
    const checked = await start(directory, { genesis: GENESIS, check: 'always', keepSnapshots: 0 });
    assert.ok(!checked.node.rebuilt);
    await checked.node.close();
  }
});

test('a snapshot of another chain, in the place of the own, is not used', async () => {
  const own = await livedIn(5);
  const genesis = genesisFile({ snapshotEvery: 2n, time: 1_600_000_000_000n });
  const { directory: stranger } = await livedIn(4, { genesis });
  rmSync(join(own.directory, 'snapshots', '4'), { recursive: true });
  cpSync(join(stranger, 'snapshots', '4'), join(own.directory, 'snapshots', '4'), { recursive: true });
  const lived = contents(join(own.directory, 'state'));
  rmSync(join(own.directory, 'state'), { recursive: true });
  const again = await start(own.directory, { genesis: GENESIS });
  assert.ok(again.lines.some(({ msg, snapshot }) => msg.includes('passed over') && snapshot === '4'));
  assert.ok(again.lines.some(({ msg, height }) => msg.startsWith('beginning with') && height === 2));
  assert.deepEqual(again.node.ledger.head(), own.head);
  await again.node.close();
  assert.deepEqual(contents(join(own.directory, 'state')), lived);
});

test('a node that does not seal makes no block however long none came, and is not ready; its snapshot is the state’s', async () => {
  const { directory, head } = await livedIn(3);
  let timers = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => Number(head.time) + 10 ** 12,
    setTimer: (callback, ms) => {
      timers++;
      return systemClock.setTimer(callback, ms);
    },
  };
  const { node } = await start(directory, { genesis: GENESIS, seals: false, world: { clock } });
  assert.ok(!node.ready());
  assert.equal(await node.takeSnapshot(), 3n);
  assert.equal(timers, 0);
  await node.close();
  assert.equal(await node.stopped, undefined);
  rmSync(join(directory, 'state'), { recursive: true });
  const again = await start(directory, { genesis: GENESIS });
  assert.ok(again.lines.some(({ msg, height }) => msg.startsWith('beginning with') && height === 3));
  assert.deepEqual(again.node.ledger.head(), head);
  assert.ok(!again.said('not stopped cleanly'));
  await again.node.close();
});
