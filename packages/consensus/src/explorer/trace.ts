import { STEP } from '@sero/protocol';
import type { TraceStep } from './explore.ts';
import type { LocalEvent } from './local.ts';
import { type Model, minus, NO_SLOTS, type Slot, type Slots, slotsIn, union } from './model.ts';

const NAMES = new Map<number, string>([
  [STEP.soft, 'soft'],
  [STEP.cert, 'cert'],
  [STEP.late, 'late'],
  [STEP.redo, 'redo'],
  [STEP.down, 'down'],
]);

/** A slot in words, such as `next_0 of period 1 for v0`. */
export function slotText({ values }: Model, { period, step, value }: Slot): string {
  const name = NAMES.get(step) ?? `next_${step - STEP.next}`;
  return `${name} of period ${period} for ${values[value]!.name}`;
}

/** A trace in words, a line a step. */
export function traceText(model: Model, trace: readonly TraceStep[]): readonly string[] {
  const said: Slots[] = [];
  return trace.map(({ player, move }) => {
    const before = said[player] ?? NO_SLOTS;
    said[player] = union(before, move.says);
    const votes = slotsIn(model, minus(move.says, before));
    const spoken =
      votes.length === 0 ? 'says nothing' : `votes ${votes.map((slot) => slotText(model, slot)).join(', ')}`;
    return `player ${player}, ${eventText(model, move.event)}: ${spoken}`;
  });
}

function eventText(model: Model, event: LocalEvent): string {
  switch (event.type) {
    case 'filter': {
      const lowest = event.lowest === undefined ? 'no proposal' : model.values[event.lowest]!.name;
      return `filter time ends with ${lowest}`;
    }
    case 'deadline':
      return 'deadline';
    case 'recovery':
      return 'fast recovery';
    case 'soft':
      return `sees ${slotText(model, event.slot)}${event.holds ? ' and its block' : ''}`;
    case 'next': {
      const { period, value } = event.slot;
      return `sees period ${period} end with ${model.values[value]!.name}`;
    }
  }
}
