import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConsensusMessage, Judgement, Participant } from '@sero/consensus';
import { encodeBundle, encodeVote, MAX_BUNDLE_BYTES, STEP } from '@sero/protocol';
import { cast, participants, proposed, roundOf } from '@sero/protocol/test/consensus';
import { settle } from '../test-support.ts';
import { createGossip } from './gossip.ts';
import { shownChain } from './sync-test-support.ts';

const [ONE] = participants([10n]) as [ReturnType<typeof participants>[number]];
const CONTEXT = roundOf([ONE]);
const VALUE = proposed(ONE.row.id, 1);
const VOTE = encodeVote(cast(ONE, CONTEXT, { period: 0, step: STEP.soft, value: VALUE }));
const PROPOSAL = encodeVote(cast(ONE, CONTEXT, { period: 0, step: STEP.propose, value: VALUE }));
const CHAIN = shownChain(8);
const BUNDLE = encodeBundle(CHAIN.certificate(2n));
const block = (height: number): Uint8Array => CHAIN.blocks[height]!;

type Judged = (judgement: Judgement) => void;

/** A participant that a test speaks for. */
function scene() {
  const heard: { message: ConsensusMessage; judged: Judged }[] = [];
  const published: string[] = [];
  let full = false;
  /** Blocks are judged by their bytes alone, at once. */
  let blocks: Judgement = 'accepted';
  const participant = {
    receive(message: ConsensusMessage, judged: Judged = () => undefined) {
      if (message.type === 'block') judged(blocks);
      else heard.push({ message, judged });
    },
  } as Participant;
  const gossip = createGossip({ publish: (topic) => void published.push(topic) }, () => full);
  gossip.use(participant);
  /** What is answered so far. */
  const given = (topic: Parameters<typeof gossip.receive>[0], item: Uint8Array) => {
    const told: { verdict?: string } = {};
    void gossip.receive(topic, item).then((verdict) => {
      told.verdict = verdict;
    });
    return told;
  };
  return {
    gossip,
    heard,
    published,
    given,
    participant,
    setFull: (to: boolean) => {
      full = to;
    },
    judgeBlocks: (to: Judgement) => {
      blocks = to;
    },
    propose: (height: number) => gossip.voice.relay({ type: 'block', bytes: block(height) }),
  };
}

describe('gossip of agreement', () => {
  it('passes on what is accepted, keeps what does not matter, and rejects what nobody honest says', async () => {
    for (const [judgement, verdict] of [
      ['accepted', 'accept'],
      ['ignored', 'ignore'],
      ['invalid', 'reject'],
    ] as const) {
      const { given, heard } = scene();
      const told = [given('vote', VOTE), given('proposal', PROPOSAL), given('bundle', BUNDLE)];
      for (const { judged } of heard) judged(judgement);
      await settle();
      assert.deepEqual(told, [{ verdict }, { verdict }, { verdict }]);
    }
  });

  it('rejects a proposal among votes, a vote among proposals, and what does not decode, without asking the participant', async () => {
    const { gossip, heard } = scene();
    assert.equal(await gossip.receive('vote', PROPOSAL), 'reject');
    assert.equal(await gossip.receive('proposal', VOTE), 'reject');
    assert.equal(await gossip.receive('vote', VOTE.subarray(1)), 'reject');
    assert.equal(await gossip.receive('bundle', VOTE), 'reject');
    assert.equal(await gossip.receive('bundle', new Uint8Array(MAX_BUNDLE_BYTES + 1)), 'reject');
    assert.equal(await gossip.receive('block', BUNDLE), 'reject');
    assert.equal(heard.length, 0);
  });

  it('ignores votes and bundles while there is no room to verify them, and while there is no participant', async () => {
    const { gossip, heard, setFull } = scene();
    setFull(true);
    assert.equal(await gossip.receive('vote', VOTE), 'ignore');
    assert.equal(await gossip.receive('bundle', BUNDLE), 'ignore');
    setFull(false);
    gossip.use(undefined);
    for (const [topic, item] of [
      ['vote', VOTE],
      ['bundle', BUNDLE],
      ['block', block(1)],
    ] as const) {
      assert.equal(await gossip.receive(topic, item), 'ignore');
    }
    assert.equal(heard.length, 0);
  });

  it('leaves nobody waiting: what a stopped participant never judged is ignored, and its late word does nothing', async () => {
    const { gossip, given, heard, propose } = scene();
    const [vote, held] = [given('vote', VOTE), given('block', block(1))];
    await settle();
    assert.deepEqual([vote, held], [{}, {}]);
    gossip.use(undefined);
    await settle();
    assert.deepEqual([vote, held], [{ verdict: 'ignore' }, { verdict: 'ignore' }]);
    heard[0]!.judged('accepted');
    propose(1);
    await settle();
    assert.deepEqual([vote, held], [{ verdict: 'ignore' }, { verdict: 'ignore' }]);
  });

  it('passes a block on when it is proposed, and not before', async () => {
    const { given, propose } = scene();
    const told = given('block', block(1));
    await settle();
    assert.deepEqual(told, {});
    propose(1);
    await settle();
    assert.deepEqual(told, { verdict: 'accept' });
  });

  it('passes a block on at once whose proposal came before it', async () => {
    const { gossip, participant } = scene();
    gossip.use({
      ...participant,
      receive(message, judged) {
        participant.receive(message, judged);
        if (message.type === 'block') gossip.voice.relay(message);
      },
    });
    assert.equal(await gossip.receive('block', block(1)), 'accept');
  });

  it('lets no block that is none, or of another time, push out one that waits', async () => {
    const { given, judgeBlocks, propose } = scene();
    const honest = given('block', block(1));
    await settle();
    for (const [judgement, verdict] of [
      ['ignored', 'ignore'],
      ['invalid', 'reject'],
    ] as const) {
      judgeBlocks(judgement);
      const junk = [2, 3, 4, 5, 6].map((height) => given('block', block(height)));
      await settle();
      assert.ok(junk.every((told) => told.verdict === verdict));
    }
    judgeBlocks('ignored');
    assert.deepEqual(honest, {});
    propose(1);
    await settle();
    assert.deepEqual(honest, { verdict: 'accept' });
  });

  it('holds four blocks that nobody has proposed yet; the oldest goes', async () => {
    const { given } = scene();
    const all = [1, 2, 3, 4, 5].map((height) => given('block', block(height)));
    await settle();
    assert.deepEqual(all, [{ verdict: 'ignore' }, {}, {}, {}, {}]);
  });

  it('leaves no copy of a block unanswered', async () => {
    const { given, judgeBlocks, propose } = scene();
    const first = given('block', block(1));
    await settle();
    judgeBlocks('ignored');
    const second = given('block', block(1));
    await settle();
    assert.deepEqual([first, second], [{}, { verdict: 'ignore' }]);
    // The participant has forgotten the first one.
    judgeBlocks('accepted');
    const third = given('block', block(1));
    await settle();
    assert.deepEqual([first, third], [{ verdict: 'ignore' }, {}]);
    propose(1);
    await settle();
    assert.deepEqual(third, { verdict: 'accept' });
  });

  it('keeps a block that came a round early, and forgets one that was nobody’s when its round is over', async () => {
    const { gossip, given, propose } = scene();
    const [early, nobodys] = [given('block', block(2)), given('block', block(1))];
    await settle();
    gossip.nextRound();
    propose(2);
    await settle();
    assert.deepEqual([early, nobodys], [{ verdict: 'accept' }, {}]);
    gossip.nextRound();
    await settle();
    assert.deepEqual(nobodys, { verdict: 'ignore' });
  });

  it('answers with the error where the participant throws', async () => {
    const { gossip, participant } = scene();
    const receive = () => {
      throw new Error('a bug');
    };
    gossip.use({ ...participant, receive });
    await assert.rejects(gossip.receive('vote', VOTE), /a bug/);
    await assert.rejects(gossip.receive('block', block(1)), /a bug/);
  });

  it('says proposals and votes under their own topics, and passes on by verdicts only', () => {
    const { gossip, published } = scene();
    const vote = cast(ONE, CONTEXT, { period: 0, step: STEP.soft, value: VALUE });
    gossip.voice.broadcast({ type: 'vote', vote });
    gossip.voice.broadcast({ type: 'vote', vote: { ...vote, step: STEP.propose } });
    gossip.voice.broadcast({ type: 'bundle', bundle: CHAIN.certificate(2n) });
    gossip.voice.broadcast({ type: 'block', bytes: block(1) });
    gossip.voice.relay({ type: 'vote', vote });
    gossip.voice.relay({ type: 'block', bytes: block(1) });
    assert.deepEqual(published, ['vote', 'proposal', 'bundle', 'block']);
  });
});
