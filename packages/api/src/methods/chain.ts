import {
  anyObject,
  bytes,
  count,
  described,
  nothing,
  object,
  oneOf,
  parameters,
  text,
  u64,
  u128,
} from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import { Hash, Head, HeaderBytes, Height, Range, ranged } from '../parts.ts';

/** Largest serialised block with its receipts (protocol, `decodeExecutedBlock`). */
const MAX_EXECUTED_BLOCK_BYTES = 16_777_216;

/** Largest genesis file (protocol, MAX_GENESIS_BYTES). */
const MAX_GENESIS_BYTES = 16_777_216;

/** Largest key of the state. */
const MAX_STATE_KEY_BYTES = 256;

/** Largest encoded proof: 256 siblings and a leaf (store, STATE_PROOF_LIMIT). */
const MAX_STATE_PROOF_BYTES = 16_384;

const Tentative = described('What is agreed but not final; null while one node seals alone.', nothing);

/** Methods about the chain as a whole. */
export const chainMethods = {
  sero_getStatus: method({
    summary: 'What this node is, and where its chain ends.',
    description: 'A wallet compares `genesisHash` first: another one is another network.',
    params: parameters({}),
    result: object({
      version: described("The node's version.", text(64)),
      network: oneOf('development', 'production'),
      chainId: u64,
      genesisHash: Hash,
      head: object({
        height: Height,
        hash: Hash,
        time: described('Milliseconds since 1970.', u64),
        stateRoot: Hash,
        notesRoot: Hash,
        notes: described('Leaves of the note tree after this block.', u64),
        baseFee: described('Of this block, a gas.', u128),
      }),
      mempool: object({
        transactions: described('Transactions that wait.', count()),
        bytes: described('Their bytes.', count()),
      }),
      pool: object({
        sero: described('SERO that the shielded pool holds.', u128),
        reward: described('Fees and prices that wait for proposers.', u128),
      }),
      mode: oneOf('solo'),
      tentative: Tentative,
    }),
    example: {
      params: {},
      result: {
        version: '0.1.0',
        network: 'development',
        chainId: 31_938n,
        genesisHash: filled(32, 0x11),
        head: {
          height: 42n,
          hash: filled(32, 0x22),
          time: 1_767_225_600_000n,
          stateRoot: filled(32, 0x33),
          notesRoot: filled(32, 0x44),
          notes: 130n,
          baseFee: 1_000_000_000n,
        },
        mempool: { transactions: 3, bytes: 6_300 },
        pool: { sero: 9_999_999n * 10n ** 18n, reward: 10n ** 18n },
        mode: 'solo',
        tentative: null,
      },
    },
  }),

  sero_getGenesis: method({
    summary: 'The genesis file.',
    description: 'SSZ; `decodeGenesis` of @sero/protocol reads it. Its hash names the network.',
    params: parameters({}),
    result: object({ genesis: bytes(MAX_GENESIS_BYTES) }),
    example: { params: {}, result: { genesis: filled(8, 0x01) } },
  }),

  sero_getHeaders: method({
    summary: 'Headers of a range of heights.',
    params: Range,
    result: object({
      from: Height,
      headers: described('In order, from height `from` on.', ranged(HeaderBytes)),
      head: Head,
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { from: 40n, limit: 1 },
      result: { from: 40n, headers: [filled(8, 0x01)], head: { height: 42n, hash: filled(32, 0x22) } },
    },
  }),

  sero_getBlocks: method({
    summary: 'Blocks with their receipts, of a range of heights.',
    description:
      'SSZ; `decodeExecutedBlock` of @sero/protocol reads one. As many as fit in 4 MiB of answer, at least one if there is one: continue after the last one given.',
    params: Range,
    result: object({
      from: Height,
      blocks: described(
        'In order, from height `from` on; empty above the head.',
        ranged(bytes(MAX_EXECUTED_BLOCK_BYTES)),
      ),
      head: Head,
    }),
    errors: ['limit-exceeded'],
    example: {
      params: { from: 40n, limit: 100 },
      result: { from: 40n, blocks: [filled(8, 0x01)], head: { height: 40n, hash: filled(32, 0x22) } },
    },
  }),

  sero_getStateProof: method({
    summary: 'Proof of what the state holds, or does not hold, under a key.',
    description:
      '`proof` is the encoding of @sero/store (`decodeStateProof`, `verifyStateProof`); check it against a header that you trust. To ask tells the node which key you care about: a wallet does not.',
    params: parameters({ key: described('Key of the state tree.', bytes(MAX_STATE_KEY_BYTES)) }),
    result: object({
      height: Height,
      stateRoot: described('Root after that height, under which the proof holds.', Hash),
      proof: bytes(MAX_STATE_PROOF_BYTES),
    }),
    example: {
      params: { key: filled(2, 0x74) },
      result: { height: 42n, stateRoot: filled(32, 0x33), proof: filled(8, 0x05) },
    },
  }),

  sero_getFees: method({
    summary: 'What gas costs in the next block.',
    params: parameters({}),
    result: object({
      baseFee: described('Least price a gas in the next block, in the smallest unit of SERO.', u128),
      gasPrice: described(
        'The step of the ladder that wallets use, so that prices tell them not apart.',
        u128,
      ),
    }),
    example: { params: {}, result: { baseFee: 1_000_000_000n, gasPrice: 1_164_153_218n } },
  }),

  sero_getConsensus: method({
    summary: 'State of agreement.',
    params: parameters({}),
    result: object({ mode: oneOf('solo'), height: Height, tentative: Tentative }),
    example: { params: {}, result: { mode: 'solo', height: 42n, tentative: null } },
  }),

  'rpc.discover': method({
    summary: 'This interface as an OpenRPC document.',
    params: parameters({}),
    result: described('OpenRPC 1.3; also at GET /openrpc.json.', anyObject),
    example: { params: {}, result: { openrpc: '1.3.2' } },
  }),
} as const;
