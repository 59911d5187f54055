import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressToText, oneTimeAddress, oneTimeAddressToText } from '@sero/protocol';
import fc from 'fast-check';
import { type PaymentUri, paymentUri, readPaymentUri } from './payment-uri.ts';
import { ALICE, BOB, refusal } from './test-support.ts';

const TO = BOB.proof.viewing.address;
const ADDRESS = addressToText(TO, 'development');
const read = (query: string): PaymentUri => readPaymentUri(`sero:${ADDRESS}${query}`, 'development');

describe('a payment URI', () => {
  it('says who is paid, how much, of what and what for', () => {
    const request = {
      to: TO,
      amount: 1_500_000_000_000_000_000n,
      memo: 'für Brot',
      label: 'Bäckerei & Co',
      message: '2 %?',
    };
    const uri = paymentUri(request, 'development');
    assert.equal(
      uri,
      `sero:${ADDRESS}?amount=1.5&memo=ZsO8ciBCcm90&label=B%C3%A4ckerei%20%26%20Co&message=2%20%25%3F`,
    );
    assert.deepEqual(readPaymentUri(uri, 'development'), request);
    assert.deepEqual(read(''), { to: TO });
    assert.deepEqual(read('?asset=HEPTANE&amount=7'), { to: TO, asset: 'HEPTANE', amount: 7n });
    assert.deepEqual(read('?asset=SERO&amount=7'), { to: TO, amount: 7n * 10n ** 18n });
  });

  it('reads as what was written, whatever it says', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const amount = fc.bigInt({ min: 1n, max: (1n << 128n) - 1n });
    const asset = fc.stringMatching(/^[A-Z0-9_.-]{1,32}$/).filter((name) => name !== 'SERO');
    const request = fc.record(
      { amount, asset, memo: text, label: text, message: text },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(request, (parts) => {
        const wanted = { to: TO, ...parts } as PaymentUri;
        assert.deepEqual(readPaymentUri(paymentUri(wanted, 'development'), 'development'), wanted);
      }),
    );
  });

  it('counts every digit of an amount and rounds nothing', () => {
    const amounts: [string, bigint][] = [
      ['0.000000000000000001', 1n],
      ['1', 10n ** 18n],
      ['01.10', 11n * 10n ** 17n],
      ['340282366920938463463.374607431768211455', (1n << 128n) - 1n],
    ];
    for (const [text, amount] of amounts) assert.equal(read(`?amount=${text}`).amount, amount);
  });

  it('with an amount that is none, too fine, nothing, or too large is refused', () => {
    const bad = [
      '',
      '-1',
      '+1',
      '1.',
      '.5',
      '1e5',
      '0x10',
      '1,5',
      ' 1',
      '0',
      '0.0',
      '0.0000000000000000001',
      '٣',
    ];
    const large = ['340282366920938463463.374607431768211456', '9'.repeat(39), '1'.repeat(40)];
    for (const amount of [...bad, ...large]) {
      assert.throws(() => read(`?amount=${encodeURIComponent(amount)}`), refusal('uri-malformed'), amount);
    }
    assert.throws(
      () => read('?asset=HEPTANE&amount=1.5'),
      refusal('uri-malformed'),
      'a token is not divided',
    );
  });

  it('to an address of another network, a one-time address or an altered one is refused', () => {
    const once = oneTimeAddress(ALICE.proof.viewing.address, 5n);
    const texts = [
      addressToText(TO, 'production'),
      oneTimeAddressToText(once, 'development'),
      `${ADDRESS.slice(0, -1)}${ADDRESS.endsWith('q') ? 'p' : 'q'}`,
      ADDRESS.slice(0, -1),
      '',
      `//${ADDRESS}`,
    ];
    for (const text of texts) {
      assert.throws(
        () => readPaymentUri(`sero:${text}?amount=1`, 'development'),
        refusal('uri-malformed'),
        text,
      );
    }
    assert.throws(() => readPaymentUri(`zcash:${ADDRESS}`, 'development'), refusal('uri-malformed'));
    assert.throws(() => readPaymentUri(ADDRESS, 'development'), refusal('uri-malformed'));
  });

  it('in which a parameter stands twice is refused: two readers would pay two amounts', () => {
    for (const query of [
      '?amount=1&amount=2',
      '?amount=1&amount=1',
      '?label=a&label=b',
      '?asset=A&asset=A',
    ]) {
      assert.throws(() => read(query), refusal('uri-malformed'), query);
    }
  });

  it('for several payments, or with a required parameter that the wallet does not know, is refused as not supported', () => {
    for (const query of [
      '?amount.1=5',
      '?address=x',
      `?amount=1&address.1=${ADDRESS}`,
      '?req-expiry=5',
      '?req-x',
    ]) {
      assert.throws(() => read(query), refusal('uri-unsupported'), query);
    }
  });

  it('passes over parameters that it does not know', () => {
    assert.deepEqual(read('?color=red&amount=1&flag'), { to: TO, amount: 10n ** 18n });
  });

  it('with characters out of place, broken escapes, or too long is refused', () => {
    const queries = [
      '?',
      '?&',
      '?=1',
      '?amount',
      '?label=a b',
      '?label=a#b',
      '?label=%',
      '?label=%zz',
      '?label=%ff',
      '?label=ü',
      '?1a=2',
    ];
    for (const query of queries) assert.throws(() => read(query), refusal('uri-malformed'), query);
    assert.throws(() => read(`?label=${'a'.repeat(5_000)}`), refusal('uri-malformed'));
    assert.throws(() => paymentUri({ to: TO, label: '\ud800' }, 'development'), refusal('uri-malformed'));
    assert.throws(
      () => paymentUri({ to: TO, memo: 'x'.repeat(513) }, 'development'),
      refusal('uri-malformed'),
    );
    assert.throws(() => paymentUri({ to: TO, amount: 0n }, 'development'), refusal('uri-malformed'));
  });

  it('with a memo that is not base64url of UTF-8, in its one spelling, is refused', () => {
    for (const memo of ['ZsO8c', 'ZsO8ciBCcm90=', 'a+b/', '_w', 'ZsO8ciBCcm9', 'AB']) {
      assert.throws(() => read(`?memo=${encodeURIComponent(memo)}`), refusal('uri-malformed'), memo);
    }
  });

  it('for a token with a name that no token has is refused', () => {
    for (const asset of ['heptane', 'HÉPTANE', '', 'A'.repeat(33)]) {
      assert.throws(
        () => read(`?asset=${encodeURIComponent(asset)}&amount=1`),
        refusal('uri-malformed'),
        asset,
      );
    }
  });
});
