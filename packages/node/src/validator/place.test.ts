import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectPlace, writePlace } from './place.ts';
import { quickDisk, refuses, temporaryDirectory } from './validator-test-support.ts';

const file = { inode: 7n, born: 1_000n };
const found = { file, changed: 2_000n, log: 'aa' };

describe('the place of keys', () => {
  it('is that of one file: another number or another time of birth is another file', () => {
    const directory = temporaryDirectory();
    writePlace(directory, { file, changed: undefined, logs: ['aa'] }, quickDisk);
    expectPlace(directory, found);
    const others = [
      { ...file, inode: 8n },
      { ...file, born: 1_001n },
    ];
    for (const other of others) {
      assert.throws(() => expectPlace(directory, { ...found, file: other }), refuses('keys-copied'));
    }
  });

  it('goes by the number alone where a system does not tell the time of birth', () => {
    const directory = temporaryDirectory();
    writePlace(directory, { file, changed: undefined, logs: ['aa'] }, quickDisk);
    expectPlace(directory, { ...found, file: { ...file, born: 0n } });
    writePlace(directory, { file: { ...file, born: 0n }, changed: undefined, logs: ['aa'] }, quickDisk);
    expectPlace(directory, found);
  });

  it('knows when the file was last written, unless the keys were in use', () => {
    const directory = temporaryDirectory();
    writePlace(directory, { file, changed: 2_000n, logs: ['aa'] }, quickDisk);
    expectPlace(directory, found);
    assert.throws(() => expectPlace(directory, { ...found, changed: 2_001n }), refuses('keys-copied'));
    writePlace(directory, { file, changed: undefined, logs: ['aa'] }, quickDisk);
    expectPlace(directory, { ...found, changed: 2_001n });
  });

  it('takes the logs that it names, and no other and none', () => {
    const directory = temporaryDirectory();
    expectPlace(directory, { ...found, log: undefined });
    writePlace(directory, { file, changed: undefined, logs: ['aa', 'bb'] }, quickDisk);
    for (const log of ['aa', 'bb']) expectPlace(directory, { ...found, log });
    for (const log of ['cc', undefined]) {
      assert.throws(() => expectPlace(directory, { ...found, log }), refuses('votes-replaced'));
    }
  });
});
