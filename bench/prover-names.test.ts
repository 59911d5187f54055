import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missingNames, PROVER_NAMES, type ProverGroup, wantedGroups } from './prover-names.ts';
import { asksFor, mayHave } from './selection.ts';

const groups = Object.keys(PROVER_NAMES) as ProverGroup[];
const names: string[] = groups.flatMap((group) => [...PROVER_NAMES[group]]);

/** Those that the bench's issue asks for. */
const PROMISED = [
  'prover.prove.A.native',
  'prover.prove.A.portable',
  'prover.prove.A.wasm',
  'prover.msm.g1',
  'prover.verify.single',
  'prover.verify.batch64',
  'prover.scan',
  'prover.tree',
  'prover.setup.A',
  'prover.memory',
  'prover.witness.A',
];

describe('--only', () => {
  it('reaches the prover with each of its names, and with how they start', () => {
    for (const only of [...names, '', 'prover', 'prover.', 'prover.verify']) {
      assert.ok(mayHave('prover.', only), only);
    }
    assert.ok(!mayHave('prover.', 'pool.') && !mayHave('pool.', 'prover.tree'));
  });

  for (const group of groups) {
    for (const name of PROVER_NAMES[group]) {
      it(`with ${name} does what that figure needs, and nothing for figures that it does not ask for`, () => {
        const wants = (other: string): boolean => asksFor(other, name);
        const wanted = wantedGroups(wants);
        assert.ok(wanted.includes(group));
        for (const one of wanted) assert.ok(PROVER_NAMES[one].some((other) => other.startsWith(name)));
        assert.ok(missingNames(group, wants, []).includes(name), 'it is missed where it was not measured');
        assert.ok(!missingNames(group, wants, [name]).includes(name));
      });
    }
  }

  it('has every name that was promised, each once', () => {
    assert.deepEqual(
      PROMISED.filter((name) => !names.includes(name)),
      [],
    );
    assert.equal(new Set(names).size, names.length);
  });

  it('does everything where it is not given', () => {
    assert.deepEqual(
      wantedGroups((name) => asksFor(name, '')),
      groups,
    );
  });
});
