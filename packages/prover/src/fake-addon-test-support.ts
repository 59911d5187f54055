import type { NativeAddon, NativeCancel } from './native-addon.ts';

/** An addon that a test plays: it records what it is asked for, and what promises give is said by the test. */

/** A call of a function that gives a promise. */
export interface FakeCall {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Settles the promise. */
  readonly answer: (result: unknown) => void;
}

export interface FakeAddon {
  readonly addon: NativeAddon;
  /** Those whose promises are or were held. */
  readonly calls: readonly FakeCall[];
  readonly cancelled: ReadonlySet<NativeCancel>;
  /** Handles that were released, in order. */
  readonly released: readonly unknown[];
}

/**
 * @param reply what a function of a promise gives at once; undefined: the promise is held
 */
export function fakeAddon(
  reply: (name: string, args: readonly unknown[]) => unknown = () => undefined,
): FakeAddon {
  const calls: FakeCall[] = [];
  const cancelled = new Set<NativeCancel>();
  const released: unknown[] = [];
  const live = new Set<unknown>();
  const newHandle = () => {
    const handle = {};
    live.add(handle);
    return handle;
  };
  const expectLive = (handle: unknown): void => {
    if (!live.has(handle)) throw new TypeError('no handle of this addon, or one that was released');
  };
  const own: Readonly<Record<string, (...args: never[]) => unknown>> = {
    newCancel: newHandle,
    newVerifyingKey: newHandle,
    newCircuit: newHandle,
    cancel: (flag: NativeCancel) => {
      expectLive(flag);
      cancelled.add(flag);
    },
    release: (handle: unknown) => {
      expectLive(handle);
      live.delete(handle);
      released.push(handle);
    },
    liveHandles: () => live.size,
    useThreads: (count: number) => count,
    kernel: () => 'portable',
    forcePortable: () => undefined,
  };
  const held =
    (name: string) =>
    (...args: readonly unknown[]): Promise<unknown> => {
      const given = reply(name, args);
      const result = Promise.withResolvers<unknown>();
      const answer = (value: unknown): void => {
        result.resolve(name === 'newProvingKey' && value === 'a key' ? newHandle() : value);
      };
      calls.push({ name, args, answer });
      if (given !== undefined) answer(given);
      return result.promise;
    };
  const addon = new Proxy({} as NativeAddon, {
    get: (_, name) => own[String(name)] ?? held(String(name)),
  });
  return { addon, calls, cancelled, released };
}

/** Lets everything happen that waits for nothing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
