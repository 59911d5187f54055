import { isMethodName } from '@sero/api';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Why the server did not do what somebody wanted of it. */
export type Refusal =
  | 'rate'
  | 'batch'
  | 'range'
  | 'size'
  | 'subscriptions'
  | 'busy'
  | 'connections'
  | 'host'
  | 'origin'
  | 'slow-reader'
  | 'slow-sender'
  | 'pipelined'
  | 'reception'
  | 'half-open';

/** What is counted now, read when somebody asks for the metrics. */
export interface RpcGauges {
  readonly connections: () => number;
  readonly sockets: () => number;
  readonly subscriptions: () => number;
  readonly unsentBytes: () => number;
  readonly receptionBytes: () => number;
  readonly waiting: () => number;
  readonly cachedBytes: () => number;
}

export interface RpcMetrics {
  /** A call was answered. @param outcome `ok` or the name of an error */
  answered(method: string, outcome: string, seconds: number): void;
  refused(why: Refusal): void;
  /** A slow reader was not told of a head, since a later one is there. */
  notificationDropped(): void;
  gauges(gauges: RpcGauges): void;
}

/** Metrics of the RPC server, in a registry of the node's. A registry carries one server. */
export function createRpcMetrics(registry: Registry): RpcMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'sero_rpc_requests_total',
    help: 'Calls answered, by method and outcome.',
    labelNames: ['method', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'sero_rpc_request_seconds',
    help: 'Time from reading a call to its answer.',
    labelNames: ['method'],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.2, 1, 5],
    registers,
  });
  const refusals = new Counter({
    name: 'sero_rpc_refusals_total',
    help: 'Calls, connections and readers turned away, by limit.',
    labelNames: ['limit'],
    registers,
  });
  const dropped = new Counter({
    name: 'sero_rpc_notifications_dropped_total',
    help: 'Heads that slow readers were not told of.',
    registers,
  });
  return {
    answered(method, outcome, took) {
      // Names that anybody can make up do not become labels.
      const label = isMethodName(method) ? method : 'unknown';
      requests.inc({ method: label, outcome });
      seconds.observe({ method: label }, took);
    },
    refused: (limit) => refusals.inc({ limit }),
    notificationDropped: () => dropped.inc(),
    gauges({ connections, sockets, subscriptions, unsentBytes, receptionBytes, waiting, cachedBytes }) {
      const gauge = (name: string, help: string, read: () => number): void => {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read());
          },
        });
      };
      gauge('sero_rpc_connections', 'Open connections, sockets included.', connections);
      gauge('sero_rpc_sockets', 'Open WebSockets.', sockets);
      gauge('sero_rpc_subscriptions', 'Subscriptions of all sockets.', subscriptions);
      gauge('sero_rpc_unsent_bytes', 'Bytes of answers that their readers have not taken yet.', unsentBytes);
      gauge('sero_rpc_reception_bytes', 'Bytes of requests that are not answered yet.', receptionBytes);
      gauge('sero_rpc_waiting', 'Pieces of work that wait for their turn.', waiting);
      gauge('sero_rpc_cache_bytes', 'Bytes of blocks that are kept encoded.', cachedBytes);
    },
  };
}
