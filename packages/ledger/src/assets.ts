import { equalBytes } from '@sero/crypto';
import {
  type Action,
  type AssetKind,
  assetId,
  COMMITMENT_MAX_AGE,
  COMMITMENT_MIN_AGE,
  name32,
  nameCommitment,
  ticketName32,
} from '@sero/protocol';
import type { State } from './state.ts';

/**
 * The one asset registry (design 3, "Assets in contracts"): names, tokens, categories and tickets, issued natively here and by
 * contracts later. Every function returns a word that says which condition failed, or what it made; a failure is no
 * invalid transaction, the fee is kept.
 */

export type AssetFailure =
  | 'commitment-exists'
  | 'commitment-missing'
  | 'commitment-too-young'
  | 'name-taken'
  | 'category-unknown'
  | 'not-the-issuer'
  | 'ticket-exists';

export type AssetResult =
  | { readonly ok: false; readonly failure: AssetFailure }
  | { readonly ok: true; readonly made?: MadeAsset };

/** What an issue put into the world. */
export interface MadeAsset {
  readonly asset: bigint;
  readonly supply: bigint;
}

const failed = (failure: AssetFailure): AssetResult => ({ ok: false, failure });

/** Notes a commitment to a name. A second one to the same hash fails: it would make the first one young again. */
export function commitName(state: State, hash: Uint8Array, height: bigint): AssetResult {
  if (state.commitment(hash).get() !== undefined) return failed('commitment-exists');
  state.commitment(hash).set(height);
  const sameHeight = state.commitmentsAt(height);
  sameHeight.set([...(sameHeight.get() ?? []), hash]);
  return { ok: true };
}

/** Forgets the commitments that nobody used within 1,000 blocks. */
export function expireCommitments(state: State, height: bigint): void {
  if (height <= COMMITMENT_MAX_AGE) return;
  const old = state.commitmentsAt(height - COMMITMENT_MAX_AGE - 1n);
  for (const hash of old.get() ?? []) {
    // A used one was cleared and may stand again, with a later height.
    if (state.commitment(hash).get() === height - COMMITMENT_MAX_AGE - 1n) state.commitment(hash).clear();
  }
  old.clear();
}

/** Registers a token, a category, or a ticket of a category. @param issuer alias of the caller */
export function issueAsset(
  state: State,
  issue: Extract<Action, { type: 'issue' }>,
  issuer: Uint8Array,
  chainId: bigint,
  height: bigint,
): AssetResult {
  const { kind, name, salt, supply } = issue;
  if (kind === 2 && supply === 1n) return issueTicket(state, name, salt, issuer, chainId, height);
  const hash = nameCommitment(name, salt, issuer);
  const committed = state.commitment(hash).get();
  if (committed === undefined) return failed('commitment-missing');
  if (height < committed + COMMITMENT_MIN_AGE) return failed('commitment-too-young');
  const nameBytes = name32(name);
  if (state.name(nameBytes).get() !== undefined) return failed('name-taken');
  state.commitment(hash).clear();
  const asset = register(state, kind, nameBytes, issuer, supply, chainId, height);
  state.name(nameBytes).set(asset);
  return { ok: true, made: { asset, supply } };
}

function issueTicket(
  state: State,
  category: string,
  id32: Uint8Array,
  issuer: Uint8Array,
  chainId: bigint,
  height: bigint,
): AssetResult {
  const categoryAsset = state.name(name32(category)).get();
  const record = categoryAsset === undefined ? undefined : state.asset(categoryAsset).get();
  if (record === undefined || record.kind !== 2 || record.supply !== 0n) return failed('category-unknown');
  if (!equalBytes(record.issuer, issuer)) return failed('not-the-issuer');
  const nameBytes = ticketName32(category, id32);
  if (state.asset(assetId(chainId, 2, nameBytes)).get() !== undefined) return failed('ticket-exists');
  return {
    ok: true,
    made: { asset: register(state, 2, nameBytes, issuer, 1n, chainId, height), supply: 1n },
  };
}

function register(
  state: State,
  kind: AssetKind,
  nameBytes: Uint8Array,
  issuer: Uint8Array,
  supply: bigint,
  chainId: bigint,
  height: bigint,
): bigint {
  const asset = assetId(chainId, kind, nameBytes);
  state.asset(asset).set({ kind, name32: nameBytes, issuer, supply, height });
  return asset;
}
