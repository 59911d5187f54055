import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256 } from '@sero/crypto';
import { NodeError } from '@sero/node';
import { DEVELOPMENT, type Version } from '@sero/protocol';
import { headAt, testValidators } from './validators.ts';

const SECOND: Version = { number: 2, rules: blake2b256('TEST_RULES'), disabled: [1] };

test('programs with and without the next version agree until it starts; the old one stops before it, and goes on as the new one', async () => {
  const network = testValidators(4, {
    versions: { ...DEVELOPMENT.versions, window: 4, approvals: 3, delay: 6n },
  });
  const all = await network.startAll((validator) => (validator === 3 ? {} : { versions: [SECOND] }));
  const [one] = all.map(({ started }) => started);
  const old = all[3]!;

  const failure = await old.started.node.stopped;
  assert.ok(failure instanceof NodeError);
  assert.equal(failure.code, 'version-unknown');
  assert.ok(old.started.said('approved a version of the protocol that this release lacks'));
  const last = old.started.node.ledger.head();
  assert.equal(last.version, 1, 'its last block is of the version that it has');

  const switched = await headAt(one!, last.height + 2n);
  assert.equal(switched.version, 2);
  assert.equal(one!.node.ledger.header(last.height)!.version, 1);
  assert.equal(
    one!.node.ledger.header(last.height + 1n)!.version,
    2,
    'the very next block is of the new one',
  );
  assert.deepEqual(
    one!.node.ledger.versionStatus().disabled.map(({ circuit }) => circuit),
    [1],
    'what the version disables is disabled',
  );

  const updated = await network.start(old.directory, 3, { versions: [SECOND] });
  const reached = await headAt(updated, switched.height + 2n);
  assert.deepEqual(updated.node.ledger.blockHash(last.height), one!.node.ledger.blockHash(last.height));
  await headAt(one!, reached.height);
  assert.deepEqual(one!.node.ledger.blockHash(reached.height), updated.node.ledger.blockHash(reached.height));
  for (const { node } of [...all.slice(0, 3).map(({ started }) => started), updated]) await node.close();
});
