import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { developmentVerifyingKeys } from '@sero/circuits';
import { fromHex, portableVrf, toHex } from '@sero/crypto';
import { openValidatorKeys } from '@sero/node';
import {
  checkCeremony,
  decodeCeremony,
  decodeDraft,
  decodeGenesis,
  encodeGenesis,
  encodeOneTimeAddress,
  genesisHash,
  oneTimeAddressFromText,
  oneTimeAddressToText,
  stakeRecordId,
} from '@sero/protocol';
import { beginNetwork, MESSAGES, NETWORK } from './genesis-test-support.ts';
import { sero } from './support.ts';

/** `sero genesis` from the first entry to the file that is verified, and what of it is refused; who would choose the seed is in genesis-ceremony.test.ts. */

const { home, owners, at, bytes, run, works, fails, joining, commit, reveal, withPromisesOf, remove } =
  await beginNetwork();
after(remove);

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
    joining('ada', 'ada.entry'),
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
  await fails(2, 'usage', ...joining('ada', 'there'));
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
    const other = joining('ada', 'new.entry').map((arg) => (arg === owners.ada ? owners.bob : arg));
    await fails(2, 'keys-of-another', ...other);
    await fails(2, 'keys-of-another', ...joining('ada', 'new.entry', '--rounds', '999'));
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
    await refused('--owner', owners.ada, '--units', '1', '-o', 'money.csv');
  });

  it('is refused while a node votes with the keys', async () => {
    const held = openValidatorKeys(at('ada'));
    try {
      await fails(7, 'directory-locked', ...joining('ada', 'new.entry'));
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
    const inProduction = joining('ada', 'production.entry').map((arg) => (arg === owners.ada ? owner : arg));
    await withPromisesOf('ada', async () => {
      await works(...inProduction);
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
