import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '@sero/ledger';
import { StoreError } from '@sero/store';
import { stopReason } from './failures.ts';

test('a node that the chain has left behind is told to install a release, not to report a fault of the program', () => {
  const cause = new LedgerError('version-unknown', 'from block 9 on: install a release that has it');
  const { code, message, cause: kept } = stopReason(cause);
  assert.deepEqual([code, message, kept], ['version-unknown', cause.message, cause]);
});

test('why a node stopped: its disk, also in the midst of a commit, or else a fault of the program', () => {
  const disk = new StoreError('disk-full', 'the disk is full');
  assert.equal(stopReason(disk).code, 'storage-failed');
  const interrupted = new LedgerError('commit-interrupted', 'cut short', { cause: disk });
  assert.match(stopReason(interrupted).message, /its disk failed it: the disk is full/);
  assert.equal(stopReason(interrupted).code, 'storage-failed');
  for (const fault of [new LedgerError('block-gap', 'too soon'), new TypeError('no'), 'no']) {
    assert.equal(stopReason(fault).code, 'sealing-failed');
  }
});
