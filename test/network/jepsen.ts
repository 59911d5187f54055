import { type Spread, spreadOf } from './figures.ts';
import { faultsOf, type View } from './history.ts';
import { nemesis } from './nemesis.ts';
import { openOutsideSocket } from './outside-rpc.ts';
import { createPayers } from './payers.ts';
import { draws } from './random.ts';
import type { Stage } from './stage.ts';

/** What a history of payments came to. */
export interface JepsenResult {
  readonly payments: number;
  readonly final: number;
  readonly refused: number;
  /** Given to a node whose answer never came. */
  readonly unknown: number;
  readonly reads: number;
  /** ms from giving a payment to a node to the payer's wallet seeing it final. */
  readonly finality: Spread;
  /** Empty while all is well. */
  readonly faults: readonly string[];
}

export interface JepsenOptions {
  readonly seconds: number;
  /** False for payments in a network that nobody hurts. */
  readonly hurts: boolean;
}

/** ms within which all nodes have the same head in the end. */
const PATIENCE = 120_000;

/** Blocks that are asked for at a time. */
const PAGE = 64;

/**
 * People pay each other through all nodes while somebody hurts the network; afterwards the history must be one of a single chain on which no money
 * came or went.
 */
export async function jepsen(stage: Stage, { seconds, hurts }: JepsenOptions): Promise<JepsenResult> {
  const { network, checker, seed, made } = stage;
  const names = stage.alive();
  const payers = await createPayers({
    made,
    seed,
    nodes: () => names.map((name) => ({ name, url: network.url(name) })),
  });
  try {
    const until = AbortSignal.timeout(1_000 * seconds);
    const hurting = hurts
      ? nemesis(network, stage.validators, draws(seed, 'nemesis'), until, stage.say)
      : undefined;
    await Promise.all([payers.run(until), hurting]);
    // A block more than any that was seen: what was under way is in or out.
    await checker.progressed(names, 2, PATIENCE);
    const { height, ...ending } = await payers.ending(network.url(names[0]!));
    await checker.reached(names, height, PATIENCE);
    await checker.settle(names);
    const views: View[] = [];
    for (const name of names) views.push(await viewOf(name, network.url(name), height));
    const pooled = new Map<string, bigint>();
    // What the pool holds is said of the head, which may be later; without payments nothing of it changes.
    for (const name of names) pooled.set(name, await pooledBy(network.url(name)));
    const { payments, reads } = payers;
    const count = (wanted: (typeof payments)[number]['answer']): number =>
      payments.filter(({ answer }) => answer === wanted).length;
    const finals = payments.flatMap(({ final, invokedAt }) =>
      final === undefined ? [] : [final.at - invokedAt],
    );
    return {
      payments: payments.length,
      final: finals.length,
      refused: count('refused'),
      unknown: count('unknown'),
      reads: reads.length,
      finality: spreadOf(finals),
      faults: faultsOf({ payments, reads }, views, { ...ending, pooled }),
    };
  } finally {
    await payers.close();
  }
}

async function viewOf(node: string, url: string, height: number): Promise<View> {
  return asked(url, async (socket) => {
    const blocks: View['blocks'][number][] = [];
    while (blocks.length < height) {
      const page = await socket.transactions(blocks.length + 1, Math.min(PAGE, height - blocks.length));
      if (page.length === 0) throw new Error(`${node} does not show block ${blocks.length + 1}`);
      blocks.push(...page);
    }
    return { node, blocks };
  });
}

const pooledBy = (url: string): Promise<bigint> => asked(url, (socket) => socket.pooled());

async function asked<T>(
  url: string,
  ask: (socket: Awaited<ReturnType<typeof openOutsideSocket>>) => Promise<T>,
): Promise<T> {
  const socket = await openOutsideSocket(url, new AbortController().signal);
  try {
    return await ask(socket);
  } finally {
    socket.close();
  }
}
