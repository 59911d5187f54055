import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { blake2b256 } from '@sero/crypto';
import type { LedgerOptions } from '@sero/ledger';
import {
  hashEd25519,
  hashVrf,
  startNetwork,
  type TestNetwork,
  trustingBls,
} from '@sero/ledger/test/participants';
import { encodeBlock, encodeGenesis, headerHash } from '@sero/protocol';
import type { NoteHasher } from '@sero/prover';
import { writeSnapshot } from '@sero/store/node';
import { type NodeDirectory, takeDirectory } from '../directory.ts';
import type { TrustedBlock } from './snapshot-receiver.ts';

/** A chain of 300 blocks without transactions on which nodes begin at block 256. */

/** Stands for Poseidon where nothing is proved. */
const hasher: NoteHasher = {
  hash4(tuples) {
    const out = new Uint8Array(tuples.length >> 2);
    for (let at = 0; at < tuples.length; at += 128) {
      // Two bytes less than a field element has.
      out.set(blake2b256('TEST_NODE', tuples.subarray(at, at + 128)).subarray(0, 30), at >> 2);
    }
    return out;
  },
};

const folder = mkdtempSync(join(tmpdir(), 'sero-begin-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let made = 0;

/** A folder of its own, gone after the tests. */
export function newFolder(): string {
  return join(folder, String(made++));
}

export interface Home {
  readonly chain: TestNetwork;
  /** Where its snapshots stand: of heights 100, 256 and 300. */
  readonly snapshots: string;
  readonly trusted: TrustedBlock;
  readonly options: Omit<LedgerOptions, 'store' | 'blocks' | 'events' | 'snapshots'>;
  /** A data directory of somebody who begins. */
  directory(path?: string): NodeDirectory;
}

export async function home(time = 1_700_000_000_000n): Promise<Home> {
  const chain = startNetwork({ hasher, genesis: { verifyingKeys: [], time } });
  const { ledger, genesis, verifier } = chain;
  const snapshots = newFolder();
  while (ledger.head().height < 300n) {
    await ledger.apply(encodeBlock(ledger.emptyBlock()));
    const { height } = ledger.head();
    if (![100n, 256n, 300n].includes(height)) continue;
    const { header, entries } = ledger.snapshot();
    const head = { height, headerHash: headerHash(header) };
    writeSnapshot(join(snapshots, String(height)), head, entries);
  }
  return {
    chain,
    snapshots,
    trusted: { height: 256n, blockHash: ledger.blockHash(256n)! },
    options: {
      genesis,
      verifyingKeys: [],
      verifier,
      hasher,
      vrf: hashVrf,
      ed25519: hashEd25519,
      bls: trustingBls,
    },
    directory: (path = newFolder()) => takeDirectory(path, encodeGenesis(genesis)),
  };
}
