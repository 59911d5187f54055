import { loadWitnessProgram, SHAPE_A } from '@sero/circuits';
import { compileShapeA, loadDevelopmentKeys } from '@sero/circuits/node';
import { equalBytes, utf8 } from '@sero/crypto';
import { type Ledger, openLedger } from '@sero/ledger';
import {
  type Allocation,
  DEVELOPMENT,
  encodeBlock,
  encodeGenesis,
  type Genesis,
  GROTH16_BLS12_381,
} from '@sero/protocol';
import {
  createPortableNoteHasher,
  createPortableVerifier,
  type Groth16Verifier,
  type NoteHasher,
  verifyingKeyHash,
} from '@sero/prover';
import { createSnarkjsProver } from '@sero/prover/node';
import { memoryStore } from '@sero/store';
import { type ProvingTools, systemRandom } from '@sero/wallet';

/** Time of block 0 and pause between blocks, ms: fixed, so that a run can be repeated. */
const GENESIS_TIME = 1_767_225_600_000n;
const BLOCK_PAUSE = 5_000n;

/** What does the heavy arithmetic of a network and its wallets. */
export interface Backends {
  readonly verifier: Groth16Verifier;
  readonly hasher: NoteHasher;
}

/** The backends that run everywhere. */
function portableBackends(): Backends {
  return { verifier: createPortableVerifier(), hasher: createPortableNoteHasher() };
}

/** What wallets and validators of a development network share: the circuit's program and its (insecure) keys. */
export interface DevelopmentTools extends ProvingTools, Backends {
  readonly verifyingKey: Uint8Array;
  /** True where the proving key was made now rather than found in the cache. */
  readonly made: boolean;
  close(): Promise<void>;
}

/** Compiles shape A and makes its development keys, or finds both in the cache. */
export async function developmentTools(warn?: (line: string) => void): Promise<DevelopmentTools> {
  const circuit = await compileShapeA();
  const keys = await loadDevelopmentKeys(circuit.r1cs, SHAPE_A.id, warn === undefined ? {} : { warn });
  const prover = createSnarkjsProver();
  return {
    prover,
    program: await loadWitnessProgram(circuit.wasm),
    provingKey: keys.zkeyPath,
    verifyingKey: keys.verifyingKey,
    ...portableBackends(),
    made: keys.made,
    close: () => prover.close(),
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

/** Starts a development chain with these allocations. */
export function startNetwork(
  verifyingKey: Uint8Array,
  allocations: readonly Allocation[],
  { verifier, hasher }: Backends = portableBackends(),
): Network {
  const genesis: Genesis = {
    ...DEVELOPMENT,
    name: utf8('sero-demo'),
    time: GENESIS_TIME,
    verifyingKeys: [
      { circuit: SHAPE_A.id, proofSystem: GROTH16_BLS12_381, hash: verifyingKeyHash(verifyingKey) },
    ],
    allocations: [...allocations],
    derivation: utf8('own owner address number 0 of each wallet'),
  };
  const ledger = openLedger({
    genesis,
    store: memoryStore(),
    verifyingKeys: [verifyingKey],
    verifier,
    hasher,
    randomBytes: systemRandom,
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
