import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  blake2b,
  concat,
  fieldToBytes,
  IDENTITY,
  leBytes,
  leInteger,
  multiply,
  type Point,
  pointFromBytes,
  pointToBytes,
  Q,
  R_J,
  SIGNING_RANDOMNESS,
  SPEND_BASE,
  sign,
  toScalar,
} from '@sero/crypto';
import {
  decodeEnvelope,
  encodeBlock,
  encodeEnvelope,
  type ProtocolError,
  type Transaction,
  transactionHash,
} from '@sero/protocol';
import { BACKEND_NAMES, type BackendName, type ProverBackend, ProverError } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { filler, RSK, refusalOf, startChain, type TestChain } from './test-support.ts';

/** Whichever backend checks signatures and points, the rule that refuses a transaction is the same, and so is the one who is named. */

const SIGN_BIT = 1n << 255n;

function tryDecode(bytes: Uint8Array): Point | undefined {
  try {
    return pointFromBytes(bytes);
  } catch {
    return undefined;
  }
}

function pointOfOrderEight(): Point {
  for (let v = 2n; ; v++) {
    const found = tryDecode(leBytes(v, 32));
    const torsion = found?.multiplyUnsafe(R_J - 1n).add(found);
    if (torsion !== undefined && !torsion.double().double().is0()) return torsion;
  }
}

function noPoint(): Uint8Array {
  for (let v = 2n; ; v++) {
    if (tryDecode(leBytes(v, 32)) === undefined) return leBytes(v, 32);
  }
}

const EIGHTH = pointOfOrderEight();
const TORSION = Array.from({ length: 8 }, (_, n) => (n === 0 ? IDENTITY : EIGHTH.multiplyUnsafe(BigInt(n))));
const RK = multiply(SPEND_BASE, RSK);

/** Encodings that are no key, with the code of each. */
const BAD_POINTS: readonly (readonly [name: string, encoding: Uint8Array, code: string])[] = [
  ['off the curve', noPoint(), 'point-not-canonical'],
  ['v = q', leBytes(Q, 32), 'point-not-canonical'],
  ['the identity, spelt v = q + 1', leBytes(Q + 1n, 32), 'point-not-canonical'],
  ['the identity with a sign', leBytes(1n | SIGN_BIT, 32), 'point-not-canonical'],
  ['order 2 with a sign', leBytes((Q - 1n) | SIGN_BIT, 32), 'point-not-canonical'],
  ['all ones', new Uint8Array(32).fill(0xff), 'point-not-canonical'],
  ['the identity', pointToBytes(IDENTITY), 'point-is-identity'],
  ...[1, 2, 4].map((n) => [`order ${8 / n}`, pointToBytes(TORSION[n]!), 'point-not-in-subgroup'] as const),
  ...[1, 4, 7].map(
    (n) => [`a key with torsion ${n}`, pointToBytes(RK.add(TORSION[n]!)), 'point-not-in-subgroup'] as const,
  ),
];

function withSignature(bytes: Uint8Array, signature: Uint8Array): Uint8Array {
  const { tx, authorization } = decodeEnvelope(bytes).private!;
  return encodeEnvelope({ tx, authorization: { ...authorization, signature } });
}

/** A signature with R of one's own choice, as if its nonce were this: whoever holds rsk can make it. */
function signedWith(hashE: bigint, r: Uint8Array, nonce: bigint): Uint8Array {
  const c = toScalar(blake2b('SERO_RedJ_C', r, pointToBytes(RK), fieldToBytes(hashE)));
  return concat(r, leBytes((nonce + c * RSK) % R_J, 32));
}

type Case = readonly [what: string, bytes: Uint8Array, code: string];

function signatureCases(chain: TestChain): Case[] {
  const bytes = chain.make();
  const { tx, authorization } = decodeEnvelope(bytes).private!;
  const hashE = transactionHash(tx, chain.ledger.genesisHash);
  const [r, s] = [authorization.signature.slice(0, 32), leInteger(authorization.signature.subarray(32))];
  const given = (what: string, signature: Uint8Array, code = 'signature-invalid'): Case => [
    what,
    withSignature(bytes, signature),
    code,
  ];
  const nonce = 987_654_321n;
  const ownR = multiply(SPEND_BASE, nonce);
  return [
    ['honest', bytes, 'accepted'],
    given('s of one more', concat(r, leBytes((s + 1n) % R_J, 32))),
    given('another key’s', sign(RSK + 1n, hashE, new Uint8Array(SIGNING_RANDOMNESS))),
    given('another message’s', sign(RSK, hashE + 1n, new Uint8Array(SIGNING_RANDOMNESS))),
    given('s + r_J', concat(r, leBytes(s + R_J, 32))),
    given('s = r_J', concat(r, leBytes(R_J, 32))),
    given('all zero', new Uint8Array(64)),
    given('all ones', new Uint8Array(64).fill(0xff)),
    // The equation is cofactored: torsion in R is no fault.
    ...TORSION.map((torsion, n) =>
      given(`R with torsion ${n}`, signedWith(hashE, pointToBytes(ownR.add(torsion)), nonce), 'accepted'),
    ),
    ...TORSION.map((torsion, n) =>
      given(`R of small order, ${n}`, signedWith(hashE, pointToBytes(torsion), 0n), 'accepted'),
    ),
    ...TORSION.slice(0, 2).map((torsion, n) =>
      given(`R of small order, ${n}, and another s`, signedWith(hashE, pointToBytes(torsion), 1n)),
    ),
    ...BAD_POINTS.filter(([, , code]) => code === 'point-not-canonical').map(([what, encoding]) =>
      given(`R is ${what}`, signedWith(hashE, encoding, 0n)),
    ),
  ];
}

const PLACES: Readonly<Record<string, (tx: Transaction, point: Uint8Array) => Transaction>> = {
  rk: (tx, rk) => ({ ...tx, shielded: { ...tx.shielded, rk } }),
  from: (tx, point) => ({ ...tx, from: concat(point, tx.from.subarray(32)) }),
  output: (tx, vpkr) => {
    const outputs = tx.shielded.outputs.with(1, { ...tx.shielded.outputs[1]!, vpkr });
    return { ...tx, shielded: { ...tx.shielded, outputs } };
  },
};

function pointCases(chain: TestChain): Case[] {
  return Object.entries(PLACES).flatMap(([place, put]) =>
    BAD_POINTS.map(
      ([name, encoding, code]): Case => [
        `${place} is ${name}`,
        chain.authorize(put(chain.draft(), encoding)),
        code,
      ],
    ),
  );
}

/** Two faults: the rule that comes first in the order of the checks is the one that is named, wherever points stand in it. */
function orderCases(chain: TestChain): Case[] {
  const tx = chain.draft();
  const [identity, torsion, off] = [pointToBytes(IDENTITY), pointToBytes(EIGHTH), noPoint()];
  const { rk, from, output } = PLACES as Record<'rk' | 'from' | 'output', (typeof PLACES)[string]>;
  const badField = { ...tx.shielded, nullifiers: [leBytes(Q, 32), tx.shielded.nullifiers[1]!] };
  const badTrace = { ...tx.shielded, traces: [leBytes(Q, 32), tx.shielded.traces[1]!] };
  const [first, , third] = tx.shielded.outputs;
  const twice = { ...tx.shielded, outputs: [first!, first!, third!] };
  const cases: readonly (readonly [string, Transaction, string])[] = [
    ['chain before points', from({ ...tx, chainId: 77n }, identity), 'wrong-chain'],
    ['from before nullifiers', from({ ...tx, shielded: badField }, identity), 'point-is-identity'],
    ['from before its own ZPKr', { ...tx, from: concat(torsion, leBytes(Q, 32)) }, 'point-not-in-subgroup'],
    ['nullifiers before outputs', output({ ...tx, shielded: badField }, identity), 'field-not-canonical'],
    ['from before rk', from(rk(tx, off), torsion), 'point-not-in-subgroup'],
    ['outputs before rk', output(rk(tx, identity), off), 'point-not-canonical'],
    ['equal outputs before rk', rk({ ...tx, shielded: twice }, identity), 'duplicate-output-address'],
    ['rk before traces', rk({ ...tx, shielded: badTrace }, identity), 'point-is-identity'],
    ['rk before the memo', rk({ ...tx, memo: filler(1, 5) }, torsion), 'point-not-in-subgroup'],
    ['the memo before the signature', { ...tx, memo: filler(1, 5) }, 'memo-length'],
  ];
  return cases.map(([what, faulty, code]) => [
    what,
    withSignature(chain.authorize(faulty, filler(2, 192)), new Uint8Array(64)),
    code,
  ]);
}

const allCases = (chain: TestChain): Case[] => [
  ...signatureCases(chain),
  ...pointCases(chain),
  ...orderCases(chain),
];

/** The backend of this name; undefined where it cannot run here. */
async function opened(name: BackendName): Promise<ProverBackend | undefined> {
  try {
    return await openBackend({ backend: name });
  } catch (error) {
    if (error instanceof ProverError && error.code === 'backend-unavailable') return undefined;
    throw error;
  }
}

/** Runs with a chain whose points and signatures this backend checks. */
async function onChain(name: BackendName, work: (chain: TestChain) => Promise<void>): Promise<void> {
  const backend = await opened(name);
  if (backend === undefined) return;
  try {
    await work(startChain({ signatures: backend.signatures, keyPoints: backend.keyPoints }));
  } finally {
    await backend.close();
  }
}

for (const name of BACKEND_NAMES) {
  describe(`checked by ${name}`, () => {
    it('each transaction alone gets the verdict of the rules, under their codes', () =>
      onChain(name, async (chain) => {
        for (const [what, bytes, code] of allCases(chain)) {
          assert.equal(await refusalOf(chain, () => chain.ledger.check(bytes)), code, what);
        }
      }));

    it('many that are checked at once share their batches, and each gets its own verdict', () =>
      onChain(name, async (chain) => {
        const cases = allCases(chain);
        const codes = await Promise.all(
          cases.map(([, bytes]) => refusalOf(chain, () => chain.ledger.check(bytes))),
        );
        assert.deepEqual(
          codes.map((code, i) => [cases[i]![0], code]),
          cases.map(([what, , code]) => [what, code]),
        );
      }));

    it('a proposer leaves out the culprits alone, and the first culprit of a block is named', () =>
      onChain(name, async (chain) => {
        const bad = allCases(chain).filter(([, , code]) => code !== 'accepted');
        const honest = [chain.make(), chain.make(), chain.make()];
        const mixed = [honest[0]!, ...bad.map(([, bytes]) => bytes), ...honest.slice(1)];
        const { block, rejected } = await chain.ledger.propose(mixed, chain.ledger.head().time + 1n);
        assert.deepEqual(
          rejected.map(({ index, error }) => [index, error.code]),
          bad.map(([, , code], i) => [i + 1, code]),
        );
        assert.deepEqual(block.transactions, honest);
        const apply = (transactions: Uint8Array[]) =>
          chain.ledger.apply(encodeBlock({ ...block, transactions }));
        for (const [what, bytes, code] of bad.filter((_, i) => i % 9 === 0)) {
          for (const place of [0, 2]) {
            await assert.rejects(
              apply(honest.with(place, bytes)),
              (error) =>
                error instanceof Error &&
                (error as ProtocolError).code === code &&
                error.message.startsWith(`transaction ${place}: `),
              `${what} at place ${place}`,
            );
          }
        }
        assert.equal(await refusalOf(chain, () => apply(honest)), 'accepted');
      }));
  });
}
