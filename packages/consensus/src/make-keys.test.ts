import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, equalBytes, le64, portableEd25519 } from '@sero/crypto';
import { batchMessage, batchOf } from '@sero/protocol';
import { openEphemeralKeys } from './ephemeral-keys.ts';
import { keyFileSize, readBatch } from './key-file.ts';
import { cheapEd25519, recording, refuses, run, seedOf } from './key-test-support.ts';
import { makeEphemeralKeys } from './make-keys.ts';
import { memorySlotFile } from './memory-disk.ts';

const RANGE = { first: 200n, last: 1_300n };

const make = (range = RANGE, seed = seedOf('a'), size = keyFileSize(range), ed25519 = cheapEd25519) => {
  const file = memorySlotFile(size);
  run(makeEphemeralKeys(file, seed, range, ed25519), file);
  return file;
};

test('a file has one slot for each batch that the range touches, and two places for leaves', () => {
  const two = 512 + 2 * (512 + 4_096 * 128);
  assert.equal(keyFileSize({ first: 0n, last: 0n }), two + 128);
  assert.equal(keyFileSize({ first: 255n, last: 256n }), two + 2 * 128);
  assert.equal(keyFileSize({ first: 0n, last: 3_000_000n }), two + 11_719 * 128);
  assert.equal(make().size, two + 6 * 128);
});

test('the root that stands in the file signed every batch key of the range', () => {
  const range = { first: 250n, last: 600n };
  const file = make(range, seedOf('a'), keyFileSize(range), portableEd25519);
  const { root } = openEphemeralKeys(file, portableEd25519);
  for (let batch = 0n; batch <= 2n; batch++) {
    const { batchKey, batchSignature } = readBatch(file, range, batch);
    assert.ok(portableEd25519.verify(root, batchMessage(batch, batchKey), batchSignature));
    assert.ok(!portableEd25519.verify(root, batchMessage(batch + 1n, batchKey), batchSignature));
  }
});

test('ranges that no record may register are refused before anything is written', () => {
  for (const [first, last] of [
    [5n, 4n],
    [-1n, 4n],
    [0n, 3_000_001n],
    [2n ** 64n - 2n, 2n ** 64n],
  ] as const) {
    assert.throws(() => keyFileSize({ first, last }), refuses('key-range'), `${first} to ${last}`);
    assert.throws(() => make({ first, last }, seedOf('a'), 512), refuses('key-range'));
  }
});

test('the seed is wiped, also where making is refused, and a wiped seed makes no keys', () => {
  const seed = seedOf('b');
  make(RANGE, seed);
  assert.deepEqual(seed, new Uint8Array(32));
  assert.throws(() => make(RANGE, seed), refuses('key-seed'));
  assert.throws(() => make(RANGE, seedOf('b').subarray(1)), refuses('key-seed'));
  const refused = seedOf('c');
  assert.throws(() => make(RANGE, refused, keyFileSize(RANGE) + 1), refuses('key-file-size'));
  assert.deepEqual(refused, new Uint8Array(32));
});

test('keys are not made over keys', () => {
  const file = make();
  const before = file.read(0, file.size);
  assert.throws(
    () => run(makeEphemeralKeys(file, seedOf('d'), RANGE, cheapEd25519), file),
    refuses('key-file-taken'),
  );
  assert.deepEqual(file.read(0, file.size), before);
});

test('one seed makes one set of keys, another seed another', () => {
  assert.deepEqual(make().read(0, keyFileSize(RANGE)), make(RANGE, seedOf('a')).read(0, keyFileSize(RANGE)));
  const roots = ['a', 'b'].map((name) => openEphemeralKeys(make(RANGE, seedOf(name)), cheapEd25519).root);
  assert.ok(!equalBytes(roots[0]!, roots[1]!));
});

test('a file whose making stopped anywhere is no key file, whatever of it the disk kept', () => {
  const started = () => {
    const file = memorySlotFile(keyFileSize(RANGE));
    return { file, steps: makeEphemeralKeys(file, seedOf('a'), RANGE, cheapEd25519) };
  };
  const count = [...started().steps].length;
  assert.equal(count, 3);
  for (let stop = 0; stop < count; stop++) {
    for (const kept of [0, 0.5, 1]) {
      const { file, steps } = started();
      for (let i = 0; i < stop; i++) if (steps.next().value === 'sync') file.sync(() => undefined);
      // The sync that the last step asks for never ends.
      steps.next();
      file.crash((length) => Math.floor(kept * length));
      // The head is the very last write: a crash that kept all of it left keys, nothing else does.
      const isComplete = stop === count - 1 && kept === 1;
      if (isComplete) assert.deepEqual(file.read(0, file.size), make().read(0, file.size));
      else assert.throws(() => openEphemeralKeys(file, cheapEd25519), refuses('key-file-damaged'));
    }
  }
});

test('work that is given up wipes the seed', () => {
  const file = memorySlotFile(keyFileSize(RANGE));
  const seed = seedOf('a');
  const steps = makeEphemeralKeys(file, seed, RANGE, cheapEd25519);
  steps.next();
  assert.notDeepEqual(seed, new Uint8Array(32));
  steps.return();
  assert.deepEqual(seed, new Uint8Array(32));
});

test("neither the seed nor the root's secret is in the file, and every batch has a secret of its own", () => {
  const { ed25519, seeds } = recording(cheapEd25519);
  const file = make(RANGE, seedOf('a'), keyFileSize(RANGE), ed25519);
  const bytes = file.read(0, file.size);
  const root = blake2b256('SERO_EPH_ROOT', seedOf('a'));
  assert.ok(seeds.some((seed) => equalBytes(seed, root)));
  assert.ok(!Buffer.from(bytes).includes(Buffer.from(root)));
  assert.ok(!Buffer.from(bytes).includes(Buffer.from(seedOf('a'))));
  const secrets = new Set<string>();
  for (let batch = batchOf(RANGE.first); batch <= batchOf(RANGE.last); batch++) {
    const { secret } = readBatch(file, RANGE, batch);
    assert.deepEqual(secret, blake2b256('SERO_EPH_BATCH', seedOf('a'), le64(batch)));
    secrets.add(Buffer.from(secret).toString('hex'));
  }
  assert.equal(secrets.size, 6);
});

test('a head with any byte changed is refused', () => {
  const good = make();
  for (let at = 0; at < 88; at++) {
    const file = memorySlotFile(good.size);
    file.write(0, good.read(0, good.size));
    file.write(at, Uint8Array.of(good.read(at, 1)[0]! ^ 1));
    assert.throws(() => openEphemeralKeys(file, cheapEd25519), refuses('key-file-damaged'), `byte ${at}`);
  }
  const short = memorySlotFile(good.size - 128);
  short.write(0, good.read(0, short.size));
  assert.throws(() => openEphemeralKeys(short, cheapEd25519), refuses('key-file-size'));
  assert.throws(() => openEphemeralKeys(memorySlotFile(100), cheapEd25519), refuses('key-file-damaged'));
});
