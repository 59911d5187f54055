import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { leBytes, randomizeSecret, sign as signHash, toAffine, toHex } from '@sero/crypto';
import {
  checkTransaction,
  decodeEnvelope,
  decodeViewingKey,
  encodeEnvelope,
  encodeViewingKey,
  type Output,
  plannedNote,
  recognise,
  SERO_ASSET,
  SERO_UNIT,
  transactionHash,
  type ViewingKey,
  viewingKeyFromText,
  viewingKeyToText,
} from '@sero/protocol';
import { type OwnedNote, plan, type Request, readPlan, type Wallet } from '@sero/wallet';
import { proofDouble } from './doubles.ts';
import { auditorOf, foundTown, type Person, send, type Town, unsent } from './people.ts';

const AMOUNT = 3n * SERO_UNIT;

const payment = ({ key }: Person, amount: bigint): Request => ({
  type: 'pay',
  to: key.proof.viewing.address,
  asset: SERO_ASSET,
  amount,
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

/**
 * How an account hides a note from its auditor: it pays itself, and puts noise where that output should be readable. Proof and
 * signature are honest, so the ledger takes it. Returns the note as only its maker knows it.
 */
async function payOneselfUnseen(
  town: Town,
  person: Person,
  noise: (output: Output) => Partial<Output>,
): Promise<OwnedNote> {
  const { key, wallet } = person;
  const { planned, ready } = await unsent(person, payment(person, AMOUNT));
  const { outputs, alpha, anchor } = readPlan(planned);
  const index = outputs.findIndex(({ value }) => value === AMOUNT);
  const { tx, authorization } = decodeEnvelope(ready.bytes).private!;
  const shown = tx.shielded.outputs.map((output, i) =>
    i === index ? { ...output, ...noise(output) } : output,
  );
  const altered = { ...tx, shielded: { ...tx.shielded, outputs: shown } };
  const hashE = transactionHash(altered, wallet.genesisHash);
  const signature = signHash(randomizeSecret(key.ask, alpha), hashE, new Uint8Array(80).fill(3));
  const unproved = encodeEnvelope({ tx: altered, authorization: { ...authorization, signature } });
  const checked = checkTransaction(decodeEnvelope(unproved), unproved, wallet);
  const proof = proofDouble(checked.publicInputs(anchor.root));
  const before = wallet.tree.size();
  await town.network.send(encodeEnvelope({ tx: altered, authorization: { proof, signature } }));
  const [receipt] = await town.mine();

  const { address } = key.proof.viewing;
  const { note } = plannedNote({ ...outputs[index]!, to: address }, checked.nullifiers[0]!, index);
  return {
    position: before + BigInt(index),
    height: wallet.tip()!.header.height,
    txid: receipt!.txid,
    index,
    public: false,
    tagged: true,
    asset: note.asset,
    value: note.value,
    vpkrU: toAffine(note.owner.vpkr).u,
    zpkr: note.owner.zpkr,
    rcm: note.rcm,
    r: recognise(key.proof.viewing, note.owner)!.r,
  };
}

/** Spends a note that the wallet itself may not know of. */
async function spendUnseen(
  town: Town,
  { key, wallet }: Person,
  note: OwnedNote,
  to: Person,
): Promise<Uint8Array> {
  const knowing: Wallet = { ...wallet, spendableNotes: () => [note] };
  const planned = await plan(knowing, payment(to, SERO_UNIT));
  const { txid } = await send(town, { key, wallet: knowing }, planned);
  await town.mine();
  return txid;
}

describe('an auditor with TK', () => {
  let town: Town;
  let alice: Person;
  let bob: Person;
  beforeEach(async () => {
    town = await foundTown([10n * SERO_UNIT, 10n * SERO_UNIT]);
    [alice, bob] = town.people as [Person, Person];
  });

  it('reports a note that was hidden from TK when it is spent, by its position', async () => {
    const note = await payOneselfUnseen(town, alice, ({ enc }) => ({ enc: flipped(enc) }));
    const waiting = await auditorOf(town, alice);
    assert.deepEqual(waiting.undisclosed(), []);
    assert.equal(waiting.balances()[0]!.total, alice.wallet.balances()[0]!.total);
    assert.ok(waiting.balances()[0]!.total < 10n * SERO_UNIT - AMOUNT);

    const txid = await spendUnseen(town, alice, note, bob);
    const auditor = await auditorOf(town, alice);
    const height = auditor.tip()!.header.height;
    assert.deepEqual(auditor.undisclosed(), [{ position: note.position, height, txid }]);
    assert.deepEqual(alice.wallet.undisclosed(), auditor.undisclosed());
    // Where the money went, the sender's own copies still say.
    assert.equal(auditor.history().at(-1)!.payments[0]!.value, SERO_UNIT);
    assert.deepEqual((await auditorOf(town, bob)).undisclosed(), []);
  });

  it('reports nothing of a note that TK opens', async () => {
    const note = await payOneselfUnseen(town, alice, () => ({}));
    assert.ok(alice.wallet.notes().some(({ position }) => position === note.position));
    await spendUnseen(town, alice, note, bob);
    const auditor = await auditorOf(town, alice);
    assert.deepEqual(auditor.undisclosed(), []);
    assert.deepEqual(auditor.balances(), alice.wallet.balances());
  });

  it('is not misled by a wrong tag: the wallet passes over the note, the audit does not', async () => {
    const note = await payOneselfUnseen(town, alice, ({ tag }) => ({ tag: flipped(tag) }));
    const auditor = await auditorOf(town, alice);
    assert.ok(!alice.wallet.notes().some(({ position }) => position === note.position));
    assert.ok(auditor.notes().some(({ position, value }) => position === note.position && value === AMOUNT));
    await spendUnseen(town, alice, note, bob);
    assert.deepEqual((await auditorOf(town, alice)).undisclosed(), []);
    assert.equal(alice.wallet.undisclosed().length, 1);
  });

  it('is not misled by ciphertexts that are lost on the way out: who was paid is unknown, the money is not', async () => {
    await payOneselfUnseen(town, alice, ({ out }) => ({ out: flipped(out) }));
    const auditor = await auditorOf(town, alice);
    assert.deepEqual(auditor.balances(), alice.wallet.balances());
    assert.deepEqual(auditor.undisclosed(), []);
  });

  it('holds no key that spends: neither in the type, nor in its fields, nor in its bytes', () => {
    type Lacks<Key extends string> = Extract<keyof ViewingKey, Key>;
    const inTheType: Lacks<'ask' | 'nk' | 'zsk' | 'proof'>[] = [];
    assert.deepEqual(inTheType, []);
    const { ask, proof } = alice.key;
    const key = viewingKeyFromText(viewingKeyToText(proof.viewing, 'development'), 'development');
    for (const secret of [ask, proof.nk]) {
      assert.ok(!Object.values(key).includes(secret));
      assert.ok(!toHex(encodeViewingKey(key)).includes(toHex(leBytes(secret, 32))));
    }
  });

  it('refuses a TK that was altered anywhere, in its text or in its bytes', () => {
    const { viewing } = alice.key.proof;
    const text = viewingKeyToText(viewing, 'development');
    for (let at = 0; at < text.length; at += 7) {
      const other = text[at] === 'q' ? 'p' : 'q';
      const bad = text.slice(0, at) + other + text.slice(at + 1);
      assert.throws(() => viewingKeyFromText(bad, 'development'), { name: 'ProtocolError' }, bad);
    }
    assert.throws(() => viewingKeyFromText(text, 'production'), { code: 'text-wrong-kind' });
    const bytes = encodeViewingKey(viewing);
    for (let at = 0; at < bytes.length; at += 5) {
      const bad = bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      assert.throws(() => decodeViewingKey(bad), { name: 'ProtocolError' }, `byte ${at}`);
    }
    // One half of Alice's and one of Bob's: her address with his eyes would see no spend of hers.
    const mixed = bytes.slice();
    mixed.set(encodeViewingKey(bob.key.proof.viewing).subarray(0, 32));
    assert.throws(() => decodeViewingKey(mixed), { code: 'viewing-key-mismatch' });
  });
});
