import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bls, blake2b256, concat, equalBytes, portableBls } from '@sero/crypto';
import {
  type BareTransaction,
  type Checkpoint,
  checkpointMessage,
  decodeEnvelope,
  encodeBareEnvelope,
  encodeBlock,
  encodeEvidenceTransaction,
  ONLINE,
  proveRows,
  STEP,
  signersOf,
} from '@sero/protocol';
import { bytesOf, evidenceOf } from './evidence-test-support.ts';
import { startNetwork, type TestNetwork } from './participants-test-support.ts';
import { ceilDiv } from './stake-pot.ts';
import { FACTOR_ONE } from './stake-record.ts';
import { blockAt, contents, filler, flipped, refusalOf, startChain } from './test-support.ts';

/** The code at each of the three doors, once where they agree. */
async function refusal(chain: TestNetwork, bytes: Uint8Array): Promise<string> {
  const block = await chain.block();
  const codes = [
    await refusalOf(chain, async () => chain.ledger.checkEvidence(bytes)),
    await refusalOf(chain, () => chain.block(bytes)),
    await refusalOf(chain, () => chain.ledger.apply(encodeBlock({ ...block, transactions: [bytes] }))),
  ];
  // What would be right otherwise falls at the roots of the block without it.
  if (codes[2] === 'header-transactionsRoot') codes[2] = 'accepted';
  return [...new Set(codes)].join(' / ');
}

test('two votes of one round cost a tenth of all that is staked in the record, and set it offline', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const culprit = chain.participants[1]!;
  const bytes = bytesOf(chain, culprit, { round: 2n });
  const { subject } = chain.ledger.checkEvidence(bytes);
  assert.deepEqual(subject, { records: [culprit.id], round: 2n });
  const before = chain.state().stakeRecord(culprit.id).get()!;
  const { receipts } = await chain.mine(bytes);
  const { txid } = receipts[0]!;
  assert.deepEqual(receipts, [
    { txid, status: 1, failure: new Uint8Array(0), gasUsed: 0n, publicOutputs: [], logs: [] },
  ]);
  assert.deepEqual(chain.ledger.findTransaction(txid), { height: 4n, index: 0 });
  const after = chain.state().stakeRecord(culprit.id).get()!;
  assert.equal(after.status, ONLINE.offline);
  assert.equal(after.factor, (FACTOR_ONE * 9n) / 10n);
  assert.equal(after.bonded.money, ceilDiv(before.bonded.money * after.factor, FACTOR_ONE));
  const height = chain.ledger.head().height + chain.genesis.stake.balanceLookback;
  assert.equal(chain.ledger.stakeTable(height)!.row(culprit.id), undefined);
  assert.equal(chain.ledger.stakeTable(height - 1n)!.row(culprit.id)!.weight, 10n);
});

test('a record is punished once a round, however many pairs of votes it left there', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const [culprit, other] = [chain.participants[1]!, chain.participants[2]!];
  const again = (): Uint8Array[] => [
    bytesOf(chain, culprit, { round: 2n }),
    bytesOf(chain, culprit, { round: 2n, salt: 90 }),
    bytesOf(chain, culprit, { round: 2n, period: 1, step: STEP.cert }),
  ];
  const { block, rejected } = await chain.ledger.propose(
    [...again(), bytesOf(chain, other, { round: 2n }), bytesOf(chain, culprit, { round: 1n })],
    chain.ledger.head().time + 5_000n,
    chain.proposal(chain.participants[0]!),
  );
  assert.deepEqual(
    rejected.map(({ error }) => error.code),
    ['evidence-again', 'evidence-again'],
  );
  await chain.ledger.apply(encodeBlock(block));
  assert.equal(chain.state().stakeRecord(culprit.id).get()!.factor, (((FACTOR_ONE * 9n) / 10n) * 9n) / 10n);
  for (const bytes of again()) assert.equal(await refusal(chain, bytes), 'evidence-again');
});

test('evidence counts from its round on and until it leaves the window, also over the slot of a later round', async () => {
  const genesis = { stake: { ...startChain().genesis.stake, evidenceWindow: 6n } };
  const chain = startNetwork({ genesis });
  const culprit = chain.participants[3]!;
  await chain.mineEmpty(2);
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 4n })), 'evidence-early');
  assert.equal(
    await refusal(chain, bytesOf(chain, culprit, { round: 3n })),
    'accepted',
    'the round of the very block',
  );
  await chain.mine(bytesOf(chain, culprit, { round: 2n }));
  await chain.mineEmpty(3);
  // Block 7 comes: round 2 is the oldest that counts, round 1 is over.
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 2n })), 'evidence-again');
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 1n })), 'evidence-window');
  await chain.mineEmpty(1);
  assert.equal(
    await refusal(chain, bytesOf(chain, chain.participants[0]!, { round: 2n })),
    'evidence-window',
  );
  // Round 8 has the slot of round 2.
  await chain.mine(bytesOf(chain, culprit, { round: 8n }));
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 8n })), 'evidence-again');
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 2n })), 'evidence-window');
});

test('who was punished for a round does not escape at the one that has its slot later', async () => {
  const genesis = { stake: { ...startChain().genesis.stake, evidenceWindow: 6n } };
  const chain = startNetwork({ genesis });
  const [first, second] = [chain.participants[1]!, chain.participants[2]!];
  await chain.mineEmpty(2);
  await chain.mine(bytesOf(chain, first, { round: 2n }));
  await chain.mineEmpty(4);
  // Round 8 has the slot of round 2, and another record comes into it first.
  await chain.mine(bytesOf(chain, second, { round: 8n }));
  const factor = () => chain.state().stakeRecord(first.id).get()!.factor;
  const before = factor();
  await chain.mine(bytesOf(chain, first, { round: 8n }));
  assert.equal(factor(), (before * 9n) / 10n);
  for (const by of [first, second]) {
    assert.equal(await refusal(chain, bytesOf(chain, by, { round: 8n })), 'evidence-again');
  }
});

test('a block holds eight pieces of evidence, which need no time to pass since its parent', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(6);
  const many = chain.participants.flatMap((by) => [1n, 2n, 3n].map((round) => bytesOf(chain, by, { round })));
  const { block, rejected } = await chain.ledger.propose(
    many,
    chain.ledger.head().time + 1n,
    chain.proposal(chain.participants[0]!),
  );
  assert.deepEqual(
    rejected.map(({ error }) => error.code),
    Array.from({ length: 4 }, () => 'block-evidence'),
  );
  assert.equal(block.transactions.length, 8);
  const forced = encodeBlock({ ...block, transactions: many.slice(0, 9) });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(forced)), 'block-evidence');
  await chain.ledger.apply(encodeBlock(block));
  const reopened = startNetwork({ blocks: chain.blocks });
  assert.deepEqual(contents(reopened.store), contents(chain.store), 'replayed');
});

test('evidence that shows nothing is refused, whatever its bytes', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const [culprit, innocent] = [chain.participants[1]!, chain.participants[2]!];
  const good = evidenceOf(chain, culprit, { round: 2n });
  const votes = good.votes[0]!;
  const altered = (change: Partial<typeof votes>): Uint8Array =>
    encodeEvidenceTransaction({ ...good, votes: [{ ...votes, ...change }] }, chain.genesis.chainId);
  const row = proveRows(chain.ledger.stakeTable(2n)!, [innocent.id]);
  const { signatures, anchor } = votes;
  const spoiled = signatures.map((one, i) => (i === 0 ? one : { ...one, signature: flipped(one.signature) }));
  for (const [change, code] of [
    [{ signatures: spoiled }, 'vote-signature'],
    [{ record: innocent.id, row }, 'batch-signature'],
    [{ record: innocent.id }, 'rows-proof'],
    [{ round: 3n }, 'leaf-signature'],
    [{ step: STEP.cert }, 'leaf-signature'],
    [{ values: [votes.values[0]!, votes.values[0]!] }, 'bundle-pair'],
    [{ anchor: { ...anchor, header: chain.ledger.header(1n)! } }, 'evidence-header'],
    [{ anchor: { ...anchor, header: { ...anchor.header, time: 5n } } }, 'evidence-header'],
  ] as const) {
    assert.equal(await refusal(chain, altered(change as Partial<typeof votes>)), code);
  }
  const bare = decodeEnvelope(altered({})).bare!;
  const wrapped = (change: Partial<BareTransaction>): Uint8Array =>
    encodeBareEnvelope({ ...bare, ...change });
  for (const [change, code] of [
    [{ version: 2 }, 'unknown-version'],
    [{ proofSystem: 1 }, 'unknown-proof-system'],
    [{ circuit: 1 }, 'unknown-circuit'],
    [{ chainId: 7n }, 'wrong-chain'],
    [{ body: concat(bare.body, Uint8Array.of(0)) }, 'body-malformed'],
  ] as const) {
    assert.equal(await refusal(chain, wrapped(change)), code);
  }
  assert.equal(await refusal(chain, altered({})), 'accepted');
});

test('a path that was good is not any more once its peak has grown', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const culprit = chain.participants[1]!;
  const early = bytesOf(chain, culprit, { round: 2n });
  await chain.mineEmpty(4);
  assert.equal(await refusal(chain, early), 'evidence-header');
  assert.equal(await refusal(chain, bytesOf(chain, culprit, { round: 2n })), 'accepted');
});

test('a chain of one takes no evidence', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const bytes = bytesOf(chain, chain.participants[1]!, { round: 2n });
  const solo = startChain();
  assert.equal(await refusalOf(solo, async () => solo.ledger.checkEvidence(bytes)), 'kind-not-active');
  assert.equal(await refusalOf(solo, () => solo.block(bytes)), 'kind-not-active');
  assert.equal(
    await refusalOf(chain, async () => chain.ledger.checkEvidence(chain.make())),
    'kind-not-active',
  );
  assert.equal(await refusalOf(chain, () => chain.ledger.check(bytes)), 'kind-not-active');
  assert.equal(blockAt(chain.ledger, 1n).receipts.length, 0);
});

/** Signatures that anybody could make: a hash of keys and message, whoever signed. */
const hashBls: Bls = {
  ...portableBls,
  verifyPossession: () => true,
  verifyAggregate: (keys, message, signature) => equalBytes(signature, checkpointSignature(keys, message)),
};

function checkpointSignature(keys: readonly Uint8Array[], message: Uint8Array): Uint8Array {
  const digest = blake2b256('test checkpoint', ...keys, message);
  return concat(digest, digest, digest);
}

/** A chain with a checkpoint behind it, and evidence against those who signed another one. */
async function withCheckpoint() {
  const chain = startNetwork({ bls: hashBls });
  for (let i = 0; i < 257; i++) await chain.ledger.apply(encodeBlock(chain.ledger.emptyBlock()));
  const header = chain.ledger.header(256n)!;
  const table = chain.ledger.stakeTable(chain.genesis.stake.balanceLookback)!;
  const ids = table.rows.map(({ id }) => id);
  /** @param places of the signers in the table */
  const evidence = (places: readonly number[], change: Partial<Checkpoint> = {}): Uint8Array => {
    const { stateRoot, validatorsRoot } = header;
    const said = { height: 256n, blockHash: filler(9, 32), stateRoot, validatorsRoot, ...change };
    const message = checkpointMessage(chain.ledger.genesisHash, said);
    const keys = places.map((place) => table.rows[place]!.blsKey);
    const signature = checkpointSignature(keys, message);
    const checkpoint = { ...said, signers: signersOf(table.count, places), signature };
    const rows = proveRows(
      table,
      places.map((place) => ids[place]!),
    );
    const proved = { header: chain.ledger.proveHeader(256n)!, anchor: chain.ledger.proveHeader(0n)! };
    return encodeEvidenceTransaction(
      { votes: [], checkpoint: [{ checkpoint, rows, ...proved }] },
      chain.genesis.chainId,
    );
  };
  /** How often each record was punished. */
  const punished = (): number[] =>
    ids.map((id) => {
      let [times, factor] = [0, FACTOR_ONE];
      for (; factor > chain.state().stakeRecord(id).get()!.factor; times++) factor = (factor * 9n) / 10n;
      return times;
    });
  return { chain, evidence, punished };
}

test('one piece punishes all who signed a checkpoint that is not the chain’s, once for its height', async () => {
  const { chain, evidence, punished } = await withCheckpoint();
  const blockHash = chain.ledger.blockHash(256n)!;
  assert.equal(await refusal(chain, evidence([1, 3], { blockHash })), 'evidence-innocent');
  const { receipts } = await chain.mine(evidence([1, 3]));
  assert.equal(receipts.length, 1);
  assert.deepEqual(punished(), [0, 1, 0, 1]);
  for (const places of [[1, 3], [1], [3]]) {
    assert.equal(await refusal(chain, evidence(places)), 'evidence-again', 'nobody is left to punish');
  }
});

test('who has himself punished for a checkpoint alone protects none who signed with him', async () => {
  const { chain, evidence, punished } = await withCheckpoint();
  await chain.mine(evidence([2]));
  assert.deepEqual(punished(), [0, 0, 1, 0]);
  await chain.mine(evidence([0, 1, 2, 3]));
  assert.deepEqual(punished(), [1, 1, 1, 1]);
});

test('a block holds one false checkpoint, beside other evidence', async () => {
  const { chain, evidence, punished } = await withCheckpoint();
  const pieces = [evidence([0, 1]), evidence([2]), evidence([3])];
  const votes = bytesOf(chain, chain.participants[3]!, { round: 250n });
  const { block, rejected } = await chain.ledger.propose(
    [...pieces, votes],
    chain.ledger.head().time + 5_000n,
    chain.proposal(chain.participants[0]!),
  );
  assert.deepEqual(
    rejected.map(({ index, error }) => `${index} ${error.code}`),
    ['1 block-evidence', '2 block-evidence'],
  );
  const forced = encodeBlock({ ...block, transactions: pieces.slice(0, 2) });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(forced)), 'block-evidence');
  await chain.ledger.apply(encodeBlock(block));
  assert.equal(
    punished().reduce((sum, times) => sum + times, 0),
    3,
  );
});
