import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { developmentVerifyingKeys } from '@sero/circuits';
import { devnetStake, devnetValidators } from '@sero/cli';
import { runKeySteps } from '@sero/consensus';
import { openLedger } from '@sero/ledger';
import {
  fastEd25519,
  fastVrf,
  nativeBls,
  openCertificateStore,
  openValidatorKeys,
  type ValidatorKeys,
} from '@sero/node';
import {
  DEVELOPMENT,
  encodeBlock,
  encodeBundle,
  type Genesis,
  makeBundle,
  STEP,
  stakeRecordId,
  valueOfHeader,
  voteMessage,
} from '@sero/protocol';
import type { ProverBackend } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { memoryLog, memoryStore } from '@sero/store';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import { demoGenesis } from '../tools/demo/network.ts';

/** Validators that sign each certificate. */
const VALIDATORS = 4;

/** ms of header time between two blocks. */
const APART = 10_000n;

/** Certificates of every 256th block and tables for 320 rounds, as in production; or of every block. */
export type Stride = 256 | 1;

/** A genesis of four validators with this stride. */
function catchUpGenesis(stride: Stride): Genesis {
  const members = devnetValidators(VALIDATORS);
  const genesis = demoGenesis(developmentVerifyingKeys(), [], {}, devnetStake(members.map(({ row }) => row)));
  const { evidenceWindow } = DEVELOPMENT.stake;
  return {
    ...genesis,
    stake: {
      ...genesis.stake,
      balanceLookback: 320n,
      unlockWait: 320n + evidenceWindow,
      certStride: BigInt(stride),
    },
  };
}

/** A chain that is to be written. */
export interface WrittenChain {
  /** Of four validators of a devnet. */
  readonly genesis: Genesis;
  /** What the blocks hold, from the first one on. */
  readonly blocks: readonly (readonly Uint8Array[])[];
}

/** A chain of empty blocks. */
export function emptyChain(count: number, stride: Stride): WrittenChain {
  return { genesis: catchUpGenesis(stride), blocks: Array.from({ length: count }, () => []) };
}

/**
 * Writes a chain into a node's directory, each block proposed by the first validator with the proof of its seed and certified by as many as it takes, as
 * their nodes would have made it.
 *
 * @returns encoded blocks
 */
export async function writeChain(
  directory: string,
  { genesis, blocks: contents }: WrittenChain,
): Promise<Uint8Array[]> {
  mkdirSync(directory, { recursive: true });
  const backend = await openBackend();
  const store = openLmdbStore(join(directory, 'state'));
  const blocks = openFileLog(join(directory, 'blocks'));
  const certificates = openCertificateStore(join(directory, 'certificates'), {
    kept: genesis.certificatesKept,
    stride: genesis.stake.certStride,
  });
  const validators = devnetValidators(VALIDATORS).map(({ index, makeKeys }) => {
    const own = join(directory, '..', `keys-${index}`);
    makeKeys(own);
    const keys = openValidatorKeys(own);
    const { owner, vrfKey, voteRoot } = keys.public;
    return { keys, id: stakeRecordId(owner, vrfKey, voteRoot) };
  });
  const ledger = openLedger({ ...rulesOf(genesis, backend), store, blocks });
  const written: Uint8Array[] = [];
  try {
    const { genesisHash } = ledger;
    const [proposer] = validators as [(typeof validators)[number]];
    for (const transactions of contents) {
      const round = ledger.head().height + 1n;
      const vrfProof = proposer.keys.prove(ledger.seedInput(round));
      const time = ledger.head().time + APART;
      const proposal = { proposer: proposer.id, period: 0, vrfProof };
      const { block, rejected } = await ledger.propose(transactions, time, proposal);
      if (rejected.length > 0) throw new Error(`block ${round}`, { cause: rejected[0]!.error });
      const { table, committees } = ledger.roundContext(round)!;
      const slot = { round, period: 0, step: STEP.cert, value: valueOfHeader(block.header) };
      const votes = [];
      for (const { keys, id } of validators) {
        if (!keys.keys.isReady(round)) await prepared(keys, round);
        const vote = { sender: id, ...slot };
        const signature = keys.keys.sign(round, 0, STEP.cert, voteMessage(genesisHash, vote))!;
        keys.keys.eraseBefore(round + 1n);
        votes.push({ vote: { ...vote, proof: [], signature }, weight: table.row(id)!.weight });
      }
      const { threshold } = committees(STEP.cert);
      certificates.put(round, encodeBundle(makeBundle(threshold, slot, votes)!));
      const bytes = encodeBlock(block);
      await ledger.apply(bytes);
      written.push(bytes);
    }
    return written;
  } finally {
    for (const { keys } of validators) keys.close();
    certificates.close();
    blocks.close();
    store.close();
    await backend.close();
  }
}

function rulesOf(genesis: Genesis, backend: ProverBackend) {
  return {
    genesis,
    verifyingKeys: [...developmentVerifyingKeys().values()],
    verifier: backend.verifier,
    signatures: backend.signatures,
    keyPoints: backend.keyPoints,
    hasher: backend.noteHasher,
    vrf: fastVrf,
    ed25519: fastEd25519,
    bls: nativeBls,
  };
}

/** Seconds that a ledger in memory takes to verify and execute blocks, one after another. */
export async function secondsToVerify(genesis: Genesis, blocks: readonly Uint8Array[]): Promise<number> {
  const backend = await openBackend();
  try {
    const ledger = openLedger({ ...rulesOf(genesis, backend), store: memoryStore(), blocks: memoryLog() });
    const begun = performance.now();
    for (const block of blocks) await ledger.apply(block);
    return (performance.now() - begun) / 1_000;
  } finally {
    await backend.close();
  }
}

function prepared({ keys }: ValidatorKeys, round: bigint): Promise<void> {
  return new Promise((resolve, reject) => {
    runKeySteps(keys.prepare(round), keys, setImmediate, (failure) =>
      failure === undefined ? resolve() : reject(failure),
    );
  });
}
