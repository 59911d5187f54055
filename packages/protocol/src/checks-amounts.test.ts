import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, utf8 } from '@sero/crypto';
import {
  type Action,
  AssetBodyType,
  type Call,
  KIND,
  type ProtocolErrorCode,
  SERO_UNIT,
  type Transaction,
} from './index.ts';
import {
  assetTransaction,
  BAD_FIELDS,
  COMMIT_BODY,
  contractCall,
  filler,
  GAS_PRICE,
  GENESIS,
  issueBody,
  payment,
  plusModulus,
  receive,
  refusal,
  signed,
  tied,
} from './test-support.ts';

function assertRefused(tx: Transaction, code: ProtocolErrorCode, why?: string): void {
  assert.throws(() => receive(signed(tx)), refusal(code), why);
}

const LAST = 2n ** 128n - 1n;

/** The transaction with public amounts and asset as given, signed for what they are. */
function withPublic(tx: Transaction, change: { asset?: Uint8Array; pubOut?: [bigint, bigint] }): Transaction {
  return { ...tx, pub: { ...tx.pub, ...change } };
}

/** The transaction with this gas limit and a fee that ties to it. */
const withGas = (tx: Transaction, gasLimit: bigint, price = 0n): Transaction =>
  tied({ ...tx, gasLimit }, price);

test('without a call the gas limit is exactly the intrinsic gas', () => {
  for (const tx of [payment(), payment({ memo: filler(1, 528) }), assetTransaction(COMMIT_BODY)]) {
    receive(signed(tx));
    for (const gasLimit of [tx.gasLimit - 1n, tx.gasLimit + 1n, 1n, 2n ** 64n - 1n]) {
      assertRefused(withGas(tx, gasLimit), 'gas-limit', `${gasLimit}`);
    }
    assertRefused({ ...tx, gasLimit: 0n, pub: { ...tx.pub, pubOut: [0n, 0n] } }, 'gas-limit');
  }
});

test('with a call the gas limit lies between the intrinsic gas and the limit of a block', () => {
  const tx = contractCall({ value: 1n });
  for (const gasLimit of [tx.gasLimit, tx.gasLimit + 1n, GENESIS.fees.gasLimit]) {
    receive(signed(withGas(tx, gasLimit)));
  }
  for (const gasLimit of [tx.gasLimit - 1n, GENESIS.fees.gasLimit + 1n, 2n ** 64n - 1n]) {
    assertRefused(withGas(tx, gasLimit), 'gas-limit', `${gasLimit}`);
  }
});

test('gas limit times gas price stays below 2^128', () => {
  const { gasLimit } = payment();
  const edge = LAST / gasLimit;
  receive(signed(payment({ gasPrice: edge })));
  for (const gasPrice of [edge + 1n, LAST]) {
    // No pubOut_0 could tie; the one that would tie modulo 2^128 is the attack.
    const tx = withPublic({ ...payment(), gasPrice }, { pubOut: [(gasLimit * gasPrice) % 2n ** 128n, 0n] });
    assertRefused(tx, 'fee-overflow', `${gasPrice}`);
  }
});

test('the sum of fee, call value and name price stays below 2^128', () => {
  const fee = contractCall({ value: 1n }).gasLimit * GAS_PRICE;
  const value = LAST - fee;
  receive(signed(contractCall({ value })));
  for (const over of [1n, fee]) {
    const call = contractCall({ value: 1n });
    const tx = { ...call, call: [{ ...call.call[0]!, value: value + over }] };
    assertRefused(withPublic(tx, { pubOut: [over - 1n, 0n] }), 'fee-overflow', `${over}`);
  }
  const { gasLimit } = assetTransaction(issueBody());
  const gasPrice = LAST / gasLimit;
  const wrapped = (gasLimit * gasPrice + SERO_UNIT) % 2n ** 128n;
  const issue = withPublic({ ...assetTransaction(issueBody()), gasPrice }, { pubOut: [wrapped, 0n] });
  assertRefused(issue, 'fee-overflow');
});

test('pubOut_0 is exactly the fee plus call value plus name price', () => {
  const price = SERO_UNIT;
  const transactions = [
    payment(),
    contractCall({ value: 1_000n }),
    assetTransaction(COMMIT_BODY),
    assetTransaction(issueBody(), price),
  ];
  for (const tx of transactions) {
    receive(signed(tx));
    const [honest, amount] = [tx.pub.pubOut[0]!, tx.pub.pubOut[1]!];
    for (const wrong of [honest - 1n, honest + 1n, 0n, LAST, honest - 1_000n, honest + price]) {
      assertRefused(withPublic(tx, { pubOut: [wrong, amount] }), 'public-amount-mismatch', `${wrong}`);
    }
  }
  assertRefused(assetTransaction(issueBody(), 0n), 'public-amount-mismatch', 'a name without its price');
  assertRefused(
    assetTransaction(issueBody(), price / 10n),
    'public-amount-mismatch',
    'a name below its price',
  );
});

test('the value of a call is paid: it cannot be larger than what leaves the pool for it', () => {
  const tx = contractCall({ value: 1_000n });
  const raised = { ...tx, call: [{ ...tx.call[0]!, value: 1_001n }] };
  assertRefused(raised, 'public-amount-mismatch');
});

test("pubOut_1 is exactly the call's amount, and 0 without a call", () => {
  const tx = contractCall({ amount: 50n });
  receive(signed(tx));
  for (const wrong of [0n, 49n, 51n, LAST]) {
    assertRefused(
      withPublic(tx, { pubOut: [tx.pub.pubOut[0]!, wrong] }),
      'public-amount-mismatch',
      `${wrong}`,
    );
  }
  for (const other of [payment(), assetTransaction(COMMIT_BODY), contractCall()]) {
    const leaking = withPublic(other, { asset: fieldToBytes(9n), pubOut: [other.pub.pubOut[0]!, 1n] });
    assertRefused(leaking, 'public-amount-mismatch');
  }
});

test('a public asset is named exactly where its amount is not 0', () => {
  const tx = contractCall({ amount: 50n });
  assertRefused(
    withPublic(tx, { asset: new Uint8Array(32) }),
    'public-asset-mismatch',
    'an amount of nothing',
  );
  for (const other of [payment(), contractCall(), assetTransaction(COMMIT_BODY)]) {
    assertRefused(
      withPublic(other, { asset: fieldToBytes(9n) }),
      'public-asset-mismatch',
      'a name for nothing',
    );
  }
});

test('SERO leaves the pool in slot 0 only: as the public asset it would pass the circuit twice', () => {
  assertRefused(
    withPublic(contractCall({ amount: 50n }), { asset: fieldToBytes(1n) }),
    'public-asset-mismatch',
  );
  assertRefused(withPublic(contractCall(), { asset: fieldToBytes(1n) }), 'public-asset-mismatch');
});

test('the public asset has one spelling', () => {
  const tx = contractCall({ amount: 50n });
  const second = [tx.pub.asset, fieldToBytes(1n)].map(plusModulus);
  for (const asset of [...second, ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
    assertRefused(withPublic(tx, { asset }), 'field-not-canonical');
  }
  // q is a second spelling of "no asset".
  assertRefused(withPublic(payment(), { asset: plusModulus(new Uint8Array(32)) }), 'field-not-canonical');
});

test('a call names the contract that it calls', () => {
  assertRefused(contractCall({ to: [] }), 'call-missing');
  assertRefused(tied({ ...contractCall(), call: [], gasLimit: 0n }), 'call-missing');
});

test('only a call carries a call or recipients', () => {
  const call: Call = { to: [filler(1, 64)], data: new Uint8Array(0), value: 0n, amount: 0n };
  for (const tx of [payment(), assetTransaction(COMMIT_BODY)]) {
    assertRefused(tied({ ...tx, call: [call], gasLimit: 0n }), 'call-unexpected');
    assertRefused(tied({ ...tx, recipients: [tx.from], gasLimit: 0n }), 'recipients-unexpected');
  }
});

test('kinds 0 and 1 have an empty body', () => {
  for (const body of [Uint8Array.of(0), COMMIT_BODY]) {
    assertRefused({ ...payment(), body }, 'body-malformed');
    assertRefused({ ...contractCall(), body }, 'body-malformed');
  }
});

test('an asset body commits or issues: not both, not neither, nothing else', () => {
  const commit = [{ hash: filler(1, 32) }];
  const issue = [{ name: utf8('HEPTANE'), salt: filler(2, 32), supply: 1n, kind: 1 }];
  const price = SERO_UNIT;
  for (const body of [
    AssetBodyType.serialize({ commit, issue }),
    AssetBodyType.serialize({ commit: [], issue: [] }),
    AssetBodyType.serialize({ commit: [...commit, ...commit], issue: [] }),
    AssetBodyType.serialize({ commit: [], issue: [...issue, ...issue] }),
    new Uint8Array(0),
    filler(3, 40),
  ]) {
    assertRefused(assetTransaction(body), 'body-malformed');
    assertRefused(assetTransaction(body, price), 'body-malformed');
  }
});

test('an issued name keeps the rules for names', async (t) => {
  const names: readonly (readonly [string, string | Uint8Array, ProtocolErrorCode])[] = [
    ['empty', '', 'asset-name'],
    ['lower case', 'heptane', 'asset-name'],
    ['a space', 'HEP TANE', 'asset-name'],
    ['a zero byte, which padding would hide', 'HEPTANE\u0000', 'asset-name'],
    ['unicode', 'ÄTHER', 'asset-name'],
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe), 'asset-name'],
    ['a letter that looks like one', '\u0410', 'asset-name'],
    ['SERO', 'SERO', 'asset-name-reserved'],
    ['33 bytes', 'Z'.repeat(33), 'body-malformed'],
  ];
  for (const [why, name, code] of names) {
    await t.test(why, () => assertRefused(assetTransaction(issueBody({ name }), SERO_UNIT), code));
  }
});

test('offline assets are refused, and kinds that do not exist', () => {
  assertRefused(assetTransaction(issueBody({ kind: 3 }), SERO_UNIT), 'asset-offline-refused');
  for (const kind of [0, 4, 255]) {
    assertRefused(assetTransaction(issueBody({ kind }), SERO_UNIT), 'asset-kind', `${kind}`);
  }
});

test('a token has a supply, a ticket the supply 1, a category none', () => {
  for (const supply of [1n, LAST]) receive(signed(assetTransaction(issueBody({ supply }), SERO_UNIT)));
  assertRefused(assetTransaction(issueBody({ supply: 0n }), SERO_UNIT), 'asset-supply');
  receive(signed(assetTransaction(issueBody({ kind: 2, supply: 0n }), SERO_UNIT)));
  receive(signed(assetTransaction(issueBody({ kind: 2, supply: 1n }))));
  for (const supply of [2n, LAST]) {
    assertRefused(assetTransaction(issueBody({ kind: 2, supply })), 'asset-supply');
  }
});

test('a name is paid by its length, a ticket of a category is free', () => {
  const issued = (body: Uint8Array, price: bigint): Action =>
    receive(signed(assetTransaction(body, price))).action;
  for (const [name, price] of [
    ['A', 1_000_000n],
    ['HEXANE', 10n],
    ['HEPTANE', 1n],
    ['Z'.repeat(32), 1n],
  ] as const) {
    const action = issued(issueBody({ name }), price * SERO_UNIT);
    const expected = { type: 'issue', name, salt: filler(51, 32), supply: 1_000n, kind: 1 };
    assert.deepEqual(action, { ...expected, price: price * SERO_UNIT });
  }
  const ticket = issued(issueBody({ name: 'A', kind: 2, supply: 1n }), 0n);
  assert.equal(ticket.type === 'issue' && ticket.price, 0n);
  assertRefused(assetTransaction(issueBody({ kind: 2, supply: 1n }), SERO_UNIT), 'public-amount-mismatch');
  assertRefused(assetTransaction(issueBody({ kind: 2, supply: 0n })), 'public-amount-mismatch');
});

test('the amounts of kind 3 are those of its body: a commit pays no price', () => {
  assertRefused(assetTransaction(COMMIT_BODY, SERO_UNIT), 'public-amount-mismatch');
  assert.equal(assetTransaction(COMMIT_BODY).kind, KIND.asset);
});
