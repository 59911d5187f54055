import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { utf8 } from '@sero/crypto';
import { fastVrf } from '../fast-signatures.ts';
import { createSeedProofs, type SeedProof, type SeedProofsOptions } from './seeds.ts';

const SECRET = new Uint8Array(32).fill(7);
const KEY = fastVrf.publicKey(SECRET);

const proofOf = (text: string): SeedProof => {
  const alpha = utf8(text);
  return { key: KEY, alpha, proof: fastVrf.prove(SECRET, alpha) };
};

const outputOf = ({ proof }: SeedProof): Uint8Array => fastVrf.outputOf(proof);

/** Seed proofs whose own thread is watched: what it did not verify ahead is counted. */
function scene(t: TestContext, change: Partial<SeedProofsOptions> = {}) {
  const failures: string[] = [];
  let here = 0;
  const seeds = createSeedProofs({
    vrf: {
      ...fastVrf,
      verify(key, alpha, proof) {
        here++;
        return fastVrf.verify(key, alpha, proof);
      },
    },
    onFailure: (what) => failures.push(what),
    ...change,
  });
  t.after(seeds.rest);
  const verify = ({ key, alpha, proof }: SeedProof) => seeds.vrf.verify(key, alpha, proof);

  /** Asks for a proof again and again until the thread has it. */
  async function verifiedAhead(proof: SeedProof): Promise<Uint8Array | undefined> {
    for (;;) {
      const before = here;
      const output = verify(proof);
      if (here === before) return output;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  return { seeds, verify, verifiedAhead, failures, here: () => here };
}

describe('proofs of seeds', () => {
  it('are verified by a thread ahead, with the answers of the VRF, each once', async (t) => {
    const { seeds, verify, verifiedAhead, here, failures } = scene(t);
    const proofs = Array.from({ length: 40 }, (_, i) => proofOf(`seed ${i}`));
    seeds.ahead(proofs);
    // The thread answers in order: when it has the last one it has them all.
    assert.deepEqual(await verifiedAhead(proofs.at(-1)!), outputOf(proofs.at(-1)!));
    const before = here();
    for (const proof of proofs.slice(0, -1)) assert.deepEqual(verify(proof), outputOf(proof));
    assert.equal(here(), before, 'all of them came from the thread');
    assert.deepEqual(verify(proofs[0]!), outputOf(proofs[0]!));
    assert.equal(here(), before + 1, 'what was asked for is forgotten');
    assert.deepEqual(failures, []);
  });

  it('are no proofs of anything but what was verified: another key, input or proof is verified here', async (t) => {
    const { seeds, verify, verifiedAhead } = scene(t);
    const [first, last] = [proofOf('one'), proofOf('two')];
    seeds.ahead([first, last]);
    await verifiedAhead(last);
    assert.equal(verify({ ...first, alpha: last.alpha }), undefined);
    assert.equal(verify({ ...first, key: fastVrf.publicKey(new Uint8Array(32).fill(8)) }), undefined);
    assert.equal(verify({ ...first, proof: last.proof }), undefined);
    // The same bytes, cut elsewhere.
    const [key, alpha] = [first.key.slice(0, 31), Uint8Array.of(first.key[31]!, ...first.alpha)];
    assert.equal(verify({ ...first, key, alpha }), undefined);
    assert.deepEqual(verify(first), outputOf(first));
  });

  it('that do not hold are refused, though the thread saw them', async (t) => {
    const { seeds, verify, verifiedAhead } = scene(t);
    const [good, other] = [proofOf('one'), proofOf('two')];
    const bad = { ...good, alpha: utf8('another') };
    seeds.ahead([bad, other]);
    await verifiedAhead(other);
    assert.equal(verify(bad), undefined);
  });

  it('change nothing where the bytes change after they were given', async (t) => {
    const { seeds, verify, verifiedAhead } = scene(t);
    const [good, other] = [proofOf('one'), proofOf('two')];
    const given = { ...good, proof: good.proof.slice() };
    seeds.ahead([given, other]);
    given.proof[0]! ^= 1;
    await verifiedAhead(other);
    assert.equal(verify(given), undefined);
    assert.deepEqual(verify(good), outputOf(good));
  });

  it('are forgotten at rest, and verified ahead again after it', async (t) => {
    const { seeds, verify, verifiedAhead, here } = scene(t);
    const [first, last] = [proofOf('one'), proofOf('two')];
    seeds.ahead([first, last]);
    await verifiedAhead(last);
    seeds.rest();
    const before = here();
    assert.deepEqual(verify(first), outputOf(first));
    assert.equal(here(), before + 1);
    seeds.ahead([first]);
    assert.deepEqual(await verifiedAhead(first), outputOf(first));
  });

  it('are verified here where the thread cannot be had, and the log says so once', async (t) => {
    const { seeds, verify, failures } = scene(t, {
      program: new URL('./no-such-program.ts', import.meta.url),
    });
    const proof = proofOf('one');
    seeds.ahead([proof]);
    while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    seeds.ahead([proof]);
    assert.deepEqual(verify(proof), outputOf(proof));
    assert.equal(failures.length, 1);
    assert.match(failures[0]!, /seeds ahead died/);
  });
});
