import type { Verdict } from './abstractions.ts';

/** A message's verdict from its items': one that is rejected rejects it, else one that is accepted accepts it. */
export function verdictOf(items: readonly Verdict[]): Verdict {
  if (items.includes('reject')) return 'reject';
  return items.includes('accept') ? 'accept' : 'ignore';
}
