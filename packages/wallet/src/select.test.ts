import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SHAPE_A, SHAPE_B } from '@sero/circuits';
import fc from 'fast-check';
import type { OwnedNote } from './records.ts';
import { bindingNotes, type Needs, type Refused, selectMerge, selectNotes, unbound } from './select.ts';
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

/** How few notes can do: of each asset the largest. */
function fewest(notes: readonly OwnedNote[], needs: Needs): number {
  let count = 0;
  for (const [asset, need] of needs) {
    const values = valuesOf(notes.filter((note) => note.asset === asset)).toSorted((a, b) =>
      a > b ? -1 : 1,
    );
    for (let covered = 0n; covered < need; count++) covered += values.shift()!;
  }
  return count;
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
          chosen = selectNotes(notes, needs, SHAPE_A);
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

  it('with eight inputs covers every need with notes of which none could be left out, where eight can', () => {
    const many = fc
      .array(fc.tuple(fc.constantFrom(SERO, TOKEN), fc.bigInt({ min: 1n, max: 20n })), { maxLength: 16 })
      .map(notesOf);
    const wide = fc.bigInt({ min: 0n, max: 120n });
    fc.assert(
      fc.property(many, wide, wide, (notes, fee, amount) => {
        const needs: Needs = new Map([
          [SERO, fee],
          [TOKEN, amount],
        ]);
        let chosen: OwnedNote[];
        try {
          chosen = selectNotes(notes, needs, SHAPE_B);
        } catch (error) {
          const covered = [...needs].every(
            ([asset, need]) => sum(valuesOf(notes.filter((note) => note.asset === asset))) >= need,
          );
          const { code } = error as { code: string };
          assert.equal(code, covered ? 'needs-consolidation' : 'insufficient-funds');
          if (covered) assert.ok(fewest(notes, needs) > 8);
          return;
        }
        assert.ok(chosen.length <= 8 && fewest(notes, needs) <= 8);
        assert.equal(new Set(chosen.map(({ position }) => position)).size, chosen.length);
        for (const [asset, need] of needs) {
          const own = valuesOf(chosen.filter((note) => note.asset === asset));
          assert.ok(sum(own) >= need);
          assert.ok(own.every((value) => sum(own) - value < need));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('breaks a large note only where two small ones leave more change', () => {
    assert.deepEqual(valuesOf(selectNotes(sero(100n, 5n, 6n), new Map([[SERO, 11n]]), SHAPE_A)), [5n, 6n]);
    assert.deepEqual(valuesOf(selectNotes(sero(12n, 5n, 8n), new Map([[SERO, 11n]]), SHAPE_A)), [12n]);
  });

  it('takes one note rather than two where both leave the same change', () => {
    assert.deepEqual(valuesOf(selectNotes(sero(5n, 6n, 11n), new Map([[SERO, 11n]]), SHAPE_A)), [11n]);
  });

  it('says "insufficient" and not "consolidate" where the money is not there', () => {
    assert.throws(
      () => selectNotes(sero(1n, 1n, 1n), new Map([[SERO, 4n]]), SHAPE_A),
      refusal('insufficient-funds'),
    );
    assert.throws(
      () => selectNotes(sero(1n, 1n, 1n), new Map([[SERO, 3n]]), SHAPE_A),
      refusal('needs-consolidation'),
    );
    assert.throws(() => selectNotes([], new Map([[SERO, 1n]]), SHAPE_A), refusal('insufficient-funds'));
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
    assert.throws(() => selectNotes(notes, needs, SHAPE_A), refusal('needs-consolidation'));
  });

  it('spends nothing for nothing', () => {
    assert.deepEqual(selectNotes(sero(5n), new Map([[SERO, 0n]]), SHAPE_A), []);
  });
});

describe('selectMerge', () => {
  it('takes the largest notes, as many as there is room for', () => {
    const notes = sero(1n, 9n, 2n, 8n, 3n, 7n, 4n, 6n, 5n);
    assert.deepEqual(valuesOf(selectMerge(notes, SERO, 1n, SHAPE_B)), [9n, 8n, 7n, 6n, 5n, 4n, 3n, 2n]);
    assert.deepEqual(valuesOf(selectMerge(notes, SERO, 1n, SHAPE_A)), [9n, 8n]);
  });

  it('leaves room for the fee beside a token, in one note of SERO or in several', () => {
    const tokens = Array.from({ length: 9 }, (_, i) => [TOKEN, BigInt(i + 1)] as const);
    const notes = notesOf([...tokens, [SERO, 3n], [SERO, 3n], [SERO, 50n]]);
    const count = (fee: bigint, asset: bigint): number =>
      selectMerge(notes, TOKEN, fee, SHAPE_B).filter((note) => note.asset === asset).length;
    assert.deepEqual([count(3n, TOKEN), count(3n, SERO)], [7, 1]);
    assert.deepEqual([count(54n, TOKEN), count(54n, SERO)], [5, 3]);
  });

  it('says why there is nothing to merge', () => {
    const notes = notesOf([
      [TOKEN, 1n],
      [TOKEN, 1n],
      [SERO, 5n],
    ]);
    assert.throws(() => selectMerge(notes, SERO, 1n, SHAPE_B), refusal('request-invalid'));
    assert.throws(() => selectMerge(notes, TOKEN, 6n, SHAPE_B), refusal('insufficient-funds'));
    assert.throws(() => selectMerge(notes, TOKEN, 1n, SHAPE_A), refusal('request-invalid'));
    assert.throws(() => selectMerge(sero(1n, 1n), SERO, 3n, SHAPE_B), refusal('insufficient-funds'));
    const dust = notesOf([[TOKEN, 1n], [TOKEN, 1n], ...Array.from({ length: 7 }, () => [SERO, 1n] as const)]);
    assert.throws(() => selectMerge(dust, TOKEN, 7n, SHAPE_B), refusal('needs-consolidation'));
  });
});

describe('bindingNotes', () => {
  const refusedOf = (groups: readonly (readonly number[])[]): Refused[] =>
    groups.map((group, n) => ({
      txid: Uint8Array.of(n),
      positions: group.map(BigInt),
      expiry: 600n,
    }));

  it('spends a note of each refused transaction, covers every need beside them, and has room, or refuses', () => {
    const groups = fc.array(fc.array(fc.nat(6), { minLength: 1, maxLength: 3 }), { maxLength: 3 });
    fc.assert(
      fc.property(someNotes, groups, amounts, amounts, (notes, positions, fee, amount) => {
        const refused = refusedOf(positions);
        const needs: Needs = new Map([
          [SERO, fee],
          [TOKEN, amount],
        ]);
        for (const [room, select] of [
          [SHAPE_A, (binding: OwnedNote[]) => selectNotes(notes, needs, SHAPE_A, binding)],
          [SHAPE_B, (binding: OwnedNote[]) => selectMerge(notes, TOKEN, fee, SHAPE_B, binding)],
          [SHAPE_B, (binding: OwnedNote[]) => selectMerge(notes, SERO, fee, SHAPE_B, binding)],
        ] as const) {
          let chosen: OwnedNote[];
          try {
            chosen = select(bindingNotes(notes, refused));
          } catch (error) {
            assert.equal((error as Error).name, 'WalletError');
            continue;
          }
          assert.deepEqual(unbound(refused, chosen), []);
          assert.ok(chosen.length <= room.inputs);
          assert.equal(new Set(chosen.map(({ position }) => position)).size, chosen.length);
          assert.ok(sum(valuesOf(chosen.filter(({ asset }) => asset === SERO))) >= fee);
          if (room === SHAPE_A) {
            assert.ok(sum(valuesOf(chosen.filter(({ asset }) => asset === TOKEN))) >= amount);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes one note for several where it can, and refuses where something else spends all of one’s notes', () => {
    const notes = sero(1n, 2n, 3n);
    assert.deepEqual(valuesOf(bindingNotes(notes, refusedOf([[0, 1], [1, 2], [1]]))), [2n]);
    assert.throws(() => bindingNotes(notes, refusedOf([[0], [9]])), refusal('refused-may-enter'));
    assert.deepEqual(bindingNotes(notes, []), []);
  });
});
