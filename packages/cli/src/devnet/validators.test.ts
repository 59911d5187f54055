import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { developmentVerifyingKeys } from '@sero/circuits';
import { portableBls, toHex } from '@sero/crypto';
import { openValidatorKeys } from '@sero/node';
import { checkGenesisKeys, DEVELOPMENT, decodeGenesis, genesisHash } from '@sero/protocol';
import { devnetAccounts } from './accounts.ts';
import { devnetGenesis } from './genesis.ts';
import { DEVNET_VALIDATORS, devnetNetwork } from './validators.ts';

const VERIFYING_KEYS = developmentVerifyingKeys();

describe('the genesis files of a devnet', () => {
  const made: string[] = [];
  const directory = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'sero-devnet-keys-'));
    made.push(path);
    return path;
  };
  after(() => {
    for (const path of made) rmSync(path, { recursive: true, force: true });
  });

  it('are those of every devnet of this version: who has a chain goes on with it', () => {
    const accounts = devnetAccounts(DEVELOPMENT.chainId);
    const hashOf = (file: Uint8Array): string => toHex(genesisHash(decodeGenesis(file)));
    const solo = devnetGenesis({ accounts, verifyingKeys: VERIFYING_KEYS, solo: true });
    assert.equal(hashOf(solo), 'a68469471d03abe2b6de3334b94ec9dd2ffc8a817c7b471d980c98a6641bfbec');
    assert.equal(
      hashOf(devnetNetwork(DEVNET_VALIDATORS, VERIFYING_KEYS).genesis),
      'a6ceb528a3a035cb2f67ed72d7dead3b9dc2797fce01b40dfb78670b200318a0',
    );
  });

  it('hold, with as many validators as are asked for, whose keys their owners have', () => {
    for (const count of [1, 4, 20]) {
      const { genesis, validators } = devnetNetwork(count, VERIFYING_KEYS);
      const file = decodeGenesis(genesis);
      assert.equal(file.validators.length, count);
      assert.deepEqual(
        validators.map(({ index }) => index),
        Array.from({ length: count }, (_, i) => i),
      );
      if (count < 20) checkGenesisKeys(file, { bls: portableBls });
      assert.deepEqual(
        new Set(file.validators.map(({ vrfKey }) => toHex(vrfKey))),
        new Set(validators.map(({ row }) => toHex(row.vrfKey))),
      );
    }
  });

  it('name the keys that each validator makes, and makes again after they were used: --reset begins the same network', () => {
    const { validators } = devnetNetwork(2, VERIFYING_KEYS);
    const [path, again] = [directory(), directory()];
    validators[1]!.makeKeys(path);
    const keys = openValidatorKeys(path);
    const { commission: _c, units: _u, ...row } = validators[1]!.row;
    assert.deepEqual(keys.public, row);
    keys.close();
    validators[1]!.makeKeys(again);
    for (const name of ['record.json', 'vrf.key', 'bls.key', 'ephemeral.keys']) {
      assert.ok(readFileSync(join(path, name)).equals(readFileSync(join(again, name))), name);
    }
  });

  it('give account i the stake of validator i, so that its wallet shows it', () => {
    const accounts = devnetAccounts(DEVELOPMENT.chainId);
    const { validators } = devnetNetwork(11, VERIFYING_KEYS);
    assert.deepEqual(
      validators.map(({ row }) => row.owner),
      [...accounts, accounts[0]!].map(({ allocationAddress }) => allocationAddress),
    );
  });
});
