import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import {
  DEVELOPMENT,
  encodeGenesis,
  type Genesis,
  type Header,
  headerHash,
  SERO_ASSET,
  STEP,
  valueOfHeader,
} from '@sero/protocol';
import { faultOf, readCertificate, readGenesis, readHeader } from './outside-objects.ts';
import { certificateOf, type Forgery, headerBytes, madeHeader, newVoters } from './outside-test-support.ts';

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

describe('the checker’s own reading of headers', () => {
  const headers: Header[] = [
    madeHeader(0),
    madeHeader(5, madeHeader(4), { period: 3, gasUsed: 45_000n }),
    madeHeader(6, undefined, {
      proposer: [],
      vrfProof: [],
      versionVote: [{ hash: bytes(32, 3), delay: 9n }],
      disableVote: [2],
      absent: [bytes(32, 1), bytes(32, 2), bytes(32, 9)],
      baseFee: (1n << 128n) - 1n,
    }),
  ];

  it('agrees with the protocol on hashes and fields', () => {
    for (const header of headers) {
      const seen = readHeader(headerBytes(header));
      assert.equal(seen.hash, Buffer.from(headerHash(header)).toString('hex'));
      assert.equal(seen.height, Number(header.height));
      assert.equal(seen.period, header.period);
      assert.equal(seen.time, Number(header.time));
      assert.equal(seen.gasUsed, Number(header.gasUsed));
      assert.equal(seen.parent, Buffer.from(header.parent).toString('hex'));
      assert.equal(seen.stateRoot, Buffer.from(header.stateRoot).toString('hex'));
      assert.equal(seen.proposer === undefined, header.proposer.length === 0);
    }
  });

  it('refuses what is cut off, too long, or has offsets that lead elsewhere', () => {
    const good = headerBytes(headers[2]!);
    assert.throws(() => readHeader(good.subarray(0, -1)));
    assert.throws(() => readHeader(Buffer.concat([good, Buffer.alloc(1)])));
    assert.throws(() => readHeader(Buffer.alloc(0)));
    // The offset of the proposer, behind version, genesis hash, height, period, parent and time.
    const moved = Buffer.from(good);
    moved.writeUInt32LE(moved.readUInt32LE(85) + 1, 85);
    assert.throws(() => readHeader(moved));
  });
});

describe('the checker’s own reading of certificates', () => {
  const voters = newVoters(4);
  const three = voters.slice(0, 3);
  const header = madeHeader(300, madeHeader(299));
  const fault = (certificate: Buffer, of = header): string | undefined =>
    faultOf(readCertificate(certificate), readHeader(headerBytes(of)), voters);
  const forged = (forgery: Forgery): string | undefined => fault(certificateOf(header, three, forgery));

  it('takes one that more than two thirds signed, in any period', () => {
    assert.equal(fault(certificateOf(header, three)), undefined);
    assert.equal(fault(certificateOf(header, voters, { period: 1 })), undefined);
    assert.equal(fault(certificateOf(header, voters, { period: 7 })), undefined);
    const empty = madeHeader(300, undefined, { proposer: [], vrfProof: [] });
    assert.equal(fault(certificateOf(empty, three), empty), undefined);
  });

  it('refuses one that too few signed, or one signed twice by somebody under two names', () => {
    assert.match(fault(certificateOf(header, voters.slice(0, 2)))!, /2 of 4 units/);
    const twice = certificateOf(header, [voters[0]!, voters[1]!, voters[1]!], {
      sender: (id, place) => (place === 2 ? bytes(32, 99) : id),
    });
    assert.match(fault(twice)!, /votes twice/);
  });

  it('counts who signed two values for each of them, and only if he did', () => {
    const other = { ...valueOfHeader(header), period: 1 };
    assert.equal(fault(certificateOf(header, three, { liars: [1], other })), undefined);
    assert.match(fault(certificateOf(header, three, { liars: [1] }))!, /a lie that is none/);
    const changed = certificateOf(header, three, { liars: [1], other });
    changed[changed.length - 1]! ^= 1;
    assert.match(fault(changed)!, /not signed/);
  });

  it('refuses strangers', () => {
    assert.match(fault(certificateOf(header, [...newVoters(1), ...voters.slice(0, 2)]))!, /no root/);
  });

  it('refuses one of another block, round, step or period of proposal', () => {
    assert.match(fault(certificateOf(madeHeader(300), three))!, /another block/);
    assert.match(forged({ round: 301n })!, /of round 301/);
    assert.match(forged({ step: STEP.soft })!, /of step 1/);
    assert.match(forged({ value: { ...valueOfHeader(header), period: 1 } })!, /another period/);
    assert.match(
      forged({ value: { ...valueOfHeader(header), proposer: bytes(32, 5) } })!,
      /another proposer/,
    );
  });

  it('refuses keys of another step, and a signature that was changed', () => {
    assert.match(forged({ leafStep: STEP.soft })!, /not of its round/);
    const changed = certificateOf(header, three);
    changed[changed.length - 1]! ^= 1;
    assert.match(fault(changed)!, /not signed/);
  });
});

it('the checker reads what it needs of a genesis file as the protocol writes it', () => {
  const genesis: Genesis = {
    ...DEVELOPMENT,
    name: bytes(4, 97),
    time: 1_767_225_600_000n,
    verifyingKeys: [{ circuit: 1, proofSystem: 1, hash: bytes(32, 1) }],
    allocations: [3n, 4n].map((value) => ({ pkr: bytes(64, 2), asset: fieldToBytes(SERO_ASSET), value })),
    derivation: bytes(9, 98),
    seed: bytes(32, 8),
    validators: [5n, 6n].map((units, i) => ({
      owner: bytes(64, 1),
      vrfKey: bytes(32, 2),
      voteRoot: bytes(32, 10 + i),
      blsKey: bytes(48, 4),
      blsProof: bytes(96, 5),
      firstRound: 1n,
      lastRound: 99n,
      commission: 100,
      units,
    })),
  };
  const seen = readGenesis(Buffer.from(encodeGenesis(genesis)));
  assert.equal(seen.allocated, 7n);
  assert.equal(seen.staked, 11n * DEVELOPMENT.stake.unit);
  assert.deepEqual(seen.participants, [
    { voteRoot: Buffer.alloc(32, 10), units: 5 },
    { voteRoot: Buffer.alloc(32, 11), units: 6 },
  ]);
});
