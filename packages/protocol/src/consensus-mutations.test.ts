import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Type } from '@chainsafe/ssz';
import { blake2b256, equalBytes, le32 } from '@sero/crypto';
import fc from 'fast-check';
import {
  cast,
  checkpointOf,
  DRAWN,
  EVERYBODY,
  madeChain,
  pairFrom,
  participants,
  roundOf,
  STUB,
  stubBls,
  TEST_GENESIS,
  weigh,
} from './consensus-test-support.ts';
import {
  BundleType,
  CheckpointType,
  type Committees,
  decodeBundle,
  decodeCheckpoint,
  decodeEvidence,
  decodeLightCertificate,
  decodeVote,
  type Evidence,
  EvidenceType,
  LightCertificateType,
  makeBundle,
  makeLightCertificate,
  ProtocolError,
  proveRows,
  STEP,
  stakeTable,
  twoVotesOf,
  VoteType,
  valueOfHeader,
  verifyBundle,
  verifyCertificate,
  verifyCheckpoint,
  verifyEvidence,
  verifyLightCertificate,
  verifyVote,
} from './index.ts';
import { mutants } from './mutants-test-support.ts';
import { filler, spliced } from './test-support.ts';

/** Nothing that differs from an honest object in one place, or in bytes anywhere, passes for it. */

const ALL = participants([400_000n, 300_000n, 200_000n, 100_000n]);
const TABLE = stakeTable(ALL.map(({ row }) => row));
const CHAIN = madeChain(300, TABLE);
const HEADER = CHAIN.headers[290]!;

/** An object, its type, and everything that is done to bytes that claim to be such a one. */
interface Case<T> {
  readonly name: string;
  readonly type: Type<T>;
  readonly honest: T;
  readonly decode: (bytes: Uint8Array) => T;
  /** Throws ProtocolError unless the object is good. */
  readonly verify: (object: T) => unknown;
  /** Single-field changes of it. */
  readonly changes: number;
}

/** Erases the type parameter: a case goes with itself. */
function caseOf<T>(one: Case<T>): Case<unknown> {
  return one as Case<unknown>;
}

const AT = { round: 290n, period: 0, step: STEP.cert, value: valueOfHeader(HEADER) };
const contextWith = (committees: Committees) =>
  roundOf(ALL, committees, { round: 290n, seed: CHAIN.headers[288]!.seed });

/** The certificate that one equivocator and some votes make. */
function certificateWith(committees: Committees) {
  const context = contextWith(committees);
  const [heaviest, ...others] = [...ALL].sort((a, b) => Number(b.row.weight - a.row.weight));
  const pair = pairFrom(heaviest!, context, AT, [1, 2]);
  const { weight } = weigh(context, cast(heaviest!, context, AT));
  const votes = others.map((one) => weigh(context, cast(one, context, AT)));
  return makeBundle(context.committees(STEP.cert).threshold, AT, votes, [{ pair, weight }])!;
}

const EVIDENCE = {
  genesisHash: TEST_GENESIS,
  balanceLookback: 16n,
  evidenceWindow: 48n,
  height: 301n,
  history: CHAIN.history,
};
const verifyBoth = (evidence: Evidence) => verifyEvidence(EVIDENCE, evidence, { ...STUB, bls: stubBls });

const LIGHT = {
  genesisHash: TEST_GENESIS,
  committees: DRAWN,
  seedRule: { seedLookback: 2n, seedRefresh: 4n },
  balanceLookback: 16n,
  anchor: { height: 274n, validatorsRoot: TABLE.root() },
};

const CASES: readonly Case<unknown>[] = [
  caseOf({
    name: 'vote where every unit counts',
    type: VoteType,
    honest: cast(ALL[0]!, contextWith(EVERYBODY), AT),
    decode: decodeVote,
    verify: (vote) => verifyVote(contextWith(EVERYBODY), vote, STUB),
    changes: 33,
  }),
  caseOf({
    name: 'proposal',
    type: VoteType,
    honest: cast(ALL[0]!, contextWith(DRAWN), {
      ...AT,
      step: STEP.propose,
      value: { ...AT.value, proposer: ALL[0]!.row.id },
    }),
    decode: decodeVote,
    verify: (vote) => verifyVote(contextWith(DRAWN), vote, STUB),
    changes: 36,
  }),
  caseOf({
    name: 'bundle where every unit counts',
    type: BundleType,
    honest: { ...certificateWith(EVERYBODY) },
    decode: decodeBundle,
    verify: (bundle) => verifyBundle(contextWith(EVERYBODY), bundle, STUB),
    changes: 93,
  }),
  caseOf({
    name: 'certificate of a drawn committee',
    type: BundleType,
    honest: certificateWith(DRAWN),
    decode: decodeBundle,
    verify: (bundle) => verifyCertificate(contextWith(DRAWN), bundle, STUB),
    changes: 124,
  }),
  caseOf({
    name: 'light certificate',
    type: LightCertificateType,
    honest: makeLightCertificate(CHAIN.headers.slice(288, 291), certificateWith(DRAWN), TABLE),
    decode: decodeLightCertificate,
    verify: (light) => verifyLightCertificate(LIGHT, light, STUB),
    changes: 365,
  }),
  caseOf({
    name: 'checkpoint',
    type: CheckpointType,
    honest: checkpointOf(CHAIN.headers[256]!, TABLE, ALL.slice(1)),
    decode: decodeCheckpoint,
    verify: (checkpoint) =>
      verifyCheckpoint(
        TEST_GENESIS,
        { height: 0n, validatorsRoot: TABLE.root() },
        TABLE,
        checkpoint,
        stubBls,
      ),
    changes: 17,
  }),
  caseOf({
    name: 'evidence of two votes',
    type: EvidenceType,
    honest: twoVotesOf(
      AT,
      pairFrom(ALL[0]!, contextWith(DRAWN), AT, [1, 2]),
      CHAIN.prove(274n),
      proveRows(TABLE, [ALL[0]!.row.id]),
    ),
    decode: decodeEvidence,
    verify: verifyBoth,
    changes: 181,
  }),
  caseOf({
    name: 'evidence of a false checkpoint',
    type: EvidenceType,
    honest: {
      votes: [],
      checkpoint: [
        {
          checkpoint: checkpointOf(CHAIN.headers[256]!, TABLE, ALL.slice(0, 2), {
            blockHash: blake2b256('OTHER_BLOCK'),
          }),
          header: CHAIN.prove(256n),
          anchor: CHAIN.prove(0n),
          rows: proveRows(
            TABLE,
            ALL.slice(0, 2).map(({ row }) => row.id),
          ),
        },
      ],
    },
    decode: decodeEvidence,
    verify: verifyBoth,
    changes: 249,
  }),
];

/** Cuts, lengthens, overwrites and exchanges, in the places where SSZ has its offsets as anywhere. */
const SURGERY = fc.array(
  fc.record({
    how: fc.constantFrom('word', 'byte', 'cut', 'tail', 'drop', 'swap', 'repeat'),
    at: fc.nat(),
    value: fc.nat(2_000),
  }),
  { minLength: 1, maxLength: 3 },
);

type Surgery = typeof SURGERY extends fc.Arbitrary<infer T> ? T : never;

function operated(bytes: Uint8Array, surgery: Surgery): Uint8Array {
  let changed = bytes;
  for (const { how, at, value } of surgery) {
    if (changed.length < 16) break;
    const place = at % (changed.length - 8);
    const other = value % (changed.length - 8);
    const part = (from: number, length: number): Uint8Array => changed.slice(from, from + length);
    switch (how) {
      case 'word':
        changed = spliced(changed, place & ~3, le32(value));
        break;
      case 'byte':
        changed = spliced(changed, place, Uint8Array.of(value & 255));
        break;
      case 'cut':
        changed = changed.slice(0, changed.length - (value % 9));
        break;
      case 'tail':
        changed = Uint8Array.from([...changed, ...filler(at, value % 41)]);
        break;
      case 'drop':
        changed = Uint8Array.from([...part(0, place), ...changed.slice(place + 1 + (value % 300))]);
        break;
      case 'repeat':
        changed = Uint8Array.from([...part(0, place), ...part(place, value), ...changed.slice(place)]);
        break;
      case 'swap':
        changed = spliced(spliced(changed, place, part(other, 4)), other, part(place, 4));
        break;
    }
  }
  return changed;
}

/** Runs what is done with bytes from the wire; any error but a typed refusal is a bug. */
function passes({ decode, verify }: Case<unknown>, bytes: Uint8Array): boolean {
  try {
    verify(decode(bytes));
    return true;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error instanceof Error ? error.stack : error));
    return false;
  }
}

for (const one of CASES) {
  const bytes = one.type.serialize(one.honest);

  test(`an honest ${one.name} passes`, () => {
    assert.deepEqual(one.decode(bytes), one.honest);
    assert.ok(passes(one, bytes));
  });

  test(`each of ${one.changes} single-field changes of a ${one.name} is refused`, () => {
    const all = mutants(one.type, one.honest);
    assert.equal(new Set(all.map(({ path }) => path)).size, all.length);
    for (const { path, value } of all) assert.ok(!passes(one, one.type.serialize(value)), path);
    assert.equal(all.length, one.changes);
  });

  test(`arbitrary and mangled bytes are no ${one.name}, and are refused with a typed error`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 800 }), (junk) => assert.ok(!passes(one, junk))),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(SURGERY, (surgery) => {
        const changed = operated(bytes, surgery);
        assert.ok(equalBytes(changed, bytes) || !passes(one, changed));
      }),
      { numRuns: 300 },
    );
  });
}
