import { equalBytes } from '@sero/crypto';
import { type Header, headerHash } from './block.ts';
import { ensure } from './errors.ts';
import { type Genesis, genesisHash } from './genesis.ts';
import { type LightCertificate, type LightTrust, verifyLightCertificate } from './light-certificate.ts';
import { anchorHeight } from './stake-table.ts';
import { FIRST_VERSION } from './version.ts';
import type { VoteCrypto } from './vote.ts';

/** What a client without state goes by: all of it from the genesis file. */
export interface LightRules extends Omit<LightTrust, 'anchor'> {
  /** Heights between two light certificates that nodes keep for ever. */
  readonly certStride: bigint;
  /** The highest version of the protocol whose headers and votes this client can judge. */
  readonly knownVersion: number;
}

/** A block that is known to be final. */
export interface FinalBlock {
  readonly height: bigint;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/**
 * The final end of a chain, as a client without state holds it: the last final block, and whose votes are trusted for the rounds after it.
 * It never changes: each step gives a new one.
 */
export interface LightChain {
  readonly rules: LightRules;
  readonly tip: FinalBlock;
  /** Validators roots of the headers up to the tip's, the last balanceLookback of them, or all from block 0 on where there are fewer. */
  readonly roots: readonly Uint8Array[];
}

/** What headers and a certificate made final. */
export interface LightStep {
  readonly chain: LightChain;
  /** Hashes of the headers, in their order. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * The rules of a network for clients without state.
 *
 * @param knownVersion Default: the one that genesis starts with
 */
export function lightRules(genesis: Genesis, knownVersion = FIRST_VERSION): LightRules {
  const { committees, stake } = genesis;
  const { seedLookback, seedRefresh, balanceLookback, certStride } = stake;
  return {
    genesisHash: genesisHash(genesis),
    committees,
    seedRule: { seedLookback, seedRefresh },
    balanceLookback,
    certStride,
    knownVersion,
  };
}

/**
 * The height whose light certificate takes a chain furthest at once: the last stride end whose table is final already, else the head. Every node has
 * the certificates of stride ends, and those of its last blocks.
 *
 * @param head height at which the chain is said to end
 * @returns undefined where the chain's tip is there already
 */
export function nextLightHeight(
  { tip, rules }: Pick<LightChain, 'rules'> & { readonly tip: Pick<FinalBlock, 'height'> },
  head: bigint,
): bigint | undefined {
  if (head <= tip.height) return undefined;
  const reach = tip.height + rules.balanceLookback;
  if (head <= reach) return head;
  // The stride is no longer than the lookback, so that one always ends between the tip and there.
  return reach - (reach % rules.certStride);
}

/**
 * Takes the headers after the tip as final, because the last of them is certified and the others lead up to it. What costs nothing is looked
 * at first, then the headers' links, then the certificate.
 *
 * The votes are judged by the table of their round, which a header of balanceLookback blocks before names. That header has to be final
 * already: one that only this certificate makes final could name its forgers. So a step is no longer than balanceLookback, and
 * no stride can be left out where it would be.
 *
 * @param headers from the one after the tip to the certified one
 * @throws ProtocolError `light-reach` for a certificate too far ahead, `unknown-version`, `headers-unlinked` where headers do not follow the tip or
 *   each other, `certificate-value` where the certificate is for another block than the last of them, and the codes of {@link verifyLightCertificate}
 */
export function extendLightChain(
  chain: LightChain,
  headers: readonly Header[],
  light: LightCertificate,
  crypto: VoteCrypto,
): LightStep {
  const { rules, tip } = chain;
  const { balanceLookback } = rules;
  const height = tip.height + BigInt(headers.length);
  ensure(headers.length > 0, 'headers-unlinked', 'no header follows the last final one');
  ensure(
    BigInt(headers.length) <= balanceLookback,
    'light-reach',
    `whose votes certify block ${height} is not final yet: ${balanceLookback} blocks at a time`,
  );
  ensure(
    light.certificate.round === height,
    'certificate-value',
    `the certificate is of round ${light.certificate.round}, the last header of ${height}`,
  );
  checkVersions(rules, headers);
  const hashes = linkedHashes(tip, headers);
  const certified = verifyLightCertificate({ ...rules, anchor: anchorOf(chain, height) }, light, crypto);
  const hash = hashes[hashes.length - 1]!;
  ensure(
    equalBytes(headerHash(certified), hash),
    'certificate-value',
    'the certificate is for another branch than these headers',
  );
  const roots = [...chain.roots, ...headers.map(({ validatorsRoot }) => validatorsRoot)];
  return {
    chain: { rules, tip: { height, hash }, roots: roots.slice(-Number(balanceLookback)) },
    hashes,
  };
}

/** Whose table judges the votes of a round: the final header that names it. */
function anchorOf({ rules, tip, roots }: LightChain, round: bigint): LightTrust['anchor'] {
  const height = anchorHeight(round, rules.balanceLookback);
  const first = tip.height + 1n - BigInt(roots.length);
  const validatorsRoot = roots[Number(height - first)];
  ensure(validatorsRoot !== undefined, 'light-reach', `the header of block ${height} is not at hand`);
  return { height, validatorsRoot };
}

/**
 * Refuses headers whose rules this client does not know: what makes them final may have changed with them.
 *
 * @throws ProtocolError `unknown-version`
 */
export function checkVersions({ knownVersion }: LightRules, headers: readonly Header[]): void {
  for (const { version, height } of headers) {
    ensure(
      version <= knownVersion,
      'unknown-version',
      `block ${height} is of version ${version} of the protocol, this client knows ${knownVersion}: look for a newer one`,
    );
  }
}

/** Hashes of headers that follow a block and each other. Throws `headers-unlinked`. */
function linkedHashes(tip: FinalBlock, headers: readonly Header[]): Uint8Array[] {
  let before = tip;
  const hashes: Uint8Array[] = [];
  for (const header of headers) {
    ensure(
      header.height === before.height + 1n && equalBytes(header.parent, before.hash),
      'headers-unlinked',
      `header ${header.height} does not follow block ${before.height}`,
    );
    before = { height: header.height, hash: headerHash(header) };
    hashes.push(before.hash);
  }
  return hashes;
}
