import type { VerifiedBundle } from '@sero/consensus';
import {
  type Bundle,
  checkBundleForm,
  checkQuorum,
  checkRowWeights,
  ProtocolError,
  type RoundContext,
  rowOfSender,
  type Vote,
  type WeighedVote,
} from '@sero/protocol';
import type { Verdict } from './judge.ts';

/** Units of work of members that wait or run at most: more would hold up the votes behind them. */
const AHEAD = 512;
/** Members that are looked at in one turn of the event loop; some ms where all of them are known. */
const TURN = 256;

/** Whatever bundles need of the verifier. */
export interface BundleHost {
  /** Has a vote judged; `settle` may be called at once, where the verdict is known. @returns units of work that it is */
  judge(context: RoundContext, vote: Vote, settle: (verdict: Verdict) => void): number;
  /** Says how much work is about to come, units. */
  expect(members: number): void;
  defer(run: () => void): void;
}

/** Verifies bundles, one after the other, as votes. */
export interface Bundles {
  submit(context: RoundContext, bundle: Bundle, done: (verified: VerifiedBundle | undefined) => void): void;
  /** Bundles that wait or are verified. */
  count(): number;
  close(): void;
}

interface Job {
  readonly context: RoundContext;
  readonly bundle: Bundle;
  readonly done: (verified: VerifiedBundle | undefined) => void;
}

/**
 * The rules of `verifyBundle` of @sero/protocol, in its order: first all that costs nothing, for the whole bundle; then each member as a vote of its own, so
 * that one which was judged before is not judged again, and threads share the others; then what they weigh together. The first invalid member ends it.
 */
export function createBundles({ judge, expect, defer }: BundleHost): Bundles {
  let queue: Job[] = [];

  function begin(): void {
    const [job] = queue;
    if (job !== undefined) defer(() => verify(job));
  }

  function verify(job: Job): void {
    const { context, bundle } = job;
    if (queue[0] !== job) return;
    if (!isWorthVerifying(context, bundle)) {
      finish(job, undefined);
      return;
    }
    const members = membersOf(bundle);
    const weighed: WeighedVote[] = new Array(members);
    expect(members);
    let [next, open, ahead, isFeeding] = [0, 0, 0, false];

    const settled = (i: number, vote: Vote, cost: () => number, verdict: Verdict): void => {
      open--;
      ahead -= cost();
      if (queue[0] !== job) return;
      if (!verdict.valid) {
        finish(job, undefined);
        return;
      }
      weighed[i] = { vote, weight: verdict.weight };
      if (next === members && open === 0) finish(job, quorum(context, bundle, weighed));
      else if (!isFeeding) feed();
    };

    const feed = (): void => {
      isFeeding = true;
      const end = Math.min(members, next + TURN);
      while (next < end && ahead < AHEAD && queue[0] === job) {
        const i = next++;
        const vote = memberVote(bundle, i);
        let cost = 0;
        open++;
        cost = judge(context, vote, (verdict) => settled(i, vote, () => cost, verdict));
        ahead += cost;
      }
      isFeeding = false;
      // Where all that were looked at are known, no verdict will come that goes on.
      if (queue[0] === job && next < members && open === 0) defer(feed);
    };
    feed();
  }

  function finish(job: Job, verified: VerifiedBundle | undefined): void {
    queue.shift();
    begin();
    job.done(verified);
  }

  return {
    submit(context, bundle, done) {
      queue.push({ context, bundle, done });
      if (queue.length === 1) begin();
    },
    count: () => queue.length,
    close() {
      queue = [];
    },
  };
}

/** The votes of a bundle that is worth verifying, in the order of their rows; none of another one. */
export function votesOf(context: RoundContext, bundle: Bundle): Vote[] {
  if (!isWorthVerifying(context, bundle)) return [];
  return Array.from({ length: membersOf(bundle) }, (_, i) => memberVote(bundle, i));
}

function membersOf({ votes, equivocations }: Bundle): number {
  return votes.length + 2 * equivocations.length;
}

/** Whether nothing speaks against a bundle but, maybe, signatures and draws. */
function isWorthVerifying(context: RoundContext, bundle: Bundle): boolean {
  try {
    if (bundle.round !== context.round) return false;
    const { period, step, votes, equivocations } = bundle;
    const committee = context.committees(step);
    checkBundleForm(bundle, committee.threshold);
    const weights = [...votes, ...equivocations].map(
      ({ sender, proof }) => rowOfSender(context, { sender, period, step, proof }).weight,
    );
    checkRowWeights(committee, weights);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

/** The members' votes, in the order of their rows: all votes, then both of each pair. */
function memberVote({ round, period, step, value, votes, equivocations }: Bundle, i: number): Vote {
  const single = votes[i];
  if (single !== undefined) {
    const { sender, proof, signature } = single;
    return { sender, round, period, step, value, proof, signature };
  }
  const at = i - votes.length;
  const { sender, proof, values, signatures } = equivocations[at >> 1]!;
  return { sender, round, period, step, value: values[at & 1]!, proof, signature: signatures[at & 1]! };
}

/** The votes of a bundle whose members are all valid; undefined where they are no quorum, or one without the lightest. */
function quorum(
  context: RoundContext,
  { step, votes, equivocations }: Bundle,
  weighed: readonly WeighedVote[],
): VerifiedBundle | undefined {
  const single = weighed.slice(0, votes.length);
  const pairs = equivocations.map((_, i) => ({
    first: weighed[votes.length + 2 * i]!,
    second: weighed[votes.length + 2 * i + 1]!,
  }));
  const weights = [...single, ...pairs.map(({ first }) => first)].map(({ weight }) => weight);
  try {
    checkQuorum(context.committees(step).threshold, weights);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
  return { votes: single, pairs };
}
