import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import type { ProverBackend } from './backend.ts';
import { type FakeAddon, fakeAddon, settle } from './fake-addon-test-support.ts';
import { signedItem } from './jubjub-test-support.ts';
import type { NativeCancel } from './native-addon.ts';
import { nativeBackendOn } from './native-backend.ts';
import { knownKey, simulate } from './test-support.ts';

/** What reaches the addon when work is given up or the backend is closed: nobody can tell from a result that comes late. */

const folder = await mkdtemp(join(tmpdir(), 'sero-closing-'));
after(() => rm(folder, { recursive: true }));

const SECRET_HIT = 36;
const CANCELLED = 2;
const key = knownKey(1);
const proof = simulate(key, [7n]);
const item = { vk: key.vk, publicInputs: [7n], proof };
const element = fieldToBytes(1n);
const signed = signedItem();
const [g1, g2] = [new Uint8Array(96), new Uint8Array(192)];

function open(fake: FakeAddon): ProverBackend {
  return nativeBackendOn(fake.addon, { portable: true, threads: 2, copies: 1 });
}

/** Everything that takes a signal, with what the addon may give. */
const works: Readonly<
  Record<
    string,
    readonly [begin: (backend: ProverBackend, signal?: AbortSignal) => Promise<unknown>, result: unknown]
  >
> = {
  verifyBatch: [({ verifier }, signal) => verifier.verifyBatch([item], signal), Uint8Array.of(0)],
  scan: [
    ({ scanner }, signal) =>
      scanner.scan({
        viewKey: element,
        outputs: new Uint8Array(34),
        ...(signal === undefined ? {} : { signal }),
      }),
    new Uint8Array(SECRET_HIT).fill(9),
  ],
  openTraces: [
    ({ traces }, signal) =>
      traces.open({
        traceKey: element,
        zpk: element,
        entries: new Uint8Array(64),
        ...(signal === undefined ? {} : { signal }),
      }),
    new Uint8Array(8),
  ],
  verifySignatures: [({ signatures }, signal) => signatures.verifyBatch([signed], signal), Uint8Array.of(1)],
  checkPoints: [({ keyPoints }, signal) => keyPoints.check(element, signal), new Uint8Array(65)],
  groupMultiplyGenerator: [({ groups }, signal) => groups.multiplyGenerator('g1', element, signal), g1],
  groupMultiplyEach: [({ groups }, signal) => groups.multiplyEach('g1', g1, element, signal), g1],
  groupMultiplyPowers: [
    ({ groups }, signal) => groups.multiplyPowers('g1', g1, element, element, signal),
    g1,
  ],
  groupLagrange: [({ groups }, signal) => groups.lagrange('g1', g1, signal), g1],
  groupCombineRows: [
    ({ groups }, signal) =>
      groups.combineRows(
        'g1',
        g1,
        { starts: Uint32Array.of(0, 1), indices: Uint32Array.of(0), coefficients: element },
        signal,
      ),
    g1,
  ],
  groupMultiExp: [({ groups }, signal) => groups.multiExp('g1', g1, element, 32, signal), g1],
  groupSubtract: [({ groups }, signal) => groups.subtract('g1', g1, g1, signal), g1],
  groupCheck: [({ groups }, signal) => groups.firstBad('g1', g1, signal), 1],
  groupEncode: [({ groups }, signal) => groups.encode('g1', g1, 'compressed', signal), new Uint8Array(48)],
  newProvingKey: [
    ({ prover }, signal) => prover.prove(new Uint8Array(9), new Uint8Array(9), signal),
    CANCELLED,
  ],
};

/** Work that takes no signal, with what the addon may give. */
const untold: Readonly<
  Record<string, readonly [begin: (backend: ProverBackend) => Promise<unknown>, result: unknown]>
> = {
  verifyBatch: [({ verifier }) => verifier.verify(key.vk, [7n], proof), Uint8Array.of(0)],
  pairingProductIsOne: [({ groups }) => groups.pairingProductIsOne(g1, g2), 1],
  witness: [
    async ({ witness }) => (await witness!.load(new Uint8Array(1))).compute(new Uint8Array(1)),
    new Uint8Array(32),
  ],
};

/** The flag that a call was handed. */
function flagOf(fake: FakeAddon, args: readonly unknown[]): NativeCancel {
  const flag = args.find((arg) => [...fake.cancelled].includes(arg as NativeCancel));
  assert.ok(flag !== undefined, 'no flag that the call was handed is set');
  return flag as NativeCancel;
}

/** Whether a promise is settled by now. */
function watched(work: Promise<unknown>): { isSettled: boolean } {
  const state = { isSettled: false };
  const note = (): void => {
    state.isSettled = true;
  };
  work.then(note, note);
  return state;
}

for (const [name, [begin, result]] of Object.entries(works)) {
  test(`${name}: a signal sets the flag that the addon polls, and what comes late is thrown away`, async () => {
    const fake = fakeAddon();
    const backend = open(fake);
    const aborted = new AbortController();
    const work = assert.rejects(begin(backend, aborted.signal));
    await settle();
    assert.deepEqual(
      fake.calls.map((call) => call.name),
      [name],
    );
    assert.equal(fake.cancelled.size, 0);
    aborted.abort(new Error('enough'));
    const flag = flagOf(fake, fake.calls[0]!.args);
    fake.calls[0]!.answer(result);
    await work;
    assert.ok(fake.released.includes(flag));
    await backend.close();
    assert.equal(fake.addon.liveHandles(), 0);
  });

  test(`${name}: closing sets the flag too, and waits until the addon has ended`, async () => {
    const fake = fakeAddon();
    const backend = open(fake);
    const work = assert.rejects(begin(backend), { code: 'closed' });
    await settle();
    const closing = backend.close();
    const state = watched(closing);
    flagOf(fake, fake.calls[0]!.args);
    await settle();
    assert.equal(state.isSettled, false);
    fake.calls[0]!.answer(result);
    await Promise.all([work, closing]);
    assert.equal(fake.addon.liveHandles(), 0);
  });
}

for (const [name, [begin, result]] of Object.entries(untold)) {
  test(`${name}: closing waits for work that takes no signal, and refuses it`, async () => {
    const fake = fakeAddon();
    const backend = open(fake);
    const work = assert.rejects(begin(backend), { code: 'closed' });
    await settle();
    assert.deepEqual(
      fake.calls.map((call) => call.name),
      [name],
    );
    const closing = backend.close();
    const state = watched(closing);
    await settle();
    assert.equal(state.isSettled, false);
    fake.calls[0]!.answer(result);
    await Promise.all([work, closing]);
    assert.equal(fake.addon.liveHandles(), 0);
  });
}

test('a scan wipes the hits that it has read, and those that come after it was given up', async () => {
  const [read, late] = [new Uint8Array(SECRET_HIT).fill(9), new Uint8Array(SECRET_HIT).fill(9)];
  const fake = fakeAddon();
  const backend = open(fake);
  const request = { viewKey: element, outputs: new Uint8Array(34) };
  const done = backend.scanner.scan(request);
  await settle();
  fake.calls[0]!.answer(read);
  const [hit] = await done;
  assert.deepEqual(hit?.sharedSecret, new Uint8Array(32).fill(9));
  const aborted = new AbortController();
  const given = assert.rejects(backend.scanner.scan({ ...request, signal: aborted.signal }), /enough/);
  await settle();
  aborted.abort(new Error('enough'));
  fake.calls[1]!.answer(late);
  await given;
  for (const found of [read, late]) assert.deepEqual(found, new Uint8Array(SECRET_HIT));
});

/** An addon that makes keys and proofs at once. */
const proving = (): FakeAddon =>
  fakeAddon((name) =>
    name === 'newProvingKey' ? 'a key' : name === 'prove' ? new Uint8Array(192) : undefined,
  );

test('the key of a file that changed is released before the new one is made, and of many files three are kept', async () => {
  const fake = proving();
  const backend = open(fake);
  const witness = new Uint8Array(1);
  const path = join(folder, 'changing.zkey');
  await writeFile(path, 'one');
  for (let time = 0; time < 2; time++) await backend.prover.prove(path, witness);
  assert.equal(fake.addon.liveHandles(), 1);
  await utimes(path, 1, 1);
  await backend.prover.prove(path, witness);
  assert.equal(fake.addon.liveHandles(), 1, 'the old one is gone');
  const made = fake.calls.filter(({ name }) => name === 'newProvingKey');
  assert.equal(made.length, 2);
  for (const name of ['a', 'b', 'c', 'd']) {
    await writeFile(join(folder, name), name);
    await backend.prover.prove(join(folder, name), witness);
    assert.ok(fake.addon.liveHandles() <= 3);
  }
  await backend.close();
  assert.equal(fake.addon.liveHandles(), 0);
});

test('closing frees the keys that were made of files, of bytes, and for verifying', async () => {
  const fake = proving();
  const path = join(folder, 'closing.zkey');
  await writeFile(path, 'one');
  const bytes = [new Uint8Array(1), new Uint8Array(2)];
  for (let time = 1; time <= 5; time++) {
    const backend = open(fake);
    for (const source of [path, ...bytes, ...bytes]) await backend.prover.prove(source, new Uint8Array(1));
    const verified = backend.verifier.verify(key.vk, [7n], proof);
    await settle();
    fake.calls.at(-1)!.answer(Uint8Array.of(0));
    await verified;
    assert.equal(fake.addon.liveHandles(), 4);
    await backend.close();
    await backend.close();
    assert.equal(fake.addon.liveHandles(), 0);
  }
});

test('a key that is ready after its proof was given up is freed', async () => {
  const fake = fakeAddon();
  const backend = open(fake);
  const aborted = new AbortController();
  const work = assert.rejects(backend.prover.prove(new Uint8Array(9), new Uint8Array(9), aborted.signal), {
    code: 'aborted',
  });
  await settle();
  aborted.abort();
  fake.calls[0]!.answer('a key');
  await work;
  assert.equal(fake.addon.liveHandles(), 0);
});

test('an open backend tells the kernel that is in use now, whichever backend of the process chose it', async () => {
  let kernel: 'ifma' | 'portable' = 'ifma';
  const fake = fakeAddon();
  const addon = new Proxy(fake.addon, {
    get: (target, name) =>
      name === 'kernel'
        ? () => kernel
        : name === 'forcePortable'
          ? (isForced: boolean) => {
              kernel = isForced ? 'portable' : 'ifma';
            }
          : // Four threads began: asked for later, another number changes nothing.
            name === 'useThreads'
            ? () => 4
            : Reflect.get(target, name),
  });
  const first = nativeBackendOn(addon, { portable: false, threads: 4, copies: 1 });
  assert.equal(first.kernel, 'ifma');
  const second = nativeBackendOn(addon, { portable: true, threads: 2, copies: 1 });
  assert.deepEqual([first.kernel, second.kernel], ['portable', 'portable']);
  assert.deepEqual([first.threads, second.threads], [4, 4], 'what is in use is told, not what was asked for');
  await Promise.all([first.close(), second.close()]);
});
