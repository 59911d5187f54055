import { toHex } from '@sero/crypto';
import { encodeVote, STEP, type Value } from '@sero/protocol';
import { block, startWorld, type TestWorld, valueFrom } from './participant-test-support.ts';

/** The journal without what concerns nobody here. */
export function story({ journal }: TestWorld): string[] {
  return journal.filter((line) => !line.startsWith('relay') && !line.startsWith('tentative'));
}

/** A world in which v, player 1's block, has a soft quorum and was executed: the participant has cast its cert vote. */
export function certifying(mutant?: 'vote-log-sync'): { world: TestWorld; v: Value } {
  const world = startWorld(mutant === undefined ? {} : { mutant });
  world.sync();
  const v = valueFrom(world, 'v', 1);
  world.participant().receive({ type: 'block', bytes: block('v').bytes });
  world.receive(world.vote(1, STEP.propose, v), ...[1, 2, 3].map((from) => world.vote(from, STEP.soft, v)));
  world.journal.length = 0;
  for (const done of world.validating.values()) done(true);
  return { world, v };
}

/** The own cert votes that went out, in hexadecimal. */
export function certVotes(world: TestWorld): string[] {
  return world.sent.flatMap((message) =>
    message.type === 'vote' && message.vote.step === STEP.cert ? [toHex(encodeVote(message.vote))] : [],
  );
}
