import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { productChain, writeR1cs } from '@sero/circuits/test/setup';
import { decodeVerifyingKey, loadVerifyingKeys, verifyingKeyHash } from '@sero/prover';
import { type Called, type Home, newHome, sero } from './support.ts';

/** What `sero ceremony` refuses, and that nothing is written where it does. What works is in examples.test.ts. */

describe('sero ceremony', { concurrency: false }, () => {
  let home: Home;
  const at = (name: string): string => join(home.path, name);
  const run = (...args: readonly string[]): Promise<Called> => sero({ home }, '--json', 'ceremony', ...args);
  const works = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const called = await run(...args);
    assert.equal(called.code, 0, called.stderr);
    return called.json();
  };
  const fails = async (exit: number, code: string, ...args: readonly string[]): Promise<void> => {
    const called = await run(...args);
    assert.equal(called.code, exit, called.stderr);
    assert.equal(called.failure().code, code, called.stderr);
  };
  const OF = ['--circuit', 'small.r1cs', '--powers', 'powers.ptau'] as const;

  before(async () => {
    home = newHome();
    writeFileSync(at('small.r1cs'), writeR1cs(productChain(2).r1cs));
    writeFileSync(at('other.r1cs'), writeR1cs(productChain(3).r1cs));
    await works('start', '--power', '3', '-o', '0.ptau');
    await works('contribute', '0.ptau', '-o', '1.ptau', '--name', 'Ada');
    await works('beacon', '1.ptau', '0102', '-o', '2.ptau', '--iterations', '10');
    await works('prepare', '2.ptau', '-o', 'powers.ptau');
    await works('start', ...OF, '-o', '0.zkey');
    await works('contribute', '0.zkey', '-o', '1.zkey');
    await works('beacon', '1.zkey', '0304', '-o', '2.zkey', '--iterations', '10');
  });
  after(() => home.remove());

  it('gives keys that a network takes which is no development network', async () => {
    const { hash } = await works(
      ...['finish', '2.zkey', ...OF, '--id', '1', '--verifying-key', 'vk', '-o', 'key.zkey'],
    );
    const vk = new Uint8Array(readFileSync(at('vk')));
    assert.equal(hash, Buffer.from(verifyingKeyHash(vk)).toString('hex'));
    assert.equal(decodeVerifyingKey(vk).development, false);
    assert.deepEqual(readFileSync(at('key.zkey')), readFileSync(at('2.zkey')));
    const named = [{ circuit: 1, hash: verifyingKeyHash(vk) }];
    assert.equal(loadVerifyingKeys(named, [vk], { devnet: false }).size, 1);
  });

  it('lists every contribution with what its author attested', async () => {
    const { attestation } = await works('contribute', '1.ptau', '-o', 'more.ptau', '--name', 'Bob');
    const { contributions } = await works('verify', 'more.ptau');
    const [ada, bob] = contributions as { name: string; attestation: string }[];
    assert.deepEqual([ada!.name, bob], ['Ada', { name: 'Bob', attestation }]);
  });

  it('never writes over a file', async () => {
    const before = readFileSync(at('1.ptau'));
    await fails(2, 'usage', 'contribute', '0.ptau', '-o', '1.ptau');
    assert.deepEqual(readFileSync(at('1.ptau')), before);
  });

  it('refuses files that are none of a ceremony, cut short, or of the other phase', async () => {
    await fails(2, 'usage', 'verify', 'small.r1cs');
    writeFileSync(at('short.ptau'), readFileSync(at('1.ptau')).subarray(0, 3_000));
    await fails(2, 'file-malformed', 'contribute', 'short.ptau', '-o', 'x');
    await fails(2, 'file-malformed', 'prepare', '2.zkey', '-o', 'x');
    await fails(2, 'usage', 'finish', '2.ptau', ...OF, '--verifying-key', 'y', '-o', 'x');
    assert.equal(existsSync(at('x')), false);
  });

  it('refuses a transcript of another circuit, and one that a byte was changed in', async () => {
    await fails(
      1,
      'circuit-mismatch',
      'verify',
      '2.zkey',
      '--circuit',
      'other.r1cs',
      '--powers',
      'powers.ptau',
    );
    const bytes = readFileSync(at('2.ptau'));
    bytes[1_000]! ^= 1;
    writeFileSync(at('bent.ptau'), bytes);
    await fails(1, 'point-invalid', 'verify', 'bent.ptau');
    await fails(1, 'point-invalid', 'contribute', 'bent.ptau', '-o', 'x');
    await fails(1, 'point-invalid', 'prepare', 'bent.ptau', '-o', 'x');
    assert.equal(existsSync(at('x')), false);
  });

  it('refuses another beacon than the one agreed on, and to finish without one', async () => {
    await works('verify', '2.zkey', ...OF, '--beacon', '0304');
    await fails(1, 'beacon-wrong', 'verify', '2.zkey', ...OF, '--beacon', '0305');
    await fails(1, 'beacon-missing', 'verify', '1.ptau', '--beacon', '0102');
    await fails(1, 'beacon-missing', 'prepare', '1.ptau', '-o', 'x');
    const keys = ['--id', '1', '--verifying-key', 'y', '-o', 'x'];
    await fails(1, 'beacon-missing', 'finish', '1.zkey', ...OF, ...keys);
    assert.equal(existsSync(at('x')) || existsSync(at('y')), false);
  });

  it('says what is missing: a phase, a circuit, its number, powers that are prepared, a number in hexadecimal', async () => {
    await fails(2, 'usage', 'start', '-o', 'x');
    await fails(2, 'usage', 'start', '--power', '3', ...OF, '-o', 'x');
    await fails(2, 'usage', 'start', '--power', '21', '-o', 'x');
    await fails(2, 'not-prepared', 'start', '--circuit', 'small.r1cs', '--powers', '2.ptau', '-o', 'x');
    await fails(2, 'circuit-too-large', 'start', '--circuit', 'A', '--powers', 'powers.ptau', '-o', 'x');
    await fails(2, 'r1cs-malformed', 'start', '--circuit', '0.zkey', '--powers', 'powers.ptau', '-o', 'x');
    await fails(2, 'usage', 'verify', '2.zkey');
    await fails(2, 'usage', 'verify', '2.zkey', '--circuit', 'small.r1cs');
    await fails(2, 'usage', 'finish', '2.zkey', ...OF, '--verifying-key', 'y', '-o', 'x');
    await fails(2, 'usage', 'beacon', '1.ptau', '0x12', '-o', 'x');
    await fails(2, 'option-invalid', 'contribute', '1.ptau', '-o', 'x', '--name', 'long'.repeat(17));
    assert.equal(existsSync(at('x')), false);
  });
});
