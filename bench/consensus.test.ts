import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blake2b256, equalBytes, le32, toHex } from '@sero/crypto';
import {
  decodeVote,
  makeLightCertificate,
  PRODUCTION,
  STEP,
  selectedUnits,
  verifyCertificate,
  verifyLightCertificate,
  verifyVote,
} from '@sero/protocol';
import { consensusGroups, consensusSuite } from './consensus.ts';
import { drawnInDoubles } from './consensus-draw.ts';
import { certificateOf, follow } from './consensus-play.ts';
import { makeRound } from './consensus-round.ts';
import { rowsOf, SCALES, UNITS, WHALE, weightsOf } from './consensus-users.ts';
import { batchLinks, cacheOf, FAST } from './consensus-vote.ts';
import { mayHave } from './selection.ts';

const { committees, stake } = PRODUCTION;
const round = makeRound('20');
const { context, bytes, weighed, value } = round;

describe('the tables', () => {
  for (const scale of SCALES) {
    it(`of ${scale} sum to a hundred million units, and nobody has more than his cap`, () => {
      const weights = weightsOf(scale);
      assert.equal(
        weights.reduce((sum, weight) => sum + weight, 0n),
        UNITS,
      );
      assert.ok(weights.every((weight) => weight > 0n && weight <= UNITS / BigInt(stake.maxShareDivisor)));
    });
  }

  it('of the skewed sort have one whale, and others who are far from equal', () => {
    const [first, ...others] = weightsOf('skewed');
    assert.equal(first, WHALE);
    assert.equal(others.length, 999);
    assert.ok(others[0]! > 80n * others.at(-1)!);
  });

  it('have rows of their own, ascending by id', () => {
    const ids = rowsOf('1000').map(({ id }) => toHex(id));
    assert.deepEqual(ids, [...new Set(ids)].sort());
  });
});

describe('a round that was made', () => {
  it('has votes that a node takes, each with the weight that it was drawn for', () => {
    for (const step of ['proposals', 'soft', 'cert'] as const) {
      assert.ok(bytes[step].length > 0);
      const votes = bytes[step].map((vote) => verifyVote(context, decodeVote(vote), FAST));
      assert.deepEqual(votes, weighed[step]);
    }
  });

  it('draws about as many units as the committee has', () => {
    for (const [votes, { size }] of [
      [weighed.soft, committees.soft],
      [weighed.cert, committees.cert],
    ] as const) {
      const units = Number(votes.reduce((sum, { weight }) => sum + weight, 0n));
      assert.ok(Math.abs(units - size) < 6 * Math.sqrt(size), `${units} of ${size}`);
    }
  });

  it("proposes the block that the smallest leader value's owner made", () => {
    const leader = weighed.proposals.reduce((a, b) => (a.leader! < b.leader! ? a : b));
    assert.deepEqual(leader.vote.value, value);
    assert.ok(equalBytes(value.proposer, leader.vote.sender));
  });

  it('is followed to a certificate that a node with the table and a client with three headers both take', () => {
    const weigh = (vote: Uint8Array) => verifyVote(context, decodeVote(vote), FAST);
    const certificate = certificateOf(round, follow(round, bytes, weigh, true));
    assert.deepEqual(certificate.value, value);
    verifyCertificate(context, certificate, FAST);
    const light = makeLightCertificate(round.headers, certificate, round.table);
    assert.deepEqual(verifyLightCertificate(round.trust, light, FAST), round.headers.at(-1));
  });

  it('is decided by the same quorum whether votes after it are counted or passed over', () => {
    const [short, whole] = [true, false].map((untilQuorum) =>
      follow(round, weighed, (vote) => vote, untilQuorum),
    ) as [ReturnType<typeof follow>, ReturnType<typeof follow>];
    assert.deepEqual(short.state.decision, whole.state.decision);
    assert.equal(whole.counted, [...weighed.proposals, ...weighed.soft, ...weighed.cert].length);
    const threshold = BigInt(committees.soft.threshold);
    const untilT = (votes: typeof weighed.soft): number => {
      let sum = 0n;
      const isEnough = votes.map(({ weight }) => {
        sum += weight;
        return sum >= threshold;
      });
      return isEnough.indexOf(true) + 1;
    };
    assert.equal(short.counted, weighed.proposals.length + untilT(weighed.soft) + untilT(weighed.cert));
  });

  it('leaves a node that knew the batch keys one link a vote to verify', () => {
    const votes = weighed.soft.map(({ vote }) => vote);
    const known = batchLinks(round, votes);
    assert.equal(known.size, votes.length);
    let verified = 0;
    const ed25519 = {
      ...FAST.ed25519,
      verify: (...parts: Parameters<typeof FAST.ed25519.verify>) => {
        verified++;
        return FAST.ed25519.verify(...parts);
      },
    };
    for (const vote of votes) verifyVote(context, vote, { ...FAST, ed25519, links: cacheOf(known) });
    assert.equal(verified, 2 * votes.length);
  });
});

describe('the draw in double floats', () => {
  it('gives what the exact one gives, but for digests that no sample hits', () => {
    const committee = context.committees(STEP.soft);
    const { id } = round.users[0]!.row;
    for (const weight of [1n, 2_000n, 100_000n, WHALE]) {
      for (let i = 0; i < 200; i++) {
        const output = blake2b256('TEST_OUTPUT', le32(i));
        const exact = selectedUnits(output, id, weight, UNITS, committee);
        assert.equal(drawnInDoubles(output, id, weight, UNITS, committees.soft.size), Number(exact));
      }
    }
  });
});

describe('the suite', () => {
  const groups = consensusGroups();
  const names = groups.flatMap((group) => group.names);

  it('names each figure once, all of its own', () => {
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(mayHave(consensusSuite.prefix, name), name);
  });

  it('tells of each figure that only --large measures', () => {
    const large = groups.filter(({ isLarge }) => isLarge).flatMap((group) => group.names);
    assert.deepEqual(
      consensusSuite.large!.map(({ name }) => name),
      large,
    );
  });

  for (const [only, group] of [
    ['consensus.table.20.build', groups[2]!],
    ['consensus.cpu.20', groups[6]!],
  ] as const) {
    it(`measures what it names: ${only} with all that is measured together with it, and nothing else`, async () => {
      const wants = (name: string): boolean => name.startsWith(only);
      const items = await consensusSuite.prepare({ large: false, wants });
      const found = items.map((item) => ('figure' in item ? item.figure.name : ''));
      assert.deepEqual(found, group.names);
    });
  }
});
