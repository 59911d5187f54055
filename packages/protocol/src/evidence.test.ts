import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import {
  cast,
  checkpointOf,
  EVERYBODY,
  type MadeChain,
  madeChain,
  type Participant,
  pairFrom,
  participants,
  proposed,
  roundOf,
  STUB,
  stubBls,
  TEST_GENESIS,
} from './consensus-test-support.ts';
import {
  anchorHeight,
  BOTTOM,
  type Checkpoint,
  decodeEvidence,
  EMPTY_HISTORY,
  type Evidence,
  type EvidenceContext,
  EvidenceType,
  encodeEvidence,
  ephemeralCache,
  type FalseCheckpoint,
  type ProtocolErrorCode,
  pairOf,
  proveRows,
  STEP,
  stakeTable,
  subjectOf,
  type TwoVotes,
  twoVotesOf,
  verifyEvidence,
  voteMessage,
} from './index.ts';
import { filler, flipped, refusal } from './test-support.ts';

const ALL = participants([1n, 2n, 3n, 4n, 5n]);
const [ann, bob] = [ALL[0]!, ALL[1]!];
const TABLE = stakeTable(ALL.map(({ row }) => row));
const CHAIN = madeChain(530, TABLE);
const ROUND = 500n;
const CRYPTO = { ...STUB, bls: stubBls };

const CONTEXT: EvidenceContext = {
  genesisHash: TEST_GENESIS,
  balanceLookback: 16n,
  evidenceWindow: 48n,
  height: 531n,
  history: CHAIN.history,
};

/** Evidence that this participant voted twice. */
function twice(
  who: Participant,
  at: { period: number; step: number } = { period: 1, step: STEP.soft },
  round = ROUND,
  chain: MadeChain = CHAIN,
): Evidence {
  const pair = pairFrom(who, roundOf(ALL, EVERYBODY, { round }), at, [1, 2]);
  return twoVotesOf(
    { round, ...at },
    pair,
    chain.prove(anchorHeight(round, 16n)),
    proveRows(TABLE, [who.row.id]),
  );
}

/** The same with a part of it changed. */
function withVotes(change: Partial<TwoVotes>, evidence = twice(ann)): Evidence {
  return { votes: [{ ...evidence.votes[0]!, ...change }], checkpoint: [] };
}

const refuse = (evidence: Evidence, code: ProtocolErrorCode, context = CONTEXT): void =>
  assert.throws(() => verifyEvidence(context, evidence, CRYPTO), refusal(code));

test('two votes of one record for different values at one step are evidence against it, proposals too', () => {
  for (const step of [STEP.propose, STEP.soft, STEP.cert, STEP.next, STEP.late, STEP.redo]) {
    for (const period of [0, 1, 7]) {
      const subject = verifyEvidence(CONTEXT, twice(ann, { period, step }), CRYPTO);
      assert.deepEqual(subject, { records: [ann.row.id], round: ROUND });
    }
  }
});

test('a vote for bottom and one for a value are evidence where both may be voted for', () => {
  const context = roundOf(ALL, EVERYBODY, { round: ROUND });
  const [at, down] = [
    { period: 0, step: STEP.next },
    { period: 0, step: STEP.down },
  ];
  const pairAt = (where: { period: number; step: number }): Evidence => {
    const votes = [BOTTOM, proposed(ann.row.id, 1)].map((value) => cast(ann, context, { ...where, value }));
    const pair = pairOf(votes[0]!, votes[1]!);
    return twoVotesOf(
      { round: ROUND, ...where },
      pair,
      CHAIN.prove(ROUND - 16n),
      proveRows(TABLE, [ann.row.id]),
    );
  };
  verifyEvidence(CONTEXT, pairAt(at), CRYPTO);
  refuse(pairAt(down), 'value-not-canonical');
});

test('what two votes share is verified once, and their batch key remembered when both hold', () => {
  let signatures = 0;
  const ed25519 = {
    ...STUB.ed25519,
    verify: (...args: Parameters<typeof STUB.ed25519.verify>): boolean => {
      signatures++;
      return STUB.ed25519.verify(...args);
    },
  };
  const crypto = { ...CRYPTO, ed25519, links: ephemeralCache(10) };
  const spent = (evidence: Evidence): number => {
    signatures = 0;
    verifyEvidence(CONTEXT, evidence, crypto);
    return signatures;
  };
  const evidence = twice(ann);
  const [one, other] = evidence.votes[0]!.signatures;
  for (const part of ['batchKey', 'batchSignature', 'leafKey', 'leafSignature', 'signature'] as const) {
    const changed = withVotes({ signatures: [one!, { ...other!, [part]: flipped(other![part], 0) }] });
    assert.throws(() => verifyEvidence(CONTEXT, changed, crypto), { name: 'ProtocolError' });
  }
  assert.deepEqual([spent(evidence), spent(evidence), spent(twice(bob))], [4, 3, 4]);
});

test('evidence holds for rounds of the first table, and for rounds that have not come', () => {
  verifyEvidence({ ...CONTEXT, height: 50n }, twice(ann, undefined, 5n), CRYPTO);
  verifyEvidence(CONTEXT, twice(ann, undefined, 546n), CRYPTO);
});

test('evidence is taken while its round is in the window, and not after', () => {
  verifyEvidence({ ...CONTEXT, height: ROUND + 47n }, twice(ann), CRYPTO);
  refuse(twice(ann), 'evidence-window', { ...CONTEXT, height: ROUND + 48n });
});

test('one vote shown twice is no evidence', () => {
  const { values, signatures } = twice(ann).votes[0]!;
  refuse(
    withVotes({ values: [values[0]!, values[0]!], signatures: [signatures[0]!, signatures[0]!] }),
    'bundle-pair',
  );
  refuse(withVotes({ values: values.toReversed(), signatures: signatures.toReversed() }), 'bundle-pair');
});

test('an honest voter of several steps, periods and rounds cannot be framed with them', () => {
  const context = roundOf(ALL, EVERYBODY, { round: ROUND });
  const [one, other] = [proposed(ann.row.id, 1), proposed(ann.row.id, 2)];
  const at = { period: 1, step: STEP.soft };
  const honest = cast(ann, context, { ...at, value: one });
  for (const elsewhere of [
    cast(ann, context, { ...at, step: STEP.cert, value: other }),
    cast(ann, context, { ...at, period: 2, value: other }),
    cast(ann, { ...context, round: ROUND + 1n }, { ...at, value: other }),
    cast(ann, { ...context, genesisHash: blake2b256('OTHER') }, { ...at, value: other }),
    cast(bob, context, { ...at, value: other }),
  ]) {
    const pair = pairOf(honest, { ...elsewhere, sender: ann.row.id });
    const evidence = withVotes({ values: pair.values, signatures: pair.signatures });
    assert.throws(() => verifyEvidence(CONTEXT, evidence, CRYPTO), {
      name: 'ProtocolError',
      code: /^(batch|leaf|vote)-signature$/,
    });
  }
});

test('next votes share a leaf, and two of different steps are still no evidence', () => {
  const context = roundOf(ALL, EVERYBODY, { round: ROUND });
  const [one, other] = [
    cast(ann, context, { period: 1, step: STEP.next, value: proposed(ann.row.id, 1) }),
    cast(ann, context, { period: 1, step: STEP.next + 1, value: proposed(ann.row.id, 2) }),
  ];
  assert.deepEqual(one.signature.leafKey, other.signature.leafKey);
  const { values, signatures } = pairOf(one, other);
  refuse(withVotes({ step: STEP.next, values, signatures }), 'vote-signature');
});

test("the keys are those of the round's table: a header of another height or of no chain shows none", () => {
  refuse(withVotes({ anchor: CHAIN.prove(ROUND - 15n) }), 'evidence-header');
  refuse(withVotes({ anchor: CHAIN.prove(ROUND) }), 'evidence-header');
  const { header, path } = CHAIN.prove(ROUND - 16n);
  refuse(withVotes({ anchor: { header: { ...header, time: 1n }, path } }), 'evidence-header');
  refuse(withVotes({ anchor: { header, path: path.slice(1) } }), 'evidence-header');
  refuse(twice(ann), 'evidence-header', { ...CONTEXT, history: EMPTY_HISTORY });
});

test('a table of the accuser does not pass: he would put his keys beside a name', () => {
  // Bob makes up a table in which Ann's record has his vote root, and signs twice for her.
  const forged = ALL.map(({ row }) => (row === ann.row ? { ...row, voteRoot: bob.row.voteRoot } : row));
  const table = stakeTable(forged);
  const puppet = { ...bob, row: { ...ann.row, voteRoot: bob.row.voteRoot } };
  const row = proveRows(table, [ann.row.id]);
  const pair = pairFrom(
    puppet,
    roundOf(ALL, EVERYBODY, { round: ROUND }),
    { period: 1, step: STEP.soft },
    [1, 2],
  );
  const { values, signatures } = pair;
  refuse(withVotes({ values, signatures, row }), 'rows-proof');
  // On a chain that names that table it is evidence: the anchor is what stops him.
  const chain = madeChain(530, table);
  const evidence = withVotes({ values, signatures, row, anchor: chain.prove(ROUND - 16n) });
  verifyEvidence({ ...CONTEXT, history: chain.history }, evidence, CRYPTO);
  refuse(evidence, 'evidence-header');
});

test("the row is the record's, alone", () => {
  refuse(withVotes({ row: proveRows(TABLE, [bob.row.id]) }), 'rows-proof');
  refuse(withVotes({ row: proveRows(TABLE, [ann.row.id, bob.row.id]) }), 'rows-proof');
  refuse(withVotes({ record: bob.row.id }), 'rows-proof');
});

const OTHER_BLOCK = { blockHash: blake2b256('OTHER_BLOCK') };

/** Evidence against the signers of a checkpoint of height 512. */
function falseCheckpoint(checkpoint: Checkpoint, change: Partial<FalseCheckpoint> = {}): Evidence {
  const signers = ALL.filter(({ row }) => {
    const place = TABLE.position(row.id)!;
    return ((checkpoint.signers[place >> 3]! >> (place & 7)) & 1) === 1;
  });
  return {
    votes: [],
    checkpoint: [
      {
        checkpoint,
        header: CHAIN.prove(checkpoint.height),
        anchor: CHAIN.prove(checkpoint.height - 256n),
        rows: proveRows(
          TABLE,
          signers.map(({ row }) => row.id),
        ),
        ...change,
      },
    ],
  };
}

const HEADER = CHAIN.headers[512]!;

test('the signers of a checkpoint that is not of the chain are punished, all of them by one piece', () => {
  for (const signers of [[ann], ALL, ALL.slice(0, 3)]) {
    for (const change of [
      OTHER_BLOCK,
      { stateRoot: blake2b256('OTHER_STATE') },
      { validatorsRoot: blake2b256('OTHER_TABLE') },
    ]) {
      const evidence = falseCheckpoint(checkpointOf(HEADER, TABLE, signers, change));
      const records = signers.map(({ row }) => row.id);
      assert.deepEqual(verifyEvidence(CONTEXT, evidence, CRYPTO), { records, round: 512n });
    }
  }
});

test("who signs the chain's checkpoint is innocent", () => {
  refuse(falseCheckpoint(checkpointOf(HEADER, TABLE, ALL)), 'evidence-innocent');
});

test('a bit too many frames nobody', () => {
  const checkpoint = checkpointOf(HEADER, TABLE, [bob], OTHER_BLOCK);
  const framed = { ...checkpoint, signers: checkpointOf(HEADER, TABLE, [ann, bob], OTHER_BLOCK).signers };
  refuse(falseCheckpoint(framed), 'checkpoint-signature');
  // Nor with the rows of the true signer under the framing bits, or those of the framed one under the true bits.
  refuse(falseCheckpoint(framed, { rows: proveRows(TABLE, [bob.row.id]) }), 'checkpoint-signers');
  const rows = proveRows(TABLE, [ann.row.id]);
  refuse(falseCheckpoint(checkpoint, { rows }), 'checkpoint-signers');
  // Nor without a bit, though all have signed.
  const all = checkpointOf(HEADER, TABLE, ALL, OTHER_BLOCK);
  const everybody = {
    rows: proveRows(
      TABLE,
      ALL.map(({ row }) => row.id),
    ),
  };
  refuse(falseCheckpoint({ ...all, signers: Uint8Array.of(1) }, everybody), 'checkpoint-signers');
});

test('a height without a checkpoint, headers of other heights and an old checkpoint are refused', () => {
  const at511 = checkpointOf(CHAIN.headers[511]!, TABLE, ALL, OTHER_BLOCK);
  refuse(falseCheckpoint(at511), 'checkpoint-height');
  const checkpoint = checkpointOf(HEADER, TABLE, ALL, OTHER_BLOCK);
  refuse(falseCheckpoint(checkpoint, { header: CHAIN.prove(511n) }), 'evidence-header');
  refuse(falseCheckpoint(checkpoint, { anchor: CHAIN.prove(512n) }), 'evidence-header');
  refuse(falseCheckpoint(checkpoint), 'evidence-window', { ...CONTEXT, height: 560n });
  verifyEvidence({ ...CONTEXT, height: 559n }, falseCheckpoint(checkpoint), CRYPTO);
});

test('evidence is one of the two, and what is neither or both does not decode', () => {
  const [votes, checkpoint] = [twice(ann), falseCheckpoint(checkpointOf(HEADER, TABLE, ALL, OTHER_BLOCK))];
  for (const evidence of [votes, checkpoint]) {
    assert.deepEqual(decodeEvidence(encodeEvidence(evidence)), evidence);
  }
  const malformed = refusal('body-malformed');
  assert.throws(() => decodeEvidence(EvidenceType.serialize({ votes: [], checkpoint: [] })), malformed);
  const both = { votes: votes.votes, checkpoint: checkpoint.checkpoint };
  assert.throws(() => decodeEvidence(EvidenceType.serialize(both)), malformed);
  assert.throws(() => decodeEvidence(filler(1, 500)), malformed);
  assert.throws(() => decodeEvidence(new Uint8Array(131_073)), malformed);
});

test('whom evidence is against is known before it costs anything', () => {
  assert.deepEqual(subjectOf(twice(bob)), { records: [bob.row.id], round: ROUND });
  const two = falseCheckpoint(checkpointOf(HEADER, TABLE, [ann, bob], OTHER_BLOCK));
  assert.deepEqual(subjectOf(two), { records: [ann.row.id, bob.row.id], round: 512n });
});

test('with the real cryptography the same evidence holds', () => {
  const crypto = { vrf: portableVrf, ed25519: portableEd25519 };
  const three = participants([1n, 1n, 1n], crypto, portableBls);
  const table = stakeTable(three.map(({ row }) => row));
  const chain = madeChain(260, table);
  const context = { ...CONTEXT, height: 261n, history: chain.history };
  const [who] = three as [Participant];
  const at = { period: 0, step: STEP.cert };
  const pair = pairFrom(who, roundOf(three, EVERYBODY, { round: 250n }), at, [1, 2], crypto);
  const row = proveRows(table, [who.row.id]);
  const votes = twoVotesOf({ round: 250n, ...at }, pair, chain.prove(234n), row);
  const message = voteMessage(TEST_GENESIS, {
    sender: who.row.id,
    round: 250n,
    ...at,
    value: pair.values[0]!,
  });
  assert.ok(crypto.ed25519.verify(pair.signatures[0]!.leafKey, message, pair.signatures[0]!.signature));
  const checkpoint = checkpointOf(chain.headers[256]!, table, three, OTHER_BLOCK, portableBls);
  const rows = proveRows(
    table,
    three.map((one) => one.row.id),
  );
  const parts = { checkpoint, header: chain.prove(256n), anchor: chain.prove(0n), rows };
  for (const evidence of [votes, { votes: [], checkpoint: [parts] }]) {
    const { records } = verifyEvidence(context, evidence, { ...crypto, bls: portableBls });
    assert.deepEqual(records[0], who.row.id);
  }
});
