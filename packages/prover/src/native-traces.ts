import type { CoreAddon } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';
import { countTraces, type TraceOpener } from './traces.ts';

const OPENED_BYTES = 8;
/** What the addon gives for another account's trace. */
const NOT_OPENED = (1n << 64n) - 1n;

/** The native opener, off the event loop. */
export function createNativeTraceOpener(addon: CoreAddon): TraceOpener {
  return {
    async open(request) {
      const count = countTraces(request);
      const { traceKey, zpk, entries, signal } = request;
      const found = await cancellable(
        addon,
        signal,
        ({ reason }) => reason,
        (flag) => addon.openTraces(traceKey, zpk, entries, flag),
      );
      if (!(found instanceof Uint8Array)) throw statusError(found[0]);
      const view = new DataView(found.buffer, found.byteOffset, found.length);
      return Array.from({ length: count }, (_, i) => {
        const opened = view.getBigUint64(i * OPENED_BYTES, true);
        return opened === NOT_OPENED ? undefined : Number(opened);
      });
    },
  };
}
