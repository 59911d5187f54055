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
  checkCommitments,
  checkDraft,
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
const commit = ({ id, share, secret }: Participant, draft = DRAFT): SeedCommitment =>
  commitToShare(draft, id, share, secret, stubVrf);
const COMMITMENTS = ALL.map((each) => commit(each));
const LIST = closeCommitments(DRAFT, COMMITMENTS, stubVrf);
/** As one who has revealed nothing before. */
const reveal = ({ id, share, secret }: Participant, list = LIST, draft = DRAFT): SeedReveal =>
  revealShare(draft, list, { id, share, vrfSecret: secret }, [], stubVrf).reveal;
const REVEALS = ALL.map((each) => reveal(each));
const SEED = drawSeed(DRAFT, LIST, REVEALS, stubVrf);

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
  const commitments = people.map(({ id, share, secret }) =>
    commitToShare(known, id, share, secret, portableVrf),
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
  assert.throws(
    () => closeCommitments(known, [forged, commitments[1]!], portableVrf),
    refusal('ceremony-forged'),
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
    assert.throws(() => checkCommitments(changed, moved, stubVrf), refusal('ceremony-forged'));
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
  assert.throws(close([...COMMITMENTS, COMMITMENTS[0]!]), refusal('ceremony-duplicate'));
  const stranger = participant(9);
  assert.throws(close([...COMMITMENTS, commit(stranger)]), refusal('ceremony-stranger'));
  assert.throws(close([...but(COMMITMENTS, D), commit(stranger)]), refusal('ceremony-stranger'));
  const unordered = { ...LIST, commitments: [...LIST.commitments].reverse() };
  assert.throws(() => checkCommitments(DRAFT, unordered, stubVrf), refusal('ceremony-order'));
});

test('nobody commits in the name of another', () => {
  const bad = { ...commit({ ...D, secret: A.secret }), id: D.id };
  assert.throws(
    () => closeCommitments(DRAFT, [...but(COMMITMENTS, D), bad], stubVrf),
    refusal('ceremony-forged'),
  );
  const own = COMMITMENTS[3]!;
  const altered = { ...own, commitment: flipped(own.commitment, 0) };
  assert.throws(
    () => closeCommitments(DRAFT, [...but(COMMITMENTS, D), altered], stubVrf),
    refusal('ceremony-forged'),
  );
});

test('a commitment after closing makes another list, which nobody has revealed for', () => {
  const late = closeCommitments(
    DRAFT,
    [...but(COMMITMENTS, D), commit({ ...D, share: { ...D.share, share: filler(77, 32) } })],
    stubVrf,
  );
  assert.throws(() => drawSeed(DRAFT, late, REVEALS, stubVrf), refusal('ceremony-list'));
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
  // Messages for two drafts are no fault: everybody commits and reveals anew after a restart.
  const next = { ...DRAFT, time: DRAFT.time + 1n };
  const moved = commit(D, next);
  assert.throws(fault({ commitments: [own, moved] }), innocent);
  assert.throws(fault({ commitments: [own, commitment] }, next), innocent);
  assert.throws(fault({ reveals }, next), innocent);
  assert.throws(fault({ commitments: [own, commitment] }, draftOf(A, B, C)), refusal('ceremony-stranger'));
});

test('a reveal opens what was committed to, once, for this list, with its own key', () => {
  const draw = (changed: SeedReveal[]) => () => drawSeed(DRAFT, LIST, changed, stubVrf);
  const own = REVEALS[3]!;
  const others = but(REVEALS, D);
  assert.throws(draw([...others, { ...own, share: flipped(own.share, 0) }]), refusal('ceremony-mismatch'));
  assert.throws(draw([...others, { ...own, salt: flipped(own.salt, 31) }]), refusal('ceremony-mismatch'));
  assert.throws(draw([...others, { ...own, list: flipped(own.list, 0) }]), refusal('ceremony-list'));
  assert.throws(draw([...others, { ...own, id: flipped(own.id, 0) }]), refusal('ceremony-stranger'));
  assert.throws(draw([...others, { ...own, proof: flipped(own.proof, 0) }]), refusal('ceremony-proof'));
  assert.throws(draw([...others, { ...own, proof: REVEALS[0]!.proof }]), refusal('ceremony-proof'));
  assert.throws(draw([...REVEALS, own]), refusal('ceremony-duplicate'));
  assert.throws(draw(others), refusal('ceremony-incomplete'));
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
  assert.throws(() => drawSeed(DRAFT, list, [...reveals, repeated], stubVrf), refusal('ceremony-mismatch'));
  assert.throws(() => reveal({ ...D, share: A.share }, list), refusal('ceremony-mismatch'));
});

test('a withheld reveal: all begin again without him, and nobody can use a commitment from before', () => {
  const given = but(REVEALS, D);
  assert.throws(() => drawSeed(DRAFT, LIST, given, stubVrf), refusal('ceremony-incomplete'));
  assert.deepEqual(missingReveals(LIST, given), [D.id]);
  const next = draftWithout(DRAFT, missingReveals(LIST, given));
  assert.deepEqual(next, draftOf(A, B, C));
  assert.throws(() => closeCommitments(next, but(COMMITMENTS, D), stubVrf), refusal('ceremony-forged'));
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
  assert.throws(() => drawSeed(next, list, given, stubVrf), refusal('ceremony-list'));
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
  const reversed = { ...ceremony, reveals: [...ceremony.reveals].reverse() };
  assert.throws(check(genesis, reversed), refusal('ceremony-order'));
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
