import type { Socket } from 'node:net';
import { NOTIFICATION, quantityToHex, RpcError } from '@sero/api';
import { toHex } from '@sero/crypto';
import { type Header, headerHash } from '@sero/protocol';
import { WebSocket } from 'ws';
import type { Dispatcher } from './dispatcher.ts';
import { joined } from './encoded.ts';
import { createFrameTracker } from './frames.ts';
import type { RpcLimits } from './limits.ts';
import type { RpcMetrics } from './metrics.ts';
import { createShares } from './shares.ts';
import type { Unsent, UnsentAnswer } from './unsent.ts';

/** Codes under which the server closes a socket (RFC 6455 section 7.4). */
const CLOSE_CODES = { goingAway: 1001, textOnly: 1003, tooMany: 1013, tooSlow: 4008 } as const;

/** The open sockets of a server. */
export interface Sockets {
  /** Takes over a socket that has just opened. @param connection what it is read from */
  add(socket: WebSocket, client: string, connection: Socket): void;
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
  /** Counts what is to be sent. */
  readonly unsent: Unsent;
  /** Counts what has arrived and is not answered. */
  readonly reception: Unsent;
  readonly metrics: RpcMetrics;
}

/** The sockets of a server. Pings begin now and end with `close`. */
export function createSockets({ dispatcher, limits, unsent, reception, metrics }: SocketParts): Sockets {
  const places = createShares(limits.maxConnections, limits.maxConnectionsPerAddress);
  const peers = new Map<WebSocket, Peer>();
  const pings = setInterval(() => {
    for (const peer of [...peers.values()]) peer.ping();
  }, limits.pingIntervalMs);
  pings.unref();

  function add(socket: WebSocket, client: string, connection: Socket): void {
    const leave = places.enter(client);
    // What broke it is of no interest here: `close` follows, and its caller sees it too.
    socket.on('error', () => socket.terminate());
    if (leave === undefined) {
      metrics.refused('connections');
      socket.close(CLOSE_CODES.tooMany, 'too many sockets');
      const late = setTimeout(() => socket.terminate(), limits.slowSocketMs);
      socket.on('close', () => clearTimeout(late));
      return;
    }
    const gone = new AbortController();
    const subscriptions = new Set<string>();
    /** Messages that arrived and were not looked at: what one read from the network held, once reading has stopped. */
    const queue: Buffer[] = [];
    /** Bytes of these, and of the calls under way. */
    let unanswered = 0;
    const frames = createFrameTracker();
    const received = reception.open(client);
    /** Runs while a message has begun and not ended. */
    let dribbling: NodeJS.Timeout | undefined;
    /** The latest ping that was not answered; pongs are sent one at a time (RFC 6455 section 5.5.3). */
    let pinged: Buffer | undefined;
    let ponging = false;
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
    const hasEnough = (): boolean =>
      mustWait() || queue.length >= limits.maxSocketCalls || unanswered >= limits.maxBodyBytes;

    /** Counts what has arrived, complete or not. */
    function count(): void {
      // Nothing of it is kept once the socket is gone, whatever call still runs: nobody would ever let go of it.
      if (gone.signal.aborted) return;
      const more = unanswered + frames.pending() - received.bytes();
      if (more < 0) received.give(-more);
      if (more <= 0 || received.take(more)) return;
      metrics.refused('reception');
      socket.terminate();
    }

    function endDribbling(): void {
      // While nothing is read from it that is not its fault.
      if (socket.isPaused) dribbling = setTimeout(endDribbling, limits.requestTimeoutMs);
      else {
        metrics.refused('slow-sender');
        socket.terminate();
      }
    }

    function pong(): void {
      if (ponging || pinged === undefined || socket.readyState !== WebSocket.OPEN) return;
      ponging = true;
      const payload = pinged;
      pinged = undefined;
      socket.pong(payload, false, () => {
        ponging = false;
        pong();
      });
    }

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
      if (hasEnough()) socket.pause();
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
          if (!gone.signal.aborted) unanswered -= message.length;
          count();
          if (answer.cut) socket.terminate();
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
      const texts = [...subscriptions].map(
        (subscription) =>
          `{"jsonrpc":"2.0","method":"${NOTIFICATION}","params":{"subscription":"${subscription}","result":${head}}}`,
      );
      const held = unsent.open(client);
      if (!held.take(texts.reduce((sum, { length }) => sum + length, 0))) {
        missed = head;
        return;
      }
      for (const [i, text] of texts.entries()) send(text, i === texts.length - 1 ? held : undefined);
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
      unanswered += data.length;
      count();
      settle();
    });
    connection.prependListener('data', (chunk: Buffer) => {
      if (gone.signal.aborted) return;
      const had = frames.pending() > 0;
      const ended = frames.feed(chunk);
      const has = frames.pending() > 0;
      if (ended || !has) {
        clearTimeout(dribbling);
        dribbling = undefined;
      }
      if (has && (ended || !had)) received.sending(() => socket.terminate());
      if (has) dribbling ??= setTimeout(endDribbling, limits.requestTimeoutMs);
      count();
    });
    socket.on('ping', (payload: Buffer) => {
      pinged = payload;
      pong();
    });
    socket.on('pong', () => {
      alive = true;
    });
    socket.on('close', () => {
      peers.delete(socket);
      leave();
      received.release();
      clearTimeout(slow);
      clearTimeout(dribbling);
      clearImmediate(turn);
      queue.length = 0;
      unanswered = 0;
      gone.abort(new Error('the socket was closed'));
    });

    peers.set(socket, {
      ping() {
        // A pong cannot be read while nothing is; the slow timer watches over those.
        settle();
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
