import { createKeptHandles } from './kept-handles.ts';
import type { CoreAddon, NativeCircuit } from './native-addon.ts';
import { STATUS_WITNESS_REJECTED, statusError } from './native-status.ts';
import type { LoadedCircuit, WitnessEngine } from './witness-engine.ts';

/** Computes witnesses; its circuits can be freed. */
export interface NativeWitnessEngine extends WitnessEngine {
  /** Frees the circuits that were loaded: they compute nothing any more. */
  release(): void;
}

/** Computes witnesses natively, off the event loop. */
export function createNativeWitnessEngine(addon: CoreAddon): NativeWitnessEngine {
  // Of what computes: whoever holds nothing else of a circuit still needs it.
  const circuits = createKeptHandles<LoadedCircuit['compute'], NativeCircuit>(addon);
  return {
    async load(file) {
      const circuit = addon.newCircuit(file);
      if (typeof circuit === 'number') throw statusError(circuit);
      const compute: LoadedCircuit['compute'] = async (inputs) => {
        const result = await addon.witness(circuit, inputs);
        if (result instanceof Uint8Array) return { ok: true, witness: result };
        const [status, equation] = result;
        if (status === STATUS_WITNESS_REJECTED) return { ok: false, equation };
        throw statusError(status);
      };
      circuits.set(compute, circuit);
      return { compute };
    },
    release: circuits.release,
  };
}
