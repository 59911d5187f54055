import { type Header, headerHash } from './block.ts';
import { type Bundle, verifyBundle, type WeighedBundle } from './bundle.ts';
import { ensure } from './errors.ts';
import type { RoundContext } from './round-context.ts';
import { STEP } from './steps.ts';
import { equalValues, type Value } from './value.ts';
import type { VoteCrypto } from './vote.ts';

/** What votes for a block are for: its first period and proposer, and its hash; for the empty block no proposer. */
export function valueOfHeader(header: Header): Value {
  return {
    period: header.period,
    proposer: header.proposer[0] ?? new Uint8Array(32),
    digest: headerHash(header),
  };
}

/**
 * Checks that a bundle makes its block final: cert votes, of any period, and no more of them than it takes.
 *
 * "No more" means that without its lightest member it were no quorum: so it has at most as many members as the threshold
 * has units, whoever sends it.
 *
 * @throws ProtocolError `certificate-step`, `bundle-not-trimmed` and the codes of {@link verifyBundle}
 */
export function verifyCertificate(
  context: RoundContext,
  certificate: Bundle,
  crypto: VoteCrypto,
): WeighedBundle {
  ensure(certificate.step === STEP.cert, 'certificate-step', 'only cert votes make a certificate');
  const { threshold } = context.committees(STEP.cert);
  const members = certificate.votes.length + certificate.equivocations.length;
  ensure(BigInt(members) <= threshold, 'bundle-not-trimmed', 'more members than the quorum has units');
  const weighed = verifyBundle(context, certificate, crypto);
  const lightest = [...weighed.votes, ...weighed.equivocations].reduce((a, b) => (a < b ? a : b));
  ensure(
    weighed.weight - lightest < threshold,
    'bundle-not-trimmed',
    'without its lightest member it were a quorum still',
  );
  return weighed;
}

/** Checks that it is this header that a certificate is for. Throws ProtocolError `certificate-value`. */
export function checkCertified(certificate: Bundle, header: Header): void {
  ensure(
    certificate.round === header.height && equalValues(certificate.value, valueOfHeader(header)),
    'certificate-value',
    'the certificate is for another block',
  );
}
