import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { equalBytes } from '@sero/crypto';
import {
  BareTransactionType,
  decodeEnvelope,
  decodeExecutedBlock,
  encodeAddress,
  encodeBareEnvelope,
  encodeEnvelope,
  encodeExecutedBlock,
  headerHash,
  KIND,
  SERO_ASSET,
  transactionId,
} from '@sero/protocol';
import fc from 'fast-check';
import { disclosePayment, discloseReceived, verifyDisclosure } from './disclose.ts';
import { fromJson, toJson } from './json.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import {
  ALICE,
  BOB,
  CAROL,
  chainWithNotes,
  filler,
  openOn,
  ready,
  refusal,
  type TestChain,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

interface Parts {
  by: 'payer' | 'payee';
  txid: Uint8Array;
  index: number;
  to: Uint8Array;
  opening: Uint8Array;
}

const VALUE = 1_234n;
const ADDRESS = encodeAddress(BOB.proof.viewing.address);

describe('a disclosure', () => {
  let chain: TestChain;
  let alice: Wallet;
  let bob: Wallet;
  let transaction: Uint8Array;
  let block: Uint8Array;
  let txid: Uint8Array;
  let index: number;
  let payers: string;
  let payees: string;
  before(async () => {
    ({ chain, wallet: alice } = await chainWithNotes([10n ** 18n, 10n ** 18n]));
    bob = await openOn(chain, BOB);
    const to = BOB.proof.viewing.address;
    const planned = await plan(alice, { type: 'pay', to, asset: SERO_ASSET, amount: VALUE, memo: 'rent' });
    ({ bytes: transaction, txid } = await ready(planned, ALICE));
    index = readPlan(planned).outputs.findIndex(({ value }) => value === VALUE);
    block = chain.add([transaction]);
    await alice.addBlock(block);
    await bob.addBlock(block);
    payers = disclosePayment(alice, txid, index);
    payees = discloseReceived(bob, transaction, index);
  });

  /** What a third party sees, who has the block's bytes and nothing else. */
  const seen = (disclosure: string, bytes = block) =>
    verifyDisclosure(JSON.parse(JSON.stringify(disclosure)), bytes.slice(), chain.genesisHash.slice());
  const forged = (disclosure: string, change: Partial<Parts>): string =>
    toJson({ ...(fromJson(disclosure) as Parts), ...change });
  const flip = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  it('by payer or payee shows payee, asset and value to whoever has the block', () => {
    for (const [by, disclosure] of [
      ['payer', payers],
      ['payee', payees],
    ] as const) {
      const shown = seen(disclosure)!;
      assert.deepEqual([shown.kind, shown.asset, shown.value], [by, SERO_ASSET, VALUE]);
      assert.ok(equalBytes(encodeAddress(shown.to), ADDRESS));
    }
  });

  it('of the payee is another each time, and holds neither vsk nor tk', () => {
    const again = discloseReceived(bob, transaction, index);
    assert.notEqual(again, payees);
    assert.deepEqual(seen(again), seen(payees));
    const { vskSeed, ovk } = BOB.proof.viewing;
    for (const secret of [vskSeed, ovk]) assert.ok(!payees.includes(Buffer.from(secret).toString('hex')));
  });

  it('is for what was paid and received alone: not for change, for dummies, for others’ payments', () => {
    for (const other of [0, 1, 2, 3].filter((place) => place !== index)) {
      assert.throws(() => disclosePayment(alice, txid, other), refusal('output-unknown'));
      assert.throws(() => discloseReceived(bob, transaction, other), refusal('output-unknown'));
    }
    assert.throws(() => disclosePayment(bob, txid, index), refusal('output-unknown'));
    assert.throws(() => discloseReceived(alice, transaction, index), refusal('output-unknown'));
    assert.throws(() => disclosePayment(alice, filler(1, 32), index), refusal('output-unknown'));
  });

  it('that names another payee, output or transaction is false', () => {
    const carol = encodeAddress(CAROL.proof.viewing.address);
    const mixed = ADDRESS.slice();
    mixed.set(carol.subarray(32), 32);
    for (const disclosure of [payers, payees]) {
      const lies: readonly Partial<Parts>[] = [
        { to: carol },
        { to: mixed },
        { to: encodeAddress(ALICE.proof.viewing.address) },
        { to: new Uint8Array(64) },
        { to: ADDRESS.slice(0, 63) },
        { index: (index + 1) % 3 },
        { index: 3 },
        { index: -1 },
        { index: 0.5 },
        { txid: filler(1, 32) },
      ];
      for (const lie of lies) assert.equal(seen(forged(disclosure, lie)), undefined, Object.keys(lie)[0]);
    }
  });

  it('with any bit of its opening changed is false', () => {
    for (const disclosure of [payers, payees]) {
      const { opening } = fromJson(disclosure) as Parts;
      for (let at = 0; at < opening.length; at++) {
        assert.equal(seen(forged(disclosure, { opening: flip(opening, at) })), undefined);
      }
    }
  });

  it('of the payee with another’s secret or another’s proof is false', () => {
    const { opening } = fromJson(payees) as Parts;
    const { opening: other } = fromJson(discloseReceived(bob, transaction, index)) as Parts;
    const mixed = opening.slice();
    mixed.set(other.subarray(64), 64);
    assert.equal(seen(forged(payees, { opening: mixed })), undefined);
    const zeros = opening.slice();
    zeros.fill(0, 32);
    assert.equal(seen(forged(payees, { opening: zeros })), undefined);
    assert.equal(seen(forged(payees, { opening: new Uint8Array(96).fill(0xff) })), undefined);
  });

  it('of one does not pass for the other’s', () => {
    const { opening } = fromJson(payees) as Parts;
    assert.equal(seen(forged(payers, { opening: opening.slice(0, 32) })), undefined);
    assert.throws(() => seen(forged(payers, { by: 'payee' })), refusal('disclosure-malformed'));
    assert.throws(() => seen(forged(payees, { by: 'payer' })), refusal('disclosure-malformed'));
  });

  it('holds for its own transaction alone: not for an altered one, nor on another network', async () => {
    const { tx, authorization } = decodeEnvelope(transaction).private!;
    const outputs = tx.shielded.outputs.map((output, i) =>
      i === index ? { ...output, enc: flip(output.enc, 40) } : output,
    );
    const altered = encodeEnvelope({ tx: { ...tx, shielded: { ...tx.shielded, outputs } }, authorization });
    const other = await ready(
      await plan(alice, { type: 'pay', to: BOB.proof.viewing.address, asset: SERO_ASSET, amount: VALUE }),
      ALICE,
    );
    for (const disclosure of [payers, payees]) {
      assert.equal(seen(disclosure, chain.next([altered])), undefined);
      assert.equal(seen(disclosure, chain.next([other.bytes])), undefined);
      assert.equal(verifyDisclosure(disclosure, block, filler(7, 32)), undefined);
      // Even where the liar names the altered transaction's own id.
      const renamed = forged(disclosure, { txid: other.txid });
      assert.equal(seen(renamed, chain.next([other.bytes])), undefined);
    }
  });

  it('that is none is refused, and so is a transaction without private outputs', () => {
    const texts = ['', 'null', '5', '[]', '{}', '"t"', payers.slice(1), toJson({ by: 'payer' })];
    for (const text of texts) assert.throws(() => seen(text), refusal('disclosure-malformed'), text);
    assert.throws(() => seen(forged(payers, { opening: filler(1, 31) })), refusal('disclosure-malformed'));
    const bare = { ...BareTransactionType.defaultValue(), kind: KIND.evidence };
    assert.throws(() => discloseReceived(bob, encodeBareEnvelope(bare), 0), refusal('output-unknown'));
    assert.throws(() => seen(payers, block.slice(0, 50)), { name: 'ProtocolError' });
  });

  it('says in which block the payment stands, and holds in no block that is not what its header says', () => {
    const { header } = decodeExecutedBlock(block).block;
    assert.deepEqual(seen(payers)!.blockHash, headerHash(header));
    assert.equal(seen(payers)!.height, header.height);
    const executed = decodeExecutedBlock(block);
    // A transaction that was never included, slipped under the header and receipts of a block that was.
    const slipped = { ...executed, block: { header, transactions: [filler(3, 600)] } };
    assert.equal(seen(payers, encodeExecutedBlock(slipped)), undefined);
    const receipts = executed.receipts.map((receipt) => ({ ...receipt, gasUsed: receipt.gasUsed + 1n }));
    assert.equal(seen(payers, encodeExecutedBlock({ ...executed, receipts })), undefined);
    const empty = { block: { header, transactions: [] }, receipts: [] };
    assert.equal(seen(payers, encodeExecutedBlock(empty)), undefined);
  });

  it('of an output with a wrong view tag is false: the protocol calls it no payment', async () => {
    const { tx, authorization } = decodeEnvelope(transaction).private!;
    const outputs = tx.shielded.outputs.map((output, i) =>
      i === index ? { ...output, tag: flip(output.tag, 0) } : output,
    );
    const mistagged = { ...tx, shielded: { ...tx.shielded, outputs } };
    const bytes = encodeEnvelope({ tx: mistagged, authorization });
    const renamed = { txid: transactionId(mistagged, chain.genesisHash) };
    for (const disclosure of [payers, payees]) {
      assert.equal(seen(forged(disclosure, renamed), chain.next([bytes])), undefined);
    }
  });

  it('with anything else changed in its text is refused, false, or says the same', () => {
    const told = seen(payees);
    fc.assert(
      fc.property(
        fc.nat(payees.length - 1),
        fc.constantFrom('0', 'f', 'n', '"', '}', ',', ''),
        (at, text) => {
          const bad = payees.slice(0, at) + text + payees.slice(at + 1);
          try {
            const shown = seen(bad);
            if (shown !== undefined) assert.deepEqual(shown, told);
          } catch (error) {
            assert.equal((error as { code: string }).code, 'disclosure-malformed');
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
