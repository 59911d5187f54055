import { toHex } from '@sero/crypto';
import { equalValues, isBottom, STEP, type WeighedVote } from '@sero/protocol';
import { earlyKey, isEarly, isFresh, MOST_EARLY } from './freshness.ts';
import { enterPeriod, startClock } from './periods.ts';
import { change, changePeriod, type Play } from './play.ts';
import { committeeIn, periodOf, trackerOf } from './state.ts';
import { keyOf } from './value-key.ts';
import { countVote, type EquivocationPair, type Quorum, quorumFor } from './vote-tracker.ts';
import { certVote, endIfSplit } from './voting.ts';

/** `fresh`: it just came; `early`: it came, and was passed on, before the round; `bundle`: no rule of freshness is asked. */
export function onVote(play: Play, vote: WeighedVote, origin: 'fresh' | 'early' | 'bundle'): void {
  const { round, step } = vote.vote;
  const { facts } = play.state;
  if (round === facts.round + 1n) keepEarly(play, vote);
  if (round !== facts.round) return;
  if (origin !== 'bundle' && !isFresh(play.state, vote.vote)) return;
  if (step === STEP.propose) onProposal(play, vote);
  else count(play, vote, origin === 'fresh');
  // A bundle is read to its end first: what looks split in the middle of it may be the quorum that it proves.
  if (origin !== 'bundle') endIfSplit(play);
}

function keepEarly(play: Play, vote: WeighedVote): void {
  if (!isEarly(vote.vote)) return;
  const { early } = play.state;
  const key = earlyKey(vote.vote);
  const kept = early.get(key) ?? [];
  if (kept.length >= MOST_EARLY || kept.some((other) => equalValues(other.vote.value, vote.vote.value)))
    return;
  change(play, { early: early.with(key, [...kept, vote]) });
  play.actions.push({ type: 'relay', vote });
}

/** Counts a vote and acts on the quorums that it completes. */
function count(play: Play, vote: WeighedVote, relay: boolean): void {
  const { period, step } = vote.vote;
  const { size, threshold } = committeeIn(play.state, step);
  const before = trackerOf(play.state, period, step);
  const { tracker, outcome, pair, reached } = countVote(before, vote, threshold, play.state.mutant);
  if (outcome === 'known') return;
  const steps = new Map([...periodOf(play.state, period).steps, [step, tracker]]);
  changePeriod(play, period, { steps });
  if (relay) play.actions.push({ type: 'relay', vote });
  // Others are at work on this round.
  if (3n * tracker.total > size) startClock(play);
  if (pair !== undefined) play.actions.push({ type: 'evidence', pair });
  for (const value of reached) {
    const place = { round: vote.vote.round, period, step };
    onQuorum(play, quorumFor(trackerOf(play.state, period, step), place, value));
  }
}

/**
 * A bundle counts vote by vote, whatever their periods and steps: it is a quorum by itself, so nobody can fill memory with it. A certificate
 * is thereby taken from any period, before every rule of freshness.
 */
export function onBundle(
  play: Play,
  votes: readonly WeighedVote[],
  pairs: readonly EquivocationPair[],
): void {
  const all = [...votes, ...pairs.flatMap(({ first, second }) => [first, second])];
  const first = all[0]?.vote;
  if (first === undefined || first.round !== play.state.facts.round || first.step === STEP.propose) return;
  const isOld = first.period < play.state.period - 1;
  if (isOld && (first.step !== STEP.cert || play.state.mutant === 'old-certificate')) return;
  startClock(play);
  for (const vote of all) onVote(play, vote, 'bundle');
  endIfSplit(play);
}

function onQuorum(play: Play, quorum: Quorum): void {
  const { period, step, value } = quorum;
  const isRunning = play.state.phase === 'running';
  if (step === STEP.cert) {
    decide(play, quorum);
  } else if (step === STEP.soft) {
    // A second one would need more dishonest weight than anything here bears; whoever voted for the first stays with it.
    changePeriod(play, period, { staged: periodOf(play.state, period).staged ?? value });
    if (isRunning && period > play.state.period) enterPeriod(play, period, undefined);
    else certVote(play);
  } else {
    const next = { step, value };
    changePeriod(play, period, isBottom(value) ? { nextBottom: next } : { nextValue: next });
    if (isRunning && period >= play.state.period) enterPeriod(play, period + 1, value);
  }
}

/** A certificate makes a block final. A second one of the round for another block is for people to look at. */
function decide(play: Play, certificate: Quorum): void {
  const { decision } = play.state;
  if (decision === undefined) {
    change(play, { phase: 'decided', decision: certificate });
    play.actions.push({ type: 'commit', certificate });
  } else if (!equalValues(decision.value, certificate.value)) {
    play.actions.push({ type: 'halt', certificates: [decision, certificate] });
  }
}

function onProposal(play: Play, vote: WeighedVote): void {
  const { period, sender } = vote.vote;
  const known = periodOf(play.state, period);
  const before = known.proposals.get(toHex(sender));
  if (before !== undefined) {
    const isSame = equalValues(before.vote.vote.value, vote.vote.value);
    if (isSame || known.doubled.has(toHex(sender))) return;
    changePeriod(play, period, { doubled: known.doubled.with(toHex(sender), true) });
    play.actions.push({ type: 'relay', vote });
    play.actions.push({ type: 'evidence', pair: { first: before.vote, second: vote } });
    return;
  }
  const proposal = { vote, arrival: play.now };
  const isLowest = known.lowest === undefined || vote.leader! < known.lowest.vote.leader!;
  changePeriod(play, period, {
    proposals: known.proposals.with(toHex(sender), proposal),
    ...(isLowest ? { lowest: proposal } : {}),
  });
  if (isLowest) play.actions.push({ type: 'relay', vote });
  // The block may have come, and been found right, before its proposal.
  if (play.state.verdicts.get(keyOf(vote.vote.value)) === true) startClock(play);
}
