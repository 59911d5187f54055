import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, equalBytes, fieldToBytes, fromHex, le32, sign, toHex } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/hash_e.json' with { type: 'json' };
import {
  AssetBodyType,
  BareTransactionType,
  type CheckContext,
  checkTransaction,
  decodeAssetBody,
  decodeEnvelope,
  encodeBareEnvelope,
  encodeEnvelope,
  KIND,
  MAX_TRANSACTION_BYTES,
  ProtocolError,
  type ProtocolErrorCode,
  type Transaction,
  TransactionType,
  transactionHash,
  transactionId,
  witnessTransactionId,
} from './index.ts';
import {
  assetTransaction,
  bareInner,
  COMMIT_BODY,
  CONTEXT,
  contractCall,
  filler,
  flipped,
  GENESIS,
  issueBody,
  joined,
  payment,
  refusal,
  signed,
  spliced,
} from './test-support.ts';

interface TransactionVector {
  version: number;
  kind: number;
  proofSystem: number;
  circuit: number;
  chainId: string;
  expiry: string;
  gasLimit: string;
  gasPrice: string;
  from: string;
  shielded: {
    anchor: string;
    rk: string;
    nullifiers: string[];
    traces: string[];
    outputs: Record<'cm' | 'vpkr' | 'tag' | 'enc' | 'out' | 'memoKey', string>[];
  };
  memo: string;
  pub: { asset: string; pubOut: string[] };
  call: { to: string[]; data: string; value: string; amount: string }[];
  recipients: string[];
  body: string;
}

function readTransaction(v: TransactionVector): Transaction {
  return {
    version: v.version,
    kind: v.kind,
    proofSystem: v.proofSystem,
    circuit: v.circuit,
    chainId: BigInt(v.chainId),
    expiry: BigInt(v.expiry),
    gasLimit: BigInt(v.gasLimit),
    gasPrice: BigInt(v.gasPrice),
    from: fromHex(v.from),
    shielded: {
      anchor: BigInt(v.shielded.anchor),
      rk: fromHex(v.shielded.rk),
      nullifiers: v.shielded.nullifiers.map(fromHex),
      traces: v.shielded.traces.map(fromHex),
      outputs: v.shielded.outputs.map((output) => ({
        cm: fromHex(output.cm),
        vpkr: fromHex(output.vpkr),
        tag: fromHex(output.tag),
        enc: fromHex(output.enc),
        out: fromHex(output.out),
        memoKey: fromHex(output.memoKey),
      })),
    },
    memo: fromHex(v.memo),
    pub: { asset: fromHex(v.pub.asset), pubOut: v.pub.pubOut.map(BigInt) },
    call: v.call.map(({ to, data, value, amount }) => ({
      to: to.map(fromHex),
      data: fromHex(data),
      value: BigInt(value),
      amount: BigInt(amount),
    })),
    recipients: v.recipients.map(fromHex),
    body: fromHex(v.body),
  };
}

const genesis = fromHex(vectors.genesisHash);

test('encoding, hash_e, txid, signature, envelope and wtxid are those of the Python reference', async (t) => {
  for (const vector of vectors.transactions) {
    await t.test(vector.name, () => {
      const tx = readTransaction(vector.tx);
      assert.equal(toHex(TransactionType.serialize(tx)), vector.encodedTx);
      const hashE = transactionHash(tx, genesis);
      assert.equal(hashE, BigInt(vector.hashE));
      assert.equal(toHex(transactionId(tx, genesis)), vector.txid);
      const signature = sign(BigInt(vector.rsk), hashE, fromHex(vector.T));
      assert.equal(toHex(signature), vector.authorization.signature);
      const envelope = { tx, authorization: { proof: fromHex(vector.authorization.proof), signature } };
      const bytes = encodeEnvelope(envelope);
      assert.equal(toHex(bytes), vector.envelope);
      assert.equal(toHex(witnessTransactionId(bytes)), vector.wtxid);
      assert.deepEqual(decodeEnvelope(bytes), { private: envelope });
    });
  }
});

test('the transactions of the Python reference pass every check, where version 1 has their kind and circuit', async (t) => {
  // The reference knows no prices of names: there they are free.
  const context: CheckContext = { genesis: { ...GENESIS, namePrices: [0n] }, genesisHash: genesis };
  for (const { name, tx, envelope, hashE, wtxid } of vectors.transactions) {
    await t.test(name, () => {
      const bytes = fromHex(envelope);
      const check = () => checkTransaction(decodeEnvelope(bytes), bytes, context);
      if (tx.kind === KIND.create) assert.throws(check, refusal('kind-not-active'));
      else if (tx.circuit !== 1) assert.throws(check, refusal('unknown-circuit'));
      else {
        const checked = check();
        assert.deepEqual([checked.hashE, toHex(checked.wtxid)], [BigInt(hashE), wtxid]);
        assert.equal(checked.size, bytes.length);
      }
    });
  }
});

test('bare transactions and asset bodies are those of the Python reference', () => {
  for (const { tx, encodedTx, envelope, wtxid } of vectors.bareTransactions) {
    const bare = { ...tx, chainId: BigInt(tx.chainId), body: fromHex(tx.body) };
    assert.equal(toHex(BareTransactionType.serialize(bare)), encodedTx);
    assert.equal(toHex(encodeBareEnvelope(bare)), envelope);
    assert.equal(toHex(witnessTransactionId(fromHex(envelope))), wtxid);
    assert.deepEqual(decodeEnvelope(fromHex(envelope)), { bare });
  }
  for (const { body } of vectors.assetBodies) {
    assert.equal(toHex(AssetBodyType.serialize(decodeAssetBody(fromHex(body)))), body);
  }
});

test('every envelope that the Python reference refuses is refused', async (t) => {
  for (const { why, bytes } of vectors.refusedEnvelopes) {
    await t.test(why, () => {
      assert.throws(
        () => decodeEnvelope(fromHex(bytes)),
        (error) => error instanceof ProtocolError && ['malformed', 'not-canonical'].includes(error.code),
      );
    });
  }
});

/** Every transaction that differs from this one in one place: each number, each byte string, each list. */
function variations(value: unknown): unknown[] {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return [typeof value === 'number' ? value ^ 1 : value ^ 1n];
  }
  if (value instanceof Uint8Array) {
    return value.length === 0 ? [Uint8Array.of(0)] : [0, value.length - 1].map((i) => flipped(value, i));
  }
  if (Array.isArray(value)) {
    const shorter = value.length > 0 && typeof value[0] !== 'bigint' ? [value.slice(1)] : [];
    const inside = value.flatMap((item: unknown, i) =>
      variations(item).map((changed) => value.map((other: unknown, j) => (i === j ? changed : other))),
    );
    return [...shorter, ...inside];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, part]) =>
      variations(part).map((changed) => ({ ...value, [key]: changed })),
    );
  }
  return [];
}

test('hash_e covers every field of the transaction and the genesis, and neither proof nor signature', () => {
  const tx = contractCall({ value: 5n, amount: 6n }, { memo: filler(1, 528), recipients: [filler(2, 64)] });
  const changed = variations(tx) as Transaction[];
  assert.ok(changed.length > 60);
  const hashes = [tx, ...changed].map((other) => transactionHash(other, CONTEXT.genesisHash));
  assert.equal(new Set(hashes).size, 1 + changed.length);
  for (let i = 0; i < 32; i++) {
    assert.notEqual(transactionHash(tx, flipped(CONTEXT.genesisHash, i)), hashes[0]);
  }
  assert.deepEqual(transactionId(tx, CONTEXT.genesisHash), fieldToBytes(hashes[0]!));
  const bytes = signed(tx);
  for (const i of [bytes.length - 1, bytes.length - 64, bytes.length - 65, bytes.length - 256]) {
    const other = flipped(bytes, i);
    const { tx: same } = decodeEnvelope(other).private!;
    assert.equal(transactionHash(same, CONTEXT.genesisHash), hashes[0]);
    assert.notDeepEqual(witnessTransactionId(other), witnessTransactionId(bytes));
  }
});

test('an envelope has at most 131,072 bytes', () => {
  for (const length of [MAX_TRANSACTION_BYTES + 1, 2 * MAX_TRANSACTION_BYTES]) {
    assert.throws(() => decodeEnvelope(new Uint8Array(length)), refusal('too-large'));
  }
  const room = MAX_TRANSACTION_BYTES - signed(contractCall({ data: new Uint8Array(0) })).length;
  const largest = signed(contractCall({ data: new Uint8Array(room) }));
  assert.equal(largest.length, MAX_TRANSACTION_BYTES);
  assert.equal(decodeEnvelope(largest).private?.tx.call[0]?.data.length, room);
  const tooLarge = signed(contractCall({ data: new Uint8Array(room + 1) }));
  assert.throws(() => decodeEnvelope(tooLarge), refusal('too-large'));
});

test('an envelope that is cut anywhere, or longer by any tail, is refused', () => {
  for (const bytes of [
    signed(payment()),
    signed(contractCall({ amount: 1n })),
    joined(bareInner(9), new Uint8Array(0)),
  ]) {
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decodeEnvelope(bytes.subarray(0, length)), { name: 'ProtocolError' }, `${length}`);
    }
    for (const tail of [1, 4, 63, 64, 191, 192, 255, 256, 1000]) {
      for (const filling of [0, 255]) {
        const longer = concat(bytes, new Uint8Array(tail).fill(filling));
        assert.throws(() => decodeEnvelope(longer), { name: 'ProtocolError' }, `${tail} more`);
      }
    }
  }
});

/** Places of every SSZ offset in an encoded call, from the layout in docs/protocol.md, section 5. */
function offsetPlaces(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [tx, shielded, memo, call, recipients, body] = [8, 8 + 108, 8 + 112, 8 + 180, 8 + 184, 8 + 188];
  const shieldedAt = tx + view.getUint32(shielded, true);
  const callsAt = tx + view.getUint32(call, true);
  const callAt = callsAt + view.getUint32(callsAt, true);
  return [
    ...[0, 4, shielded, memo, call, recipients, body],
    ...[shieldedAt + 40, shieldedAt + 44, shieldedAt + 48],
    ...[callsAt, callAt, callAt + 4],
  ];
}

test('no offset may point anywhere but where the encoding says', () => {
  const bytes = signed(contractCall({ amount: 1n }, { memo: filler(1, 528), recipients: [filler(2, 64)] }));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const places = offsetPlaces(bytes);
  for (const place of places) {
    const honest = view.getUint32(place, true);
    assert.ok(honest >= 4 && honest < bytes.length, `an offset stands at ${place}`);
    const others = places.map((other) => view.getUint32(other, true));
    const wrong = [
      honest - 4,
      honest - 1,
      honest + 1,
      honest + 4,
      honest + 64,
      0,
      1,
      0x7fff_ffff,
      0xffff_ffff,
    ];
    for (const offset of [...others, ...wrong]) {
      if (offset === honest) continue;
      const changed = spliced(bytes, place, le32(offset >>> 0));
      let decoded: Transaction | undefined;
      try {
        decoded = decodeEnvelope(changed).private?.tx;
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${place}: ${honest} to ${offset}: ${error}`);
        continue;
      }
      // Two neighbouring lists of bytes may share out their bytes otherwise: that is another transaction, with its own hash.
      assert.ok(
        decoded !== undefined && equalBytes(encodeEnvelope(decodeEnvelope(changed).private!), changed),
      );
      assert.notEqual(
        transactionHash(decoded, CONTEXT.genesisHash),
        transactionHash(decodeEnvelope(bytes).private!.tx, CONTEXT.genesisHash),
      );
    }
  }
});

test('kinds above 10 do not exist', () => {
  const bytes = signed(payment());
  for (const kind of [11, 12, 127, 128, 255]) {
    assert.throws(() => decodeEnvelope(spliced(bytes, 9, Uint8Array.of(kind))), refusal('unknown-kind'));
  }
});

test('a private transaction needs proof and signature, a bare one carries neither', () => {
  const inner = TransactionType.serialize(payment());
  const none = new Uint8Array(0);
  assert.throws(() => decodeEnvelope(joined(inner, none)), refusal('authorization-missing'));
  for (const kind of [9, 10]) {
    assert.equal(decodeEnvelope(joined(bareInner(kind), none)).bare?.kind, kind);
    const unexpected = joined(bareInner(kind), new Uint8Array(256));
    assert.throws(() => decodeEnvelope(unexpected), refusal('authorization-unexpected'));
  }
  for (const [length, code] of [
    [255, 'malformed'],
    [257, 'malformed'],
    [512, 'malformed'],
    [1, 'malformed'],
  ] as const) {
    for (const half of [inner, bareInner(9)]) {
      assert.throws(() => decodeEnvelope(joined(half, new Uint8Array(length))), refusal(code), `${length}`);
    }
  }
});

test('a bare kind over a private body, and a private kind over a bare one, decode to nothing', () => {
  const asBare = spliced(signed(payment()), 9, Uint8Array.of(9));
  const asPrivate = joined(spliced(bareInner(9), 1, Uint8Array.of(0)), new Uint8Array(256));
  for (const bytes of [asBare, asPrivate]) {
    assert.throws(
      () => decodeEnvelope(bytes),
      (error) => error instanceof ProtocolError && ['malformed', 'not-canonical'].includes(error.code),
    );
  }
});

test('a list longer than its bound is refused', async (t) => {
  const { outputs } = payment().shielded;
  const nine = Array.from({ length: 9 }, (_, i) => filler(i, 32));
  const shielded = (change: Partial<Transaction['shielded']>): Transaction => {
    const tx = payment();
    return { ...tx, shielded: { ...tx.shielded, ...change } };
  };
  const call = { to: [], data: new Uint8Array(0), value: 0n, amount: 0n };
  const cases: Record<string, () => Transaction> = {
    'nine nullifiers': () => shielded({ nullifiers: nine }),
    'nine traces': () => shielded({ traces: nine }),
    'seventeen outputs': () => shielded({ outputs: Array.from({ length: 17 }, () => outputs[0]!) }),
    'a memo of 529 bytes': () => ({ ...payment(), memo: new Uint8Array(529) }),
    'two calls': () => ({ ...payment(), call: [call, call] }),
    'two contracts in a call': () => ({
      ...payment(),
      call: [{ ...call, to: [filler(1, 64), filler(2, 64)] }],
    }),
    'seventeen recipients': () => ({
      ...payment(),
      recipients: Array.from({ length: 17 }, (_, i) => filler(i, 64)),
    }),
    'a body of 65,537 bytes': () => ({ ...payment(), body: new Uint8Array(65_537) }),
  };
  for (const [why, make] of Object.entries(cases)) {
    // The library writes what it would not read.
    await t.test(why, () => {
      const inner = TransactionType.serialize(make());
      assert.throws(() => decodeEnvelope(joined(inner, new Uint8Array(256))), refusal('malformed'));
    });
  }
});

test('the body of an asset transaction decodes strictly', () => {
  const bodies = [COMMIT_BODY, issueBody(), issueBody({ name: new Uint8Array(32) })];
  const code: ProtocolErrorCode = 'body-malformed';
  // The fixed parts of an issue end here; what follows is its name, of any length.
  const fixedLength = 65;
  for (const body of bodies) {
    assert.deepEqual(AssetBodyType.serialize(decodeAssetBody(body)), body);
    for (let length = 0; length < body.length && length < fixedLength; length++) {
      const cut = body.subarray(0, length);
      // The two offsets of an issue alone say two empty lists; such a body is refused where its parts are counted.
      if (length === 8 && body !== COMMIT_BODY) {
        assert.deepEqual(decodeAssetBody(cut), { commit: [], issue: [] });
      } else {
        assert.throws(() => decodeAssetBody(cut), refusal(code), `${length} bytes`);
      }
    }
    assert.throws(() => decodeAssetBody(concat(body, new Uint8Array(300))), refusal(code));
  }
  assert.throws(() => decodeAssetBody(concat(COMMIT_BODY, Uint8Array.of(0))), refusal(code));
  assert.throws(() => decodeAssetBody(issueBody({ name: new Uint8Array(33) })), refusal(code));
  assert.throws(() => decodeAssetBody(spliced(COMMIT_BODY, 0, le32(9))), refusal(code));
  assert.throws(() => decodeAssetBody(spliced(issueBody(), 4, le32(9))), refusal(code));
  assert.throws(() => decodeAssetBody(spliced(issueBody(), 8, le32(8))), refusal(code));
});

test('decoded transactions share no memory with the bytes that they came from', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(payment(), contractCall({ value: 9n }), assetTransaction(COMMIT_BODY)),
      (tx) => {
        const bytes = signed(tx);
        const decoded = decodeEnvelope(bytes);
        bytes.fill(0xee);
        assert.deepEqual(decoded.private?.tx, tx);
      },
    ),
    { numRuns: 3 },
  );
});
