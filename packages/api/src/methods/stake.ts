import {
  count,
  described,
  fixedBytes,
  list,
  nullable,
  object,
  oneOf,
  optional,
  parameters,
  u64,
  u128,
} from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import { Hash, Height, Pkr, ranged } from '../parts.ts';

/** Pieces of one position that may wait at the same time (ledger, MAX_UNLOCKING). */
const MAX_UNLOCKING = 16;

const WHOLE_TABLE =
  'A wallet fetches the whole table and picks its own there, never one entry: continue with `from` = `next` until that is null.';

const Time = described('Header time of that block, milliseconds since 1970.', u64);

const RecordId = described('Id of a stake record.', Hash);

const PositionKey = described('Id of the record, then PKr of the owner.', fixedBytes(96));

const Limit = described('Most entries to give.', count(1));

const Money = described('In the smallest unit of SERO.', u128);

/** Methods about stake: all of it is public. */
export const stakeMethods = {
  sero_getStakeRecords: method({
    summary: 'The table of stake records, ascending by id: everybody who participates or did.',
    description: WHOLE_TABLE,
    params: parameters({
      from: optional(described('First id; the beginning of the table where absent.', Hash)),
      limit: Limit,
    }),
    result: object({
      height: Height,
      time: Time,
      records: ranged(
        object({
          id: RecordId,
          owner: Pkr,
          vrfKey: described('RFC 9381, Ed25519.', Hash),
          voteRoot: described('Root of the ephemeral keys.', Hash),
          blsKey: described('BLS12-381, G1 compressed.', fixedBytes(48)),
          firstRound: described('First round that the ephemeral keys cover.', u64),
          lastRound: described('Last round that they cover.', u64),
          commission: described("The owner's part of rewards, in 1/10,000.", count(0, 10_000)),
          status: oneOf('offline', 'online', 'leaving'),
          factor: described('What slashes left of a unit that was staked at first; 2^64 is all of it.', u128),
          staked: described('What counts, in the smallest unit of SERO.', u128),
          unlocking: described('What was unlocked and not claimed.', u128),
          rewards: described('Credited to those who staked, and not claimed.', u128),
          commissionDue: described('Credited to the owner as commission, and not claimed.', u128),
          seen: described('Number of the proposed block from which on it is expected to propose.', u64),
          weight: described('Units in the newest table, after cutting; 0 where it is not in it.', u64),
        }),
      ),
      next: nullable(RecordId),
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { limit: 100 },
      result: {
        height: 42n,
        time: 1_767_225_600_000n,
        records: [
          {
            id: filled(32, 0x71),
            owner: filled(64, 0x02),
            vrfKey: filled(32, 0x72),
            voteRoot: filled(32, 0x73),
            blsKey: filled(48, 0x74),
            firstRound: 1n,
            lastRound: 1_000_000n,
            commission: 500,
            status: 'online',
            factor: 1n << 64n,
            staked: 1_000n * 10n ** 18n,
            unlocking: 0n,
            rewards: 3n * 10n ** 18n,
            commissionDue: 10n ** 17n,
            seen: 40n,
            weight: 10n,
          },
        ],
        next: null,
      },
    },
  }),

  sero_getStakePositions: method({
    summary: 'The table of positions, ascending by record and owner: who has what in whose record.',
    description: WHOLE_TABLE,
    params: parameters({
      from: optional(described('First position; the beginning of the table where absent.', PositionKey)),
      limit: Limit,
    }),
    result: object({
      height: Height,
      time: Time,
      positions: ranged(
        object({
          record: RecordId,
          owner: Pkr,
          staked: described('What counts, in the smallest unit of SERO, after slashes.', u128),
          rewards: described('Earned up to this block and not claimed.', u128),
          unlocking: list(
            object({
              amount: Money,
              height: described('Of the block that unlocked it.', u64),
              time: described('Header time of that block, milliseconds since 1970.', u64),
            }),
            MAX_UNLOCKING,
          ),
        }),
      ),
      next: nullable(PositionKey),
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { limit: 100 },
      result: {
        height: 42n,
        time: 1_767_225_600_000n,
        positions: [
          {
            record: filled(32, 0x71),
            owner: filled(64, 0x02),
            staked: 1_000n * 10n ** 18n,
            rewards: 3n * 10n ** 18n,
            unlocking: [{ amount: 100n * 10n ** 18n, height: 12n, time: 1_767_225_500_000n }],
          },
        ],
        next: null,
      },
    },
  }),

  sero_getStakeStatus: method({
    summary: 'Stake as a whole: how much there is, who counts, and until when the keys of those last.',
    description:
      'The newest table is that of the round `tableRound`: records that are online, with keys that cover it. Its total is W, 0 on a chain of one.',
    params: parameters({}),
    result: object({
      height: Height,
      unit: described('S, in the smallest unit of SERO.', u128),
      tableRound: described('Round of the newest table: balanceLookback after the head.', u64),
      units: described('W: the sum of the weights in the newest table.', u64),
      participants: described('Records in the newest table.', count()),
      staked: described(
        'All that records hold: stake that counts or waits, and rewards, in the smallest unit.',
        u128,
      ),
      burned: described('What slashes destroyed.', u128),
      issued: described('All SERO there ever was: in notes, in the reward pool, staked, or burned.', u128),
      proposedBlocks: described('Blocks that somebody proposed, of which `seen` of records counts.', u64),
      keysEnd: described(
        'First rounds whose tables will lack more than a third of the newest one, and all of it, unless owners renew their keys; null on a chain of one.',
        nullable(object({ thirdGone: u64, allGone: u64 })),
      ),
    }),
    errors: [],
    example: {
      params: {},
      result: {
        height: 42n,
        unit: 100n * 10n ** 18n,
        tableRound: 58n,
        units: 40n,
        participants: 4,
        staked: 4_012n * 10n ** 18n,
        burned: 0n,
        issued: 10_000_012n * 10n ** 18n,
        proposedBlocks: 41n,
        keysEnd: { thirdGone: 1_000_001n, allGone: 1_000_001n },
      },
    },
  }),
} as const;
