import type { ProverBackend } from './backend.ts';
import { closedError } from './errors.ts';

/**
 * Makes a backend's `close` mean what it says of everything but proofs, whose queue does it: what comes later is refused
 * with `closed`, and so is what runs, once it has ended; work that takes a signal is told to end.
 *
 * @param release frees what the backend keeps ready; called once nothing runs
 */
export function withClosing(backend: ProverBackend, release: () => void = () => {}): ProverBackend {
  const { verifier, scanner, traces, noteHasher, signatures, keyPoints, groups, witness } = backend;
  /** Of work that takes a signal and runs. Not AbortSignal.any, whose signals engines keep as long as the sources live. */
  const controllers = new Set<AbortController>();
  const running = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;

  function refuseIfClosed(): void {
    if (closed !== undefined) throw closedError();
  }

  /** What asynchronous work gives, unless the backend was closed meanwhile. */
  async function run<T>(work: () => Promise<T>): Promise<T> {
    refuseIfClosed();
    const promise = work();
    running.add(promise);
    try {
      const result = await promise;
      refuseIfClosed();
      return result;
    } catch (error) {
      refuseIfClosed();
      throw error;
    } finally {
      running.delete(promise);
    }
  }

  /** The same for work that ends when its caller's signal is aborted: it gets one that closing aborts too. */
  function runUntil<T>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return run(async () => {
      const own = new AbortController();
      const abort = (): void => own.abort(signal?.reason);
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort, { once: true });
      controllers.add(own);
      try {
        return await work(own.signal);
      } finally {
        signal?.removeEventListener('abort', abort);
        controllers.delete(own);
      }
    });
  }

  async function close(): Promise<void> {
    for (const own of controllers) own.abort();
    await backend.close();
    await Promise.allSettled(running);
    release();
  }

  return {
    ...backend,
    get kernel() {
      return backend.kernel;
    },
    verifier: {
      verify: (vk, inputs, proof) => run(() => verifier.verify(vk, inputs, proof)),
      verifySync: (vk, inputs, proof) => {
        refuseIfClosed();
        return verifier.verifySync(vk, inputs, proof);
      },
      verifyBatch: (items, signal) => runUntil(signal, (own) => verifier.verifyBatch(items, own)),
    },
    scanner: {
      scan: (request) => runUntil(request.signal, (signal) => scanner.scan({ ...request, signal })),
    },
    traces: {
      open: (request) => runUntil(request.signal, (signal) => traces.open({ ...request, signal })),
    },
    noteHasher: {
      hash4: (tuples) => {
        refuseIfClosed();
        return noteHasher.hash4(tuples);
      },
    },
    signatures: {
      verifyBatch: (items, signal) => runUntil(signal, (own) => signatures.verifyBatch(items, own)),
    },
    keyPoints: {
      check: (encodings, signal) => runUntil(signal, (own) => keyPoints.check(encodings, own)),
    },
    groups: {
      multiplyGenerator: (group, scalars, signal) =>
        runUntil(signal, (own) => groups.multiplyGenerator(group, scalars, own)),
      multiplyEach: (group, points, scalars, signal) =>
        runUntil(signal, (own) => groups.multiplyEach(group, points, scalars, own)),
      multiplyPowers: (group, points, first, factor, signal) =>
        runUntil(signal, (own) => groups.multiplyPowers(group, points, first, factor, own)),
      lagrange: (group, points, signal) => runUntil(signal, (own) => groups.lagrange(group, points, own)),
      combineRows: (group, bases, rows, signal) =>
        runUntil(signal, (own) => groups.combineRows(group, bases, rows, own)),
      multiExp: (group, points, scalars, scalarBytes, signal) =>
        runUntil(signal, (own) => groups.multiExp(group, points, scalars, scalarBytes, own)),
      subtract: (group, left, right, signal) =>
        runUntil(signal, (own) => groups.subtract(group, left, right, own)),
      firstBad: (group, points, signal) => runUntil(signal, (own) => groups.firstBad(group, points, own)),
      encode: (group, points, form, signal) =>
        runUntil(signal, (own) => groups.encode(group, points, form, own)),
      pairingProductIsOne: (left, right, signal) =>
        runUntil(signal, (own) => groups.pairingProductIsOne(left, right, own)),
    },
    ...(witness === undefined
      ? {}
      : {
          witness: {
            load: async (file) => {
              const circuit = await run(() => witness.load(file));
              return { compute: (inputs) => run(() => circuit.compute(inputs)) };
            },
          },
        }),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}
