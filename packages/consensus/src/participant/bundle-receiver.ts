import { type Bundle, equalValues, type RoundContext, STEP } from '@sero/protocol';
import type { Judgement, World } from '../abstractions.ts';
import type { PlayerEvent } from '../machine/events.ts';
import { type PlayerState, trackerOf } from '../machine/state.ts';
import type { Quorum } from '../machine/vote-tracker.ts';

/** Told once what became of a message. */
export type Judged = (judgement: Judgement) => void;

/** A round that is over, and what a second certificate of it is compared with. */
interface OverRound {
  readonly context: RoundContext;
  readonly decision: Quorum;
}

interface BundleReceiver {
  readonly receive: (bundle: Bundle, judged: Judged) => void;
  /** A round ended here. */
  readonly roundIsOver: (round: OverRound) => void;
}

/** What is done with bundles. */
interface BundleHooks {
  /** Undefined while the participant is not at work. */
  readonly state: () => PlayerState | undefined;
  readonly feed: (event: PlayerEvent) => void;
  readonly twoCertificates: (certificates: readonly [Quorum, Quorum]) => void;
}

/** Takes bundles from the network: those that matter are verified and given to the machine. */
export function createBundleReceiver(
  { ledger, network, verifier }: World,
  hooks: BundleHooks,
): BundleReceiver {
  /** The last round that ended here. */
  let previous: OverRound | undefined;

  /** A second certificate may come when the round is over: one for another block is for people to look at, whichever came first. */
  function compareCertificates({ context, decision }: OverRound, bundle: Bundle, judged: Judged): void {
    if (equalValues(bundle.value, decision.value)) {
      judged('ignored');
      return;
    }
    verifier.bundle(context, bundle, (verified) => {
      judged(verified === undefined ? 'invalid' : 'accepted');
      if (verified === undefined || hooks.state() === undefined) return;
      const { round, period, step, value } = bundle;
      hooks.twoCertificates([decision, { round, period, step, value, ...verified }]);
    });
  }

  return {
    receive(bundle, judged) {
      const state = hooks.state();
      if (state === undefined) return;
      const { round, step } = bundle;
      if (round === previous?.context.round && step === STEP.cert) {
        compareCertificates(previous, bundle, judged);
        return;
      }
      if (!matters(state, bundle)) {
        judged('ignored');
        return;
      }
      verifier.bundle(ledger.context(round), bundle, (verified) => {
        judged(verified === undefined ? 'invalid' : 'accepted');
        const now = hooks.state();
        if (verified === undefined || now === undefined) return;
        const isNews = step === STEP.cert && now.facts.round === round && now.phase !== 'decided';
        hooks.feed({ type: 'bundle', ...verified });
        // It makes the round final for everybody, whatever period they are in.
        if (isNews) network.relay({ type: 'bundle', bundle });
      });
    },
    roundIsOver(round) {
      previous = round;
    },
  };
}

/**
 * Whether a bundle could tell the player something: one of its round, of a quorum that it has not seen. Once the round is decided only a certificate
 * for another block does.
 */
function matters(state: PlayerState, { round, period, step, value }: Bundle): boolean {
  if (round !== state.facts.round || step === STEP.propose) return false;
  const { decision } = state;
  if (decision !== undefined) return step === STEP.cert && !equalValues(decision.value, value);
  if (step !== STEP.cert && period < state.period - 1) return false;
  return !trackerOf(state, period, step).reached.some((other) => equalValues(other, value));
}
