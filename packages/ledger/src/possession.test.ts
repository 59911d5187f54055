import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bls, equalBytes, portableBls, portableEd25519 } from '@sero/crypto';
import { type CheckedTransaction, KIND, type RegisterBody, RegisterBodyType } from '@sero/protocol';
import { participant, startNetwork } from './participants-test-support.ts';
import { possessionChecker } from './possession.ts';
import {
  ALICE,
  codeOf,
  filler,
  flipped,
  MALLORY,
  refusalOf,
  refusalOfTransaction,
  startChain,
} from './test-support.ts';

/** A proof of possession is the key twice; it counts how often it is asked. */
function countingBls(): Bls & { asked(): number } {
  let asked = 0;
  return {
    ...portableBls,
    asked: () => asked,
    verifyPossession: (key, proof) => {
      asked++;
      return equalBytes(proof.subarray(0, 48), key);
    },
  };
}

function registration(n: number, change: Partial<RegisterBody> = {}): Uint8Array {
  const blsKey = filler(n, 48);
  return RegisterBodyType.serialize({
    record: [],
    vrfKey: portableEd25519.publicKey(filler(300 + n, 32)),
    voteRoot: portableEd25519.publicKey(filler(400 + n, 32)),
    blsKey,
    blsProof: Uint8Array.from({ length: 96 }, (_, i) => blsKey[i % 48]!),
    firstRound: 0n,
    lastRound: 1_000_000n,
    commission: 0,
    ...change,
  });
}

test('rubbish does not get as far as the possession of a key: signature and proof come before', async () => {
  const bls = countingBls();
  const chain = startChain({ bls });
  const draft = { kind: KIND.register, from: MALLORY, body: registration(1) };
  const good = chain.make(draft);
  const unsigned = flipped(good, good.length - 64);
  assert.equal(await refusalOfTransaction(chain, unsigned), 'signature-invalid');
  const unproved = chain.authorize(chain.draft(draft), new Uint8Array(192));
  assert.equal(await refusalOfTransaction(chain, unproved), 'proof-invalid');
  assert.equal(bls.asked(), 0);
  assert.equal(await refusalOfTransaction(chain, good), 'accepted');
  assert.equal(bls.asked(), 1);
});

test('a refusal is remembered: a registration that is sent again and again costs one check', async () => {
  const bls = countingBls();
  const chain = startChain({ bls });
  const stolen = chain.make({
    kind: KIND.register,
    from: MALLORY,
    body: registration(1, { blsKey: filler(2, 48) }),
  });
  for (let i = 0; i < 3; i++) assert.equal(await refusalOfTransaction(chain, stolen), 'bls-possession');
  assert.equal(bls.asked(), 1);
  // The proof is its owner's: what was seen of one says nothing of another.
  await chain.mine(chain.make({ kind: KIND.register, from: MALLORY, body: registration(3) }));
  await chain.mine(chain.make({ kind: KIND.register, from: ALICE, body: registration(3) }));
  assert.equal(bls.asked(), 3);
});

test('who was refused with a wrong proof comes in with the right one', async () => {
  const bls = countingBls();
  const chain = startChain({ bls });
  const make = (change: Partial<RegisterBody>): Uint8Array =>
    chain.make({ kind: KIND.register, from: MALLORY, body: registration(1, change) });
  assert.equal(await refusalOfTransaction(chain, make({ blsProof: filler(9, 96) })), 'bls-possession');
  assert.equal(await refusalOfTransaction(chain, make({})), 'accepted');
  assert.equal(bls.asked(), 2);
});

test('so many verdicts are remembered, the oldest is forgotten first', () => {
  const bls = countingBls();
  const checker = possessionChecker(bls, 2);
  /** How often BLS was asked for these. */
  const asked = (...numbers: number[]): number => {
    const before = bls.asked();
    for (const n of numbers) {
      const body = RegisterBodyType.deserialize(registration(n));
      const checked = { tx: { from: ALICE }, action: { type: 'register', body } };
      assert.equal(checker.check(checked as CheckedTransaction), undefined);
    }
    return bls.asked() - before;
  };
  assert.equal(asked(1, 2, 1, 2), 2);
  assert.equal(asked(3), 1, 'in the place of 1');
  assert.equal(asked(2, 3), 0);
  assert.equal(asked(1), 1);
});

test('a block has at most eight registrations; the ninth waits', async () => {
  const chain = startChain({ bls: countingBls() });
  const transactions = Array.from({ length: 9 }, (_, n) =>
    chain.make({ kind: KIND.register, from: ALICE, body: registration(n) }),
  );
  const { ledger } = chain;
  const { block, rejected } = await ledger.propose(transactions, ledger.head().time + 5_000n);
  assert.equal(block.transactions.length, 8);
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [[8, 'block-registrations']],
  );
  assert.equal(await refusalOf(chain, () => chain.block(...transactions)), 'block-registrations');
  await chain.mine(...transactions.slice(0, 8));
  await chain.mine(transactions[8]!);
});

test('a chain does not begin with participants whose keys are none; once it has, they are not looked at again', () => {
  const bls = countingBls();
  const key = filler(1, 48);
  const keyed = { blsKey: key, blsProof: Uint8Array.from({ length: 96 }, (_, i) => key[i % 48]!) };
  const start = (change: Parameters<typeof participant>[1]) =>
    codeOf(() => startNetwork({ bls, participants: [participant(0, { ...keyed, ...change })] }));
  assert.equal(start({ blsKey: filler(2, 48) }), 'bls-possession');
  assert.equal(start({ vrfKey: new Uint8Array(32) }), 'stake-key');
  assert.equal(start({}), 'fine');
  const asked = bls.asked();
  const participants = [participant(0, keyed)];
  const { store, blocks } = startNetwork({ bls, participants });
  startNetwork({ bls, participants, store, blocks });
  startNetwork({ bls, participants, blocks });
  assert.equal(bls.asked(), asked + 1);
});
