import {
  decodeBundle,
  decodeLightCertificate,
  decodeVote,
  encodeBundle,
  encodeLightCertificate,
  makeLightCertificate,
  type VoteCrypto,
  verifyCertificate,
  verifyLightCertificate,
  verifyVote,
  type WeighedVote,
} from '@sero/protocol';
import { megabytesOf, perOperation, processorFigure, processorTimes, repeated } from './consensus-figures.ts';
import { certificateOf, type Followed, follow } from './consensus-play.ts';
import type { MadeRound } from './consensus-round.ts';
import { describeScale, type Scale } from './consensus-users.ts';
import { batchLinks, cacheOf, FAST, PORTABLE } from './consensus-vote.ts';
import { besides, counted, type Figure, sampled } from './harness.ts';

/** Of what takes seconds. */
const RUNS = 3;

/** Of what takes milliseconds, so many at once. */
const SHORT_RUNS = 5;
const AT_ONCE = 20;

/** Peers that a node passes each message on to at most. */
const MESH = 8;

/** What is measured of a round, with W = 100,000,000 units in the production profile. `{}` stands for the table. */
const WHAT = {
  votes:
    'Messages of an undisturbed round, of {}: all who are drawn propose, soft-vote and cert-vote. One round, drawn by real VRF keys.',
  bytes: 'All these votes, one copy of each, without what carries them. The block is not among them.',
  sent: `The same ${MESH} times: what a node sends at most that has ${MESH} peers in its mesh and passes every vote on to all of them.`,
  cpu:
    'What a node does that follows such a round, of {}, until it has the certificate: each vote decoded, verified (libsodium; batch keys known, leaves new), given to the ' +
    'machine; votes of a step that has its quorum are passed over; then the certificate is made and encoded. The block itself, network, log and own votes are left out.',
  'cpu.all': 'The same where no vote is passed over, as a node does that wants every equivocation.',
  count: 'Of these, the machine alone, given all votes weighed: counting, quorums, decision.',
  memory: 'What the machine holds at the end of the round, all votes counted, each as it was decoded.',
  certificate: 'The certificate of the round, of {}: the heaviest cert votes that make a quorum.',
  'certificate.make': 'Choosing its votes and encoding it.',
  'certificate.verify':
    'Decoding and verifying it with a whole table and no key that is known: three signatures, VRF proof and draw a vote.',
  light:
    'The light certificate of {}: the same with three headers, the rows of its senders, and their proof.',
  'light.verify': 'Decoding and verifying that.',
} as const;

type Name = keyof typeof WHAT;

const nameOf = (name: Name, scale: Scale): string => {
  const [first, ...rest] = name.split('.');
  return ['consensus', first, scale, ...rest].join('.');
};

const whatOf = (name: Name, scale: Scale): string => WHAT[name].replace('{}', describeScale(scale));

/** The figures of a round, without their values. */
export function scaleNames(scale: Scale): { readonly name: string; readonly what: string }[] {
  return (Object.keys(WHAT) as Name[]).map((name) => ({
    name: nameOf(name, scale),
    what: whatOf(name, scale),
  }));
}

/** What a round costs, from its messages to its certificates. */
export async function scaleFigures(round: MadeRound): Promise<Figure[]> {
  const { scale, context, weighed, bytes, headers, table, trust } = round;
  const known = batchLinks(
    round,
    [...weighed.proposals, ...weighed.soft, ...weighed.cert].map(({ vote }) => vote),
  );
  const followed = (untilQuorum: boolean): Followed => {
    const crypto = { ...FAST, links: cacheOf(known) };
    const weigh = (encoded: Uint8Array): WeighedVote => verifyVote(context, decodeVote(encoded), crypto);
    return follow(round, bytes, weigh, untilQuorum);
  };
  const sent = [...bytes.proposals, ...bytes.soft, ...bytes.cert];
  const size = sent.reduce((sum, vote) => sum + vote.length, 0);
  const end = followed(true);
  const certificate = certificateOf(round, end);
  const encoded = encodeBundle(certificate);
  const light = encodeLightCertificate(makeLightCertificate(headers, certificate, table));

  const [untilQuorum, all] = await processorTimes(
    RUNS,
    () => encodeBundle(certificateOf(round, followed(true))),
    () => encodeBundle(certificateOf(round, followed(false))),
  );
  const [machine, making] = await processorTimes(
    SHORT_RUNS,
    repeated(AT_ONCE, () => follow(round, weighed, (vote) => vote, false)),
    repeated(AT_ONCE, () => encodeBundle(certificateOf(round, end))),
  );
  const verified = (crypto: VoteCrypto) => () => verifyCertificate(context, decodeBundle(encoded), crypto);
  const verifiedLight = (crypto: VoteCrypto) => () =>
    verifyLightCertificate(trust, decodeLightCertificate(light), crypto);
  const [verifying, verifyingLight] = await processorTimes(RUNS, verified(FAST), verifiedLight(FAST));
  const weighedOf = new Map<Uint8Array, WeighedVote>();
  for (const step of ['proposals', 'soft', 'cert'] as const) {
    for (const [i, vote] of bytes[step].entries()) weighedOf.set(vote, weighed[step][i]!);
  }
  const memory = megabytesOf(RUNS, () => {
    const decoded = (vote: Uint8Array): WeighedVote => ({
      ...weighedOf.get(vote)!,
      vote: decodeVote(vote),
    });
    return follow(round, bytes, decoded, false).state;
  });

  const count = (name: Name, value: number, unit: string): Figure =>
    counted(nameOf(name, scale), whatOf(name, scale), value, unit);
  const time = (name: Name, samples: readonly number[], operations = 1): Figure =>
    processorFigure(nameOf(name, scale), whatOf(name, scale), 'ms', samples, operations);
  const portable = async (figure: Figure, job: () => unknown): Promise<Figure> => {
    // It is as many times more for larger certificates, and minutes of it would tell no more.
    if (scale !== '20') return figure;
    const [samples] = await processorTimes(1, job);
    return besides(figure, 'JavaScript alone', perOperation(samples!, 'ms', 1));
  };
  return [
    count('votes', sent.length, 'messages'),
    count('bytes', size, 'bytes'),
    count('sent', MESH * size, 'bytes'),
    time('cpu', untilQuorum!),
    time('cpu.all', all!),
    time('count', machine!, AT_ONCE),
    sampled({ name: nameOf('memory', scale), what: whatOf('memory', scale) }, memory, 'MB'),
    count('certificate', encoded.length, 'bytes'),
    time('certificate.make', making!, AT_ONCE),
    time('certificate.verify', verifying!),
    count('light', light.length, 'bytes'),
    await portable(time('light.verify', verifyingLight!), verifiedLight(PORTABLE)),
  ];
}
