import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import { AssetBodyType, DEVELOPMENT, KIND } from '@sero/protocol';
import type { TransactionPlan } from '@sero/wallet';
import { expectShown, planText } from './plan-text.ts';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function planOf(change: Partial<TransactionPlan['tx']>): TransactionPlan {
  const none = { asset: fieldToBytes(0n), pubOut: [3n, 0n] };
  return {
    ...{ version: 1, genesisHash: bytes(32, 0xaa), anchor: { height: 1n, size: 1n, root: 0n }, fee: 3n },
    ...{ rFrom: 1n, alpha: 1n, slotAssets: [1n], inputs: [], outputs: [], spends: [] },
    tx: {
      ...{
        kind: KIND.pay,
        proofSystem: 1,
        circuit: 1,
        chainId: DEVELOPMENT.chainId,
        expiry: 9n,
        gasLimit: 1n,
      },
      ...{ gasPrice: 1n, from: bytes(64, 0xbb), pub: none, call: [], body: bytes(0, 0) },
      ...change,
    },
  };
}

const call = { to: [bytes(64, 0xcc)], data: bytes(2, 0xdd), value: 10n ** 18n, amount: 5n };
const pub = { asset: fieldToBytes(7n), pubOut: [3n + 10n ** 18n, 5n] };
const body = AssetBodyType.serialize({
  commit: [],
  issue: [{ name: new TextEncoder().encode('GOLD'), salt: bytes(32, 0xee), supply: 9n, kind: 1 }],
});
const shown = (plan: TransactionPlan): string => planText(plan, (asset) => `#${asset}`).text;

it('shows contract, value, amount, asset and data of a call, its sender and the chain', () => {
  const plan = planOf({ kind: KIND.call, call: [call], pub });
  expectShown(plan);
  const text = shown(plan);
  for (const part of [
    'cc'.repeat(64),
    '1 SERO',
    '5 #7',
    'dddd',
    'bb'.repeat(64),
    'aa'.repeat(32),
    'kind call',
  ])
    assert.ok(text.includes(part), part);
});

it('shows what an asset transaction registers', () => {
  const plan = planOf({ kind: KIND.asset, body });
  expectShown(plan);
  assert.match(shown(plan), /issues 9 of the token GOLD/);
});

it('refuses what it does not show in full: other kinds, a body or a call where none belongs, amounts that go nowhere', () => {
  expectShown(planOf({}));
  const hidden: Partial<TransactionPlan['tx']>[] = [
    { kind: KIND.stake },
    { kind: KIND.create, call: [call], pub },
    { kind: 200 },
    { body },
    { call: [call], pub },
    { pub },
    { pub: { asset: fieldToBytes(7n), pubOut: [3n, 0n] } },
    { kind: KIND.call },
    { kind: KIND.call, call: [call], pub, body },
    { kind: KIND.call, call: [call], pub: { ...pub, pubOut: [pub.pubOut[0]!, 6n] } },
    { kind: KIND.asset, body: bytes(3, 1) },
    { kind: KIND.asset, body, call: [call], pub },
  ];
  for (const change of hidden) assert.throws(() => expectShown(planOf(change)), { code: 'plan-not-shown' });
});
