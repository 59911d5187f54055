import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldToBytes, fromHex, sign, toHex } from '@sero/crypto';
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
  ProtocolError,
  type Transaction,
  TransactionType,
  transactionHash,
  transactionId,
  witnessTransactionId,
} from './index.ts';
import {
  CONTEXT,
  contractCall,
  filler,
  flipped,
  GENESIS,
  refusal,
  signed,
  variations,
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

test('the transactions of the Python reference pass every check, where version 1 has their kind', async (t) => {
  // The reference knows no prices of names: there they are free.
  const context: CheckContext = { genesis: { ...GENESIS, namePrices: [0n] }, genesisHash: genesis };
  for (const { name, tx, envelope, hashE, wtxid } of vectors.transactions) {
    await t.test(name, () => {
      const bytes = fromHex(envelope);
      const check = () => checkTransaction(decodeEnvelope(bytes), bytes, context);
      if (tx.kind === KIND.create) assert.throws(check, refusal('kind-not-active'));
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

test('hash_e covers every field of the transaction and the genesis, and neither proof nor signature', () => {
  const tx = contractCall({ value: 5n, amount: 6n }, { memo: filler(1, 528), recipients: [filler(2, 64)] });
  const changed = variations(tx);
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
