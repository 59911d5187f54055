import { developmentVerifyingKeys, SHAPE_A } from '@sero/circuits';
import {
  blake2b,
  fieldFromBytes,
  fieldToBytes,
  multiply,
  pointToBytes,
  toField,
  toScalar,
  utf8,
  VIEW_BASE,
} from '@sero/crypto';
import {
  type Address,
  appendLeaves,
  DEVELOPMENT,
  EMPTY_FRONTIER,
  encodeEnvelope,
  encodeExecutedBlock,
  encryptOutput,
  type Frontier,
  frontierRoot,
  type Genesis,
  GROTH16_BLS12_381,
  genesisHash,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  NO_VALIDATORS,
  nextBaseFee,
  type Output,
  type Receipt,
  receiptsRoot,
  type Transaction,
  transactionId,
  transactionsRoot,
  witnessTransactionId,
} from '@sero/protocol';
import { createPortableNoteHasher, verifyingKeyHash } from '@sero/prover';
import type { MadeBlock } from './made-node.ts';

/** A chain that a wallet takes and no ledger would make: transactions of random bytes whose notes and note roots are right. */
export interface SyntheticChain {
  readonly genesis: Genesis;
  /** From block 0 on. */
  readonly blocks: readonly MadeBlock[];
}

/** How long it is: block 0, blocks of payments with three outputs each, blocks without any. */
export interface ChainSize {
  /** Default 0. */
  readonly blocks?: number;
  /** Payments in each of them. Default 100. */
  readonly payments?: number;
  /** Default 0. */
  readonly emptyBlocks?: number;
}

/** Outputs of a block of the default size. */
export const BLOCK_OUTPUTS = 300;

/** One-time keys of strangers, used again and again: a scanner does the same work for each. */
const STRANGERS = 64;

const bytesOf = (what: string, n: number, length: number): Uint8Array =>
  blake2b('SERO_bench', utf8(what), utf8(`${n}`)).slice(0, length);

/** A chain of strangers' outputs, with one of the owner in every thousand where there is an owner. */
export function syntheticChain(
  { blocks: count = 0, payments = BLOCK_OUTPUTS / SHAPE_A.outputs, emptyBlocks = 0 }: ChainSize,
  owner?: Address,
): SyntheticChain {
  const hashNodes = hashNodesWith(createPortableNoteHasher());
  const genesis: Genesis = {
    ...DEVELOPMENT,
    name: utf8('bench'),
    time: 1_767_225_600_000n,
    verifyingKeys: [...developmentVerifyingKeys()].map(([circuit, key]) => ({
      circuit,
      proofSystem: GROTH16_BLS12_381,
      hash: verifyingKeyHash(key),
    })),
    allocations: [],
    derivation: utf8('none'),
    ...NO_VALIDATORS,
  };
  const hash = genesisHash(genesis);
  const strangers = Array.from({ length: STRANGERS }, (_, n) =>
    pointToBytes(multiply(VIEW_BASE, toScalar(blake2b('SERO_bench', utf8(`stranger ${n}`))))),
  );
  let frontier: Frontier = EMPTY_FRONTIER;
  let head: Header = {
    ...HeaderType.defaultValue(),
    version: 1,
    genesisHash: hash,
    time: genesis.time,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    notesRoot: fieldToBytes(frontierRoot(frontier, hashNodes)),
    gasLimit: genesis.fees.gasLimit,
    baseFee: genesis.fees.baseFeeStart,
  };
  const first = encodeExecutedBlock({ block: { header: head, transactions: [] }, receipts: [] });
  const blocks: MadeBlock[] = [{ header: head, bytes: first, frontier }];

  const addBlock = (transactions: readonly { tx: Transaction; leaves: readonly bigint[] }[]): void => {
    const envelopes = transactions.map(({ tx }) =>
      encodeEnvelope({
        tx,
        authorization: { proof: new Uint8Array(192), signature: new Uint8Array(64) },
      }),
    );
    const receipts = transactions.map(
      ({ tx }): Receipt => ({
        txid: transactionId(tx, hash),
        status: 1,
        failure: new Uint8Array(0),
        gasUsed: 0n,
        publicOutputs: [],
        logs: [],
      }),
    );
    const leaves = transactions.flatMap((transaction) => transaction.leaves);
    if (leaves.length > 0) frontier = appendLeaves(frontier, leaves, hashNodes).frontier;
    head = {
      ...head,
      height: head.height + 1n,
      parent: headerHash(head),
      time: head.time + 5_000n,
      transactionsRoot: transactionsRoot(envelopes.map(witnessTransactionId)),
      receiptsRoot: receiptsRoot(receipts),
      notesRoot: leaves.length === 0 ? head.notesRoot : fieldToBytes(frontierRoot(frontier, hashNodes)),
      baseFee: nextBaseFee(genesis.fees, head),
    };
    const bytes = encodeExecutedBlock({ block: { header: head, transactions: envelopes }, receipts });
    blocks.push({ header: head, bytes, frontier });
  };

  const transaction = (n: number): { tx: Transaction; leaves: readonly bigint[] } => {
    const nullifiers = [0, 1].map((i) => toField(blake2b('SERO_bench', utf8(`nil ${n} ${i}`))));
    const made = Array.from({ length: SHAPE_A.outputs }, (_, i): Output => {
      const place = SHAPE_A.outputs * n + i;
      if (owner !== undefined && place % 1_000 === 0) {
        const plan = { to: owner, asset: 1n, value: BigInt(place + 1), rseed: bytesOf('rseed', place, 32) };
        return encryptOutput(
          { ...plan, memoFiller: bytesOf('memo', place, 48) },
          bytesOf('ovk', 0, 32),
          nullifiers[0]!,
          i,
        );
      }
      return {
        cm: fieldToBytes(toField(blake2b('SERO_bench', utf8(`cm ${place}`)))),
        vpkr: strangers[place % STRANGERS]!,
        tag: bytesOf('tag', place, 2),
        enc: new Uint8Array(97).fill(place),
        out: new Uint8Array(112).fill(place),
        memoKey: new Uint8Array(48).fill(place),
      };
    });
    return {
      tx: {
        version: 1,
        kind: 0,
        proofSystem: GROTH16_BLS12_381,
        circuit: SHAPE_A.id,
        chainId: genesis.chainId,
        expiry: 600n,
        gasLimit: 0n,
        gasPrice: 0n,
        from: new Uint8Array(64),
        shielded: {
          anchor: 0n,
          rk: new Uint8Array(32),
          nullifiers: nullifiers.map(fieldToBytes),
          traces: nullifiers.map(fieldToBytes),
          outputs: made,
        },
        memo: new Uint8Array(0),
        pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
        call: [],
        recipients: [],
        body: new Uint8Array(0),
      },
      leaves: made.map(({ cm }) => fieldFromBytes(cm)),
    };
  };

  for (let n = 0; n < count; n++) {
    addBlock(Array.from({ length: payments }, (_, i) => transaction(payments * n + i)));
  }
  for (let n = 0; n < emptyBlocks; n++) addBlock([]);
  return { genesis, blocks };
}
