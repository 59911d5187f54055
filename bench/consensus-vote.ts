import { portableEd25519, portableVrf } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import {
  decodeVote,
  type EphemeralCache,
  encodeVote,
  ephemeralCache,
  sortitionInput,
  type Vote,
  type VoteCrypto,
  verifyVote,
} from '@sero/protocol';
import { perOperation, processorFigure, processorTimes, repeated } from './consensus-figures.ts';
import type { MadeRound } from './consensus-round.ts';
import { besides, type Figure } from './harness.ts';

const RUNS = 7;
const VOTES = 20;

/** How often libsodium verifies them for each time that JavaScript does: what that leaves to be collected would show otherwise. */
const OFTEN = 10;
const MANY = 500;
const AGAIN = 5;

/** Batch keys that a node may know. */
const LINKS = 262_144;

/** How a full node verifies, and how a program does it that has only JavaScript. */
export const FAST = { vrf: fastVrf, ed25519: fastEd25519 };
export const PORTABLE = { vrf: portableVrf, ed25519: portableEd25519 };

/** The batch keys of these votes, by their places: what a node knows of senders that have voted within the last 256 rounds. */
export function batchLinks({ context }: MadeRound, votes: readonly Vote[]): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  const recorder: EphemeralCache = {
    has: () => false,
    add: (place, link) => {
      links.set(place, link);
    },
  };
  for (const vote of votes) verifyVote(context, vote, { ...FAST, links: recorder });
  return links;
}

/** A cache that holds these batch keys, and what is added. */
export function cacheOf(links: ReadonlyMap<string, string>): EphemeralCache {
  const added = ephemeralCache(LINKS);
  return {
    has: (place, link) => links.get(place) === link || added.has(place, link),
    add: added.add,
  };
}

/** Names of {@link voteFigures}. */
export const VOTE_NAMES = ['verify.cold', 'verify.warm', 'vrf', 'decode', 'encode'].map(
  (name) => `consensus.vote.${name}`,
);

/** What one vote costs. */
export async function voteFigures(round: MadeRound): Promise<Figure[]> {
  const { context, weighed, bytes } = round;
  const votes = weighed.soft.slice(0, VOTES).map(({ vote }) => vote);
  const known = batchLinks(round, votes);
  const verifyAll = (crypto: VoteCrypto) => (): void => {
    for (const vote of votes) verifyVote(context, vote, crypto);
  };
  const cold = (crypto: VoteCrypto) => (): void => verifyAll({ ...crypto, links: ephemeralCache(LINKS) })();
  const warm = (crypto: VoteCrypto) => (): void => verifyAll({ ...crypto, links: cacheOf(known) })();
  const draws =
    ({ vrf }: VoteCrypto) =>
    (): void => {
      const { genesisHash, seed, round: number, table } = context;
      for (const { period, step, sender, proof } of votes) {
        const alpha = sortitionInput(genesisHash, seed, number, period, step);
        vrf.verify(table.row(sender)!.vrfKey, alpha, proof[0]!);
      }
    };
  const parts = [
    [
      'verify.cold',
      'A soft vote whose sender is heard of for the first time: three Ed25519 signatures, VRF proof, draw.',
      cold,
    ],
    [
      'verify.warm',
      'A soft vote whose sender has voted within the same 256 rounds: his batch key is known, his leaf is new. Two signatures, VRF proof, draw.',
      warm,
    ],
    ['vrf', 'Of these, the VRF proof.', draws],
  ] as const;
  const times = await processorTimes(
    RUNS,
    ...parts.flatMap(([, , job]) => [repeated(OFTEN, job(FAST)), job(PORTABLE)]),
  );
  const figures = parts.map(([name, what], i) => {
    const [fast, portable] = [times[2 * i]!, times[2 * i + 1]!];
    const figure = processorFigure(`consensus.vote.${name}`, `${what} libsodium.`, 'us', fast, OFTEN * VOTES);
    return besides(figure, 'JavaScript alone', perOperation(portable, 'us', VOTES));
  });
  const some = bytes.soft.slice(0, MANY);
  const decoded = weighed.soft.slice(0, MANY).map(({ vote }) => vote);
  const [decoding, encoding] = await processorTimes(
    RUNS,
    repeated(AGAIN, () => some.map(decodeVote)),
    repeated(AGAIN, () => decoded.map(encodeVote)),
  );
  figures.push(
    processorFigure(
      'consensus.vote.decode',
      "A vote's bytes read, strictly: they are encoded again and compared.",
      'us',
      decoding!,
      AGAIN * some.length,
    ),
    processorFigure(
      'consensus.vote.encode',
      'A vote written as bytes.',
      'us',
      encoding!,
      AGAIN * decoded.length,
    ),
  );
  return figures;
}
