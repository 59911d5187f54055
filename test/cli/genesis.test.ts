import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { developmentVerifyingKeys } from '@sero/circuits';
import { fromHex, portableBls, portableVrf, toHex } from '@sero/crypto';
import { openValidatorKeys } from '@sero/node';
import {
  checkCeremony,
  decodeCeremony,
  decodeDraft,
  decodeGenesis,
  decodeSeedCommitment,
  draftHash,
  encodeGenesis,
  encodeOneTimeAddress,
  encodeSeedCommitment,
  type Genesis,
  genesisHash,
  oneTimeAddressFromText,
  oneTimeAddressToText,
  recordOfValidator,
  stakeRecordId,
} from '@sero/protocol';
import { type Called, type Home, newHome, sero, writeWallet } from './support.ts';

/** How people begin a network by files, and what stops whoever would choose its seed, its stakes or its money. */

/** Accounts of one wallet: who owns the stakes. */
const PEOPLE = ['ada', 'bob', 'cyd'] as const;
type Person = (typeof PEOPLE)[number];

describe('sero genesis', { concurrency: false }, () => {
  let home: Home;
  const owners = {} as Record<Person, string>;
  const at = (name: string): string => join(home.path, name);
  const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(at(name)));
  const run = (...args: readonly string[]): Promise<Called> => sero({ home }, '--json', 'genesis', ...args);
  const works = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const called = await run(...args);
    assert.equal(called.code, 0, called.stderr);
    return called.json();
  };
  /** A refusal; nothing is written, nor changed in what was promised. */
  const fails = async (exit: number, code: string, ...args: readonly string[]): Promise<string> => {
    const snapshot = (): string[] =>
      readdirSync(home.path, { recursive: true, encoding: 'utf8' })
        .filter((name) => /^[^/]+$|ceremony\.json$/.test(name) && statSync(at(name)).isFile())
        .map((name) => `${name} ${hash('sha256', bytes(name))}`)
        .sort();
    const before = snapshot();
    const called = await run(...args);
    assert.equal(called.code, exit, `${called.stdout}${called.stderr}`);
    assert.equal(called.failure().code, code, called.stderr);
    assert.equal(called.stdout, '');
    assert.deepEqual(snapshot(), before);
    return `${called.failure().message}\n${called.failure().hint ?? ''}`;
  };
  const keysOf = (person: Person): readonly string[] => ['--keys', person];
  const NETWORK = [
    '--profile',
    'development',
    '--name',
    'our-net',
    '--time',
    '2027-01-01T12:00:00Z',
  ] as const;
  const join_ = (person: Person, output: string, ...more: readonly string[]) =>
    [
      ...['join', ...keysOf(person), '--owner', owners[person], '--units', '100', '--rounds', '1000'],
      ...['-o', output, ...more],
    ] as const;
  /** A draft of these entries. */
  const draftOf = (output: string, ...people: readonly string[]) =>
    works(
      'init',
      ...people.map((person) => `${person}.entry`),
      ...NETWORK,
      '--allocations',
      'money.csv',
      '-o',
      output,
    );
  const commit = (person: Person, draft: string, output: string, ...more: readonly string[]) =>
    ['commit', draft, ...keysOf(person), '-o', output, ...more] as const;
  const reveal = (person: Person, draft: string, output: string, ...commitments: readonly string[]) =>
    ['reveal', draft, ...commitments, ...keysOf(person), '-o', output] as const;
  const idOf = (draft: string, person: Person): string => {
    const { vrfKey } = JSON.parse(readFileSync(at(`${person}.entry`), 'utf8')) as { vrfKey: string };
    const row = decodeDraft(bytes(draft)).validators.find((each) => toHex(each.vrfKey) === vrfKey);
    return toHex(recordOfValidator(row!));
  };
  /** Does something with a copy of a person's promises, which are put back: what one does who cheats with his own directory. */
  const withPromisesOf = async (person: Person, cheat: () => Promise<void>): Promise<void> => {
    const [file, kept] = [join(at(person), 'ceremony.json'), at(`${person}.kept`)];
    copyFileSync(file, kept);
    try {
      await cheat();
    } finally {
      copyFileSync(kept, file);
      rmSync(kept);
    }
  };

  before(async () => {
    home = newHome();
    const accounts = PEOPLE.map((name, index) => ({ index, name }));
    await writeWallet(home, { words: `${'abandon '.repeat(23)}art` }, { accounts });
    for (const person of PEOPLE) {
      const called = await sero({ home }, '--json', '--account', person, 'genesis', 'address');
      owners[person] = called.json()['address'] as string;
      await works(...join_(person, `${person}.entry`));
    }
    writeFileSync(at('money.csv'), `address,amount\n${owners.ada},1000.5\n${owners.bob},1 SERO\n`);
    await draftOf('draft.ssz', 'ada', 'bob');
    await works(...commit('ada', 'draft.ssz', 'ada.commitment'));
    await works(...commit('bob', 'draft.ssz', 'bob.commitment'));
    for (const person of ['ada', 'bob'] as const) {
      await works(...reveal(person, 'draft.ssz', `${person}.reveal`, 'ada.commitment', 'bob.commitment'));
    }
    await works('build', 'draft.ssz', ...MESSAGES, '--ceremony', 'ceremony.ssz', '-o', 'genesis.ssz');
  });
  after(() => home.remove());
  const MESSAGES = ['bob.reveal', 'ada.commitment', 'ada.reveal', 'bob.commitment'] as const;

  it('gives a genesis file whose seed all drew together, and whose money is what was said', async () => {
    const genesis = decodeGenesis(bytes('genesis.ssz'));
    checkCeremony(genesis, decodeCeremony(bytes('ceremony.ssz')), portableVrf);
    assert.deepEqual({ ...genesis, seed: new Uint8Array(32) }, decodeDraft(bytes('draft.ssz')));
    const shown = await works('verify', 'genesis.ssz', '--ceremony', 'ceremony.ssz', '--draft', 'draft.ssz');
    assert.equal(shown['genesisHash'], toHex(genesisHash(genesis)));
    assert.deepEqual(shown['allocations'], { count: 2, sum: '1001500000000000000000' });
    assert.deepEqual(shown['stake'], {
      unit: '100000000000000000000',
      units: '200',
      value: '20000000000000000000000',
    });
    assert.equal(shown['money'], '21001500000000000000000');
    assert.deepEqual(
      (shown['validators'] as { owner: string; share: string }[])
        .map(({ owner, share }) => [owner, share])
        .sort(),
      [
        [owners.ada, '50%'],
        [owners.bob, '50%'],
      ].sort(),
    );
    const { stdout } = await sero({ home }, 'genesis', 'verify', 'genesis.ssz', '--ceremony', 'ceremony.ssz');
    assert.match(stdout, /^VALID\nnetwork {6}our-net, chain 31938, begins 2027-01-01T12:00:00\.000Z\n/);
    assert.match(stdout, /INSECURE: a development key/);
    assert.match(stdout, /^checked {6}its seed, which all/m);
  });

  it('does everything again with the same outcome, and says that it was made before', async () => {
    const again = [
      join_('ada', 'ada.entry'),
      [...['init', 'bob.entry', 'ada.entry', ...NETWORK], '--allocations', 'money.csv', '-o', 'draft.ssz'],
      commit('ada', 'draft.ssz', 'ada.commitment'),
      reveal('ada', 'draft.ssz', 'ada.reveal', 'bob.commitment', 'ada.commitment', 'ada.commitment'),
      ['build', 'draft.ssz', ...MESSAGES, 'ada.reveal', '--ceremony', 'ceremony.ssz', '-o', 'genesis.ssz'],
    ];
    for (const args of again) assert.equal((await works(...args))['written'], false, args.join(' '));
    rmSync(at('genesis.ssz'));
    const built = await works(
      'build',
      'draft.ssz',
      ...MESSAGES,
      '--ceremony',
      'ceremony.ssz',
      '-o',
      'genesis.ssz',
    );
    assert.equal(built['written'], true);
    await works('verify', 'genesis.ssz', '--ceremony', 'ceremony.ssz');
  });

  it('never writes over a file of another content', async () => {
    writeFileSync(at('there'), 'mine');
    await fails(2, 'usage', ...join_('ada', 'there'));
    await fails(2, 'usage', 'init', 'ada.entry', ...NETWORK, '-o', 'draft.ssz');
    await fails(2, 'usage', ...commit('ada', 'draft.ssz', 'there'));
    await fails(2, 'usage', ...reveal('ada', 'draft.ssz', 'there', 'ada.commitment', 'bob.commitment'));
    await fails(2, 'usage', 'build', 'draft.ssz', ...MESSAGES, '--ceremony', 'there', '-o', 'new.ssz');
    await fails(2, 'usage', 'build', 'draft.ssz', ...MESSAGES, '--ceremony', 'new.ssz', '-o', 'there');
    await fails(2, 'usage', 'build', 'draft.ssz', ...MESSAGES, '--ceremony', 'new.ssz', '-o', 'new.ssz');
    assert.equal(readFileSync(at('there'), 'utf8'), 'mine');
  });

  describe('join', () => {
    it('keeps the keys that are there, and refuses them for another owner or other rounds', async () => {
      const record = readFileSync(join(at('ada'), 'record.json'), 'utf8');
      const other = join_('ada', 'new.entry').map((arg) => (arg === owners.ada ? owners.bob : arg));
      await fails(2, 'keys-of-another', ...other);
      await fails(2, 'keys-of-another', ...join_('ada', 'new.entry', '--rounds', '999'));
      assert.equal(readFileSync(join(at('ada'), 'record.json'), 'utf8'), record);
    });

    it('refuses what can be no validator before it makes keys', async () => {
      const refused = async (...args: readonly string[]): Promise<void> => {
        await fails(2, 'usage', 'join', '--keys', 'nobody', '-o', 'new.entry', ...args);
        assert.ok(!existsSync(at('nobody')));
      };
      await refused('--owner', 'serordev1qqqq', '--units', '1');
      await refused('--owner', owners.ada.slice(0, -1), '--units', '1');
      await refused('--owner', owners.ada, '--units', '0');
      await refused('--owner', owners.ada, '--units', '1', '--rounds', '0');
      await refused('--owner', owners.ada, '--units', '1', '--rounds', '3000001');
      await refused('--owner', owners.ada, '--units', '1', '--commission', '10001');
    });

    it('is refused while a node votes with the keys', async () => {
      const held = openValidatorKeys(at('ada'));
      try {
        await fails(7, 'directory-locked', ...join_('ada', 'new.entry'));
        await fails(7, 'directory-locked', ...commit('ada', 'draft.ssz', 'new.commitment'));
      } finally {
        held.close();
      }
    });
  });

  describe('init', () => {
    const init = (output: string, ...args: readonly string[]) =>
      ['init', ...args, ...NETWORK, '-o', output] as const;
    const fieldsOf = (name: string): Record<string, string> => JSON.parse(readFileSync(at(name), 'utf8'));
    /** Ada's entry with other parts, spelled as it should be and with the right name of the record: what a forger sends. */
    const forge = (name: string, change: Readonly<Record<string, string>>): void => {
      const fields = { ...fieldsOf('ada.entry'), ...change };
      const { owner, vrfKey, voteRoot } = fields as Record<'owner' | 'vrfKey' | 'voteRoot', string>;
      const pkr = encodeOneTimeAddress(oneTimeAddressFromText(owner, 'development'));
      fields['record'] = toHex(stakeRecordId(pkr, fromHex(vrfKey), fromHex(voteRoot)));
      writeFileSync(at(name), `${JSON.stringify(fields, undefined, 2)}\n`);
    };

    it('takes everybody’s entry, whatever their order', async () => {
      await works(...init('one.ssz', 'ada.entry', 'bob.entry', 'cyd.entry'));
      await works(...init('other.ssz', 'cyd.entry', 'ada.entry', 'bob.entry'));
      assert.deepEqual(bytes('one.ssz'), bytes('other.ssz'));
    });

    it('refuses a proof of possession of somebody else, and stake for another owner than the keys’', async () => {
      const { owner, blsKey, blsProof } = fieldsOf('bob.entry') as Record<
        'owner' | 'blsKey' | 'blsProof',
        string
      >;
      forge('stolen.entry', { blsKey, blsProof });
      await fails(2, 'bls-possession', ...init('new.ssz', 'stolen.entry', 'cyd.entry'));
      forge('redirected.entry', { owner });
      await fails(2, 'bls-possession', ...init('new.ssz', 'redirected.entry', 'cyd.entry'));
    });

    it('refuses one validator twice, keys that are none, and an entry that was changed by hand', async () => {
      await fails(2, 'genesis-invalid', ...init('new.ssz', 'ada.entry', 'ada.entry'));
      forge('small-order.entry', { voteRoot: '01'.padEnd(64, '0') });
      await fails(2, 'stake-key', ...init('new.ssz', 'small-order.entry'));
      writeFileSync(at('richer.entry'), readFileSync(at('ada.entry'), 'utf8').replace('"100"', '"1000" '));
      await fails(2, 'usage', ...init('new.ssz', 'richer.entry'));
    });

    it('refuses an entry for another chain: its owner would not find his stake', async () => {
      await fails(2, 'entry-other-network', ...init('new.ssz', 'ada.entry', '--chain-id', '7'));
      await fails(
        2,
        'entry-other-network',
        ...init('new.ssz', 'ada.entry').map((arg) => (arg === 'development' ? 'production' : arg)),
      );
    });

    it('refuses keys under which everybody can forge where the profile is no development one', async () => {
      const owner = oneTimeAddressToText(oneTimeAddressFromText(owners.ada, 'development'), 'production');
      const joining = join_('ada', 'production.entry').map((arg) => (arg === owners.ada ? owner : arg));
      await withPromisesOf('ada', async () => {
        await works(...joining);
      });
      const [key] = developmentVerifyingKeys().values();
      writeFileSync(at('dev.vk'), key!);
      const production = ['init', 'production.entry', '--name', 'net', '--time', NETWORK[5], '-o', 'new.ssz'];
      assert.match(await fails(2, 'usage', ...production), /everybody can forge/);
      assert.match(await fails(2, 'usage', ...production, '--verifying-key', 'dev.vk'), /development key/);
      await fails(2, 'key-malformed', ...production, '--verifying-key', 'money.csv');
    });

    it('refuses parameters that no chain can begin with, and numbers that are too large for their field', async () => {
      writeFileSync(at('unit.json'), '{"stake":{"unit":"1"}}');
      await fails(2, 'genesis-invalid', ...init('new.ssz', 'ada.entry', '--parameters', 'unit.json'));
      for (const text of [
        '{"pace":{"fastRecovery":4294967296}}',
        '{"snapshotEvery":"18446744073709551616"}',
        '{"issue":{"poolShift":256}}',
      ]) {
        writeFileSync(at('large.json'), text);
        await fails(2, 'usage', ...init('new.ssz', 'ada.entry', '--parameters', 'large.json'));
      }
      const named = (name: string) =>
        init('new.ssz', 'ada.entry').map((arg) => (arg === 'our-net' ? name : arg));
      await fails(2, 'usage', ...named('n'.repeat(33)));
      await fails(2, 'usage', ...named(''));
      await fails(2, 'usage', ...init('new.ssz', 'ada.entry', '--time', 'tomorrow'));
      await fails(2, 'usage', ...init('new.ssz', 'ada.entry', '--derivation', 'derivation.txt'));
      writeFileSync(at('derivation.txt'), 'x'.repeat(4_097));
      await fails(2, 'usage', ...init('new.ssz', 'ada.entry', '--derivation', 'derivation.txt'));
    });

    it('shows parameters that differ from the profile', async () => {
      writeFileSync(at('slow.json'), '{"pace":{"idle":6000}}');
      const { differences } = await works(...init('slow.ssz', 'ada.entry', '--parameters', 'slow.json'));
      assert.deepEqual(differences, [{ name: 'pace.idle', value: '6000', usual: '5000' }]);
    });
  });

  describe('commit', () => {
    /** Writes a draft that somebody changed. */
    const changed = (name: string, change: Partial<Genesis>, from = 'draft.ssz'): void =>
      writeFileSync(at(name), encodeGenesis({ ...decodeDraft(bytes(from)), ...change }));

    it('is refused for a draft in which one’s own row is not what one sent', async () => {
      const draft = decodeDraft(bytes('draft.ssz'));
      const [first, second] = draft.validators as [
        (typeof draft.validators)[0],
        (typeof draft.validators)[0],
      ];
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
      const [first, second] = draft.validators as [
        (typeof draft.validators)[0],
        (typeof draft.validators)[0],
      ];
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
      await run(...commit('cyd', 'alone.ssz', join('nowhere', 'cyd.commitment')));
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

  describe('verify', () => {
    it('says of a genesis file alone, and of a draft, what cannot be known', async () => {
      const alone = await works('verify', 'genesis.ssz');
      assert.match(String(alone['unchecked']), /where its seed came from/);
      const draft = await works('verify', 'draft.ssz');
      assert.equal(draft['draft'], true);
      assert.equal(draft['genesisHash'], undefined);
      assert.equal(draft['draftHash'], alone['draftHash']);
      await fails(2, 'usage', 'verify', 'draft.ssz', '--ceremony', 'ceremony.ssz');
    });

    it('refuses a seed that somebody chose, money that somebody added, and a ceremony of another file', async () => {
      const genesis = decodeGenesis(bytes('genesis.ssz'));
      writeFileSync(at('chosen.ssz'), encodeGenesis({ ...genesis, seed: new Uint8Array(32).fill(9) }));
      await fails(1, 'ceremony-seed', 'verify', 'chosen.ssz', '--ceremony', 'ceremony.ssz');
      const [first, ...rest] = genesis.allocations;
      writeFileSync(
        at('richer.ssz'),
        encodeGenesis({ ...genesis, allocations: [{ ...first!, value: first!.value + 1n }, ...rest] }),
      );
      await fails(1, 'ceremony-draft', 'verify', 'richer.ssz', '--ceremony', 'ceremony.ssz');
      await fails(1, 'genesis-other-draft', 'verify', 'richer.ssz', '--draft', 'draft.ssz');
      await works('verify', 'richer.ssz');
    });

    it('refuses a file that breaks a rule, with keys that are not their owners’, cut, or too long', async () => {
      const genesis = decodeGenesis(bytes('genesis.ssz'));
      writeFileSync(at('bad.ssz'), encodeGenesis({ ...genesis, version: 2 }));
      await fails(2, 'genesis-invalid', 'verify', 'bad.ssz');
      const [first, second] = genesis.validators as [
        (typeof genesis.validators)[0],
        (typeof genesis.validators)[0],
      ];
      writeFileSync(
        at('bad.ssz'),
        encodeGenesis({ ...genesis, validators: [{ ...first, blsProof: second.blsProof }, second] }),
      );
      await fails(1, 'bls-possession', 'verify', 'bad.ssz');
      writeFileSync(at('bad.ssz'), bytes('genesis.ssz').subarray(0, -1));
      await fails(2, 'malformed', 'verify', 'bad.ssz');
      writeFileSync(at('bad.ssz'), new Uint8Array(16_777_217));
      await fails(2, 'usage', 'verify', 'bad.ssz');
    });

    it('says whether the money is what was agreed on', async () => {
      const { checked } = await works('verify', 'genesis.ssz', '--allocations', 'money.csv');
      assert.match(String(checked), /allocations are those of money\.csv/);
      const [header, first, second] = readFileSync(at('money.csv'), 'utf8').split('\n') as [
        string,
        string,
        string,
      ];
      for (const lines of [
        [first],
        [first, second, second],
        [second, first],
        [first.replace('.5', '.6'), second],
      ]) {
        writeFileSync(at('agreed.csv'), [header, ...lines].join('\n'));
        await fails(1, 'genesis-other-allocations', 'verify', 'genesis.ssz', '--allocations', 'agreed.csv');
      }
    });

    it('shows the genesis file of a chain of one, which has no seed', async () => {
      const genesis = decodeGenesis(bytes('genesis.ssz'));
      const solo = { ...genesis, validators: [], seed: new Uint8Array(32) };
      writeFileSync(at('solo.ssz'), encodeGenesis(solo));
      const shown = await works('verify', 'solo.ssz');
      assert.deepEqual([shown['draft'], shown['genesisHash']], [false, toHex(genesisHash(solo))]);
      assert.doesNotMatch(String(shown['unchecked']), /seed/);
    });

    it('says whether a verifying key is the one that the file names', async () => {
      const keys = [...developmentVerifyingKeys().values()];
      for (const [i, key] of keys.entries()) writeFileSync(at(`${i}.vk`), key);
      const { unchecked } = await works('verify', 'genesis.ssz', '--verifying-key', '0.vk', '1.vk', '2.vk');
      assert.doesNotMatch(String(unchecked), /verifying key/);
      const { verifyingKeys } = decodeGenesis(bytes('genesis.ssz'));
      const genesis = decodeGenesis(bytes('genesis.ssz'));
      writeFileSync(at('fewer.ssz'), encodeGenesis({ ...genesis, verifyingKeys: verifyingKeys.slice(1) }));
      await fails(1, 'genesis-other-key', 'verify', 'fewer.ssz', '--verifying-key', '0.vk');
    });
  });

  it('goes on in a directory that was copied by nobody: a copy of the keys is refused', async () => {
    cpSync(at('bob'), at('copy'), { recursive: true });
    const called = await run('commit', 'draft.ssz', '--keys', 'copy', '-o', 'copy.commitment');
    assert.equal(called.failure().code, 'keys-copied');
  });
});
