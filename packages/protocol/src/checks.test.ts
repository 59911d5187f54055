import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, leInteger, pointFromBytes, pointToBytes, toAffine } from '@sero/crypto';
import fc from 'fast-check';
import {
  intrinsicGas,
  ProtocolError,
  type ProtocolErrorCode,
  type Transaction,
  transactionHash,
} from './index.ts';
import {
  assetTransaction,
  BAD_FIELDS,
  BAD_POINTS,
  bareInner,
  COMMIT_BODY,
  CONTEXT,
  contractCall,
  filler,
  flipped,
  GENESIS,
  joined,
  payment,
  paymentWithOutput,
  plusModulus,
  receive,
  refusal,
  shieldedPayment,
  signed,
  spliced,
  tied,
} from './test-support.ts';

/** The transaction, signed as it stands, is refused with this code: only the rule can stand in its way, never the signature. */
function assertRefused(tx: Transaction, code: ProtocolErrorCode, why?: string): void {
  assert.throws(() => receive(signed(tx)), refusal(code), why);
}

test('honest payments, calls and asset transactions pass, and say what the ledger needs', () => {
  const tx = payment({ memo: filler(1, 528) });
  const bytes = signed(tx);
  const checked = receive(bytes);
  assert.deepEqual(checked.tx, tx);
  assert.deepEqual(checked.action, { type: 'pay' });
  assert.equal(checked.fee, tx.gasLimit * tx.gasPrice);
  assert.equal(checked.intrinsicGas, intrinsicGas(GENESIS.gas, tx));
  assert.equal(checked.size, bytes.length);
  assert.deepEqual(checked.nullifiers.map(fieldToBytes), tx.shielded.nullifiers);
  assert.deepEqual(
    checked.commitments.map(fieldToBytes),
    tx.shielded.outputs.map(({ cm }) => cm),
  );
  const call = contractCall({ value: 3n, amount: 4n }, { recipients: [filler(2, 64)] });
  assert.deepEqual(receive(signed(call)).action, { type: 'call', call: call.call[0] });
  assert.equal(receive(signed(call)).publicAsset, 0x5555n);
  const commit = receive(signed(assetTransaction(COMMIT_BODY)));
  assert.deepEqual(commit.action, { type: 'commit', hash: filler(50, 32) });
});

test("the proof's public inputs are root, hash_e, rk, ZPKr, NIL, TRACE, CM, public asset and amounts, in this order", () => {
  const tx = contractCall({ value: 3n, amount: 4n });
  const checked = receive(signed(tx));
  const rk = toAffine(pointFromBytes(tx.shielded.rk));
  assert.deepEqual(checked.publicInputs(99n), [
    99n,
    transactionHash(tx, CONTEXT.genesisHash),
    rk.u,
    rk.v,
    leInteger(tx.from.subarray(32)),
    ...tx.shielded.nullifiers.map(leInteger),
    ...tx.shielded.traces.map(leInteger),
    ...tx.shielded.outputs.map(({ cm }) => leInteger(cm)),
    0x5555n,
    tx.gasLimit * tx.gasPrice + 3n,
    4n,
  ]);
});

test('only version 1 of a transaction exists', () => {
  for (const version of [0, 2, 255])
    assertRefused({ ...payment(), version }, 'unknown-version', `${version}`);
});

test('kinds whose rules do not exist yet are refused as a whole', () => {
  assertRefused({ ...payment(), kind: 2 }, 'kind-not-active');
  for (const kind of [9, 10]) {
    const bytes = joined(bareInner(kind), new Uint8Array(0));
    assert.throws(() => receive(bytes), refusal('kind-not-active'), `${kind}`);
  }
});

test('only proof system 1 exists', () => {
  for (const proofSystem of [0, 2, 255]) assertRefused({ ...payment(), proofSystem }, 'unknown-proof-system');
});

test('only circuits 1 to 3 exist: the number is under hash_e and chooses counts and key', () => {
  for (const circuit of [0, 4, 255]) assertRefused({ ...payment(), circuit }, 'unknown-circuit');
});

test('a transaction of another chain is refused', () => {
  for (const chainId of [0n, 1938n, GENESIS.chainId + 1n, 2n ** 64n - 1n]) {
    assertRefused({ ...payment(), chainId }, 'wrong-chain', `${chainId}`);
  }
});

test('a transaction of another genesis with the same chain id has no valid signature', () => {
  const elsewhere = flipped(CONTEXT.genesisHash, 31);
  assert.throws(() => receive(signed(payment(), elsewhere)), refusal('signature-invalid'));
  const bytes = signed(payment());
  assert.throws(() => receive(bytes, { ...CONTEXT, genesisHash: elsewhere }), refusal('signature-invalid'));
});

test('a transaction expires at most W blocks after its anchor', () => {
  const { window } = GENESIS.anchor;
  const at = (anchor: bigint, expiry: bigint): Transaction => {
    const tx = shieldedPayment({ anchor });
    return { ...tx, expiry };
  };
  receive(signed(at(1_000n, 1_000n + window)));
  receive(signed(at(2n ** 64n - 1n, 2n ** 64n - 1n)));
  assertRefused(at(1_000n, 1_001n + window), 'expiry-out-of-window');
  assertRefused(at(0n, 2n ** 64n - 1n), 'expiry-out-of-window');
});

test('`from` is a PKr: its point a key, its ZPKr canonical', () => {
  const { from } = payment();
  for (const [why, point, code] of BAD_POINTS) {
    assertRefused({ ...payment(), from: spliced(from, 0, point) }, code, why);
  }
  for (const bad of [plusModulus(from.subarray(32)), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
    assertRefused({ ...payment(), from: spliced(from, 32, bad) }, 'field-not-canonical');
  }
});

test('rk is canonical, in the prime-order subgroup and not the identity', async (t) => {
  for (const [why, rk, code] of BAD_POINTS) {
    await t.test(why, () => assertRefused(shieldedPayment({ rk }), code));
  }
});

test('VPKr of every output is canonical, in the prime-order subgroup and not the identity', async (t) => {
  for (const [why, vpkr, code] of BAD_POINTS) {
    await t.test(why, () => {
      for (const index of [0, 1, 2]) assertRefused(paymentWithOutput(index, { vpkr }), code);
    });
  }
});

test('a nullifier has one spelling: NIL + q is no second note to spend', () => {
  const { nullifiers } = payment().shielded;
  for (const i of [0, 1]) {
    for (const bad of [plusModulus(nullifiers[i]!), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
      const changed = nullifiers.map((nil, j) => (i === j ? bad : nil));
      assertRefused(shieldedPayment({ nullifiers: changed }), 'field-not-canonical');
    }
  }
  const twice = [nullifiers[0]!, plusModulus(nullifiers[0]!)];
  assertRefused(shieldedPayment({ nullifiers: twice }), 'field-not-canonical');
});

test('a TRACE has one spelling', () => {
  const { traces } = payment().shielded;
  for (const i of [0, 1]) {
    for (const bad of [plusModulus(traces[i]!), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
      const changed = traces.map((trace, j) => (i === j ? bad : trace));
      assertRefused(shieldedPayment({ traces: changed }), 'field-not-canonical');
    }
  }
});

test('a commitment has one spelling', () => {
  for (const [i, { cm }] of payment().shielded.outputs.entries()) {
    for (const bad of [plusModulus(cm), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
      assertRefused(paymentWithOutput(i, { cm: bad }), 'field-not-canonical');
    }
  }
});

test('a commitment of 0 is refused: it would be an empty leaf', () => {
  for (const index of [0, 1, 2]) {
    assertRefused(paymentWithOutput(index, { cm: new Uint8Array(32) }), 'commitment-is-zero');
  }
});

test("counts are exactly the shape's: 2 nullifiers, 2 traces, 3 outputs", () => {
  const { nullifiers, traces, outputs } = payment().shielded;
  const many = (count: number, first: readonly Uint8Array[]) =>
    Array.from({ length: count }, (_, i) => first[i] ?? fieldToBytes(BigInt(i + 9)));
  for (const count of [0, 1, 3, 8]) {
    assertRefused(tied(shieldedPayment({ nullifiers: many(count, nullifiers) })), 'wrong-shape');
    assertRefused(tied(shieldedPayment({ traces: many(count, traces) })), 'wrong-shape');
    const both = { nullifiers: many(count, nullifiers), traces: many(count, traces) };
    assertRefused(tied(shieldedPayment(both)), 'wrong-shape');
  }
  for (const count of [0, 1, 2, 4, 16]) {
    const changed = Array.from({ length: count }, (_, i) => outputs[i % 3]!);
    assertRefused(tied(shieldedPayment({ outputs: changed })), 'wrong-shape');
  }
});

test('one nullifier may not stand twice: that would spend a note twice', () => {
  const { nullifiers } = payment().shielded;
  for (const nil of nullifiers)
    assertRefused(shieldedPayment({ nullifiers: [nil, nil] }), 'duplicate-nullifier');
});

test('two outputs may not share a VPKr: one shared secret would serve two notes', () => {
  const { outputs } = payment().shielded;
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 0],
  ] as const) {
    assertRefused(paymentWithOutput(a, { vpkr: outputs[b]!.vpkr }), 'duplicate-output-address');
  }
});

test('a VPKr and its negative are two addresses', () => {
  const [first] = payment().shielded.outputs;
  const negated = pointToBytes(pointFromBytes(first!.vpkr).negate());
  receive(signed(paymentWithOutput(1, { vpkr: negated })));
});

test('a memo has 0 or 528 bytes on the wire', () => {
  for (const length of [0, 528]) receive(signed(payment({ memo: filler(3, length) })));
  for (const length of [1, 16, 512, 527]) {
    assertRefused(payment({ memo: filler(3, length) }), 'memo-length', `${length}`);
  }
});

test('whatever the fields of a transaction say, it passes or is refused with a typed error', () => {
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const u128 = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.constantFrom(0n, 1n, 2n ** 128n - 1n),
  );
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const change = fc.record(
    {
      version: fc.nat(2),
      kind: fc.nat(8),
      proofSystem: fc.nat(2),
      circuit: fc.nat(4),
      chainId: fc.constantFrom(GENESIS.chainId, 0n),
      expiry: u64,
      gasLimit: u64,
      gasPrice: u128,
      from: bytes(64),
      memo: fc.constantFrom(filler(1, 528), filler(1, 5)),
      pub: fc.record({ asset: bytes(32), pubOut: fc.array(u128, { minLength: 2, maxLength: 2 }) }),
      call: fc.array(
        fc.record({ to: fc.array(bytes(64), { maxLength: 1 }), data: bytes(5), value: u128, amount: u128 }),
        { maxLength: 1 },
      ),
      recipients: fc.array(bytes(64), { maxLength: 3 }),
      body: fc.uint8Array({ maxLength: 80 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(change, (fields) => {
      try {
        receive(signed({ ...payment(), ...fields }));
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: 150 },
  );
});
