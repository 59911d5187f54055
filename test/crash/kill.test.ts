import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { memoryStore } from '@sero/store';
import { genesisDouble, hasherDouble, keyDouble } from '../node/doubles.ts';
import { verifierDouble } from '../wallet/doubles.ts';
import { examine } from './chain-on-disk.ts';
import { live, type Plan } from './life.ts';
import { PAYMENTS } from './markers.ts';
import { type ChildProgram, makeChildProgram } from './program.ts';

/** Kills that are wanted at least, and how many of them inside a commit. */
const KILLS = 200;
const INSIDE = 100;
/** Lives after which it is plain that the wanted kills cannot be had on this machine. */
const MOST_LIVES = 800;
/** Chains that are killed side by side. */
const LANES = 2;

const folder = mkdtempSync(join(tmpdir(), 'sero-crash-'));
const key = keyDouble();
const genesis = genesisDouble(key);
let program: ChildProgram;

before(async () => {
  program = await makeChildProgram(folder, genesis, key);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('killed at any instant, 200 times, half of them inside a commit: nothing final is lost, nothing is half applied', async (context) => {
  const counts = { kills: 0, inside: 0, logged: 0, mended: 0, blocks: 0 };
  /** ms that commits took, so that a kill falls inside the next one. */
  const commits: number[] = [2];

  /** A life ends somewhere in a commit; while half of them did, every other one at any time. */
  function nextPlan(): Plan {
    if (2 * counts.inside > counts.kills && Math.random() < 0.5) return { afterMs: 300 * Math.random() };
    const usual = commits.toSorted((a, b) => a - b)[commits.length >> 1]!;
    return { commit: 1 + Math.floor(2 * Math.random()), afterMs: usual * Math.random() };
  }

  async function lane(number: number): Promise<void> {
    const directory = join(folder, `chain-${number}`);
    const replay = {
      genesis,
      store: memoryStore(),
      verifyingKeys: [key],
      verifier: verifierDouble,
      hasher: hasherDouble,
    };
    let before = 0;
    while (counts.kills < KILLS || counts.inside < INSIDE) {
      assert.ok(counts.kills < MOST_LIVES, 'commits are too short here to be hit');
      const markers = await live(program, directory, nextPlan());
      for (const marker of markers) if (marker.at === 'written' && marker.ms > 0) commits.push(marker.ms);
      const found = examine(directory, replay, markers);
      // It began where the last one ended, with the block that only the log had.
      const began = markers.find((marker) => marker.at === 'final');
      if (began !== undefined && before > 0) assert.equal(began.height, before - 1);
      const last = markers.at(-1)?.at;
      counts.kills++;
      if (last === 'commit' || last === 'logged') counts.inside++;
      if (last === 'logged') counts.logged++;
      if (found.logged > found.applied) counts.mended++;
      counts.blocks += found.logged - before;
      before = found.logged;
    }
  }

  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)));
  const { kills, inside, logged, mended, blocks } = counts;
  context.diagnostic(
    `${kills} kills, ${inside} inside a commit (${logged} of them between log and state; ${mended} left a block to finish); ${blocks} blocks of ${PAYMENTS} payments`,
  );
  assert.ok(kills >= KILLS && inside >= INSIDE && blocks > 0);
  assert.ok(logged > 0 && mended > 0, 'some died between log and state, and left a block to finish');
});
