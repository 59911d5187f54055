import {
  concat,
  fieldToBytes,
  fromHex,
  le32,
  leBytes,
  leInteger,
  multiply,
  pointToBytes,
  Q,
  SIGNING_RANDOMNESS,
  SPEND_BASE,
  sign,
  utf8,
} from '@sero/crypto';
import jubjub from '../../../test/vectors/jubjub.json' with { type: 'json' };
import {
  AssetBodyType,
  BareTransactionType,
  type Call,
  type CheckContext,
  type CheckedTransaction,
  checkTransaction,
  DEVELOPMENT,
  decodeEnvelope,
  decodeKeyPoint,
  deriveSpendingKey,
  encodeEnvelope,
  encodeOneTimeAddress,
  encryptOutput,
  type Genesis,
  genesisHash,
  type Issue,
  intrinsicGas,
  KIND,
  NO_VALIDATORS,
  noteContext,
  type OpenedNote,
  type Output,
  openOutput,
  ownAddress,
  ProtocolError,
  type ProtocolErrorCode,
  receiverSecret,
  type SpendingKey,
  type Transaction,
  transactionHash,
  type ViewingKey,
} from './index.ts';

/** What an honest sender builds, and the ways to break it that several tests share. Proofs are 192 zero bytes: no check here looks at them. */

/** Matches the refusal with this code and nothing else, for assert.throws. */
export function refusal(code: ProtocolErrorCode): { name: string; code: ProtocolErrorCode } {
  return { name: 'ProtocolError', code };
}

/** Bytes that differ from those of another n. */
export function filler(n: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (101 * n + 7 * i + 1) & 0xff);
}

function account(n: number): SpendingKey {
  return deriveSpendingKey(filler(n, 32));
}

export const ALICE = account(1);
export const BOB = account(2);
export const CAROL = account(3);

/** The same bytes with one bit changed. */
export function flipped(bytes: Uint8Array, index: number, bit = 0): Uint8Array {
  const out = bytes.slice();
  out[index]! ^= 1 << bit;
  return out;
}

/** The bytes with others in their place from an offset on. */
export function spliced(bytes: Uint8Array, offset: number, part: Uint8Array): Uint8Array {
  const out = bytes.slice();
  out.set(part, offset);
  return out;
}

/** The second spelling of a field element: x + q in 32 bytes. */
export function plusModulus(bytes: Uint8Array): Uint8Array {
  return leBytes(leInteger(bytes) + Q, 32);
}

/** Encodings that are no field element, by name. */
export const BAD_FIELDS: readonly (readonly [string, Uint8Array])[] = [
  ['q', leBytes(Q, 32)],
  ['q + 1', leBytes(Q + 1n, 32)],
  ['2q', leBytes(2n * Q, 32)],
  ['2^256 - 1', new Uint8Array(32).fill(0xff)],
];

/** Every encoding that is no key point, with its name and the code that refuses it. */
export const BAD_POINTS: readonly (readonly [string, Uint8Array, ProtocolErrorCode])[] = [
  ...jubjub.refusedEncodings.map(
    ({ why, encoding }) => [why, fromHex(encoding), 'point-not-canonical'] as const,
  ),
  ...jubjub.smallOrder.map(
    ({ order, point }) =>
      [
        `of order ${order}`,
        fromHex(point.encoding),
        order === 1 ? 'point-is-identity' : 'point-not-in-subgroup',
      ] as const,
  ),
  ...jubjub.outsidePrimeSubgroup.map(
    ({ encoding }, i) => [`with torsion, number ${i}`, fromHex(encoding), 'point-not-in-subgroup'] as const,
  ),
];

export const GENESIS: Genesis = {
  ...DEVELOPMENT,
  name: utf8('tests'),
  time: 1_700_000_000_000n,
  verifyingKeys: [{ circuit: 1, proofSystem: 1, hash: filler(9, 32) }],
  allocations: [
    {
      pkr: encodeOneTimeAddress(ownAddress(ALICE.proof.viewing, DEVELOPMENT.chainId, 'once', 0n)),
      asset: fieldToBytes(1n),
      value: 10n ** 24n,
    },
  ],
  derivation: utf8('made up'),
  ...NO_VALIDATORS,
};

export const CONTEXT: CheckContext = { genesis: GENESIS, genesisHash: genesisHash(GENESIS) };

/** rsk of every transaction here. */
export const RSK = 0x0123456789abcdefn;

export const GAS_PRICE = 1_000_000_000n;

const NULLIFIERS = [fieldToBytes(0x1111n), fieldToBytes(Q - 0x2222n)];

/** What Alice pays as output number `index`. */
function outputOf(to: SpendingKey, index: number): Output {
  const planned = {
    to: to.proof.viewing.address,
    asset: 1n,
    value: BigInt(index),
    rseed: filler(20 + index, 32),
    memoFiller: filler(30 + index, 48),
  };
  return encryptOutput(planned, ALICE.proof.viewing.ovk, 0x1111n, index);
}

const OUTPUTS: readonly Output[] = [BOB, ALICE, ALICE].map(outputOf);

const FROM = encodeOneTimeAddress(ownAddress(ALICE.proof.viewing, DEVELOPMENT.chainId, 'once', 7n));

/** A circuit and the counts of a transaction under it. */
export interface ShapeCounts {
  readonly circuit: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Fresh copies: a test may change what it gets. */
const payments = (): Transaction => ({
  version: 1,
  kind: KIND.pay,
  proofSystem: 1,
  circuit: 1,
  chainId: GENESIS.chainId,
  expiry: 1_600n,
  gasLimit: 0n,
  gasPrice: GAS_PRICE,
  from: FROM.slice(),
  shielded: {
    anchor: 1_000n,
    rk: pointToBytes(multiply(SPEND_BASE, RSK)),
    nullifiers: NULLIFIERS.map((bytes) => bytes.slice()),
    traces: [fieldToBytes(0x3333n), fieldToBytes(0x4444n)],
    outputs: OUTPUTS.map((output) => ({ ...output })),
  },
  memo: new Uint8Array(0),
  pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
  call: [],
  recipients: [],
  body: new Uint8Array(0),
});

/** Sets gas and public amounts as the rules want them for everything else in the transaction. */
export function tied(tx: Transaction, price = 0n): Transaction {
  const gasLimit = tx.gasLimit === 0n ? intrinsicGas(GENESIS.gas, tx) : tx.gasLimit;
  const call = tx.call[0];
  return {
    ...tx,
    gasLimit,
    pub: {
      ...tx.pub,
      pubOut: [gasLimit * tx.gasPrice + (call?.value ?? 0n) + price, call?.amount ?? 0n],
    },
  };
}

/** A payment that passes every check once it is signed. */
export function payment(change: Partial<Transaction> = {}): Transaction {
  return tied({ ...payments(), ...change });
}

/** A payment of these counts under this circuit id: all outputs go to Bob. */
export function paymentOfShape({ circuit, inputs, outputs }: ShapeCounts): Transaction {
  const { shielded } = payments();
  const fields = (from: bigint): Uint8Array[] =>
    Array.from({ length: inputs }, (_, i) => fieldToBytes(from + BigInt(i)));
  return payment({
    circuit,
    shielded: {
      ...shielded,
      nullifiers: fields(0x1111n),
      traces: fields(0x3333n),
      outputs: Array.from({ length: outputs }, (_, index) => outputOf(BOB, index)),
    },
  });
}

/** A payment with a part of its shielded half changed. */
export function shieldedPayment(change: Partial<Transaction['shielded']>): Transaction {
  const tx = payment();
  return { ...tx, shielded: { ...tx.shielded, ...change } };
}

/** A payment with one of its outputs changed. */
export function paymentWithOutput(index: number, change: Partial<Output>): Transaction {
  const { outputs } = payment().shielded;
  return shieldedPayment({ outputs: outputs.map((out, i) => (i === index ? { ...out, ...change } : out)) });
}

/** A call that passes every check once it is signed. */
export function contractCall(change: Partial<Call> = {}, rest: Partial<Transaction> = {}): Transaction {
  const call: Call = { to: [filler(40, 64)], data: filler(41, 100), value: 0n, amount: 0n, ...change };
  const tx = { ...payments(), kind: KIND.call, call: [call], ...rest };
  return tied(call.amount === 0n ? tx : { ...tx, pub: { ...tx.pub, asset: fieldToBytes(0x5555n) } });
}

/** An asset transaction with this body. @param price name price that pubOut_0 holds */
export function assetTransaction(body: Uint8Array, price = 0n): Transaction {
  return tied({ ...payments(), kind: KIND.asset, body }, price);
}

export const COMMIT_BODY = AssetBodyType.serialize({ commit: [{ hash: filler(50, 32) }], issue: [] });

/** Body of an issue: a token of seven letters unless changed. */
export function issueBody(
  change: Partial<Omit<Issue, 'name'>> & { name?: string | Uint8Array } = {},
): Uint8Array {
  const name = change.name ?? 'HEPTANE';
  const issue = {
    salt: filler(51, 32),
    supply: 1_000n,
    kind: 1,
    ...change,
    name: typeof name === 'string' ? utf8(name) : name,
  };
  return AssetBodyType.serialize({ commit: [], issue: [issue] });
}

/** The envelope of a transaction signed under its rk, as bytes. */
export function signed(tx: Transaction, genesis: Uint8Array = CONTEXT.genesisHash): Uint8Array {
  const signature = sign(RSK, transactionHash(tx, genesis), new Uint8Array(SIGNING_RANDOMNESS).fill(5));
  return encodeEnvelope({ tx, authorization: { proof: new Uint8Array(192), signature } });
}

/** An envelope from its two encoded halves: 8 and the second offset, then the halves (SSZ). */
export function joined(inner: Uint8Array, authorization: Uint8Array): Uint8Array {
  return concat(le32(8), le32(8 + inner.length), inner, authorization);
}

/** Bytes of a bare transaction. */
export function bareInner(kind: number): Uint8Array {
  return BareTransactionType.serialize({
    version: 1,
    kind,
    proofSystem: 0,
    circuit: 0,
    chainId: GENESIS.chainId,
    body: filler(60, 40),
  });
}

/** What a node does with bytes from the wire. */
export function receive(bytes: Uint8Array, context: CheckContext = CONTEXT): CheckedTransaction {
  return checkTransaction(decodeEnvelope(bytes), bytes, context);
}

/** What the owner of a viewing key finds in an output. @param checkTag false as in audits */
export function received(
  key: ViewingKey,
  output: Output,
  firstNullifier: bigint,
  index: number,
  checkTag = true,
): OpenedNote | undefined {
  try {
    const { secret, r } = receiverSecret(key.vsk, decodeKeyPoint(output.vpkr, 'VPKr'));
    return openOutput(output, key.address.zpk, secret, r, noteContext(firstNullifier, index), checkTag);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Everything that differs from the value in one place: each number, each byte string (at both ends), each list's length. */
export function variations<T>(value: T): T[] {
  return variationsOf(value) as T[];
}

function variationsOf(value: unknown): unknown[] {
  if (typeof value === 'number') return [value ^ 1];
  if (typeof value === 'bigint') return [value ^ 1n];
  if (value instanceof Uint8Array) {
    return value.length === 0 ? [Uint8Array.of(0)] : [0, value.length - 1].map((i) => flipped(value, i));
  }
  if (Array.isArray(value)) {
    // Amounts come as pairs, which cannot be shorter.
    const shorter = value.length > 0 && typeof value[0] !== 'bigint' ? [value.slice(1)] : [];
    const inside = value.flatMap((item: unknown, i) =>
      variationsOf(item).map((changed) => value.map((other: unknown, j) => (i === j ? changed : other))),
    );
    return [...shorter, ...inside];
  }
  return Object.entries(value as object).flatMap(([key, part]) =>
    variationsOf(part).map((changed) => ({ ...(value as object), [key]: changed })),
  );
}
