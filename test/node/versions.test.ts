import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blake2b256, portableBls, portableEd25519, toHex, utf8 } from '@sero/crypto';
import { openLedger } from '@sero/ledger';
import { NodeError } from '@sero/node';
import {
  DEVELOPMENT,
  decodeGenesis,
  encodeBlock,
  stakeRecordId,
  type Version,
  versionHash,
} from '@sero/protocol';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import { verifierDouble } from '../wallet/doubles.ts';
import { hasherDouble, keyDouble, OWNER } from './doubles.ts';
import { genesisFile, newDirectory, start } from './running.ts';

const point = (name: string) => portableEd25519.publicKey(blake2b256('TEST_KEY', utf8(name)));

const PARTICIPANT = {
  owner: OWNER,
  vrfKey: point('vrf'),
  voteRoot: point('root'),
  blsKey: new Uint8Array(48),
  blsProof: new Uint8Array(96),
  firstRound: 1n,
  lastRound: 1_000_000n,
  commission: 0,
  units: 1n,
};

const SECOND: Version = { number: 2, rules: blake2b256('TEST_RULES'), disabled: [] };

const GENESIS = genesisFile({
  seed: blake2b256('TEST_SEED'),
  validators: [PARTICIPANT],
  versions: { ...DEVELOPMENT.versions, window: 4, approvals: 3, delay: 4n },
});

/** A node's directory with a chain of so many blocks, all of whose proposers want the second version, made by software that has it. */
async function chainOf(count: number): Promise<string> {
  const directory = newDirectory();
  mkdirSync(directory);
  const store = openLmdbStore(join(directory, 'state'));
  const blocks = openFileLog(join(directory, 'blocks'));
  const ledger = openLedger({
    genesis: decodeGenesis(GENESIS),
    store,
    blocks,
    verifyingKeys: [keyDouble()],
    verifier: verifierDouble,
    hasher: hasherDouble,
    bls: { ...portableBls, verifyPossession: () => true },
    versions: [SECOND],
  });
  const proposal = {
    proposer: stakeRecordId(OWNER, PARTICIPANT.vrfKey, PARTICIPANT.voteRoot),
    // A later period needs no proof of a seed.
    period: 1,
    versionVote: { hash: versionHash(SECOND), delay: 4n },
  };
  for (let i = 0; i < count; i++) {
    const { block } = await ledger.propose([], ledger.head().time + 5_000n, proposal);
    await ledger.apply(encodeBlock(block));
  }
  blocks.close();
  store.close();
  return directory;
}

test('a node that lacks the version which its chain approved says so, with the height of the switch and what to do', async () => {
  const looked = { genesis: GENESIS, seals: false };
  const before = await start(await chainOf(2), looked);
  await before.node.close();
  assert.ok(!before.said('release'));
  const { node, lines } = await start(await chainOf(3), looked);
  await node.close();
  const warned = lines.filter(({ msg }) => msg.includes('release'));
  assert.deepEqual(
    warned.map(({ level, height, version }) => ({ level, height, version })),
    [{ level: 40, height: 8, version: toHex(versionHash(SECOND)) }],
  );
  assert.match(warned[0]!.msg, /stops before the block of that height. Install a release that has it/);
});

test('a node does not open a chain beyond the switch, and says that nothing is lost', async () => {
  const directory = await chainOf(8);
  await assert.rejects(start(directory, { genesis: GENESIS, seals: false }), (error) => {
    assert.ok(error instanceof NodeError && error.code === 'version-unknown');
    assert.match(error.message, /version 2 .*install a release that has it and start again, nothing is lost/);
    return true;
  });
});
