import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes } from '@sero/crypto';
import type { SeroNode } from '@sero/node';
import { decodeExecutedBlock, headerHash, isEvidence } from '@sero/protocol';
import { groundOf, payment } from './doubles.ts';
import { METRICS, newDirectory } from './running.ts';
import { blocksUntil, headAt, testValidators } from './validators.ts';

test('four validators agree on blocks with what was submitted to one of them; a node that only follows has the same chain', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  const follower = await network.start(newDirectory(), undefined, { rpc: { port: 0 } });
  const nodes = [...all.map(({ started }) => started), follower];
  const { txid } = await nodes[0]!.submit(payment(groundOf(nodes[0]!.node.ledger), 1));
  const isIn = (): boolean => nodes[1]!.node.ledger.findTransaction(txid) !== undefined;
  await blocksUntil(nodes[1]!, isIn);
  const { height } = nodes[1]!.node.ledger.findTransaction(txid)!;
  await Promise.all(nodes.map((one) => headAt(one, height + 1n)));
  const status = nodes[1]!.node.agreement.status();
  assert.equal(status.mode, 'se-random');
  assert.equal(status.participants, 4);
  assert.equal(status.units, 400n);
  assert.equal(status.last?.voters, 3, 'as few votes as make a certificate');
  const metrics = await nodes[4]!.node.metrics.metrics();
  for (const name of METRICS) assert.match(metrics, new RegExp(`^# TYPE ${name} `, 'm'));
  assert.match(metrics, /^sero_peers 4$/m);
  assert.match(metrics, /^sero_network_messages_total\{label="vote accept"\} [1-9]/m);
  const hashes = nodes.map(({ node }) => node.ledger.blockHash(height)!);
  for (const hash of hashes) assert.deepEqual(hash, hashes[0]);
  assert.equal(nodes[4]!.node.ledger.header(height)!.proposer.length, 1);
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
  await blocksUntil(follower, () => follower.node.ledger.findTransaction(txid) !== undefined);
  const place = follower.node.ledger.findTransaction(txid)!;
  await headAt(all[3]!.started, place.height);
  assert.deepEqual(all[3]!.started.node.ledger.findTransaction(txid), place);
});

test('one validator of four may stop; when it comes back it catches up, without a snapshot on the way, and votes again', async () => {
  const network = testValidators(4, { snapshotEvery: 2n });
  const all = await network.startAll();
  await Promise.all(all.map(({ started }) => headAt(started, 2n)));
  const { directory, started } = all[3]!;
  await started.node.close();
  const before = all[0]!.started.node.ledger.head().height;
  await headAt(all[0]!.started, before + 12n);
  const again = await network.start(directory, 3, { keepSnapshots: 100 });
  const reached = await headAt(again, before + 12n);
  assert.deepEqual(all[0]!.started.node.ledger.blockHash(reached.height), headerHash(reached));
  await blocksUntil(again, () => again.said('caught up') && again.said('snapshot written'));
  const heights = (text: string): number[] =>
    again.lines.filter(({ msg }) => msg.includes(text)).map((line) => Number(line.height));
  const [[from], [to]] = [heights('catching up'), heights('caught up')];
  assert.ok(from !== undefined && to !== undefined && to >= from + 4, 'it fetched final blocks in a row');
  assert.deepEqual(
    heights('snapshot written').filter((height) => height > from && height <= to),
    [],
  );
  // The others are two now: without it there is no quorum.
  await all[2]!.started.node.close();
  const height = again.node.ledger.head().height;
  await headAt(again, height + 3n);
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
});

test('keys that vote in two places at once are found out and lose stake', async () => {
  const network = testValidators(4);
  const all = await network.startAll();
  // The same secrets in another directory: a thief's, or a careless operator's, who restored them from what they were made from.
  const thief = await network.start(newDirectory(), undefined, { validator: network.makeKeys(3) });
  const honest = all[0]!.started;
  const recordOf = (node: SeroNode): Uint8Array | null => node.agreement.status().record;
  const twins = [thief.node, all[3]!.started.node];
  await blocksUntil(honest, () => twins.every((node) => recordOf(node) !== null));
  const record = recordOf(thief.node)!;
  assert.deepEqual(recordOf(twins[1]!), record);
  const listed = () =>
    [...honest.node.ledger.stakeRecords()].map(({ id, factor, staked }) => ({
      isDouble: equalBytes(id, record),
      isWhole: factor === 1n << 64n,
      staked,
    }));
  const own = 100n * honest.node.ledger.genesis.stake.unit;
  await blocksUntil(honest, () => listed().some(({ isWhole }) => !isWhole));
  for (const { isDouble, isWhole, staked } of listed()) {
    assert.equal(isWhole, !isDouble, 'nobody else is punished');
    assert.equal(staked < own, isDouble);
  }
  assert.ok(honest.said('a validator voted for two values'));
  // What was found out is in a block, which all have.
  const { height } = honest.node.ledger.head();
  await headAt(all[1]!.started, height);
  assert.deepEqual(all[1]!.started.node.ledger.blockHash(height), honest.node.ledger.blockHash(height));
  for (let at = 1n; at <= height; at++) {
    for (const bytes of decodeExecutedBlock(honest.node.ledger.executedBlock(at)).block.transactions) {
      assert.ok(isEvidence(bytes), 'nobody paid: all that blocks hold is evidence');
    }
  }
});
