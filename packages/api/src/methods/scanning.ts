import {
  bytes,
  count,
  described,
  fixedBytes,
  list,
  nullable,
  object,
  optional,
  parameters,
  u64,
  u128,
} from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import {
  AssetNumber,
  COMPACT_OUTPUT_BYTES,
  Hash,
  Head,
  HeaderBytes,
  Height,
  Pkr,
  PublicOutput,
  Range,
  ranged,
} from '../parts.ts';

/** Most transactions in a block, and most outputs and public outputs in a transaction (protocol, BlockType). */
const MAX_TRANSACTIONS = 16_384;
const MAX_OUTPUTS = 16;
const MAX_PUBLIC_OUTPUTS = 80;
const MAX_NULLIFIERS = 8;

/** Most aliases that a block registers: `from` and 16 recipients of each transaction. */
const MAX_ALIASES = 17 * MAX_TRANSACTIONS;

/** Bytes of an encoded frontier at most (ledger: size and at most three nodes on each of 19 levels). */
const MAX_FRONTIER_BYTES = 4_096;

const head = { height: 42n, hash: filled(32, 0x22) };

/** Methods that a wallet scans with: ranges and whole tables, so that requests depend on the birthday and the tip alone. */
export const scanningMethods = {
  sero_getCompactOutputs: method({
    summary: 'What a wallet needs of each output to find its own, of a range of heights.',
    description: `The leaves of the note tree in order are: for each entry of \`layout\` (a transaction) its next \`outputs\` shielded outputs, then its next \`publicOutputs\` public ones. Public output number i of a transaction has the randomness H_pub(txid, i); \`nullifier\` is the first of the transaction, which the notes' randomness is tied to. The notes of block 0 are the allocations of the genesis file and not listed here. As many blocks as fit in 4 MiB of answer, at least one if there is one.`,
    params: Range,
    result: object({
      from: Height,
      blocks: ranged(
        object({
          height: Height,
          hash: Hash,
          time: described('Milliseconds since 1970.', u64),
          outputs: described(
            `Shielded outputs, ${COMPACT_OUTPUT_BYTES} bytes each: CM 32, VPKr 32, tag 2, ciphertext 97.`,
            bytes(COMPACT_OUTPUT_BYTES * MAX_OUTPUTS * MAX_TRANSACTIONS, COMPACT_OUTPUT_BYTES),
          ),
          publicOutputs: list(PublicOutput, MAX_PUBLIC_OUTPUTS * MAX_TRANSACTIONS),
          layout: list(
            object({
              txid: Hash,
              nullifier: described('Null where the transaction spends nothing.', nullable(Hash)),
              outputs: count(0, MAX_OUTPUTS),
              publicOutputs: count(0, MAX_PUBLIC_OUTPUTS),
            }),
            MAX_TRANSACTIONS,
          ),
        }),
      ),
      head: Head,
    }),
    errors: ['limit-exceeded', 'not-found'],
    example: {
      params: { from: 42n, limit: 100 },
      result: {
        from: 42n,
        blocks: [
          {
            height: 42n,
            hash: filled(32, 0x22),
            time: 1_767_225_600_000n,
            outputs: filled(COMPACT_OUTPUT_BYTES, 0x01),
            publicOutputs: [{ asset: filled(32, 0x00), value: 5n, pkr: filled(64, 0x02) }],
            layout: [{ txid: filled(32, 0xaa), nullifier: filled(32, 0xcc), outputs: 1, publicOutputs: 1 }],
          },
        ],
        head,
      },
    },
  }),

  sero_getShardRoots: method({
    summary: 'Roots of complete shards of 65,536 notes, by number.',
    params: Range,
    result: object({ from: u64, roots: ranged(Hash) }),
    errors: ['limit-exceeded', 'not-found'],
    example: { params: { from: 0n, limit: 16 }, result: { from: 0n, roots: [filled(32, 0x55)] } },
  }),

  sero_getTreeState: method({
    summary: 'The note tree at the last checkpoint at or below a height: where a restored wallet starts.',
    description:
      'Checkpoints are block 0 and every 256th. The root of `frontier` must be the notes root of `header`; a wallet checks that, and the header.',
    params: parameters({ height: Height }),
    result: object({
      height: described('Of the checkpoint.', u64),
      header: HeaderBytes,
      frontier: described('Complete nodes that wait for their siblings, SSZ.', bytes(MAX_FRONTIER_BYTES)),
    }),
    errors: ['not-found'],
    example: {
      params: { height: 300n },
      result: { height: 256n, header: filled(8, 0x01), frontier: filled(8, 0x02) },
    },
  }),

  sero_getAnchors: method({
    summary: 'Notes roots after the blocks of a range of heights.',
    params: Range,
    result: object({
      from: Height,
      anchors: ranged(object({ height: Height, root: Hash })),
      head: Head,
    }),
    errors: ['limit-exceeded', 'not-found'],
    example: {
      params: { from: 42n, limit: 1 },
      result: { from: 42n, anchors: [{ height: 42n, root: filled(32, 0x44) }], head },
    },
  }),

  sero_getNullifiers: method({
    summary: 'Nullifiers of the blocks of a range of heights.',
    params: Range,
    result: object({
      from: Height,
      blocks: ranged(
        object({
          height: Height,
          nullifiers: described(
            '32 bytes each, in the order of the block.',
            bytes(32 * MAX_NULLIFIERS * MAX_TRANSACTIONS, 32),
          ),
        }),
      ),
      head: Head,
    }),
    errors: ['limit-exceeded', 'not-found'],
    example: {
      params: { from: 42n, limit: 1 },
      result: { from: 42n, blocks: [{ height: 42n, nullifiers: filled(32, 0xcc) }], head },
    },
  }),

  sero_getTraces: method({
    summary: 'Traces of the blocks of a range of heights: what an auditor with a tracing key reads.',
    params: Range,
    result: object({
      from: Height,
      blocks: ranged(
        object({
          height: Height,
          traces: described(
            '32 bytes each, in the order of the block.',
            bytes(32 * MAX_NULLIFIERS * MAX_TRANSACTIONS, 32),
          ),
        }),
      ),
      head: Head,
    }),
    errors: ['limit-exceeded', 'not-found'],
    example: {
      params: { from: 42n, limit: 1 },
      result: { from: 42n, blocks: [{ height: 42n, traces: filled(32, 0xdd) }], head },
    },
  }),

  sero_getAssets: method({
    summary: 'The table of assets, ascending by number, with what the pool holds of each.',
    description:
      'A wallet fetches the whole table, never one asset: continue with `from` = `next` until that is null.',
    params: parameters({
      from: optional(described('First number; the beginning of the table where absent.', AssetNumber)),
      limit: described('Most entries to give.', count(1)),
    }),
    result: object({
      assets: ranged(
        object({
          asset: AssetNumber,
          kind: described('1 token, 2 category or ticket.', count(0, 255)),
          name32: described('Name, filled up with zeros; of a ticket the hash of category and id.', Hash),
          issuer: described('Alias of the issuer.', fixedBytes(20)),
          supply: u128,
          height: described('Where it was issued.', u64),
          pooled: described('What the pool holds.', u128),
        }),
      ),
      next: nullable(AssetNumber),
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { limit: 100 },
      result: {
        assets: [
          {
            asset: filled(32, 0x06),
            kind: 1,
            name32: filled(32, 0x47),
            issuer: filled(20, 0x08),
            supply: 1_000n,
            height: 12n,
            pooled: 1_000n,
          },
        ],
        next: null,
      },
    },
  }),

  sero_getAliases: method({
    summary: 'Aliases that the blocks of a range of heights made known.',
    description:
      'alias = the last 20 bytes of keccak256("sero/alias/1" || PKr), by which contracts know a caller.',
    params: Range,
    result: object({
      from: Height,
      blocks: ranged(
        object({ height: Height, aliases: list(object({ alias: fixedBytes(20), pkr: Pkr }), MAX_ALIASES) }),
      ),
      head: Head,
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { from: 42n, limit: 1 },
      result: {
        from: 42n,
        blocks: [{ height: 42n, aliases: [{ alias: filled(20, 0x08), pkr: filled(64, 0x02) }] }],
        head,
      },
    },
  }),
} as const;
