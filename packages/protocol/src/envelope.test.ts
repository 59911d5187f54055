import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, equalBytes, le32 } from '@sero/crypto';
import {
  AssetBodyType,
  decodeAssetBody,
  decodeEnvelope,
  encodeEnvelope,
  MAX_TRANSACTION_BYTES,
  ProtocolError,
  type ProtocolErrorCode,
  type Transaction,
  TransactionType,
  transactionHash,
} from './index.ts';
import {
  assetTransaction,
  bareInner,
  COMMIT_BODY,
  CONTEXT,
  contractCall,
  filler,
  issueBody,
  joined,
  payment,
  refusal,
  signed,
  spliced,
} from './test-support.ts';

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

test('decoded transactions share no memory with the bytes that they came from, Buffers of Node neither', () => {
  for (const tx of [payment(), contractCall({ value: 9n }), assetTransaction(COMMIT_BODY)]) {
    for (const bytes of [signed(tx), Buffer.from(signed(tx))]) {
      const decoded = decodeEnvelope(bytes);
      bytes.fill(0xee);
      assert.deepEqual(decoded.private?.tx, tx);
    }
  }
});
