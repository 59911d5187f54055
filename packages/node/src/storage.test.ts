import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError, type LedgerErrorCode } from '@sero/ledger';
import { NodeError } from './errors.ts';
import { openStorage, type StorageBackend, type StorageOptions } from './storage.ts';

/** What opening says where the ledger refuses what is stored. */
async function told(code: LedgerErrorCode): Promise<unknown> {
  const fail = (): never => {
    throw new LedgerError(code, 'as the ledger says it');
  };
  const backend = { openBlocks: fail, openState: fail } as unknown as StorageBackend;
  const options = { directory: { blocks: 'blocks' }, backend, check: 'never' } as unknown as StorageOptions;
  return openStorage(options).catch((error: unknown) => error);
}

test('a chain that software lacks the version of is not called damaged: nobody is to delete it', async () => {
  const error = await told('version-unknown');
  assert.ok(error instanceof NodeError);
  assert.equal(error.code, 'version-unknown');
  assert.equal(error.message, 'as the ledger says it');
});

test('what cannot be opened is damaged, with what to do', async () => {
  const error = await told('logged-block-invalid');
  assert.ok(error instanceof NodeError);
  assert.equal(error.code, 'chain-damaged');
});
