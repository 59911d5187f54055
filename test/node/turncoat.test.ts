import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toHex } from '@sero/crypto';
import { createNetwork, type Network, type Topic, type Verdict } from '@sero/network';
import {
  decodeExecutedBlock,
  decodeGenesis,
  genesisHash,
  type Header,
  headerHash,
  isEvidence,
} from '@sero/protocol';
import { NONSENSE, type Nonsense, openTurncoat, type Turncoat } from '../network/turncoat.ts';
import { genesisDouble, groundOf, keyDouble, payment } from './doubles.ts';
import { newDirectory } from './running.ts';
import { blocksUntil, headAt, testValidators } from './validators.ts';

/** Rounds in which something said is heard on a machine that does other things too. */
const MOST_TRIES = 20;

/** Somebody who is a peer of one node, and says what a test makes him say. */
interface Insider {
  readonly network: Network;
  /** What he was told, in hexadecimal digits. */
  readonly heard: ReadonlySet<string>;
}

/** Serves nobody. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

describe('three honest validators, and a fourth who signs nonsense with his own keys,', {
  concurrency: false,
}, () => {
  const network = testValidators(4);
  const genesis = decodeGenesis(network.genesis);
  const insiders: Network[] = [];
  let honest: Awaited<ReturnType<typeof network.start>>[];
  let victim: (typeof honest)[number];
  let turncoat: Turncoat;
  /** A peer of the victim who hears what the victim passes on. */
  let witness: Insider;

  before(async () => {
    honest = await Promise.all([0, 1, 2].map((i) => network.start(newDirectory(), i)));
    victim = honest[0]!;
    turncoat = openTurncoat(network.keys[3]!, genesis);
    await turncoat.prepare(1n);
    witness = await insider();
    await headAt(victim, 4n);
  });
  after(async () => {
    await Promise.all(insiders.map((one) => one.close()));
    await turncoat?.close(256n);
  });

  async function insider(): Promise<Insider> {
    const heard = new Set<string>();
    const status = {
      genesisHash: genesisHash(genesis),
      height: 0n,
      headHash: new Uint8Array(32),
      earliest: 0n,
      version: 1,
    };
    const own = await createNetwork({
      transport: 'memory',
      handlers: {
        gossip(_topic, item) {
          heard.add(toHex(item));
          return 'ignore';
        },
        serve: nothing,
      },
      status: () => status,
      direct: victim.node.peers().addresses,
    });
    insiders.push(own);
    const isHeard = (): boolean => own.peers().some(({ subscribed }) => subscribed);
    await new Promise<void>((resolve) => {
      const off = own.onPeer(() => {
        if (!isHeard()) return;
        off();
        resolve();
      });
      if (isHeard()) resolve();
    });
    await blocksUntil(victim, () => victim.node.peers().peers.some(({ id }) => id === own.peerId));
    return { network: own, heard };
  }

  /** What the victim thinks of a peer: 0 and more; undefined where it is none. */
  const penaltyOf = ({ network: { peerId } }: Insider): number | undefined =>
    victim.node.peers().peers.find(({ id }) => id === peerId)?.penalty;

  /** Items of a topic that the victim judged so. */
  async function judged(topic: Topic, verdict: string): Promise<number> {
    const text = await victim.node.metrics.metrics();
    const line = new RegExp(`^sero_network_items_total\\{label="${topic} ${verdict}"\\} (\\d+)$`, 'm');
    return Number(line.exec(text)?.[1] ?? 0);
  }

  const nextHead = () => headAt(victim, victim.node.ledger.head().height + 1n);

  /** Says nonsense of the round that has just begun. @returns the first item of it */
  function say(from: Insider, { make }: Nonsense, parent: Header): string {
    const round = parent.height + 1n;
    const { seed } = victim.node.ledger.roundContext(round)!;
    const items = make(turncoat, { round, period: 0, seed, parent });
    for (const [topic, item] of items) from.network.publish(topic, item);
    return toHex(items[0]![1]);
  }

  /** Nonsense of a sort, each with somebody who says it and what he said. */
  const liarsOf = (verdict: Verdict) =>
    Promise.all(
      Object.entries<Nonsense>(NONSENSE)
        .filter(([, nonsense]) => nonsense.verdict === verdict)
        .map(async ([what, nonsense]) => ({ what, nonsense, liar: await insider(), said: [] as string[] })),
    );
  const isTold = (said: readonly string[]): boolean => said.some((item) => witness.heard.has(item));

  it('tell nobody what one who is elsewhere might say, and blame nobody for it', async () => {
    const all = await liarsOf('ignore');
    assert.ok(all.length >= 5);
    for (let times = 0; times < 2; times++) {
      const parent = await nextHead();
      for (const { nonsense, liar, said } of all) said.push(say(liar, nonsense, parent));
    }
    await nextHead();
    await nextHead();
    for (const { what, liar, said } of all) {
      assert.equal(isTold(said), false, what);
      assert.equal(penaltyOf(liar), 0, what);
    }
  });

  it('tell nobody what no honest node says, and blame him who does', async () => {
    let missing = await liarsOf('reject');
    const all = missing;
    assert.ok(all.length >= 12);
    // A round may be over before a busy machine has heard what was said of it.
    for (let times = 0; missing.length > 0; times++) {
      assert.ok(times < MOST_TRIES, `${missing.map(({ what }) => what)}: not blamed`);
      const parent = await nextHead();
      for (const { nonsense, liar, said } of missing) said.push(say(liar, nonsense, parent));
      await nextHead();
      missing = missing.filter(({ liar }) => penaltyOf(liar) === 0);
    }
    for (const { what, said } of all) assert.equal(isTold(said), false, what);
  });

  it('pass on what only time shows to be nonsense, and go on', async () => {
    for (const { what, nonsense, liar, said } of await liarsOf('accept')) {
      for (let times = 0; !isTold(said); times++) {
        assert.ok(times < MOST_TRIES, `${what}: not passed on`);
        said.push(say(liar, nonsense, await nextHead()));
        await nextHead();
      }
      await nextHead();
      assert.equal(penaltyOf(liar), 0, what);
    }
  });

  it('blame him for each thing, until they send him away or listen to him no more', async () => {
    const liar = await insider();
    const before = await judged('vote', 'reject');
    // Twelve points and gossip's own are sixteen or nearly so, from which on gossip does not hear him; sent away he has none.
    for (let times = 0; (penaltyOf(liar) ?? 12) < 12; times++) {
      assert.ok(times < MOST_TRIES, `${penaltyOf(liar)} points`);
      const parent = await nextHead();
      say(liar, NONSENSE['a soft vote for nothing'], parent);
      say(liar, NONSENSE['a cert vote for nothing'], parent);
      say(liar, NONSENSE['a proposal without a draw'], parent);
    }
    assert.ok((await judged('vote', 'reject')) - before >= 2);
  });

  it('take no transaction of him that cannot be, and blame him for those alone that no chain takes', async () => {
    const ground = groundOf(victim.node.ledger);
    const { txid } = await victim.submit(payment(ground, 1));
    await blocksUntil(victim, () => victim.node.ledger.findTransaction(txid) !== undefined);
    const elsewhere = { ...genesisDouble(keyDouble()), chainId: genesis.chainId };
    const cases = [
      ['of another chain', 'reject', payment({ ...ground, genesis: { ...genesis, chainId: 99n } }, 2)],
      ['of another genesis', 'reject', payment({ ...ground, genesis: elsewhere }, 3)],
      ['past its time', 'ignore', payment(ground, 4, { expiry: 1n })],
      ['of a note that is spent', 'ignore', payment(ground, 5, { notesOf: 1 })],
    ] as const;
    const liars = await Promise.all(cases.map(insider));
    for (const [i, [, , bytes]] of cases.entries()) liars[i]!.network.publish('tx', bytes);
    for (const verdict of ['reject', 'ignore']) while ((await judged('tx', verdict)) < 2) await nextHead();
    for (const [i, [what, verdict, bytes]] of cases.entries()) {
      assert.equal(penaltyOf(liars[i]!)! > 0, verdict === 'reject', what);
      assert.ok(!witness.heard.has(toHex(bytes)), what);
    }
    const { ledger } = victim.node;
    for (let at = 1n; at <= ledger.head().height; at++) {
      const { transactions } = decodeExecutedBlock(ledger.executedBlock(at)).block;
      assert.ok(
        transactions.every((bytes) => !isEvidence(bytes)),
        'nonsense is no evidence',
      );
      for (const [what, , bytes] of cases) {
        assert.ok(
          transactions.every((one) => toHex(one) !== toHex(bytes)),
          what,
        );
      }
    }
  });

  it('have one chain, without a block of his, and think no worse of each other', async () => {
    const { height } = victim.node.ledger.head();
    await Promise.all(honest.map((one) => headAt(one, height)));
    for (let at = 1n; at <= height; at++) {
      const header = victim.node.ledger.header(at)!;
      assert.ok(
        header.proposer.every((id) => toHex(id) !== toHex(turncoat.id)),
        `block ${at} is his`,
      );
      for (const { node } of honest) assert.deepEqual(node.ledger.blockHash(at), headerHash(header));
    }
    const names = honest.map(({ node }) => node.peers().id);
    for (const { node } of honest) {
      const others = node.peers().peers.filter(({ id }) => names.includes(id));
      assert.deepEqual(
        others.map(({ penalty }) => penalty),
        [0, 0],
      );
    }
  });
});
