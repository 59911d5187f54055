import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LedgerError } from '@sero/ledger';
import { decodeExecutedBlock, encodeBlock } from '@sero/protocol';
import { cutSnapshot, encodeManifest, hookedLog, StoreError } from '@sero/store';
import { readSnapshot } from '@sero/store/node';
import type { NodeDirectory } from '../directory.ts';
import { NodeError } from '../errors.ts';
import { diskBackend, openStorage, type StorageBackend } from '../storage.ts';
import { beginStorage, isUnbegun } from './begin-storage.ts';
import { beginningPlace } from './beginning-place.ts';
import {
  isFalseSnapshot,
  type ReceivedSnapshot,
  receiveSnapshot,
  type SnapshotReceiver,
} from './snapshot-receiver.ts';
import { BLOCK_PART, createSnapshotServer, type SnapshotServer } from './snapshot-server.ts';
import { type Home, home, newFolder } from './snapshots-test-support.ts';

const begun = home();

const code =
  (expected: string) =>
  (error: unknown): boolean =>
    (error instanceof LedgerError || error instanceof StoreError || error instanceof NodeError) &&
    error.code === expected;

const serverOf = ({ chain, snapshots }: Home): SnapshotServer =>
  createSnapshotServer(snapshots, chain.ledger);

/** The manifest of height 256 as a peer sends it. */
function manifestOf(scene: Home): Uint8Array {
  return encodeManifest(readSnapshot(join(scene.snapshots, '256')).manifest);
}

function receiver(
  scene: Home,
  directory: Pick<NodeDirectory, 'state'>,
  manifest = manifestOf(scene),
): Promise<SnapshotReceiver> {
  const { genesisHash } = scene.chain.ledger;
  return receiveSnapshot({ genesisHash, trusted: scene.trusted, manifest, directory });
}

async function fetched(scene: Home, directory: NodeDirectory): Promise<ReceivedSnapshot> {
  const server = serverOf(scene);
  const receiving = await receiver(scene, directory);
  for (const index of receiving.missing()) receiving.add(index, server.part(256n, index)!);
  return receiving.received();
}

async function open(scene: Home, directory: NodeDirectory, backend: StorageBackend = diskBackend) {
  const events: string[] = [];
  const storage = await openStorage({
    directory,
    backend,
    ledger: scene.options,
    check: 'always',
    onEvent: ({ type }) => events.push(type),
  });
  return { ...storage, events };
}

/** Opens, lives through the chain's later blocks, opens again. */
async function assertGoesOn(scene: Home, directory: NodeDirectory): Promise<void> {
  const { chain } = scene;
  const first = await open(scene, directory);
  assert.equal(first.ledger.earliest(), 256n);
  for (let h = first.ledger.head().height + 1n; h <= 300n; h++) {
    await first.ledger.apply(encodeBlock(decodeExecutedBlock(chain.ledger.executedBlock(h)).block));
  }
  assert.deepEqual(first.ledger.head(), chain.ledger.head());
  first.close();
  const again = await open(scene, directory);
  assert.deepEqual(again.ledger.head(), chain.ledger.head());
  assert.deepEqual(again.events, ['checking']);
  again.close();
}

test('a node begins at a snapshot that it fetched part by part, goes on with the blocks after it, and opens again', async () => {
  const scene = await begun;
  const directory = scene.directory();
  assert.ok(isUnbegun({ directory, backend: diskBackend }));
  const received = await fetched(scene, directory);
  await beginStorage({ directory, backend: diskBackend, ledger: scene.options }, received);
  assert.ok(!isUnbegun({ directory, backend: diskBackend }));
  assert.ok(!existsSync(beginningPlace(directory)));
  assert.deepEqual(readdirSync(directory.snapshots), ['256']);
  await assertGoesOn(scene, directory);
  directory.release(true);
});

test('a state that is lost comes back from the snapshot that the node began with; without it the node says that it cannot', async () => {
  const scene = await begun;
  const directory = scene.directory();
  await beginStorage(
    { directory, backend: diskBackend, ledger: scene.options },
    await fetched(scene, directory),
  );
  await assertGoesOn(scene, directory);
  rmSync(directory.state, { recursive: true });
  const rebuilt = await open(scene, directory);
  assert.ok(rebuilt.rebuilt);
  assert.ok(rebuilt.events.includes('loading'));
  assert.deepEqual(rebuilt.ledger.head(), scene.chain.ledger.head());
  rebuilt.close();
  rmSync(directory.state, { recursive: true });
  rmSync(directory.snapshots, { recursive: true });
  await assert.rejects(open(scene, directory), code('chain-damaged'));
  directory.release(true);
});

test('a damaged record of the state is mended the same way', async () => {
  const scene = await begun;
  const directory = scene.directory();
  await beginStorage(
    { directory, backend: diskBackend, ledger: scene.options },
    await fetched(scene, directory),
  );
  await assertGoesOn(scene, directory);
  writeFileSync(join(directory.state, 'data.mdb'), new Uint8Array(200_000).fill(7));
  const mended = await open(scene, directory);
  assert.ok(mended.rebuilt);
  assert.deepEqual(mended.ledger.head(), scene.chain.ledger.head());
  mended.close();
  directory.release(true);
});

test('killed at any change of its directory while it begins, a node begins or goes on the next time', async () => {
  const scene = await begun;
  for (const instant of ['before the log', 'after the log']) {
    const directory = scene.directory();
    const received = await fetched(scene, directory);
    const kill = (): never => {
      throw new Error('killed');
    };
    const backend: StorageBackend = {
      ...diskBackend,
      openBlocks: (path) =>
        hookedLog(
          diskBackend.openBlocks(path),
          instant === 'before the log' ? { before: kill } : { after: kill },
        ),
    };
    await assert.rejects(beginStorage({ directory, backend, ledger: scene.options }, received), /killed/);
    assert.ok(existsSync(directory.rebuilt));
    if (isUnbegun({ directory, backend: diskBackend })) {
      assert.equal(instant, 'before the log');
      const again = await receiver(scene, directory);
      assert.deepEqual([...again.missing()], [], 'what was received is still there');
      await beginStorage({ directory, backend: diskBackend, ledger: scene.options }, again.received());
    }
    await assertGoesOn(scene, directory);
    assert.deepEqual(readdirSync(directory.snapshots), ['256']);
    directory.release(true);
  }
});

test('who was killed before the first block and is not told to begin later begins with block 0', async () => {
  const scene = await begun;
  const directory = scene.directory();
  const received = await fetched(scene, directory);
  const abort = new AbortController();
  const options = { directory, backend: diskBackend, ledger: scene.options, signal: abort.signal };
  abort.abort(new Error('not now'));
  await assert.rejects(beginStorage(options, received), /not now/);
  const { ledger, close } = await open(scene, directory);
  assert.deepEqual([ledger.earliest(), ledger.head().height], [0n, 0n]);
  close();
  const again = await open(scene, directory);
  assert.ok(!existsSync(beginningPlace(directory)), 'it is of no more use');
  again.close();
  directory.release(true);
});

test('no chain is begun where there is one, or where one was lost', async () => {
  const scene = await begun;
  const directory = scene.directory();
  (await open(scene, directory)).close();
  const received = await fetched(scene, directory);
  const options = { directory, backend: diskBackend, ledger: scene.options };
  await assert.rejects(beginStorage(options, received), code('log-not-empty'));
  directory.release(true);
  const lost = scene.directory();
  await beginStorage({ ...options, directory: lost }, await fetched(scene, lost));
  await assertGoesOn(scene, lost);
  rmSync(lost.blocks, { recursive: true });
  const other = await fetched(scene, lost);
  await assert.rejects(beginStorage({ ...options, directory: lost }, other), code('log-damaged'));
  assert.ok(existsSync(join(lost.state, 'data.mdb')));
  lost.release(true);
});

test('a snapshot that is true to its manifest and not the state of the block is found when it is loaded; nothing of it stays, and another one is taken', async () => {
  const scene = await begun;
  const directory = scene.directory();
  const stored = readSnapshot(join(scene.snapshots, '256'));
  const entries = [...stored.entries()].map(
    ([key, value], i) => [key, i === 3 ? Uint8Array.of(9) : value] as const,
  );
  const cut = [...cutSnapshot(entries)];
  const manifest = encodeManifest({ ...stored.manifest, chunks: cut.map(({ chunk }) => chunk) });
  const receiving = await receiver(scene, directory, manifest);
  receiving.add(BLOCK_PART, serverOf(scene).part(256n, BLOCK_PART)!);
  for (const [i, { bytes }] of cut.entries()) receiving.add(i + 1, bytes);
  const options = { directory, backend: diskBackend, ledger: scene.options };
  await assert.rejects(beginStorage(options, receiving.received()), isFalseSnapshot);
  assert.ok(isUnbegun(options));
  for (const place of [beginningPlace(directory), directory.rebuilt, directory.state])
    assert.ok(!existsSync(place));
  await beginStorage(options, await fetched(scene, directory));
  await assertGoesOn(scene, directory);
  directory.release(true);
});

test('a folder of another snapshot beside a chain that began later is not taken for its own', async () => {
  const scene = await begun;
  const directory = scene.directory();
  const options = { directory, backend: diskBackend, ledger: scene.options };
  await beginStorage(options, await fetched(scene, directory));
  rmSync(directory.snapshots, { recursive: true });
  cpSync(join(scene.snapshots, '300'), beginningPlace(directory), { recursive: true });
  await assertGoesOn(scene, directory);
  assert.ok(!existsSync(beginningPlace(directory)));
  assert.ok(!existsSync(join(directory.snapshots, '256')));
  directory.release(true);
});

/** A manifest of the trusted block, of made-up entries in three chunks. */
function madeUp(scene: Home) {
  const entries = Array.from(
    { length: 3 },
    (_, i) => [Uint8Array.of(i), new Uint8Array(600_000).fill(i)] as const,
  );
  const cut = [...cutSnapshot(entries)];
  const chunks = cut.map(({ chunk }) => chunk);
  const { height, blockHash } = scene.trusted;
  const manifest = encodeManifest({ version: 1, height, headerHash: blockHash, chunks });
  return { manifest, chunks: cut.map(({ bytes }) => bytes) };
}

test('parts come in any order, from anybody; what was received is still there after a restart', async () => {
  const scene = await begun;
  const { manifest, chunks } = madeUp(scene);
  const directory = { state: join(newFolder(), 'state') };
  const receiving = await receiver(scene, directory, manifest);
  assert.equal(receiving.parts, 4);
  assert.deepEqual([...receiving.missing()], [0, 1, 2, 3]);
  receiving.add(2, chunks[1]!);
  receiving.add(2, chunks[1]!);
  const block = serverOf(scene).part(256n, BLOCK_PART)!;
  receiving.add(0, block);
  assert.throws(() => receiving.received(), code('snapshot-damaged'));
  const again = await receiver(scene, directory, manifest);
  assert.deepEqual([...again.missing()], [1, 3]);
  again.add(3, chunks[2]!);
  again.add(1, chunks[0]!);
  assert.deepEqual(again.received(), { trusted: scene.trusted, executed: block });
});

test('a part that was damaged on the disk meanwhile is fetched again, and another manifest begins anew', async () => {
  const scene = await begun;
  const { manifest, chunks } = madeUp(scene);
  const directory = { state: join(newFolder(), 'state') };
  const receiving = await receiver(scene, directory, manifest);
  receiving.add(1, chunks[0]!);
  receiving.add(2, chunks[1]!);
  const place = beginningPlace(directory);
  writeFileSync(join(place, '00000000.chunk'), chunks[0]!.slice(0, -1));
  writeFileSync(join(place, '00000002.chunk.new'), new Uint8Array(10));
  assert.deepEqual([...(await receiver(scene, directory, manifest)).missing()], [0, 1, 3]);
  assert.deepEqual(readdirSync(place).sort(), ['00000001.chunk', 'manifest']);
  assert.deepEqual([...(await receiver(scene, directory)).missing()], [0, 1]);
});

test('the first false part is refused: another chunk, one that is longer or shorter or changed, one that is not there, another block', async () => {
  const scene = await begun;
  const { manifest, chunks } = madeUp(scene);
  const directory = { state: join(newFolder(), 'state') };
  const receiving = await receiver(scene, directory, manifest);
  const [first, second] = chunks as [Uint8Array, Uint8Array];
  const changed = first.slice();
  changed[100]! ^= 1;
  for (const bytes of [second, changed, first.slice(0, -1), new Uint8Array(0), new Uint8Array(2 ** 21)]) {
    assert.throws(() => receiving.add(1, bytes), code('snapshot-damaged'));
  }
  for (const index of [4, -2, 1.5, 2 ** 40])
    assert.throws(() => receiving.add(index, first), isFalseSnapshot);
  const { ledger } = scene.chain;
  for (const block of [ledger.executedBlock(255n), new Uint8Array(0), first]) {
    assert.throws(() => receiving.add(BLOCK_PART, block), code('begin-block'));
  }
  assert.deepEqual([...receiving.missing()], [0, 1, 2, 3]);
  assert.deepEqual(readdirSync(beginningPlace(directory)), ['manifest']);
});

test('a chunk that is true to its manifest is refused where it is longer than any that is cut', async () => {
  const scene = await begun;
  const long = [...cutSnapshot([[Uint8Array.of(1), new Uint8Array(2 ** 21)]])][0]!;
  const { height, blockHash } = scene.trusted;
  const manifest = encodeManifest({ version: 1, height, headerHash: blockHash, chunks: [long.chunk] });
  const receiving = await receiver(scene, { state: join(newFolder(), 'state') }, manifest);
  assert.throws(() => receiving.add(1, long.bytes), code('snapshot-damaged'));
});

test('a manifest of another block, one that is none, and one of more than is allowed are refused before anything is kept', async () => {
  const scene = await begun;
  const directory = { state: join(newFolder(), 'state') };
  const { manifest } = madeUp(scene);
  const other = encodeManifest(readSnapshot(join(scene.snapshots, '300')).manifest);
  await assert.rejects(receiver(scene, directory, other), code('snapshot-of-another-block'));
  for (const bytes of [
    new Uint8Array(0),
    manifest.slice(0, -1),
    manifest.map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
  ]) {
    await assert.rejects(receiver(scene, directory, bytes), code('snapshot-damaged'));
  }
  const { genesisHash } = scene.chain.ledger;
  const small = { genesisHash, trusted: scene.trusted, manifest, directory, maxBytes: 2 * 2 ** 20 };
  await assert.rejects(receiveSnapshot(small), code('value-too-long'));
  await assert.rejects(receiveSnapshot(small), isFalseSnapshot);
  assert.ok(!existsSync(beginningPlace(directory)));
});

test('a node offers its newest snapshots at which others can begin, and gives their parts and no others', async () => {
  const scene = await begun;
  const server = serverOf(scene);
  const offered = [...server.manifests()];
  assert.deepEqual(offered, [manifestOf(scene)], 'heights 100 and 300 are none where a wallet could begin');
  assert.deepEqual(server.part(256n, BLOCK_PART), scene.chain.ledger.executedBlock(256n));
  assert.deepEqual(server.part(256n, 1), readSnapshot(join(scene.snapshots, '256')).chunkBytes(0));
  for (const [height, index] of [
    [256n, 2],
    [300n, 1],
    [100n, 0],
    [0n, 0],
    [512n, 1],
    [2n ** 64n - 1n, 1],
  ] as const) {
    assert.equal(server.part(height, index), undefined);
  }
  assert.deepEqual([...createSnapshotServer(newFolder(), scene.chain.ledger).manifests()], []);
});

test('snapshots of another chain, of blocks that are not here any more, and damaged ones are not offered', async () => {
  const scene = await begun;
  const stranger = await home(77n);
  assert.deepEqual([...createSnapshotServer(stranger.snapshots, scene.chain.ledger).manifests()], []);
  const later = { ...scene.chain.ledger, blockHash: () => undefined };
  assert.deepEqual([...createSnapshotServer(scene.snapshots, later).manifests()], []);
  const damaged = newFolder();
  cpSync(scene.snapshots, damaged, { recursive: true });
  writeFileSync(join(damaged, '256', 'manifest'), readFileSync(join(damaged, '256', 'manifest')).subarray(1));
  const server = createSnapshotServer(damaged, scene.chain.ledger);
  assert.deepEqual([...server.manifests()], []);
  assert.equal(server.part(256n, 1), undefined);
  const halves = newFolder();
  cpSync(scene.snapshots, halves, { recursive: true });
  rmSync(join(halves, '256', '00000000.chunk'));
  mkdirSync(join(halves, 'other'));
  const half = createSnapshotServer(halves, scene.chain.ledger);
  assert.equal([...half.manifests()].length, 1);
  assert.equal(half.part(256n, 1), undefined);
  // Removed after it was asked for.
  rmSync(join(halves, '256'), { recursive: true });
  assert.equal(half.part(256n, BLOCK_PART), undefined);
});
