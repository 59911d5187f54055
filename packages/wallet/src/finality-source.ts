import { CryptoError } from '@sero/crypto';
import {
  decodeLightCertificate,
  decodeStrict,
  extendLightChain,
  type FinalBlock,
  firstHeaderFor,
  type Genesis,
  type Header,
  HeaderType,
  type LightChain,
  type LightStep,
  lightChainAtBlock,
  lightChainAtGenesis,
  lightRules,
  nextLightHeight,
  ProtocolError,
  type VoteCrypto,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';

/** What shows that blocks are final: what is asked depends on heights alone, and answers are verified. */
export interface FinalitySource {
  /** Headers from a height on, serialised: at most `limit`, at least one where there is one. */
  headers(from: bigint, limit: number, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /** Light certificate of a height; undefined where the node has none. */
  lightCertificate(height: bigint, signal?: AbortSignal): Promise<Uint8Array | undefined>;
}

/** What is said of a source that shows nothing. */
export const NOT_SHOWN = 'the node does not show that its blocks are final: ask another node';

/** Bytes of a header at most: two roots, a bloom filter and short lists. */
const MAX_HEADER_BYTES = 4_096;

/** Headers that are asked for at a time. */
const MOST_HEADERS = 1_024n;

/** A step of a light chain, with what it was made of. */
export interface FollowedStep extends LightStep {
  readonly headers: readonly Header[];
  /** Bytes of the light certificate. */
  readonly certificateBytes: number;
}

/**
 * A light chain that begins at block 0, whose header the source gives.
 *
 * @throws WalletError `node-not-final`, `node-answer-invalid`; ProtocolError `light-start` on a chain of one
 */
export async function lightFromGenesis(
  source: FinalitySource,
  genesis: Genesis,
  signal?: AbortSignal,
): Promise<LightChain> {
  const [header] = await headersBetween(source, 0n, 0n, signal);
  return verified(() => lightChainAtGenesis(genesis, lightRules(genesis), header!));
}

/**
 * A light chain that begins at a block which is trusted; the source gives the headers below it.
 *
 * @throws WalletError `node-not-final`, `node-answer-invalid`
 */
export async function lightFromBlock(
  source: FinalitySource,
  genesis: Genesis,
  block: FinalBlock,
  signal?: AbortSignal,
): Promise<LightChain> {
  const rules = lightRules(genesis);
  const headers = await headersBetween(source, firstHeaderFor(rules, block.height), block.height, signal);
  return verified(() => lightChainAtBlock(rules, block, headers));
}

/**
 * Follows a chain to a head that a node names, from stride end to stride end; what each step gives is final. The next headers and certificate are on
 * their way while these are verified. Ends at the head, or at the last stride end below it where the node has no certificate of the head (any more), which is so
 * where it was named long ago.
 *
 * @throws WalletError `node-not-final` where the node does not show that its blocks are final, `node-answer-invalid`, `block-rules` for a version of the protocol that
 *   is not known here; what the source and the signal throw
 */
export async function* followFinality(
  source: FinalitySource,
  start: LightChain,
  head: bigint,
  crypto: VoteCrypto,
  signal?: AbortSignal,
): AsyncGenerator<FollowedStep, void, undefined> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const ask = (from: bigint, to: bigint) => {
    const headers = headersBetween(source, from, to, either);
    const certificate = source.lightCertificate(to, either);
    // Looked at in their turn: what fails while another step is verified is no unhandled rejection.
    headers.catch(() => undefined);
    certificate.catch(() => undefined);
    return { to, headers, certificate };
  };
  const next = (height: bigint) => {
    const to = nextLightHeight({ rules: start.rules, tip: { height } }, head);
    return to === undefined ? undefined : ask(height + 1n, to);
  };
  let chain = start;
  try {
    let coming = next(chain.tip.height);
    while (coming !== undefined) {
      const { to, ...answers } = coming;
      const certificate = await answers.certificate;
      if (certificate === undefined) {
        const { certStride } = start.rules;
        const strideEnd: bigint = to - (to % certStride);
        ensure(
          to !== strideEnd,
          'node-not-final',
          `the node has no certificate of block ${to}: ask another node`,
        );
        if (strideEnd <= chain.tip.height) return;
        coming = ask(chain.tip.height + 1n, strideEnd);
        head = strideEnd;
        continue;
      }
      coming = next(to);
      const headers = await answers.headers;
      signal?.throwIfAborted();
      const step = verified(() =>
        extendLightChain(chain, headers, decodeLightCertificate(certificate), crypto),
      );
      chain = step.chain;
      yield { ...step, headers, certificateBytes: certificate.length };
    }
  } finally {
    stop.abort();
  }
}

/** Headers from one height to another, both included, decoded. */
export async function headersBetween(
  source: Pick<FinalitySource, 'headers'>,
  from: bigint,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<Header[]> {
  const headers: Header[] = [];
  for (let next = from; next <= to; next = from + BigInt(headers.length)) {
    const left = to - next + 1n;
    const limit = Number(left < MOST_HEADERS ? left : MOST_HEADERS);
    const answer = await source.headers(next, limit, signal);
    ensure(
      answer.length > 0 && answer.length <= limit,
      'node-answer-invalid',
      `the node was asked for ${limit} headers from ${next} on and gave ${answer.length}: ask another node`,
    );
    for (const bytes of answer) {
      headers.push(verified(() => decodeStrict(HeaderType, bytes, MAX_HEADER_BYTES, 'header')));
    }
  }
  return headers;
}

/** Says of what is refused that it is the node's fault. */
function verified<T>(verify: () => T): T {
  try {
    return verify();
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof CryptoError)) throw error;
    if (error.code === 'unknown-version') throw new WalletError('block-rules', error.message);
    throw new WalletError(
      'node-not-final',
      `the node does not show that its blocks are final (${error.code}: ${error.message}): ask another node`,
    );
  }
}
