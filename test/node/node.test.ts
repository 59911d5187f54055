import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import { LedgerError, loadSnapshot } from '@sero/ledger';
import { diskBackend, MempoolError, NodeError } from '@sero/node';
import { decodeExecutedBlock, headerHash } from '@sero/protocol';
import { hookedLog, hookedStore, memoryStore, StoreError, storedStateRoot } from '@sero/store';
import { readSnapshot } from '@sero/store/node';
import { groundOf, hasherDouble, payment } from './doubles.ts';
import { genesisFile, headAfter, METRICS, newDirectory, pay, sealed, start } from './running.ts';

const code =
  (kind: typeof NodeError | typeof StoreError | typeof MempoolError, expected: string) => (error: unknown) =>
    error instanceof kind && error.code === expected;

test('a transaction that is submitted is sealed into a durable block; started again, the node goes on from there', async () => {
  const directory = newDirectory();
  const first = await start(directory);
  assert.equal(first.node.ledger.head().height, 0n);
  assert.ok(first.node.ready());
  const head = await sealed(first.node, 1);
  const [receipt] = decodeExecutedBlock(first.node.ledger.executedBlock(1n)).receipts;
  assert.equal(head.height, 1n);
  assert.equal(first.node.mempool.stats().transactions, 0);
  assert.deepEqual(first.node.ledger.findTransaction(receipt!.txid), { height: 1n, index: 0 });
  await first.node.close();
  assert.ok(!first.node.ready());
  assert.equal(await first.node.stopped, undefined);

  const second = await start(directory);
  assert.deepEqual(second.node.ledger.head(), head);
  assert.deepEqual(second.node.ledger.stateRoot(), first.node.ledger.stateRoot());
  assert.ok(!second.said('not stopped cleanly'));
  await assert.rejects(
    pay(second.node, 1),
    (error) => error instanceof LedgerError && error.code === 'nullifier-spent',
  );
  assert.equal((await sealed(second.node, 2)).height, 2n);
  await second.node.close();
});

test('a second node on the same directory is refused while the first one runs', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await assert.rejects(start(directory), code(StoreError, 'directory-locked'));
  await sealed(node, 1);
  await node.close();
  const again = await start(directory);
  assert.equal(again.node.ledger.head().height, 1n);
  await again.node.close();
});

test('a directory of another genesis file is refused with what to do, and stays as it is', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await sealed(node, 1);
  await node.close();
  await assert.rejects(start(directory, { genesis: genesisFile({ time: 1n }) }), (error) => {
    assert.ok(code(NodeError, 'other-genesis')(error));
    assert.match(
      (error as Error).message,
      /another genesis file.*choose another directory, or delete this one/,
    );
    return true;
  });
  const again = await start(directory);
  assert.equal(again.node.ledger.head().height, 1n);
  await again.node.close();
});

test('a full disk stops the node with a named error: before the log, the block never was; after it, it is finished later', async () => {
  for (const place of ['log', 'state'] as const) {
    const directory = newDirectory();
    const disk = { full: false };
    const refuse = (): void => {
      if (disk.full) throw new StoreError('disk-full', 'the disk is full; free some space');
    };
    const backend = {
      ...diskBackend,
      openBlocks: (path: string) =>
        hookedLog(diskBackend.openBlocks(path), place === 'log' ? { before: refuse } : {}),
      openState: (path: string) =>
        hookedStore(diskBackend.openState(path), place === 'state' ? { before: refuse } : {}),
    };
    const { node, lines } = await start(directory, { world: { backend } });
    await sealed(node, 1);
    const head = node.ledger.head();
    const late = payment(groundOf(node.ledger), 3);
    disk.full = true;
    const { txid } = await pay(node, 2);
    const reason = await node.stopped;
    assert.ok(code(NodeError, 'storage-failed')(reason));
    assert.match(reason!.message, /disk is full.*Nothing that was final is lost/);
    assert.ok(!node.ready());
    assert.ok(lines.some(({ level, code: named }) => level === 60 && named === 'storage-failed'));
    await assert.rejects(node.mempool.submit(late, 'test'), code(MempoolError, 'closed'));
    await node.close();

    const again = await start(directory);
    assert.ok(again.said('not stopped cleanly'));
    const reached = again.node.ledger.head();
    if (place === 'log') assert.deepEqual(reached, head);
    else assert.deepEqual(again.node.ledger.findTransaction(txid), { height: 2n, index: 0 });
    assert.equal((await sealed(again.node, 4)).height, reached.height + 1n);
    await again.node.close();
  }
});

test('closed in the middle of a commit it finishes the block; nobody is told of it twice', async () => {
  const directory = newDirectory();
  const during = { commit: (): void => undefined };
  const backend = {
    ...diskBackend,
    openBlocks: (path: string) => hookedLog(diskBackend.openBlocks(path), { after: () => during.commit() }),
  };
  const { node } = await start(directory, { world: { backend } });
  await sealed(node, 1);
  const closed = new Promise<void>((resolve) => {
    during.commit = () => resolve(node.close());
  });
  const heads: bigint[] = [];
  node.onHead(({ height }) => heads.push(height));
  await pay(node, 2);
  await closed;
  assert.deepEqual(heads, [2n]);
  const again = await start(directory);
  assert.equal(again.node.ledger.head().height, 2n);
  assert.ok(!again.said('not stopped cleanly'));
  await again.node.close();
});

test('closed at once after a submission it stops cleanly, whether the block came to be or not', async () => {
  const directory = newDirectory();
  for (let round = 0; round < 4; round++) {
    const { node } = await start(directory);
    const submitted = pay(node, 100 + round).catch((error: unknown) => error);
    for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([node.close(), node.close()]);
    assert.equal(await node.stopped, undefined);
    const outcome = await submitted;
    assert.ok(!(outcome instanceof Error) || code(MempoolError, 'closed')(outcome), String(outcome));
  }
  const { node, said } = await start(directory);
  assert.ok(!said('not stopped cleanly'));
  await node.close();
});

test('a damaged state is built again from the blocks, and people are told', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await sealed(node, 1);
  const head = await sealed(node, 2);
  await node.close();
  writeFileSync(join(directory, 'state', 'data.mdb'), new Uint8Array(65_536).fill(7));
  const again = await start(directory);
  assert.deepEqual(again.node.ledger.head(), head);
  assert.ok(again.said('built again from the blocks'));
  assert.ok(existsSync(join(directory, 'state.damaged')));
  await sealed(again.node, 3);
  await again.node.close();
});

test('a state that was lost is built again from the blocks', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  const head = await sealed(node, 1);
  await node.close();
  rmSync(join(directory, 'state'), { recursive: true });
  const again = await start(directory);
  assert.deepEqual(again.node.ledger.head(), head);
  await again.node.close();
});

test('after a stop that was not clean every record of the state is looked at; damage that only that shows is mended', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  const head = await sealed(node, 1);
  await node.close();
  // What SIGKILL leaves behind.
  writeFileSync(join(directory, 'running'), '');
  const looked: string[] = [];
  const backend = {
    ...diskBackend,
    isIntact: async (path: string) => {
      looked.push(path);
      return looked.length > 1;
    },
  };
  const second = await start(directory, { world: { backend } });
  assert.ok(second.said('checking every record') && second.said('built again'));
  assert.deepEqual(second.node.ledger.head(), head);
  await second.node.close();
  const third = await start(directory, { world: { backend } });
  await third.node.close();
  const fourth = await start(directory, { world: { backend }, check: 'always' });
  await fourth.node.close();
  assert.equal(looked.length, 2, 'not after a clean stop, unless it is asked for');
});

/** Changes a bit of every copy of some bytes in a file; says how many there were. */
function damageCopies(file: string, bytes: Uint8Array): number {
  const content = readFileSync(file);
  let copies = 0;
  for (let at = content.indexOf(bytes); at >= 0; at = content.indexOf(bytes, at + 1)) {
    content[at + 5]! ^= 1;
    copies++;
  }
  writeFileSync(file, content);
  return copies;
}

test('a bit that changed in a value of the state is found after a stop that was not clean, and mended', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  const head = await sealed(node, 1);
  await node.close();
  writeFileSync(join(directory, 'running'), '');
  assert.ok(damageCopies(join(directory, 'state', 'data.mdb'), head.stateRoot) > 0);
  const again = await start(directory);
  assert.ok(again.said('built again from the blocks'));
  assert.deepEqual(again.node.ledger.head(), head);
  await again.node.close();
});

test('a bit that changed in the middle of the blocks is found by the whole check, and named', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  const first = await sealed(node, 1);
  await sealed(node, 2);
  await sealed(node, 3);
  await node.close();
  const [segment] = readdirSync(join(directory, 'blocks')).filter(
    (name) => readFileSync(join(directory, 'blocks', name)).indexOf(first.transactionsRoot) >= 0,
  );
  assert.ok(damageCopies(join(directory, 'blocks', segment!), first.notesRoot) > 0);
  await assert.rejects(start(directory, { check: 'always' }), { code: 'chain-damaged' });
});

test('the check of a real state on disk passes it', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await sealed(node, 1);
  await node.close();
  const again = await start(directory, { check: 'always' });
  assert.ok(again.said('checking every record') && !again.said('built again'));
  await again.node.close();
});

test('a node that was killed while it made its files for the first time starts, however often', async () => {
  const place = newDirectory();
  diskBackend.openState(place).close();
  const made = readFileSync(join(place, 'data.mdb'));
  const torn = made.slice(0, 5_000);
  const zeros = new Uint8Array(made.length);
  for (const left of [undefined, new Uint8Array(0), torn, zeros, made]) {
    const directory = newDirectory();
    const again = (): void => {
      mkdirSync(join(directory, 'state'), { recursive: true });
      mkdirSync(join(directory, 'blocks'), { recursive: true });
      mkdirSync(join(directory, 'snapshots'), { recursive: true });
      writeFileSync(join(directory, 'running'), '');
      writeFileSync(join(directory, 'genesis.ssz.new'), 'half a file');
      if (left !== undefined) writeFileSync(join(directory, 'state', 'data.mdb'), left);
    };
    again();
    const backend = {
      ...diskBackend,
      openBlocks: (path: string) =>
        hookedLog(diskBackend.openBlocks(path), {
          before: () => {
            throw new Error('killed');
          },
        }),
    };
    await assert.rejects(start(directory, { world: { backend } }), /killed/);
    again();
    const { node, said } = await start(directory);
    assert.ok(said('checking every record'));
    assert.equal((await sealed(node, 1)).height, 1n);
    await node.close();
  }
});

test('a start that fails leaves the word that the last stop was not clean', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await node.close();
  writeFileSync(join(directory, 'running'), '');
  await assert.rejects(start(directory, { verifyingKeys: [] }));
  const again = await start(directory);
  assert.ok(again.said('not stopped cleanly'));
  await again.node.close();
});

test('damaged blocks are named, with what to do, and nothing is overwritten', async () => {
  const directory = newDirectory();
  const { node } = await start(directory);
  await sealed(node, 1);
  await sealed(node, 2);
  await node.close();
  const folder = join(directory, 'blocks');
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.log'))!);
  const bytes = readFileSync(file);
  bytes[200]! ^= 1;
  writeFileSync(file, bytes);
  rmSync(join(directory, 'state'), { recursive: true });
  await assert.rejects(start(directory), (error) => {
    assert.match((error as Error).message, /restore the data directory from a backup/);
    return code(NodeError, 'chain-damaged')(error);
  });
  assert.deepEqual(readFileSync(file), bytes);
});

test('a listener of heads that throws stops neither the node nor the other listeners', async () => {
  const { node, said } = await start(newDirectory());
  node.onHead(() => {
    throw new Error('mine');
  });
  assert.equal((await sealed(node, 1)).height, 1n);
  assert.equal((await sealed(node, 2)).height, 2n);
  assert.ok(said('a listener of new heads failed'));
  await node.close();
});

test('a bad proof is refused under the ledger’s code and counted', async () => {
  const { node } = await start(newDirectory());
  await assert.rejects(
    pay(node, 1, { proof: new Uint8Array(192) }),
    (error) => error instanceof LedgerError && error.code === 'proof-invalid',
  );
  assert.match(await node.metrics.metrics(), /sero_mempool_refused_total\{code="proof-invalid"\} 1/);
  await node.close();
});

test('over RPC: status, readiness and metrics are served; a taken port is named and leaves the directory free', async () => {
  const directory = newDirectory();
  const { node } = await start(directory, { rpc: { port: 0 } });
  const { url, port } = node.rpc!;
  const post = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sero_getStatus', params: {} }),
  });
  const { result } = (await post.json()) as { result: { genesisHash: string; head: { hash: string } } };
  assert.equal(result.genesisHash, `0x${toHex(node.ledger.genesisHash)}`);
  assert.equal(result.head.hash, `0x${toHex(headerHash(node.ledger.head()))}`);
  assert.equal((await fetch(`${url}/ready`)).status, 200);
  await sealed(node, 1);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.ok(METRICS.length > 20);
  const alone = METRICS.filter((name) => !/^sero_(peers|network_)/.test(name));
  for (const name of alone) assert.match(metrics, new RegExp(`^# TYPE ${name} `, 'm'));
  assert.match(metrics, /^sero_height 1$/m);
  assert.match(metrics, /^sero_disk_bytes\{part="state"\} [1-9]/m);
  assert.match(metrics, /^sero_memory_bytes\{part="heap"\} [1-9]/m);
  const other = newDirectory();
  await assert.rejects(start(other, { rpc: { port } }), code(NodeError, 'port-unusable'));
  const free = await start(other);
  await free.node.close();
  await node.close();
  const probe = createServer().listen(port, '127.0.0.1');
  await new Promise((resolve, reject) => probe.on('listening', resolve).on('error', reject));
  probe.close();
});

test('a signal ends the start, and later the node', async () => {
  const directory = newDirectory();
  await assert.rejects(start(directory, { signal: AbortSignal.abort(new Error('no more')) }), /no more/);
  const stop = new AbortController();
  const { node } = await start(directory, { signal: stop.signal });
  stop.abort();
  assert.equal(await node.stopped, undefined);
  const again = await start(directory);
  assert.ok(!again.said('not stopped cleanly'));
  await again.node.close();
});

test('snapshots are written at their heights, the last two are kept, and they load', async () => {
  const directory = newDirectory();
  const genesis = genesisFile({ snapshotEvery: 2n });
  const { node, said } = await start(directory, { genesis });
  for (let number = 1; number <= 7; number++) {
    await sealed(node, number);
    if (number % 2 === 0) assert.equal(await node.takeSnapshot(), BigInt(number));
  }
  const header = node.ledger.header(6n)!;
  await node.close();
  assert.deepEqual(readdirSync(join(directory, 'snapshots')).sort(), ['4', '6']);
  const { manifest, chunkBytes } = readSnapshot(join(directory, 'snapshots', '6'));
  const store = memoryStore();
  await loadSnapshot({
    genesis: node.ledger.genesis,
    hasher: hasherDouble,
    store,
    header,
    manifest,
    chunks: manifest.chunks.map((_, number) => chunkBytes(number)),
  });
  assert.deepEqual(storedStateRoot(store), header.stateRoot);
  assert.ok(said('snapshot written'));
});

test('logs say what happened without transactions, addresses or notes', async () => {
  const { node, lines } = await start(newDirectory());
  const bytes = payment(groundOf(node.ledger), 1);
  await headAfter(node, () => node.mempool.submit(bytes, '192.0.2.7'));
  await assert.rejects(node.mempool.submit(new Uint8Array(900).fill(9), '192.0.2.7'));
  await node.close();
  const text = JSON.stringify(lines);
  assert.ok(lines.some(({ msg, height }) => msg === 'block' && height === 1));
  assert.ok(!/[0-9a-f]{24}/.test(text.replaceAll(/"hostname":"[^"]*"/g, '')), 'no bytes in hex');
  assert.ok(!text.includes('192.0.2.7'));
});
