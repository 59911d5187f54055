import { type ParamsOf, type ResultOf, RpcError } from '@sero/api';
import { CHECKPOINT_INTERVAL } from '@sero/protocol';
import type { FinalitySource } from './finality.ts';
import type { Handlers } from './handlers.ts';
import { checkRange, type RangeLimits, type Ranges } from './ranges.ts';
import { BLOCK_WORK, BYTES_PER_UNIT, ENTRY_WORK } from './work.ts';

/** Bytes of a certificate of which a light one is made for a unit: 400 KB, a proof of 727 rows, take 20 ms. */
const MADE_BYTES_PER_UNIT = 16_384;

type FinalityHandlers = Pick<
  Handlers,
  'sero_getLightCertificate' | 'sero_getCertificates' | 'sero_getCheckpoints'
>;

/** Methods about finality; `finality` is undefined where nobody votes. */
export function finalityHandlers(
  finality: FinalitySource | undefined,
  ranges: Pick<Ranges, 'head'>,
  limits: Pick<RangeLimits, 'maxRange' | 'maxAnswerBytes'>,
): FinalityHandlers {
  function voted(): FinalitySource {
    if (finality !== undefined) return finality;
    throw new RpcError('not-found', 'nobody votes on this chain: its one node seals what it likes', {
      code: 'no-validators',
    });
  }

  /** Entries of heights that are a step apart, as many as fit, at least one where there is one. */
  function collected<T>(
    { from, limit }: ParamsOf<'sero_getCertificates'>,
    step: bigint,
    entryOf: (height: bigint, bytes: Uint8Array) => T,
    read: (height: bigint) => Uint8Array | undefined,
    charge: (units: number) => void,
  ): T[] {
    checkRange(limit, limits);
    const entries: T[] = [];
    const last = ranges.head().height;
    let size = 0;
    let height = from % step === 0n ? from : from - (from % step) + step;
    for (let count = 0; count < limit && height <= last; count++, height += step) {
      const bytes = read(height);
      charge(ENTRY_WORK + (bytes?.length ?? 0) / BYTES_PER_UNIT);
      if (bytes === undefined) continue;
      size += 2 * bytes.length;
      if (entries.length > 0 && size > limits.maxAnswerBytes) break;
      entries.push(entryOf(height, bytes));
    }
    return entries;
  }

  return {
    sero_getLightCertificate({ height }, { work }) {
      const source = voted();
      // Before it is made: whoever is too deep in debt has nothing made for him.
      const certificate = source.lightCertificate(height, (bytes) =>
        work.charge(bytes / MADE_BYTES_PER_UNIT),
      );
      work.charge(BLOCK_WORK + (certificate?.length ?? 0) / BYTES_PER_UNIT);
      if (certificate === undefined) {
        throw new RpcError('not-found', `there is no light certificate of height ${height} here`, {
          code: 'certificate-missing',
        });
      }
      return { height, certificate };
    },

    sero_getCertificates(range, { work }): ResultOf<'sero_getCertificates'> {
      const source = voted();
      const certificates = collected(
        range,
        1n,
        (height, certificate) => ({ height, certificate }),
        source.certificate,
        work.charge,
      );
      return { from: range.from, certificates, head: ranges.head() };
    },

    sero_getCheckpoints(range, { work }): ResultOf<'sero_getCheckpoints'> {
      const source = voted();
      const checkpoints = collected(
        range,
        CHECKPOINT_INTERVAL,
        (height, checkpoint) => ({ height, checkpoint }),
        source.checkpoint,
        work.charge,
      );
      return { from: range.from, checkpoints, head: ranges.head() };
    },
  };
}
