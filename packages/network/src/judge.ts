import type { Handlers, Offence, Verdict } from './abstractions.ts';
import type { NetworkLimits } from './limits.ts';
import type { Counters } from './metrics.ts';
import { decodePack } from './pack.ts';
import { TOPICS, type Topic } from './topics.ts';
import { verdictOf } from './verdict.ts';

/** Judges messages of gossip: limits, then the pack, then the node's verdict on every item. */
export interface Judge {
  /** Never rejects. */
  judge(topic: Topic, message: Uint8Array, from: string): Promise<Verdict>;
  /** Items that the node is judging. */
  judging(): Record<Topic, number>;
}

export function createJudge({
  handlers,
  limits,
  counters,
  direct,
  isKnown,
  report,
}: {
  readonly handlers: Pick<Handlers, 'gossip'>;
  readonly limits: NetworkLimits['gossip'];
  readonly counters: Counters;
  readonly direct: ReadonlySet<string>;
  /** Whether a peer's status is known and fits: who was sent away meanwhile is not heard any more. */
  readonly isKnown: (id: string) => boolean;
  readonly report: (id: string, offence: Offence) => void;
}): Judge {
  const total = new Map<Topic, number>(TOPICS.map((topic) => [topic, 0]));
  /** Items by topic and peer, bytes by peer and of all under the empty name. */
  const ofPeer = new Map<string, number>();
  const bytesOf = new Map<string, number>();

  const judgeItem = async (topic: Topic, item: Uint8Array, from: string): Promise<Verdict> => {
    try {
      return await handlers.gossip(topic, item, from);
    } catch {
      counters.add('failures', 'gossip');
      return 'ignore';
    }
  };

  return {
    async judge(topic, message, from) {
      counters.add('messageBytes', topic, message.length);
      let items: Uint8Array[];
      try {
        items = decodePack(topic, message);
      } catch {
        counters.add('malformed', topic);
        counters.add('messages', `${topic} reject`);
        report(from, 'invalid-message');
        return 'reject';
      }
      if (!isKnown(from)) {
        counters.add('messages', `${topic} ignore`);
        return 'ignore';
      }
      const key = `${topic} ${from}`;
      const limited = (here: number, added: number, limit: number): boolean => here + added > limit;
      const share = direct.has(from) ? 1 : limits.judgingShare;
      const most = limits.judging[topic] ?? 0;
      if (
        limited(total.get(topic)!, items.length, most) ||
        limited(ofPeer.get(key) ?? 0, items.length, Math.ceil(most * share)) ||
        limited(bytesOf.get('') ?? 0, message.length, limits.judgingBytes) ||
        limited(bytesOf.get(from) ?? 0, message.length, limits.judgingBytes * share)
      ) {
        counters.add('drops', `judging ${topic}`, items.length);
        counters.add('messages', `${topic} ignore`);
        return 'ignore';
      }
      const count = (sign: 1 | -1): void => {
        total.set(topic, total.get(topic)! + sign * items.length);
        change(ofPeer, key, sign * items.length);
        change(bytesOf, from, sign * message.length);
        change(bytesOf, '', sign * message.length);
      };
      count(1);
      const verdicts = await Promise.all(items.map((item) => judgeItem(topic, item, from)));
      count(-1);
      for (const verdict of verdicts) counters.add('items', `${topic} ${verdict}`);
      const verdict = verdictOf(verdicts);
      counters.add('messages', `${topic} ${verdict}`);
      if (verdict === 'reject') report(from, 'invalid-message');
      return verdict;
    },
    judging: () => Object.fromEntries(total) as Record<Topic, number>,
  };
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
