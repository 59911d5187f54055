import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, le32, portableEd25519, portableVrf } from '@sero/crypto';
import fc from 'fast-check';
import {
  cast,
  DRAWN,
  type Participant,
  pairFrom,
  participants,
  proposed,
  roundOf,
  STUB,
  weigh,
} from './consensus-test-support.ts';
import {
  BOTTOM,
  type Bundle,
  type BundlePair,
  type BundleSubject,
  checkBundleForm,
  compareValues,
  decodeBundle,
  encodeBundle,
  ephemeralCache,
  MAX_BUNDLE_BYTES,
  MAX_BUNDLE_VOTES,
  MAX_PERIOD,
  makeBundle,
  maxBundleBytes,
  type ProtocolErrorCode,
  pairOf,
  STEP,
  verifyBundle,
  verifyCertificate,
  verifyVote,
  type WeighedPair,
  type WeighedVote,
} from './index.ts';
import { flipped, refusal } from './test-support.ts';

/** Weights 1 to 8: 36 units, the quorum is 25. */
const ALL = participants([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]);
const CONTEXT = roundOf(ALL);
const BY_WEIGHT = [...ALL].sort((a, b) => Number(a.row.weight - b.row.weight));
const ID = ALL[0]!.row.id;
const VALUE = proposed(ID, 1);
const CERT: BundleSubject = { round: CONTEXT.round, period: 0, step: STEP.cert, value: VALUE };

const votesOf = (who: readonly Participant[], at = CERT): WeighedVote[] =>
  who.map((one) => weigh(CONTEXT, cast(one, CONTEXT, at)));

/** Votes of these weights, as a bundle that has just them. */
function bundleOf(
  weights: readonly number[],
  equivocators: readonly number[] = [],
  at: BundleSubject = CERT,
): Bundle {
  const pick = (numbers: readonly number[]): Participant[] =>
    ALL.filter(({ row }) => numbers.includes(Number(row.weight)));
  return {
    ...at,
    votes: votesOf(pick(weights), at).map(({ vote: { sender, proof, signature } }) => ({
      sender,
      proof,
      signature,
    })),
    equivocations: pick(equivocators).map((one) => pairFrom(one, CONTEXT, at, [2, 3])),
  };
}

const refuse = (bundle: Bundle, code: ProtocolErrorCode): void =>
  assert.throws(() => verifyBundle(CONTEXT, bundle, STUB), refusal(code));

test('votes that weigh the threshold are a quorum, one unit less is none', () => {
  assert.equal(CONTEXT.committees(STEP.cert).threshold, 25n);
  const { weight, votes } = verifyBundle(CONTEXT, bundleOf([8, 7, 6, 4]), STUB);
  assert.equal(weight, 25n);
  assert.deepEqual(
    [...votes].sort((a, b) => Number(a - b)),
    [4n, 6n, 7n, 8n],
  );
  refuse(bundleOf([8, 7, 6, 3]), 'bundle-weight');
});

test('an equivocator counts for every value, for bottom too', () => {
  const bundle = bundleOf([8, 7], [6, 4]);
  const { weight, equivocations } = verifyBundle(CONTEXT, bundle, STUB);
  assert.equal(weight, 25n);
  assert.equal(equivocations.length, 2);
  const next = { ...CERT, step: STEP.next, value: BOTTOM };
  assert.equal(verifyBundle(CONTEXT, bundleOf([8, 7], [6, 4], next), STUB).weight, 25n);
});

test('nobody counts twice: not in a list, not in both', () => {
  const bundle = bundleOf([8, 7]);
  const [first] = bundle.votes;
  refuse({ ...bundle, votes: [first!, first!, ...bundle.votes.slice(1)] }, 'bundle-order');
  const pairs = bundleOf([], [6, 4]).equivocations;
  refuse({ ...bundle, equivocations: [pairs[0]!, pairs[0]!] }, 'bundle-order');
  refuse(bundleOf([8, 7], [8, 7]), 'bundle-order');
});

test('senders ascend, so that a quorum has one spelling', () => {
  const bundle = bundleOf([8, 7], [6, 4]);
  refuse({ ...bundle, votes: bundle.votes.toReversed() }, 'bundle-order');
  refuse({ ...bundle, equivocations: bundle.equivocations.toReversed() }, 'bundle-order');
});

test('a pair is for two values that may be voted for, in the order of their bytes', () => {
  const bundle = bundleOf([8, 7], [6, 4]);
  const change = (how: (pair: BundlePair) => BundlePair): Bundle => ({
    ...bundle,
    equivocations: bundle.equivocations.map(how),
  });
  refuse(
    change((pair) => ({
      ...pair,
      values: pair.values.toReversed(),
      signatures: pair.signatures.toReversed(),
    })),
    'bundle-pair',
  );
  refuse(
    change((pair) => ({ ...pair, values: [pair.values[0]!, pair.values[0]!] })),
    'bundle-pair',
  );
  const sixth = BY_WEIGHT[5]!;
  const bottom = pairOf(cast(sixth, CONTEXT, { ...CERT, value: BOTTOM }), cast(sixth, CONTEXT, CERT));
  refuse({ ...bundle, equivocations: [bottom] }, 'value-not-canonical');
  const late = proposed(ID, 9, 1);
  refuse(
    change((pair) => ({ ...pair, values: [pair.values[0]!, late].sort(compareValues) })),
    'value-not-canonical',
  );
});

test('both signatures of a pair count: who voted once is not made an equivocator', () => {
  const bundle = bundleOf([8, 7], [6, 4]);
  for (const side of [0, 1]) {
    const [pair, other] = bundle.equivocations;
    const signatures = pair!.signatures.map((s, i) => (i === side ? other!.signatures[side]! : s));
    refuse({ ...bundle, equivocations: [{ ...pair!, signatures }, other!] }, 'batch-signature');
    const doubled = pair!.signatures.map(() => pair!.signatures[side]!);
    refuse({ ...bundle, equivocations: [{ ...pair!, signatures: doubled }, other!] }, 'vote-signature');
  }
});

test('proposals make no quorum, and a quorum is of its round', () => {
  refuse({ ...bundleOf([8, 7, 6, 4]), step: STEP.propose }, 'step-not-canonical');
  refuse({ ...bundleOf([8, 7, 6, 4]), round: CONTEXT.round + 1n }, 'vote-round');
  refuse({ ...bundleOf([8, 7, 6, 4]), value: BOTTOM }, 'value-not-canonical');
});

test('too little stake is refused before any signature is looked at', () => {
  let looked = 0;
  const ed25519 = {
    ...STUB.ed25519,
    verify: () => {
      looked++;
      return true;
    },
  };
  assert.throws(
    () => verifyBundle(CONTEXT, bundleOf([8, 7, 6]), { ...STUB, ed25519 }),
    refusal('bundle-weight'),
  );
  assert.equal(looked, 0);
});

test('a bundle is made of the fewest votes that it takes', () => {
  const bundle = makeBundle(25n, CERT, votesOf(ALL));
  assert.deepEqual(
    bundle?.votes.map(({ sender }) => CONTEXT.table.row(sender)!.weight).sort((a, b) => Number(a - b)),
    [5n, 6n, 7n, 8n],
  );
  assert.ok(verifyCertificate(CONTEXT, bundle!, STUB));
});

test('whatever the votes and pairs are, what is made of them is a certificate exactly if they suffice', () => {
  const subsets = fc.array(fc.constantFrom('none', 'vote', 'pair', 'both'), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(subsets, (roles) => {
      const votes: WeighedVote[] = [];
      const pairs: WeighedPair[] = [];
      let sum = 0n;
      for (const [i, role] of roles.entries()) {
        const { weight } = ALL[i]!.row;
        if (role !== 'none') sum += weight;
        if (role === 'vote' || role === 'both') votes.push(...votesOf([ALL[i]!]));
        if (role === 'pair' || role === 'both') {
          pairs.push({ pair: pairFrom(ALL[i]!, CONTEXT, CERT, [2, 3]), weight });
        }
      }
      const bundle = makeBundle(25n, CERT, votes, pairs);
      assert.equal(bundle !== undefined, sum >= 25n);
      if (bundle !== undefined) verifyCertificate(CONTEXT, bundle, STUB);
    }),
    { numRuns: 150 },
  );
});

test('a pair is the same whichever of its votes came first', () => {
  const [one, other] = [
    cast(ALL[0]!, CONTEXT, CERT),
    cast(ALL[0]!, CONTEXT, { ...CERT, value: proposed(ID, 2) }),
  ];
  assert.deepEqual(pairOf(one, other), pairOf(other, one));
});

test('a certificate is of cert votes and has no member too many', () => {
  const refused = (bundle: Bundle, code: ProtocolErrorCode): void =>
    assert.throws(() => verifyCertificate(CONTEXT, bundle, STUB), refusal(code));
  assert.equal(verifyCertificate(CONTEXT, bundleOf([8, 7, 6, 4]), STUB).weight, 25n);
  refused(bundleOf([8, 7, 6, 4], [], { ...CERT, step: STEP.soft }), 'certificate-step');
  refused(bundleOf([8, 7, 6, 5, 4]), 'bundle-not-trimmed');
  refused(bundleOf([8, 7, 6, 4, 1]), 'bundle-not-trimmed');
  refused(bundleOf([8, 7, 6, 4], [1]), 'bundle-not-trimmed');
  refused(bundleOf([8, 7, 6, 3]), 'bundle-weight');
  refused({ ...bundleOf([]), votes: [] }, 'bundle-weight');
});

test('a bundle of any step has no member too many, so that nobody verifies more votes than it takes', () => {
  for (const step of [STEP.soft, STEP.next, STEP.late, STEP.redo]) {
    const at = { ...CERT, step };
    assert.equal(verifyBundle(CONTEXT, bundleOf([8, 7, 6, 4], [], at), STUB).weight, 25n);
    refuse(bundleOf([8, 7, 6, 5, 4], [], at), 'bundle-not-trimmed');
    refuse(bundleOf([8, 7, 6, 4], [1], at), 'bundle-not-trimmed');
  }
});

/** Stand-ins that count what is asked of them. */
function counting() {
  const asked = { signatures: 0, proofs: 0 };
  const ed25519 = {
    ...STUB.ed25519,
    verify: (...args: Parameters<typeof STUB.ed25519.verify>): boolean => {
      asked.signatures++;
      return STUB.ed25519.verify(...args);
    },
  };
  const vrf = {
    ...STUB.vrf,
    verify: (...args: Parameters<typeof STUB.vrf.verify>) => {
      asked.proofs++;
      return STUB.vrf.verify(...args);
    },
  };
  return { asked, crypto: { ...STUB, ed25519, vrf } };
}

test('where every unit votes, a member too many is seen before any signature', () => {
  const { asked, crypto } = counting();
  for (const bundle of [
    bundleOf([8, 7, 6, 5, 4]),
    bundleOf([8, 7, 6, 4], [1]),
    bundleOf([1], [8, 7, 6, 4]),
  ]) {
    assert.throws(() => verifyBundle(CONTEXT, bundle, crypto), refusal('bundle-not-trimmed'));
  }
  assert.deepEqual(asked, { signatures: 0, proofs: 0 });
});

test('where units are drawn it is seen by what they drew: rows that weigh too much are no fault', () => {
  const all = participants(Array.from({ length: 10 }, () => 100_000n));
  const context = roundOf(all, DRAWN);
  const weighed = all.map((one) => weigh(context, cast(one, context, CERT)));
  const sum = weighed.reduce((total, { weight }) => total + weight, 0n);
  const { threshold } = context.committees(STEP.cert);
  verifyBundle(context, makeBundle(threshold, CERT, weighed)!, STUB);
  const all10 = makeBundle(sum, CERT, weighed)!;
  assert.equal(all10.votes.length, 10);
  assert.throws(() => verifyBundle(context, all10, STUB), refusal('bundle-not-trimmed'));
});

test('what the two votes of a pair share is verified once, and only what they share', () => {
  const { asked, crypto } = counting();
  const bundle = bundleOf([8, 7], [6, 4]);
  verifyBundle(CONTEXT, bundle, crypto);
  // Of a vote three, of a pair one more.
  assert.equal(asked.signatures, 2 * 3 + 2 * 4);
  for (const [part, code] of [
    ['batchKey', 'batch-signature'],
    ['batchSignature', 'batch-signature'],
    ['leafKey', 'leaf-signature'],
    ['leafSignature', 'leaf-signature'],
    ['signature', 'vote-signature'],
  ] as const) {
    const equivocations = bundle.equivocations.map(({ signatures: [first, second], ...pair }) => ({
      ...pair,
      signatures: [first!, { ...second!, [part]: flipped(second![part], 0) }],
    }));
    refuse({ ...bundle, equivocations }, code);
  }
});

test('the batch keys of members that count are remembered, and no others', () => {
  const { asked, crypto } = counting();
  const withLinks = { ...crypto, links: ephemeralCache(100) };
  const bundle = bundleOf([8, 7], [6, 4]);
  const spent = (): number => {
    asked.signatures = 0;
    verifyBundle(CONTEXT, bundle, withLinks);
    return asked.signatures;
  };
  assert.deepEqual([spent(), spent()], [2 * 3 + 2 * 4, 2 * 2 + 2 * 3]);
  const all = participants(Array.from({ length: 10 }, () => 100_000n));
  const context = roundOf(all, DRAWN);
  const weighed = all.map((one) => weigh(context, cast(one, context, CERT)));
  const { threshold } = context.committees(STEP.cert);
  const { votes, ...rest } = makeBundle(threshold, CERT, weighed)!;
  const undrawn = votes.with(0, { ...votes[0]!, proof: votes[1]!.proof });
  const links = { has: () => false, add: () => assert.fail('remembered before it counted') };
  assert.throws(
    () => verifyBundle(context, { ...rest, votes: undrawn }, { ...STUB, links }),
    refusal('vrf-proof'),
  );
});

test('a bundle has 8,192 members at most in both lists, whatever the threshold: none is made, none is looked at', () => {
  const [one] = votesOf([ALL[0]!]);
  const numbered = (count: number) =>
    Array.from({ length: count }, (_, i) => concat(new Uint8Array(28), le32(i).reverse()));
  const votes = numbered(MAX_BUNDLE_VOTES + 1).map((sender) => ({
    vote: { ...one!.vote, sender },
    weight: 1n,
  }));
  const made = makeBundle(BigInt(MAX_BUNDLE_VOTES), CERT, votes);
  assert.equal(made?.votes.length, MAX_BUNDLE_VOTES);
  assert.ok(makeBundle(BigInt(MAX_BUNDLE_VOTES) + 1n, CERT, votes) === undefined);
  const [pair] = bundleOf([], [8]).equivocations;
  const last = { ...pair!, sender: new Uint8Array(32).fill(255) };
  checkBundleForm(made!, 1n << 60n);
  checkBundleForm({ ...made!, votes: made!.votes.slice(1), equivocations: [last] }, 1n << 60n);
  assert.throws(
    () => checkBundleForm({ ...made!, equivocations: [last] }, 1n << 60n),
    refusal('bundle-not-trimmed'),
  );
});

test('a round has a last period', () => {
  const { votes } = bundleOf([8, 7, 6, 4], [], { ...CERT, period: MAX_PERIOD });
  const late = { ...CERT, period: MAX_PERIOD, votes, equivocations: [] };
  assert.equal(verifyBundle(CONTEXT, late, STUB).weight, 25n);
  refuse({ ...late, period: MAX_PERIOD + 1 }, 'period-too-high');
  const vote = cast(ALL[0]!, CONTEXT, { ...CERT, period: MAX_PERIOD + 1 });
  assert.throws(() => verifyVote(CONTEXT, vote, STUB), refusal('period-too-high'));
});

test('a certificate has at most as many members as the quorum has units, seen before any signature', () => {
  const dust = participants(Array.from({ length: 40 }, () => 1n));
  const context = roundOf(dust);
  const votes = dust
    .map((one) => cast(one, context, CERT))
    .map(({ sender, proof, signature }) => ({ sender, proof, signature }));
  const crypto = {
    ...STUB,
    ed25519: { ...STUB.ed25519, verify: () => assert.fail('looked at a signature') },
  };
  assert.equal(context.committees(STEP.cert).threshold, 27n);
  assert.throws(
    () => verifyCertificate(context, { ...CERT, votes, equivocations: [] }, crypto),
    refusal('bundle-not-trimmed'),
  );
  const trimmed = { ...CERT, votes: votes.slice(0, 27), equivocations: [] };
  assert.equal(verifyCertificate(context, trimmed, STUB).weight, 27n);
});

test('certificates of drawn committees verify, with the stand-ins and with the real cryptography', () => {
  for (const [crypto, count] of [
    [STUB, 40],
    [{ vrf: portableVrf, ed25519: portableEd25519, links: ephemeralCache(1_000) }, 6],
  ] as const) {
    const all = participants(
      Array.from({ length: count }, (_, i) => BigInt(100_000 * (i + 1))),
      crypto,
    );
    const context = roundOf(all, DRAWN);
    const { threshold } = context.committees(STEP.cert);
    const votes = all.map((one) => weigh(context, cast(one, context, CERT, crypto), crypto));
    const certificate = makeBundle(threshold, CERT, votes)!;
    const { weight } = verifyCertificate(context, certificate, crypto);
    assert.ok(weight >= threshold);
    assert.ok(certificate.votes.length < count);
    assert.deepEqual(decodeBundle(encodeBundle(certificate)), certificate);
    // One unit more than all have: no bundle.
    const sum = votes.reduce((total, vote) => total + vote.weight, 0n);
    assert.equal(makeBundle(sum + 1n, CERT, votes), undefined);
  }
});

test('it is the units drawn that make a quorum, not those that might have been', () => {
  const all = participants(Array.from({ length: 10 }, () => 100_000n));
  const context = roundOf(all, DRAWN);
  const votes = all.slice(0, 7).map((one) => weigh(context, cast(one, context, CERT)));
  const sum = votes.reduce((total, { weight }) => total + weight, 0n);
  const { threshold } = context.committees(STEP.cert);
  assert.ok(sum < threshold, 'seven of ten draw some 2,093 units of 2,990');
  const bundle = makeBundle(sum, CERT, votes)!;
  assert.throws(() => verifyBundle(context, bundle, STUB), refusal('bundle-weight'));
  assert.throws(() => verifyCertificate(context, bundle, STUB), refusal('bundle-weight'));
});

test('a sender whose vote and pair both came is counted once, as a pair', () => {
  const one = BY_WEIGHT[7]!;
  const pair = { pair: pairFrom(one, CONTEXT, CERT, [2, 3]), weight: one.row.weight };
  const bundle = makeBundle(8n, CERT, votesOf([one]), [pair]);
  assert.deepEqual([bundle?.votes.length, bundle?.equivocations.length], [0, 1]);
  assert.equal(makeBundle(9n, CERT, votesOf([one]), [pair]), undefined);
});

test('an encoded bundle decodes to itself, and no longer bytes are read than a bundle can have', () => {
  const bundle = bundleOf([8, 7], [6, 4]);
  assert.deepEqual(decodeBundle(encodeBundle(bundle)), bundle);
  assert.throws(() => decodeBundle(new Uint8Array(MAX_BUNDLE_BYTES + 1)), refusal('too-large'));
});

test('a bundle of pairs alone, each with its proof, is as long as a bundle of its threshold can be', () => {
  const proof = [new Uint8Array(80)];
  const equivocations = bundleOf([], [8, 7, 6, 4]).equivocations.map((pair) => ({ ...pair, proof }));
  const bytes = encodeBundle({ ...CERT, votes: [], equivocations });
  assert.equal(bytes.length, maxBundleBytes(4n));
  decodeBundle(bytes, maxBundleBytes(4n));
  assert.throws(() => decodeBundle(bytes, maxBundleBytes(3n)), refusal('too-large'));
  assert.equal(maxBundleBytes(1n << 60n), MAX_BUNDLE_BYTES);
  // Of production's cert committee.
  assert.equal(maxBundleBytes(2_267n), 1_741_145);
});
