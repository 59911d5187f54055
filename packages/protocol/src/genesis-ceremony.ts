import { compareBytes, equalBytes, toHex, type Vrf } from '@sero/crypto';
import {
  checkCommitments,
  type GoodReveal,
  goodCommitments,
  goodReveals,
  seedOf,
  validatorsById,
} from './ceremony-checks.ts';
import { checkDraft, draftHash, NO_SEED } from './ceremony-draft.ts';
import {
  type Ceremony,
  type CeremonyFault,
  commitmentInput,
  commitmentsHash,
  hiddenShare,
  type MadeCommitment,
  type RevealedList,
  revealInput,
  type SeedCommitment,
  type SeedCommitments,
  SeedCommitmentType,
  type SeedReveal,
  type SeedShare,
} from './ceremony-messages.ts';
import { ensure } from './errors.ts';
import { checkGenesis, type Genesis } from './genesis.ts';

/*
 * How the first participants draw seed(0) together (the paper, 4.1: "calculated together by the initial participants"):
 * commit, close, reveal.
 *
 * 1. Draft: the whole genesis file, its validators in it, the seed zeros. Its hash is in everything that follows, so nobody
 *    can try names, times or stakes once he knows what they would lead to.
 * 2. Every validator commits to a random share, once a draft, and shows by a VRF proof that the commitment is his.
 * 3. The list of all commitments, one a validator, is closed: its hash is what the reveals name.
 * 4. Everybody reveals his share, with a VRF proof over the list, and for no other list of this draft ever after. Share and VRF output
 *    are settled when the list closes; seed(0) is the hash of all of them, so one honest participant makes it unpredictable to the rest.
 *
 * Step 4's "for no other list" carries the weight. Whoever closes the list last can commit twice and close as many lists as he likes; would
 * an honest participant reveal for each, he would see as many seeds and pick one. As it is, a list is finished only if every honest
 * participant revealed for it first, and then no other list of the draft ever is. That two lists exist shows who committed twice
 * (`faultyOf`): the next draft is without him.
 *
 * Who reveals last knows the seed before the others and can withhold, or send what does not open his commitment, which is the same
 * (`missingReveals`). Then the ceremony begins again without him: a new draft, and so new commitments of all, since a commitment holds the
 * draft's hash. That is one bit a restart, and each costs the withholders a participant: k of them choose among k + 1 seeds at most, one
 * after the other. This rests on the people who run it, and on no rule here: that nobody commits to a draft before the one before has
 * failed for all to see, that the next one is without those who failed it, and that a draft once given up is never finished. Nothing in a
 * draft tells which one it follows: who talks the honest into two at once sees two seeds and loses nothing.
 */

/**
 * A participant's first message. A second, different one for the same draft would convict him (`faultyOf`), so whoever runs this twice by mistake,
 * or has lost his share, is stopped: he waits for the next draft.
 *
 * @param own `vrfSecret` is that of the validator `id` in the draft
 * @param before all commitments that he made until now
 * @returns the message, and `before` with this commitment: to be kept durably, as the share, before the message leaves
 * @throws ProtocolError `ceremony-committed` where he made another commitment for this draft
 */
export function commitToShare(
  draft: Genesis,
  own: { readonly id: Uint8Array; readonly share: SeedShare; readonly vrfSecret: Uint8Array },
  before: readonly MadeCommitment[],
  vrf: Vrf,
): { message: SeedCommitment; committed: readonly MadeCommitment[] } {
  const { id, share, vrfSecret } = own;
  const hash = draftHash(draft);
  const commitment = hiddenShare(hash, id, share);
  const earlier = before.find((each) => equalBytes(each.draft, hash) && equalBytes(each.id, id));
  ensure(
    earlier === undefined || equalBytes(earlier.commitment, commitment),
    'ceremony-committed',
    'this validator has made another commitment for this draft',
  );
  return {
    message: { id, commitment, proof: vrf.prove(vrfSecret, commitmentInput(hash, id, commitment)) },
    committed: earlier === undefined ? [...before, { draft: hash, id, commitment }] : before,
  };
}

/**
 * Closes the list: exactly one commitment of every validator, each made by him for this draft.
 *
 * @param heard in any order; what was not made by a validator for this draft does not count
 * @throws ProtocolError `ceremony-incomplete`, which names those whose commitment is missing, `ceremony-duplicate`, which names one who
 * made two, and those of checkDraft
 */
export function closeCommitments(
  draft: Genesis,
  heard: readonly SeedCommitment[],
  vrf: Vrf,
): SeedCommitments {
  checkDraft(draft);
  return { draft: draftHash(draft), commitments: goodCommitments(draft, heard, vrf) };
}

/**
 * A participant's second message. It refuses to open anything unless the list is closed and holds what he committed to, and unless this is the
 * only list of the draft that he ever reveals for: so he never shows his share, or an output of his key, to somebody who can still choose.
 *
 * @param before all that he revealed for until now
 * @returns the message, and `before` with this list: to be kept durably before the message leaves
 * @throws ProtocolError those of checkCommitments; `ceremony-mismatch` where the list has another commitment in his name,
 *   `ceremony-revealed` where he revealed for another list of this draft
 */
export function revealShare(
  draft: Genesis,
  list: SeedCommitments,
  own: { readonly id: Uint8Array; readonly share: SeedShare; readonly vrfSecret: Uint8Array },
  before: readonly RevealedList[],
  vrf: Vrf,
): { reveal: SeedReveal; revealed: readonly RevealedList[] } {
  const { id, share, vrfSecret } = own;
  checkDraft(draft);
  checkCommitments(draft, list, vrf);
  const entry = list.commitments.find((each) => equalBytes(each.id, id));
  ensure(
    entry !== undefined && equalBytes(entry.commitment, hiddenShare(list.draft, id, share)),
    'ceremony-mismatch',
    'the list has another commitment',
  );
  const hash = commitmentsHash(list);
  const earlier = before.find((each) => equalBytes(each.draft, list.draft));
  ensure(
    earlier === undefined || equalBytes(earlier.list, hash),
    'ceremony-revealed',
    'this participant has revealed for another list of this draft',
  );
  const reveal = { list: hash, id, ...share, proof: vrf.prove(vrfSecret, revealInput(list.draft, hash, id)) };
  return {
    reveal,
    revealed: earlier === undefined ? [...before, { draft: list.draft, list: hash }] : before,
  };
}

/**
 * Whom a fault convicts: two different commitments of one participant for this draft, without which there are no two lists, or his reveals
 * for two lists of it. Nobody else can make either, and `draftWithout` makes the next attempt's draft.
 *
 * @returns his stake record
 * @throws ProtocolError `ceremony-innocent`, `ceremony-stranger`
 */
export function faultyOf(draft: Genesis, fault: CeremonyFault, vrf: Vrf): Uint8Array {
  const hash = draftHash(draft);
  const [one, other] = 'reveals' in fault ? fault.reveals : fault.commitments;
  ensure(equalBytes(one.id, other.id), 'ceremony-innocent', 'these are messages of two participants');
  const validator = validatorsById(draft).get(toHex(one.id));
  ensure(validator !== undefined, 'ceremony-stranger', 'a message of nobody in the draft');
  const differ =
    'reveals' in fault
      ? !equalBytes(fault.reveals[0].list, fault.reveals[1].list)
      : !equalBytes(
          SeedCommitmentType.serialize(fault.commitments[0]),
          SeedCommitmentType.serialize(fault.commitments[1]),
        );
  ensure(differ, 'ceremony-innocent', 'there is one of it only');
  const inputs =
    'reveals' in fault
      ? fault.reveals.map(({ id, list }) => revealInput(hash, list, id))
      : fault.commitments.map(({ id, commitment }) => commitmentInput(hash, id, commitment));
  for (const [i, { proof }] of [one, other].entries()) {
    const output = vrf.verify(validator.vrfKey, inputs[i]!, proof);
    ensure(
      output !== undefined,
      'ceremony-innocent',
      'a message that its participant did not make for this draft',
    );
  }
  return one.id;
}

function drawFrom(
  draft: Genesis,
  list: SeedCommitments,
  heard: readonly SeedReveal[],
  vrf: Vrf,
): { seed: Uint8Array; good: readonly GoodReveal[] } {
  checkDraft(draft);
  checkCommitments(draft, list, vrf);
  const good = goodReveals(draft, list, heard, vrf);
  return { seed: seedOf(list, good), good };
}

/**
 * The seed of a closed list.
 *
 * @param heard in any order; reveals that fail checkReveal do not count
 * @throws ProtocolError those of checkDraft and checkCommitments; `ceremony-incomplete`, which names those who have not revealed
 */
export function drawSeed(
  draft: Genesis,
  list: SeedCommitments,
  heard: readonly SeedReveal[],
  vrf: Vrf,
): Uint8Array {
  return drawFrom(draft, list, heard, vrf).seed;
}

/**
 * The finished genesis file and the ceremony that goes with it. Throws what drawSeed and checkGenesis throw.
 *
 * @param heard in any order; reveals that fail checkReveal do not count
 */
export function finishGenesis(
  draft: Genesis,
  list: SeedCommitments,
  heard: readonly SeedReveal[],
  vrf: Vrf,
): { genesis: Genesis; ceremony: Ceremony } {
  const { seed, good } = drawFrom(draft, list, heard, vrf);
  const genesis = { ...draft, seed };
  checkGenesis(genesis);
  return { genesis, ceremony: { list, reveals: good.map(({ reveal }) => reveal) } };
}

/**
 * Checks that a genesis file's seed came out of this ceremony.
 *
 * @throws ProtocolError those of drawSeed; `ceremony-order` unless the reveals are one a commitment, in its order; `ceremony-seed` where
 * another seed comes out
 */
export function checkCeremony(genesis: Genesis, { list, reveals }: Ceremony, vrf: Vrf): void {
  const ascending = reveals.every(({ id }, i) => i === 0 || compareBytes(reveals[i - 1]!.id, id) < 0);
  ensure(ascending, 'ceremony-order', 'reveals ascend by id, one a participant');
  ensure(
    reveals.length <= list.commitments.length,
    'ceremony-order',
    'there are more reveals than commitments',
  );
  const seed = drawSeed({ ...genesis, seed: NO_SEED }, list, reveals, vrf);
  ensure(equalBytes(seed, genesis.seed), 'ceremony-seed', 'the ceremony draws another seed');
}
