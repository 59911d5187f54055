import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { keepCopy, lastSegment, putBack, tear } from './disk-faults.ts';
import type { Start } from './running-network.ts';
import type { Stage } from './stage.ts';

/** Something that happens to a network, after which it must go on as though nothing had happened. */
export type Scenario = (stage: Stage) => Promise<void>;

/** ms within which nodes go on once nothing is wrong any more: some periods, and a machine that does other things too. */
const PATIENCE = 90_000;

/** ms that a network without a quorum is watched. */
const STANDSTILL = 8_000;

/** Blocks that a network makes to show that it goes on. */
const SOME = 3;

/** ms in a network that does nothing else. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Validators that may fail: fewer than a third. */
const mayFail = ({ validators }: Stage): string[] =>
  validators.slice(0, Math.floor((validators.length - 1) / 3));

const othersThan = (stage: Stage, gone: readonly string[]): string[] =>
  stage.alive().filter((name) => !gone.includes(name));

/** All that run go on together, and what they have is right. */
async function goOn(stage: Stage): Promise<void> {
  const names = stage.alive();
  await stage.checker.progressed(names, SOME, PATIENCE);
  await stage.checker.settle(names);
}

/** kill -9 of as many as may fail: the others go on, and those that come back find their place. */
const kill: Scenario = async (stage) => {
  const gone = mayFail(stage);
  await Promise.all(gone.map((name) => stage.network.running(name).kill()));
  await stage.checker.progressed(othersThan(stage, gone), SOME, PATIENCE);
  await Promise.all(gone.map((name) => stage.network.start(name)));
  await goOn(stage);
};

/** kill -9 of everybody at once: nothing that was final is lost, and they go on. */
const blackout: Scenario = async (stage) => {
  const names = stage.alive();
  await Promise.all(names.map((name) => stage.network.running(name).kill()));
  await Promise.all(names.map((name) => stage.network.start(name)));
  await goOn(stage);
};

/** Processes stand still for longer than a period, and go on with clocks that jumped. */
const standStill: Scenario = async (stage) => {
  const still = mayFail(stage);
  for (const name of still) stage.network.running(name).pause();
  await stage.checker.progressed(othersThan(stage, still), SOME, PATIENCE);
  for (const name of still) stage.network.running(name).resume();
  await goOn(stage);
};

/** Two halves without a quorum each: nobody makes anything final, and both go on after it. */
const halves: Scenario = async (stage) => {
  const { network, checker } = stage;
  const names = stage.alive();
  const groups = [0, 1].map((half) => names.filter((_, i) => i % 2 === half)) as [string[], string[]];
  network.split(...groups);
  // What was under way when the cut came may still arrive.
  await pause(STANDSTILL / 2);
  const before = names.map((name) => checker.book.headOf(name));
  await pause(STANDSTILL);
  const after = names.map((name) => checker.book.headOf(name));
  if (String(before) !== String(after)) {
    throw new Error(`half a network made blocks final: heads ${before} became ${after}`);
  }
  network.heal();
  await goOn(stage);
};

/** As many as may fail are cut off: the others go on, and those that were away follow when they are back. */
const island: Scenario = async (stage) => {
  const away = mayFail(stage);
  const rest = othersThan(stage, away);
  stage.network.split(rest, away);
  await stage.checker.progressed(rest, SOME, PATIENCE);
  stage.network.heal();
  await goOn(stage);
};

/** Connections break, all of them, again and again. */
const brokenConnections: Scenario = async (stage) => {
  const { relay } = stage.network;
  if (relay === undefined) return;
  for (let times = 0; times < 3; times++) {
    for (const link of relay.links) link.set('cut');
    await pause(500);
    for (const link of relay.links) link.set('open');
    await pause(1_500);
  }
  await goOn(stage);
};

/** Every way is long, unsteady, narrow and loses a hundredth of its segments. */
const slowAndLossy: Scenario = async (stage) => {
  const { relay, namespaces } = stage.network;
  for (const link of relay?.links ?? []) link.shape({ delay: 60, jitter: 30, loss: 0.01, rate: 1_000_000 });
  for (const i of namespaces?.members.keys() ?? []) namespaces?.rate(i, 500_000);
  await goOn(stage);
  for (const link of relay?.links ?? []) link.shape({ delay: 0, jitter: 0, loss: 0, rate: 0 });
  for (const i of namespaces?.members.keys() ?? []) namespaces?.rate(i, 0);
};

/** Nodes that were not there from the beginning find the chain and follow it. */
const lateJoiner: Scenario = async (stage) => {
  const missing = stage.network.names.filter((name) => !stage.alive().includes(name));
  if (missing.length === 0) throw new Error('nobody is left who could join');
  await Promise.all(missing.map((name) => stage.join(name)));
  await goOn(stage);
};

/** The last record of the vote log is torn, at one place and at another: that vote was never sent, and nobody votes twice. */
const tornVotes: Scenario = async (stage) => {
  const [name] = mayFail(stage) as [string];
  for (const bytes of [1, 9]) {
    await stage.network.running(name).kill();
    tear(join(directoryOf(stage, name), 'keys', 'votes', 'votes.log'), bytes);
    await stage.network.start(name);
    await goOn(stage);
  }
};

/** The disk kept the keys and the votes of now, and of the chain what it was some blocks ago: votes are ahead of the chain, and nobody votes twice. */
const chainOfBefore: Scenario = async (stage) => {
  const [name] = mayFail(stage) as [string];
  const node = nodeOf(stage, name);
  await stage.network.running(name).kill();
  const copy = `${node}-copy-${stage.checker.book.headOf(name)}`;
  keepCopy(node, copy);
  await stage.network.start(name);
  await goOn(stage);
  await stage.network.running(name).kill();
  putBack(node, copy);
  stage.checker.book.forgive(name);
  await stage.network.start(name);
  await goOn(stage);
};

/** The last block is torn off the log of blocks, and the state is lost: it is built again from what is there, and the rest comes from others. */
const tornBlocks: Scenario = async (stage) => {
  const [name] = mayFail(stage) as [string];
  const node = nodeOf(stage, name);
  await stage.network.running(name).kill();
  tear(lastSegment(join(node, 'blocks')), 1);
  rmSync(join(node, 'state'), { recursive: true });
  stage.checker.book.forgive(name);
  await stage.network.start(name);
  await goOn(stage);
};

/** A state that is ahead of its blocks is refused, since blocks that were final are gone; without both the node begins at genesis, with the votes that it has. */
const lostBlocks: Scenario = async (stage) => {
  const [name] = mayFail(stage) as [string];
  const node = nodeOf(stage, name);
  // Stopped in order, so that the state is that of the last block.
  await stage.network.running(name).stop();
  tear(lastSegment(join(node, 'blocks')), 1);
  const refused = await stage.network.start(name).then(
    () => 'it started',
    (error: Error) => error.message,
  );
  if (!refused.includes('"chain-damaged"')) throw new Error(`lost blocks were not refused: ${refused}`);
  for (const part of ['blocks', 'state']) rmSync(join(node, part), { recursive: true });
  stage.checker.book.forgive(name);
  await stage.network.start(name);
  await goOn(stage);
};

/** A clock is wrong by seconds and runs at another pace. */
const wrongClock =
  (...ways: readonly Start[]): Scenario =>
  async (stage) => {
    const [name] = mayFail(stage) as [string];
    for (const how of [...ways, {}]) {
      await stage.network.running(name).stop();
      await stage.network.start(name, how);
      await goOn(stage);
    }
  };

/**
 * The keys of one were copied, and two nodes vote with them, against all that is said to whoever makes such a copy: it signs twice what it may sign once. The others
 * agree on one chain all the same. Nothing can follow it: that validator has lost its stake.
 */
const twins: Scenario = async (stage) => {
  const [name] = mayFail(stage) as [string];
  const [other] = stage.others;
  if (other === undefined) throw new Error('nobody is there who could be the twin');
  const keys = join(directoryOf(stage, name), 'keys');
  const copy = join(directoryOf(stage, other), 'keys');
  await stage.network.running(name).stop();
  if (!stage.alive().includes(other)) await stage.join(other);
  await stage.network.running(other).stop();
  keepCopy(keys, copy);
  // What tells a copy from the keys themselves.
  rmSync(join(copy, 'place.json'));
  await stage.network.start(name);
  const how = { extra: ['--validator', copy] };
  await stage.network.start(other, how);
  for (let times = 0; times < 4; times++) await goOn(stage);
};

function directoryOf({ made }: Stage, name: string): string {
  return made.places.find((place) => place.name === name)!.directory;
}

function nodeOf(stage: Stage, name: string): string {
  return join(directoryOf(stage, name), 'node');
}

/** All of them by name, in an order in which they can follow each other. */
export const SCENARIOS = {
  kill,
  'stand-still': standStill,
  halves,
  island,
  'broken-connections': brokenConnections,
  'slow-and-lossy': slowAndLossy,
  'torn-votes': tornVotes,
  'chain-of-before': chainOfBefore,
  'torn-blocks': tornBlocks,
  'lost-blocks': lostBlocks,
  'wrong-clock': wrongClock({ skewMs: 3_000, driftPpm: 20_000 }),
  'wrong-clocks': wrongClock({ skewMs: -3_000 }, { skewMs: 60_000 }, { skewMs: -60_000 }),
  'late-joiner': lateJoiner,
  blackout,
  twins,
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;
