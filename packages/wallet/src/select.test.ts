import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { OwnedNote } from './records.ts';
import { type Needs, selectNotes } from './select.ts';
import { refusal } from './test-support.ts';

const SERO = 1n;
const TOKEN = 7n;

function notesOf(values: readonly (readonly [bigint, bigint])[]): OwnedNote[] {
  return values.map(([asset, value], i) => ({
    position: BigInt(i),
    height: 1n,
    txid: new Uint8Array(32),
    index: 0,
    public: false,
    tagged: true,
    asset,
    value,
    vpkrU: 0n,
    zpkr: 0n,
    rcm: 0n,
    r: 0n,
  }));
}

const sero = (...values: bigint[]): OwnedNote[] => notesOf(values.map((value) => [SERO, value]));
const valuesOf = (notes: readonly OwnedNote[]): bigint[] => notes.map(({ value }) => value);
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** Every way to pay: one or two notes of each asset that is needed, two in all. */
function everyChoice(notes: readonly OwnedNote[], needs: Needs): OwnedNote[][] {
  const wanted = [...needs].filter(([, amount]) => amount > 0n);
  const subsets: OwnedNote[][] = [[], ...notes.map((note) => [note])];
  for (const [i, a] of notes.entries()) for (const b of notes.slice(i + 1)) subsets.push([a, b]);
  return subsets.filter(
    (chosen) =>
      wanted.every(([asset, amount]) => {
        const own = chosen.filter((note) => note.asset === asset);
        return own.length > 0 && sum(valuesOf(own)) >= amount;
      }) && chosen.every(({ asset }) => wanted.some(([needed]) => needed === asset)),
  );
}

const amounts = fc.bigInt({ min: 0n, max: 30n });
const someNotes = fc
  .array(fc.tuple(fc.constantFrom(SERO, TOKEN), fc.bigInt({ min: 1n, max: 20n })), { maxLength: 7 })
  .map(notesOf);

describe('selectNotes', () => {
  it('takes the choice with the least change of all that there are, or says which of two things is missing', () => {
    fc.assert(
      fc.property(someNotes, amounts, amounts, (notes, fee, amount) => {
        const needs: Needs = new Map([
          [SERO, fee],
          [TOKEN, amount],
        ]);
        const choices = everyChoice(notes, needs);
        let chosen: OwnedNote[];
        try {
          chosen = selectNotes(notes, needs);
        } catch (error) {
          const { code } = error as { code: string };
          assert.deepEqual(choices, []);
          const covered = [...needs].every(
            ([asset, need]) => sum(valuesOf(notes.filter((note) => note.asset === asset))) >= need,
          );
          assert.equal(code, covered ? 'needs-consolidation' : 'insufficient-funds');
          return;
        }
        assert.ok(chosen.length <= 2);
        assert.equal(new Set(chosen.map(({ position }) => position)).size, chosen.length);
        for (const [asset, need] of needs) {
          const own = chosen.filter((note) => note.asset === asset);
          assert.ok(need === 0n ? own.length === 0 : sum(valuesOf(own)) >= need);
        }
        const sums = choices.map((choice) => sum(valuesOf(choice)));
        assert.ok(sums.every((other) => sum(valuesOf(chosen)) <= other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('breaks a large note only where two small ones leave more change', () => {
    assert.deepEqual(valuesOf(selectNotes(sero(100n, 5n, 6n), new Map([[SERO, 11n]]))), [5n, 6n]);
    assert.deepEqual(valuesOf(selectNotes(sero(12n, 5n, 8n), new Map([[SERO, 11n]]))), [12n]);
  });

  it('takes one note rather than two where both leave the same change', () => {
    assert.deepEqual(valuesOf(selectNotes(sero(5n, 6n, 11n), new Map([[SERO, 11n]]))), [11n]);
  });

  it('says "insufficient" and not "consolidate" where the money is not there', () => {
    assert.throws(() => selectNotes(sero(1n, 1n, 1n), new Map([[SERO, 4n]])), refusal('insufficient-funds'));
    assert.throws(() => selectNotes(sero(1n, 1n, 1n), new Map([[SERO, 3n]])), refusal('needs-consolidation'));
    assert.throws(() => selectNotes([], new Map([[SERO, 1n]])), refusal('insufficient-funds'));
  });

  it('leaves an input to the fee, so that a token in two notes has to be paid in two transactions', () => {
    const notes = notesOf([
      [SERO, 10n],
      [TOKEN, 3n],
      [TOKEN, 3n],
    ]);
    const needs = new Map([
      [SERO, 1n],
      [TOKEN, 6n],
    ]);
    assert.throws(() => selectNotes(notes, needs), refusal('needs-consolidation'));
  });

  it('spends nothing for nothing', () => {
    assert.deepEqual(selectNotes(sero(5n), new Map([[SERO, 0n]])), []);
  });
});
