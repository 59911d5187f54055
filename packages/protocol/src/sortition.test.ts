import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { blake2b256, fromHex, le32, portableVrf, toHex, utf8 } from '@sero/crypto';
import type { Committee } from './committee.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sortition.json', import.meta.url), 'utf8'),
) as {
  draws: {
    genesisHash: string;
    seed: string;
    round: string;
    period: number;
    step: number;
    alpha: string;
    output: string;
    record: string;
    weight: string;
    total: string;
    size: string;
    digest: string;
    units: string;
    leaderOfUnits: { units: number; value: string }[];
  }[];
};

const bytes = (label: string): Uint8Array => blake2b256('SERO_TEST', utf8(label));
const drawing = (size: bigint): Committee => ({ size, threshold: 1n, everyUnit: false });

test('inputs, drawn units and leader values are those of the second implementation', () => {
  assert.equal(vectors.draws.length, 8);
  for (const vector of vectors.draws) {
    const [genesisHash, seed] = [fromHex(vector.genesisHash), fromHex(vector.seed)];
    const alpha = sortitionInput(genesisHash, seed, BigInt(vector.round), vector.period, vector.step);
    assert.equal(toHex(alpha), vector.alpha);
    const [output, record] = [fromHex(vector.output), fromHex(vector.record)];
    const [weight, total, size] = [BigInt(vector.weight), BigInt(vector.total), BigInt(vector.size)];
    assert.equal(selectedUnits(output, record, weight, total, drawing(size)), BigInt(vector.units));
    for (const { units, value } of vector.leaderOfUnits) {
      assert.equal(leaderValue(output, record, BigInt(units)), BigInt(value));
    }
  }
});

test('network, seed, round, period and step each give another draw', () => {
  const [network, seed] = [bytes('network'), bytes('seed')];
  const inputs = [
    sortitionInput(network, seed, 7n, 1, 2),
    sortitionInput(bytes('another network'), seed, 7n, 1, 2),
    sortitionInput(network, bytes('another seed'), 7n, 1, 2),
    sortitionInput(network, seed, 8n, 1, 2),
    sortitionInput(network, seed, 7n, 2, 2),
    sortitionInput(network, seed, 7n, 1, 3),
    // Fields have fixed widths: none runs into its neighbour.
    sortitionInput(network, seed, 7n + (1n << 32n), 0, 2),
    sortitionInput(network, seed, 7n, 513, 0),
  ];
  assert.equal(new Set(inputs.map(toHex)).size, inputs.length);
});

test('two records with one VRF key are drawn apart', () => {
  const output = fromHex(toHex(bytes('left')) + toHex(bytes('right')));
  const draws = Array.from({ length: 64 }, (_, i) =>
    selectedUnits(output, bytes(`record ${i}`), 500n, 1_000n, drawing(20n)),
  );
  assert.ok(new Set(draws).size > 5);
});

test('where every unit is drawn a record has its weight, whatever it drew', () => {
  for (const label of ['a', 'b', 'c']) {
    const everyUnit = { size: 9n, threshold: 7n, everyUnit: true };
    assert.equal(selectedUnits(bytes(label), bytes('record'), 5n, 9n, everyUnit), 5n);
  }
});

test('a leader value is the least over the units from 1 on: more units never make it larger', () => {
  const [output, record] = [bytes('output'), bytes('record')];
  const each = Array.from({ length: 40 }, (_, i) =>
    BigInt(`0x${toHex(blake2b256('SERO_LEADER', output, record, le32(i + 1)))}`),
  );
  for (let units = 1; units <= each.length; units++) {
    const least = each.slice(0, units).reduce((a, b) => (a < b ? a : b));
    assert.equal(leaderValue(output, record, BigInt(units)), least);
  }
});

test('with real VRF keys prover and verifier draw the same units, and a foreign proof draws nothing', () => {
  const [secret, other] = [bytes('secret'), bytes('other secret')];
  const [key, record] = [portableVrf.publicKey(secret), bytes('record')];
  for (let round = 1n; round <= 5n; round++) {
    const alpha = sortitionInput(bytes('network'), bytes('seed'), round, 0, 0);
    const proof = portableVrf.prove(secret, alpha);
    const shown = portableVrf.verify(key, alpha, proof);
    assert.ok(shown !== undefined);
    const own = selectedUnits(portableVrf.outputOf(proof), record, 300n, 1_000n, drawing(20n));
    assert.equal(selectedUnits(shown, record, 300n, 1_000n, drawing(20n)), own);
    assert.equal(portableVrf.verify(key, alpha, portableVrf.prove(other, alpha)), undefined);
    assert.equal(
      portableVrf.verify(key, sortitionInput(bytes('network'), bytes('seed'), round, 1, 0), proof),
      undefined,
    );
  }
});
