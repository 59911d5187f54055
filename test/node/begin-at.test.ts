import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, RpcError } from '@sero/api';
import { LedgerError } from '@sero/ledger';
import { NodeError } from '@sero/node';
import { groundOf, payment } from './doubles.ts';
import { writeChain } from './made-blocks.ts';
import { newDirectory } from './running.ts';
import { headAt, testValidators } from './validators.ts';

test('a node begins with the state after a block that its operator trusts, has no block before it, and follows and serves from there on', async () => {
  const network = testValidators(1, { snapshotEvery: 256n });
  const first = newDirectory();
  await writeChain(network, first, 256, new Set([3, 255]));
  const old = await network.start(first, 0);
  await old.node.takeSnapshot();
  await headAt(old, 258n);
  const trusted = { height: 256n, blockHash: old.node.ledger.blockHash(256n)! };

  const directory = newDirectory();
  const young = await network.start(directory, undefined, { beginAt: trusted, rpc: { port: 0 } });
  assert.equal(young.node.ledger.earliest(), 256n);
  const head = await headAt(young, 259n);
  assert.deepEqual(old.node.ledger.header(head.height), head);
  assert.deepEqual(young.node.ledger.blockHash(256n), trusted.blockHash);
  assert.throws(
    () => young.node.ledger.executedBlock(200n),
    (error) => error instanceof LedgerError && error.code === 'block-unknown',
  );
  assert.deepEqual(
    young.node.ledger.executedBlock(258n),
    old.node.ledger.executedBlock(258n),
    'what it has is what everybody has',
  );
  const client = createClient({ url: young.node.rpc!.url });
  assert.equal((await client.request('sero_getStatus', {})).earliest, 256n);
  for (const method of ['sero_getBlocks', 'sero_getHeaders', 'sero_getCompactOutputs'] as const) {
    await assert.rejects(
      client.request(method, { from: 255n, limit: 2 }),
      (error) => error instanceof RpcError && error.data.code === 'block-unknown',
      method,
    );
  }
  assert.equal((await client.request('sero_getBlocks', { from: 256n, limit: 1 })).blocks.length, 1);
  await young.node.close();

  const again = await network.start(directory, undefined, { beginAt: trusted });
  assert.equal(again.node.ledger.earliest(), 256n, 'there is a chain: it goes on with it');
  await headAt(again, head.height + 2n);
  // A transaction from long before is known as spent, though its block is not here.
  await assert.rejects(
    again.submit(payment(groundOf(old.node.ledger), 3)),
    (error) => error instanceof LedgerError && error.code === 'nullifier-spent',
  );
  await again.node.close();

  const wrong = { height: 256n, blockHash: new Uint8Array(32).fill(7) };
  await assert.rejects(
    network.start(newDirectory(), undefined, { beginAt: wrong, patience: 2_000 }),
    (error) => error instanceof NodeError && error.code === 'no-snapshot',
  );
  await old.node.close();
});
