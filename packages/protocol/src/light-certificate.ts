import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import { type Header, HeaderType, headerHash } from './block.ts';
import { type Bundle, BundleType } from './bundle.ts';
import { checkCertified, verifyCertificate } from './certificate.ts';
import { type Committees, committeeOf } from './committee.ts';
import { ensure } from './errors.ts';
import { proveRows, RowsProofType, tableOfProof } from './rows-proof.ts';
import { type SeedRule, seedHeight } from './seed.ts';
import { decodeStrict } from './ssz.ts';
import { anchorHeight, type WholeStakeTable } from './stake-table.ts';
import type { VoteCrypto } from './vote.ts';

/**
 * All that a client without state needs to take a block as final, on top of an older header.
 *
 * What it must trust: genesis hash, committees and balanceLookback of the genesis file, and the validators root of the header of
 * round - balanceLookback (of genesis below that), which it holds as final already. What it need not: the seed, which stands in a header
 * that the certificate itself makes final. A forger may so choose the seed, and try many; each try draws committees from
 * the trusted table, so it helps only whoever is within luck's reach of a quorum (docs/protocol.md gives the figures).
 */
export const LightCertificateType = new ContainerType({
  /** From that of max(0, round - seedLookback), for the seed, to that of the round: three. */
  headers: new ListCompositeType(HeaderType, 256),
  certificate: BundleType,
  /** The rows of the certificate's senders, and no other. */
  rows: RowsProofType,
});

export type LightCertificate = ValueOf<typeof LightCertificateType>;

/** Largest light certificate. */
export const MAX_LIGHT_CERTIFICATE_BYTES = 16_777_216;

/** What a client holds as final, and what the genesis file says. */
export interface LightTrust {
  readonly genesisHash: Uint8Array;
  readonly committees: Committees;
  /** Its seedLookback is at most 255. */
  readonly seedRule: SeedRule;
  readonly balanceLookback: bigint;
  /** The header of max(0, round - balanceLookback). */
  readonly anchor: { readonly height: bigint; readonly validatorsRoot: Uint8Array };
}

/** Bytes of a light certificate. */
export function encodeLightCertificate(light: LightCertificate): Uint8Array {
  return LightCertificateType.serialize(light);
}

/** Decodes a light certificate. Throws ProtocolError `too-large`, `malformed`, `not-canonical`. */
export function decodeLightCertificate(bytes: Uint8Array): LightCertificate {
  return decodeStrict(LightCertificateType, bytes, MAX_LIGHT_CERTIFICATE_BYTES, 'light certificate');
}

/**
 * The light certificate of a certified block.
 *
 * @param headers from that of max(0, round - seedLookback) to that of the round
 * @param table of the round
 */
export function makeLightCertificate(
  headers: readonly Header[],
  certificate: Bundle,
  table: WholeStakeTable,
): LightCertificate {
  const senders = [...certificate.votes, ...certificate.equivocations].map(({ sender }) => sender);
  return { headers: [...headers], certificate, rows: proveRows(table, senders) };
}

/**
 * Checks that each header follows the one before it, by height, hash and chain.
 *
 * @throws ProtocolError `headers-unlinked`
 */
export function checkLinked(headers: readonly Header[]): void {
  for (let i = 1; i < headers.length; i++) {
    const [before, header] = [headers[i - 1]!, headers[i]!];
    ensure(
      header.height === before.height + 1n &&
        equalBytes(header.genesisHash, before.genesisHash) &&
        equalBytes(header.parent, headerHash(before)),
      'headers-unlinked',
      `header ${header.height} does not follow the one before it`,
    );
  }
}

/**
 * Checks a light certificate and returns the header that it makes final: the last of its headers.
 *
 * @throws ProtocolError `headers-unlinked`, `rows-proof`, `certificate-value` and the codes of {@link verifyCertificate}
 */
export function verifyLightCertificate(
  trust: LightTrust,
  light: LightCertificate,
  crypto: VoteCrypto,
): Header {
  const { headers, certificate } = light;
  const { round } = certificate;
  const { anchor, balanceLookback, genesisHash } = trust;
  ensure(
    round > 0n && anchor.height === anchorHeight(round, balanceLookback),
    'headers-unlinked',
    'the trusted header is not the one that names the table of this round',
  );
  const first = seedHeight(trust.seedRule, round);
  ensure(
    headers.length > 0 && headers[0]!.height === first && equalBytes(headers[0]!.genesisHash, genesisHash),
    'headers-unlinked',
    'the headers are not those of the seed up to the certified one',
  );
  checkLinked(headers);
  const header = headers[headers.length - 1]!;
  checkCertified(certificate, header);
  const members = certificate.votes.length + certificate.equivocations.length;
  ensure(light.rows.rows.length === members, 'rows-proof', 'the rows are not those of the senders');
  const table = tableOfProof(light.rows, anchor.validatorsRoot);
  const context = {
    genesisHash,
    round,
    seed: headers[0]!.seed,
    table,
    committees: (step: number) => committeeOf(trust.committees, step, table.total),
  };
  verifyCertificate(context, certificate, crypto);
  return header;
}
