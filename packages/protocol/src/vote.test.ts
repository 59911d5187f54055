import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, le32, portableEd25519, portableVrf } from '@sero/crypto';
import {
  cast,
  DRAWN,
  EVERYBODY,
  ephemeralSignature,
  participants,
  proposed,
  roundOf,
  STUB,
} from './consensus-test-support.ts';
import {
  BOTTOM,
  batchMessage,
  batchOf,
  decodeVote,
  emptyBlockValue,
  encodeVote,
  ephemeralCache,
  leafMessage,
  leafOf,
  MAX_VOTE_BYTES,
  ProtocolError,
  type ProtocolErrorCode,
  STEP,
  sortitionInput,
  type Vote,
  verifyVote,
  voteMessage,
} from './index.ts';
import { flipped, refusal, variations } from './test-support.ts';

const ALL = participants([100n, 200n, 300n]);
const [ann, bob, cid] = [ALL[0]!, ALL[1]!, ALL[2]!];
const CONTEXT = roundOf(ALL);
const VALUE = proposed(ann.row.id, 1);
const SOFT = { period: 0, step: STEP.soft, value: VALUE };

/** Stake such that each of three has some twenty proposals' and 997 soft units. */
const RICH = participants([1_000_000n, 1_000_000n, 1_000_000n]);
const LOTTERY = roundOf(RICH, DRAWN);
const LOT = cast(RICH[0]!, LOTTERY, { ...SOFT, value: proposed(RICH[0]!.row.id, 1) });

const refuse = (vote: Vote, code: ProtocolErrorCode, context = CONTEXT, crypto = STUB): void =>
  assert.throws(() => verifyVote(context, vote, crypto), refusal(code));

test('where every unit votes, a vote without a proof counts with all its weight', () => {
  const vote = cast(bob, CONTEXT, SOFT);
  assert.deepEqual(vote.proof, []);
  assert.deepEqual(verifyVote(CONTEXT, vote, STUB), { vote, weight: bob.row.weight });
});

test('where units are drawn, a vote counts with what its proof draws', () => {
  const { weight, leader } = verifyVote(LOTTERY, LOT, STUB);
  assert.equal(leader, undefined);
  // 2990 / 3 on average, with a deviation below 32.
  assert.ok(weight > 800n && weight < 1_200n, `${weight}`);
});

test('a proposal carries a proof in either profile, and its leader value', () => {
  for (const [context, who] of [
    [CONTEXT, ann],
    [LOTTERY, RICH[0]!],
  ] as const) {
    const vote = cast(who, context, { period: 0, step: STEP.propose, value: proposed(who.row.id, 1) });
    assert.equal(vote.proof.length, 1);
    const { weight, leader } = verifyVote(context, vote, STUB);
    assert.ok(weight > 0n && leader !== undefined && leader < 1n << 256n);
  }
});

test('a vote of another round is refused', () => {
  for (const round of [CONTEXT.round - 1n, CONTEXT.round + 1n]) {
    refuse(cast(bob, { ...CONTEXT, round }, SOFT), 'vote-round');
  }
});

test('bottom is voted for in next and down steps only, a value in all steps but down', () => {
  const steps: readonly (readonly [number, boolean, boolean])[] = [
    [STEP.propose, false, true],
    [STEP.soft, false, true],
    [STEP.cert, false, true],
    [STEP.next, true, true],
    [STEP.next + 1, true, true],
    [STEP.late - 1, true, true],
    [STEP.late, false, true],
    [STEP.redo, false, true],
    [STEP.down, true, false],
  ];
  for (const [step, bottom, value] of steps) {
    for (const [choice, allowed] of [
      [BOTTOM, bottom],
      [proposed(bob.row.id, 1), value],
    ] as const) {
      const vote = cast(bob, CONTEXT, { period: 0, step, value: choice });
      if (allowed) assert.equal(verifyVote(CONTEXT, vote, STUB).vote, vote);
      else refuse(vote, 'value-not-canonical');
    }
  }
});

test('no value comes from a later period than its vote', () => {
  const later = cast(bob, CONTEXT, { ...SOFT, value: proposed(ann.row.id, 1, 1) });
  refuse(later, 'value-not-canonical');
  const now = cast(bob, CONTEXT, { ...SOFT, period: 1, value: proposed(ann.row.id, 1, 1) });
  assert.equal(verifyVote(CONTEXT, now, STUB).weight, bob.row.weight);
});

test("a new block is proposed by its proposer alone; an earlier period's, and the empty block, by anybody", () => {
  const propose = { period: 0, step: STEP.propose, value: VALUE };
  refuse(cast(bob, CONTEXT, propose), 'proposer-mismatch');
  verifyVote(CONTEXT, cast(ann, CONTEXT, propose), STUB);
  verifyVote(CONTEXT, cast(bob, CONTEXT, { ...propose, period: 1 }), STUB);
  const empty = emptyBlockValue(blake2b256('EMPTY'));
  refuse(cast(bob, CONTEXT, { ...propose, value: empty }), 'proposer-mismatch');
  verifyVote(CONTEXT, cast(bob, CONTEXT, { ...propose, period: 1, value: empty }), STUB);
});

test('a sender without a row has no vote', () => {
  refuse(cast(bob, CONTEXT, SOFT), 'sender-unknown', roundOf([ann, cid]));
});

test('a proof is there exactly where units are drawn', () => {
  const proof = LOT.proof;
  refuse({ ...cast(bob, CONTEXT, SOFT), proof }, 'proof-unexpected');
  refuse({ ...LOT, proof: [] }, 'proof-missing', LOTTERY);
  const proposal = cast(ann, CONTEXT, { ...SOFT, step: STEP.propose });
  refuse({ ...proposal, proof: [] }, 'proof-missing');
});

test('a proof of another step, period, round, seed or key draws nothing', () => {
  const { genesisHash, seed, round } = LOTTERY;
  const secret = RICH[0]!.vrfSecret;
  for (const [key, alpha] of [
    [secret, sortitionInput(genesisHash, seed, round, 0, STEP.cert)],
    [secret, sortitionInput(genesisHash, seed, round, 1, STEP.soft)],
    [secret, sortitionInput(genesisHash, seed, round + 1n, 0, STEP.soft)],
    [secret, sortitionInput(genesisHash, blake2b256('OTHER'), round, 0, STEP.soft)],
    [secret, sortitionInput(blake2b256('OTHER'), seed, round, 0, STEP.soft)],
    [RICH[1]!.vrfSecret, sortitionInput(genesisHash, seed, round, 0, STEP.soft)],
  ] as const) {
    refuse({ ...LOT, proof: [STUB.vrf.prove(key, alpha)] }, 'vrf-proof', LOTTERY);
  }
});

test('whoever was not drawn has no vote', () => {
  // One unit of three million: drawn once in a thousand steps.
  const poor = participants([3_000_000n, 1n]);
  const context = roundOf(poor, DRAWN);
  const pauper = poor.find(({ row }) => row.weight === 1n)!;
  let refused = 0;
  for (let step = STEP.next; step < STEP.next + 20; step++) {
    const vote = cast(pauper, context, { period: 0, step, value: BOTTOM });
    try {
      assert.equal(verifyVote(context, vote, STUB).weight, 1n);
    } catch (error) {
      assert.ok(error instanceof ProtocolError && error.code === 'not-selected', String(error));
      refused++;
    }
  }
  assert.ok(refused > 15);
});

test('a batch key of another root or of other rounds signs nothing', () => {
  const vote = cast(bob, CONTEXT, SOFT);
  const other = cast(bob, { ...CONTEXT, round: CONTEXT.round + 256n }, SOFT);
  refuse({ ...vote, signature: other.signature }, 'batch-signature');
  refuse({ ...vote, signature: cast(ann, CONTEXT, SOFT).signature }, 'batch-signature');
});

test('a leaf of another round, period or class signs nothing: what was erased with its vote cannot be stood in for', () => {
  const vote = cast(bob, CONTEXT, { ...SOFT, period: 1 });
  const message = voteMessage(CONTEXT.genesisHash, vote);
  for (const at of [
    { ...vote, round: vote.round + 1n },
    { ...vote, period: 0 },
    { ...vote, period: 2 },
    { ...vote, period: 3 },
    { ...vote, step: STEP.propose },
    { ...vote, step: STEP.cert },
    { ...vote, step: STEP.next },
  ]) {
    const signature = ephemeralSignature(bob.voteSeed, at, message);
    refuse({ ...vote, signature }, 'leaf-signature');
  }
});

test('all steps that end a period share a leaf, and so do all periods from 3 on', () => {
  for (const [at, same] of [
    [{ period: 0, step: STEP.next }, { step: STEP.down }],
    [{ period: 0, step: STEP.late }, { step: STEP.next + 7 }],
    [{ period: 3, step: STEP.soft }, { period: 4_000_000_000 }],
  ] as const) {
    const value = at.step === STEP.next ? BOTTOM : VALUE;
    const [one, other] = [
      cast(bob, CONTEXT, { ...at, value }),
      cast(bob, CONTEXT, { ...at, value, ...same }),
    ];
    assert.deepEqual(one.signature.leafKey, other.signature.leafKey);
    assert.deepEqual(one.signature.leafSignature, other.signature.leafSignature);
  }
});

test('a vote for another value, of another sender or on another chain is not what the leaf signed', () => {
  const vote = cast(bob, CONTEXT, SOFT);
  refuse({ ...vote, value: proposed(ann.row.id, 2) }, 'vote-signature');
  refuse(vote, 'vote-signature', { ...CONTEXT, genesisHash: blake2b256('OTHER') });
  const twins = [ann, { ...bob, row: { ...bob.row, voteRoot: ann.row.voteRoot } }];
  const shared = roundOf(twins);
  const stolen = { ...cast(twins[0]!, shared, SOFT), sender: bob.row.id };
  refuse(stolen, 'vote-signature', shared);
});

test('every variation of a vote is refused', () => {
  for (const [vote, context, places] of [
    [cast(bob, CONTEXT, SOFT), CONTEXT, 20],
    [LOT, LOTTERY, 23],
  ] as const) {
    const changed = variations(vote);
    assert.equal(changed.length, places);
    for (const one of changed) assert.throws(() => verifyVote(context, one, STUB), { name: 'ProtocolError' });
  }
});

test('a cache of links changes no verdict, however warm it is', () => {
  const links = ephemeralCache(8);
  const crypto = { ...STUB, links };
  const vote = cast(bob, CONTEXT, SOFT);
  for (let i = 0; i < 3; i++) verifyVote(CONTEXT, vote, crypto);
  for (const [at, code] of [
    ['batchKey', 'batch-signature'],
    ['batchSignature', 'batch-signature'],
    ['leafKey', 'leaf-signature'],
    ['leafSignature', 'leaf-signature'],
    ['signature', 'vote-signature'],
  ] as const) {
    const signature = { ...vote.signature, [at]: flipped(vote.signature[at], 3) };
    // Twice: a link that failed is not remembered either.
    refuse({ ...vote, signature }, code, CONTEXT, crypto);
    refuse({ ...vote, signature }, code, CONTEXT, crypto);
    refuse({ ...vote, signature }, code);
  }
});

test('a batch key of one root, or of one batch, is not known for another', () => {
  const links = ephemeralCache(100);
  const crypto = { ...STUB, links };
  const later = { ...CONTEXT, round: CONTEXT.round + 256n };
  const [own, his] = [cast(ann, CONTEXT, SOFT), cast(bob, CONTEXT, SOFT)];
  for (const vote of [own, his]) verifyVote(CONTEXT, vote, crypto);
  // Bob's name over ann's keys, and the other way round.
  refuse(cast({ ...bob, voteSeed: ann.voteSeed }, CONTEXT, SOFT), 'batch-signature', CONTEXT, crypto);
  refuse(cast({ ...ann, voteSeed: bob.voteSeed }, CONTEXT, SOFT), 'batch-signature', CONTEXT, crypto);
  // The batch key of these 256 rounds in the next ones, and theirs in these.
  const next = cast(bob, later, SOFT);
  refuse({ ...next, signature: his.signature }, 'batch-signature', later, crypto);
  verifyVote(later, next, crypto);
  refuse({ ...his, signature: next.signature }, 'batch-signature', CONTEXT, crypto);
  verifyVote(CONTEXT, his, crypto);
});

/** How many signatures a vote takes that counts. */
function counted(crypto: typeof STUB): (vote: Vote, context?: typeof CONTEXT) => number {
  return (vote, context = CONTEXT) => {
    let verified = 0;
    const ed25519 = {
      ...STUB.ed25519,
      verify: (...args: Parameters<typeof STUB.ed25519.verify>): boolean => {
        verified++;
        return STUB.ed25519.verify(...args);
      },
    };
    verifyVote(context, vote, { ...crypto, ed25519 });
    return verified;
  };
}

/** A vote under a batch key that its sender's root signed just for it. */
function withFreshBatchKey(who: (typeof ALL)[number], vote: Vote, n: number): Vote {
  const { ed25519 } = STUB;
  const [batch, leaf] = [batchOf(vote.round), leafOf(vote.round, vote.period, vote.step)];
  const seed = blake2b256('TEST_FRESH', le32(n));
  const batchKey = ed25519.publicKey(seed);
  const { leafKey } = vote.signature;
  return {
    ...vote,
    signature: {
      ...vote.signature,
      batchKey,
      batchSignature: ed25519.sign(who.voteSeed, batchMessage(batch, batchKey)),
      leafSignature: ed25519.sign(seed, leafMessage(batch, leaf, leafKey)),
    },
  };
}

test('a cache saves the batch key, one of three verifications, and forgets rather than grows', () => {
  const count = counted({ ...STUB, links: ephemeralCache(2) });
  const vote = cast(bob, CONTEXT, SOFT);
  assert.equal(count(vote), 3);
  assert.equal(count(vote), 2);
  assert.equal(count(cast(bob, CONTEXT, { ...SOFT, step: STEP.cert })), 2);
  for (const one of [ann, cid]) assert.equal(count(cast(one, CONTEXT, SOFT)), 3);
  assert.equal(count(vote), 3, 'forgotten by now');
});

test('who signs batch keys without end pushes out nobody else’s, whether his votes count or not', () => {
  const links = ephemeralCache(2);
  const count = counted({ ...STUB, links });
  const vote = cast(bob, CONTEXT, SOFT);
  count(vote);
  for (let n = 0; n < 20; n++) {
    const fresh = withFreshBatchKey(ann, cast(ann, CONTEXT, SOFT), n);
    assert.equal(count(fresh), 3);
    assert.equal(count(fresh), 2, 'the last one is kept');
  }
  assert.equal(count(vote), 2);
  // A unit that is hardly ever drawn, in rounds of which all have their own batch: none of them counts.
  const poor = participants([3_000_000n, 1n]);
  const pauper = poor.find(({ row }) => row.weight === 1n)!;
  let refused = 0;
  for (let n = 0; n < 20; n++) {
    const context = roundOf(poor, DRAWN, { round: 256n * BigInt(n) });
    const lot = withFreshBatchKey(pauper, cast(pauper, context, { ...SOFT, value: VALUE }), n);
    const forged = {
      ...lot,
      signature: { ...lot.signature, signature: flipped(lot.signature.signature, 1) },
    };
    refuse(forged, 'vote-signature', context, { ...STUB, links });
    try {
      verifyVote(context, lot, { ...STUB, links });
    } catch (error) {
      assert.ok(error instanceof ProtocolError && error.code === 'not-selected', String(error));
      refused++;
    }
  }
  assert.ok(refused > 15);
  assert.equal(count(vote), 2);
});

test('as many places as a cache has are all known, in whatever order they come back', () => {
  const cache = ephemeralCache(4);
  for (const place of ['a', 'b', 'c', 'd', 'a', 'c', 'd']) cache.add(place, 'link');
  for (const place of ['a', 'b', 'c', 'd']) assert.ok(cache.has(place, 'link'), place);
  // Of a place in the older generation too the last link is kept.
  cache.add('a', 'other');
  assert.ok(cache.has('a', 'other') && !cache.has('a', 'link') && cache.has('b', 'link'));
});

test('a cache never holds more than it may, and of one place one link', () => {
  for (const capacity of [2, 3, 8, 9]) {
    const cache = ephemeralCache(capacity);
    const names = Array.from({ length: 50 }, (_, i) => `${i}`);
    for (const [i, name] of names.entries()) {
      cache.add(name, 'one');
      cache.add(name, 'other');
      assert.ok(cache.has(name, 'other'));
      assert.ok(!cache.has(name, 'one'));
      assert.ok(names.slice(0, i + 1).filter((n) => cache.has(n, 'other')).length <= capacity, `${capacity}`);
    }
  }
});

test('with the real cryptography the same votes count and the same variations do not', () => {
  const crypto = { vrf: portableVrf, ed25519: portableEd25519 };
  const two = participants([1_000_000n, 2_000_000n], crypto);
  const context = roundOf(two, DRAWN);
  const vote = cast(two[0]!, context, { ...SOFT, value: proposed(two[0]!.row.id, 1) }, crypto);
  const { weight } = verifyVote(context, vote, crypto);
  assert.ok(weight > 600n && weight < 2_400n);
  for (const changed of variations(vote)) {
    assert.throws(() => verifyVote(context, changed, crypto), { name: 'ProtocolError' });
  }
});

test('an encoded vote decodes to itself, and its longest form is the bound', () => {
  assert.equal(encodeVote(LOT).length, MAX_VOTE_BYTES);
  assert.equal(MAX_VOTE_BYTES, 453);
  for (const vote of [LOT, cast(bob, roundOf(ALL, EVERYBODY), SOFT)]) {
    assert.deepEqual(decodeVote(encodeVote(vote)), vote);
  }
  assert.throws(() => decodeVote(new Uint8Array(MAX_VOTE_BYTES + 1)), refusal('too-large'));
});
