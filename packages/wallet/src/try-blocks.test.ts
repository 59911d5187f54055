import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fieldToBytes, multiply, pointToBytes, toHex, VIEW_BASE } from '@sero/crypto';
import { type Note, scalarToBytes, type Transaction } from '@sero/protocol';
import { SCAN_OUTPUT_BYTES, type ScanRequest, type TraceRequest } from '@sero/prover';
import fc from 'fast-check';
import { ALICE } from './test-support.ts';
import { type TriedBlock, tryBlocks } from './try-blocks.ts';

const KEY = ALICE.proof.viewing;
const POINTS = [1n, 2n, 3n, 4n].map((n) => multiply(VIEW_BASE, n));
const ENCODED = POINTS.map(pointToBytes);

/** The secret that the double finds for an output: what it was given. */
const secretOf = (vpkr: Uint8Array, tag: readonly number[]): string =>
  toHex(Uint8Array.from([...vpkr, ...tag]));

/** Says that every other of the points is the account's, the last ones first, and that traces are numbers below 100. */
function doubles(calledOff?: AbortController) {
  const scans: ScanRequest[] = [];
  const opens: TraceRequest[] = [];
  const asked: Uint8Array[] = [];
  return {
    scans,
    opens,
    asked,
    scanner: {
      async scan(request: ScanRequest) {
        scans.push(request);
        asked.push(request.viewKey.slice());
        calledOff?.abort(new Error('enough'));
        request.signal?.throwIfAborted();
        const found = [];
        for (let index = 0; index * SCAN_OUTPUT_BYTES < request.outputs.length; index++) {
          const output = request.outputs.slice(index * SCAN_OUTPUT_BYTES, (index + 1) * SCAN_OUTPUT_BYTES);
          if (isOwn(output.subarray(0, 32))) found.push({ index, sharedSecret: output });
        }
        return found.reverse();
      },
    },
    traces: {
      async open(request: TraceRequest) {
        opens.push(request);
        return Array.from({ length: request.entries.length / 64 }, (_, i) => {
          const plain = request.entries[64 * i + 32]!;
          return plain < 100 ? plain : undefined;
        });
      },
    },
  };
}

function isOwn(vpkr: Uint8Array): boolean {
  return [ENCODED[1]!, ENCODED[3]!].some((own) => toHex(own) === toHex(vpkr));
}

/** A block by what stands in it: which point and tag each shielded output has, which point a public note, what each trace opens to. */
interface Content {
  readonly transactions: readonly {
    readonly outputs: readonly (readonly [number, number])[];
    readonly traces: readonly number[];
  }[];
  readonly open: readonly number[];
}

function blockOf({ transactions, open }: Content): TriedBlock {
  return {
    transactions: transactions.map(({ outputs, traces }) => ({
      shielded: {
        outputs: outputs.map(([n, tag]) => ({ vpkr: ENCODED[n]!, tag: Uint8Array.of(tag, 9) })),
        nullifiers: traces.map(() => new Uint8Array(32)),
      },
    })) as unknown as Transaction[],
    publicNotes: open.map((n) => ({ owner: { vpkr: POINTS[n]! } })) as unknown as Note[],
    traces: Uint8Array.from(
      transactions.flatMap(({ traces }) =>
        traces.flatMap((plain) => [...new Uint8Array(32), plain, ...new Uint8Array(31)]),
      ),
    ),
  };
}

/** What has to be found in it, put down without packing anything. */
function expected({ transactions, open }: Content) {
  const own = (n: number): boolean => n % 2 === 1;
  const outputs = transactions.flatMap((tx) => tx.outputs);
  return {
    shielded: outputs.flatMap(([n, tag], i) => (own(n) ? [[i, secretOf(ENCODED[n]!, [tag, 9])]] : [])),
    open: open.flatMap((n, i) => (own(n) ? [[i, secretOf(ENCODED[n]!, [0, 0])]] : [])),
    traced: transactions.flatMap(({ traces }) => traces.map((plain) => (plain < 100 ? plain : undefined))),
  };
}

const sorted = (found: ReadonlyMap<number, Uint8Array>) =>
  [...found].toSorted(([a], [b]) => a - b).map(([i, secret]) => [i, toHex(secret)]);

const point = fc.nat(3);
const contents = fc.array(
  fc.record({
    transactions: fc.array(
      fc.record({
        outputs: fc.array(fc.tuple(point, fc.nat(255)), { maxLength: 4 }),
        traces: fc.array(fc.nat(255), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    open: fc.array(point, { maxLength: 3 }),
  }),
  { maxLength: 6 },
);

describe('blocks that are tried together', () => {
  it('each get what was found in them, at its place, from one call of a kind at most', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.boolean(), async (blocks, audit) => {
        const { scanner, traces, scans, opens, asked } = doubles();
        const found = await tryBlocks({ key: KEY, scanner, traces, audit }, blocks.map(blockOf));
        const plain = found.map(({ shielded, open, traced }) => ({
          shielded: sorted(shielded),
          open: sorted(open),
          traced: [...traced],
        }));
        assert.deepEqual(plain, blocks.map(expected));
        const has = (some: (block: Content) => boolean): boolean => blocks.some(some);
        const modes = [
          ...(has(({ transactions }) => transactions.some(({ outputs }) => outputs.length > 0))
            ? [audit]
            : []),
          // Public notes carry no tag that could be looked at.
          ...(has(({ open }) => open.length > 0) ? [true] : []),
        ];
        assert.deepEqual(
          scans.map((request) => request.audit),
          modes,
        );
        const inputs = has(({ transactions }) => transactions.some((tx) => tx.traces.length > 0));
        assert.equal(opens.length, inputs ? 1 : 0);
        for (const [i, { viewKey }] of scans.entries()) {
          assert.deepEqual(asked[i], scalarToBytes(KEY.vsk));
          assert.deepEqual(viewKey, new Uint8Array(32), 'the copy of vsk is wiped');
        }
        if (inputs) assert.deepEqual(opens[0]!.zpk, fieldToBytes(KEY.address.zpk));
      }),
    );
  });

  it('are given up in the middle when the signal comes', async () => {
    const stop = new AbortController();
    const { scanner, traces, scans, opens } = doubles(stop);
    const block = blockOf({ transactions: [{ outputs: [[0, 1]], traces: [1] }], open: [1] });
    const trying = tryBlocks({ key: KEY, scanner, traces, audit: false }, [block], stop.signal);
    await assert.rejects(trying, /enough/);
    assert.deepEqual([scans.length, opens.length], [1, 0]);
  });
});
