import { equalBytes, toHex } from '@sero/crypto';
import {
  type Bundle,
  equalValues,
  isBottom,
  ProtocolError,
  type RoundContext,
  STEP,
  type Vote,
  type VoteCrypto,
  valueKey,
  verifyCertificate,
  type WeighedVote,
} from '@sero/protocol';
import type { ConsensusMessage } from '../abstractions.ts';
import type { Chain, ChainBlock } from './chain.ts';
import { expectDraw, expectSeedDraw } from './true-draws.ts';
import { type Verification, votesIn } from './verification.ts';
import { Violation } from './violation.ts';

/**
 * What must hold whatever happens, judged from outside: from votes as they go over the wire and blocks as they become final. It counts
 * quorums by itself, in a few lines of its own, since those of the machine are what is judged.
 */
export interface Checker {
  /** Everything that anybody says for the first time, honest or not, whether it arrives or not. */
  onSent(message: ConsensusMessage, from: number): void;
  /** Votes that an honest node takes for what they say. */
  onAccepted(context: RoundContext, votes: readonly WeighedVote[]): void;
  /** A node is about to make a block final. */
  onCommitting(node: number, block: ChainBlock | string, certificate: Bundle): void;
  /** A node's chain, each time that it may have changed. */
  onChain(node: number, blocks: readonly ChainBlock[]): void;
  /** From now on somebody else can sign for this record too; its votes until now stay its only ones. */
  corrupted(record: Uint8Array): void;
  /** The longest chain that anybody honest has. */
  finals(): readonly ChainBlock[];
}

/** Cert votes of a period: what each sender voted for. */
type CertVotes = Map<string, { weight: bigint; values: Set<string> }>;

/** @param mayGiveUp whether honest records may vote for another end of a period than what they voted to make final */
export function createChecker(
  chain: Chain,
  verification: Verification,
  crypto: VoteCrypto,
  isHonest: (record: Uint8Array) => boolean,
  mayGiveUp = false,
): Checker {
  const finals: ChainBlock[] = [chain.genesis];
  const heights = new Map<number, number>();
  const certVotes = new Map<string, CertVotes>();
  const certified = new Map<bigint, string>();
  const cast = new Map<string, string>();
  const kept = new Map<string, { certified?: string; ending: Set<string> }>();
  const corruptedRecords = new Set<string>();
  /** Votes whose draws were worked out again. */
  const drawn = new WeakSet<WeighedVote>();

  /** The facts of a round, as far as anything that is final tells them. */
  function contextOf(round: bigint): RoundContext | undefined {
    const before = finals[Number(round) - 1] ?? finals[Number(round) - 2];
    return round < 1n || before === undefined ? undefined : chain.context(before, round);
  }

  function onVote(vote: Vote): void {
    const { sender, round, period, step, value } = vote;
    const context = contextOf(round);
    if (context === undefined) return;
    const isOwn = isHonest(sender);
    if (!isOwn && step !== STEP.cert) return;
    const place = `${toHex(sender)}/${round}/${period}/${step}`;
    const key = valueKey(value);
    const before = cast.get(place);
    if (isOwn && before === key) return;
    const weighed = verification.vote(context, vote);
    if (weighed === undefined) return;
    if (isOwn) {
      // Later periods and the votes that end a period share leaves: what a thief can do with them is in docs/consensus.md.
      const isShared = period > 2 || step > STEP.cert;
      if (before !== undefined && !(corruptedRecords.has(toHex(sender)) && isShared)) {
        throw new Violation('honest-equivocation', `round ${round}, period ${period}, step ${step}`);
      }
      cast.set(place, key);
      if (before === undefined) expectKept(vote, key);
    }
    if (step === STEP.cert) countCert(context, vote, weighed.weight);
  }

  /** Who votes to make a value final votes for no other end of that period, before or after. */
  function expectKept({ sender, round, period, step }: Vote, key: string): void {
    const id = toHex(sender);
    if (step < STEP.cert || corruptedRecords.has(id) || mayGiveUp) return;
    const place = `${id}/${round}/${period}`;
    const votes = kept.get(place) ?? { ending: new Set<string>() };
    kept.set(place, votes);
    if (step === STEP.cert) votes.certified = key;
    else votes.ending.add(key);
    const { certified: own, ending } = votes;
    if (own !== undefined && [...ending].some((other) => other !== own)) {
      throw new Violation('given-up', `round ${round}, period ${period}, step ${step}`);
    }
  }

  function countCert(context: RoundContext, { sender, round, period, value }: Vote, weight: bigint): void {
    const place = `${round}/${period}`;
    const votes = certVotes.get(place) ?? new Map();
    certVotes.set(place, votes);
    const id = toHex(sender);
    const own = votes.get(id) ?? { weight, values: new Set<string>() };
    votes.set(id, own);
    own.values.add(valueKey(value));
    const { threshold } = context.committees(STEP.cert);
    for (const candidate of new Set([...votes.values()].flatMap(({ values }) => [...values]))) {
      let sum = 0n;
      for (const { weight: units, values } of votes.values()) {
        if (values.has(candidate) || values.size > 1) sum += units;
      }
      if (sum < threshold) continue;
      const other = certified.get(round);
      if (other !== undefined && other !== candidate) {
        throw new Violation('two-certificates', `round ${round}: ${other} and ${candidate}`);
      }
      certified.set(round, candidate);
    }
  }

  return {
    onSent(message) {
      if (message.type === 'vote') onVote(message.vote);
      if (message.type !== 'bundle' || message.bundle.step !== STEP.cert) return;
      const { single, paired } = votesIn(message.bundle);
      for (const vote of [...single, ...paired.flat()]) onVote(vote);
    },

    onAccepted(context, votes) {
      for (const vote of votes) {
        if (drawn.has(vote)) continue;
        expectDraw(context, vote, crypto.vrf);
        drawn.add(vote);
      }
    },

    onCommitting(node, block, certificate) {
      const what = `node ${node}, round ${certificate.round}`;
      if (typeof block === 'string') throw new Violation('invalid-block', `${what}: ${block}`);
      const context = contextOf(certificate.round);
      // The one value that a block has: its hash, and whose it is and of which period as it says itself; nobody's and of none for the empty one.
      const { period, proposer } = block.header;
      const value = { period, proposer: proposer[0] ?? new Uint8Array(32), digest: block.digest };
      const isIts = equalValues(certificate.value, value) && !isBottom(certificate.value);
      if (context === undefined || !isIts) throw new Violation('certificate', `${what}: of another block`);
      expectSeedDraw(context, block.header, crypto.vrf);
      const { single, paired } = votesIn(certificate);
      let sum = 0n;
      const senders = new Set<string>();
      for (const [vote, ...rest] of [...single.map((one) => [one]), ...paired]) {
        const weighed = [vote!, ...rest].map((one) => verification.vote(context, one));
        const isNew = !senders.has(toHex(vote!.sender));
        const speaks = rest.length > 0 || equalValues(vote!.value, certificate.value);
        if (weighed.includes(undefined) || !isNew || !speaks || vote!.step !== STEP.cert) {
          throw new Violation('certificate', `${what}: a vote in it does not hold`);
        }
        senders.add(toHex(vote!.sender));
        sum += weighed[0]!.weight;
      }
      const { threshold } = context.committees(STEP.cert);
      if (sum < threshold)
        throw new Violation('certificate', `${what}: ${sum} units, the quorum is ${threshold}`);
      try {
        verifyCertificate(context, certificate, crypto);
      } catch (error) {
        if (error instanceof ProtocolError) throw new Violation('certificate', `${what}: ${error.code}`);
        throw error;
      }
    },

    onChain(node, blocks) {
      const height = blocks.length - 1;
      const before = heights.get(node) ?? 0;
      if (height < before) throw new Violation('height-fell', `node ${node}: ${before} to ${height}`);
      heights.set(node, height);
      for (let at = before + 1; at <= height; at++) {
        const [mine, known] = [blocks[at]!, finals[at]];
        if (known === undefined) finals.push(mine);
        else if (!equalBytes(known.digest, mine.digest)) {
          throw new Violation('fork', `height ${at}: node ${node} has another block`);
        }
      }
    },

    corrupted: (record) => {
      corruptedRecords.add(toHex(record));
    },
    finals: () => finals,
  };
}
