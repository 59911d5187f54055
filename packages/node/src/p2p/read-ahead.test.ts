import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Bundle, Header } from '@sero/protocol';
import { readAhead } from './read-ahead.ts';

/** A peer that has a header for each height up to 1,000 and certificates of boundaries, and what it was asked. */
function scene() {
  const asked: string[] = [];
  const reader = readAhead(
    {
      async headers(from, count) {
        asked.push(`headers ${from} ${count}`);
        return Array.from({ length: count }, (_, i) => ({ height: from + BigInt(i) }) as Header);
      },
      async certificates(from, count, stride) {
        asked.push(`certificates ${from} ${count} ${stride}`);
        return new Map(
          Array.from({ length: count }, (_, i) => {
            const round = from + BigInt(i * stride);
            return [round, { round } as Bundle] as const;
          }),
        );
      },
    },
    8n,
  );
  return { reader, asked };
}

it('short stretches in a row cost one request of headers and one of certificates', async () => {
  const { reader, asked } = scene();
  for (let from = 1n; from < 250n; from += 8n) {
    const headers = await reader.headers(from, 8, 1_000n);
    assert.deepEqual(
      headers.map(({ height }) => height),
      Array.from({ length: 8 }, (_, i) => from + BigInt(i)),
    );
    assert.equal((await reader.certificate(from + 7n, 1_000n))?.round, from + 7n);
  }
  assert.deepEqual(asked, ['headers 1 256', 'certificates 8 32 8']);
});

it('nothing beyond the last block of the peer is asked for, and of a block between boundaries its own certificate alone', async () => {
  const { reader, asked } = scene();
  assert.equal((await reader.headers(995n, 6, 1_000n)).length, 6);
  assert.equal((await reader.certificate(992n, 1_000n))?.round, 992n);
  assert.equal((await reader.certificate(1_000n, 1_000n))?.round, 1_000n, 'it came with the one before');
  assert.equal((await reader.certificate(997n, 1_000n))?.round, 997n);
  assert.deepEqual(asked, ['headers 995 6', 'certificates 992 2 8', 'certificates 997 1 1']);
});

it('a stretch longer than what is read ahead is asked for as it is', async () => {
  const { reader, asked } = scene();
  assert.equal((await reader.headers(1n, 400, 1_000n)).length, 400);
  assert.deepEqual(asked, ['headers 1 400']);
});
