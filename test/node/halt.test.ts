import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runKeySteps } from '@sero/consensus';
import { blake2b256, utf8 } from '@sero/crypto';
import { NodeError, openValidatorKeys } from '@sero/node';
import { decodeBundle, encodeBundle, makeBundle, STEP, voteMessage } from '@sero/protocol';
import { newDirectory } from './running.ts';
import { headAt, testValidators } from './validators.ts';

interface Receiving {
  receive(topic: 'bundle', item: Uint8Array): Promise<string>;
}

test('two certificates of one round stop the node: it keeps both, chooses none, and does not start until people have looked', async () => {
  const network = testValidators(1);
  // Whoever has all keys of a network can make two blocks final; here it is one validator whose keys were copied before they were used.
  const stolen = openValidatorKeys(network.makeKeys(0));
  await new Promise<void>((resolve, reject) => {
    const done = (failure?: Error): void => (failure === undefined ? resolve() : reject(failure));
    runKeySteps(stolen.keys.prepare(1n), stolen.keys, setImmediate, done);
  });
  const directory = newDirectory();
  const started = await network.start(directory, 0);
  const { height: round } = await headAt(started, 1n);
  const { ledger, agreement } = started.node;
  const { record, units } = agreement.status();
  const value = { period: 0, proposer: record!, digest: blake2b256('TEST_FORK', utf8('another block')) };
  const signed = { sender: record!, round, period: 0, step: STEP.cert, value };
  const signature = stolen.keys.sign(round, 0, STEP.cert, voteMessage(ledger.genesisHash, signed))!;
  const forged = makeBundle(units, signed, [{ vote: { ...signed, proof: [], signature }, weight: units }])!;

  await (agreement as unknown as Receiving).receive('bundle', encodeBundle(forged));
  const failure = await started.node.stopped;
  assert.ok(failure instanceof NodeError);
  assert.equal(failure.code, 'two-certificates');

  const halted = join(directory, 'halted');
  const kept = readdirSync(halted).toSorted();
  assert.deepEqual(kept, [`round-${round}-1.ssz`, `round-${round}-2.ssz`]);
  const values = kept.map((name) => decodeBundle(readFileSync(join(halted, name))).value);
  assert.deepEqual(values[1], value);
  assert.notDeepEqual(values[0], value);

  await assert.rejects(
    network.start(directory, 0),
    (error) => error instanceof NodeError && error.code === 'two-certificates',
  );
  rmSync(halted, { recursive: true });
  const again = await network.start(directory, 0);
  await headAt(again, round + 1n);
  await again.node.close();
  stolen.close();
});
