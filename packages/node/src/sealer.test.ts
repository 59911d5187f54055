import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeBlock, type ExecutedBlock, type Header, HeaderType } from '@sero/protocol';
import type { AgreementChain, BlockOrder } from './agreement.ts';
import { createSealer } from './sealer.ts';
import { handClock, settle } from './test-support.ts';

const START = 1_000_000;
const OPTIONS = { idleMs: 5_000, minBlockGapMs: 5_000, gatherMs: 50 };

/** A chain of numbers: what a sealer sees of a node. */
function scene(change: Partial<AgreementChain> = {}, options = OPTIONS) {
  const clock = handClock(START);
  const blocks: { time: number; transactions: number }[] = [];
  const failures: unknown[] = [];
  const listeners = new Set<() => void>();
  let head: Header = { ...HeaderType.defaultValue(), time: BigInt(START) };
  const pool = { waiting: 0, usable: true };
  const chain: AgreementChain = {
    head: () => head,
    hasTransactions: () => pool.waiting > 0,
    buildTime: () => 0,
    onTransaction: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    propose: async ({ time }) => {
      const transactions = Array.from({ length: pool.usable ? pool.waiting : 0 }, () => new Uint8Array(1));
      return { header: { ...head, height: head.height + 1n, time }, transactions };
    },
    committed: async (bytes) => {
      const block = decodeBlock(bytes);
      assert.ok(block.header.time > head.time);
      head = block.header;
      pool.waiting -= block.transactions.length;
      blocks.push({ time: Number(head.time) - START, transactions: block.transactions.length });
      return { block, receipts: [] } satisfies ExecutedBlock;
    },
    failed: (error) => failures.push(error),
    ...change,
  };
  return {
    clock,
    blocks,
    failures,
    listeners,
    pool,
    chain,
    sealer: createSealer(chain, clock, options),
    setHead: (time: number) => {
      head = { ...head, time: BigInt(time) };
    },
    submit: () => {
      pool.waiting++;
      for (const listener of listeners) listener();
    },
  };
}

test('an idle chain gets an empty block each idle interval', async () => {
  const { sealer, clock, blocks } = scene();
  await sealer.start();
  await clock.pass(4_999);
  assert.deepEqual(blocks, []);
  await clock.pass(10_001);
  assert.deepEqual(
    blocks,
    [5_000, 10_000, 15_000].map((time) => ({ time, transactions: 0 })),
  );
  assert.equal(sealer.status().height, 3n);
  await sealer.stop();
});

test('a transaction is sealed after a short time in which others join it', async () => {
  const { sealer, clock, blocks, submit } = scene();
  await sealer.start();
  await clock.pass(1_000);
  submit();
  await clock.pass(30);
  submit();
  await clock.pass(19);
  assert.deepEqual(blocks, []);
  await clock.pass(1);
  assert.deepEqual(blocks, [{ time: 1_050, transactions: 2 }]);
  await clock.pass(4_999);
  assert.equal(blocks.length, 1, 'the idle interval began anew');
  await clock.pass(1);
  assert.deepEqual(blocks[1], { time: 6_050, transactions: 0 });
  await sealer.stop();
});

test('transactions that come while a block is sealed are the next one', async () => {
  const { sealer, clock, blocks, submit, chain } = scene();
  const committed = chain.committed;
  let once = true;
  Object.assign(chain, {
    committed: async (block: Uint8Array) => {
      if (once) submit();
      once = false;
      return committed(block);
    },
  });
  await sealer.start();
  submit();
  await clock.pass(100);
  assert.deepEqual(
    blocks.map(({ transactions }) => transactions),
    [1, 1],
  );
  await sealer.stop();
});

test('transactions that wait from before are sealed at once after the start', async () => {
  const { sealer, clock, blocks, pool } = scene();
  pool.waiting = 3;
  await sealer.start();
  await clock.pass(50);
  assert.deepEqual(blocks, [{ time: 50, transactions: 3 }]);
  await sealer.stop();
});

test('where no transaction can be used nothing is sealed for them, and nothing spins', async () => {
  const { sealer, clock, blocks, pool, submit, chain } = scene();
  let proposals = 0;
  const propose = chain.propose;
  Object.assign(chain, {
    propose: (order: BlockOrder) => {
      proposals++;
      return propose(order);
    },
  });
  pool.usable = false;
  await sealer.start();
  submit();
  await clock.pass(4_999);
  assert.deepEqual([blocks.length, proposals], [0, 1]);
  await clock.pass(1);
  assert.deepEqual(blocks, [{ time: 5_000, transactions: 0 }], 'the empty block comes when it is due');
  await sealer.stop();
});

test('an idle chain asks for no block before its time', async () => {
  const { sealer, clock, chain } = scene();
  const times: number[] = [];
  const { propose } = chain;
  Object.assign(chain, {
    propose: (order: BlockOrder) => {
      times.push(Number(order.time) - START);
      return propose(order);
    },
  });
  await sealer.start();
  await clock.pass(10_000);
  assert.deepEqual(times, [5_000, 10_000]);
  await sealer.stop();
});

test('a block that was to hold transactions and holds none is not sealed before an empty one is due', async () => {
  const { sealer, clock, blocks, pool, submit } = scene(
    {},
    { ...OPTIONS, idleMs: 10_000, minBlockGapMs: 1_000 },
  );
  pool.usable = false;
  await sealer.start();
  await clock.pass(2_000);
  submit();
  await clock.pass(7_999);
  assert.deepEqual(blocks, []);
  await clock.pass(1);
  assert.deepEqual(blocks, [{ time: 10_000, transactions: 0 }]);
  await sealer.stop();
});

test('a header’s time is the clock’s, and just after the parent’s where the clock is behind', async () => {
  const { sealer, clock, blocks, submit, setHead } = scene();
  await sealer.start();
  setHead(START + 60_000);
  submit();
  await clock.pass(50);
  submit();
  await clock.pass(50);
  assert.deepEqual(
    blocks.map(({ time }) => time),
    [60_001, 60_002],
  );
  await sealer.stop();
});

test('a clock that is behind makes no empty blocks until it has caught up', async () => {
  const { sealer, clock, blocks, setHead } = scene();
  setHead(START + 20_000);
  await sealer.start();
  await clock.pass(24_000);
  assert.deepEqual(blocks, []);
  await clock.pass(5_000);
  assert.equal(blocks.length, 1);
  assert.ok(blocks.every(({ time }) => time >= 25_000));
  await sealer.stop();
});

test('a timer that fires early does not cost an interval', async () => {
  const { sealer, clock, blocks } = scene();
  await sealer.start();
  clock.set(START - 1);
  await clock.pass(5_000);
  assert.deepEqual(blocks, []);
  await clock.pass(1);
  assert.deepEqual(blocks, [{ time: 5_000, transactions: 0 }]);
  await sealer.stop();
});

test('after a long stop an empty block is due at once', async () => {
  const { sealer, clock, blocks } = scene();
  clock.set(START + 86_400_000);
  await sealer.start();
  await clock.pass(1);
  assert.equal(blocks.length, 1);
  await sealer.stop();
});

test('empty blocks are never closer than the least gap, however short the idle interval', async () => {
  const { sealer, clock, blocks } = scene({}, { ...OPTIONS, idleMs: 100 });
  await sealer.start();
  await clock.pass(10_000);
  assert.deepEqual(
    blocks.map(({ time }) => time),
    [5_000, 10_000],
  );
  await sealer.stop();
});

test('stopped, it has no timer, no listener, and seals nothing', async () => {
  const { sealer, clock, blocks, listeners, submit } = scene();
  await sealer.start();
  submit();
  await sealer.stop();
  assert.deepEqual([clock.waiting(), listeners.size], [0, 0]);
  await clock.pass(20_000);
  assert.deepEqual(blocks, []);
  await sealer.stop();
});

test('stopped while a block is made, the block is abandoned; while it is committed, stop waits for it', async () => {
  for (const step of ['propose', 'committed'] as const) {
    const held = Promise.withResolvers<void>();
    const { sealer, clock, blocks, chain, failures } = scene();
    const { propose, committed } = chain;
    Object.assign(chain, {
      propose: async (order: BlockOrder) => {
        if (step === 'propose') await held.promise;
        return propose(order);
      },
      committed: async (block: Uint8Array) => {
        if (step === 'committed') await held.promise;
        return committed(block);
      },
    });
    await sealer.start();
    await clock.pass(5_000);
    let stopped = false;
    const stopping = sealer.stop().then(() => {
      stopped = true;
    });
    await settle();
    assert.equal(stopped, false);
    held.resolve();
    await stopping;
    assert.equal(blocks.length, step === 'propose' ? 0 : 1);
    assert.deepEqual([clock.waiting(), failures.length], [0, 0]);
  }
});

test('an error while committing ends the sealing and is told once', async () => {
  const full = new Error('disk full');
  const { sealer, clock, failures, listeners } = scene({ committed: () => Promise.reject(full) });
  await sealer.start();
  await clock.pass(5_000);
  assert.deepEqual(failures, [full]);
  assert.deepEqual([clock.waiting(), listeners.size], [0, 0]);
  await clock.pass(60_000);
  assert.equal(failures.length, 1);
  await sealer.stop();
});

test('a commit that fails while it is being stopped is told of; a proposal that fails then is not', async () => {
  for (const failing of ['committed', 'propose'] as const) {
    const broken = Promise.withResolvers<never>();
    const { sealer, clock, failures } = scene({ [failing]: () => broken.promise });
    await sealer.start();
    await clock.pass(5_000);
    const stopping = sealer.stop();
    broken.reject(new Error('the disk is full'));
    await stopping;
    assert.equal(failures.length, failing === 'committed' ? 1 : 0);
  }
});

test('started twice it runs once', async () => {
  const { sealer, clock } = scene();
  await sealer.start();
  await sealer.start();
  assert.equal(clock.waiting(), 1);
  await sealer.stop();
});
