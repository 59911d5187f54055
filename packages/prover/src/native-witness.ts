import type { CoreAddon } from './native-addon.ts';
import { STATUS_WITNESS_REJECTED, statusError } from './native-status.ts';
import type { WitnessEngine } from './witness-engine.ts';

/** Computes witnesses natively, off the event loop. */
export function createNativeWitnessEngine(addon: CoreAddon): WitnessEngine {
  return {
    async load(file) {
      const circuit = addon.newCircuit(file);
      if (typeof circuit === 'number') throw statusError(circuit);
      return {
        async compute(inputs) {
          const result = await addon.witness(circuit, inputs);
          if (result instanceof Uint8Array) return { ok: true, witness: result };
          const [status, equation] = result;
          if (status === STATUS_WITNESS_REJECTED) return { ok: false, equation };
          throw statusError(status);
        },
      };
    },
  };
}
