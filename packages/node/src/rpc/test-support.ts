import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type RpcServer, type RpcServerOptions, startRpcServer } from './server.ts';
import type { RpcSource } from './source.ts';

/** A server at a free port, with what it logs and counts. */
export interface TestServer extends RpcServer {
  readonly registry: Registry;
  /** Log lines so far. */
  readonly log: Record<string, unknown>[];
  /** The value of a metric, 0 where it was never counted. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
}

export async function serve(
  node: RpcSource,
  options: Omit<Partial<RpcServerOptions>, 'node'> = {},
): Promise<TestServer> {
  const registry = new Registry();
  const log: Record<string, unknown>[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const server = await startRpcServer({ node, port: 0, logger, metrics: registry, ...options });
  return {
    ...server,
    registry,
    log,
    async metric(name, labels = {}) {
      const metric = (await registry.getMetricsAsJSON()).find((known) => known.name === name);
      const values = (metric?.values ?? []) as { value: number; labels: Record<string, unknown> }[];
      const wanted = Object.entries(labels);
      return values
        .filter((item) => wanted.every(([label, value]) => item.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}

/** Posts a body as it is. */
export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
