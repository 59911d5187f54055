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
  encodeGenesis,
  type Genesis,
  makeBundle,
  STEP,
  stakeRecordId,
  valueOfHeader,
  voteMessage,
} from '@sero/protocol';
import { openBackend } from '@sero/prover/node';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import { demoGenesis } from '../tools/demo/network.ts';

/** Validators that sign each certificate. */
const VALIDATORS = 4;

/** ms of header time between two blocks. */
const APART = 10_000n;

/** Certificates of every 256th block and tables for 320 rounds, as in production; or of every block. */
export type Stride = 256 | 1;

/** A genesis of four validators with this stride. */
export function catchUpGenesis(stride: Stride): Genesis {
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

/**
 * Writes a chain of empty blocks into a node's directory, each proposed by the first validator with the proof of its seed and certified by all four, as
 * their nodes would have made it.
 *
 * @returns the genesis file
 */
export async function writeEmptyChain(directory: string, count: number, stride: Stride): Promise<Uint8Array> {
  const genesis = catchUpGenesis(stride);
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
  const ledger = openLedger({
    genesis,
    store,
    blocks,
    verifyingKeys: [...developmentVerifyingKeys().values()],
    verifier: backend.verifier,
    signatures: backend.signatures,
    keyPoints: backend.keyPoints,
    hasher: backend.noteHasher,
    vrf: fastVrf,
    ed25519: fastEd25519,
    bls: nativeBls,
  });
  try {
    const { genesisHash } = ledger;
    const [proposer] = validators as [(typeof validators)[number]];
    for (let height = 1; height <= count; height++) {
      const round = BigInt(height);
      const vrfProof = proposer.keys.prove(ledger.seedInput(round));
      const time = ledger.head().time + APART;
      const { block } = await ledger.propose([], time, { proposer: proposer.id, period: 0, vrfProof });
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
      certificates.put(round, encodeBundle(makeBundle(committees(STEP.cert).threshold, slot, votes)!));
      await ledger.apply(encodeBlock(block));
    }
  } finally {
    for (const { keys } of validators) keys.close();
    certificates.close();
    blocks.close();
    store.close();
    await backend.close();
  }
  return encodeGenesis(genesis);
}

function prepared({ keys }: ValidatorKeys, round: bigint): Promise<void> {
  return new Promise((resolve, reject) => {
    runKeySteps(keys.prepare(round), keys, setImmediate, (failure) =>
      failure === undefined ? resolve() : reject(failure),
    );
  });
}
