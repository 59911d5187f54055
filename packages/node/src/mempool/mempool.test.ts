import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, toHex } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import { KIND, ProtocolError, witnessTransactionId } from '@sero/protocol';
import { envelope, nullifier, settle } from '../test-support.ts';
import { VerificationError } from '../verification/errors.ts';
import { readEntry } from './entry.ts';
import { blockOf, code, hash, proofInvalid, scene } from './mempool-test-support.ts';

test('a transaction that passes its check waits under its txid, for a block', async () => {
  const { mempool, add } = scene();
  const bytes = envelope({ nullifiers: [1, 2] });
  const heard: number[] = [];
  const stop = mempool.onTransaction(() => heard.push(mempool.stats().transactions));
  const { txid, wtxid } = await add(bytes);
  assert.deepEqual(
    { txid, wtxid },
    { txid: readEntry(bytes, hash)!.txid, wtxid: readEntry(bytes, hash)!.wtxid },
  );
  assert.ok(mempool.has(txid));
  assert.deepEqual(mempool.get(txid)!.bytes, bytes);
  assert.deepEqual(mempool.select(), [bytes]);
  stop();
  await add(envelope({ nullifiers: [3] }));
  assert.deepEqual(heard, [1]);
});

test('the same bytes submitted while they are checked share one check', async () => {
  const { mempool, checks, pass } = scene();
  const bytes = envelope({ nullifiers: [1] });
  const all = [mempool.submit(bytes, 'a'), mempool.submit(bytes, 'b'), mempool.submit(bytes, 'a')];
  assert.equal(checks.length, 1);
  await pass();
  const [first, ...others] = await Promise.all(all);
  for (const other of others) assert.deepEqual(other, first);
  await assert.rejects(mempool.submit(bytes, 'a'), code('already-known'));
  assert.equal(checks.length, 1);
});

test('one of several who submitted gives up: the check goes on for the others; with the last it ends', async () => {
  const { mempool, checks, pass } = scene();
  const bytes = envelope({ nullifiers: [1] });
  const [first, second] = [new AbortController(), new AbortController()];
  const leaving = mempool.submit(bytes, 'a', first.signal);
  const staying = mempool.submit(bytes, 'a', second.signal);
  first.abort(new Error('enough'));
  await assert.rejects(leaving, /enough/);
  assert.equal(checks[0]!.signal!.aborted, false);
  second.abort(new Error('too'));
  await assert.rejects(staying, /too/);
  assert.equal(checks[0]!.signal!.aborted, true);
  const again = mempool.submit(bytes, 'a');
  assert.equal(checks.length, 2, 'what was given up is not joined');
  checks[0]!.pass();
  await settle();
  assert.equal(mempool.stats().transactions, 0, 'what nobody wants any more is not kept');
  await pass();
  await again;
});

test('a signal that was aborted before starts nothing', async () => {
  const { mempool, checks } = scene();
  await assert.rejects(
    mempool.submit(envelope({ nullifiers: [1] }), 'a', AbortSignal.abort(new Error('late'))),
    /late/,
  );
  assert.equal(checks.length, 0);
});

test('a proof that failed is not verified twice, whoever brings it', async () => {
  const { mempool, checks } = scene();
  const bytes = envelope({ nullifiers: [1] });
  const failed = mempool.submit(bytes, 'a');
  checks[0]!.fail(proofInvalid());
  await assert.rejects(failed, code('proof-invalid'));
  await assert.rejects(mempool.submit(bytes, 'b'), code('proof-invalid'));
  assert.equal(checks.length, 1);
});

test('a bad proof says nothing about its txid and nullifiers: the right one is taken, before, after and meanwhile', async () => {
  for (const order of ['bad first', 'together'] as const) {
    const { mempool, checks } = scene();
    const good = envelope({ nullifiers: [1], proof: 1 });
    const bad = envelope({ nullifiers: [1], proof: 2 });
    assert.deepEqual(readEntry(good, hash)!.txid, readEntry(bad, hash)!.txid);
    const attack = mempool.submit(bad, 'attacker');
    if (order === 'bad first') {
      checks[0]!.fail(proofInvalid());
      await assert.rejects(attack, code('proof-invalid'));
    }
    const honest = mempool.submit(good, 'a');
    assert.equal(checks.length, 2);
    checks[1]!.pass();
    await honest;
    if (order === 'together') {
      checks[0]!.fail(proofInvalid());
      await assert.rejects(attack, code('proof-invalid'));
    }
    assert.deepEqual(mempool.select(), [good]);
    await assert.rejects(
      mempool.submit(envelope({ nullifiers: [1], proof: 3 }), 'attacker'),
      code('already-known'),
    );
    assert.equal(checks.length, 2, 'another proof of what waits is not even looked at');
  }
});

test('of two valid proofs of one transaction the first in stays', async () => {
  const { mempool, checks } = scene();
  const [one, two] = [1, 2].map((proof) => envelope({ nullifiers: [1], proof }));
  const first = mempool.submit(one!, 'a');
  const second = mempool.submit(two!, 'b');
  checks[1]!.pass();
  await second;
  checks[0]!.pass();
  await assert.rejects(first, code('already-known'));
  assert.deepEqual(mempool.select(), [two]);
});

test('failures are charged to their source, which is refused before any work once its budget is spent', async () => {
  const { mempool, checks, time } = scene({ budget: { start: 24, perSecond: 8 } });
  for (let n = 0; n < 3; n++) {
    const failed = mempool.submit(envelope({ nullifiers: [n] }), 'attacker');
    checks.at(-1)!.fail(proofInvalid());
    await assert.rejects(failed, code('proof-invalid'));
  }
  await assert.rejects(mempool.submit(envelope({ nullifiers: [7] }), 'attacker'), (error) => {
    assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 1_000);
    return code('budget-exhausted')(error);
  });
  assert.equal(checks.length, 3);
  void mempool.submit(envelope({ nullifiers: [8] }), 'honest');
  assert.equal(checks.length, 4, 'others are served');
  time.now = 1_000;
  void mempool.submit(envelope({ nullifiers: [9] }), 'attacker');
  assert.equal(checks.length, 5);
});

test('checks that run count against the budget, and giving up does not return the charge', async () => {
  const { mempool, checks } = scene({ budget: { start: 16 } });
  const abort = new AbortController();
  const running = [1, 2].map((n) => mempool.submit(envelope({ nullifiers: [n] }), 'a', abort.signal));
  await assert.rejects(mempool.submit(envelope({ nullifiers: [3] }), 'a'), code('busy'));
  abort.abort(new Error('enough'));
  for (const one of running) await assert.rejects(one, /enough/);
  await assert.rejects(mempool.submit(envelope({ nullifiers: [3] }), 'a'), code('budget-exhausted'));
  for (const check of checks) check.pass();
  await settle();
  await assert.rejects(mempool.submit(envelope({ nullifiers: [4] }), 'a'), code('budget-exhausted'));
});

test('who sends more at once than his budget pays for is told that it is being checked, not that it was refused', async () => {
  const { mempool, checks, add } = scene();
  const answers = Promise.allSettled(
    Array.from({ length: 70 }, (_, n) => mempool.submit(envelope({ nullifiers: [n] }), 'payroll')),
  );
  assert.equal(checks.length, 64);
  const others = add(envelope({ nullifiers: [100] }), 'other');
  await others;
  for (const check of checks) check.pass();
  const refused = (await answers).filter((answer) => answer.status === 'rejected');
  assert.deepEqual(
    refused.map(({ reason }) => reason.code),
    Array(6).fill('busy'),
  );
  for (let n = 64; n < 70; n++) await add(envelope({ nullifiers: [n] }), 'payroll');
  assert.equal(mempool.stats().transactions, 71);
});

test('what is being checked excuses nothing that was refused', async () => {
  const { mempool, checks } = scene({ budget: { start: 17, perSecond: 0 } });
  const bad = envelope({ nullifiers: [1] });
  const failed = mempool.submit(bad, 'a');
  checks[0]!.fail(proofInvalid());
  await assert.rejects(failed, code('proof-invalid'));
  const running = mempool.submit(envelope({ nullifiers: [2] }), 'a');
  await assert.rejects(mempool.submit(bad, 'a'), code('proof-invalid'));
  await assert.rejects(mempool.submit(bad, 'a'), code('busy'), 'what runs may leave enough for it');
  checks[1]!.fail(proofInvalid());
  await assert.rejects(running, code('proof-invalid'));
  await assert.rejects(mempool.submit(bad, 'a'), code('budget-exhausted'));
});

test('a refusal that honest senders meet costs an eighth of a failure, a valid transaction earns', async () => {
  const { mempool, checks, add } = scene({ budget: { start: 16, perSecond: 0, reward: 8 } });
  for (let n = 0; n < 9; n++) {
    const refused = mempool.submit(envelope({ nullifiers: [n] }), 'a');
    checks.at(-1)!.fail(new LedgerError('gas-price-below-base-fee', 'too little'));
    await assert.rejects(refused, code('gas-price-below-base-fee'));
  }
  await assert.rejects(mempool.submit(envelope({ nullifiers: [20] }), 'a'), code('budget-exhausted'));
  for (let n = 0; n < 9; n++) await add(envelope({ nullifiers: [30 + n] }), 'b');
  assert.equal(mempool.stats().transactions, 9);
});

test('bytes that are no transaction are refused with the decoder’s code, charged and remembered', async () => {
  const { mempool, checks } = scene({ budget: { start: 9 } });
  const garbage = new Uint8Array(50);
  await assert.rejects(mempool.submit(garbage, 'a'), ProtocolError);
  await assert.rejects(mempool.submit(garbage, 'a'), ProtocolError);
  await assert.rejects(mempool.submit(garbage, 'a'), code('budget-exhausted'));
  assert.equal(checks.length, 0);
});

test('a verifier without an answer is no verdict: the source is told to come again and pays nothing', async () => {
  const { mempool, checks, add } = scene({ budget: { start: 8, perSecond: 0 } });
  const bytes = envelope({ nullifiers: [1] });
  const unlucky = mempool.submit(bytes, 'a');
  checks[0]!.fail(new VerificationError('busy', 'full'));
  await assert.rejects(unlucky, code('busy'));
  await add(bytes);
  assert.equal(mempool.stats().transactions, 1);
});

test('beyond the number and the bytes of running checks the answer is busy at once', async () => {
  const size = envelope({ nullifiers: [1] }).length;
  for (const options of [{ maxChecking: 2 }, { maxCheckingBytes: 2 * size }]) {
    const { mempool, checks, pass } = scene(options);
    const first = mempool.submit(envelope({ nullifiers: [1] }), 'a');
    void mempool.submit(envelope({ nullifiers: [2] }), 'b').catch(() => undefined);
    await assert.rejects(mempool.submit(envelope({ nullifiers: [3] }), 'c'), code('busy'));
    checks[0]!.pass();
    await first;
    void mempool.submit(envelope({ nullifiers: [3] }), 'c');
    await pass();
    assert.equal(mempool.stats().transactions, 2);
  }
});

test('what nobody waits for still counts as running until it has ended', async () => {
  const { mempool, checks } = scene({ maxChecking: 1 });
  const abort = new AbortController();
  const given = mempool.submit(envelope({ nullifiers: [1] }), 'a', abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  await assert.rejects(mempool.submit(envelope({ nullifiers: [2] }), 'b'), code('busy'));
  checks[0]!.pass();
  await settle();
  void mempool.submit(envelope({ nullifiers: [2] }), 'b');
  assert.equal(checks.length, 2);
});

test('a block while a transaction is checked: it is checked again, so none comes in by the old state', async () => {
  const { mempool, checks } = scene();
  const rival = envelope({ nullifiers: [1], salt: 1 });
  const late = mempool.submit(envelope({ nullifiers: [1, 2] }), 'a');
  mempool.onBlock(blockOf(1n, rival));
  checks[0]!.pass();
  await settle();
  assert.equal(checks.length, 2);
  checks[1]!.fail(new LedgerError('nullifier-spent', 'spent'));
  await assert.rejects(late, code('nullifier-spent'));
  assert.equal(mempool.stats().transactions, 0);
});

test('rules of the pool are looked at before the proof, and again after it', async () => {
  const { mempool, checks, add } = scene();
  await add(envelope({ nullifiers: [1] }));
  await assert.rejects(
    mempool.submit(envelope({ nullifiers: [1], salt: 1 }), 'a'),
    code('replacement-underpriced'),
  );
  assert.equal(checks.length, 1);
  const [early, later] = [1, 2].map((salt) => mempool.submit(envelope({ nullifiers: [2], salt }), 'a'));
  checks[1]!.pass();
  await early;
  checks[2]!.pass();
  await assert.rejects(later!, code('replacement-underpriced'));
});

test('a replacement that fails its check replaces nothing and is not counted', async () => {
  const { mempool, checks, add } = scene();
  const honest = envelope({ nullifiers: [1] });
  await add(honest);
  for (let n = 0; n < 5; n++) {
    const attack = mempool.submit(
      envelope({ nullifiers: [1], gasPrice: 10n ** 12n, salt: 9 + n }),
      'attacker',
    );
    checks.at(-1)!.fail(proofInvalid());
    await assert.rejects(attack, code('proof-invalid'));
  }
  assert.deepEqual(mempool.select(), [honest]);
  await add(envelope({ nullifiers: [1], gasPrice: 2n * 10n ** 9n }));
  assert.equal(mempool.stats().transactions, 1);
});

test('a block takes its transactions out, also those that it holds with another proof', async () => {
  const { mempool, add } = scene();
  const [waiting, included] = [1, 2].map((proof) => envelope({ nullifiers: [1], proof }));
  await add(waiting!);
  await add(envelope({ nullifiers: [2] }));
  mempool.onBlock(blockOf(1n, included!));
  assert.equal(mempool.stats().transactions, 1);
  mempool.discard(envelope({ nullifiers: [2] }));
  assert.deepEqual(mempool.stats(), { transactions: 0, bytes: 0, checking: 0 });
});

test('of a block’s transactions those that wait here are known by their txid and not read again; the others are read', async () => {
  const { mempool, add } = scene();
  const [mine, theirs] = [envelope({ nullifiers: [1, 2] }), envelope({ nullifiers: [3, 4] })];
  const rival = envelope({ nullifiers: [4, 5] });
  await add(mine);
  await add(rival);
  const block = blockOf(1n, mine, theirs);
  block.block.transactions[0] = new Uint8Array(mine.length);
  mempool.onBlock(block);
  assert.equal(
    mempool.stats().transactions,
    0,
    'both left: the one is included, a note of the other is spent',
  );
  const unknown = blockOf(2n, envelope({ nullifiers: [9] }));
  unknown.block.transactions[0] = new Uint8Array(mine.length);
  assert.throws(() => mempool.onBlock(unknown), code('malformed'));
});

test('a name that was worked out in the same turn is the one that all is remembered under', async () => {
  const { mempool, checks, pass } = scene();
  const [good, bad] = [envelope({ nullifiers: [1] }), envelope({ nullifiers: [2] })];
  const accepted = mempool.submit(good, 'a', undefined, witnessTransactionId(good));
  assert.equal(checks.length, 1);
  const joined = mempool.submit(good, 'b');
  assert.equal(checks.length, 1, 'the same name as without');
  await pass();
  assert.deepEqual(await accepted, await joined);
  assert.deepEqual((await accepted).wtxid, witnessTransactionId(good));
  mempool.discard(good);
  assert.equal(mempool.stats().transactions, 0);
  const refused = mempool.submit(bad, 'a', undefined, witnessTransactionId(bad));
  checks[1]!.fail(proofInvalid());
  await assert.rejects(refused, code('proof-invalid'));
  await assert.rejects(mempool.submit(bad, 'b'), code('proof-invalid'));
  assert.equal(checks.length, 2);
  const given = new Uint8Array(32).fill(7);
  const named = mempool.submit(envelope({ nullifiers: [3] }), 'a', undefined, given);
  await pass();
  assert.deepEqual((await named).wtxid, given, 'it is not worked out again');
});

test('a closed mempool ends what is being checked and takes nothing more', async () => {
  const { mempool, checks, pass } = scene();
  const running = assert.rejects(mempool.submit(envelope({ nullifiers: [1] }), 'a'), code('closed'));
  mempool.close();
  assert.equal(checks[0]!.signal!.aborted, true);
  await running;
  await pass();
  assert.equal(mempool.stats().transactions, 0);
  await assert.rejects(mempool.submit(envelope({ nullifiers: [2] }), 'a'), code('closed'));
});

test('the caller may use its buffer again at once', async () => {
  const { mempool, pass } = scene();
  const bytes = envelope({ nullifiers: [1] });
  const copy = bytes.slice();
  const done = mempool.submit(bytes, 'a');
  bytes.fill(0);
  await pass();
  await done;
  assert.deepEqual(mempool.select(), [copy]);
});

test('every refusal is counted under its code', async () => {
  const { mempool, checks, refused } = scene();
  const failed = mempool.submit(envelope({ nullifiers: [1] }), 'a');
  checks[0]!.fail(proofInvalid());
  await assert.rejects(failed);
  await assert.rejects(mempool.submit(envelope({ nullifiers: [1] }), 'a'));
  assert.deepEqual(refused, ['proof-invalid', 'proof-invalid']);
});

test('the names of notes are their nullifiers in hex', () => {
  const { nullifiers, wtxid } = readEntry(envelope({ nullifiers: [5] }), hash)!;
  assert.deepEqual(nullifiers, [toHex(nullifier(5))]);
  assert.deepEqual(wtxid, blake2b256('SERO_WTX_v1', envelope({ nullifiers: [5] })));
});

test('of registrations a block is offered eight, whatever they pay, and one that cannot wait costs no check', async () => {
  const { mempool, checks, refused, add } = scene({ maxRegistrations: 9 });
  const registration = (n: number): Uint8Array =>
    envelope({ nullifiers: [n], kind: KIND.register, gasPrice: 2n * 10n ** 9n });
  const registrations = Array.from({ length: 9 }, (_, n) => registration(n));
  for (const bytes of registrations) await add(bytes);
  const payment = envelope({ nullifiers: [100] });
  await add(payment);
  assert.deepEqual(mempool.select(), [...registrations.slice(0, 8), payment]);
  const before = checks.length;
  await assert.rejects(mempool.submit(registration(9), 'a'), code('registrations-full'));
  assert.equal(checks.length, before);
  assert.deepEqual(refused, ['registrations-full']);
});

test('a transaction waits for its turn once, and blocks that come meanwhile do not send it back', async () => {
  const turns: ((value?: undefined) => void)[] = [];
  const { mempool, checks, pass } = scene({}, () => new Promise((resolve) => turns.push(resolve)));
  const submitted = mempool.submit(envelope({ nullifiers: [1] }), 'a');
  await settle();
  assert.deepEqual([turns.length, checks.length], [1, 0]);
  mempool.onBlock(blockOf(1n, envelope({ nullifiers: [9] })));
  turns[0]!();
  await settle();
  assert.equal(checks.length, 1);
  mempool.onBlock(blockOf(2n, envelope({ nullifiers: [8] })));
  await pass();
  await settle();
  assert.equal(checks.length, 2, 'checked again, since a block came');
  await pass();
  await submitted;
  assert.equal(turns.length, 1);
});

test('what is given up while it waits for its turn is not checked', async () => {
  const turns: ((value?: undefined) => void)[] = [];
  const { mempool, checks } = scene({}, () => new Promise((resolve) => turns.push(resolve)));
  const refused = assert.rejects(mempool.submit(envelope({ nullifiers: [1] }), 'a'), code('closed'));
  await settle();
  mempool.close();
  turns[0]!();
  await refused;
  await settle();
  assert.equal(checks.length, 0);
});
