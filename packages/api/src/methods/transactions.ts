import {
  bytes,
  count,
  described,
  fixedBytes,
  list,
  nullable,
  object,
  oneOf,
  parameters,
  text,
  u64,
  variants,
} from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import { Hash, Height, PublicOutput } from '../parts.ts';

/** Largest transaction (protocol, MAX_TRANSACTION_BYTES). */
const MAX_TRANSACTION_BYTES = 131_072;

const Receipt = object({
  status: oneOf('succeeded', 'failed'),
  failure: described(
    'Why it failed: the fee was kept, the rest undone. Null on success.',
    nullable(text(64)),
  ),
  gasUsed: u64,
  publicOutputs: list(PublicOutput, 80),
  logs: list(
    object({
      address: fixedBytes(20),
      topics: list(Hash, 4),
      data: bytes(MAX_TRANSACTION_BYTES),
    }),
    65_536,
  ),
});

/** Methods about transactions. */
export const transactionMethods = {
  sero_submit: method({
    summary: 'Hands in a transaction.',
    description:
      'Answers once the transaction is checked, proof included, and kept for a block. Handing in the same bytes again is harmless. After a lost connection hand in the same bytes again, or look for its nullifiers.',
    params: parameters({ transaction: described('Envelope, SSZ.', bytes(MAX_TRANSACTION_BYTES)) }),
    result: object({
      txid: described('Names what the transaction does.', Hash),
      wtxid: described('Names these very bytes, proof and signature included.', Hash),
    }),
    errors: ['transaction-refused', 'mempool-refused', 'busy'],
    example: {
      params: { transaction: filled(8, 0x01) },
      result: { txid: filled(32, 0xaa), wtxid: filled(32, 0xbb) },
    },
  }),

  sero_getTransaction: method({
    summary: 'What became of a transaction.',
    description:
      'For explorers. To ask tells the node which transaction you care about: a wallet never does.',
    params: parameters({ txid: Hash }),
    result: variants('status', {
      unknown: {},
      pending: {},
      final: {
        height: Height,
        index: described('Its place in the block.', count()),
        receipt: Receipt,
      },
    }),
    example: {
      params: { txid: filled(32, 0xaa) },
      result: {
        status: 'final',
        height: 42n,
        index: 0,
        receipt: { status: 'succeeded', failure: null, gasUsed: 189_200n, publicOutputs: [], logs: [] },
      },
    },
  }),
} as const;
