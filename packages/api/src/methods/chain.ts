import {
  anyObject,
  bytes,
  count,
  described,
  list,
  nullable,
  object,
  oneOf,
  parameters,
  text,
  truth,
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

const Tentative = described(
  'A block that is agreed on and not final yet: it may still come to nothing. Null where there is none, and always where one node seals alone.',
  nullable(object({ height: Height, hash: described("SSZ root of the block's header.", Hash) })),
);

const Mode = described(
  '`solo`: one node seals what it likes. `se-random`: the holders of stake agree.',
  oneOf('solo', 'se-random'),
);

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
      earliest: described(
        'First block that this node has: above 0 where it began with the state after a later one.',
        Height,
      ),
      mempool: object({
        transactions: described('Transactions that wait.', count()),
        bytes: described('Their bytes.', count()),
      }),
      pool: object({
        sero: described('SERO that the shielded pool holds.', u128),
        reward: described('Fees and prices that wait for proposers.', u128),
      }),
      mode: Mode,
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
        earliest: 0n,
        mempool: { transactions: 3, bytes: 6_300 },
        pool: { sero: 9_999_999n * 10n ** 18n, reward: 10n ** 18n },
        mode: 'se-random',
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
    errors: ['limit-exceeded', 'not-found'],
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
    errors: ['limit-exceeded', 'not-found'],
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
    description: 'What this node sees of it; `sero_getCertificates` has what made blocks final.',
    params: parameters({}),
    result: object({
      mode: Mode,
      height: Height,
      tentative: Tentative,
      atWork: described('True while the node follows rounds; false while it catches up with others.', truth),
      record: described(
        'The stake record that this node votes for, null where it votes for none.',
        nullable(Hash),
      ),
      participants: described('Records that vote in the next round; 0 where one node seals alone.', count()),
      units: described('Units of stake that they have together.', u64),
      last: described(
        'The last block that this node saw become final in a round, since it was started.',
        nullable(
          object({
            height: Height,
            ms: described('Milliseconds since the block before it was final here.', count()),
            period: described(
              'Period in which the block was first proposed; 0 where nothing went wrong.',
              count(),
            ),
            voters: described('Records in the certificate.', count()),
          }),
        ),
      ),
    }),
    example: {
      params: {},
      result: {
        mode: 'se-random',
        height: 42n,
        tentative: { height: 43n, hash: filled(32, 0x23) },
        atWork: true,
        record: filled(32, 0x44),
        participants: 4,
        units: 40_000n,
        last: { height: 42n, ms: 640, period: 0, voters: 3 },
      },
    },
  }),

  sero_getPeers: method({
    summary: 'Other nodes that this one is connected with.',
    params: parameters({}),
    result: object({
      id: described('Own peer id; null where the node has no network.', nullable(text(128))),
      addresses: described('Where this node listens for others.', list(text(512), 64)),
      peers: described(
        'Those whose network is this one.',
        list(
          object({
            id: text(128),
            address: text(512),
            direction: oneOf('inbound', 'outbound'),
            height: described('Of its last final block, as it says.', nullable(Height)),
            penalty: described(
              'What was counted against it and has not faded: disconnected at 20, banned at 50.',
              count(),
            ),
          }),
          1_024,
        ),
      ),
    }),
    example: {
      params: {},
      result: {
        id: '12D3KooWExample',
        addresses: ['/ip4/127.0.0.1/tcp/8646/p2p/12D3KooWExample'],
        peers: [
          {
            id: '12D3KooWOther',
            address: '/ip4/127.0.0.1/tcp/8656',
            direction: 'outbound',
            height: 42n,
            penalty: 0,
          },
        ],
      },
    },
  }),

  'rpc.discover': method({
    summary: 'This interface as an OpenRPC document.',
    params: parameters({}),
    result: described('OpenRPC 1.3; also at GET /openrpc.json.', anyObject),
    example: { params: {}, result: { openrpc: '1.3.2' } },
  }),
} as const;
