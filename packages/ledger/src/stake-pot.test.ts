import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ceilDiv, EMPTY_POT, putIn, slashed, takeOut, worthOf } from './stake-pot.ts';
import { FACTOR_ONE } from './stake-record.ts';

const amount = fc.oneof(fc.bigInt(0n, 40n), fc.bigInt(0n, 1n << 100n));

const step = fc.oneof(
  fc.record({ do: fc.constant('in' as const), amount }),
  fc.record({ do: fc.constant('out' as const), share: fc.nat({ max: 100 }), amount }),
  fc.record({ do: fc.constant('all out' as const), share: fc.nat({ max: 100 }) }),
  fc.record({ do: fc.constant('slash' as const), left: fc.bigInt(1n, FACTOR_ONE) }),
);

test('a pot holds what all its shares are worth together, whatever was put in, taken out and slashed', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 60, size: 'max' }), (steps) => {
      let pot = EMPTY_POT;
      let factor = FACTOR_ONE;
      const shares: bigint[] = [0n];
      for (const one of steps) {
        const at = 'share' in one ? one.share % shares.length : 0;
        const worth = worthOf(shares[at]!, factor);
        switch (one.do) {
          case 'in': {
            const put = putIn(pot, one.amount, factor);
            pot = put.pot;
            shares.push(put.nominal);
            // Nobody buys more than he pays for, and hardly less.
            const bought = worthOf(put.nominal, factor);
            assert.ok(bought <= one.amount && bought + 1n >= one.amount);
            break;
          }
          case 'out':
          case 'all out': {
            const wanted = one.do === 'all out' || one.amount > worth ? worth : one.amount;
            const taken = takeOut(pot, shares[at]!, wanted, factor);
            pot = taken.pot;
            shares[at] = taken.left;
            assert.ok(taken.left >= 0n && worthOf(taken.left, factor) + wanted <= worth);
            if (wanted === worth) assert.equal(taken.left, 0n);
            break;
          }
          case 'slash': {
            const next = ceilDiv(factor * one.left, FACTOR_ONE);
            pot = slashed(pot, factor, next);
            factor = next;
            break;
          }
        }
        const nominal = shares.reduce((sum, share) => sum + share, 0n);
        assert.equal(pot.nominal, nominal);
        assert.ok(pot.money * FACTOR_ONE >= nominal * factor, one.do);
        assert.ok(shares.reduce((sum, share) => sum + worthOf(share, factor), 0n) <= pot.money);
      }
    }),
    { numRuns: 300 },
  );
});

test('at factor 1 a share is worth its nominal amount, exactly', () => {
  fc.assert(
    fc.property(amount, amount, (staked, taken) => {
      const { pot, nominal } = putIn(EMPTY_POT, staked, FACTOR_ONE);
      assert.deepEqual([pot.money, pot.nominal, nominal], [staked, staked, staked]);
      const out = taken < staked ? taken : staked;
      const after = takeOut(pot, nominal, out, FACTOR_ONE);
      assert.deepEqual(
        [after.left, after.pot],
        [staked - out, { money: staked - out, nominal: staked - out }],
      );
    }),
  );
});
