import { join } from 'node:path';
import { loadWitnessProgram, SHAPE_A, type Shape, shapeOf } from '@sero/circuits';
import { cacheDirectory, circuitFile, loadDevelopmentKeys } from '@sero/circuits/node';
import { equalBytes, utf8 } from '@sero/crypto';
import { type Ledger, openLedger } from '@sero/ledger';
import {
  type Allocation,
  DEVELOPMENT,
  encodeBlock,
  encodeGenesis,
  type Genesis,
  GROTH16_BLS12_381,
  NO_VALIDATORS,
} from '@sero/protocol';
import {
  createReferenceBackend,
  decodeVerifyingKey,
  describeBackend,
  type ProverBackend,
  verifyingKeyHash,
} from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { memoryLog, memoryStore } from '@sero/store';
import type { ProvingTools } from '@sero/wallet';

/** Time of block 0 and pause between blocks, ms: fixed, so that a run can be repeated. */
const GENESIS_TIME = 1_767_225_600_000n;
const BLOCK_PAUSE = 5_000n;

/** What does the heavy arithmetic of a network and its wallets. */
export type Backends = Pick<
  ProverBackend,
  'verifier' | 'signatures' | 'keyPoints' | 'noteHasher' | 'scanner' | 'traces'
>;

/** What wallets and validators of a development network share: the circuits' programs and their (insecure) keys. */
export interface DevelopmentTools extends ProvingTools, Backends {
  /** Of shape A. */
  readonly verifyingKey: Uint8Array;
  /** Which backend is in use, and why, for people. */
  readonly backend: string;
  /** True where the proving key was made now rather than found in the cache. */
  readonly made: boolean;
  close(): Promise<void>;
}

/** Makes the development keys of shape A, or finds them in the cache; those of B and C the first time that they are asked for. */
export async function developmentTools(warn?: (line: string) => void): Promise<DevelopmentTools> {
  const backend = await openBackend({ images: join(cacheDirectory(), 'ready') });
  const load = async (shape: Shape) => {
    const file = await circuitFile(shape);
    const keys = await loadDevelopmentKeys(file, shape.id, warn === undefined ? {} : { warn });
    return {
      keys,
      tools: { program: await loadWitnessProgram(file, backend.witness), provingKey: keys.zkeyPath },
    };
  };
  const first = await load(SHAPE_A);
  const loaded = new Map([[SHAPE_A.id, Promise.resolve(first)]]);
  return {
    prover: backend.prover,
    circuit: async (id) => {
      const shape = shapeOf(id);
      if (shape === undefined) throw new RangeError(`circuit ${id} does not exist`);
      const loading = loaded.get(id) ?? load(shape);
      loaded.set(id, loading);
      return (await loading).tools;
    },
    verifyingKey: first.keys.verifyingKey,
    verifier: backend.verifier,
    signatures: backend.signatures,
    keyPoints: backend.keyPoints,
    noteHasher: backend.noteHasher,
    scanner: backend.scanner,
    traces: backend.traces,
    backend: describeBackend(backend),
    made: first.keys.made,
    close: () => backend.close(),
  };
}

/** A chain in this process. Wallets reach it only through bytes. */
export interface Network {
  readonly ledger: Ledger;
  readonly genesis: Uint8Array;
  /** Checks a transaction as a node would and keeps it for the next block. Rejects with the ledger's typed error. */
  send(transaction: Uint8Array): Promise<void>;
  /** Makes the next block of what was sent; returns it serialised, with receipts. */
  mine(): Promise<Uint8Array>;
}

/**
 * The genesis file of a story: development parameters, a fixed time so that a run can be repeated, these allocations.
 *
 * @param verifyingKeys canonical bytes, by circuit
 * @param pace what differs from the development network's pace
 * @param stake who agrees on blocks; nobody by default
 */
export function demoGenesis(
  verifyingKeys: ReadonlyMap<number, Uint8Array>,
  allocations: readonly Allocation[],
  pace: Partial<Genesis['pace']> = {},
  stake: Pick<Genesis, 'seed' | 'validators'> = NO_VALIDATORS,
): Genesis {
  return {
    ...DEVELOPMENT,
    pace: { ...DEVELOPMENT.pace, ...pace },
    name: utf8('sero-demo'),
    time: GENESIS_TIME,
    verifyingKeys: [...verifyingKeys].map(([circuit, key]) => ({
      circuit,
      proofSystem: GROTH16_BLS12_381,
      hash: verifyingKeyHash(key),
    })),
    allocations: [...allocations],
    derivation: utf8('own owner address number 0 of each wallet'),
    ...stake,
  };
}

/** Starts a development chain with these allocations and the circuits of these verifying keys. */
export function startNetwork(
  verifyingKeys: readonly Uint8Array[],
  allocations: readonly Allocation[],
  backends: Omit<Backends, 'scanner' | 'traces'> = createReferenceBackend(),
): Network {
  const genesis = demoGenesis(
    new Map(verifyingKeys.map((key) => [decodeVerifyingKey(key).circuit, key])),
    allocations,
  );
  const ledger = openLedger({
    genesis,
    store: memoryStore(),
    blocks: memoryLog(),
    verifyingKeys,
    verifier: backends.verifier,
    signatures: backends.signatures,
    keyPoints: backends.keyPoints,
    hasher: backends.noteHasher,
  });
  let waiting: Uint8Array[] = [];
  return {
    ledger,
    genesis: encodeGenesis(genesis),

    async send(transaction) {
      await ledger.check(transaction);
      if (!waiting.some((known) => equalBytes(known, transaction))) waiting.push(transaction);
    },

    async mine() {
      const { block, rejected } = await ledger.propose(waiting, ledger.head().time + BLOCK_PAUSE);
      waiting = [];
      const first = rejected[0];
      if (first !== undefined) throw first.error;
      await ledger.apply(encodeBlock(block));
      return ledger.executedBlock(ledger.head().height);
    },
  };
}
