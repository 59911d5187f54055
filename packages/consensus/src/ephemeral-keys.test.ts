import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableEd25519, utf8 } from '@sero/crypto';
import { leafInRound, ProtocolError, STEP, verifyEphemeral } from '@sero/protocol';
import { type EphemeralKeys, openEphemeralKeys } from './ephemeral-keys.ts';
import { keyFileSize, readBatch } from './key-file.ts';
import { cheapEd25519, newKeys, recording, refuses, run, seedOf, syncNow } from './key-test-support.ts';
import { makeEphemeralKeys } from './make-keys.ts';
import { memorySlotFile } from './memory-disk.ts';

const MESSAGE = utf8('a vote');

/** One step for each class. */
const STEPS = [STEP.propose, STEP.soft, STEP.cert, STEP.down];

/** Names of the leaves of a round that can sign. */
const able = (keys: EphemeralKeys, round: bigint): number[] =>
  [0, 1, 2, 3].flatMap((period) =>
    STEPS.filter((step) => keys.sign(round, period, step, MESSAGE) !== undefined).map((step) =>
      leafInRound(period, step),
    ),
  );

const ALL = Array.from({ length: 16 }, (_, leaf) => leaf);

test('every leaf signs for its own round, period and class of steps, under the registered root', () => {
  const { file, keys } = newKeys({ first: 255n, last: 256n }, portableEd25519);
  keys.eraseBefore(255n);
  run(keys.prepare(256n), file);
  const places = [255n, 256n].flatMap((round) =>
    [0, 1, 2, 3].flatMap((period) => STEPS.map((step) => ({ round, period, step }))),
  );
  const signed = places.map((at) => keys.sign(at.round, at.period, at.step, MESSAGE)!);
  for (const [i, at] of places.entries()) {
    verifyEphemeral(keys.root, at, MESSAGE, signed[i]!, portableEd25519);
    // Periods from 3 on, and the steps that end a period, share a leaf.
    if (at.period === 3)
      verifyEphemeral(keys.root, { ...at, period: 9 }, MESSAGE, signed[i]!, portableEd25519);
    const other = places[(i + 1) % places.length]!;
    assert.throws(
      () => verifyEphemeral(keys.root, other, MESSAGE, signed[i]!, portableEd25519),
      ProtocolError,
    );
  }
  assert.equal(new Set(signed.map(({ leafKey }) => leafKey.join())).size, 32);
});

test('there are keys for the rounds of the range and for no other', () => {
  const { file, keys } = newKeys({ first: 10n, last: 12n });
  const rounds = [-1n, 0n, 9n, 10n, 11n, 12n, 13n, 255n, 256n, 266n, 10n + 512n];
  assert.deepEqual(
    rounds.filter((round) => keys.isReady(round)),
    [10n, 11n, 12n],
  );
  assert.deepEqual(
    rounds.map((round) => able(keys, round).length),
    [0, 0, 0, 16, 16, 16, 0, 0, 0, 0, 0],
  );
  // Nor are any made that could not be used.
  const leaves = file.read(512 + 512, 4_096 * 128);
  const made = Array.from({ length: 4_096 }, (_, leaf) => leaf).filter(
    (leaf) => leaves[128 * leaf + 127] !== 0 || leaves[128 * leaf] !== 0,
  );
  assert.ok(made.every((leaf) => leaf >= 160 && leaf < 208));
  assert.ok(made.length > 40);
});

test('a leaf signs until it is erased, and no other leaf goes with it', () => {
  const { file, keys } = newKeys({ first: 1n, last: 3n });
  keys.erase([
    { round: 2n, leaf: 1 },
    { round: 2n, leaf: 7 },
  ]);
  keys.erase([
    { round: 2n, leaf: 1 },
    { round: 0n, leaf: 3 },
    { round: 4n, leaf: 3 },
  ]);
  const check = (of: EphemeralKeys): void => {
    assert.deepEqual(
      [1n, 2n, 3n].map((round) => able(of, round)),
      [ALL, ALL.filter((leaf) => leaf !== 1 && leaf !== 7), ALL],
    );
  };
  check(keys);
  syncNow(keys);
  file.crash(() => 0);
  check(openEphemeralKeys(file, cheapEd25519));
});

test('erasing all before a round leaves that round and the later ones', () => {
  const { keys } = newKeys({ first: 1n, last: 4n });
  keys.eraseBefore(3n);
  keys.eraseBefore(2n);
  assert.deepEqual(
    [1n, 2n, 3n, 4n].map((round) => able(keys, round).length),
    [0, 0, 16, 16],
  );
  keys.eraseBefore(5n);
  assert.deepEqual(
    [1n, 2n, 3n, 4n].map((round) => able(keys, round).length),
    [0, 0, 0, 0],
  );
});

test('nothing of any secret is left in the file when the range is over', () => {
  for (const later of [1n, 256n, 2n ** 63n]) {
    const { ed25519, seeds } = recording(cheapEd25519);
    // The second batch is never made ready: its secret has to go too.
    const range = { first: 254n, last: 259n };
    const { file, keys } = newKeys(range, ed25519);
    keys.eraseBefore(259n + later);
    const bytes = Buffer.from(file.read(0, file.size));
    assert.ok(seeds.length > 64);
    assert.ok(seeds.every((seed) => !bytes.includes(Buffer.from(seed))));
    assert.deepEqual(file.read(512, 2 * (512 + 4_096 * 128)), new Uint8Array(2 * (512 + 4_096 * 128)));
    for (const batch of [0n, 1n]) assert.deepEqual(readBatch(file, range, batch).secret, new Uint8Array(32));
    assert.equal(keys.isReady(259n), false);
  }
});

test('the next batch is made while this one is used, and a later one only when this one is over', () => {
  const range = { first: 254n, last: 514n };
  const { file, keys } = newKeys(range);
  assert.equal(keys.isReady(256n), false);
  assert.deepEqual(able(keys, 256n), []);
  run(keys.prepare(256n), file);
  assert.throws(() => run(keys.prepare(512n), file), refuses('batch-too-early'));
  const rounds = [254n, 255n, 256n, 300n, 511n, 512n, 514n];
  assert.deepEqual(
    rounds.map((round) => able(keys, round).length),
    [16, 16, 16, 16, 16, 0, 0],
  );
  keys.eraseBefore(256n);
  assert.deepEqual(
    rounds.map((round) => able(keys, round).length),
    [0, 0, 16, 16, 16, 0, 0],
  );
  run(keys.prepare(512n), file);
  keys.eraseBefore(301n);
  assert.deepEqual(
    rounds.map((round) => able(keys, round).length),
    [0, 0, 0, 0, 16, 16, 16],
  );
  syncNow(keys);
  const again = openEphemeralKeys(file, cheapEd25519);
  assert.deepEqual(
    rounds.map((round) => able(again, round).length),
    [0, 0, 0, 0, 16, 16, 16],
  );
});

test('preparing what is ready, over or not in the range does nothing', () => {
  const { file, keys } = newKeys({ first: 254n, last: 259n });
  keys.eraseBefore(256n);
  syncNow(keys);
  run(keys.prepare(256n), file);
  const before = file.read(0, file.size);
  for (const round of [0n, 254n, 255n, 256n, 259n, 260n, 600n])
    assert.deepEqual([...keys.prepare(round)], []);
  assert.deepEqual(file.read(0, file.size), before);
});

test('a batch whose secret is gone without leaves has no keys, and says so by not being ready', () => {
  const range = { first: 254n, last: 259n };
  const { file, keys } = newKeys(range);
  keys.eraseBefore(259n);
  run(keys.prepare(259n), file);
  keys.eraseBefore(260n);
  const again = openEphemeralKeys(file, cheapEd25519);
  run(again.prepare(256n), file);
  assert.equal(again.isReady(256n), false);
});

test('no leaf can sign while the secret that it was made from is on the disk', () => {
  const range = { first: 0n, last: 2n };
  const file = memorySlotFile(keyFileSize(range));
  run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
  const secret = file.read(file.size - 128, 32);
  const keys = openEphemeralKeys(file, cheapEd25519);
  let syncs = 0;
  for (const step of keys.prepare(0n)) {
    assert.equal(keys.isReady(0n), false);
    assert.deepEqual(able(keys, 0n), []);
    if (step === 'sync') {
      syncs++;
      syncNow(keys);
    }
  }
  assert.equal(syncs, 2);
  file.crash(() => 0);
  assert.ok(!Buffer.from(file.read(0, file.size)).includes(Buffer.from(secret)));
  assert.deepEqual(able(openEphemeralKeys(file, cheapEd25519), 0n), ALL);
});

test('wherever the machine stops while a batch is made, it is made after the restart, with the same leaves, and not used before', () => {
  const range = { first: 0n, last: 2n };
  const slot = keyFileSize(range) - 128;
  const leafKeys = (keys: EphemeralKeys) =>
    able(keys, 1n).map((_, i) => keys.sign(1n, i >> 2, STEPS[i & 3]!, MESSAGE)!.leafKey);
  const expected = (() => {
    const file = memorySlotFile(keyFileSize(range));
    run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
    const keys = openEphemeralKeys(file, cheapEd25519);
    run(keys.prepare(0n), file);
    return leafKeys(keys);
  })();
  assert.equal(expected.length, 16);
  const states = new Set<string>();
  for (const stop of [0, 1, 2, 3, 100, 255, 256, 257, 258]) {
    for (const kept of [0, 16, 40, 128]) {
      const file = memorySlotFile(keyFileSize(range));
      run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
      const steps = openEphemeralKeys(file, cheapEd25519).prepare(0n);
      for (let i = 0; i < stop; i++) if (steps.next().value === 'sync') file.sync(() => undefined);
      steps.next();
      file.crash((length) => (kept < length ? kept : length));
      const secret = file.read(slot, 32);
      const keys = openEphemeralKeys(file, cheapEd25519);
      const isGone = secret.every((byte) => byte === 0);
      assert.equal(keys.isReady(0n), isGone, `stopped at ${stop}, ${kept} bytes of each write kept`);
      states.add(isGone ? 'gone' : secret.subarray(0, 16).every((byte) => byte === 0) ? 'torn' : 'whole');
      run(keys.prepare(0n), file);
      assert.deepEqual(leafKeys(keys), expected);
      assert.deepEqual(file.read(slot, 32), new Uint8Array(32));
    }
  }
  assert.equal(states.size, 3);
});

test('leaves that are erased before or while they are made are not there afterwards', () => {
  const range = { first: 0n, last: 5n };
  for (let at = 0; at < 8; at++) {
    const file = memorySlotFile(keyFileSize(range));
    run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
    const keys = openEphemeralKeys(file, cheapEd25519);
    let step = 0;
    for (const _ of keys.prepare(0n)) {
      if (step++ !== at) continue;
      keys.erase([
        { round: 2n, leaf: 0 },
        { round: 4n, leaf: 15 },
      ]);
      keys.eraseBefore(2n);
    }
    assert.ok(step > 8);
    assert.deepEqual(
      [0n, 1n, 2n, 3n, 4n, 5n].map((round) => able(keys, round)),
      [[], [], ALL.slice(1), ALL, ALL.slice(0, 15), ALL],
      `before step ${at}`,
    );
  }
});

test('a batch that is over before it is ready leaves nothing behind', () => {
  const range = { first: 254n, last: 259n };
  const { ed25519, seeds } = recording(cheapEd25519);
  for (const at of [0, 1, 100, 254, 255, 256, 257]) {
    const file = memorySlotFile(keyFileSize(range));
    run(makeEphemeralKeys(file, seedOf('a'), range, ed25519), file);
    const keys = openEphemeralKeys(file, ed25519);
    const steps = keys.prepare(254n);
    for (let i = 0; i <= at; i++) steps.next();
    keys.eraseBefore(256n);
    // At most the last sync was under way; nothing is written after it.
    assert.ok([...steps].length <= 1);
    assert.equal(keys.isReady(254n), false);
    const area = file.read(512, 512 + 4_096 * 128);
    assert.ok(
      area.every((byte) => byte === 0),
      `after step ${at}`,
    );
  }
  assert.ok(seeds.length > 0);
});

test('a batch that is being made is not made a second time beside it, which could bring back a leaf that was used', () => {
  const range = { first: 0n, last: 5n };
  const file = memorySlotFile(keyFileSize(range));
  run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
  const keys = openEphemeralKeys(file, cheapEd25519);
  const one = keys.prepare(0n);
  for (let i = 0; i < 3; i++) one.next();
  assert.deepEqual([...keys.prepare(5n)], []);
  run(one, file);
  assert.deepEqual(able(keys, 5n), ALL);
});

test('making that was given up is begun again', () => {
  const range = { first: 0n, last: 5n };
  const file = memorySlotFile(keyFileSize(range));
  run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
  const keys = openEphemeralKeys(file, cheapEd25519);
  const one = keys.prepare(0n);
  for (let i = 0; i < 3; i++) one.next();
  one.return();
  run(keys.prepare(0n), keys);
  assert.deepEqual(able(keys, 5n), ALL);
});

test('a leaf whose slot is not whole counts as erased, the others are untouched', () => {
  const { file, keys } = newKeys({ first: 0n, last: 0n });
  const area = 512 + 512;
  for (let at = 0; at < 128; at++) {
    const slot = area + 5 * 128 + at;
    const [byte] = file.read(slot, 1);
    file.write(slot, Uint8Array.of(byte! ^ 0x10));
    assert.deepEqual(
      able(keys, 0n),
      ALL.filter((leaf) => leaf !== 5),
      `byte ${at}`,
    );
    file.write(slot, Uint8Array.of(byte!));
  }
  // A slot in another's place is not whole either.
  file.write(area + 5 * 128, file.read(area + 6 * 128, 128));
  assert.deepEqual(
    able(keys, 0n),
    ALL.filter((leaf) => leaf !== 5),
  );
});

test('a batch whose secret changed is refused as damage', () => {
  const range = { first: 0n, last: 0n };
  const file = memorySlotFile(keyFileSize(range));
  run(makeEphemeralKeys(file, seedOf('a'), range, cheapEd25519), file);
  file.write(file.size - 128, Uint8Array.of(file.read(file.size - 128, 1)[0]! ^ 1));
  const keys = openEphemeralKeys(file, cheapEd25519);
  assert.throws(() => run(keys.prepare(0n), file), refuses('key-file-damaged'));
});
