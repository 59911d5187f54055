import type { Local } from './local.ts';
import { isTwin, type Model, NO_SLOTS, type Slots, slotsWhere, type ValueId } from './model.ts';

/**
 * A renaming of values under which the world looks the same: new values of one period are alike, since the Byzantine player proposes either to
 * whomever it likes.
 */
export interface Renaming {
  /** The id that each id gets. */
  readonly ids: readonly ValueId[];
  /** Slots that change places with the ones of the next higher bit. */
  readonly swapped: Slots;
}

/** All renamings but the one that changes nothing. */
export function renamingsOf(model: Model): readonly Renaming[] {
  const { values } = model;
  let all: Renaming[] = [{ ids: [...values.keys()], swapped: NO_SLOTS }];
  for (const one of values.keys()) {
    const other = one + 1;
    if (!isTwin(values, one, values[other] === undefined ? undefined : other)) continue;
    const twins = slotsWhere(model, ({ value }) => value === one);
    const more = all.map(({ ids, swapped }) => ({
      ids: ids.map((id) => (id === one ? other : id === other ? one : id)),
      swapped: { low: swapped.low | twins.low, high: swapped.high | twins.high },
    }));
    all = [...all, ...more];
  }
  return all.slice(1);
}

/** A local with its values renamed. */
export function renamed({ ids }: Renaming, local: Local): Local {
  const { committable, sawValue } = local;
  return {
    ...local,
    ...(committable === undefined ? {} : { committable: ids[committable]! }),
    ...(sawValue === undefined ? {} : { sawValue: ids[sawValue]! }),
  };
}

/** A word of a set of slots with the bits of `swapped` and the next higher ones in each other's place. */
export function swapBits(word: number, swapped: number): number {
  return ((word & swapped) << 1) | ((word >>> 1) & swapped) | (word & ~(swapped | (swapped << 1)));
}
