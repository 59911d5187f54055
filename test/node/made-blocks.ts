import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { runKeySteps } from '@sero/consensus';
import { openLedger } from '@sero/ledger';
import {
  fastEd25519,
  fastVrf,
  openCertificateStore,
  openValidatorKeys,
  type ValidatorKeys,
} from '@sero/node';
import {
  decodeGenesis,
  encodeBlock,
  encodeBundle,
  makeBundle,
  STEP,
  stakeRecordId,
  valueOfHeader,
  voteMessage,
} from '@sero/protocol';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import { verifierDouble } from '../wallet/doubles.ts';
import { groundOf, hasherDouble, keyDouble, payment } from './doubles.ts';
import type { TestValidators } from './validators.ts';

function prepared(keys: ValidatorKeys, round: bigint): Promise<void> {
  return new Promise((resolve, reject) => {
    runKeySteps(keys.keys.prepare(round), keys.keys, setImmediate, (failure) =>
      failure === undefined ? resolve() : reject(failure),
    );
  });
}

/**
 * Writes a chain of so many blocks into a node's directory, as its one validator made them a block each ten seconds, with their certificates.
 *
 * @param paid heights of the blocks that hold a payment
 */
export async function writeChain(
  network: TestValidators,
  directory: string,
  count: number,
  paid: ReadonlySet<number> = new Set(),
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const genesis = decodeGenesis(network.genesis);
  const store = openLmdbStore(join(directory, 'state'));
  const blocks = openFileLog(join(directory, 'blocks'));
  const certificates = openCertificateStore(join(directory, 'certificates'), {
    kept: genesis.certificatesKept,
    stride: genesis.stake.certStride,
  });
  const keys = openValidatorKeys(network.makeKeys(0));
  const { owner, vrfKey, voteRoot } = keys.public;
  const id = stakeRecordId(owner, vrfKey, voteRoot);
  const ledger = openLedger({
    genesis,
    store,
    blocks,
    verifyingKeys: [keyDouble()],
    verifier: verifierDouble,
    hasher: hasherDouble,
    vrf: fastVrf,
    ed25519: fastEd25519,
  });
  const { genesisHash } = ledger;
  for (let height = 1; height <= count; height++) {
    const round = BigInt(height);
    if (!keys.keys.isReady(round)) await prepared(keys, round);
    const transactions = paid.has(height) ? [payment(groundOf(ledger), height)] : [];
    const time = ledger.head().time + 10_000n;
    const vrfProof = keys.prove(ledger.seedInput(round));
    const { block } = await ledger.propose(transactions, time, { proposer: id, period: 0, vrfProof });
    const { table } = ledger.roundContext(round)!;
    const vote = { sender: id, round, period: 0, step: STEP.cert, value: valueOfHeader(block.header) };
    const signature = keys.keys.sign(round, 0, STEP.cert, voteMessage(genesisHash, vote))!;
    const signed = { vote: { ...vote, proof: [], signature }, weight: table.total };
    certificates.put(round, encodeBundle(makeBundle(table.total, vote, [signed])!));
    await ledger.apply(encodeBlock(block));
    keys.keys.eraseBefore(round + 1n);
  }
  keys.close();
  certificates.close();
  blocks.close();
  store.close();
}
