import { ProverError } from './errors.ts';
import { GROUP_POINT_BYTES, type Group, type GroupEngine } from './group-engine.ts';
import type { CoreAddon, NativeCancel, NativeFault } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';

const NUMBERS: Readonly<Record<Group, number>> = { g1: 1, g2: 2 };
const SCALAR_BYTES = 32;

const wrongLength = (what: string): ProverError => new ProverError('packed-length', what);

function countOf(bytes: Uint8Array, size: number, what: string): number {
  if (bytes.length % size !== 0) throw wrongLength(`${what} are ${size} bytes each`);
  return bytes.length / size;
}

function expectCount(bytes: Uint8Array, size: number, count: number, what: string): void {
  if (bytes.length !== count * size) throw wrongLength(`there are ${count} ${what}, of ${size} bytes each`);
}

/** Numbers as the addon takes them; every platform that it is built for is little-endian. */
function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Rows in order, and terms of points that are there: what the addon would refuse without saying what. */
function checkRows(starts: Uint32Array, indices: Uint32Array, bases: number): void {
  const fall = starts.some((start, i) => start < (i === 0 ? 0 : starts[i - 1]!));
  if (starts.length === 0 || starts[0] !== 0 || fall || starts.at(-1) !== indices.length) {
    throw wrongLength('the beginnings of the rows do not rise from 0 to the number of terms');
  }
  if (indices.some((index) => index >= bases)) throw wrongLength('a term is of a point that is not there');
}

/** Points in bulk on the addon's threads. */
export function createNativeGroups(addon: CoreAddon): GroupEngine {
  const run = async <T extends Uint8Array | number>(
    signal: AbortSignal | undefined,
    work: (flag: NativeCancel | undefined) => Promise<T | NativeFault>,
  ): Promise<T> => {
    const result = await cancellable(addon, signal, ({ reason }) => reason, work);
    if (Array.isArray(result)) throw statusError((result as NativeFault)[0]);
    return result as T;
  };

  return {
    multiplyGenerator: async (group, scalars, signal) => {
      countOf(scalars, SCALAR_BYTES, 'scalars');
      return run(signal, (flag) => addon.groupMultiplyGenerator(NUMBERS[group], scalars, flag));
    },
    multiplyEach: async (group, points, scalars, signal) => {
      const count = countOf(points, GROUP_POINT_BYTES[group], 'points');
      expectCount(scalars, SCALAR_BYTES, count, 'scalars');
      return run(signal, (flag) => addon.groupMultiplyEach(NUMBERS[group], points, scalars, flag));
    },
    multiplyPowers: async (group, points, first, factor, signal) => {
      countOf(points, GROUP_POINT_BYTES[group], 'points');
      for (const scalar of [first, factor]) expectCount(scalar, SCALAR_BYTES, 1, 'scalars');
      return run(signal, (flag) => addon.groupMultiplyPowers(NUMBERS[group], points, first, factor, flag));
    },
    lagrange: async (group, points, signal) => {
      const count = countOf(points, GROUP_POINT_BYTES[group], 'points');
      if (count === 0 || (count & (count - 1)) !== 0) throw wrongLength('points are a power of two');
      return run(signal, (flag) => addon.groupLagrange(NUMBERS[group], points, flag));
    },
    combineRows: async (group, bases, { starts, indices, coefficients }, signal) => {
      checkRows(starts, indices, countOf(bases, GROUP_POINT_BYTES[group], 'points'));
      expectCount(coefficients, SCALAR_BYTES, indices.length, 'coefficients');
      return run(signal, (flag) =>
        addon.groupCombineRows(NUMBERS[group], bases, bytesOf(starts), bytesOf(indices), coefficients, flag),
      );
    },
    multiExp: async (group, points, scalars, scalarBytes, signal) => {
      const count = countOf(points, GROUP_POINT_BYTES[group], 'points');
      if (!Number.isInteger(scalarBytes) || scalarBytes < 1 || scalarBytes > SCALAR_BYTES) {
        throw wrongLength(`a scalar has 1 to ${SCALAR_BYTES} bytes`);
      }
      expectCount(scalars, scalarBytes, count, 'scalars');
      return run(signal, (flag) => addon.groupMultiExp(NUMBERS[group], points, scalars, scalarBytes, flag));
    },
    subtract: async (group, left, right, signal) => {
      const size = GROUP_POINT_BYTES[group];
      expectCount(right, size, countOf(left, size, 'points'), 'points');
      return run(signal, (flag) => addon.groupSubtract(NUMBERS[group], left, right, flag));
    },
    firstBad: async (group, points, signal) => {
      const count = countOf(points, GROUP_POINT_BYTES[group], 'points');
      const first = await run<number>(signal, (flag) => addon.groupCheck(NUMBERS[group], points, flag));
      return first < count ? first : undefined;
    },
    encode: async (group, points, form, signal) => {
      countOf(points, GROUP_POINT_BYTES[group], 'points');
      return run(signal, (flag) => addon.groupEncode(NUMBERS[group], points, form === 'compressed', flag));
    },
    pairingProductIsOne: async (left, right, signal) => {
      const count = countOf(left, GROUP_POINT_BYTES.g1, 'points');
      expectCount(right, GROUP_POINT_BYTES.g2, count, 'points');
      return (await run<number>(signal, () => addon.pairingProductIsOne(left, right))) === 1;
    },
  };
}
