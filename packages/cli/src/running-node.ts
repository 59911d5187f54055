import { developmentVerifyingKeys } from '@sero/circuits';
import { equalBytes, toHex } from '@sero/crypto';
import { type LogOptions, type NodeOptions, type SeroNode, startNode } from '@sero/node';
import type { Genesis } from '@sero/protocol';
import { verifyingKeyHash } from '@sero/prover';
import { withBackend } from './backend.ts';
import type { Cli } from './command.ts';
import { usageError } from './errors.ts';
import { readBytes } from './files.ts';
import type { Io } from './io.ts';
import { visible } from './text.ts';

export type LogLevel = NonNullable<LogOptions['level']>;

/** Levels of the node's log. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const NAMES: Readonly<Record<number, string>> = {
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'FATAL',
};

/** The node's log on stderr: lines for people on a terminal, JSON lines elsewhere. */
export function logTo({ stderr }: Io, level: LogLevel): LogOptions {
  return { level, write: (line) => void stderr.write(stderr.isTTY === true ? readable(line) : line) };
}

/** One line of the log for people. */
function readable(line: string): string {
  const {
    level,
    time,
    msg,
    pid: _pid,
    hostname: _host,
    name: _name,
    err,
    ...rest
  } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const reason = typeof err === 'object' && err !== null && 'message' in err ? [String(err.message)] : [];
  const text = [msg, ...fields, ...reason].join('  ');
  return `${new Date(Number(time)).toISOString().slice(11, 19)} ${(NAMES[Number(level)] ?? '').padEnd(5)} ${visible(text)}\n`;
}

/**
 * The verifying keys that a genesis file names: from files, or where it allows development keys, those of this program. Throws a usage
 * error that names what is missing.
 */
export async function verifyingKeysFor(
  io: Io,
  genesis: Genesis,
  files: readonly string[],
): Promise<Uint8Array[]> {
  const given = await Promise.all(files.map((file) => readBytes(io, file)));
  const own = genesis.devnet === 1 ? [...developmentVerifyingKeys().values()] : [];
  return genesis.verifyingKeys.map(({ circuit, hash }) => {
    const found = [...given, ...own].find((key) => equalBytes(verifyingKeyHash(key), hash));
    if (found !== undefined) return found;
    throw usageError(
      `the verifying key of circuit ${circuit} is missing: the genesis file names ${toHex(hash).slice(0, 16)}…`,
      'give its file: --verifying-key FILE',
    );
  });
}

/**
 * Runs a node until ctrl-C, SIGTERM or a failure. A stop that was asked for, even during the start, is a clean end.
 *
 * @param started called once, when the node serves
 */
export async function runNode(
  cli: Cli,
  options: NodeOptions,
  started: (node: SeroNode) => void,
): Promise<void> {
  const signal = options.signal ?? cli.io.signal;
  const failure = await withBackend(cli, async (prover) => {
    const node = await startUnlessAborted({ prover, ...options, signal });
    if (node === undefined) return 'not started';
    started(node);
    return node.stopped;
  });
  if (failure === 'not started') return;
  if (failure !== undefined) throw failure;
  cli.out.say('Stopped cleanly.');
}

/** Starts a node; undefined where it was asked to stop before it had started. */
async function startUnlessAborted(options: NodeOptions): Promise<SeroNode | undefined> {
  try {
    return await startNode(options);
  } catch (error) {
    if (options.signal?.aborted) return undefined;
    throw error;
  }
}
