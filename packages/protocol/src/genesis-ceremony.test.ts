import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blake2b,
  blake2b256,
  compareBytes,
  concat,
  equalBytes,
  portableBls,
  portableEd25519,
  portableVrf,
  toHex,
  type Vrf,
} from '@sero/crypto';
import fc from 'fast-check';
import {
  type Ceremony,
  type CeremonyFault,
  checkCeremony,
  checkCommitment,
  checkCommitments,
  checkDraft,
  checkReveal,
  closeCommitments,
  commitmentsHash,
  commitToShare,
  DEVELOPMENT,
  decodeCeremony,
  decodeDraft,
  decodeGenesis,
  decodeSeedCommitment,
  decodeSeedCommitments,
  decodeSeedReveal,
  draftGenesis,
  draftHash,
  draftWithout,
  drawSeed,
  encodeCeremony,
  encodeGenesis,
  encodeOneTimeAddress,
  encodeSeedCommitment,
  encodeSeedCommitments,
  encodeSeedReveal,
  faultyOf,
  finishGenesis,
  type Genesis,
  type GenesisValidator,
  missingReveals,
  ownAddress,
  type RevealedList,
  recordOfValidator,
  revealShare,
  type SeedCommitment,
  type SeedCommitments,
  type SeedReveal,
  type SeedShare,
} from './index.ts';
import { ALICE, filler, flipped, GENESIS, refusal } from './test-support.ts';

/** In place of the VRF where only the ceremony's own rules matter: whoever knows a public key can prove here. */
const stubVrf: Vrf = {
  publicKey: (secret) => blake2b256('SERO_TEST_KEY', secret),
  prove: (secret, alpha) =>
    concat(blake2b('SERO_TEST_VRF', stubVrf.publicKey(secret), alpha), new Uint8Array(16)),
  verify: (key, alpha, proof) =>
    equalBytes(proof, concat(blake2b('SERO_TEST_VRF', key, alpha), new Uint8Array(16)))
      ? stubVrf.outputOf(proof)
      : undefined,
  outputOf: (proof) => blake2b('SERO_TEST_OUT', proof),
};

interface Participant {
  readonly secret: Uint8Array;
  readonly id: Uint8Array;
  readonly validator: GenesisValidator;
  readonly share: SeedShare;
}

function participant(n: number, vrf = stubVrf): Participant {
  const secret = filler(n, 32);
  const blsSecret = filler(60 + n, 32).fill(0, 0, 1);
  const owner = encodeOneTimeAddress(
    ownAddress(ALICE.proof.viewing, DEVELOPMENT.chainId, 'owner', BigInt(n)),
  );
  const validator: GenesisValidator = {
    owner,
    vrfKey: vrf.publicKey(secret),
    voteRoot: portableEd25519.publicKey(filler(30 + n, 32)),
    blsKey: portableBls.publicKey(blsSecret),
    blsProof: vrf === stubVrf ? filler(1, 96) : portableBls.provePossession(blsSecret, owner),
    firstRound: 1n,
    lastRound: 100_000n,
    commission: 0,
    units: BigInt(n),
  };
  const share = { share: filler(100 + n, 32), salt: filler(200 + n, 32) };
  return { secret, id: recordOfValidator(validator), validator, share };
}

const ALL = [1, 2, 3, 4].map((n) => participant(n));
const [A, B, C, D] = ALL as [Participant, Participant, Participant, Participant];

const draftOf = (...participants: readonly Participant[]): Genesis => ({
  ...GENESIS,
  validators: participants.map(({ validator }) => validator),
});
const DRAFT = draftOf(...ALL);
/** As one who has committed to nothing before. */
const commit = ({ id, share, secret }: Participant, draft = DRAFT): SeedCommitment =>
  commitToShare(draft, { id, share, vrfSecret: secret }, [], stubVrf).message;
const COMMITMENTS = ALL.map((each) => commit(each));
const LIST = closeCommitments(DRAFT, COMMITMENTS, stubVrf);
/** As one who has revealed nothing before. */
const reveal = ({ id, share, secret }: Participant, list = LIST, draft = DRAFT): SeedReveal =>
  revealShare(draft, list, { id, share, vrfSecret: secret }, [], stubVrf).reveal;
const REVEALS = ALL.map((each) => reveal(each));
const SEED = drawSeed(DRAFT, LIST, REVEALS, stubVrf);

/** A refusal whose message names a participant. */
const naming = (code: Parameters<typeof refusal>[0], who: Participant) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, code);
  assert.ok((error as Error).message.includes(toHex(who.id)), `${error}`);
  return true;
};

/** Everything but a participant's own. */
const but = <T extends { id: Uint8Array }>(all: readonly T[], who: Participant): T[] =>
  all.filter(({ id }) => !equalBytes(id, who.id));

test('with real keys: draft, commitments, closed list, reveals, seed, a genesis file that passes, and a ceremony anyone can check', () => {
  const people = [5, 6].map((n) => participant(n, portableVrf));
  const draft = draftGenesis(
    GENESIS,
    people.map(({ validator }) => validator),
    { bls: portableBls },
  );
  const known = decodeDraft(encodeGenesis(draft));
  const commitments = people.map(
    ({ id, share, secret }) =>
      commitToShare(known, { id, share, vrfSecret: secret }, [], portableVrf).message,
  );
  const list = closeCommitments(known, commitments, portableVrf);
  const reveals = people.map(
    ({ id, share, secret }) =>
      revealShare(known, list, { id, share, vrfSecret: secret }, [], portableVrf).reveal,
  );
  const { genesis, ceremony } = finishGenesis(known, list, reveals, portableVrf);
  assert.deepEqual(decodeGenesis(encodeGenesis(genesis)), genesis);
  assert.deepEqual({ ...genesis, seed: draft.seed }, draft);
  checkCeremony(genesis, decodeCeremony(encodeCeremony(ceremony)), portableVrf);
  const forged = { ...commitments[0]!, proof: commitments[1]!.proof };
  assert.throws(() => checkCommitment(known, forged, portableVrf), refusal('ceremony-forged'));
  assert.throws(
    () => closeCommitments(known, [forged, commitments[1]!], portableVrf),
    refusal('ceremony-incomplete'),
  );
});

test('the seed is the hash of the list and of every share and output, in the order of the list', () => {
  const hash = commitmentsHash(LIST);
  const ordered = [...REVEALS].sort((a, b) => compareBytes(a.id, b.id));
  const parts = ordered.flatMap(({ share, proof }) => [share, stubVrf.outputOf(proof)]);
  assert.deepEqual(SEED, blake2b256('SERO_SEED0', hash, ...parts));
  assert.deepEqual(drawSeed(DRAFT, LIST, [...REVEALS].reverse(), stubVrf), SEED);
  assert.deepEqual(closeCommitments(DRAFT, [...COMMITMENTS].reverse(), stubVrf), LIST);
});

test('one participant alone changes the seed, by his share and by his key', () => {
  const seeds = [SEED];
  for (const other of [
    { ...D, share: { ...D.share, share: filler(77, 32) } },
    { ...D, share: { ...D.share, salt: filler(77, 32) } },
  ]) {
    const list = closeCommitments(DRAFT, [...but(COMMITMENTS, D), commit(other)], stubVrf);
    seeds.push(
      drawSeed(
        DRAFT,
        list,
        [A, B, C, other].map((each) => reveal(each, list)),
        stubVrf,
      ),
    );
  }
  assert.equal(new Set(seeds.map(toHex)).size, 3);
});

test('the draft is in everything: whoever changes name, time, stake or keys begins again', () => {
  const changes: Genesis[] = [
    { ...DRAFT, time: DRAFT.time + 1n },
    { ...DRAFT, name: filler(1, 4) },
    { ...DRAFT, derivation: filler(1, 4) },
    { ...DRAFT, validators: DRAFT.validators.map((each) => ({ ...each, units: each.units + 1n })) },
    draftOf(A, B, C),
  ];
  for (const changed of changes) {
    assert.notDeepEqual(draftHash(changed), draftHash(DRAFT));
    assert.throws(() => checkCommitments(changed, LIST, stubVrf), refusal('ceremony-draft'));
    assert.throws(() => reveal(A, LIST, changed), refusal('ceremony-draft'));
    assert.throws(() => drawSeed(changed, LIST, REVEALS, stubVrf), refusal('ceremony-draft'));
    // Nor do commitments pass into a list of the changed draft.
    const moved = { draft: draftHash(changed), commitments: LIST.commitments };
    const code = changed.validators.length < ALL.length ? 'ceremony-stranger' : 'ceremony-forged';
    assert.throws(() => checkCommitments(changed, moved, stubVrf), refusal(code));
  }
  const finished = { ...DRAFT, seed: SEED };
  assert.deepEqual(draftHash(finished), draftHash(DRAFT));
});

test('a draft has validators, no seed, and passes every other rule of a genesis file', () => {
  checkDraft(DRAFT);
  assert.deepEqual(decodeDraft(encodeGenesis(DRAFT)), DRAFT);
  assert.throws(() => checkDraft({ ...DRAFT, seed: SEED }), refusal('ceremony-draft'));
  assert.throws(() => checkDraft({ ...DRAFT, validators: [] }), refusal('ceremony-draft'));
  assert.throws(() => checkDraft(draftOf(A, A)), refusal('genesis-invalid'));
  // It is not a genesis file yet.
  assert.throws(() => decodeGenesis(encodeGenesis(DRAFT)), refusal('genesis-invalid'));
  // Nor does it stand with keys that are none, or with a BLS key whose possession nobody showed.
  const draw = (vrfKey: Uint8Array) => () =>
    draftGenesis(GENESIS, [{ ...A.validator, vrfKey }], { bls: portableBls });
  assert.throws(draw(new Uint8Array(32)), refusal('stake-key'));
  assert.throws(draw(portableVrf.publicKey(A.secret)), refusal('bls-possession'));
});

test('a list closes with exactly one commitment of every validator', () => {
  const close = (commitments: SeedCommitment[]) => () => closeCommitments(DRAFT, commitments, stubVrf);
  assert.throws(close(COMMITMENTS.slice(1)), refusal('ceremony-incomplete'));
  assert.throws(close([]), refusal('ceremony-incomplete'));
  const stranger = commit(participant(9));
  assert.throws(() => checkCommitment(DRAFT, stranger, stubVrf), refusal('ceremony-stranger'));
  assert.throws(close([...but(COMMITMENTS, D), stranger]), naming('ceremony-incomplete', D));
  // One that comes twice is one; two different ones are a fault.
  assert.deepEqual(close([...COMMITMENTS, COMMITMENTS[0]!])(), LIST);
  const second = commit({ ...D, share: { ...D.share, share: filler(77, 32) } });
  assert.throws(close([...COMMITMENTS, second]), naming('ceremony-duplicate', D));
  const listed = (commitments: SeedCommitment[]) => () =>
    checkCommitments(DRAFT, { ...LIST, commitments }, stubVrf);
  assert.throws(listed([LIST.commitments[0]!, ...LIST.commitments]), refusal('ceremony-duplicate'));
  const unordered = { ...LIST, commitments: [...LIST.commitments].reverse() };
  assert.throws(() => checkCommitments(DRAFT, unordered, stubVrf), refusal('ceremony-order'));
});

test('nobody commits in the name of another', () => {
  const own = COMMITMENTS[3]!;
  const bad = { ...commit({ ...D, secret: A.secret }), id: D.id };
  const altered = { ...own, commitment: flipped(own.commitment, 0) };
  for (const forged of [bad, altered]) {
    assert.throws(() => checkCommitment(DRAFT, forged, stubVrf), refusal('ceremony-forged'));
    const close = (heard: SeedCommitment[]) => () => closeCommitments(DRAFT, heard, stubVrf);
    assert.throws(close([...but(COMMITMENTS, D), forged]), naming('ceremony-incomplete', D));
    const commitments = LIST.commitments.map((each) => (equalBytes(each.id, D.id) ? forged : each));
    assert.throws(
      () => checkCommitments(DRAFT, { ...LIST, commitments }, stubVrf),
      naming('ceremony-forged', D),
    );
  }
});

test("rubbish in anybody's name changes nothing, wherever it comes between: it is as if it had not been sent", () => {
  const hash = commitmentsHash(LIST);
  const rubbish = (id: Uint8Array): SeedCommitment => ({
    id,
    commitment: filler(3, 32),
    proof: filler(4, 80),
  });
  const stranger = participant(9);
  const junk = (id: Uint8Array): SeedReveal => ({
    list: hash,
    id,
    share: filler(1, 32),
    salt: filler(2, 32),
    proof: filler(3, 80),
  });
  const names = [...ALL, stranger].map(({ id }) => id);
  const [bad, badReveals] = [names.map(rubbish), names.map(junk)];
  assert.deepEqual(closeCommitments(DRAFT, [...bad, ...COMMITMENTS, ...bad], stubVrf), LIST);
  const heard = [...badReveals, ...REVEALS, ...badReveals];
  assert.deepEqual(drawSeed(DRAFT, LIST, heard, stubVrf), SEED);
  assert.deepEqual(missingReveals(DRAFT, LIST, heard, stubVrf), []);
  const finished = finishGenesis(DRAFT, LIST, heard, stubVrf);
  assert.deepEqual(finished, finishGenesis(DRAFT, LIST, REVEALS, stubVrf));
  // Who sends rubbish for his own message is missing like one who is silent, and named.
  const without = [...badReveals, ...but(REVEALS, D), ...badReveals];
  assert.deepEqual(missingReveals(DRAFT, LIST, without, stubVrf), [D.id]);
  assert.throws(() => drawSeed(DRAFT, LIST, without, stubVrf), naming('ceremony-incomplete', D));
  assert.throws(
    () => closeCommitments(DRAFT, [...bad, ...but(COMMITMENTS, D)], stubVrf),
    naming('ceremony-incomplete', D),
  );
});

test('a list that lacks somebody is refused before any proof is looked at', () => {
  const unasked: Vrf = {
    ...stubVrf,
    verify: () => {
      throw new Error('a proof was looked at');
    },
  };
  const short = { ...LIST, commitments: LIST.commitments.slice(1) };
  assert.throws(() => checkCommitments(DRAFT, short, unasked), refusal('ceremony-incomplete'));
  assert.throws(
    () => closeCommitments(DRAFT, COMMITMENTS.slice(1), unasked),
    naming('ceremony-incomplete', A),
  );
});

test('a commitment is made once a draft: the same again, one for another draft, and no second one', () => {
  const own = { id: A.id, share: A.share, vrfSecret: A.secret };
  const first = commitToShare(DRAFT, own, [], stubVrf);
  assert.deepEqual(first.committed, [
    { draft: draftHash(DRAFT), id: A.id, commitment: first.message.commitment },
  ]);
  assert.deepEqual(commitToShare(DRAFT, own, first.committed, stubVrf), first);
  const second = { id: B.id, share: B.share, vrfSecret: B.secret };
  const both = commitToShare(DRAFT, second, first.committed, stubVrf).committed;
  assert.equal(both.length, 2, 'one person’s second validator');
  const other = { ...own, share: { ...A.share, salt: filler(77, 32) } };
  assert.throws(() => commitToShare(DRAFT, other, both, stubVrf), refusal('ceremony-committed'));
  const next = { ...DRAFT, time: DRAFT.time + 1n };
  const later = commitToShare(next, other, first.committed, stubVrf);
  assert.equal(later.committed.length, 2);
  for (const before of [first.committed, later.committed]) {
    assert.throws(() => commitToShare(DRAFT, other, before, stubVrf), refusal('ceremony-committed'));
  }
});

test('a commitment after closing makes another list, which nobody has revealed for', () => {
  const late = closeCommitments(
    DRAFT,
    [...but(COMMITMENTS, D), commit({ ...D, share: { ...D.share, share: filler(77, 32) } })],
    stubVrf,
  );
  assert.throws(() => checkReveal(DRAFT, late, REVEALS[0]!, stubVrf), refusal('ceremony-list'));
  assert.throws(() => drawSeed(DRAFT, late, REVEALS, stubVrf), refusal('ceremony-incomplete'));
  // The others see it before they open anything: their reveals name the list, and D's own opens no other.
  assert.throws(() => reveal(D, late), refusal('ceremony-mismatch'));
  const added = {
    ...LIST,
    commitments: [...LIST.commitments, commit(participant(9))].sort((a, b) => compareBytes(a.id, b.id)),
  };
  assert.throws(() => drawSeed(DRAFT, added, REVEALS, stubVrf), refusal('ceremony-stranger'));
});

test('a participant opens nothing for a list that is not closed or does not hold his commitment', () => {
  assert.throws(
    () => reveal(A, { ...LIST, commitments: but(LIST.commitments, D) }),
    refusal('ceremony-incomplete'),
  );
  const other = { ...A, share: { ...A.share, salt: filler(77, 32) } };
  const without = closeCommitments(DRAFT, [...but(COMMITMENTS, A), commit(other)], stubVrf);
  assert.throws(() => reveal(A, without), refusal('ceremony-mismatch'));
  assert.throws(() => reveal(participant(9)), refusal('ceremony-mismatch'));
});

/** D's n-th commitment to the same draft, and the list that he closes with it. */
const another = (n: number): { who: Participant; commitment: SeedCommitment; list: SeedCommitments } => {
  const who = { ...D, share: { ...D.share, share: filler(n, 32) } };
  const commitment = commit(who);
  return { who, commitment, list: closeCommitments(DRAFT, [...but(COMMITMENTS, D), commitment], stubVrf) };
};

test('one commitment under two proofs is two messages, and makes two lists: that convicts as well', () => {
  // Who has a VRF key may choose the nonce of a proof: here any last 16 bytes.
  const nonces: Vrf = {
    ...stubVrf,
    verify: (key, alpha, proof) =>
      stubVrf.verify(key, alpha, concat(proof.subarray(0, 64), new Uint8Array(16))),
  };
  const own = commit(D);
  const again = { ...own, proof: concat(own.proof.subarray(0, 64), filler(5, 16)) };
  const lists = [own, again].map((each) => closeCommitments(DRAFT, [...but(COMMITMENTS, D), each], nonces));
  assert.notDeepEqual(commitmentsHash(lists[0]!), commitmentsHash(lists[1]!));
  assert.throws(
    () => closeCommitments(DRAFT, [...COMMITMENTS, again], nonces),
    naming('ceremony-duplicate', D),
  );
  assert.deepEqual(faultyOf(DRAFT, { commitments: [own, again] }, nonces), D.id);
});

/** How many seeds D sees for one draft, who closes a list after the other and asks everybody to reveal for each. */
function seedsOfCloser(lists: number, remember: boolean): number {
  const kept = new Map<string, readonly RevealedList[]>();
  const seeds = new Set<string>();
  for (let n = 0; n < lists; n++) {
    const { who, list } = another(n);
    const reveals: SeedReveal[] = [reveal(who, list)];
    for (const { id, share, secret } of [A, B, C]) {
      try {
        const answer = revealShare(
          DRAFT,
          list,
          { id, share, vrfSecret: secret },
          kept.get(toHex(id)) ?? [],
          stubVrf,
        );
        if (remember) kept.set(toHex(id), answer.revealed);
        reveals.push(answer.reveal);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ceremony-revealed');
      }
    }
    if (reveals.length === 4) seeds.add(toHex(drawSeed(DRAFT, list, reveals, stubVrf)));
  }
  return seeds.size;
}

test('who closes list after list of one draft sees one seed, since nobody reveals for a second list', () => {
  assert.equal(seedsOfCloser(12, true), 1);
  // Participants who forget what they revealed give him a seed for each list.
  assert.equal(seedsOfCloser(12, false), 12);
});

test('a reveal is made once a draft: again for the same list, for a list of another draft, and for no other list', () => {
  const own = { id: A.id, share: A.share, vrfSecret: A.secret };
  const first = revealShare(DRAFT, LIST, own, [], stubVrf);
  assert.deepEqual(first.revealed, [{ draft: draftHash(DRAFT), list: commitmentsHash(LIST) }]);
  assert.deepEqual(revealShare(DRAFT, LIST, own, first.revealed, stubVrf), first);
  const { list } = another(77);
  const second = (before: readonly RevealedList[]) => () => revealShare(DRAFT, list, own, before, stubVrf);
  assert.throws(second(first.revealed), refusal('ceremony-revealed'));
  // Nor after other drafts have come in between.
  const next = draftOf(A, B, C);
  const nextList = closeCommitments(
    next,
    [A, B, C].map((each) => commit(each, next)),
    stubVrf,
  );
  const later = revealShare(next, nextList, own, first.revealed, stubVrf);
  assert.equal(later.revealed.length, 2);
  assert.throws(second(later.revealed), refusal('ceremony-revealed'));
});

test('two commitments, or reveals for two lists of a draft, convict who made them, and nobody else', () => {
  const { commitment, who, list } = another(77);
  const [own, ofAnn] = [commit(D), commit(A)];
  const reveals = [reveal(D), reveal(who, list)] as const;
  const fault =
    (of: CeremonyFault, draft = DRAFT) =>
    () =>
      faultyOf(draft, of, stubVrf);
  for (const shown of [
    { commitments: [own, commitment] },
    { commitments: [commitment, own] },
    { reveals },
  ] as const) {
    const convicted = faultyOf(DRAFT, shown, stubVrf);
    assert.deepEqual(convicted, D.id);
    assert.deepEqual(draftWithout(DRAFT, [convicted]), draftOf(A, B, C));
  }
  const innocent = refusal('ceremony-innocent');
  assert.throws(fault({ commitments: [own, own] }), innocent);
  assert.throws(fault({ commitments: [own, ofAnn] }), innocent);
  assert.throws(fault({ reveals: [reveals[0], reveals[0]] }), innocent);
  assert.throws(fault({ reveals: [reveals[0], { ...reveals[1], proof: reveals[0].proof }] }), innocent);
  assert.throws(fault({ commitments: [own, { ...ofAnn, id: D.id }] }), innocent);
  assert.throws(fault({ commitments: [own, { ...own, proof: flipped(own.proof, 70) }] }), innocent);
  // One true message and one that somebody made up convict nobody, whichever of them comes first.
  assert.throws(fault({ reveals: [{ ...reveals[0], proof: reveals[1].proof }, reveals[1]] }), innocent);
  assert.throws(fault({ commitments: [{ ...ofAnn, id: D.id }, own] }), innocent);
  assert.throws(fault({ commitments: [{ ...commitment, proof: own.proof }, own] }), innocent);
  // Messages for two drafts are no fault: everybody commits and reveals anew after a restart.
  const next = { ...DRAFT, time: DRAFT.time + 1n };
  const moved = commit(D, next);
  assert.throws(fault({ commitments: [own, moved] }), innocent);
  assert.throws(fault({ commitments: [own, commitment] }, next), innocent);
  assert.throws(fault({ reveals }, next), innocent);
  assert.throws(fault({ commitments: [own, commitment] }, draftOf(A, B, C)), refusal('ceremony-stranger'));
});

test('a reveal opens what was committed to, for this list, with its own key; any other is as good as none', () => {
  const own = REVEALS[3]!;
  const others = but(REVEALS, D);
  for (const [code, changed] of [
    ['ceremony-mismatch', { ...own, share: flipped(own.share, 0) }],
    ['ceremony-mismatch', { ...own, salt: flipped(own.salt, 31) }],
    ['ceremony-list', { ...own, list: flipped(own.list, 0) }],
    ['ceremony-stranger', { ...own, id: flipped(own.id, 0) }],
    ['ceremony-proof', { ...own, proof: flipped(own.proof, 0) }],
    ['ceremony-proof', { ...own, proof: REVEALS[0]!.proof }],
  ] as const) {
    assert.throws(() => checkReveal(DRAFT, LIST, changed, stubVrf), refusal(code));
    assert.throws(
      () => drawSeed(DRAFT, LIST, [...others, changed], stubVrf),
      naming('ceremony-incomplete', D),
    );
  }
  assert.deepEqual(checkReveal(DRAFT, LIST, own, stubVrf), stubVrf.outputOf(own.proof));
  assert.deepEqual(drawSeed(DRAFT, LIST, [...REVEALS, own], stubVrf), SEED);
  assert.throws(() => drawSeed(DRAFT, LIST, others, stubVrf), naming('ceremony-incomplete', D));
});

test("a copy of another's commitment closes and opens for nobody but him: the id is in it", () => {
  const draft = draftHash(DRAFT);
  const copied = COMMITMENTS[0]!.commitment;
  const proof = stubVrf.prove(D.secret, blake2b256('SERO_SEED0_MINE', draft, D.id, copied));
  const list = closeCommitments(
    DRAFT,
    [...but(COMMITMENTS, D), { id: D.id, commitment: copied, proof }],
    stubVrf,
  );
  // A reveals, and D repeats A's share and salt as his own.
  const hash = commitmentsHash(list);
  const repeated: SeedReveal = {
    list: hash,
    id: D.id,
    ...A.share,
    proof: stubVrf.prove(D.secret, blake2b256('SERO_SEED0_DRAW', draft, hash, D.id)),
  };
  const reveals = [A, B, C].map((each) => reveal(each, list));
  assert.throws(() => checkReveal(DRAFT, list, repeated, stubVrf), refusal('ceremony-mismatch'));
  assert.throws(
    () => drawSeed(DRAFT, list, [...reveals, repeated], stubVrf),
    naming('ceremony-incomplete', D),
  );
  assert.throws(() => reveal({ ...D, share: A.share }, list), refusal('ceremony-mismatch'));
});

test('a withheld reveal: all begin again without him, and nobody can use a commitment from before', () => {
  const given = but(REVEALS, D);
  assert.throws(() => drawSeed(DRAFT, LIST, given, stubVrf), refusal('ceremony-incomplete'));
  assert.deepEqual(missingReveals(DRAFT, LIST, given, stubVrf), [D.id]);
  const next = draftWithout(DRAFT, missingReveals(DRAFT, LIST, given, stubVrf));
  assert.deepEqual(next, draftOf(A, B, C));
  for (const old of but(COMMITMENTS, D)) {
    assert.throws(() => checkCommitment(next, old, stubVrf), refusal('ceremony-forged'));
  }
  assert.throws(() => closeCommitments(next, but(COMMITMENTS, D), stubVrf), refusal('ceremony-incomplete'));
  const fresh = [A, B, C].map((each) => ({
    ...each,
    share: { share: filler(9, 32), salt: each.share.salt },
  }));
  const list = closeCommitments(
    next,
    fresh.map((each) => commit(each, next)),
    stubVrf,
  );
  const reveals = fresh.map((each) => reveal(each, list, next));
  assert.throws(() => checkReveal(next, list, given[0]!, stubVrf), refusal('ceremony-list'));
  assert.throws(() => drawSeed(next, list, given, stubVrf), refusal('ceremony-incomplete'));
  const { genesis } = finishGenesis(next, list, reveals, stubVrf);
  assert.notDeepEqual(genesis.seed, SEED);
  assert.equal(genesis.validators.length, 3);
});

test('who withholds chooses between the seed and a new ceremony, whatever else he prepares', () => {
  // With the list closed and the others' reveals known, D has one share that opens his commitment and one output of his key.
  const others = but(REVEALS, D);
  const seeds = new Set<string>();
  for (let n = 0; n < 10; n++) {
    const attempt = { ...reveal(D), share: filler(n, 32), salt: filler(n + 1, 32) };
    const proofs = [attempt.proof, stubVrf.prove(filler(n, 32), filler(n, 32))];
    for (const proof of proofs) {
      for (const opened of [attempt, reveal(D)]) {
        try {
          seeds.add(toHex(drawSeed(DRAFT, LIST, [...others, { ...opened, proof }], stubVrf)));
        } catch (error) {
          assert.equal((error as Error).name, 'ProtocolError');
        }
      }
    }
  }
  assert.deepEqual([...seeds], [toHex(SEED)]);
});

test('a ceremony is checked against the genesis file it made, and against no other', () => {
  const { genesis, ceremony } = finishGenesis(DRAFT, LIST, [...REVEALS].reverse(), stubVrf);
  assert.deepEqual(genesis, { ...DRAFT, seed: SEED });
  checkCeremony(genesis, ceremony, stubVrf);
  const check = (file: Genesis, of: Ceremony) => () => checkCeremony(file, of, stubVrf);
  assert.throws(check({ ...genesis, seed: flipped(SEED, 0) }, ceremony), refusal('ceremony-seed'));
  assert.throws(check({ ...genesis, time: genesis.time + 1n }, ceremony), refusal('ceremony-draft'));
  const [one, ...rest] = ceremony.reveals;
  // Nothing that does not count stands in it either.
  const stranger = { ...one!, id: new Uint8Array(32).fill(0xff) };
  for (const reveals of [
    [...ceremony.reveals].reverse(),
    [one!, one!, ...rest.slice(1)],
    [...ceremony.reveals, stranger],
  ]) {
    assert.throws(check(genesis, { ...ceremony, reveals }), refusal('ceremony-order'));
  }
  assert.throws(
    check(genesis, { ...ceremony, reveals: ceremony.reveals.slice(1) }),
    refusal('ceremony-incomplete'),
  );
});

test('messages come back from their bytes, and every other spelling is refused', () => {
  const { ceremony } = finishGenesis(DRAFT, LIST, REVEALS, stubVrf);
  const cases = [
    {
      bytes: encodeSeedCommitment(COMMITMENTS[0]!),
      decode: decodeSeedCommitment,
      value: COMMITMENTS[0]!,
      length: 144,
    },
    { bytes: encodeSeedCommitments(LIST), decode: decodeSeedCommitments, value: LIST, length: 36 + 4 * 144 },
    { bytes: encodeSeedReveal(REVEALS[0]!), decode: decodeSeedReveal, value: REVEALS[0]!, length: 208 },
    { bytes: encodeCeremony(ceremony), decode: decodeCeremony, value: ceremony, length: 8 + 36 + 4 * 352 },
  ];
  for (const { bytes, decode, value, length } of cases) {
    assert.equal(bytes.length, length);
    assert.deepEqual(decode(bytes), value);
    assert.throws(() => decode(concat(bytes, Uint8Array.of(0))), { name: 'ProtocolError' });
    assert.throws(() => decode(bytes.subarray(0, bytes.length - 1)), { name: 'ProtocolError' });
    assert.throws(() => decode(new Uint8Array(1_500_000)), refusal('too-large'));
  }
});

test('no bytes make the decoders throw anything but a refusal, and what decodes is spelt as it was', () => {
  const { ceremony } = finishGenesis(DRAFT, LIST, REVEALS, stubVrf);
  const bytes = encodeCeremony(ceremony);
  const mutation = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), fc.nat(bytes.length), (changes, cut) => {
      const mutated = bytes.slice(0, cut < 64 ? bytes.length - cut : bytes.length);
      for (const [place, byte] of changes) if (place < mutated.length) mutated[place] = byte;
      try {
        assert.deepEqual(encodeCeremony(decodeCeremony(mutated)), mutated);
      } catch (error) {
        assert.equal((error as Error).name, 'ProtocolError');
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('every single bit of a ceremony is under the seed or the proofs: changed, it no longer passes', () => {
  const { genesis, ceremony } = finishGenesis(DRAFT, LIST, REVEALS, stubVrf);
  const bytes = encodeCeremony(ceremony);
  for (let place = 0; place < bytes.length; place += 23) {
    assert.throws(
      () => checkCeremony(genesis, decodeCeremony(flipped(bytes, place, place & 7)), stubVrf),
      { name: 'ProtocolError' },
      `byte ${place}`,
    );
  }
});
