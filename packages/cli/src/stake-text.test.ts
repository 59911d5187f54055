import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import {
  ClaimBodyType,
  DEVELOPMENT,
  KIND,
  NO_VALIDATORS,
  OnlineBodyType,
  PRODUCTION,
  RegisterBodyType,
  StakeBodyType,
  UnlockBodyType,
} from '@sero/protocol';
import type { TransactionPlan } from '@sero/wallet';
import { expectShown, planText } from './plan-text.ts';
import { commandText, durationText, failureText, percentText, waitText } from './stake-text.ts';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function planOf(kind: number, body: Uint8Array, pubOut = 3n): TransactionPlan {
  return {
    ...{ version: 1, genesisHash: bytes(32, 0xaa), anchor: { height: 1n, size: 1n, root: 0n }, fee: 3n },
    ...{ rFrom: 1n, alpha: 1n, slotAssets: [1n], inputs: [], outputs: [], spends: [] },
    tx: {
      ...{ kind, proofSystem: 1, circuit: 1, chainId: DEVELOPMENT.chainId, expiry: 9n, gasLimit: 3n },
      ...{ gasPrice: 1n, from: bytes(64, 0xbb), call: [], body },
      pub: { asset: fieldToBytes(0n), pubOut: [pubOut, 0n] },
    },
  };
}

const REGISTRATION = {
  record: [],
  vrfKey: bytes(32, 0x11),
  voteRoot: bytes(32, 0x22),
  blsKey: bytes(48, 0x33),
  blsProof: bytes(96, 0x44),
  firstRound: 5n,
  lastRound: 77n,
  commission: 250,
};

const ID = bytes(32, 0x5f);
const shown = (plan: TransactionPlan): string => {
  expectShown(plan);
  return planText(plan, () => 'SERO').text;
};

describe('what a plan of stake says before it is signed', () => {
  it('shows units, record, and the SERO that leaves for them', () => {
    const text = shown(
      planOf(KIND.stake, StakeBodyType.serialize({ record: ID, units: 2n }), 3n + 200n * 10n ** 18n),
    );
    for (const part of ['2 units', '5f'.repeat(32), '200 SERO leave the account openly', 'kind stake']) {
      assert.ok(text.includes(part), part);
    }
  });

  it('shows every key of a registration, its range and commission', () => {
    const text = shown(planOf(KIND.register, RegisterBodyType.serialize(REGISTRATION)));
    for (const fill of ['11', '22']) assert.ok(text.includes(fill.repeat(32)));
    assert.ok(text.includes('33'.repeat(48)) && text.includes('44'.repeat(96)));
    assert.match(text, /registers the record [0-9a-f]{64}/);
    assert.match(text, /rounds 5 to 77, commission 2\.5 %/);
    const renewal = RegisterBodyType.serialize({ ...REGISTRATION, record: [ID] });
    assert.match(shown(planOf(KIND.register, renewal)), /renews the record (5f){32}/);
  });

  it('shows what a record is set to, what is unlocked, and what is claimed', () => {
    const online = (state: number): string =>
      shown(planOf(KIND.online, OnlineBodyType.serialize({ record: ID, online: state })));
    assert.match(online(0), /sets the record (5f){32} offline/);
    assert.match(online(1), /sets the record (5f){32} online/);
    assert.match(online(2), /takes the record (5f){32} out of the tables for good/);
    assert.match(
      shown(planOf(KIND.unlock, UnlockBodyType.serialize({ record: ID, units: 1n }))),
      /unlocks 1 unit of the record (5f){32}/,
    );
    assert.match(shown(planOf(KIND.claim, ClaimBodyType.serialize({ record: ID }))), /claims .* (5f){32}/);
  });

  it('refuses a body that is none, and a call beside it', () => {
    const claim = ClaimBodyType.serialize({ record: ID });
    const call = { to: [bytes(64, 1)], data: bytes(0, 0), value: 0n, amount: 0n };
    const withCall = planOf(KIND.claim, claim);
    for (const plan of [
      planOf(KIND.claim, bytes(31, 1)),
      planOf(KIND.stake, StakeBodyType.serialize({ record: ID, units: 0n })),
      planOf(KIND.online, OnlineBodyType.serialize({ record: ID, online: 3 })),
      { ...withCall, tx: { ...withCall.tx, call: [call] } },
    ]) {
      assert.throws(() => expectShown(plan), { code: 'plan-not-shown' });
    }
  });
});

describe('stake in words', () => {
  it('has words for everything for which the ledger refuses a command', () => {
    // StakeFailure of @sero/ledger.
    const words = [
      ...['record-unknown', 'record-exists', 'record-leaving', 'record-slashed', 'not-the-owner'],
      ...['keys-in-use', 'key-range-expired', 'commission-raised', 'already-online', 'already-offline'],
      ...['units-insufficient', 'unlocking-full', 'nothing-to-claim', 'last-participant'],
    ];
    for (const word of words) assert.notEqual(failureText(word), word);
    assert.equal(failureText('of-a-later-version'), 'of-a-later-version');
  });

  it('says how long unlocked stake waits, by whichever of the two waits is longer', () => {
    const genesis = {
      name: bytes(0, 0),
      time: 0n,
      verifyingKeys: [],
      allocations: [],
      derivation: bytes(0, 0),
    };
    assert.equal(
      waitText({ ...PRODUCTION, ...genesis, ...NO_VALIDATORS }),
      '1500000 rounds, and 174 days where rounds last 10 seconds',
    );
    assert.match(
      waitText({ ...DEVELOPMENT, ...genesis, ...NO_VALIDATORS }),
      /^64 rounds, and \d+ (seconds|minutes) /,
    );
    assert.equal(durationText(60_000), '60 seconds');
    assert.equal(durationText(172_800_000), '2 days');
  });

  it('says of each command of the history what it asked for, and why it failed', () => {
    const from = bytes(64, 0xbb);
    const says = (action: Parameters<typeof commandText>[0]['action'], more = {}): string =>
      commandText({ action, record: ID, from, ...more }).replace('5f'.repeat(32), 'ID');
    assert.equal(says('stake', { units: 2n }), 'stake 2 units in the record ID');
    assert.equal(says('unlock', { units: 1n }), 'unlock 1 unit of the record ID');
    assert.deepEqual(
      (['register', 'renew', 'online', 'offline', 'leave', 'claim'] as const).map((action) => says(action)),
      [
        'register the record ID',
        'renew the record ID',
        'set the record ID online',
        'set the record ID offline',
        'take the record ID out of the tables for good',
        'claim from the record ID',
      ],
    );
    assert.equal(
      says('claim', { failure: 'nothing-to-claim' }),
      'claim from the record ID; failed: there was nothing to claim',
    );
  });

  it('writes commissions as percent', () => {
    assert.deepEqual([percentText(0), percentText(250), percentText(10_000)], ['0 %', '2.5 %', '100 %']);
  });
});
