import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runKeySteps } from '@sero/consensus';
import { type Bls, blake2b, blake2b256, equalBytes, portableBls, toHex, utf8 } from '@sero/crypto';
import {
  checkPossession,
  checkStakeKeys,
  DEVELOPMENT,
  deriveSpendingKey,
  encodeOneTimeAddress,
  ownAddress,
  STEP,
  verifyEphemeral,
} from '@sero/protocol';
import { StoreError } from '@sero/store';
import { fastEd25519, fastVrf } from '../fast-signatures.ts';
import { openValidatorKeys, type ValidatorKeys } from './keys.ts';
import { type MakeKeysOptions, makeValidatorKeys } from './make-keys.ts';
import { readValidatorRecord } from './record-file.ts';
import { killedAfter, outcomeOf, quickDisk, refuses, temporaryDirectory } from './validator-test-support.ts';

const RANGE = { first: 1n, last: 1_000n };

/** BLS that costs nothing. */
const bls: Bls = {
  ...portableBls,
  publicKey: (secret) => pad(blake2b256('TEST_BLS', secret)),
  sign: (secret, message) => pad(blake2b('TEST_BLS_SIGN', secret, message), 96),
  provePossession: (secret, holder) => pad(blake2b('TEST_BLS_PROOF', secret, holder), 96),
};

function pad(bytes: Uint8Array, length = 48): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

const viewing = deriveSpendingKey(blake2b256('TEST_SEED', utf8('owner'))).proof.viewing;
const OWNER = encodeOneTimeAddress(ownAddress(viewing, DEVELOPMENT.chainId, 'owner', 0n));

/** The same keys each time for one name. */
function randomOf(name: string): (length: number) => Uint8Array {
  let asked = 0;
  return (length) => blake2b256('TEST_RANDOM', utf8(`${name} ${asked++}`)).slice(0, length);
}

const root = temporaryDirectory();
let folders = 0;
const newFolder = (): string => join(root, `validator-${folders++}`);

function makeIn(folder: string, name = folder, options: Partial<MakeKeysOptions> = {}) {
  return makeValidatorKeys(folder, RANGE, {
    owner: OWNER,
    random: randomOf(name),
    bls,
    disk: quickDisk,
    ...options,
  });
}

/** A directory of new keys. */
function made(): string {
  const folder = newFolder();
  makeIn(folder);
  return folder;
}

function opened(folder: string): ValidatorKeys {
  return openValidatorKeys(folder, { bls, disk: quickDisk });
}

/** What opening is refused with. */
function codeOf(folder: string): string | undefined {
  try {
    opened(folder).close();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Error);
    return (error as Error & { code?: string }).code;
  }
}

async function prepared(keys: ValidatorKeys, round: bigint): Promise<void> {
  keys.keys.eraseBefore(round);
  const failure = await new Promise<Error | undefined>((resolve) =>
    runKeySteps(keys.keys.prepare(round), keys.keys, (resume) => resume(), resolve),
  );
  assert.equal(failure, undefined);
}

const FILES = ['vrf.key', 'bls.key', 'ephemeral.keys'] as const;

describe("making a validator's keys", () => {
  it('makes keys that a registration takes, and that sign, draw and vote as registered', async () => {
    const folder = newFolder();
    const record = makeValidatorKeys(folder, RANGE, { owner: OWNER });
    checkStakeKeys(record);
    checkPossession(record, OWNER, portableBls);
    assert.deepEqual(readValidatorRecord(folder), record);
    const keys = openValidatorKeys(folder);
    assert.deepEqual(keys.public, record);
    assert.deepEqual([keys.public.firstRound, keys.public.lastRound], [1n, 1_000n]);
    const message = utf8('a message');
    assert.notEqual(fastVrf.verify(record.vrfKey, message, keys.prove(message)), undefined);
    assert.ok(portableBls.verify(record.blsKey, message, keys.blsSign(message)));
    await prepared(keys, 300n);
    const at = { round: 300n, period: 0, step: STEP.soft };
    const signature = keys.keys.sign(at.round, at.period, at.step, message)!;
    verifyEphemeral(record.voteRoot, at, message, signature, fastEd25519);
    keys.close();
  });

  it('draws other secrets each time, and the same from the same random bytes, which it wipes', () => {
    const [one, other] = [made(), made()];
    for (const name of FILES) {
      const [a, b] = [readFileSync(join(one, name)), readFileSync(join(other, name))];
      assert.ok(!equalBytes(a, b), name);
    }
    const given: Uint8Array[] = [];
    const random = randomOf('again');
    const folder = newFolder();
    const options = {
      random: (length: number) => {
        const bytes = random(length);
        given.push(bytes);
        return bytes;
      },
    };
    const first = makeIn(folder, 'again', options);
    assert.deepEqual(first, makeIn(newFolder(), 'again'));
    assert.equal(given.length, 3);
    assert.ok(given.every((bytes) => bytes.length === 32));
    assert.ok(given.slice(0, 2).every((bytes) => bytes.every((byte) => byte === 0)));
  });

  it('lets nobody but the owner of the files read a secret, and puts none into record.json', () => {
    const folder = newFolder();
    makeIn(folder);
    const record = readFileSync(join(folder, 'record.json'), 'latin1');
    for (const name of FILES) {
      const path = join(folder, name);
      if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600, name);
      assert.ok(!record.includes(toHex(readFileSync(path).subarray(0, 32))));
    }
  });

  it('refuses a directory that holds keys, and touches none of them', () => {
    const folder = made();
    const before = [...FILES, 'record.json'].map((name) => readFileSync(join(folder, name)));
    assert.throws(() => makeIn(folder, 'others'), refuses('keys-exist'));
    rmSync(join(folder, 'record.json'));
    assert.throws(() => makeIn(folder, 'others'), refuses('keys-incomplete'));
    const after = FILES.map((name) => readFileSync(join(folder, name)));
    assert.deepEqual(after, before.slice(0, -1));
  });

  it('takes a directory that is there and holds no keys', () => {
    const folder = newFolder();
    mkdirSync(folder);
    makeIn(folder);
    assert.equal(codeOf(folder), undefined);
  });

  it('refuses one that a validator uses', () => {
    const folder = made();
    const keys = opened(folder);
    assert.throws(
      () => makeIn(folder),
      (error) => error instanceof StoreError && error.code === 'directory-locked',
    );
    keys.close();
  });

  it('refuses rounds that no record may register and an owner that is no address, before anything is written', () => {
    const folder = newFolder();
    for (const [first, last] of [
      [2n, 1n],
      [-1n, 5n],
      [0n, 3_000_001n],
      [(1n << 64n) - 5n, 1n << 64n],
    ] as const) {
      const make = (): unknown => makeValidatorKeys(folder, { first, last }, { owner: OWNER, bls });
      assert.throws(make, refuses('keys-invalid'));
    }
    for (const owner of [OWNER.subarray(1), new Uint8Array(64), new Uint8Array(64).fill(0xff)]) {
      assert.throws(() => makeIn(folder, 'x', { owner }), refuses('keys-invalid'));
    }
    assert.ok(!existsSync(folder));
  });

  it('broken off at any call leaves keys that are whole, or none that anybody would take for whole', () => {
    let killed = 0;
    for (let calls = 0; ; calls++) {
      const folder = newFolder();
      const { disk, wasKilled } = killedAfter(calls);
      try {
        makeIn(folder, 'broken off', { disk });
      } catch (error) {
        assert.ok(error instanceof StoreError, `${error}`);
      }
      const isWhole = existsSync(join(folder, 'record.json'));
      const code = codeOf(folder);
      if (isWhole) assert.equal(code, undefined);
      else assert.ok(code === 'keys-missing' || code === 'keys-incomplete', `${code}`);
      if (code === 'keys-incomplete') {
        assert.throws(() => makeIn(folder), refuses('keys-incomplete'));
      } else if (code === 'keys-missing') {
        makeIn(folder);
        assert.equal(codeOf(folder), undefined);
      }
      if (!wasKilled()) break;
      killed++;
    }
    assert.ok(killed > 20);
  });
});

describe("opening a validator's keys", () => {
  it('is for one process at a time, whoever closed them leaves them to the next', () => {
    const folder = made();
    const keys = opened(folder);
    assert.equal(codeOf(folder), 'directory-locked');
    keys.close();
    keys.close();
    assert.equal(codeOf(folder), undefined);
  });

  it('refuses a directory without keys, and makes none of it', () => {
    const folder = newFolder();
    assert.equal(codeOf(folder), 'keys-missing');
    assert.ok(!existsSync(folder));
  });

  it('refuses where a file is gone', () => {
    for (const name of [...FILES, 'record.json']) {
      const folder = made();
      rmSync(join(folder, name));
      assert.equal(codeOf(folder), name === 'record.json' ? 'keys-incomplete' : 'keys-missing', name);
    }
  });

  it('refuses a file of other keys beside the rest', () => {
    for (const name of [...FILES, 'record.json']) {
      const [folder, other] = [made(), made()];
      const bytes = readFileSync(join(other, name));
      writeFileSync(join(folder, name), bytes);
      rmSync(join(folder, 'place.json'));
      assert.equal(codeOf(folder), 'keys-mismatch', name);
    }
  });

  it('refuses keys of other rounds under the same root', () => {
    const folder = made();
    const path = join(folder, 'record.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"1000"', '"1001"'));
    assert.equal(codeOf(folder), 'keys-mismatch');
  });

  it('refuses files that are not what was written', () => {
    const cases: readonly [string, (bytes: Buffer) => Uint8Array, string][] = [
      ['vrf.key', (bytes) => bytes.subarray(1), 'keys-damaged'],
      ['bls.key', (bytes) => Buffer.concat([bytes, bytes]), 'keys-damaged'],
      ['ephemeral.keys', (bytes) => bytes.subarray(0, -1), 'key-file-size'],
      ['ephemeral.keys', (bytes) => bytes.fill(1, 0, 20), 'key-file-damaged'],
      ['record.json', () => utf8('{'), 'keys-damaged'],
      ['record.json', () => utf8('null'), 'keys-damaged'],
      [
        'record.json',
        (bytes) => utf8(bytes.toString().replace('"version": 1', '"version": 2')),
        'keys-damaged',
      ],
      [
        'record.json',
        (bytes) => utf8(bytes.toString().replace(/"vrfKey": "../, '"vrfKey": "')),
        'keys-damaged',
      ],
      ['record.json', (bytes) => utf8(bytes.toString().replace('"1000"', '"01000"')), 'keys-damaged'],
      ['record.json', (bytes) => utf8(bytes.toString() + ' '.repeat(5_000)), 'keys-damaged'],
      ['place.json', () => utf8('[]'), 'keys-damaged'],
    ];
    for (const [name, change, code] of cases) {
      const folder = made();
      if (name !== 'place.json') rmSync(join(folder, 'place.json'));
      const path = join(folder, name);
      writeFileSync(path, change(readFileSync(path)));
      assert.equal(codeOf(folder), code, name);
    }
  });

  it('refuses a secret that others may read, and a link in its place', {
    skip: process.platform === 'win32',
  }, () => {
    for (const name of FILES) {
      const folder = made();
      const path = join(folder, name);
      chmodSync(path, 0o644);
      assert.equal(codeOf(folder), 'keys-exposed', name);
      chmodSync(path, 0o600);
      renameSync(path, `${path}.moved`);
      symlinkSync(`${path}.moved`, path);
      assert.equal(codeOf(folder), 'keys-exposed', name);
      renameSync(`${path}.moved`, path);
      assert.equal(codeOf(folder), undefined);
    }
  });

  it('gives the directory back where it refuses', () => {
    const folder = made();
    const path = join(folder, 'vrf.key');
    const bytes = readFileSync(path);
    writeFileSync(path, new Uint8Array(32).fill(5));
    assert.equal(codeOf(folder), 'keys-mismatch');
    writeFileSync(path, bytes);
    assert.equal(codeOf(folder), undefined);
  });

  it('broken off at any call leaves a directory that opens', () => {
    let killed = 0;
    for (let calls = 0; ; calls++) {
      const folder = made();
      const { disk, wasKilled } = killedAfter(calls);
      try {
        openValidatorKeys(folder, { bls, disk }).close();
      } catch (error) {
        assert.ok(error instanceof StoreError, `${error}`);
      }
      assert.equal(codeOf(folder), undefined, `killed at call ${calls}`);
      if (!wasKilled()) break;
      killed++;
    }
    assert.ok(killed > 15);
  });

  it('leaves no secret in use behind: closed keys draw nothing and sign nothing', () => {
    const keys = opened(made());
    keys.close();
    const message = utf8('a message');
    assert.throws(() => keys.prove(message), refuses('closed'));
    assert.throws(() => keys.blsSign(message), refuses('closed'));
    assert.throws(() => keys.votes.append(1n, message), refuses('closed'));
    assert.throws(() => keys.keys.eraseBefore(600n), refuses('closed'));
  });
});

describe('keys that are not where they were', () => {
  it('were copied, and are refused until their owner says that the other copy votes no more', () => {
    const folder = made();
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    assert.equal(codeOf(copy), 'keys-copied');
    assert.equal(codeOf(copy), 'keys-copied');
    assert.equal(codeOf(folder), undefined);
    rmSync(join(copy, 'place.json'));
    assert.equal(codeOf(copy), undefined);
    assert.equal(codeOf(copy), undefined);
  });

  it('may have another path: a directory that was renamed is the same one', () => {
    const folder = made();
    const other = newFolder();
    renameSync(folder, other);
    assert.equal(codeOf(other), undefined);
  });

  it('were restored after they were closed, into the very same file: that was written since', () => {
    const folder = made();
    const path = join(folder, 'ephemeral.keys');
    const backup = readFileSync(path);
    const time = statSync(path).mtime;
    const keys = opened(folder);
    keys.keys.eraseBefore(600n);
    keys.close();
    assert.equal(codeOf(folder), undefined);
    writeFileSync(path, backup);
    assert.equal(codeOf(folder), 'keys-copied');
    // A backup that brings its time with it.
    utimesSync(path, time, time);
    assert.equal(codeOf(folder), 'keys-copied');
  });

  it('are the same after a crash, whatever they wrote', async () => {
    const folder = made();
    const keys = opened(folder);
    keys.keys.eraseBefore(600n);
    keys.votes.append(600n, utf8('a vote'));
    assert.equal(await outcomeOf(keys.votes), undefined);
    const place = readFileSync(join(folder, 'place.json'));
    keys.close();
    // As a crash leaves it.
    writeFileSync(join(folder, 'place.json'), place);
    const again = opened(folder);
    assert.deepEqual([...again.votes.replay()], [utf8('a vote')]);
    again.close();
  });

  it('have forgotten votes where the vote log was deleted or an older one put back', async () => {
    const folder = made();
    const older = newFolder();
    cpSync(join(folder, 'votes'), older, { recursive: true });
    const keys = opened(folder);
    keys.votes.append(1n, utf8('a vote'));
    assert.equal(await outcomeOf(keys.votes), undefined);
    keys.close();
    const newer = newFolder();
    renameSync(join(folder, 'votes'), newer);
    assert.equal(codeOf(folder), 'votes-replaced');
    cpSync(older, join(folder, 'votes'), { recursive: true });
    assert.equal(codeOf(folder), 'votes-replaced');
    rmSync(join(folder, 'votes'), { recursive: true });
    renameSync(newer, join(folder, 'votes'));
    const again = opened(folder);
    assert.deepEqual([...again.votes.replay()], [utf8('a vote')]);
    again.close();
  });
});

describe('a vote log that was put back after a crash', () => {
  it('is told from the one that was in use', () => {
    const folder = made();
    const older = newFolder();
    cpSync(join(folder, 'votes'), older, { recursive: true });
    const keys = opened(folder);
    const place = readFileSync(join(folder, 'place.json'));
    keys.close();
    writeFileSync(join(folder, 'place.json'), place);
    cpSync(older, join(folder, 'votes'), { recursive: true });
    assert.equal(codeOf(folder), 'votes-replaced');
  });
});

describe('record.json', () => {
  it('is enough to read what is registered, wherever it stands', () => {
    const folder = made();
    const other = newFolder();
    mkdirSync(other);
    cpSync(join(folder, 'record.json'), join(other, 'record.json'));
    assert.deepEqual(readValidatorRecord(other), readValidatorRecord(folder));
    assert.deepEqual(readdirSync(other), ['record.json']);
    assert.throws(() => readValidatorRecord(newFolder()), refuses('keys-missing'));
  });
});
