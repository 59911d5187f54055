import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, le32, le64, toHex, utf8 } from '@sero/crypto';
import { leafInRound, leafOf, STEP } from '@sero/protocol';
import { type EphemeralKeys, openEphemeralKeys } from './ephemeral-keys.ts';
import { cheapEd25519, run, syncNow } from './key-test-support.ts';
import { loot, type Machine, newMachine, RANGE, ROUNDS, secretsOf, start } from './key-theft-test-support.ts';
import { dueErasures, type LeafName } from './leaf-slots.ts';
import { encodeLogRecord } from './log-record.ts';
import { memorySlotFile } from './memory-disk.ts';

// Attacks: whoever takes everything that a participant stores, the moment after a message left.

/**
 * Names of the secrets that a thief has: those among the bytes, and those that follow from any slot's worth of them by any hash that makes
 * keys, used as it is or as if keys were links of a chain.
 */
function stolen(bytes: Buffer, secrets: ReadonlyMap<string, Buffer>): string[] {
  const found = new Set<string>();
  for (const [name, secret] of secrets) if (bytes.includes(secret)) found.add(name);
  const names = new Map([...secrets].map(([name, secret]) => [toHex(secret), name]));
  for (let at = 0; at + 32 <= bytes.length; at += 32) {
    const window = bytes.subarray(at, at + 32);
    const made = [
      ...['ROOT', 'SIGN', 'LEAF', 'BATCH'].map((kind) => blake2b256(`SERO_EPH_${kind}`, window)),
      ...[0n, 1n].map((batch) => blake2b256('SERO_EPH_BATCH', window, le64(batch))),
      ...ROUNDS.map((round) => blake2b256('SERO_EPH_LEAF', window, le32(leafOf(round, 0, 0)))),
    ];
    for (const one of made) {
      const name = names.get(toHex(one));
      if (name !== undefined) found.add(name);
    }
  }
  return [...found].sort(byName);
}

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** Writes and syncs as a participant does before it sends. */
function record(
  { log }: Machine,
  keys: EphemeralKeys,
  round: bigint,
  votes: Uint8Array[],
  erased: LeafName[],
): void {
  log.append(round, encodeLogRecord({ events: [], votes, erased }));
  keys.erase(erased);
  log.sync(() => undefined);
  syncNow(keys);
}

/** A participant that is ready in the first round. */
function started(seed: string): { machine: Machine; keys: EphemeralKeys } {
  const machine = newMachine(seed);
  const keys = start(machine, RANGE.first);
  run(keys.prepare(RANGE.first), machine.file);
  return { machine, keys };
}

const SECRETS = secretsOf('a');

/** What follows from a batch's secret while it has no leaves: in this search one leaf of each round. */
const BATCH_1 = ['batch 1', 'leaf 256 0', 'leaf 257 0', 'leaf 258 0', 'signer 1'];

const PLACES = [0, 1, 2].flatMap((period) =>
  [STEP.propose, STEP.soft, STEP.cert].map((step) => ({ round: 255n, period, step })),
);

test('who takes a machine the moment after a vote was sent cannot sign another one of that round, period and step', () => {
  for (const at of PLACES) {
    const { machine, keys } = started('a');
    const signed = keys.sign(at.round, at.period, at.step, utf8('the vote'))!;
    record(machine, keys, at.round, [signed.signature], dueErasures({ kind: 'voted', ...at }));
    assert.equal(start(machine, 254n).sign(at.round, at.period, at.step, utf8('another')), undefined);
    assert.ok(!loot(machine).includes(SECRETS.get(`leaf 255 ${leafInRound(at.period, at.step)}`)!));
  }
});

test('the attack is real: where the leaf is not erased the thief signs another vote with the same leaf', () => {
  for (const at of PLACES) {
    const { machine, keys } = started('a');
    const signed = keys.sign(at.round, at.period, at.step, utf8('the vote'))!;
    record(machine, keys, at.round, [signed.signature], []);
    const forged = start(machine, 254n).sign(at.round, at.period, at.step, utf8('another'));
    assert.deepEqual(forged?.leafKey, signed.leafKey);
    assert.ok(loot(machine).includes(SECRETS.get(`leaf 255 ${leafInRound(at.period, at.step)}`)!));
  }
});

test('steps that a player may vote in repeatedly stay open to a thief until their period is left', () => {
  const { machine, keys } = started('a');
  for (const step of [STEP.next, STEP.next + 1, STEP.late, STEP.redo, STEP.down]) {
    record(machine, keys, 254n, [], dueErasures({ kind: 'voted', round: 254n, period: 0, step }));
    assert.notEqual(start(machine, 254n).sign(254n, 0, step, utf8('another')), undefined);
  }
  record(machine, keys, 254n, [], dueErasures({ kind: 'left-period', round: 254n, period: 0 }));
  const thief = start(machine, 254n);
  for (let step = 0; step < 256; step++) assert.equal(thief.sign(254n, 0, step, utf8('another')), undefined);
  assert.notEqual(thief.sign(254n, 1, STEP.down, utf8('another')), undefined);
});

test('of a round that was left, of its batch and of the root a thief finds nothing, in any place and by any hash', () => {
  const leavesOf = (rounds: bigint[]): string[] =>
    rounds.flatMap((round) => Array.from({ length: 16 }, (_, leaf) => `leaf ${round} ${leaf}`));
  const { machine, keys } = started('a');
  const found = (): string[] => stolen(loot(machine), SECRETS);
  // What is there is what has to be: keys of this round, of later ones, and the secret of a batch that has no leaves yet.
  assert.deepEqual(found(), [...BATCH_1, ...leavesOf([254n, 255n])].sort(byName));
  keys.eraseBefore(255n);
  syncNow(keys);
  assert.deepEqual(found(), [...BATCH_1, ...leavesOf([255n])].sort(byName));
  run(keys.prepare(256n), machine.file);
  assert.deepEqual(found(), leavesOf([255n, 256n, 257n, 258n]).sort(byName));
  keys.eraseBefore(256n);
  syncNow(keys);
  assert.deepEqual(found(), leavesOf([256n, 257n, 258n]).sort(byName));
  keys.eraseBefore(258n);
  syncNow(keys);
  assert.deepEqual(found(), leavesOf([258n]).sort(byName));
  keys.eraseBefore(259n);
  syncNow(keys);
  assert.deepEqual(found(), []);
});

test('of rounds that were skipped while others went on a thief finds nothing, though their leaves were never made', () => {
  const { machine, keys } = started('a');
  keys.eraseBefore(300n);
  syncNow(keys);
  machine.file.crash(() => 0);
  assert.deepEqual(stolen(loot(machine), SECRETS), []);
  const other = started('a');
  const again = start(other.machine, 256n);
  syncNow(again);
  assert.deepEqual(stolen(loot(other.machine), SECRETS), BATCH_1);
});

test('a copy of the file from before signs what was erased since, and nothing tells it from the file', () => {
  const { machine, keys } = started('a');
  const copy = machine.file.read(0, machine.file.size);
  keys.eraseBefore(258n);
  syncNow(keys);
  assert.equal(start(machine, 254n).sign(255n, 0, STEP.cert, utf8('another')), undefined);
  const old = memorySlotFile(copy.length);
  old.write(0, copy);
  const thief = openEphemeralKeys(old, cheapEd25519);
  assert.notEqual(thief.sign(255n, 0, STEP.cert, utf8('another')), undefined);
});
