import { countKeyPoints, type KeyPoint, type KeyPointChecker, type KeyPointVerdict } from './key-points.ts';
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

/** An answer of the addon: the verdict's byte, u, v. */
const ANSWER_BYTES = 65;

/** The native checker, off the event loop. */
export function createNativeKeyPointChecker(addon: CoreAddon): KeyPointChecker {
  return {
    async check(encodings, signal) {
      const count = countKeyPoints(encodings);
      const found = await cancellable(
        addon,
        signal,
        ({ reason }) => reason,
        (flag) => addon.checkPoints(encodings, flag),
      );
      if (typeof found === 'number') throw statusError(found);
      if (found.length !== count * ANSWER_BYTES)
        throw new Error('the addon is of other sources than its caller: build it again');
      return Array.from({ length: count }, (_, i): KeyPoint => {
        const answer = found.subarray(i * ANSWER_BYTES, (i + 1) * ANSWER_BYTES);
        const verdict = VERDICTS[answer[0]!];
        if (verdict === undefined) throw new Error(`the addon gave no verdict of a point: ${answer[0]}`);
        return { verdict, affine: answer.subarray(1) };
      });
    },
  };
}
