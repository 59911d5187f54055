import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  blocksRequest,
  createNetwork,
  type Handlers,
  headersRequest,
  type LocalStatus,
  type Network,
  type RequestName,
  TOPIC_RULES,
  TOPICS,
  type Topic,
} from '@sero/network';
import { BOTTOM, decodeBlock, decodeGenesis, decodeVote, STEP, seedHeight } from '@sero/protocol';
import type { Stage } from './stage.ts';
import { type Moment, NONSENSE, type Nonsense, openTurncoat } from './turncoat.ts';

/** What was seen while somebody attacked a node. */
export interface UnderAttack {
  /** Bytes of memory before, and at most while it lasted. */
  readonly rssBefore: number;
  readonly rssPeak: number;
  /** Blocks that all nodes made final meanwhile. */
  readonly blocks: number;
  /** Seconds of processor time that the attacked node took, and the seconds that it lasted. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** Attackers that were peers of the node and are none any more, and those that still are. */
  readonly sentAway: number;
  readonly kept: number;
}

/** Somebody who has the genesis file and the program's network, and lies with them. */
interface Insider {
  readonly network: Network;
  /** What was gossiped to it, by topic, the newest last. */
  readonly heard: ReadonlyMap<Topic, Uint8Array[]>;
}

/** An attack that goes on until the signal comes; gives back the attackers that took part as peers. */
type Attack = (scene: Scene, until: AbortSignal) => Promise<Insider[]>;

interface Scene {
  readonly stage: Stage;
  readonly victim: string;
  readonly host: string;
  readonly port: number;
  /** An attacker that is a peer of the node. */
  insider(lies?: Partial<LocalStatus>, serve?: Handlers['serve']): Promise<Insider>;
}

/** About as long as a header is. */
const HEADER_BYTES = 697;

/** Bytes that leave room for what gossip puts around an item within 4 MiB. */
const GIANT = 4_194_304 - 1_024;

/** Items of a topic that an insider remembers. */
const REMEMBERED = 200;

/** Times that a turncoat speaks at least. */
const ENOUGH = 20;

/** ms for a node to take an attacker for a peer. */
const WELCOME = 20_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Many connections, each treated by `use` when it stands; all are broken when the signal comes. */
async function sockets(
  { host, port }: Scene,
  count: number,
  until: AbortSignal,
  use: (socket: Socket) => void,
): Promise<Insider[]> {
  const open = new Set<Socket>();
  while (!until.aborted) {
    for (let i = open.size; i < count && !until.aborted; i++) {
      const socket = connect(port, host, () => use(socket));
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => void open.delete(socket));
      if (i % 50 === 0) await pause(5);
    }
    await pause(200);
  }
  for (const socket of open) socket.destroy();
  return [];
}

/** Two thousand connections that say nothing, begun again as they are closed. */
const silentSockets: Attack = (scene, until) => sockets(scene, 2_000, until, () => undefined);

/** Connections that say what is no protocol, much of it. */
const garbageSockets: Attack = (scene, until) =>
  sockets(scene, 200, until, (socket) => void socket.write(randomBytes(65_536)));

/** Connections that begin as peers do and then stop in the middle of a word. */
const brokenOff: Attack = (scene, until) =>
  sockets(scene, 500, until, (socket) => void socket.write('\x13/multistream/1.0.0\n\x07/no'));

/** Whether anybody still takes one of them for a peer. */
const areHeard = (insiders: readonly Insider[]): boolean =>
  insiders.some(({ network }) => network.peers().length > 0);

/** Publishes until it is sent away or the signal comes; how fast a queue takes it is the network's affair. */
async function flood(
  insiders: readonly Insider[],
  until: AbortSignal,
  item: (insider: Insider) => readonly [Topic, Uint8Array] | undefined,
): Promise<Insider[]> {
  while (!until.aborted && areHeard(insiders)) {
    for (const insider of insiders) {
      for (let i = 0; i < 20; i++) {
        const next = item(insider);
        if (next !== undefined) insider.network.publish(...next);
      }
    }
    await pause(20);
  }
  return [...insiders];
}

/** Bytes of every topic that are nothing, as long as small items are. */
const gossipGarbage: Attack = async (scene, until) => {
  const insiders = [await scene.insider(), await scene.insider()];
  return flood(insiders, until, () => {
    const topic = TOPICS[Math.floor(Math.random() * TOPICS.length)]!;
    return [topic, randomBytes(Math.min(600, TOPIC_RULES[topic].itemBytes))];
  });
};

/** Bundles and blocks as long as one message can be, of nothing. */
const gossipGiants: Attack = async (scene, until) => {
  const insiders = [await scene.insider()];
  const giant = randomBytes(GIANT);
  while (!until.aborted && areHeard(insiders)) {
    for (const { network } of insiders) {
      network.publish('block', giant);
      network.publish('bundle', giant);
    }
    await pause(500);
  }
  return insiders;
};

/** What others sent, with one bit changed somewhere. */
const changedItems: Attack = async (scene, until) => {
  const insiders = [await scene.insider(), await scene.insider()];
  return flood(insiders, until, ({ heard }) => {
    const topic = (['vote', 'proposal', 'block', 'bundle'] as const)[Math.floor(Math.random() * 4)]!;
    const known = heard.get(topic);
    if (known === undefined) return undefined;
    const item = Uint8Array.from(known[Math.floor(Math.random() * known.length)]!);
    item[Math.floor(Math.random() * item.length)]! ^= 1 << Math.floor(Math.random() * 8);
    return [topic, item];
  });
};

/** What others sent, again and again, of rounds that are over too. Nothing of it is wrong: it must cost little. */
const replays: Attack = async (scene, until) => {
  const insiders = [await scene.insider()];
  return flood(insiders, until, ({ heard }) => {
    const topics = [...heard.keys()];
    const topic = topics[Math.floor(Math.random() * topics.length)];
    const known = topic === undefined ? undefined : heard.get(topic)!;
    return known === undefined ? undefined : [topic!, known[Math.floor(Math.random() * known.length)]!];
  });
};

/** Asks for as much as one request may, in as many requests as there can be, and takes none of the answers. */
const slowReaders: Attack = async (scene, until) => {
  const insiders = [await scene.insider(), await scene.insider()];
  const asked = (name: RequestName, request: Uint8Array) =>
    insiders.flatMap(({ network }) =>
      Array.from({ length: 16 }, async () => {
        while (!until.aborted) {
          const [peer] = network.peers();
          if (peer === undefined) return;
          try {
            for await (const _ of network.request(peer.id, name, request, { signal: until }))
              await pause(3_000);
          } catch {
            // Refused or cut off, which is what it is for.
            await pause(20);
          }
        }
      }),
    );
  await Promise.all([
    ...asked('blocks', blocksRequest.encode({ start: 1n, count: 64 })),
    ...asked('headers', headersRequest.encode({ start: 1n, count: 1_024 })),
  ]);
  return insiders;
};

/** Says that its chain is far ahead, and serves garbage to whoever believes it. */
const falseChain: Attack = async (scene, until) => {
  const insiders = [
    await scene.insider({ height: 1_000_000n }, async function* (name, request) {
      const count = name === 'headers' ? headersRequest.decode(request).count : 1;
      for (let i = 0; i < count; i++) yield randomBytes(HEADER_BYTES);
    }),
  ];
  while (!until.aborted && areHeard(insiders)) {
    for (const { network } of insiders) network.statusChanged();
    await pause(500);
  }
  return insiders;
};

/**
 * A registered validator, the last one, leaves and signs nonsense with his keys instead: through some peers what no honest node says, through another what nobody can
 * blame him for, as much of it as there is. He says no two things that would be evidence, and is back at the end. @returns the peers that are to be blamed
 */
const turncoat: Attack = async (scene, until) => {
  const { stage, victim } = scene;
  const { checker, made, network } = stage;
  const { name, keys } = made.places.findLast((place) => place.keys !== undefined)!;
  const genesis = decodeGenesis(made.genesis);
  const [smooth, ...liars] = await Promise.all(Array.from({ length: 4 }, () => scene.insider()));
  const header = async (height: bigint) => {
    const { peerId } = made.places.find((place) => place.name === victim)!;
    const request = blocksRequest.encode({ start: height, count: 1 });
    for await (const bytes of smooth!.network.request(peerId, 'blocks', request))
      return decodeBlock(bytes).header;
    throw new Error(`${victim} has no block ${height}`);
  };
  await network.running(name).stop();
  // What he voted for while he was honest is in rounds that are over then.
  const others = stage.alive();
  await checker.reached(others, Math.max(...others.map((one) => checker.book.headOf(one))) + 4, 60_000);
  const traitor = openTurncoat(keys!, genesis);
  let round = 0n;
  try {
    // However long it took to begin.
    for (let at = 0; at < ENOUGH || !until.aborted; at++) {
      const height = BigInt(checker.book.headOf(victim));
      const isNew = height + 1n > round;
      round = height + 1n;
      await traitor.prepare(round);
      const seed = (await header(seedHeight(genesis.stake, round))).seed;
      const last = smooth!.heard.get('vote')?.at(-1);
      const heard = last === undefined ? undefined : decodeVote(last);
      const period = heard?.round === round ? heard.period : 0;
      const moment: Moment = { round, period, seed, parent: await header(height) };
      const say = ({ network: own }: Insider, nonsense: Nonsense): void => {
        for (const item of nonsense.make(traitor, moment)) own.publish(...item);
      };
      const all = Object.values<Nonsense>(NONSENSE);
      const rejected = all.filter(({ verdict }) => verdict === 'reject');
      for (const [i, liar] of liars.entries()) say(liar, rejected[(at + i) % rejected.length]!);
      for (const nonsense of all) if (nonsense.verdict === 'ignore') say(smooth!, nonsense);
      // One of them a round: two would be evidence.
      const credible = all.filter(({ verdict }) => verdict === 'accept');
      if (isNew) say(smooth!, credible[Number(round) % credible.length]!);
      for (let period = 0; period < 4; period++) {
        for (let step: number = STEP.next; step < STEP.late; step++) {
          smooth!.network.publish('vote', traitor.vote({ round, period, step, value: BOTTOM }));
        }
      }
      await pause(250);
    }
  } finally {
    // Of the round that has begun, and of the next one, he may have said something.
    await traitor.close(round + 3n);
    await network.start(name);
  }
  return liars;
};

/** Everything that can be done to a node by those who are no third of the stake, by name. */
export const ATTACKS = {
  'silent-sockets': silentSockets,
  'garbage-sockets': garbageSockets,
  'broken-off': brokenOff,
  'gossip-garbage': gossipGarbage,
  'gossip-giants': gossipGiants,
  'changed-items': changedItems,
  replays,
  'slow-readers': slowReaders,
  'false-chain': falseChain,
  turncoat,
} as const satisfies Readonly<Record<string, Attack>>;

export type AttackName = keyof typeof ATTACKS;

/** Attacks a node for some seconds and sees what becomes of it and of the network. */
export async function underAttack(
  stage: Stage,
  attack: AttackName,
  victim: string,
  seconds: number,
): Promise<UnderAttack> {
  const { network, checker, made } = stage;
  const opened: Network[] = [];
  const { host, port } = network.listens(victim);
  const { peerId } = made.places.find(({ name }) => name === victim)!;
  const scene: Scene = {
    stage,
    victim,
    host,
    port,
    async insider(lies = {}, serve) {
      const heard = new Map<Topic, Uint8Array[]>();
      const status: LocalStatus = {
        genesisHash: Uint8Array.from(Buffer.from(made.genesisHash, 'hex')),
        height: 0n,
        headHash: new Uint8Array(32),
        earliest: 0n,
        version: 1,
        ...lies,
      };
      const own = await createNetwork({
        handlers: {
          gossip(topic, item) {
            const known = heard.get(topic) ?? [];
            heard.set(topic, known);
            if (known.push(item) > REMEMBERED) known.shift();
            return 'ignore';
          },
          serve: serve ?? nothing,
        },
        status: () => status,
        direct: [`/ip4/${host}/tcp/${port}/p2p/${peerId}`],
      });
      opened.push(own);
      const welcome = Promise.withResolvers<void>();
      const off = own.onPeer(() => welcome.resolve());
      const timer = setTimeout(() => welcome.reject(new Error(`${victim} takes nobody for a peer`)), WELCOME);
      if (own.peers().length > 0) welcome.resolve();
      await welcome.promise.finally(() => {
        clearTimeout(timer);
        off();
      });
      return { network: own, heard };
    },
  };

  const names = stage.alive();
  const figures = () => network.running(victim).figures()!;
  const height = (): number => Math.min(...names.map((name) => checker.book.headOf(name)));
  const [start, before, from] = [performance.now(), figures(), height()];
  let rssPeak = before.rss;
  const looking = setInterval(() => {
    rssPeak = Math.max(rssPeak, network.running(victim).figures()?.rss ?? 0);
  }, 100);
  try {
    const insiders = await ATTACKS[attack](scene, AbortSignal.timeout(1_000 * seconds));
    const blocks = height() - from;
    const kept = insiders.filter((insider) => insider.network.peers().length > 0).length;
    return {
      rssBefore: before.rss,
      rssPeak,
      blocks,
      cpuSeconds: Math.round((figures().cpuSeconds - before.cpuSeconds) * 100) / 100,
      seconds: Math.round((performance.now() - start) / 100) / 10,
      sentAway: insiders.length - kept,
      kept,
    };
  } finally {
    clearInterval(looking);
    await Promise.all(opened.map((one) => one.close()));
  }
}

/** Serves nobody. */
async function* nothing(): AsyncGenerator<Uint8Array> {}
