import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { VerifiedBundle } from '@sero/consensus';
import {
  BOTTOM,
  type Bundle,
  MAX_PERIOD,
  type RoundContext,
  STEP,
  stakeTable,
  type Vote,
  type WeighedVote,
} from '@sero/protocol';
import { fastVrf } from '../../fast-signatures.ts';
import { handClock, settle } from '../../test-support.ts';
import { VerificationError } from '../errors.ts';
import {
  createVoteVerifier,
  defaultVoteThreads,
  type ThreadedVoteVerifier,
  type VoteVerifierOptions,
} from './verifier.ts';
import {
  bundleOf,
  cast,
  castAll,
  DRAWN,
  flipped,
  isQuorum,
  judged,
  roundOf,
  valueNo,
  votersOf,
} from './votes-test-support.ts';

const opened: ThreadedVoteVerifier[] = [];
after(async () => {
  for (const verifier of opened) await verifier.close();
});

/** A verifier; without other options, one that works on this thread whenever `turn` is called. */
function start(options: Partial<VoteVerifierOptions> = {}) {
  const turns: (() => void)[] = [];
  const failures: string[] = [];
  const verifier = createVoteVerifier({
    threads: 0,
    onFailure: (what) => failures.push(what),
    defer: (run) => turns.push(run),
    ...options,
  });
  opened.push(verifier);
  const answers: (WeighedVote | undefined)[] = [];
  return {
    verifier,
    failures,
    answers,
    /** One turn of the event loop. */
    turn() {
      for (const run of turns.splice(0)) run();
    },
    /** All turns that there are. */
    run() {
      while (turns.length > 0) turns.shift()!();
    },
    hear: (context: RoundContext, vote: Vote) =>
      verifier.vote(context, vote, (weighed) => answers.push(weighed)),
    bundle(context: RoundContext, bundle: Bundle): { answer: VerifiedBundle | undefined | 'none' } {
      const heard: { answer: VerifiedBundle | undefined | 'none' } = { answer: 'none' };
      verifier.bundle(context, bundle, (verified) => {
        heard.answer = verified;
      });
      return heard;
    },
  };
}

/** A verifier whose threads do everything. */
function threaded(options: Partial<VoteVerifierOptions> = {}) {
  const started = start({ threads: 2, spill: 0, defer: setImmediate, ...options });
  const judge = (context: RoundContext, vote: Vote): Promise<WeighedVote | undefined> =>
    new Promise((resolve) => started.verifier.vote(context, vote, resolve));
  const weigh = (context: RoundContext, bundle: Bundle): Promise<VerifiedBundle | undefined> =>
    new Promise((resolve) => started.verifier.bundle(context, bundle, resolve));
  return { ...started, judge, weigh };
}

const voters = votersOf(20, 1n);
const round = roundOf(voters);
const rich = votersOf(12, 100_000n);
const drawnRound = roundOf(rich, DRAWN);

/** A vote, and what an adversary makes of it. */
function variants(context: RoundContext, vote: Vote): Vote[] {
  const { signature, value, proof } = vote;
  const signed = (change: Partial<Vote['signature']>): Vote => ({
    ...vote,
    signature: { ...signature, ...change },
  });
  return [
    vote,
    { ...vote, round: vote.round + 1n },
    { ...vote, period: vote.period + 1 },
    { ...vote, period: MAX_PERIOD + 1 },
    { ...vote, step: vote.step + 1 },
    { ...vote, step: STEP.down },
    { ...vote, value: BOTTOM },
    { ...vote, value: { ...value, period: vote.period + 1 } },
    { ...vote, value: { ...value, digest: flipped(value.digest) } },
    { ...vote, sender: flipped(vote.sender) },
    { ...vote, sender: context.table.rows.find(({ id }) => id !== vote.sender)!.id },
    { ...vote, proof: proof.length === 0 ? [new Uint8Array(80)] : [] },
    ...proof.map((bytes) => ({ ...vote, proof: [flipped(bytes, 300)] })),
    signed({ batchKey: flipped(signature.batchKey) }),
    signed({ batchSignature: flipped(signature.batchSignature) }),
    signed({ leafKey: flipped(signature.leafKey) }),
    signed({ leafSignature: flipped(signature.leafSignature) }),
    signed({ signature: flipped(signature.signature) }),
  ];
}

describe('verdicts are those of @sero/protocol', () => {
  const [one, two] = voters;
  const proposal = cast(one!, round, { step: STEP.propose, value: valueNo(3, one!.row.id) });
  const stolen = cast(two!, round, { step: STEP.propose, value: valueNo(3, one!.row.id) });
  const drawn = castAll(rich, drawnRound, { step: STEP.cert })[0]!.vote;
  const undrawn = rich
    .flatMap((voter) =>
      [0, 1, 2].map((period) =>
        cast(voter, drawnRound, {
          step: STEP.propose,
          period,
          value: { ...valueNo(3, voter.row.id), period },
        }),
      ),
    )
    .find((vote) => judged(drawnRound, vote) === undefined)!;
  const cases: [RoundContext, Vote][] = [
    ...variants(round, cast(one!, round)).map((vote): [RoundContext, Vote] => [round, vote]),
    ...variants(round, proposal).map((vote): [RoundContext, Vote] => [round, vote]),
    ...variants(drawnRound, drawn).map((vote): [RoundContext, Vote] => [drawnRound, vote]),
    [round, stolen],
    [drawnRound, undrawn],
    [round, drawn],
    [drawnRound, proposal],
  ];
  const expected = cases.map(([context, vote]) => judged(context, vote));

  it('with and without threads, of votes with a draw and without, whatever an adversary makes of them', async () => {
    assert.equal(expected.filter((weighed) => weighed !== undefined).length, 3);
    assert.notEqual(
      expected.find((weighed) => weighed?.leader !== undefined),
      undefined,
    );
    const here = start();
    const answers = cases.map(([context, vote]) => {
      here.hear(context, vote);
      here.run();
      return here.answers.pop();
    });
    assert.deepEqual(answers, expected);
    const there = threaded();
    assert.deepEqual(await Promise.all(cases.map(([context, vote]) => there.judge(context, vote))), expected);
    // And once more, from memory.
    assert.deepEqual(await Promise.all(cases.map(([context, vote]) => there.judge(context, vote))), expected);
    assert.deepEqual([...here.failures, ...there.failures], []);
  });

  it('of bundles that threads were told of ahead: the same, good or bad, and on the calling thread nothing is left to judge', async () => {
    const bundle = bundleOf(voters, round, { step: STEP.cert, paired: 2 });
    const [first, ...others] = bundle.votes;
    const leafSignature = flipped(first!.signature.leafSignature);
    const spoilt = {
      ...bundle,
      votes: [{ ...first!, signature: { ...first!.signature, leafSignature } }, ...others],
    };
    const light = { ...bundle, votes: bundle.votes.slice(1) };
    const there = threaded({ spill: 1_000_000, threads: 1 });
    const told = [bundle, spoilt, light].map((one) => ({ context: round, bundle: one }));
    there.verifier.ahead(told.slice(0, 1));
    assert.deepEqual(there.verifier.queue(), { waiting: 0, running: 0 }, 'whoever tells of one waits for it');
    there.verifier.ahead(told);
    const { running, waiting } = there.verifier.queue();
    assert.equal(running + waiting, bundle.votes.length + 2 * 2 + 1, 'each vote once');
    there.verifier.rest();
    assert.equal(there.verifier.queue().running, running, 'threads that are at something go on');
    const answers = await Promise.all(told.map((one) => there.weigh(one.context, one.bundle)));
    assert.deepEqual(answers.map(Boolean), [true, false, false]);
    there.verifier.rest();
    assert.deepEqual(await Promise.all(told.map((one) => there.weigh(one.context, one.bundle))), answers);
    assert.deepEqual(there.failures, []);
  });

  it('of bundles: a quorum counts with its votes and pairs, and nothing else does', async () => {
    const there = threaded();
    for (const [context, who] of [
      [round, voters],
      [drawnRound, rich],
    ] as const) {
      const bundle = bundleOf(who, context, { step: STEP.cert, paired: 2 });
      const [first, second] = bundle.votes;
      const [pair] = bundle.equivocations;
      assert.equal(bundle.equivocations.length, 2);
      const inPlace = (vote: Partial<Bundle['votes'][number]>): Bundle => ({
        ...bundle,
        votes: bundle.votes.map((other, i) => (i === 1 ? { ...other, ...vote } : other)),
      });
      const inPair = (change: Partial<Bundle['equivocations'][number]>): Bundle => ({
        ...bundle,
        equivocations: bundle.equivocations.map((other, i) => (i === 0 ? { ...other, ...change } : other)),
      });
      const spare = castAll(who, context, { step: STEP.cert }).find(
        ({ vote: { sender } }) =>
          ![...bundle.votes, ...bundle.equivocations].some((m) => m.sender === sender),
      );
      const made: Bundle[] = [
        bundle,
        { ...bundle, round: bundle.round + 1n },
        { ...bundle, period: 1 },
        { ...bundle, step: STEP.soft },
        { ...bundle, step: STEP.propose },
        { ...bundle, value: valueNo(7) },
        { ...bundle, value: BOTTOM },
        { ...bundle, votes: [] },
        { ...bundle, votes: [], equivocations: [] },
        { ...bundle, votes: bundle.votes.slice(1) },
        { ...bundle, votes: [...bundle.votes].reverse() },
        { ...bundle, votes: [first!, ...bundle.votes] },
        { ...bundle, equivocations: bundle.equivocations.slice(1) },
        { ...bundle, equivocations: [] },
        inPlace({ sender: first!.sender }),
        inPlace({ signature: first!.signature }),
        inPlace({ proof: second!.proof.length === 0 ? [new Uint8Array(80)] : [] }),
        ...second!.proof.map((bytes) => inPlace({ proof: [flipped(bytes, 99)] })),
        inPair({ values: [...pair!.values].reverse() }),
        inPair({ values: [pair!.values[0]!, pair!.values[0]!] }),
        inPair({ signatures: [...pair!.signatures].reverse() }),
        inPair({ signatures: [pair!.signatures[0]!, pair!.signatures[0]!] }),
        inPair({ sender: first!.sender }),
      ];
      if (spare !== undefined) {
        const { sender, proof, signature } = spare.vote;
        const votes = [...bundle.votes, { sender, proof, signature }].sort((a, b) =>
          Buffer.compare(a.sender, b.sender),
        );
        made.push({ ...bundle, votes });
      }
      const here = start();
      for (const [i, changed] of made.entries()) {
        const quorum = isQuorum(context, changed);
        assert.equal(quorum, i === 0, `variant ${i}`);
        const heard = here.bundle(context, changed);
        here.run();
        assert.notEqual(heard.answer, 'none');
        assert.equal(heard.answer !== undefined, quorum, `variant ${i}, here`);
        assert.equal((await there.weigh(context, changed)) !== undefined, quorum, `variant ${i}, in threads`);
      }
      const verified = await there.weigh(context, bundle);
      const [{ votes, pairs }] = [verified!];
      assert.deepEqual(
        votes.map(({ vote }) => judged(context, vote)),
        votes,
      );
      assert.deepEqual(
        pairs.flatMap(({ first: a, second: b }) => [judged(context, a.vote), judged(context, b.vote)]),
        pairs.flatMap(({ first: a, second: b }) => [a, b]),
      );
      assert.deepEqual(
        [
          votes.map(({ vote }) => vote.sender),
          pairs.map(({ second: { vote } }) => [vote.sender, vote.value]),
        ],
        [
          bundle.votes.map(({ sender }) => sender),
          bundle.equivocations.map(({ sender, values }) => [sender, values[1]]),
        ],
      );
    }
  });

  it('an own proof gives the output of the VRF', () => {
    const [proof] = proposal.proof;
    assert.deepEqual(start().verifier.output(proof!), fastVrf.outputOf(proof!));
  });
});

describe('each vote is judged once', () => {
  const vote = cast(voters[0]!, round);

  it('known, it is answered at once; on its way, all who ask wait for one verdict', () => {
    const { verifier, hear, answers, run } = start();
    const copy = structuredClone(vote);
    hear(round, vote);
    hear(round, copy);
    assert.deepEqual(verifier.queue(), { waiting: 1, running: 0 });
    run();
    assert.deepEqual(answers, [
      { vote, weight: 1n },
      { vote: copy, weight: 1n },
    ]);
    assert.equal(answers[1]!.vote, copy, 'each gets his own vote back');
    hear(round, vote);
    assert.equal(answers.length, 3);
  });

  it('an invalid one too, which is told from the valid one by every bit', () => {
    const { hear, answers, run, verifier } = start();
    const forged = {
      ...vote,
      signature: { ...vote.signature, signature: flipped(vote.signature.signature, 511) },
    };
    hear(round, forged);
    run();
    hear(round, forged);
    assert.deepEqual(answers.splice(0), [undefined, undefined]);
    hear(round, vote);
    assert.equal(verifier.queue().waiting, 1);
    run();
    assert.equal(answers[0]?.weight, 1n);
  });

  it('a verdict is of a round’s facts and a row, and says nothing for others', () => {
    const [, ...others] = round.table.rows;
    const mine = round.table.row(vote.sender)!;
    const heavier = { ...mine, weight: 2n };
    const rekeyed = { ...mine, voteRoot: others[0]!.voteRoot };
    const table = (row: typeof mine) =>
      stakeTable(round.table.rows.map((other) => (other.id === row.id ? row : other)));
    const elsewhere: [RoundContext, boolean][] = [
      [{ ...round, genesisHash: flipped(round.genesisHash) }, false],
      [{ ...round, table: table(rekeyed) }, false],
      [{ ...round, table: table(heavier) }, true],
      [{ ...round, seed: flipped(round.seed) }, true],
      [{ ...round, committees: () => ({ ...round.committees(vote.step), everyUnit: false }) }, false],
    ];
    const { hear, answers, run } = start();
    hear(round, vote);
    run();
    for (const [context, isValid] of elsewhere) {
      hear(context, vote);
      run();
      assert.equal(answers.length, 2);
      assert.deepEqual(answers[1], judged(context, vote));
      assert.equal(answers.pop() !== undefined, isValid);
    }
    // A draw depends on the seed besides.
    const proposal = cast(voters[0]!, round, { step: STEP.propose, value: valueNo(3, vote.sender) });
    hear(round, proposal);
    run();
    assert.equal(answers.pop()?.weight, 1n);
    hear({ ...round, seed: flipped(round.seed) }, proposal);
    run();
    assert.equal(answers.pop(), undefined);
  });

  it('members of a bundle that were judged as votes are not judged again', () => {
    const { hear, run, turn, bundle, verifier } = start();
    const quorum = bundleOf(voters, round);
    for (const { vote: known } of castAll(voters, round).slice(0, 19)) hear(round, known);
    run();
    const heard = bundle(round, quorum);
    turn();
    assert.ok(verifier.queue().waiting <= 1);
    run();
    assert.ok(heard.answer !== 'none' && heard.answer !== undefined);
    const again = bundle(round, quorum);
    turn();
    assert.deepEqual(again.answer, heard.answer);
  });
});

describe('the calling thread is never held up', () => {
  it('what is refused for nothing is refused at once, and a turn judges no more than a slice', () => {
    const { hear, answers, turn, verifier } = start();
    hear(round, { ...cast(voters[0]!, round), sender: new Uint8Array(32) });
    hear(round, { ...cast(voters[0]!, round), round: 7n });
    assert.deepEqual(answers, [undefined, undefined]);
    for (const voter of voters) hear(round, cast(voter, round));
    for (const voter of rich) hear(drawnRound, cast(voter, drawnRound));
    assert.equal(verifier.queue().waiting, 32);
    const waiting: number[] = [];
    while (verifier.queue().waiting > 0) {
      turn();
      waiting.push(verifier.queue().waiting);
    }
    // 16 votes without a draw; 4 and 3 with one; 4; 4; the last.
    assert.deepEqual(waiting, [16, 9, 5, 1, 0]);
  });

  it('members of a bundle that are known are looked at some in a turn', () => {
    const many = votersOf(900, 1n);
    const context = roundOf(many);
    const quorum = bundleOf(many, context);
    assert.ok(quorum.votes.length > 512);
    const { bundle, run, turn, verifier } = start();
    const first = bundle(context, quorum);
    while (first.answer === 'none') {
      turn();
      assert.ok(verifier.queue().waiting <= 512);
    }
    const again = bundle(context, quorum);
    turn();
    turn();
    assert.equal(again.answer, 'none');
    run();
    assert.notEqual(again.answer, 'none');
    assert.notEqual(again.answer, undefined);
  });

  it('a bundle lets no more than some members wait before the votes of others, and ends with its first invalid one', () => {
    const many = votersOf(900, 1n);
    const context = roundOf(many);
    const quorum = bundleOf(many, context);
    const { bundle, run, turn, verifier } = start();
    const bad: Bundle = {
      ...quorum,
      votes: quorum.votes.map((vote) => ({ ...vote, signature: quorum.votes[0]!.signature })),
    };
    const heard = bundle(context, bad);
    const next = bundle(context, quorum);
    turn();
    assert.ok(verifier.queue().waiting <= 512);
    turn();
    assert.equal(heard.answer, undefined);
    assert.equal(next.answer, 'none');
    run();
    assert.notEqual(next.answer, undefined);
  });

  it('a fault in what is called back is its own, and other votes are answered', async () => {
    const { verifier, turn, hear, answers } = start();
    const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
    verifier.vote(round, cast(voters[0]!, round), () => {
      throw new Error('a fault');
    });
    hear(round, cast(voters[1]!, round));
    turn();
    assert.equal(answers.length, 1);
    assert.match(String(await thrown), /a fault/);
    process.setUncaughtExceptionCaptureCallback(null);
  });
});

describe('nothing is dropped that was taken, and nothing taken that there is no room for', () => {
  it('a full verifier says so, throws at more, and takes votes again when it has room', () => {
    const { verifier, hear, run, answers } = start({ maxVotes: 2 });
    const [one, two, three] = voters.map((voter) => cast(voter, round));
    hear(round, one!);
    assert.equal(verifier.isFull('vote'), false);
    hear(round, two!);
    assert.equal(verifier.isFull('vote'), true);
    assert.equal(verifier.isFull('bundle'), false);
    assert.throws(() => hear(round, three!), isCode('busy'));
    // Who asks again for what is on its way waits too.
    assert.throws(() => hear(round, one!), isCode('busy'));
    run();
    assert.equal(answers.length, 2);
    assert.equal(verifier.isFull('vote'), false);
    hear(round, three!);
    run();
    assert.equal(answers.length, 3);
  });

  it('bundles have a room of their own', () => {
    const { verifier, bundle, run } = start({ maxBundles: 1 });
    const quorum = bundleOf(voters, round);
    const heard = bundle(round, quorum);
    assert.equal(verifier.isFull('bundle'), true);
    assert.equal(verifier.isFull('vote'), false);
    assert.throws(() => bundle(round, quorum), isCode('busy'));
    run();
    assert.notEqual(heard.answer, undefined);
    assert.equal(verifier.isFull('bundle'), false);
  });

  it('closed, it calls nobody', async () => {
    const here = start();
    const heard = here.bundle(round, bundleOf(voters, round));
    here.hear(round, cast(voters[0]!, round));
    await here.verifier.close();
    here.hear(round, cast(voters[1]!, round));
    here.run();
    assert.deepEqual([here.answers, heard.answer], [[], 'none']);

    const there = threaded();
    there.hear(round, cast(voters[0]!, round));
    await there.verifier.close();
    await settle();
    assert.deepEqual([there.answers, there.verifier.queue()], [[], { waiting: 0, running: 0 }]);
    await there.verifier.close();
  });
});

describe('threads', () => {
  const dying = new URL('./dying-worker-test-support.ts', import.meta.url);
  const value = { ...valueNo(1), period: 0 };

  it('are started when more waits than the spill, and then do all the work', async () => {
    const { verifier, hear, answers } = start({ threads: 1, spill: 4, defer: setImmediate });
    for (const voter of voters.slice(0, 4)) hear(round, cast(voter, round));
    assert.deepEqual(verifier.queue(), { waiting: 4, running: 0 });
    hear(round, cast(voters[4]!, round));
    assert.deepEqual(verifier.queue(), { waiting: 4, running: 1 });
    await settle();
    assert.equal(answers.length, 4);
    await new Promise<void>((resolve) => verifier.vote(round, cast(voters[5]!, round), () => resolve()));
    assert.equal(answers.length, 5);
  });

  it('are started by a bundle that is more than the spill, whatever waits', async () => {
    const { verifier, turn } = start({ threads: 1, spill: 10 });
    const answer = new Promise((resolve) => verifier.bundle(round, bundleOf(voters, round), resolve));
    // No further turn is needed: nothing waits on this thread.
    turn();
    assert.notEqual(await answer, undefined);
  });

  it('that die over a vote are replaced: others are judged, and the vote that kills two is invalid', async () => {
    for (const period of [666, 667]) {
      const { judge, failures, verifier } = threaded({ program: dying, threads: 1 });
      const killer = cast(voters[0]!, round, { period, value });
      assert.equal(judged(round, killer)?.weight, 1n, 'but for the thread it were valid');
      const answers = [
        judge(round, cast(voters[1]!, round)),
        judge(round, killer),
        ...voters.slice(2).map((voter) => judge(round, cast(voter, round))),
      ];
      const [first, second, ...rest] = await Promise.all(answers);
      assert.equal(first?.weight, 1n);
      assert.equal(second, undefined);
      assert.ok(rest.every((weighed) => weighed?.weight === 1n));
      // What a thread said last may be lost with it: then another dies over the vote before that stands alone.
      assert.ok(failures.length >= 3);
      assert.match(failures.at(-1)!, /the second over one vote/);
      assert.deepEqual(verifier.queue(), { waiting: 0, running: 0 });
    }
  });

  it('that never become ready speak against no vote: it is judged on the calling thread', async () => {
    const program = new URL('./unready-worker-test-support.ts', import.meta.url);
    const { judge, failures } = threaded({ program, threads: 1 });
    const answers = await Promise.all(voters.map((voter) => judge(round, cast(voter, round))));
    assert.ok(answers.every((weighed) => weighed?.weight === 1n));
    assert.equal(failures.length, 3);
    assert.equal((await judge(round, cast(voters[0]!, round, { period: 1, value })))?.weight, 1n);
    assert.equal(failures.length, 3, 'no further one is started');
  });

  it('that hang are ended, but not because this process was stopped for a while', async (t) => {
    const clock = handClock();
    const { judge, failures } = threaded({ program: dying, threads: 1, clock, maxSilenceMs: 60_000 });
    const channel = new BroadcastChannel('hanging vote');
    t.after(() => channel.close());
    const hangs = () =>
      new Promise((resolve) => channel.addEventListener('message', resolve, { once: true }));
    let hanging = hangs();
    const answer = judge(round, cast(voters[0]!, round, { period: 668, value }));
    const neighbour = judge(round, cast(voters[1]!, round));
    await hanging;
    await settle();
    // A process that was stopped hears of one timer when it goes on, however long that was.
    await clock.pass(30_000);
    clock.set(10 ** 9);
    await clock.pass(30_000);
    assert.deepEqual(failures, []);
    hanging = hangs();
    await clock.pass(30_000);
    assert.match(failures[0]!, /no answer in 60000 ms/);
    await hanging;
    await settle();
    for (let i = 0; i < 3; i++) await clock.pass(30_000);
    assert.equal(await answer, undefined);
    assert.equal((await neighbour)?.weight, 1n);
    assert.equal(failures.length, 3);
    assert.equal(clock.waiting(), 0, 'no timer is left');
  });

  it('are as many as there are cores to spare, and four at most', () => {
    assert.deepEqual(
      [1, 2, 3, 5, 64].map((cores) => defaultVoteThreads(cores)),
      [1, 1, 2, 4, 4],
    );
  });
});

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof VerificationError && error.code === code;
}
