import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { portableBls, toHex } from '@sero/crypto';
import {
  decodeDraft,
  decodeSeedCommitment,
  draftHash,
  encodeGenesis,
  encodeSeedCommitment,
  type Genesis,
} from '@sero/protocol';
import { beginNetwork } from './genesis-test-support.ts';

/** `sero genesis` between draft and genesis file: what stops whoever would choose the seed, the stakes or the money. */

const { at, bytes, run, works, fails, draftOf, commit, reveal, idOf, withPromisesOf, remove } =
  await beginNetwork();
after(remove);

describe('commit', () => {
  /** Writes a draft that somebody changed. */
  const changed = (name: string, change: Partial<Genesis>): void =>
    writeFileSync(at(name), encodeGenesis({ ...decodeDraft(bytes('draft.ssz')), ...change }));

  it('is refused for a draft in which one’s own row is not what one sent', async () => {
    const draft = decodeDraft(bytes('draft.ssz'));
    const [first, second] = draft.validators as [(typeof draft.validators)[0], (typeof draft.validators)[0]];
    for (const change of [{ units: 1n }, { commission: 10_000 }, { lastRound: 100n }]) {
      changed('changed.ssz', {
        validators: [
          { ...first, ...change },
          { ...second, ...change },
        ],
      });
      await fails(1, 'entry-changed', ...commit('ada', 'changed.ssz', 'new.commitment', '--give-up'));
    }
    changed('changed.ssz', { chainId: 7n });
    await fails(1, 'entry-changed', ...commit('ada', 'changed.ssz', 'new.commitment', '--give-up'));
  });

  it('is refused for a draft without these keys, a file with a seed, and a draft whose keys are not their owners’', async () => {
    await fails(1, 'ceremony-stranger', ...commit('cyd', 'draft.ssz', 'new.commitment'));
    await fails(2, 'ceremony-draft', ...commit('ada', 'genesis.ssz', 'new.commitment', '--give-up'));
    const draft = decodeDraft(bytes('draft.ssz'));
    const [first, second] = draft.validators as [(typeof draft.validators)[0], (typeof draft.validators)[0]];
    const secret = new Uint8Array(32).fill(1);
    const stolen = {
      blsKey: portableBls.publicKey(secret),
      blsProof: portableBls.provePossession(secret, new Uint8Array(64)),
    };
    for (const validators of [
      [{ ...first, ...stolen }, second],
      [first, { ...second, ...stolen }],
    ]) {
      changed('stolen.ssz', { validators });
      await fails(2, 'bls-possession', ...commit('ada', 'stolen.ssz', 'new.commitment', '--give-up'));
    }
    await fails(2, 'malformed', ...commit('ada', 'money.csv', 'new.commitment'));
  });

  it('is refused where it is not known what was promised', async () => {
    await withPromisesOf('ada', async () => {
      for (const content of [
        '',
        '{}',
        readFileSync(join(at('ada'), 'ceremony.json'), 'utf8').slice(0, -20),
      ]) {
        writeFileSync(join(at('ada'), 'ceremony.json'), content);
        await fails(1, 'ceremony-file-damaged', ...commit('ada', 'draft.ssz', 'new.commitment'));
      }
      rmSync(join(at('ada'), 'ceremony.json'));
      await fails(1, 'entry-missing', ...commit('ada', 'draft.ssz', 'new.commitment'));
    });
  });

  it('promises before it says anything: where the file cannot be written, the next one is the same', async () => {
    await draftOf('alone.ssz', 'cyd');
    // Where it cannot be written from the start nothing is promised.
    await fails(2, 'usage', ...commit('cyd', 'alone.ssz', join('nowhere', 'cyd.commitment')));
    // The file that is made beside its place has a name that is too long: this is found when it is written.
    assert.notEqual((await run(...commit('cyd', 'alone.ssz', 'c'.repeat(250)))).code, 0);
    const { drafts } = JSON.parse(readFileSync(join(at('cyd'), 'ceremony.json'), 'utf8')) as {
      drafts: { commitment: string }[];
    };
    await works(...commit('cyd', 'alone.ssz', 'alone.commitment'));
    const { commitment } = decodeSeedCommitment(bytes('alone.commitment'));
    assert.deepEqual(
      drafts.map((each) => each.commitment),
      [toHex(commitment)],
    );
    if (process.platform !== 'win32') {
      assert.equal(statSync(join(at('cyd'), 'ceremony.json')).mode & 0o777, 0o600);
    }
  });
});

describe('an attempt that failed', () => {
  before(async () => {
    await draftOf('failed.ssz', 'cyd', 'ada', 'bob');
  });

  it('is followed by one at a time: two at once are two seeds to choose from', async () => {
    await fails(1, 'ceremony-under-way', ...commit('ada', 'failed.ssz', 'ada.failed'));
  });

  it('is given up for good: nothing is said for it any more, and its share is gone', async () => {
    const kept = join(at('ada'), 'ceremony.json');
    const promises = readFileSync(kept);
    await works(...commit('ada', 'failed.ssz', 'ada.failed', '--give-up'));
    await fails(1, 'ceremony-given-up', ...commit('ada', 'draft.ssz', 'late.commitment', '--give-up'));
    await fails(
      1,
      'ceremony-given-up',
      ...reveal('ada', 'draft.ssz', 'late.reveal', 'ada.commitment', 'bob.commitment'),
    );
    const { drafts } = JSON.parse(readFileSync(kept, 'utf8')) as {
      drafts: { draft: string; share: unknown }[];
    };
    const given = toHex(draftHash(decodeDraft(bytes('draft.ssz'))));
    assert.deepEqual(
      drafts.filter(({ draft }) => draft === given).map(({ share }) => share),
      [null],
    );
    writeFileSync(kept, promises);
  });
});

describe('reveal', () => {
  it('is refused before one has committed, and before all have', async () => {
    await draftOf('early.ssz', 'cyd', 'ada');
    await fails(1, 'ceremony-not-committed', ...reveal('cyd', 'early.ssz', 'new.reveal', 'ada.commitment'));
    const said = await fails(
      1,
      'ceremony-incomplete',
      ...reveal('ada', 'draft.ssz', 'new.reveal', 'ada.commitment'),
    );
    assert.ok(said.includes(idOf('draft.ssz', 'bob')), said);
  });

  it('takes a commitment that its sender did not make for one that did not come', async () => {
    const forged = { ...decodeSeedCommitment(bytes('bob.commitment')), commitment: new Uint8Array(32) };
    writeFileSync(at('forged.commitment'), encodeSeedCommitment(forged));
    const called = await run(
      ...reveal('ada', 'draft.ssz', 'new.reveal', 'ada.commitment', 'forged.commitment'),
    );
    assert.equal(called.failure().code, 'ceremony-incomplete');
    assert.match(called.stderr, /forged\.commitment does not count/);
  });

  it('is refused for a list with two commitments of one, and for a second list ever after', async () => {
    await withPromisesOf('bob', async () => {
      const file = join(at('bob'), 'ceremony.json');
      const promises = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...promises, drafts: [] }));
      await works(...commit('bob', 'draft.ssz', 'bob.second'));
    });
    const both = ['ada.commitment', 'bob.commitment', 'bob.second'];
    const said = await fails(1, 'ceremony-duplicate', ...reveal('ada', 'draft.ssz', 'new.reveal', ...both));
    assert.ok(said.includes(idOf('draft.ssz', 'bob')), said);
    await fails(
      1,
      'ceremony-revealed',
      ...reveal('ada', 'draft.ssz', 'new.reveal', 'ada.commitment', 'bob.second'),
    );
    // The list has another commitment in his own name.
    await fails(
      1,
      'ceremony-mismatch',
      ...reveal('bob', 'draft.ssz', 'new.reveal', 'ada.commitment', 'bob.second'),
    );
  });
});

describe('build', () => {
  const build = (...messages: readonly string[]) =>
    ['build', 'draft.ssz', ...messages, '--ceremony', 'new-ceremony.ssz', '-o', 'new.ssz'] as const;

  it('names whose reveal is missing, and what then has to be done', async () => {
    const said = await fails(
      1,
      'ceremony-incomplete',
      ...build('ada.commitment', 'bob.commitment', 'ada.reveal'),
    );
    assert.ok(said.includes(idOf('draft.ssz', 'bob')) && !said.includes(idOf('draft.ssz', 'ada')), said);
    assert.match(said, /--give-up/);
    await fails(1, 'ceremony-incomplete', ...build('ada.commitment', 'ada.reveal', 'bob.reveal'));
  });

  it('takes a reveal that does not open its commitment for one that did not come', async () => {
    const bent = bytes('bob.reveal');
    bent[64]! ^= 1;
    writeFileSync(at('bent.reveal'), bent);
    const called = await run(...build('ada.commitment', 'bob.commitment', 'ada.reveal', 'bent.reveal'));
    assert.equal(called.failure().code, 'ceremony-incomplete');
    assert.match(called.stderr, /bent\.reveal does not count: .*not what was committed to/);
    assert.ok(!existsSync(at('new.ssz')));
  });

  it('refuses files that are no messages of a ceremony', async () => {
    for (const name of ['money.csv', 'draft.ssz', 'nothing']) {
      await fails(2, 'usage', ...build('ada.commitment', 'bob.commitment', 'ada.reveal', name));
    }
    mkdirSync(at('folder'), { recursive: true });
    await fails(2, 'usage', ...build('folder'));
  });
});
