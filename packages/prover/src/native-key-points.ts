import { countKeyPoints, type KeyPointChecker, type KeyPointVerdict } from './key-points.ts';
import type { CoreAddon } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';

/** The addon's bytes: statuses of sero_prover.h less 600. */
const VERDICTS: Readonly<Record<number, KeyPointVerdict>> = {
  0: 'ok',
  2: 'point-not-canonical',
  3: 'point-is-identity',
  4: 'point-of-small-order',
  5: 'point-not-in-subgroup',
};

/** The native checker, off the event loop. */
export function createNativeKeyPointChecker(addon: CoreAddon): KeyPointChecker {
  return {
    async check(encodings, signal) {
      countKeyPoints(encodings);
      const found = await cancellable(
        addon,
        signal,
        ({ reason }) => reason,
        (flag) => addon.checkPoints(encodings, flag),
      );
      if (typeof found === 'number') throw statusError(found);
      return Array.from(found, (byte) => VERDICTS[byte]!);
    },
  };
}
