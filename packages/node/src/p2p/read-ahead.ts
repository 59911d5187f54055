import type { Bundle, Header } from '@sero/protocol';

/** Headers that are asked for together, where a peer has as many. */
const HEADERS_AHEAD = 256;

/** Certificates that are asked for together. */
const CERTIFICATES_AHEAD = 32;

/** What a peer gives in ranges. */
export interface Ranges {
  headers(from: bigint, count: number): Promise<readonly Header[]>;
  /** Those that it has of these heights, by height. */
  certificates(from: bigint, count: number, stride: number): Promise<ReadonlyMap<bigint, Bundle>>;
}

/** Headers and certificates of a peer, more than were asked for at a time: stretches are short where strides are, and each request waits for its answer. */
export interface ReadAhead {
  /** @param last height of the peer's last block, as it says */
  headers(from: bigint, count: number, last: bigint): Promise<readonly Header[]>;
  certificate(height: bigint, last: bigint): Promise<Bundle | undefined>;
}

/** @param stride of certificates that are kept for ever */
export function readAhead(peer: Ranges, stride: bigint): ReadAhead {
  let first = 0n;
  let headers: readonly Header[] = [];
  let certificates: ReadonlyMap<bigint, Bundle> = new Map();

  return {
    async headers(from, count, last) {
      const at = from - first;
      if (at >= 0n && at + BigInt(count) <= BigInt(headers.length)) {
        return headers.slice(Number(at), Number(at) + count);
      }
      const there = last - from + 1n;
      const wanted = there < BigInt(HEADERS_AHEAD) ? Number(there) : HEADERS_AHEAD;
      const found = await peer.headers(from, wanted > count ? wanted : count);
      [first, headers] = [from, found];
      return found.slice(0, count);
    },

    async certificate(height, last) {
      const known = certificates.get(height);
      if (known !== undefined) return known;
      const isBoundary = height % stride === 0n;
      const boundaries = isBoundary ? Number((last - height) / stride) + 1 : 1;
      const count = boundaries < CERTIFICATES_AHEAD ? boundaries : CERTIFICATES_AHEAD;
      certificates = await peer.certificates(height, Math.max(1, count), isBoundary ? Number(stride) : 1);
      return certificates.get(height);
    },
  };
}
