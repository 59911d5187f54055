import type { Requester } from '@sero/api';
import { compareBytes, concat } from '@sero/crypto';
import { ensure } from './errors.ts';

/**
 * The tables of stake as a node tells them: who participates, and who has what in whose record. They are asked for as a whole, in pages
 * that begin where the last one ended, so that a node does not learn which record or position is the account's. What it answers is not verified: it
 * decides what is shown and which commands are refused here, and never which address commands (`ownStakes`) or what the ledger pays.
 */

/** A participant of consensus, or somebody who was one. */
export interface StakeRecord {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** PKr. */
  readonly owner: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly voteRoot: Uint8Array;
  readonly blsKey: Uint8Array;
  readonly firstRound: bigint;
  readonly lastRound: bigint;
  /** In 1/10,000. */
  readonly commission: number;
  readonly status: 'offline' | 'online' | 'leaving';
  /** What slashes left of each unit that was staked at first: 2^64 is all of it. */
  readonly factor: bigint;
  /** SERO that counts, and SERO that waits to be claimed, in the smallest unit. */
  readonly staked: bigint;
  readonly unlocking: bigint;
  /** Credited to those who staked and not claimed; and to the owner as commission. */
  readonly rewards: bigint;
  readonly commissionDue: bigint;
  /** Number of the proposed block from which on it is expected to propose. */
  readonly seen: bigint;
  /** In the newest table of those who vote, after cutting; 0 where it is not in it. */
  readonly weight: bigint;
}

/** What one address has in one record. */
export interface StakePosition {
  readonly record: Uint8Array;
  /** PKr. */
  readonly owner: Uint8Array;
  /** SERO that counts, in the smallest unit, after slashes. */
  readonly staked: bigint;
  /** Earned and not claimed. */
  readonly rewards: bigint;
  /** Pieces that wait, oldest first: height and header time (ms) of the blocks that unlocked them. */
  readonly unlocking: readonly { readonly amount: bigint; readonly height: bigint; readonly time: bigint }[];
}

/** A page of a table; `next` begins the following one. */
export interface StakePage<T> {
  /** Block after which it stood so. */
  readonly height: bigint;
  readonly time: bigint;
  readonly entries: readonly T[];
  readonly next: Uint8Array | null;
}

/** What a wallet asks a node about stake. */
export interface StakeSource {
  records(from: Uint8Array | undefined, limit: number, signal?: AbortSignal): Promise<StakePage<StakeRecord>>;
  positions(
    from: Uint8Array | undefined,
    limit: number,
    signal?: AbortSignal,
  ): Promise<StakePage<StakePosition>>;
}

/** Both tables, as of the last page. */
export interface StakeTables {
  readonly height: bigint;
  /** Header time of that block, ms. */
  readonly time: bigint;
  /** Ascending by id. */
  readonly records: readonly StakeRecord[];
  /** Ascending by record, then by owner. */
  readonly positions: readonly StakePosition[];
}

/** Entries of a page. */
const PAGE = 1_024;

/** Entries of a table at most: a node that goes on for ever is ended here. */
const MOST_ENTRIES = 1 << 20;

/** A node that is reached by RPC. */
export function rpcStakeSource(client: Requester): StakeSource {
  const range = (from: Uint8Array | undefined, limit: number) =>
    from === undefined ? { limit } : { from, limit };
  return {
    async records(from, limit, signal) {
      const { records, ...page } = await client.request('sero_getStakeRecords', range(from, limit), signal);
      return { ...page, entries: records };
    },
    async positions(from, limit, signal) {
      const { positions, ...page } = await client.request(
        'sero_getStakePositions',
        range(from, limit),
        signal,
      );
      return { ...page, entries: positions };
    },
  };
}

/**
 * Fetches both tables whole. A block may come between two pages: each entry is then as of its own page.
 *
 * @throws WalletError `node-answer-invalid`; what the source and the signal throw
 */
export async function readStakeTables(source: StakeSource, signal?: AbortSignal): Promise<StakeTables> {
  const records = await wholeTable(
    (from) => source.records(from, PAGE, signal),
    ({ id }) => id,
  );
  const positions = await wholeTable(
    (from) => source.positions(from, PAGE, signal),
    ({ record, owner }) => concat(record, owner),
  );
  const { height, time } = positions.last;
  return { height, time, records: records.entries, positions: positions.entries };
}

async function wholeTable<T>(
  ask: (from: Uint8Array | undefined) => Promise<StakePage<T>>,
  keyOf: (entry: T) => Uint8Array,
): Promise<{ readonly entries: readonly T[]; readonly last: StakePage<T> }> {
  const entries: T[] = [];
  let least: Uint8Array | undefined;
  for (let from: Uint8Array | undefined; ; ) {
    const page = await ask(from);
    for (const entry of page.entries) {
      const key = keyOf(entry);
      const ascends = least === undefined || compareBytes(key, least) > 0;
      ensure(
        ascends && (from === undefined || compareBytes(key, from) >= 0),
        'node-answer-invalid',
        'the node’s table of stake is not in order: ask another node',
      );
      least = key;
      entries.push(entry);
    }
    if (page.next === null) return { entries, last: page };
    ensure(
      page.entries.length > 0 &&
        page.entries.length <= PAGE &&
        compareBytes(page.next, least!) > 0 &&
        entries.length < MOST_ENTRIES,
      'node-answer-invalid',
      'the node’s table of stake has no end: ask another node',
    );
    from = page.next;
  }
}
