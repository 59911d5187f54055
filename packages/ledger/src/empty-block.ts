import type { Genesis, Header } from '@sero/protocol';
import { ownCopy } from './own-copy.ts';

/** What the proposer of a block says beside its transactions. */
export type ProposedTerms = Pick<
  Header,
  'time' | 'period' | 'vrfProof' | 'versionVote' | 'disableVote' | 'absent'
> & {
  /** Stake record of the original proposer. */
  readonly proposer: Uint8Array;
};

/**
 * How a block comes about: `plain` on a chain of one, where its node seals what it likes; `proposed` by a participant; `empty` is E(r), which
 * follows from its parent alone (design 4-se-random, "Empty block").
 */
export type BlockTerms =
  | { readonly type: 'plain'; readonly time: bigint }
  | ({ readonly type: 'proposed' } & ProposedTerms)
  | { readonly type: 'empty' };

/** The terms that a header claims, in copies, since they become part of a header that is kept. Without a proposer there is nothing but the empty block. */
export function termsOf(genesis: Genesis, header: Header): BlockTerms {
  if (genesis.validators.length === 0) return { type: 'plain', time: header.time };
  const { time, period, proposer, vrfProof, versionVote, disableVote, absent } = header;
  const [id] = proposer;
  if (id === undefined) return { type: 'empty' };
  return ownCopy({
    type: 'proposed',
    time,
    period,
    proposer: id,
    vrfProof,
    versionVote,
    disableVote,
    absent,
  });
}

/** The header fields that follow from the terms. */
export function termFields(
  terms: BlockTerms,
  parent: Header,
): Pick<Header, 'time' | 'period' | 'proposer' | 'vrfProof' | 'versionVote' | 'disableVote' | 'absent'> {
  const nothing = { period: 0, proposer: [], vrfProof: [], versionVote: [], disableVote: [], absent: [] };
  switch (terms.type) {
    case 'plain':
      return { ...nothing, time: terms.time };
    case 'empty':
      return { ...nothing, time: parent.time + 1n };
    case 'proposed': {
      const { type, proposer, ...fields } = terms;
      return { ...fields, proposer: [proposer] };
    }
  }
}
