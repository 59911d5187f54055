import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { concat, pointToBytes, VIEW_BASE } from '@sero/crypto';
import { vk, wtns, zkey } from './compliance-test-support.ts';
import { loadNativeAddon, type NativeAddon } from './native-addon.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const SOME_POINT = pointToBytes(VIEW_BASE);
const keyBytes = concat(vk.alpha, vk.beta, vk.gamma, vk.delta, ...vk.ic);

/** A buffer whose memory was given away. */
function detached(): Uint8Array {
  const bytes = new Uint8Array(128);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Values that no function takes in any place where it looks for bytes, a handle, an array or a number of its own. */
const JUNK: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  Number.NaN,
  2 ** 53,
  1n,
  'junk',
  Symbol('junk'),
  {},
  () => 0,
  [1, 2],
  new Float64Array(16),
  new DataView(new ArrayBuffer(128)),
  new ArrayBuffer(128),
  new Uint8Array(new SharedArrayBuffer(128)),
  new Uint8Array(7),
  detached(),
  new Proxy(new Uint8Array(32), {}),
];

/** Waits for what a call gives, and says whether it refused. */
async function refuses(call: () => unknown): Promise<boolean> {
  try {
    const given = await call();
    // A status or a fault is a refusal too: of bytes that could be looked at.
    return typeof given === 'number' || Array.isArray(given);
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError;
  }
}

const load = loadNativeAddon();

describe('the native addon', () => {
  if ('missing' in load) {
    it('is missing for a reason that can be told in a line', () => {
      assert.match(load.missing, /^[^\n]{10,400}$/);
    });
  } else {
    tests(load.addon);
  }
});

function tests(addon: NativeAddon): void {
  const functions = addon as unknown as Readonly<Record<string, (...values: unknown[]) => unknown>>;
  const newKey = () => addon.newVerifyingKey(keyBytes) as ReturnType<NativeAddon['newCancel']> & never;
  const takesNothing = ['newCancel', 'liveHandles', 'kernel', 'interface'];

  it('refuses junk in every place of every function, alone and behind arguments that are right', async () => {
    const provingKey = await addon.newProvingKey(zkey, 1);
    const right: Readonly<Record<string, readonly unknown[]>> = {
      cancel: [addon.newCancel()],
      release: [addon.newCancel()],
      useThreads: [1],
      forcePortable: [],
      newVerifyingKey: [keyBytes],
      verify: [newKey(), new Uint8Array(96), new Uint8Array(192)],
      verifyBatch: [
        [newKey()],
        new Uint8Array(1),
        new Uint8Array(96),
        new Uint8Array(192),
        new Uint8Array(32).fill(1),
      ],
      newProvingKey: [zkey, 1],
      prove: [provingKey, wtns, new Uint8Array(128).fill(1)],
      provingKeyMemory: [provingKey],
      scan: [new Uint8Array(32).fill(1), new Uint8Array(34), true],
      hashNodes: [new Uint8Array(128)],
      openTraces: [new Uint8Array(32), new Uint8Array(32), new Uint8Array(64)],
      checkPoints: [new Uint8Array(32)],
      verifySignatures: [new Uint8Array(128), new Uint8Array(32).fill(1)],
      groupMultiplyGenerator: [1, new Uint8Array(32)],
      groupMultiplyEach: [1, new Uint8Array(96), new Uint8Array(32)],
      groupMultiplyPowers: [1, new Uint8Array(96), new Uint8Array(32), new Uint8Array(32)],
      groupLagrange: [1, new Uint8Array(96)],
      groupCombineRows: [1, new Uint8Array(96), new Uint8Array(8), new Uint8Array(0), new Uint8Array(0)],
      groupMultiExp: [1, new Uint8Array(96), new Uint8Array(32), 32],
      groupSubtract: [1, new Uint8Array(96), new Uint8Array(96)],
      groupCheck: [1, new Uint8Array(96)],
      groupEncode: [1, new Uint8Array(96), true],
      pairingProductIsOne: [new Uint8Array(96), new Uint8Array(192)],
    };
    for (const [name, call] of Object.entries(functions)) {
      if (takesNothing.includes(name)) continue;
      const its = right[name] ?? [];
      for (const junk of JUNK) {
        if (name === 'forcePortable' && junk === true) continue;
        assert.ok(await refuses(() => call(junk)), `${name}(${String(typeof junk)})`);
        for (const place of its.keys()) {
          const given = its.with(place, junk);
          const isRight = (name === 'scan' || name === 'groupEncode') && junk === true && place === 2;
          const isPath = name === 'newProvingKey' && place === 0 && junk === 'junk';
          if (isRight || isPath) continue;
          assert.ok(await refuses(() => call(...given)), `${name}: ${String(typeof junk)} in place ${place}`);
        }
      }
    }
    const untested = Object.keys(functions).filter(
      (name) => !takesNothing.includes(name) && right[name] === undefined,
    );
    assert.deepEqual(untested, ['newCircuit', 'witness'], 'those take no right argument here');
  });

  it('takes no handle of another kind, none that was released, and no object that looks like one', () => {
    const [flag, key] = [addon.newCancel(), newKey()];
    assert.throws(() => addon.cancel(key), TypeError);
    assert.throws(() => addon.verify(flag as never, new Uint8Array(96), new Uint8Array(192)), TypeError);
    for (const handle of [flag, key]) addon.release(handle);
    assert.throws(() => addon.cancel(flag), TypeError);
    assert.throws(() => addon.verify(key, new Uint8Array(96), new Uint8Array(192)), TypeError);
    addon.release(key);
    assert.throws(() => addon.release(Object.create(null) as never), TypeError);
  });

  it('frees what is released at once, what runs when it is done, and what is forgotten with the garbage', async () => {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
    const before = addon.liveHandles();
    for (let i = 0; i < 20; i++) {
      const key = newKey();
      const flag = addon.newCancel();
      const seed = new Uint8Array(32).fill(1);
      const work = addon.verifyBatch(
        [key],
        new Uint8Array(1),
        new Uint8Array(96),
        new Uint8Array(192),
        seed,
        flag,
      );
      addon.release(key);
      addon.release(flag);
      assert.deepEqual(await work, Uint8Array.of(101), 'the work has a use of its own');
      assert.equal(addon.liveHandles(), before);
    }
    const forget = (): void => {
      for (let i = 0; i < 100; i++) newKey();
    };
    forget();
    assert.equal(addon.liveHandles(), before + 100);
    // Finalizers run in turns of the loop after a collection; a leak stays however many there are.
    for (let turn = 0; turn < 100 && addon.liveHandles() > before; turn++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(addon.liveHandles(), before);
  });

  it('ends work in the middle when its flag is set, and says so in place of a result', async () => {
    const CANCELLED = 2;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const proof = concat(vk.alpha, vk.beta, vk.alpha);
    const many = (bytes: Uint8Array, count: number): Uint8Array =>
      concat(...Array.from({ length: count }, () => bytes));
    const [key, provingKey] = [newKey(), await addon.newProvingKey(zkey, 1)];
    assert.ok(typeof provingKey === 'object');
    const [seed, element] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(1)];
    const works: Readonly<Record<string, (flag: ReturnType<NativeAddon['newCancel']>) => Promise<unknown>>> =
      {
        verifyBatch: (flag) =>
          addon.verifyBatch(
            [key],
            new Uint8Array(256),
            new Uint8Array(96 * 256),
            many(proof, 256),
            seed,
            flag,
          ),
        scan: (flag) => addon.scan(element, many(concat(SOME_POINT, new Uint8Array(2)), 60_000), true, flag),
        checkPoints: (flag) => addon.checkPoints(many(SOME_POINT, 60_000), flag),
        groupMultiplyGenerator: (flag) => addon.groupMultiplyGenerator(2, many(element, 5000), flag),
        prove: (flag) => addon.prove(provingKey, wtns, new Uint8Array(128).fill(1), flag),
        newProvingKey: (flag) => addon.newProvingKey(zkey, 64, flag),
      };
    for (const [name, work] of Object.entries(works)) {
      // What is short may be done when the flag is set; not each time.
      const tries = name === 'prove' || name === 'newProvingKey' ? 50 : 2;
      let ended = false;
      for (let time = 0; time < tries && !ended; time++) {
        const flag = addon.newCancel();
        const result = work(flag);
        await turn();
        addon.cancel(flag);
        const came = await result;
        ended = came === CANCELLED || (Array.isArray(came) && came[0] === CANCELLED);
      }
      assert.ok(ended, name);
    }
  });

  it('serves several threads at once, and leaves nothing of one that ends in the middle of its work', async () => {
    const before = addon.liveHandles();
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require(workerData.path);
      const key = addon.newVerifyingKey(workerData.key);
      const count = 8;
      const batch = () => addon.verifyBatch([key], new Uint8Array(count), new Uint8Array(96 * count), workerData.proofs, new Uint8Array(32).fill(1));
      batch().then(() => { void batch(); void batch(); parentPort.postMessage('at work'); });`;
    const path = fileURLToPath(new URL('../native/build/sero_prover.node', import.meta.url));
    // Well-formed points, so that there is work to do.
    const proof = concat(vk.alpha, vk.beta, vk.alpha);
    const proofs = concat(...Array.from({ length: 8 }, () => proof));
    const workers = [0, 1, 2].map(
      () => new Worker(program, { eval: true, execArgv: [], workerData: { path, key: keyBytes, proofs } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.equal(addon.liveHandles(), before);
    assert.equal(addon.verify(newKey(), new Uint8Array(96), proof), 112, 'others go on');
  });

  it('holds no process that has nothing else to do, and lets one go that ends in the middle', async () => {
    const path = fileURLToPath(new URL('../native/build/sero_prover.node', import.meta.url));
    for (const end of ['', 'process.exit(0);']) {
      const text = `
        const addon = require(${JSON.stringify(path)});
        addon.hashNodes(new Uint8Array(128 * 4096));
        void addon.groupMultiplyGenerator(1, new Uint8Array(32 * 512).fill(1));
        ${end}`;
      await promisify(execFile)(process.execPath, ['-e', text]);
    }
  });
}
