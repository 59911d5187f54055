import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { productChain, writeR1cs } from '@sero/circuits/test/setup';
import { decodeVerifyingKey, loadVerifyingKeys, verifyingKeyHash } from '@sero/prover';
import { type Called, type Home, newHome, sero, type World } from './support.ts';

/** What `sero ceremony` refuses, and that nothing is written where it does. What works is in examples.test.ts. */

describe('sero ceremony', { concurrency: false }, () => {
  let home: Home;
  const at = (name: string): string => join(home.path, name);
  const run = (...args: readonly string[]): Promise<Called> => runIn({}, ...args);
  const runIn = (world: World, ...args: readonly string[]): Promise<Called> =>
    sero({ home, ...world }, '--json', 'ceremony', ...args);
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
    await works('contribute', '0.zkey', '-o', '1.zkey', '--name', 'Bob');
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

  it('lists both phases where a key is verified or finished', async () => {
    const names = (log: unknown): string[] => (log as { name: string }[]).map(({ name }) => name);
    const { contributions } = await works('verify', '2.ptau');
    const both = [
      await works('verify', '2.zkey', ...OF),
      await works(
        'finish',
        '2.zkey',
        ...OF,
        ...['--id', '1', '--verifying-key', 'both.vk', '-o', 'both.zkey'],
      ),
    ];
    for (const { contributions: ofKey, powers } of both) {
      assert.deepEqual(powers, { contributions });
      assert.deepEqual(names(ofKey), ['Bob', '']);
    }
    assert.deepEqual(names(contributions), ['Ada', '']);
    const { stdout } = await sero({ home }, 'ceremony', 'verify', '2.zkey', ...OF);
    assert.match(
      stdout,
      /^VALID\nphase 1\n1 {2}Ada\n.*\n2 {2}beacon 0102,.*\n.*\nphase 2\n1 {2}Bob\n.*\n2 {2}beacon 0304,/,
    );
  });

  it('says what a secret came from: never less than the operating system', async () => {
    writeFileSync(at('dice'), '3 1 4');
    writeFileSync(at('empty'), '');
    const from = async (
      line: string,
      entropy: readonly string[],
      world: World,
      ...args: readonly string[]
    ) => {
      const output = join(mkdtempSync(at('entropy-')), 'x');
      const shown = await sero({ home, ...world }, 'ceremony', 'contribute', '0.ptau', '-o', output, ...args);
      assert.equal(shown.code, 0, shown.stderr);
      assert.equal(shown.stdout.split('\n')[1], `secret: from the operating system ${line}`);
      const called = await runIn(world, 'contribute', '0.ptau', '-o', `${output}.json`, ...args);
      assert.deepEqual(called.json()['entropy'], ['system', ...entropy], called.stderr);
      assert.notDeepEqual(readFileSync(output), readFileSync(`${output}.json`));
    };
    const typing = (text: string): World => ({ answers: [[/nobody can guess/, () => text]] });
    await from('alone (there is no terminal to ask on)', [], {});
    await from('and what was typed', ['terminal'], typing('a walk'));
    await from('alone (nothing was typed)', [], typing(''));
    await from('and the file', ['file'], {}, '--entropy-file', 'dice');
    await from('alone (the file is empty)', [], {}, '--entropy-file', 'empty');
    await from('and standard input', ['stdin'], { stdin: 'a walk' }, '--entropy-file', '-');
    await from('alone (standard input is empty)', [], { stdin: ' \n' }, '--entropy-file', '-');
    const { entropy } = await works('beacon', '1.ptau', '0102', '-o', 'no-secret', '--iterations', '10');
    assert.equal(entropy, undefined);
  });

  it('never writes over a file, and finds out before any work', async () => {
    const before = readFileSync(at('1.ptau'));
    const bent = readFileSync(at('2.ptau'));
    bent[1_000]! ^= 1;
    writeFileSync(at('bent-0.ptau'), bent);
    await fails(2, 'usage', 'start', '--power', '3', '-o', '1.ptau');
    // Work would say that these powers are none.
    await fails(2, 'usage', 'contribute', 'bent-0.ptau', '-o', '1.ptau');
    await fails(2, 'usage', 'beacon', 'bent-0.ptau', '0102', '-o', '1.ptau', '--iterations', '10');
    await fails(2, 'usage', 'prepare', 'bent-0.ptau', '-o', '1.ptau');
    await fails(2, 'usage', 'contribute', 'bent-0.ptau', '-o', 'nowhere/1.ptau');
    await fails(2, 'usage', 'contribute', 'bent-0.ptau', '-o', '-');
    assert.deepEqual(readFileSync(at('1.ptau')), before);
  });

  it('writes both keys or none, and can be called again', async () => {
    const finish = (key: string, vk: string): readonly string[] => [
      ...['finish', '2.zkey', ...OF, '--id', '1', '--verifying-key', vk, '-o', key],
    ];
    writeFileSync(at('there.vk'), 'older');
    await fails(2, 'usage', ...finish('new.zkey', 'there.vk'));
    // Work would say that no beacon closed this one.
    await fails(
      ...([
        2,
        'usage',
        'finish',
        '1.zkey',
        ...OF,
        '--id',
        '1',
        '--verifying-key',
        'there.vk',
        '-o',
        'new.zkey',
      ] as const),
    );
    await fails(2, 'usage', ...finish('new.zkey', 'nowhere/new.vk'));
    await fails(2, 'usage', ...finish('new.zkey', './new.zkey'));
    assert.equal(existsSync(at('new.zkey')), false);
    assert.equal(readFileSync(at('there.vk'), 'utf8'), 'older');
    await works(...finish('new.zkey', 'new.vk'));
  });

  it('refuses phases that beacons alone made: anybody could compute what nobody is to know', async () => {
    const BEACON = ['0102', '--iterations', '10'] as const;
    await works('beacon', '0.ptau', ...BEACON, '-o', 'beacon.ptau');
    await fails(1, 'beacons-only', 'verify', 'beacon.ptau');
    await fails(1, 'beacons-only', 'prepare', 'beacon.ptau', '-o', 'x');
    await works('beacon', '0.zkey', ...BEACON, '-o', 'beacon.zkey');
    await fails(1, 'beacons-only', 'verify', 'beacon.zkey', ...OF);
    await fails(
      1,
      'beacons-only',
      ...['finish', 'beacon.zkey', ...OF],
      '--id',
      '1',
      '--verifying-key',
      'y',
      '-o',
      'x',
    );
    assert.equal(existsSync(at('x')) || existsSync(at('y')), false);
  });

  it('refuses a transcript whose beacon asks for hours of hashing, at once', async () => {
    const bytes = readFileSync(at('2.ptau'));
    // The end of the last record: parameter 2 (a power of two), 10; parameter 3 (the number), two bytes.
    const end = [2, 10, 3, 2, 1, 2];
    assert.deepEqual([...bytes.subarray(-end.length)], end);
    bytes[bytes.length - 5] = 32;
    writeFileSync(at('long.ptau'), bytes);
    await fails(1, 'beacon-too-long', 'verify', 'long.ptau');
    await fails(1, 'beacon-too-long', 'prepare', 'long.ptau', '-o', 'x');
    await fails(1, 'beacon-too-long', 'contribute', 'long.ptau', '-o', 'x');
    await fails(2, 'usage', 'beacon', '1.ptau', '0102', '-o', 'x', '--iterations', '25');
    assert.equal(existsSync(at('x')), false);
  });

  it('refuses options that it would drop', async () => {
    await fails(2, 'usage', 'verify', '2.ptau', '--circuit', 'nonsense');
    await fails(2, 'usage', 'verify', '2.ptau', '--powers', 'powers.ptau');
    await fails(2, 'usage', 'verify', '2.ptau', '--powers-beacon', '0102');
    await fails(2, 'usage', 'start', '--power', '3', '--powers', 'powers.ptau', '-o', 'x');
    const keys = ['--verifying-key', 'y', '-o', 'x'];
    const of = ['--circuit', 'A', '--powers', 'powers.ptau'];
    // Of powers that are too few for shape A: without --id, that is found.
    await fails(2, 'usage', 'finish', '2.zkey', ...of, '--id', '7', ...keys);
    await fails(2, 'circuit-too-large', 'finish', '2.zkey', ...of, ...keys);
    assert.equal(existsSync(at('x')) || existsSync(at('y')), false);
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
    await works('verify', '2.zkey', ...OF, '--beacon', '0304', '--powers-beacon', '0102');
    await fails(1, 'beacon-wrong', 'verify', '2.zkey', ...OF, '--powers-beacon', '0103');
    await fails(1, 'beacon-missing', 'verify', '1.ptau', '--beacon', '0102');
    await fails(1, 'beacon-missing', 'prepare', '1.ptau', '-o', 'x');
    const keys = ['--id', '1', '--verifying-key', 'y', '-o', 'x'];
    await fails(1, 'beacon-missing', 'finish', '1.zkey', ...OF, ...keys);
    await fails(1, 'beacon-wrong', 'finish', '2.zkey', ...OF, '--beacon', '0305', ...keys);
    await fails(1, 'beacon-wrong', 'finish', '2.zkey', ...OF, '--powers-beacon', '0103', ...keys);
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
