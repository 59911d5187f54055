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
 * Checks that a bundle makes its block final: cert votes, of any period.
 *
 * @throws ProtocolError `certificate-step` and the codes of {@link verifyBundle}
 */
export function verifyCertificate(
  context: RoundContext,
  certificate: Bundle,
  crypto: VoteCrypto,
): WeighedBundle {
  ensure(certificate.step === STEP.cert, 'certificate-step', 'only cert votes make a certificate');
  return verifyBundle(context, certificate, crypto);
}

/** Checks that it is this header that a certificate is for. Throws ProtocolError `certificate-value`. */
export function checkCertified(certificate: Bundle, header: Header): void {
  ensure(
    certificate.round === header.height && equalValues(certificate.value, valueOfHeader(header)),
    'certificate-value',
    'the certificate is for another block',
  );
}
