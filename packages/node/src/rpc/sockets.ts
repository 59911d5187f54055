import { NOTIFICATION, quantityToHex, RpcError } from '@sero/api';
import { toHex } from '@sero/crypto';
import { type Header, headerHash } from '@sero/protocol';
import { WebSocket } from 'ws';
import type { Dispatcher } from './dispatcher.ts';
import { joined } from './encoded.ts';
import type { RpcLimits } from './limits.ts';
import type { RpcMetrics } from './metrics.ts';
import type { UnsentAnswer } from './unsent.ts';

/** Codes under which the server closes a socket (RFC 6455 section 7.4). */
const CLOSE_CODES = { goingAway: 1001, textOnly: 1003, tooSlow: 4008 } as const;

/** The open sockets of a server. */
export interface Sockets {
  /** Takes over a socket that has just opened. */
  add(socket: WebSocket, client: string): void;
  /** Tells all subscriptions of a new head. */
  announce(head: Header): void;
  count(): number;
  subscriptions(): number;
  /** Closes all; those that do not answer within the time are ended. */
  close(graceMs: number): Promise<void>;
}

interface Peer {
  readonly ping: () => void;
  readonly announce: (head: string) => void;
  readonly subscriptions: () => number;
}

export interface SocketParts {
  readonly dispatcher: Dispatcher;
  readonly limits: RpcLimits;
  readonly metrics: RpcMetrics;
}

/** The sockets of a server. Pings begin now and end with `close`. */
export function createSockets({ dispatcher, limits, metrics }: SocketParts): Sockets {
  const peers = new Map<WebSocket, Peer>();
  const pings = setInterval(() => {
    for (const peer of [...peers.values()]) peer.ping();
  }, limits.pingIntervalMs);
  pings.unref();

  function add(socket: WebSocket, client: string): void {
    const gone = new AbortController();
    const subscriptions = new Set<string>();
    /** Messages that arrived and were not looked at: what one read from the network held, once reading has stopped. */
    const queue: Buffer[] = [];
    let turn: NodeJS.Immediate | undefined;
    let named = 0;
    let calls = 0;
    let alive = true;
    /** Runs while the reader leaves too much waiting. */
    let slow: NodeJS.Timeout | undefined;
    /** The latest head that the reader was not told of. */
    let missed: string | undefined;

    const isFull = (): boolean => socket.bufferedAmount > limits.maxSocketBytes;
    const mustWait = (): boolean => isFull() || calls >= limits.maxSocketCalls;

    /** Starts and stops reading, and the time that a slow reader is given. */
    function settle(): void {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (isFull() && slow === undefined) slow = setTimeout(endSlow, limits.slowSocketMs);
      if (!isFull() && slow !== undefined) {
        clearTimeout(slow);
        slow = undefined;
      }
      if (!isFull() && missed !== undefined) {
        const head = missed;
        missed = undefined;
        tell(head);
      }
      if (mustWait() || queue.length >= limits.maxSocketCalls) socket.pause();
      else socket.resume();
      if (!mustWait() && queue.length > 0) turn ??= setImmediate(answerNext);
    }

    function endSlow(): void {
      metrics.refused('slow-reader');
      socket.close(CLOSE_CODES.tooSlow, 'too slow a reader');
      // The close frame waits behind what was not read: it gets as long again.
      slow = setTimeout(() => socket.terminate(), limits.slowSocketMs);
    }

    /** Answers one message a turn of the event loop, so that what it made is counted before the next, and others have theirs. */
    function answerNext(): void {
      turn = undefined;
      const message = mustWait() ? undefined : queue.shift();
      if (message !== undefined) {
        calls++;
        dispatcher.answer(message, { client, signal: gone.signal, socket: methods }).then((answer) => {
          calls--;
          send(answer.json === undefined ? undefined : joined(answer.json), answer.unsent);
        });
      }
      settle();
    }

    function send(text: Buffer | string | undefined, unsent?: UnsentAnswer): void {
      if (text === undefined || socket.readyState !== WebSocket.OPEN) {
        unsent?.release();
      } else {
        unsent?.sending(() => socket.terminate());
        socket.send(text, { binary: false }, () => {
          unsent?.release();
          settle();
        });
      }
      settle();
    }

    function tell(head: string): void {
      for (const subscription of subscriptions) {
        send(
          `{"jsonrpc":"2.0","method":"${NOTIFICATION}","params":{"subscription":"${subscription}","result":${head}}}`,
        );
      }
    }

    const methods = {
      subscribe() {
        if (subscriptions.size >= limits.maxSubscriptions) {
          throw new RpcError(
            'limit-exceeded',
            `a socket has at most ${limits.maxSubscriptions} subscriptions: end one first`,
            { limit: 'subscriptions', max: limits.maxSubscriptions },
          );
        }
        const subscription = quantityToHex(++named);
        subscriptions.add(subscription);
        return { subscription };
      },
      unsubscribe: (subscription: string) => ({ ended: subscriptions.delete(subscription) }),
    };

    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        socket.close(CLOSE_CODES.textOnly, 'requests are text');
        return;
      }
      queue.push(data);
      settle();
    });
    socket.on('pong', () => {
      alive = true;
    });
    // What broke it is of no interest here: `close` follows, and its caller sees it too.
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      peers.delete(socket);
      clearTimeout(slow);
      clearImmediate(turn);
      queue.length = 0;
      gone.abort(new Error('the socket was closed'));
    });

    peers.set(socket, {
      ping() {
        // A pong cannot be read while nothing is; the slow timer watches over those.
        if (socket.isPaused) return;
        if (!alive) {
          metrics.refused('half-open');
          socket.terminate();
          return;
        }
        alive = false;
        socket.ping();
      },
      announce(head) {
        if (subscriptions.size === 0) return;
        if (slow === undefined) {
          tell(head);
          return;
        }
        if (missed !== undefined) metrics.notificationDropped();
        missed = head;
      },
      subscriptions: () => subscriptions.size,
    });
  }

  return {
    add,

    announce(head) {
      if (peers.size === 0) return;
      const { height, time } = head;
      const hash = toHex(headerHash(head));
      const json = `{"height":"${quantityToHex(height)}","hash":"0x${hash}","time":"${quantityToHex(time)}"}`;
      for (const peer of peers.values()) peer.announce(json);
    },

    count: () => peers.size,
    subscriptions: () => [...peers.values()].reduce((sum, peer) => sum + peer.subscriptions(), 0),

    async close(graceMs) {
      clearInterval(pings);
      const open = [...peers.keys()];
      const ended = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of open) {
        if (socket.isPaused) socket.terminate();
        else socket.close(CLOSE_CODES.goingAway, 'the node stops');
      }
      const late = setTimeout(() => {
        for (const socket of open) socket.terminate();
      }, graceMs);
      await Promise.all(ended);
      clearTimeout(late);
    },
  };
}
