import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { committeeOf, DEVELOPMENT, STEP, stakeTable, type Value, type Vote } from '@sero/protocol';
import type { ConsensusMessage } from '../abstractions.ts';
import { SENDERS, V, voteOf, W } from '../machine/machine-test-support.ts';
import { secretOf, stubCrypto } from '../simulator/stub-crypto.ts';
import { stubKeys } from '../simulator/stub-keys.ts';
import { partWorld } from './part-world-test-support.ts';
import { block, PARAMS, startWorld } from './participant-test-support.ts';
import type { Recorder } from './recorder.ts';
import { createVoter } from './voter.ts';

/** A voter of one record at a table of one, whose records the test makes durable. */
function startVoter() {
  const crypto = stubCrypto();
  const id = SENDERS[0]!;
  const secret = secretOf(9, 0);
  const keys = stubKeys(0, crypto.ed25519, (run) => run());
  const row = { id, vrfKey: crypto.vrf.publicKey(secret), voteRoot: keys.root };
  const table = stakeTable([{ ...row, blsKey: new Uint8Array(48), weight: 4n }]);
  const sent: ConsensusMessage[] = [];
  const written: Vote[] = [];
  const waiting: (() => void)[] = [];
  const recorder: Pick<Recorder, 'erase' | 'write'> = {
    erase: () => undefined,
    write(_, votes, send) {
      written.push(...votes);
      waiting.push(send);
    },
  };
  const world = partWorld({
    ledger: {
      context: (round) => ({
        ...{ genesisHash: new Uint8Array(32), round, seed: new Uint8Array(32), table },
        committees: (step) => committeeOf(DEVELOPMENT.committees, step, table.total),
      }),
    },
    verifier: { output: (proof) => crypto.vrf.outputOf(proof) },
    network: { broadcast: (message) => void sent.push(message) },
  });
  const record = { id, keys, prove: (alpha: Uint8Array) => crypto.vrf.prove(secret, alpha) };
  const voter = createVoter([record], world, recorder as Recorder, {
    isIn: () => true,
    written: () => undefined,
    voted: () => undefined,
    hold: () => undefined,
  });
  const sync = (): void => {
    for (const send of waiting.splice(0)) send();
  };
  return { voter, sent, written, sync, keys };
}

describe('a voter that is asked twice at one step', () => {
  // Fast recovery asks at every turn.
  const redo = (voter: ReturnType<typeof createVoter>, value: Value) => voter.cast(1n, 1, STEP.redo, value);

  test('signs no other vote, and sends the one that it has once, when it is durable', () => {
    const { voter, sent, written, sync } = startVoter();
    redo(voter, V);
    redo(voter, V);
    assert.deepEqual([written.length, sent], [1, []]);
    sync();
    assert.equal(sent.length, 1);
  });

  test('and for another value says nothing, though its key could: he would equivocate', () => {
    const { voter, sent, written, sync, keys } = startVoter();
    redo(voter, V);
    sync();
    redo(voter, W);
    sync();
    assert.deepEqual(
      [written.map(({ value }) => value), sent.length],
      [[V], 1],
      'the vote for V, and it once',
    );
    assert.notEqual(keys.sign(1n, 1, STEP.redo, new Uint8Array(1)), undefined);
  });

  test('in another round votes as it is asked', () => {
    const { voter, written } = startVoter();
    redo(voter, V);
    voter.nextRound();
    voter.cast(2n, 1, STEP.redo, W);
    assert.deepEqual(
      written.map(({ value }) => value),
      [V, W],
    );
  });
});

test('a second proposal of a period is dropped, in periods that share a key too', () => {
  for (const period of [0, 3]) {
    const { voter, sent, written, sync } = startVoter();
    for (const [value, name] of [
      [V, 'v'],
      [W, 'w'],
    ] as const) {
      voter.castProposal(voteOf(0, STEP.propose, value, { period }), block(name));
      sync();
    }
    assert.deepEqual(
      written.map(({ value }) => value),
      [V],
    );
    assert.deepEqual(
      sent.map(({ type }) => type),
      ['vote', 'block'],
    );
  }
});

test('fast recovery that comes again while the disk is busy sends no vote that is not durable', () => {
  const world = startWorld();
  world.sync();
  world.pass(3 * (PARAMS.pace.fastRecovery + PARAMS.pace.filterMax));
  assert.deepEqual(
    world.sent.filter(({ type }) => type === 'vote'),
    [],
  );
  world.sync();
  assert.ok(world.journal.includes('broadcast vote 255 bottom'));
});

describe('a voter that starts again', () => {
  const castBefore = () => {
    const { voter, written } = startVoter();
    voter.cast(1n, 1, STEP.redo, V);
    return written[0]!;
  };

  test('takes its votes from the log with their weights, and casts no other at their steps, though its key could', () => {
    const { voter, sent, written, keys } = startVoter();
    const vote = castBefore();
    assert.deepEqual(voter.restore(1n, vote), [{ vote, weight: 4n }]);
    voter.cast(1n, 1, STEP.redo, W);
    assert.deepEqual([written, sent], [[], []]);
    assert.notEqual(keys.sign(1n, 1, STEP.redo, new Uint8Array(1)), undefined);
  });

  test('takes none of another round, or of a record that it has not', () => {
    const { voter, written } = startVoter();
    const vote = castBefore();
    assert.deepEqual(voter.restore(2n, vote), []);
    assert.deepEqual(voter.restore(1n, { ...vote, sender: SENDERS[1]! }), []);
    voter.cast(1n, 1, STEP.redo, W);
    assert.equal(written.length, 1);
  });
});
