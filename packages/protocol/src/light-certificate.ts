import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { equalBytes } from '@sero/crypto';
import { type Header, HeaderType, headerHash } from './block.ts';
import {
  type Bundle,
  BundleType,
  checkBundleForm,
  checkRowWeights,
  MAX_BUNDLE_VOTES,
  maxBundleBytes,
} from './bundle.ts';
import { checkCertified, verifyCertificate } from './certificate.ts';
import { type Committees, committeeOf } from './committee.ts';
import { ensure } from './errors.ts';
import { proveRows, RowsProofType, tableOfProof } from './rows-proof.ts';
import { type SeedRule, seedHeight } from './seed.ts';
import { decodeStrict } from './ssz.ts';
import { anchorHeight, StakeRowType, TABLE_DEPTH, type WholeStakeTable } from './stake-table.ts';
import { STEP } from './steps.ts';
import type { VoteCrypto } from './vote.ts';

/** One more than the longest seed lookback, 256, which a genesis file can have. */
const MAX_HEADERS = 257;

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
  headers: new ListCompositeType(HeaderType, MAX_HEADERS),
  certificate: BundleType,
  /** The rows of the certificate's senders, and no other. */
  rows: RowsProofType,
});

export type LightCertificate = ValueOf<typeof LightCertificateType>;

/** No light certificate of any chain is larger: 256 headers before the certified one, and a bundle of 8,192 pairs, take 13.1 MB. */
export const MAX_LIGHT_CERTIFICATE_BYTES = 16_777_216;

/** Largest light certificate of this chain: its headers, a trimmed bundle, and a row with its whole path for each member. */
export function maxLightCertificateBytes({ committees, seedRule }: LightTrust, total: bigint): number {
  const { threshold } = committeeOf(committees, STEP.cert, total);
  const headers = (Number(seedRule.seedLookback) + 1) * (HeaderType.maxSize + 4);
  const members = threshold < BigInt(MAX_BUNDLE_VOTES) ? Number(threshold) : MAX_BUNDLE_VOTES;
  const rows = members * (4 + StakeRowType.fixedSize! + 32 * TABLE_DEPTH);
  return LightCertificateType.minSize + headers + maxBundleBytes(threshold) + rows;
}

/** What a client holds as final, and what the genesis file says. */
export interface LightTrust {
  readonly genesisHash: Uint8Array;
  readonly committees: Committees;
  readonly seedRule: SeedRule;
  readonly balanceLookback: bigint;
  /** The header of max(0, round - balanceLookback). */
  readonly anchor: { readonly height: bigint; readonly validatorsRoot: Uint8Array };
}

/** Bytes of a light certificate. */
export function encodeLightCertificate(light: LightCertificate): Uint8Array {
  return LightCertificateType.serialize(light);
}

/**
 * Decodes a light certificate. Throws ProtocolError `too-large`, `malformed`, `not-canonical`.
 *
 * @param most longest that is read. Default: that of any chain
 */
export function decodeLightCertificate(
  bytes: Uint8Array,
  most = MAX_LIGHT_CERTIFICATE_BYTES,
): LightCertificate {
  return decodeStrict(LightCertificateType, bytes, most, 'light certificate');
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
 * Checks a light certificate and returns the header that it makes final: the last of its headers. Numbers, orders and claimed weights first,
 * then hashes of headers and rows, signatures and draws last.
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
    BigInt(headers.length) === round - first + 1n &&
      headers[0]!.height === first &&
      equalBytes(headers[0]!.genesisHash, genesisHash),
    'headers-unlinked',
    'the headers are not those of the seed up to the certified one',
  );
  checkClaims(trust, light);
  checkLinked(headers);
  const header = headers[headers.length - 1]!;
  checkCertified(certificate, header);
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

/**
 * What a certificate says of itself must be a quorum before any of it is looked at: a total that is not the table's falls with the root, to which
 * every row is hashed, so that rows come after this.
 */
function checkClaims({ committees }: LightTrust, { certificate, rows }: LightCertificate): void {
  const members = certificate.votes.length + certificate.equivocations.length;
  ensure(certificate.step === STEP.cert, 'certificate-step', 'only cert votes make a certificate');
  ensure(
    rows.rows.length === members && rows.total > 0n,
    'rows-proof',
    'the rows are not those of the senders',
  );
  const committee = committeeOf(committees, STEP.cert, rows.total);
  checkBundleForm(certificate, committee.threshold);
  checkRowWeights(
    committee,
    rows.rows.map(({ weight }) => weight),
  );
}
