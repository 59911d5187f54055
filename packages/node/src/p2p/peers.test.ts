import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeCertificateAt,
  encodeCertified,
  type PeerView,
  REQUESTS,
  RequestError,
  type RequestName,
} from '@sero/network';
import { encodeBundle, HeaderType, headerHash, ProtocolError, STEP } from '@sero/protocol';
import { foreignBody, shownChain } from '../consensus/sync-test-support.ts';
import { createPeers } from './peers.ts';

const CHAIN = shownChain(6);
const HASH = headerHash(CHAIN.headers[3]!);

type Answer = Uint8Array[] | Error;

interface Peer {
  readonly height?: bigint;
  readonly score?: number;
  readonly answer?: (name: RequestName, request: Record<string, unknown>) => Answer;
}

/** A network of peers that answer what a test says; who was asked, and what was reported. */
function scene(peers: Readonly<Record<string, Peer>>, random = () => 0) {
  const asked: string[] = [];
  const reported: string[] = [];
  const stopped = new AbortController();
  const created = createPeers(
    {
      peers: () =>
        Object.entries(peers).map(
          ([id, { height = 6n, score = 0 }]) => ({ id, score, status: { height, earliest: 2n } }) as PeerView,
        ),
      async *request(id, name, request) {
        asked.push(id);
        const decoded = REQUESTS[name].decode(request) as Record<string, unknown>;
        const answer = peers[id]!.answer?.(name, decoded) ?? [];
        if (answer instanceof Error) throw answer;
        yield* answer;
      },
      report: (id, offence) => void reported.push(`${id} ${offence}`),
    },
    random,
    stopped.signal,
    4n,
  );
  return { ...created, asked, reported, stopped };
}

const certified = (height: number, body = CHAIN.blocks[height]!, of = height): Uint8Array[] => [
  encodeCertified({ block: body, certificate: encodeBundle(CHAIN.certificate(BigInt(of))) }),
];

describe('asking peers', () => {
  it('prefers those who are not suspected; what one says of his height makes him no better', () => {
    let draw = 0;
    const peers = { liar: { height: 1n << 60n }, bad: { score: -3 }, worse: { score: -9 }, a: {}, b: {} };
    const order = [0.9, 0.1, 0.1, 0.2, 0.1];
    const { ranked } = scene(peers, () => order[draw++]!);
    assert.deepEqual(
      ranked().map(({ id }) => id),
      ['b', 'a', 'liar', 'bad', 'worse'],
    );
  });

  it('asks another one where an answer does not hold, and reports whose it was', async () => {
    const soft = { ...CHAIN.certificate(3n, false, STEP.soft), step: STEP.soft };
    const lies: Answer[] = [
      [Uint8Array.of(1)],
      certified(4),
      certified(3, foreignBody(CHAIN.headers[3]!)),
      certified(3, CHAIN.blocks[4]!),
      certified(3, CHAIN.blocks[3]!, 4),
      [encodeCertified({ block: CHAIN.blocks[3]!, certificate: encodeBundle(soft) })],
    ];
    for (const lie of lies) {
      const made = scene({ liar: { answer: () => lie }, honest: { score: -1, answer: () => certified(3) } });
      const found = await made.certified(3n);
      assert.deepEqual(found, { block: CHAIN.blocks[3], certificate: CHAIN.certificate(3n) });
      assert.deepEqual(made.asked, ['liar', 'honest']);
      assert.deepEqual(made.reported, ['liar invalid-answer']);
    }
  });

  it('takes for a block of the present round only the one of that hash, with its own transactions', async () => {
    for (const lie of [CHAIN.blocks[4]!, foreignBody(CHAIN.headers[3]!), new Uint8Array(3)]) {
      const made = scene({
        liar: { answer: () => [lie] },
        honest: { score: -1, answer: () => [CHAIN.blocks[3]!] },
      });
      assert.deepEqual(await made.block(HASH), CHAIN.blocks[3]);
      assert.deepEqual(made.reported, ['liar invalid-answer']);
    }
  });

  it('reports nobody who has nothing or is gone, asks three at most, and nobody when the node stops', async () => {
    const gone = { answer: () => new RequestError('closed') };
    const made = scene({ a: {}, b: gone, c: {}, d: { answer: () => [CHAIN.blocks[3]!] } });
    assert.equal(await made.block(HASH), undefined);
    assert.deepEqual(made.asked, ['a', 'b', 'c']);
    assert.deepEqual(made.reported, []);
    made.stopped.abort();
    assert.equal(await made.block(HASH), undefined);
    assert.equal(made.asked.length, 3);
  });

  it('asks who says that he has a round, and one at random where nobody does', async () => {
    const made = scene({ a: { height: 2n }, b: { height: 3n, score: -1 }, c: { height: 2n } });
    await made.certified(3n);
    assert.deepEqual(made.asked, ['b']);
    await made.certified(9n);
    assert.deepEqual(made.asked, ['b', 'a']);
  });

  it('asks for a long row of headers in parts, and ends where the peer does', async () => {
    const header = HeaderType.serialize(CHAIN.headers[1]!);
    const parts: string[] = [];
    const answer = (_: RequestName, { start, count }: Record<string, unknown>): Uint8Array[] => {
      parts.push(`${start}+${count}`);
      const left = 2_500 - Number(start);
      return Array<Uint8Array>(Math.min(Number(count), left)).fill(header);
    };
    const [peer] = scene({ a: { answer } }).ranked();
    assert.equal((await peer!.headers(1n, 1_500)).length, 1_500);
    assert.deepEqual(parts, ['1+1024', '1025+476']);
    assert.equal((await peer!.headers(1n, 4_000)).length, 2_499);
    assert.equal(parts.length, 5);
  });

  it('refuses headers, certificates and heights that are not what they should be', async () => {
    const refused = (error: unknown): boolean => error instanceof ProtocolError;
    const peerOf = (answer: Answer) => scene({ a: { answer: () => answer } }).ranked()[0]!;
    await assert.rejects(peerOf([new Uint8Array(600)]).headers(1n, 1), refused);
    await assert.rejects(peerOf([Uint8Array.of(7)]).certificate(4n), refused);
    const certificate = encodeBundle(CHAIN.certificate(4n));
    await assert.rejects(peerOf([encodeCertificateAt({ height: 5n, certificate })]).certificate(4n), refused);
    const right = peerOf([encodeCertificateAt({ height: 4n, certificate })]);
    assert.deepEqual(await right.certificate(4n), CHAIN.certificate(4n));
    assert.equal(await peerOf([]).certificate(4n), undefined);
    assert.equal(right.earliest, 2n);
  });
});
