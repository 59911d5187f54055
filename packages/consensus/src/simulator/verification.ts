import {
  type Bundle,
  type EphemeralCache,
  ephemeralCache,
  ProtocolError,
  type RoundContext,
  type Vote,
  type VoteCrypto,
  verifyBundle,
  verifyVote,
  type WeighedVote,
} from '@sero/protocol';
import type { VerifiedBundle } from '../abstractions.ts';

/** Links of key chains that are remembered. */
const LINKS = 8_192;

/** Checks of votes and bundles by the protocol's rules, each message once however many nodes it comes to. */
export interface Verification {
  vote(context: RoundContext, vote: Vote): WeighedVote | undefined;
  bundle(context: RoundContext, bundle: Bundle): VerifiedBundle | undefined;
}

export function createVerification(crypto: VoteCrypto): Verification {
  const links: EphemeralCache = ephemeralCache(LINKS);
  const withLinks = { ...crypto, links };
  const votes = new WeakMap<Vote, { context: RoundContext; weighed: WeighedVote | undefined }>();
  const bundles = new WeakMap<Bundle, { context: RoundContext; verified: VerifiedBundle | undefined }>();

  function refusable<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }

  return {
    vote(context, vote) {
      const known = votes.get(vote);
      if (known?.context === context) return known.weighed;
      const weighed = refusable(() => verifyVote(context, vote, withLinks));
      votes.set(vote, { context, weighed });
      return weighed;
    },

    bundle(context, bundle) {
      const known = bundles.get(bundle);
      if (known?.context === context) return known.verified;
      const verified = refusable(() => unpack(bundle, context, withLinks));
      bundles.set(bundle, { context, verified });
      return verified;
    },
  };
}

function unpack(bundle: Bundle, context: RoundContext, crypto: VoteCrypto): VerifiedBundle {
  const weighed = verifyBundle(context, bundle, crypto);
  const { single, paired } = votesIn(bundle);
  return {
    votes: single.map((vote, i) => ({ vote, weight: weighed.votes[i]! })),
    pairs: paired.map(([first, second], i) => {
      const weight = weighed.equivocations[i]!;
      return { first: { vote: first, weight }, second: { vote: second, weight } };
    }),
  };
}

/** The votes that a bundle is made of. */
export function votesIn({ round, period, step, value, votes, equivocations }: Bundle): {
  single: Vote[];
  paired: [Vote, Vote][];
} {
  const place = { round, period, step };
  return {
    single: votes.map(({ sender, proof, signature }) => ({ sender, ...place, value, proof, signature })),
    paired: equivocations.map(({ sender, proof, values, signatures }) => {
      const side = (i: number): Vote => ({
        sender,
        ...place,
        value: values[i]!,
        proof,
        signature: signatures[i]!,
      });
      return [side(0), side(1)];
    }),
  };
}
