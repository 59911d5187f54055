import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '@sero/crypto';
import { leafInRound } from '@sero/protocol';
import fc from 'fast-check';
import { loot, newMachine, RANGE, secretsOf, start } from './key-theft-test-support.ts';
import { dueErasures, type LeafEvent } from './leaf-slots.ts';
import { decodeLogRecord, encodeLogRecord } from './log-record.ts';

/** What may happen to a participant. Numbers choose among what is possible. */
type Happening =
  | { readonly kind: 'vote'; readonly step: number }
  | { readonly kind: 'period' }
  | { readonly kind: 'round' }
  | { readonly kind: 'prepare'; readonly next: boolean; readonly steps: number }
  | { readonly kind: 'answer' }
  | { readonly kind: 'crash'; readonly kept: readonly number[] };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('vote'), step: fc.constantFrom(0, 1, 2, 3, 4, 253, 255) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('period') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('round') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('prepare'),
      next: fc.boolean(),
      steps: fc.oneof(fc.nat(20), fc.nat(260), fc.constant(999)),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('crash'),
      kept: fc.array(fc.nat(128), { minLength: 1, maxLength: 8 }),
    }),
  },
) as fc.Arbitrary<Happening>;

/** A participant whose disk answers late and whose machine stops anywhere; it sends when both files are synced. */
function life(happenings: readonly Happening[]): { sent: number; crashes: number; blind: number } {
  let waiting: (() => void)[] = [];
  const later = (go: () => void): void => void waiting.push(go);
  const answerAll = (): void => {
    while (waiting.length > 0) waiting.shift()!();
  };
  const { file, log } = newMachine('life', later);
  const secrets = secretsOf('life');

  let keys = start({ file, log }, RANGE.first);
  let [round, period] = [RANGE.first, 0];
  /** First round that durable blocks leave to come: what a restart begins with. */
  let durable = RANGE.first;
  let preparing: { steps: Iterator<'pause' | 'sync', void>; blocked: boolean } | undefined;
  /** Votes that the player knows of: what it signed, or after a restart what stands in its log. */
  let voted = new Set<string>();
  const isSent = new Set<string>();
  const gone = new Set<string>();
  const counts = { sent: 0, crashes: 0, blind: 0 };

  const store = (event: LeafEvent, votes: Uint8Array[], then: () => void): void => {
    const due = dueErasures(event);
    log.append(round, encodeLogRecord({ events: [], votes, erased: due }));
    keys.erase(due);
    const both = { left: 2 };
    const done = (): void => {
      if (--both.left > 0) return;
      for (const name of due) gone.add(`leaf ${name.round} ${name.leaf}`);
      then();
    };
    log.sync(done);
    keys.sync(done);
  };
  const leave = (): void => {
    answerAll();
    keys.eraseBefore(round + 1n);
    [round, period, durable, voted] = [round + 1n, 0, round + 1n, new Set()];
    log.cut(round);
    keys.sync(() => undefined);
    answerAll();
    for (const name of secrets.keys()) if (name.startsWith(`leaf ${round - 1n} `)) gone.add(name);
  };
  const look = (): void => {
    const here = loot({ file, log });
    for (const name of gone) assert.ok(!here.includes(secrets.get(name)!), `${name} is on the disk`);
  };

  for (const one of happenings) {
    if (one.kind === 'vote') {
      const name = `${round} ${period} ${one.step}`;
      if (voted.has(name)) continue;
      // What was sent is in the log, so a player that starts again does not vote there a second time.
      assert.ok(!isSent.has(name));
      const signed = keys.sign(round, period, one.step, utf8('the vote'));
      if (signed === undefined) {
        counts.blind++;
        continue;
      }
      voted.add(name);
      const at = { round, period, step: one.step };
      assert.ok(!gone.has(`leaf ${round} ${leafInRound(period, one.step)}`));
      store({ kind: 'voted', ...at }, [utf8(name)], () => {
        counts.sent++;
        isSent.add(name);
        if (at.period < 3 && at.step < 3)
          assert.equal(keys.sign(at.round, at.period, at.step, utf8('x')), undefined);
      });
    } else if (one.kind === 'period') {
      store({ kind: 'left-period', round, period }, [], () => undefined);
      period++;
    } else if (one.kind === 'round') {
      if (round < RANGE.last) leave();
    } else if (one.kind === 'prepare') {
      preparing ??= { steps: keys.prepare(one.next ? 256n : round), blocked: false };
      const work = preparing;
      for (let i = 0; i < one.steps && !work.blocked; i++) {
        const step = work.steps.next();
        if (step.done) preparing = undefined;
        if (step.done) break;
        if (step.value === 'sync') {
          work.blocked = true;
          file.sync(() => {
            work.blocked = false;
          });
        }
      }
    } else if (one.kind === 'answer') {
      waiting.shift()?.();
    } else {
      counts.crashes++;
      let i = 0;
      const kept = (length: number): number => {
        const choice = one.kept[i++ % one.kept.length]!;
        return choice > length ? length : choice;
      };
      file.crash(kept);
      log.crash((length) => {
        const choice = 8 * kept(length);
        return choice > length ? length : choice;
      });
      waiting = [];
      preparing = undefined;
      look();
      keys = start({ file, log }, durable);
      const written = [...log.replay()].flatMap((bytes) => decodeLogRecord(bytes).votes);
      voted = new Set(written.map((vote) => Buffer.from(vote).toString()));
      keys.sync(() => undefined);
      answerAll();
    }
    if (one.kind !== 'vote' && one.kind !== 'prepare') look();
  }
  return counts;
}

test('whatever happens, and wherever the machine stops, no leaf is on the disk after its vote was sent or its round was left', () => {
  const totals = { sent: 0, crashes: 0, blind: 0 };
  fc.assert(
    fc.property(fc.array(happening, { minLength: 20, maxLength: 60 }), (happenings) => {
      const counts = life([
        { kind: 'prepare', next: false, steps: 999 },
        { kind: 'answer' },
        { kind: 'prepare', next: false, steps: 9 },
        { kind: 'answer' },
        { kind: 'prepare', next: false, steps: 9 },
        ...happenings,
      ]);
      totals.sent += counts.sent;
      totals.crashes += counts.crashes;
      totals.blind += counts.blind;
    }),
    { numRuns: 25 },
  );
  assert.ok(totals.sent > 20 && totals.crashes > 20);
});
