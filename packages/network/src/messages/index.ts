import { certificatesRequest } from './certified.ts';
import type { RequestCodec } from './codec.ts';
import {
  blocksRequest,
  certifiedRequest,
  checkpointsRequest,
  headersRequest,
  shardRootsRequest,
} from './ranges.ts';
import { blockRequest, snapshotChunkRequest, snapshotsRequest } from './single.ts';
import { statusRequest } from './status.ts';

/** Every request by its name on the wire. */
export const REQUESTS = {
  status: statusRequest,
  headers: headersRequest,
  blocks: blocksRequest,
  block: blockRequest,
  certified: certifiedRequest,
  certificates: certificatesRequest,
  checkpoints: checkpointsRequest,
  snapshots: snapshotsRequest,
  'snapshot-chunk': snapshotChunkRequest,
  'shard-roots': shardRootsRequest,
} as const;

export type RequestName = keyof typeof REQUESTS;

export const REQUEST_NAMES = Object.keys(REQUESTS) as readonly RequestName[];

/** What a name asks for. */
export type RequestOf<N extends RequestName> = (typeof REQUESTS)[N] extends RequestCodec<infer T> ? T : never;

/** A request's codec, of whatever name. */
export function codecOf(name: RequestName): RequestCodec<unknown> {
  return REQUESTS[name] as RequestCodec<unknown>;
}
