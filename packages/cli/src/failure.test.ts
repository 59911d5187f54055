import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RpcError, TransportError } from '@sero/api';
import { NodeError, ValidatorKeysError } from '@sero/node';
import { WalletError } from '@sero/wallet';
import { CliError } from './errors.ts';
import { EXIT_CODES } from './exit.ts';
import { failureOf } from './failure.ts';

it('a code that two packages share is what its own package means by it', () => {
  assert.equal(failureOf(new WalletError('other-genesis', 'x'), 'sero').exit, 'wallet');
  assert.equal(failureOf(new NodeError('other-genesis', 'x'), 'sero').exit, 'failed');
});

it('whatever shows that the chain may have been begun anew names birthday 0: the wallet’s own is of the old chain', () => {
  for (const code of [
    'node-behind',
    'node-other-chain',
    'node-answer-invalid',
    'tree-state-invalid',
    'block-roots',
    'block-not-next',
  ] as const) {
    const { exit, hint } = failureOf(new WalletError(code, 'x'), 'sero');
    assert.equal(exit, 'unreachable', code);
    assert.match(hint!, /begun anew: sero repair --birthday 0$/, code);
  }
});

it('a refusal of the network names its rule, and a node that cannot be asked is something else', () => {
  const refused = new RpcError('transaction-refused', 'spent', { code: 'nullifier-spent', source: 'ledger' });
  assert.deepEqual(failureOf(refused, 'sero'), {
    exit: 'refused',
    code: 'nullifier-spent',
    message: 'spent',
    hint: 'see sero history first; then try again: the next transaction spends one of the same notes, so that this one cannot enter beside it',
  });
  const full = failureOf(
    new RpcError('mempool-refused', 'full', { code: 'mempool-full' }),
    'npm run sero --',
  );
  assert.equal(full.exit, 'refused');
  assert.match(full.hint!, /^see npm run sero -- history first; after a few blocks try again/);
  assert.equal(failureOf(new RpcError('busy', 'busy'), 'sero').exit, 'unreachable');
  assert.equal(failureOf(new TransportError('timeout', 'late'), 'sero').exit, 'unreachable');
});

it('what was refused and is in a block all the same does not end as a refusal does: whoever tries those again would pay twice', () => {
  assert.equal(failureOf(new WalletError('refused-entered', 'x'), 'sero').exit, 'unknown');
});

it('advice names the program as it was called', () => {
  const { hint } = failureOf(
    new CliError('wallet', 'x', 'y', '{sero} init or {sero} repair'),
    'npm run sero --',
  );
  assert.equal(hint, 'npm run sero -- init or npm run sero -- repair');
});

it('a chain that has left the program behind ends with a number of its own, for whatever would start it again', () => {
  const { exit, code } = failureOf(new NodeError('version-unknown', 'x'), 'sero');
  assert.deepEqual([exit, code, EXIT_CODES[exit].code], ['version', 'version-unknown', 9]);
});

it('a node that saw two blocks of one height final ends with a number of its own: nothing may start it again by itself', () => {
  const { exit } = failureOf(new NodeError('two-certificates', 'x'), 'sero');
  assert.deepEqual([exit, EXIT_CODES[exit].code], ['halted', 11]);
});

it('keys that may be in two places name the way that loses nothing: other keys', () => {
  for (const code of ['keys-copied', 'votes-replaced'] as const) {
    const { exit, hint } = failureOf(new ValidatorKeysError(code, 'x'), 'sero');
    assert.equal(exit, 'failed', code);
    assert.match(hint!, /not be sure.*sero stake renew ID --keys DIR$/, code);
  }
  const { hint } = failureOf(new ValidatorKeysError('keys-incomplete', 'x'), 'sero');
  assert.match(hint!, /make others in a new directory$/);
});

it('an interruption is one, wherever it came from; what nobody expected is a failure with its message', () => {
  assert.equal(failureOf(AbortSignal.abort().reason, 'sero').exit, 'interrupted');
  assert.deepEqual(failureOf(new TypeError('x is not a function'), 'sero'), {
    exit: 'failed',
    code: 'failed',
    message: 'x is not a function',
    hint: undefined,
  });
  assert.equal(failureOf('text', 'sero').message, 'text');
});
