import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '@sero/ledger';
import fc from 'fast-check';
import { envelope, settle } from '../test-support.ts';
import { VerificationError } from '../verification/errors.ts';
import { FAILURE } from './budgets.ts';
import { blockOf, code, proofInvalid, scene } from './mempool-test-support.ts';

// Attacks that would have the node verify proofs for nothing. A budget of 80 units pays for ten.

const BUDGET = { start: 80, perSecond: 0, reward: 8 };
const TEN = 80 / FAILURE;

/** An answer that no check is needed for. Fails where one was begun: nobody would ever end it. */
async function atOnce<T>(answer: Promise<T>): Promise<T> {
  return Promise.race([answer, settle().then(() => assert.fail('a check was begun'))]);
}

/** Submits until the budget is spent, and answers each check as its proof was valid. @returns proofs that were verified */
async function spend(
  { mempool, checks }: ReturnType<typeof scene>,
  make: (n: number) => Uint8Array,
  afterCheck: (n: number) => Promise<void> = async () => {},
): Promise<number> {
  const before = checks.length;
  let verified = 0;
  for (let n = 0; n < 1_000; n++) {
    const known = checks.length;
    const done = mempool.submit(make(n), 'attacker');
    const refused = assert.rejects(done, (error) => !code('budget-exhausted')(error));
    if (checks.length === known) {
      await assert.rejects(done, code('budget-exhausted'));
      await refused.catch(() => undefined);
      assert.equal(verified, checks.length - before);
      return verified;
    }
    verified++;
    await afterCheck(n);
    checks.at(-1)!.pass();
    await refused;
  }
  throw new Error('the budget never ended');
}

test('valid transactions of one note: each proof that was verified and not taken is paid in full', async () => {
  const attack = scene({ budget: BUDGET });
  // All are examined while the note is free; the first to pass takes it.
  const running = Array.from({ length: TEN }, (_, salt) =>
    attack.mempool.submit(envelope({ nullifiers: [1], salt }), 'attacker'),
  );
  const outcome = Promise.allSettled(running);
  assert.equal(attack.checks.length, TEN);
  for (const check of attack.checks) check.pass();
  const taken = (await outcome).filter(({ status }) => status === 'fulfilled');
  assert.equal(taken.length, 1);
  // Nine were paid for; the one that came in is free and earned one more.
  assert.equal(await spend(attack, (n) => envelope({ nullifiers: [50 + n] }), fill(attack)), 2);
});

/** While a check runs, someone else's transaction takes the note that it spends. */
function fill({ mempool, checks }: ReturnType<typeof scene>, first = 50) {
  return async (n: number): Promise<void> => {
    const own = checks.at(-1)!;
    const other = mempool.submit(envelope({ nullifiers: [first + n], salt: 1 }), `honest ${n}`);
    checks.pop()!.pass();
    await other;
    assert.equal(checks.at(-1), own);
  };
}

test('a note that another one takes while the proof is verified: paid in full', async () => {
  const attack = scene({ budget: BUDGET });
  assert.equal(await spend(attack, (n) => envelope({ nullifiers: [n] }), fill(attack, 0)), TEN);
});

test('a block that spends the note while the proof is verified: paid in full', async () => {
  const { mempool, checks } = scene({ budget: BUDGET });
  for (let n = 0; n < TEN; n++) {
    const done = mempool.submit(envelope({ nullifiers: [n] }), 'attacker');
    mempool.onBlock(blockOf(BigInt(n + 1), envelope({ nullifiers: [n], salt: 1 })));
    checks.at(-1)!.pass();
    await settle();
    checks.at(-1)!.fail(new LedgerError('nullifier-spent', 'spent'));
    await assert.rejects(done, code('nullifier-spent'));
  }
  await assert.rejects(
    atOnce(mempool.submit(envelope({ nullifiers: [99] }), 'attacker')),
    code('budget-exhausted'),
  );
});

test('a pool that fills up while the proof is verified: paid in full', async () => {
  const size = envelope({ nullifiers: [1] }).length;
  const attack = scene({ budget: BUDGET, maxBytes: size });
  const { mempool, checks } = attack;
  const verified = await spend(
    attack,
    (n) => envelope({ nullifiers: [n], gasPrice: 10n ** 9n + BigInt(2 * n) }),
    async (n) => {
      const better = mempool.submit(
        envelope({ nullifiers: [500 + n], gasPrice: 10n ** 9n + BigInt(2 * n + 1) }),
        `honest ${n}`,
      );
      checks.pop()!.pass();
      await better;
    },
  );
  assert.equal(verified, TEN);
});

test('other proofs of the same statement: one of them is checked at a time, and each that was is paid in full', async () => {
  const { mempool, checks } = scene({ budget: BUDGET });
  const variant = (proof: number): Uint8Array => envelope({ nullifiers: [1], proof });
  const first = mempool.submit(variant(0), 'attacker');
  for (let n = 1; n <= 5; n++)
    await assert.rejects(atOnce(mempool.submit(variant(n), 'attacker')), code('busy'));
  assert.equal(checks.length, 1);
  const honest = mempool.submit(variant(6), 'honest');
  assert.equal(checks.length, 2, 'another source is not held up by it');
  checks[1]!.pass();
  await honest;
  checks[0]!.pass();
  await assert.rejects(first, code('already-known'));
  await assert.rejects(atOnce(mempool.submit(variant(7), 'attacker')), code('already-known'));
  assert.equal(checks.length, 2, 'what waits is not looked at again');
});

test('one after the other, and given up in between: a lost connection is let in again, and pays in full each time', async () => {
  const { mempool, checks } = scene({ budget: BUDGET });
  for (let proof = 0; proof < TEN; proof++) {
    const abort = new AbortController();
    const done = mempool.submit(envelope({ nullifiers: [1], proof }), 'attacker', abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(done, /enough/);
  }
  assert.equal(checks.length, TEN);
  await assert.rejects(
    atOnce(mempool.submit(envelope({ nullifiers: [1], proof: 99 }), 'attacker')),
    code('budget-exhausted'),
  );
});

test('a transaction that leaves and comes again is verified at its sender’s cost, and earns once', async () => {
  const size = envelope({ nullifiers: [1] }).length;
  const { mempool, checks, add } = scene({ budget: BUDGET, maxBytes: size });
  const own = envelope({ nullifiers: [1] });
  // It comes in, is driven out by who pays more, a block takes that one, and so on.
  let verified = 0;
  for (let round = 1; round <= 1_000; round++) {
    const done = mempool.submit(own, 'attacker');
    const outcome = done.then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
    if (checks.length > 0) checks.pop()!.pass();
    if ((await outcome) === 'budget-exhausted') break;
    assert.equal(await outcome, 'taken');
    verified++;
    const better = envelope({ nullifiers: [1_000 + round], gasPrice: 2n * 10n ** 9n });
    await add(better, `honest ${round}`);
    checks.pop();
    mempool.onBlock(blockOf(BigInt(round), better));
  }
  // The first is free and earns one more; ten and one are paid for.
  assert.equal(verified, 1 + TEN + 1);
});

test('a proof that ends threads is no verdict, and is paid in full all the same', async () => {
  const { mempool, checks } = scene({ budget: BUDGET });
  const bytes = envelope({ nullifiers: [1] });
  for (let n = 0; n < TEN; n++) {
    const done = mempool.submit(bytes, 'attacker');
    checks.at(-1)!.fail(new VerificationError('worker-lost', 'twice'));
    await assert.rejects(done, code('busy'));
  }
  assert.equal(checks.length, TEN);
  await assert.rejects(atOnce(mempool.submit(bytes, 'attacker')), code('budget-exhausted'));
});

test('a proof over which the verifier fails is no refusal by a rule, and is paid in full', async () => {
  const { mempool, checks } = scene({ budget: BUDGET });
  for (let n = 0; n < TEN; n++) {
    const done = mempool.submit(envelope({ nullifiers: [n] }), 'attacker');
    checks.at(-1)!.fail(new Error('the verifier failed'));
    await assert.rejects(done, /the verifier failed/);
  }
  assert.equal(checks.length, TEN);
  await assert.rejects(
    atOnce(mempool.submit(envelope({ nullifiers: [99] }), 'attacker')),
    code('budget-exhausted'),
  );
});

test('cheap refusals, however many, do not make the node forget what it verified', async () => {
  const { mempool, checks } = scene({ maxVerdicts: 4, budget: { start: 100_000, most: 100_000 } });
  const bad = envelope({ nullifiers: [1] });
  const failed = mempool.submit(bad, 'attacker');
  checks[0]!.fail(proofInvalid());
  await assert.rejects(failed, code('proof-invalid'));
  for (let n = 0; n < 100; n++) {
    await assert.rejects(mempool.submit(new Uint8Array(40).fill(n), 'attacker'));
    const withoutKey = mempool.submit(envelope({ nullifiers: [100 + n] }), 'attacker');
    checks.at(-1)!.fail(new LedgerError('circuit-without-key', 'no key'));
    await assert.rejects(withoutKey, code('circuit-without-key'));
  }
  const verified = checks.length;
  await assert.rejects(atOnce(mempool.submit(bad, 'attacker')), code('proof-invalid'));
  assert.equal(checks.length, verified);
});

test('whatever is tried in whatever order, no more proofs are verified than were paid for or came in', async () => {
  const move = fc.record({
    note: fc.nat(3),
    proof: fc.nat(2),
    salt: fc.nat(2),
    price: fc.nat(2),
    end: fc.constantFrom('valid', 'valid', 'invalid', 'lost', 'given up', 'left running'),
    block: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 60 }), async (moves) => {
      const size = envelope({ nullifiers: [0] }).length;
      const { mempool, checks } = scene({ budget: BUDGET, maxBytes: 2 * size });
      let verified = 0;
      const taken = new Set<string>();
      let running: { check: (typeof checks)[number]; done: Promise<unknown> }[] = [];
      const submit = (bytes: Uint8Array, signal?: AbortSignal) =>
        mempool.submit(bytes, 'attacker', signal).then(
          ({ txid }) => taken.add(txid.join()),
          () => undefined,
        );
      let height = 0n;
      for (const { note, proof, salt, price, end, block } of moves) {
        const bytes = envelope({ nullifiers: [note], proof, salt, gasPrice: 10n ** 9n * BigInt(1 + price) });
        const abort = new AbortController();
        const known = checks.length;
        const done = submit(bytes, abort.signal);
        const check = checks.length > known ? checks.at(-1)! : undefined;
        if (check !== undefined) {
          verified++;
          if (end === 'valid') check.pass();
          if (end === 'invalid') check.fail(proofInvalid());
          if (end === 'lost') check.fail(new VerificationError('worker-lost', 'twice'));
          if (end === 'given up') abort.abort(new Error('enough'));
          if (end === 'left running') running.push({ check, done });
          else await done;
        }
        if (!block) continue;
        for (const { check } of running) check.pass();
        for (const { done } of running) await done;
        running = [];
        mempool.onBlock(blockOf(++height, envelope({ nullifiers: [note], salt: 9 })));
      }
      for (const { check, done } of running) {
        check.pass();
        await done;
      }
      const paid = BUDGET.start + BUDGET.reward * taken.size;
      assert.ok(FAILURE * (verified - taken.size) <= paid, `${verified} proofs, ${taken.size} came in`);
    }),
  );
});
