import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Header, HeaderType } from '@sero/protocol';
import { readSnapshot } from '@sero/store/node';
import { createSnapshots } from './snapshots.ts';
import { settle } from './test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-snapshots-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ENTRIES = Array.from(
  { length: 6 },
  (_, i) => [Uint8Array.of(i), new Uint8Array(600_000).fill(i)] as const,
);

/** Snapshots of a made-up state that takes three chunks. */
function scene(name: string, change: { keep?: number; entry?: (number: number) => void } = {}) {
  const directory = join(folder, name);
  const state = { height: 0n, open: 0, taken: 0 };
  const written: bigint[] = [];
  const failed: unknown[] = [];
  const header = (): Header => ({ ...HeaderType.defaultValue(), height: state.height });
  const snapshots = createSnapshots({
    ledger: {
      snapshot: () => {
        state.open++;
        state.taken++;
        return {
          header: header(),
          *entries() {
            for (const [i, entry] of ENTRIES.entries()) {
              change.entry?.(i);
              yield entry;
            }
          },
          close: () => void state.open--,
        } as never;
      },
    },
    directory,
    every: 10n,
    keep: change.keep ?? 2,
    now: () => 0,
    written: (height) => written.push(height),
    failed: (error) => failed.push(error),
  });
  const reach = (height: bigint): void => {
    state.height = height;
    snapshots.onHead(header());
  };
  return { directory, state, written, failed, snapshots, reach };
}
