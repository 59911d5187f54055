import { styleText } from 'node:util';
import { toHex } from '@sero/crypto';
import { exitCode, type Failure } from './failure.ts';
import type { Io, OutputStream } from './io.ts';
import { visible } from './text.ts';

/** How much is said, and in which form. */
export interface OutputOptions {
  /** One JSON object, or one a line for streams, on stdout; failures as one JSON object on stderr. */
  readonly json: boolean;
  /** False for none; else colour where the stream is a terminal that shows it and NO_COLOR is not set. */
  readonly color: boolean;
  /** Nothing on stderr but failures. */
  readonly quiet: boolean;
  /** More on stderr: times, and the stack of an unexpected failure. */
  readonly verbose: boolean;
}

/** Where commands say things. */
export interface Output extends OutputOptions {
  /** The answer: data with --json, else the text. Big integers become decimal strings, bytes hexadecimal. */
  data(data: object, text: string | (() => string)): void;
  /** A message for people, on stderr. */
  say(text: string): void;
  /** A message that only --verbose shows. */
  detail(text: string): void;
  /** A warning, on stderr. */
  warn(text: string): void;
  fail(failure: Failure, error: unknown): void;
  /** Text on stdout in bold where colours are shown. */
  bold(text: string): string;
}

/** https://no-color.org: any value that is not empty turns colours off. */
function showsColour(stream: OutputStream, env: Io['env'], wanted: boolean): boolean {
  return wanted && stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Data as JSON text: what JSON has no type for becomes text. */
function toJsonText(data: unknown): string {
  return JSON.stringify(data, function (this: Record<string, unknown>, key) {
    const item = this[key];
    if (typeof item === 'bigint') return item.toString();
    return item instanceof Uint8Array ? toHex(item) : item;
  });
}

/** Output on a process's streams. */
export function createOutput(io: Io, options: OutputOptions): Output {
  const { json, quiet, verbose, color } = options;
  const styled = (stream: OutputStream, format: 'bold' | 'red' | 'yellow' | 'dim', text: string): string =>
    showsColour(stream, io.env, color) ? styleText(format, text, { validateStream: false }) : text;
  const message = (text: string): void => {
    io.stderr.write(`${text}\n`);
  };
  return {
    ...options,
    data: (data, text) => {
      const shown = json ? toJsonText(data) : typeof text === 'string' ? text : text();
      if (shown !== '') io.stdout.write(`${shown}\n`);
    },
    say: (text) => {
      if (!quiet) message(text);
    },
    detail: (text) => {
      if (verbose && !quiet) message(styled(io.stderr, 'dim', text));
    },
    warn: (text) => {
      if (!quiet) message(`${styled(io.stderr, 'yellow', 'warning:')} ${text}`);
    },
    fail: ({ exit, code, message: text, hint }, error) => {
      if (json) {
        message(
          toJsonText({ error: { exit: exitCode(exit), code, message: text, ...(hint ? { hint } : {}) } }),
        );
      } else {
        message(`${styled(io.stderr, 'red', 'error:')} ${visible(text)}`);
        if (hint !== undefined) message(hint);
      }
      const stack = error instanceof Error && exit === 'failed' ? error.stack : undefined;
      if (verbose && stack !== undefined) message(styled(io.stderr, 'dim', stack));
    },
    bold: (text) => styled(io.stdout, 'bold', text),
  };
}
