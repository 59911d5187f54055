import { type Command, Help, InvalidArgumentError, type Option } from 'commander';
import { usageError } from './errors.ts';
import { baseDirectory } from './files.ts';
import { callName, type Io } from './io.ts';
import { createOutput, type Output } from './output.ts';
import { createProgress, type Progress } from './progress.ts';
import { createSendLog, type SendLog } from './send-log.ts';

/** A call that works, and what it does. */
export interface Example {
  readonly line: string;
  readonly says: string;
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly dir?: string;
  readonly node?: string;
  readonly account?: string;
  readonly passwordFile?: string;
  readonly json: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly yes: boolean;
}

/** What a command works with. */
export interface Cli {
  readonly io: Io;
  readonly out: Output;
  readonly progress: Progress;
  /** What was sent so far. */
  readonly sends: SendLog;
  readonly options: GlobalOptions;
  /** Where wallet, node and devnet keep their directories. */
  readonly base: string;
  /** How the program is called: for the commands that messages recommend. */
  readonly sero: string;
}

/** The work of one command. */
export type Run<O> = (cli: Cli, options: O, ...args: string[]) => Promise<void>;

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Attaches examples, which stand first in the help. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  return command;
}

/** The examples of a command. */
export function examplesOf(command: Command): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}

/** Help with examples before everything else. */
export function formatHelp(command: Command, helper: Help): string {
  const usual = Help.prototype.formatHelp.call(helper, command, helper);
  const examples = examplesOf(command);
  if (examples.length === 0) return usual;
  const lines = examples.map(({ line, says }) => `  ${line}\n      ${says}`);
  return `Examples:\n${lines.join('\n')}\n\n${usual}`;
}

/** An option's description; that a switch is off unless it is given goes without saying. */
export function optionDescription(option: Option): string {
  return Help.prototype.optionDescription.call(new Help(), option).replace(/ \(default: (false|\[\])\)$/, '');
}

/**
 * Connects a command with its work. An interruption ends the work at once, unless the command stops by itself
 * (`node start`, `devnet`): whatever is on disk is whole at every instant.
 */
export function runs<O>(
  command: Command,
  io: Io,
  run: Run<O>,
  settings: { stopsItself?: boolean } = {},
): Command {
  return command.action(async (...received: unknown[]) => {
    const called = received.pop() as Command;
    const options = received.pop() as O;
    const cli = createCli(io, called.optsWithGlobals<GlobalOptions>());
    const args = received.flat().filter((arg) => arg !== undefined) as string[];
    const work = run(cli, options, ...args);
    try {
      await (settings.stopsItself ? work : Promise.race([work, interruption(io.signal)]));
    } catch (error) {
      throw cli.sends.explain(error);
    }
  });
}

function createCli(io: Io, options: GlobalOptions): Cli {
  const out = createOutput(io, options);
  const sero = callName(io.env);
  return {
    io,
    out,
    progress: createProgress(io, out),
    sends: createSendLog(out, sero),
    options,
    base: baseDirectory(io, options.dir),
    sero,
  };
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** Reads a whole number from `least` to `most`, for an option or argument. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };
}

/** Reads a block's height. */
export function heightOption(text: string): bigint {
  if (/^\d{1,19}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It is the number of a block.');
}

/** Port of a node's RPC server unless an option names one: SERO_RPC_PORT, else 8645. */
export function rpcPort(io: Io): number {
  const text = io.env.SERO_RPC_PORT || '8645';
  try {
    return portOption(text);
  } catch {
    throw usageError('SERO_RPC_PORT is no port', 'it is a number from 0 to 65535; 0 for any free port');
  }
}

/** Reads a port, 0 for any free one. */
export const portOption = wholeNumber(0, 65_535);
