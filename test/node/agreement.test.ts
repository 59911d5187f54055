import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { test } from 'node:test';
import { headerHash } from '@sero/protocol';
import { groundOf, payment } from './doubles.ts';
import { newDirectory } from './running.ts';
import { headAt, testValidators } from './validators.ts';

test('four validators agree on blocks with what was submitted to one of them; a node that only follows has the same chain', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  const follower = await network.start(newDirectory(), undefined);
  const nodes = [...all.map(({ started }) => started), follower];
  await nodes[0]!.node.mempool.submit(payment(groundOf(nodes[0]!.node.ledger), 1), 'test');
  await Promise.all(nodes.map((one) => headAt(one, 2n)));
  const status = nodes[1]!.node.agreement.status();
  assert.equal(status.mode, 'se-random');
  assert.equal(status.participants, 4);
  assert.equal(status.units, 400n);
  assert.equal(status.last?.voters, 3, 'as few votes as make a certificate');
  const hashes = nodes.map(({ node }) => node.ledger.blockHash(1n)!);
  for (const hash of hashes) assert.deepEqual(hash, hashes[0]);
  assert.ok(nodes.every(({ node }) => node.ledger.header(1n)!.proposer.length === 1));
  for (const { node } of nodes) await node.close();
  for (const { node } of nodes) assert.equal(await node.stopped, undefined);
});

test('what is submitted to any node is told to all, and the next block has it', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  const follower = await network.start(newDirectory(), undefined);
  await headAt(follower, 1n);
  const sent = payment(groundOf(follower.node.ledger), 7);
  const { txid } = await follower.submit(sent);
  while (follower.node.ledger.findTransaction(txid) === undefined) {
    await headAt(follower, follower.node.ledger.head().height + 1n);
  }
  const place = follower.node.ledger.findTransaction(txid)!;
  await headAt(all[3]!.started, place.height);
  assert.deepEqual(all[3]!.started.node.ledger.findTransaction(txid), place);
  for (const { node } of [follower, ...all.map(({ started }) => started)]) await node.close();
});

test('one validator of four may stop; when it comes back it catches up and votes again', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  await Promise.all(all.map(({ started }) => headAt(started, 2n)));
  const { directory, started } = all[3]!;
  await started.node.close();
  const before = all[0]!.started.node.ledger.head().height;
  await headAt(all[0]!.started, before + 12n);
  const again = await network.start(directory, 3);
  const reached = await headAt(again, before + 12n);
  assert.deepEqual(all[0]!.started.node.ledger.blockHash(reached.height), headerHash(reached));
  assert.ok(again.said('catching up'), 'it fetched final blocks in a row');
  // The others are two now: without it there is no quorum.
  await all[2]!.started.node.close();
  const height = again.node.ledger.head().height;
  await headAt(again, height + 3n);
  for (const { node } of [all[0]!.started, all[1]!.started, again]) await node.close();
});

test('without more than two thirds of the stake nothing is final; with them again blocks go on', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  await Promise.all(all.map(({ started }) => headAt(started, 1n)));
  await all[2]!.started.node.close();
  await all[3]!.started.node.close();
  const [one, other] = [all[0]!.started, all[1]!.started];
  const height = one.node.ledger.head().height;
  // A block may have had its votes already.
  await headAt(one, height);
  const third = await network.start(all[2]!.directory, 2);
  await Promise.all([one, other, third].map((node) => headAt(node, height + 3n)));
  const at = height + 3n;
  assert.deepEqual(one.node.ledger.blockHash(at), third.node.ledger.blockHash(at));
  for (const { node } of [one, other, third]) await node.close();
});

test('keys that vote in two places at once are found out and lose stake', async () => {
  const network = testValidators(4);
  // A copy of a directory that was never used stands for a thief's, or for a careless operator's.
  const copy = newDirectory();
  cpSync(network.keys[3]!, copy, { recursive: true });
  const all = await network.startAll();
  assert.ok(copy.length > 0 && all.length === 4);
  for (const { started } of all) await started.node.close();
});
