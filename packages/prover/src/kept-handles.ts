import type { CoreAddon, NativeHandle } from './native-addon.ts';

/** What the addon made of objects: kept as long as they are in use, or until all is released. */
export interface KeptHandles<Source extends WeakKey, Handle> {
  get(source: Source): Handle | undefined;
  set(source: Source, handle: Handle): void;
  /** Frees all of them now. */
  release(): void;
}

export function createKeptHandles<Source extends WeakKey, Handle extends NativeHandle<string>>(
  addon: CoreAddon,
): KeptHandles<Source, Handle> {
  let ofSources = new WeakMap<Source, Handle>();
  // A handle does not refer to what it was made of, so that these keep no source alive.
  const all = new Set<Handle>();
  const free = (handle: Handle): void => {
    if (all.delete(handle)) addon.release(handle);
  };
  const collected = new FinalizationRegistry<Handle>(free);
  return {
    get: (source) => ofSources.get(source),
    set(source, handle) {
      ofSources.set(source, handle);
      all.add(handle);
      collected.register(source, handle);
    },
    release() {
      for (const handle of all) free(handle);
      ofSources = new WeakMap();
    },
  };
}
