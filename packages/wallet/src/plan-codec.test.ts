import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { CircuitError } from '@sero/circuits';
import { CryptoError, fieldFromBytes } from '@sero/crypto';
import {
  checkTransaction,
  decodeEnvelope,
  encodeAddress,
  ProtocolError,
  recoverSent,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import fc from 'fast-check';
import { sign } from './authorize.ts';
import { WalletError } from './errors.ts';
import { toJson } from './json.ts';
import { type Plan, plan, type TransactionPlan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import { ALICE, BOB, CAROL, chainWithNotes, filler, ready, refusal, type TestChain } from './test-support.ts';
import type { Wallet } from './wallet.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Path = readonly (string | number)[];

/** The path of every value in a JSON text, inner ones too. */
function pathsOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, item]) =>
    pathsOf(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** The same JSON with the value at a path changed, or gone. */
function changed(value: Json, path: Path, change: (old: Json) => Json | undefined): Json {
  const copy = structuredClone(value);
  const parent = path.slice(0, -1).reduce((at: Json, key) => (at as Record<string, Json>)[key]!, copy);
  const last = path.at(-1)!;
  const next = change((parent as Record<string, Json>)[last]!);
  if (next !== undefined) (parent as Record<string, Json>)[last] = next;
  else if (Array.isArray(parent)) parent.splice(last as number, 1);
  else delete (parent as Record<string, Json>)[last];
  return copy;
}

const TYPED = [WalletError, ProtocolError, CryptoError, CircuitError];
const isTyped = (error: unknown): boolean => TYPED.some((type) => error instanceof type);

const REPLACEMENTS: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  '',
  'n0',
  'n-1',
  `n${1n << 64n}`,
  `n${1n << 128n}`,
  `n${1n << 256n}`,
  'x',
  'x00',
  `x${'00'.repeat(32)}`,
  `x${'ff'.repeat(32)}`,
  `x${'00'.repeat(64)}`,
  `x${'ff'.repeat(64)}`,
  't',
  'tn5',
  [],
  [null],
  {},
  { constructor: 't' },
];

describe('a plan as text', () => {
  let chain: TestChain;
  let wallet: Wallet;
  let text: Plan;
  before(async () => {
    ({ chain, wallet } = await chainWithNotes([50n * SERO_UNIT, 3n * SERO_UNIT]));
    const to = BOB.proof.viewing.address;
    text = await plan(wallet, { type: 'pay', to, asset: SERO_ASSET, amount: 7n, memo: 'n5' });
  });

  /** Changes a plan as one who can write JSON would. */
  const altered = (change: (planned: TransactionPlan) => TransactionPlan): Plan =>
    toJson(change(readPlan(text)));

  /** Signs and proves the text; a transaction that comes of it must say exactly what the text says. */
  async function saysWhatItShows(shown: Plan): Promise<void> {
    const { bytes } = await ready(shown, ALICE);
    const planned = readPlan(shown);
    const { tx, hashE } = checkTransaction(decodeEnvelope(bytes), bytes, chain);
    assert.ok(hashE > 0n);
    const { kind, expiry, gasLimit, gasPrice, from, pub, call, body } = tx;
    assert.deepEqual(
      {
        ...planned.tx,
        anchor: planned.anchor.height,
        fee: planned.fee,
        memo: planned.memo === undefined ? 0 : 528,
      },
      {
        ...{ kind, proofSystem: tx.proofSystem, circuit: tx.circuit, chainId: tx.chainId, expiry, gasLimit },
        ...{ gasPrice, from, pub, call, body, anchor: tx.shielded.anchor, memo: tx.memo.length },
        fee: pub.pubOut[0]! - (call[0]?.value ?? 0n),
      },
    );
    const firstNullifier = fieldFromBytes(tx.shielded.nullifiers[0]!);
    const sent = tx.shielded.outputs.map((output, index) => {
      const { to, note } = recoverSent(output, ALICE.proof.viewing, firstNullifier, index)!;
      return { to: encodeAddress(to), asset: note.asset, value: note.value };
    });
    assert.deepEqual(
      planned.outputs.map(({ to, asset, value }) => ({ to, asset, value })),
      sent,
    );
  }

  it('survives JSON, and gives one transaction wherever it is signed and proved', async () => {
    const copy = JSON.stringify(JSON.parse(text));
    assert.equal(copy, text);
    assert.equal(toJson(readPlan(text)), text);
    const [here, there] = [await ready(text, ALICE), await ready(copy, ALICE)];
    assert.deepEqual(here.txid, there.txid);
    assert.deepEqual(here.proof, there.proof);
    await saysWhatItShows(copy);
  });

  it('shows no key: neither spending nor proof nor viewing key stands in it', () => {
    const { ask, proof } = ALICE;
    const { nk, viewing } = proof;
    const numbers = new Set(text.match(/n\d+/g));
    for (const secret of [ask, nk, viewing.vsk, viewing.tk, viewing.qk, viewing.nkc]) {
      assert.ok(!numbers.has(`n${secret}`));
    }
    const bytes = text.match(/x[0-9a-f]+/g)!.join(' ');
    for (const secret of [viewing.vskSeed, viewing.ovk]) {
      assert.ok(!bytes.includes(Buffer.from(secret).toString('hex')));
    }
  });

  it('altered in a payee or an amount is refused, or signed as what it then says', async () => {
    const outputs = (change: (output: TransactionPlan['outputs'][number]) => object): Plan =>
      altered((planned) => ({
        ...planned,
        outputs: planned.outputs.map((out) => ({ ...out, ...change(out) })),
      }));
    const carol = encodeAddress(CAROL.proof.viewing.address);
    await saysWhatItShows(outputs(({ value }) => (value === 7n ? { to: carol } : {})));
    const more = outputs(({ value }) => (value === 7n ? { value: 8n } : {}));
    await assert.rejects(saysWhatItShows(more), { name: 'CircuitError', code: 'unbalanced' });
    const moved = outputs(({ value }) =>
      value === 7n ? { value: 8n } : value > 8n ? { value: value - 1n } : {},
    );
    await saysWhatItShows(moved);
  });

  it('whose summary is not what it would do is refused', () => {
    const lies: readonly ((planned: TransactionPlan) => TransactionPlan)[] = [
      (planned) => ({ ...planned, fee: 1n }),
      (planned) => ({ ...planned, spends: [] }),
      (planned) => ({ ...planned, spends: [...planned.spends, 9n] }),
      (planned) => ({ ...planned, spends: planned.spends.map((position) => position + 1n) }),
    ];
    for (const lie of lies) assert.throws(() => readPlan(altered(lie)), refusal('plan-malformed'));
  });

  it('with a field that the wallet does not read is refused: what is shown is what is signed', () => {
    const more: readonly ((planned: TransactionPlan) => object)[] = [
      (planned) => ({ ...planned, note: 'pays nobody' }),
      (planned) => ({ ...planned, tx: { ...planned.tx, recipients: [] } }),
      (planned) => ({ ...planned, outputs: planned.outputs.map((out) => ({ ...out, label: 'rent' })) }),
    ];
    for (const change of more) {
      assert.throws(() => readPlan(toJson(change(readPlan(text)))), refusal('plan-malformed'));
    }
  });

  it('of another account is refused by signer and prover', async () => {
    assert.throws(() => sign(text, BOB), refusal('plan-of-another-account'));
    await assert.rejects(ready(text, BOB), refusal('plan-of-another-account'));
    const stolen = altered((planned) => ({ ...planned, rFrom: planned.rFrom + 1n }));
    assert.throws(() => sign(stolen, ALICE), refusal('plan-of-another-account'));
  });

  it('of another network gives a transaction that this one refuses', async () => {
    const other = altered((planned) => ({ ...planned, genesisHash: filler(8, 32) }));
    await assert.rejects(saysWhatItShows(other), { name: 'ProtocolError', code: 'signature-invalid' });
  });

  it('that is no JSON, or another value, is refused', () => {
    const texts = [
      '',
      '{',
      'null',
      '5',
      '[]',
      '{}',
      '"tplan"',
      '{"version":1}',
      text.slice(0, -1),
      `${text}x`,
      '[1,2',
    ];
    for (const bad of texts) assert.throws(() => readPlan(bad), refusal('plan-malformed'), bad);
  });

  it('with any one value put wrong, dropped or of another type is refused with a typed error, or says what it shows', async () => {
    const json = JSON.parse(text) as Json;
    // The 108 siblings are all alike; two of them stand for the rest.
    const paths = pathsOf(json).filter(
      (path) => path[2] !== 'path' || path.length < 4 || (path.at(-1) === 0 && path[3] === 0),
    );
    let survived = 0;
    for (const path of paths) {
      let wellFormed = 0;
      for (const replacement of [undefined, ...REPLACEMENTS]) {
        const bad = JSON.stringify(changed(json, path, () => replacement));
        let read: TransactionPlan;
        try {
          read = readPlan(bad);
        } catch (error) {
          assert.ok(isTyped(error), `${path.join('.')} = ${JSON.stringify(replacement)}: ${error}`);
          continue;
        }
        assert.equal(read.version, 1);
        survived++;
        // Building takes its time: one other number in each place is enough.
        if (++wellFormed > 1) continue;
        await saysWhatItShows(bad).catch((error: unknown) => {
          assert.ok(isTyped(error), `${path.join('.')} = ${JSON.stringify(replacement)}: ${error}`);
        });
      }
    }
    assert.ok(survived > 50, `${survived} altered plans were well formed`);
  });

  it('cut, or with some characters changed, throws nothing but typed errors', () => {
    const place = fc.nat(text.length - 1);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 3 }),
        (edits) => {
          let bad = text;
          for (const [at, insert] of edits) bad = bad.slice(0, at) + insert + bad.slice(at + 1);
          try {
            readPlan(bad);
          } catch (error) {
            assert.ok(error instanceof WalletError && error.code === 'plan-malformed');
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
