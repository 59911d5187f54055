import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type EphemeralKeys,
  keyFileSize,
  makeEphemeralKeys,
  memorySlotFile,
  openEphemeralKeys,
  runKeySteps,
  type SlotFile,
} from '@sero/consensus';
import { blake2b, blake2b256, type Ed25519, equalBytes } from '@sero/crypto';
import { handClock } from '../test-support.ts';
import { type BatchEvent, type BatchOptions, createBatchPreparer } from './batches.ts';

/** Signatures that anybody can make: thousands of them cost nothing. */
const cheapEd25519: Ed25519 = {
  publicKey: (seed) => blake2b256('TEST_PUBLIC', seed),
  sign: (seed, message) => blake2b('TEST_SIGN', blake2b256('TEST_PUBLIC', seed), message),
  verify: (key, message, signature) => equalBytes(signature, blake2b('TEST_SIGN', key, message)),
};

/** Batches 0 to 7. */
const RANGE = { first: 10n, last: 8n * 256n - 1n };

function newFile(range = RANGE): SlotFile {
  const file = memorySlotFile(keyFileSize(range));
  runKeySteps(
    makeEphemeralKeys(file, blake2b256('TEST_SEED'), range, cheapEd25519),
    file,
    (resume) => resume(),
    (failure) => assert.equal(failure, undefined),
  );
  return file;
}

function preparer(options: Partial<BatchOptions> & { file?: SlotFile } = {}): ReturnType<
  typeof createBatchPreparer
> & {
  keys: EphemeralKeys;
  events: BatchEvent[];
  clock: ReturnType<typeof handClock>;
} {
  const clock = handClock(1_000);
  const events: BatchEvent[] = [];
  const keys = openEphemeralKeys(options.file ?? newFile(), cheapEd25519);
  // A slice of no time: one round of leaves a turn.
  const onEvent = (event: BatchEvent): void => void events.push(event);
  const made = createBatchPreparer({ keys, clock, sliceMs: 0, onEvent, warnAt: 0n, ...options });
  return { ...made, keys, events, clock };
}

/** Of events: what, and of which batch. */
function told(events: readonly BatchEvent[]): string[] {
  return events.map((event) => ('batch' in event ? `${event.type} ${event.batch}` : event.type));
}

describe('batches of ephemeral keys', () => {
  it('are made when they are needed: the present one at once, the next one before its first round', async () => {
    const { advance, status, events, clock } = preparer({ ahead: 100 });
    advance(10n);
    await clock.pass(0);
    assert.deepEqual(told(events), ['batch-ready 0']);
    assert.deepEqual(status(), { round: 10n, isReady: true, isNextReady: false, roundsLeft: 2_038n });
    advance(155n);
    await clock.pass(60_000);
    assert.equal(status().isNextReady, false);
    advance(156n);
    assert.equal(status().isNextReady, false);
    await clock.pass(60_000);
    assert.deepEqual(told(events), ['batch-ready 0', 'batch-ready 1']);
    assert.deepEqual(status(), { round: 156n, isReady: true, isNextReady: true, roundsLeft: 1_892n });
  });

  it('leave no round without keys, from the first to the last', async () => {
    const range = { first: 10n, last: 3n * 256n + 5n };
    const { advance, keys, clock, events } = preparer({ file: newFile(range) });
    for (let round = range.first; round <= range.last; round++) {
      advance(round);
      await clock.pass(100);
      assert.notEqual(keys.sign(round, 0, 1, Uint8Array.of(1)), undefined, `round ${round}`);
      assert.equal(keys.sign(round - 1n, 0, 1, Uint8Array.of(1)), undefined);
    }
    assert.deepEqual(
      told(events),
      [0, 1, 2, 3].map((batch) => `batch-ready ${batch}`),
    );
  });

  it('are made in slices, between which others have their turns; the next one rests besides', async () => {
    const { advance, clock, events } = preparer({ ahead: 256, restMs: 10 });
    advance(10n);
    assert.deepEqual(told(events), []);
    assert.ok(clock.waiting() > 0);
    await clock.pass(0);
    assert.deepEqual(told(events), ['batch-ready 0']);
    await clock.pass(2_549);
    assert.deepEqual(told(events), ['batch-ready 0']);
    await clock.pass(11);
    assert.deepEqual(events.at(-1), { type: 'batch-ready', batch: 1n, ms: 2_560 });
  });

  it('work on while their slice lasts', () => {
    let time = 0;
    let turns = 0;
    const waiting: (() => void)[] = [];
    const { advance, events } = preparer({
      sliceMs: 5,
      ahead: 1,
      clock: {
        // Each look at the clock is 1 ms later.
        now: () => time++,
        setTimer: (run) => void waiting.push(run),
        clearTimer: () => undefined,
      },
    });
    advance(10n);
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      turns++;
      run();
    }
    assert.deepEqual(told(events), ['batch-ready 0']);
    assert.ok(turns > 256 / 6 && turns < 256 / 3, `${turns} turns`);
  });

  it('of a chain that jumped are those of where it is: what was being made before ends', async () => {
    const { advance, status, events, clock, keys } = preparer();
    advance(10n);
    advance(1_000n);
    await clock.pass(60_000);
    assert.deepEqual(told(events), ['batch-ready 3', 'batch-ready 4']);
    assert.deepEqual(status(), { round: 1_000n, isReady: true, isNextReady: true, roundsLeft: 1_048n });
    // A round that is over stays over.
    advance(500n);
    assert.equal(status().round, 1_000n);
    assert.equal(keys.sign(999n, 0, 1, Uint8Array.of(1)), undefined);
  });

  it('are made again after a stop, wherever it came', async () => {
    const file = newFile();
    for (const turns of [0, 1, 100, 250]) {
      const stopped = preparer({ file, restMs: 1 });
      stopped.advance(200n);
      await stopped.clock.pass(turns);
      stopped.stop();
      assert.equal(stopped.clock.waiting(), 0);
      stopped.advance(300n);
      assert.equal(stopped.status().round, 200n);
    }
    const again = preparer({ file });
    again.advance(200n);
    await again.clock.pass(60_000);
    assert.deepEqual([again.status().isReady, again.status().isNextReady], [true, true]);
  });

  it('leave no secret in memory where their making was stopped', async () => {
    const file = newFile();
    const read: Uint8Array[] = [];
    const noted: SlotFile = {
      ...file,
      read(offset, length) {
        const bytes = file.read(offset, length);
        // A batch's slot.
        if (length === 128 && bytes.some((byte) => byte !== 0)) read.push(bytes);
        return bytes;
      },
    };
    const { advance, clock, stop } = preparer({ file: noted });
    advance(200n);
    await clock.pass(0);
    await clock.pass(100);
    const secrets = read.filter((bytes) => bytes.subarray(0, 32).some((byte) => byte !== 0));
    assert.ok(secrets.length > 0);
    stop();
    assert.ok(secrets.every((bytes) => bytes.subarray(0, 32).every((byte) => byte === 0)));
  });

  it('are prepared before the first round that the keys cover, but not long before', async () => {
    const range = { first: 600n, last: 1_000n };
    const { advance, status, clock } = preparer({ file: newFile(range) });
    advance(1n);
    await clock.pass(60_000);
    assert.deepEqual(status(), { round: 1n, isReady: false, isNextReady: false, roundsLeft: 401n });
    advance(471n);
    await clock.pass(60_000);
    assert.equal(status().isNextReady, false);
    advance(472n);
    await clock.pass(60_000);
    assert.deepEqual(status(), { round: 472n, isReady: false, isNextReady: true, roundsLeft: 401n });
    advance(600n);
    assert.ok(status().isReady);
    const late = preparer({ file: newFile(range) });
    late.advance(520n);
    await late.clock.pass(0);
    assert.ok(late.keys.isReady(600n), 'in the batch that the chain is in');
  });

  it('that a disk failed to make are told once, and others are made', async () => {
    let failing = true;
    const file = newFile();
    const failure = new Error('disk failed');
    const { advance, events, clock } = preparer({
      ahead: 1,
      file: { ...file, sync: (done) => (failing ? done(failure) : file.sync(done)) },
    });
    advance(10n);
    await clock.pass(60_000);
    advance(11n);
    await clock.pass(60_000);
    assert.deepEqual(events, [{ type: 'batch-failed', batch: 0n, error: failure }]);
    failing = false;
    advance(256n);
    await clock.pass(60_000);
    assert.deepEqual(told(events), ['batch-failed 0', 'batch-ready 1']);
  });

  it('come to an end, which is said in time and once', async () => {
    const { advance, status, events, clock } = preparer({ warnAt: 100n });
    const said = (): string[] => told(events).filter((name) => name.startsWith('keys'));
    advance(RANGE.last - 100n);
    assert.deepEqual(said(), []);
    advance(RANGE.last - 99n);
    assert.deepEqual(events.at(-1), { type: 'keys-ending', roundsLeft: 100n, lastRound: RANGE.last });
    advance(RANGE.last);
    await clock.pass(60_000);
    assert.deepEqual(status(), { round: RANGE.last, isReady: true, isNextReady: true, roundsLeft: 1n });
    assert.deepEqual(said(), ['keys-ending']);
    for (const more of [1n, 2n, 1_000n]) advance(RANGE.last + more);
    assert.deepEqual(said(), ['keys-ending', 'keys-ended']);
    assert.deepEqual([status().isReady, status().roundsLeft], [false, 0n]);
  });
});
