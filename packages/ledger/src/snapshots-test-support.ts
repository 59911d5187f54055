import { headerHash } from '@sero/protocol';
import { cutSnapshot, SNAPSHOT_VERSION } from '@sero/store';
import type { StateSnapshot } from './snapshot-source.ts';
import type { OfferedSnapshot } from './stored-chain.ts';

/** A snapshot as it would be offered to an opening. */
export function offered({ header, entries }: StateSnapshot): OfferedSnapshot & { chunks: Uint8Array[] } {
  const cut = [...cutSnapshot(entries)];
  const chunks = cut.map(({ chunk }) => chunk);
  const { height } = header;
  const manifest = { version: SNAPSHOT_VERSION, height, headerHash: headerHash(header), chunks };
  return { manifest, chunks: cut.map(({ bytes }) => bytes) };
}
