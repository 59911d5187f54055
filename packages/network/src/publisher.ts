import type { Clock, Timer } from './clock.ts';
import type { NetworkLimits } from './limits.ts';
import type { Counters } from './metrics.ts';
import { encodePack, packLength, SALT_BYTES } from './pack.ts';
import { checkItem, TOPIC_RULES, TOPICS, type Topic } from './topics.ts';

/** Messages that may be on their way into gossip at a time; the rest waits in the queues. */
const MOST_UNDER_WAY = 32;

/** Packs what the node publishes. */
export interface Publisher {
  /** Queues an item. Throws NetworkError `item-size`. */
  publish(topic: Topic, item: Uint8Array): void;
  /** Items that wait. */
  queued(): Record<Topic, number>;
  close(): void;
}

interface Queue {
  items: Uint8Array[];
  timer: Timer | undefined;
  /** The window is over: what waits goes out as soon as there is room. */
  due: boolean;
}

/**
 * Collects votes and transactions for their windows, or until a pack is full; sends the rest at once, in the order of the topic.
 *
 * @param random fills an array with random bytes
 * @param send gives a message to gossip; settles when gossip has taken it
 */
export function createPublisher({
  limits,
  clock,
  counters,
  random,
  send,
}: {
  readonly limits: NetworkLimits['gossip'];
  readonly clock: Clock;
  readonly counters: Counters;
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  readonly send: (topic: Topic, message: Uint8Array) => Promise<void>;
}): Publisher {
  const queues = new Map<Topic, Queue>(
    TOPICS.map((topic) => [topic, { items: [], timer: undefined, due: false }]),
  );
  const windows: Partial<Record<Topic, number>> = { vote: limits.voteWindowMs, tx: limits.txWindowMs };
  let underWay = 0;
  let closed = false;

  /** Takes the items of the next message off a queue: as many as fit, from the oldest. */
  const cut = (topic: Topic, queue: Queue): Uint8Array[] => {
    const { items: most, packBytes } = TOPIC_RULES[topic];
    let count = 0;
    let bytes = packLength([]);
    for (const { length } of queue.items) {
      const next = bytes + 4 + length;
      if (count === most || next > packBytes) break;
      bytes = next;
      count++;
    }
    return queue.items.splice(0, count);
  };

  const flush = (topic: Topic): void => {
    const queue = queues.get(topic)!;
    while (!closed && queue.items.length > 0 && underWay < MOST_UNDER_WAY) {
      if (!queue.due && !isFull(topic, queue.items)) break;
      const items = cut(topic, queue);
      const message = encodePack(topic, random(new Uint8Array(SALT_BYTES)), items);
      counters.add('published', topic);
      counters.add('publishedItems', topic, items.length);
      counters.add('publishedBytes', topic, message.length);
      underWay++;
      send(topic, message)
        .catch(() => counters.add('drops', `gossip ${topic}`, items.length))
        .finally(() => {
          underWay--;
          for (const other of TOPICS) flush(other);
        });
    }
    if (queue.items.length === 0) queue.due = false;
  };

  return {
    publish(topic, item) {
      checkItem(topic, item);
      const queue = queues.get(topic)!;
      if (queue.items.length >= limits.publishQueue) {
        queue.items.shift();
        counters.add('drops', `publish ${topic}`);
      }
      // A copy: the caller may use its bytes again before they are sent.
      queue.items.push(new Uint8Array(item));
      const window = windows[topic];
      if (window === undefined) queue.due = true;
      else {
        queue.timer ??= clock.setTimer(() => {
          queue.timer = undefined;
          queue.due = true;
          flush(topic);
        }, window);
      }
      flush(topic);
    },
    queued: () =>
      Object.fromEntries([...queues].map(([topic, { items }]) => [topic, items.length])) as Record<
        Topic,
        number
      >,
    close() {
      closed = true;
      for (const { timer } of queues.values()) if (timer !== undefined) clock.clearTimer(timer);
    },
  };
}

/** Whether the next message would hold no more items of the usual size than are there. */
function isFull(topic: Topic, items: readonly Uint8Array[]): boolean {
  const { items: most, packBytes } = TOPIC_RULES[topic];
  return items.length >= most || packLength(items.map(({ length }) => length)) >= packBytes;
}
