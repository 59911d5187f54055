import assert from 'node:assert/strict';
import { join } from 'node:path';
import { toHex } from '@sero/crypto';
import { type LedgerOptions, openLedger } from '@sero/ledger';
import { HeaderType } from '@sero/protocol';
import { type AppendLog, type KeyValueStore, storedStateRoot } from '@sero/store';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import type { Marker } from './markers.ts';

/** Where a state keeps the header of its last block: the one name of the ledger's that is used here. */
const HEAD_KEY = Uint8Array.of(0x68);

/** What lay on the disk after a death. */
export interface Found {
  /** Blocks of the log. */
  readonly logged: number;
  /** Blocks that the state had. */
  readonly applied: number;
}

/**
 * Everything that must hold of what lies on the disk after a death, before anything mends it: nothing that was final is lost, the
 * state is that of a block as a whole, and it is, entry by entry, what an independent replay of the log comes to.
 *
 * @param replay how chains of this genesis are opened, and a store of its own that keeps the replay from death to death
 */
export function examine(
  directory: string,
  replay: Omit<LedgerOptions, 'blocks'>,
  markers: readonly Marker[],
): Found {
  const blocks = openFileLog(join(directory, 'blocks'));
  const store = openLmdbStore(join(directory, 'state'));
  try {
    const found = { logged: blocks.length, applied: appliedBlocks(store) };
    const apart = found.logged - found.applied;
    assert.ok(apart === 0 || apart === 1, `${found.logged} blocks in the log, ${found.applied} in the state`);
    // An append that returned is on the disk.
    for (const marker of markers) {
      if (marker.at === 'logged')
        assert.ok(found.logged > marker.height, `block ${marker.height} was in the log`);
    }
    const final = markers.filter((marker) => marker.at === 'final');
    if (found.applied === 0) {
      assert.deepEqual(final, []);
      return found;
    }
    const ledger = openLedger({ ...replay, blocks: firstOf(blocks, found.applied) });
    for (const marker of final) {
      const hash = ledger.blockHash(BigInt(marker.height));
      assert.equal(hash && toHex(hash), marker.hash, `block ${marker.height} was final`);
    }
    assert.deepEqual(storedStateRoot(store), ledger.stateRoot());
    assertSameEntries(store, replay.store);
    return found;
  } finally {
    store.close();
    blocks.close();
  }
}

/** Blocks that a state has, by the head that it names. */
function appliedBlocks(store: KeyValueStore): number {
  const head = store.get(HEAD_KEY);
  return head === undefined ? 0 : Number(HeaderType.deserialize(head.slice()).height) + 1;
}

/** A log that ends early, and is not written to. */
function firstOf(log: AppendLog, length: number): AppendLog {
  const refuse = (): never => assert.fail('nothing is mended here');
  return {
    first: log.first,
    length,
    begin: refuse,
    append: refuse,
    get: (index) => log.get(index),
    truncate: refuse,
    close: refuse,
  };
}

function assertSameEntries(one: KeyValueStore, other: KeyValueStore): void {
  const everything = new Uint8Array(0);
  const others = other.entries(everything)[Symbol.iterator]();
  for (const [key, value] of one.entries(everything)) {
    const next = others.next();
    assert.ok(
      next.done !== true && Buffer.compare(key, next.value[0]) === 0,
      `key ${toHex(key)} is no replay’s`,
    );
    assert.ok(Buffer.compare(value, next.value[1]) === 0, `the value of ${toHex(key)} is no replay’s`);
  }
  assert.ok(others.next().done, 'keys are missing');
}
