import { blake2b256, compareBytes, equalBytes, toHex, type Vrf } from '@sero/crypto';
import {
  type Ceremony,
  type CeremonyFault,
  commitmentInput,
  commitmentsHash,
  hiddenShare,
  type RevealedList,
  revealInput,
  type SeedCommitment,
  type SeedCommitments,
  SeedCommitmentType,
  type SeedReveal,
  type SeedShare,
} from './ceremony-messages.ts';
import { ensure } from './errors.ts';
import {
  checkGenesis,
  type Genesis,
  GenesisType,
  type GenesisValidator,
  genesisHash,
  MAX_GENESIS_BYTES,
} from './genesis.ts';
import { checkGenesisKeys, type GenesisCrypto, recordOfValidator } from './genesis-checks.ts';
import { decodeStrict } from './ssz.ts';

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
 * Who reveals last knows the seed before the others and can withhold. Then the ceremony begins again without him: a new draft,
 * and so new commitments of all, since a commitment holds the draft's hash. That is one bit a restart, and each costs the
 * withholders a participant: k of them choose among k + 1 seeds at most, one after the other.
 */

const NO_SEED = new Uint8Array(32);

/**
 * The file that a ceremony is about: these validators, ascending by record, and no seed yet.
 *
 * @throws ProtocolError those of checkDraft and checkGenesisKeys
 */
export function draftGenesis(
  base: Omit<Genesis, 'seed' | 'validators'>,
  validators: readonly GenesisValidator[],
  crypto: GenesisCrypto,
): Genesis {
  const ordered = [...validators].sort((a, b) => compareBytes(recordOfValidator(a), recordOfValidator(b)));
  const draft = { ...base, seed: NO_SEED, validators: ordered };
  checkDraft(draft);
  checkGenesisKeys(draft, crypto);
  return draft;
}

/** The draft of the next attempt, where some have withheld their reveals or are at fault: all begin again without them. */
export function draftWithout(draft: Genesis, ids: readonly Uint8Array[]): Genesis {
  const validators = draft.validators.filter(
    (validator) => !ids.some((id) => equalBytes(id, recordOfValidator(validator))),
  );
  return { ...draft, validators };
}

/** The draft's hash: that of the genesis file with a seed of zeros; of a finished file, that of the draft it came from. */
export function draftHash(genesis: Genesis): Uint8Array {
  return genesisHash({ ...genesis, seed: NO_SEED });
}

/** Throws `ceremony-draft` where there is a seed already or nobody to draw one, else what checkGenesis throws for the rest. */
export function checkDraft(draft: Genesis): void {
  ensure(equalBytes(draft.seed, NO_SEED), 'ceremony-draft', 'a draft has no seed yet');
  ensure(draft.validators.length > 0, 'ceremony-draft', 'a draft has a validator at least');
  // The seed alone is missing: any other than zeros stands for it.
  checkGenesis({ ...draft, seed: new Uint8Array(32).fill(1) });
}

/** Decodes a genesis file that waits for its seed. Throws ProtocolError: the decoder's codes and those of checkDraft. */
export function decodeDraft(bytes: Uint8Array): Genesis {
  const draft = decodeStrict(GenesisType, bytes, MAX_GENESIS_BYTES, 'genesis draft');
  checkDraft(draft);
  return draft;
}

/** A participant's first message. `vrfSecret` is that of the validator `id` in the draft. */
export function commitToShare(
  draft: Genesis,
  id: Uint8Array,
  share: SeedShare,
  vrfSecret: Uint8Array,
  vrf: Vrf,
): SeedCommitment {
  const hash = draftHash(draft);
  const commitment = hiddenShare(hash, id, share);
  return { id, commitment, proof: vrf.prove(vrfSecret, commitmentInput(hash, id, commitment)) };
}

/**
 * Closes the list: exactly one commitment of every validator, each made by him for this draft.
 *
 * @param commitments in any order
 * @throws ProtocolError `ceremony-stranger`, `ceremony-duplicate`, `ceremony-forged`, `ceremony-incomplete`, and those of checkDraft
 */
export function closeCommitments(
  draft: Genesis,
  commitments: readonly SeedCommitment[],
  vrf: Vrf,
): SeedCommitments {
  checkDraft(draft);
  const list = {
    draft: draftHash(draft),
    commitments: [...commitments].sort((a, b) => compareBytes(a.id, b.id)),
  };
  checkCommitments(draft, list, vrf);
  return list;
}

/** Throws unless this is a closed list of this draft; the codes are those of closeCommitments, and `ceremony-order`. */
export function checkCommitments(draft: Genesis, list: SeedCommitments, vrf: Vrf): void {
  const hash = draftHash(draft);
  ensure(equalBytes(list.draft, hash), 'ceremony-draft', 'the list is that of another draft');
  const validators = validatorsById(draft);
  let before: Uint8Array | undefined;
  for (const { id, commitment, proof } of list.commitments) {
    const order = before === undefined ? -1 : compareBytes(before, id);
    ensure(order !== 0, 'ceremony-duplicate', 'a participant committed twice');
    ensure(order < 0, 'ceremony-order', 'commitments ascend by id');
    before = id;
    const validator = validators.get(toHex(id));
    ensure(validator !== undefined, 'ceremony-stranger', 'a commitment of nobody in the draft');
    const output = vrf.verify(validator.vrfKey, commitmentInput(hash, id, commitment), proof);
    ensure(
      output !== undefined,
      'ceremony-forged',
      'a commitment that its participant did not make for this draft',
    );
  }
  ensure(
    list.commitments.length === validators.size,
    'ceremony-incomplete',
    `${validators.size - list.commitments.length} participants have not committed`,
  );
}

function validatorsById(genesis: Genesis): Map<string, GenesisValidator> {
  return new Map(genesis.validators.map((validator) => [toHex(recordOfValidator(validator)), validator]));
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

/** Participants of a closed list who have not revealed: whom the next attempt does without. */
export function missingReveals(list: SeedCommitments, reveals: readonly SeedReveal[]): Uint8Array[] {
  const revealed = new Set(reveals.map(({ id }) => toHex(id)));
  return list.commitments.map(({ id }) => id).filter((id) => !revealed.has(toHex(id)));
}

/**
 * The seed of a closed list: H("SERO_SEED0", list || share || VRF output || share || VRF output ...), in the list's order.
 *
 * @param reveals in any order
 * @throws ProtocolError those of checkCommitments; `ceremony-list` for a reveal of another list, `ceremony-stranger`,
 * `ceremony-duplicate`, `ceremony-mismatch`, `ceremony-proof`, `ceremony-incomplete`
 */
export function drawSeed(
  draft: Genesis,
  list: SeedCommitments,
  reveals: readonly SeedReveal[],
  vrf: Vrf,
): Uint8Array {
  checkDraft(draft);
  checkCommitments(draft, list, vrf);
  const hash = commitmentsHash(list);
  const commitments = new Map(list.commitments.map((entry) => [toHex(entry.id), entry]));
  const validators = validatorsById(draft);
  const drawn = new Map<string, Uint8Array[]>();
  for (const reveal of reveals) {
    ensure(equalBytes(reveal.list, hash), 'ceremony-list', 'a reveal for another list of commitments');
    const key = toHex(reveal.id);
    const entry = commitments.get(key);
    const validator = validators.get(key);
    ensure(
      entry !== undefined && validator !== undefined,
      'ceremony-stranger',
      'a reveal of nobody in the list',
    );
    ensure(!drawn.has(key), 'ceremony-duplicate', 'a participant revealed twice');
    ensure(
      equalBytes(entry.commitment, hiddenShare(list.draft, reveal.id, reveal)),
      'ceremony-mismatch',
      'what was revealed is not what was committed to',
    );
    const output = vrf.verify(validator.vrfKey, revealInput(list.draft, hash, reveal.id), reveal.proof);
    ensure(output !== undefined, 'ceremony-proof', "a reveal without a proof of its participant's VRF key");
    drawn.set(key, [reveal.share, output]);
  }
  const missing = missingReveals(list, reveals);
  ensure(missing.length === 0, 'ceremony-incomplete', `not revealed: ${missing.map(toHex).join(', ')}`);
  return blake2b256('SERO_SEED0', hash, ...list.commitments.flatMap(({ id }) => drawn.get(toHex(id))!));
}

/**
 * The finished genesis file and the ceremony that goes with it. Throws what drawSeed and checkGenesis throw.
 *
 * @param reveals in any order
 */
export function finishGenesis(
  draft: Genesis,
  list: SeedCommitments,
  reveals: readonly SeedReveal[],
  vrf: Vrf,
): { genesis: Genesis; ceremony: Ceremony } {
  const genesis = { ...draft, seed: drawSeed(draft, list, reveals, vrf) };
  checkGenesis(genesis);
  return { genesis, ceremony: { list, reveals: [...reveals].sort((a, b) => compareBytes(a.id, b.id)) } };
}

/**
 * Checks that a genesis file's seed came out of this ceremony.
 *
 * @throws ProtocolError those of drawSeed; `ceremony-order` for reveals that do not ascend by id; `ceremony-seed` where another seed
 * comes out
 */
export function checkCeremony(genesis: Genesis, { list, reveals }: Ceremony, vrf: Vrf): void {
  const ascending = reveals.every(({ id }, i) => i === 0 || compareBytes(reveals[i - 1]!.id, id) <= 0);
  ensure(ascending, 'ceremony-order', 'reveals ascend by id');
  const seed = drawSeed({ ...genesis, seed: NO_SEED }, list, reveals, vrf);
  ensure(equalBytes(seed, genesis.seed), 'ceremony-seed', 'the ceremony draws another seed');
}
