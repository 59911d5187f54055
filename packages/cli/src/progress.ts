import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Io } from './io.ts';
import type { Output } from './output.ts';

/** How far a stage is. `isNews`: it is written at once, where others wait until some time has gone by. */
export type Report = (text: string, isNews?: boolean) => void;

/** Says on stderr what takes time. */
export interface Progress {
  /**
   * Runs one stage of work. On a terminal its line turns and shows the latest report; elsewhere its title is written once, and
   * reports at most every five seconds, those that are news apart.
   */
  stage<T>(title: string, work: (report: Report) => Promise<T>): Promise<T>;
}

/** Where the time comes from; a test hands in its own. */
export interface Clock {
  /** ms. */
  now(): number;
  /** Calls `tick` again and again. @returns what ends that */
  every(ms: number, tick: () => void): () => void;
}

/** The machine's time. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};

/** Calls `tick` with the whole seconds gone by, each second while the work goes on. */
export async function everySecond<T>(
  clock: Clock,
  tick: (seconds: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const began = clock.now();
  const stop = clock.every(1_000, () => tick(Math.floor((clock.now() - began) / 1_000)));
  try {
    return await work();
  } finally {
    stop();
  }
}

/** ms between two lines of the same stage where there is no terminal. */
const PLAIN_INTERVAL = 5_000;

/** Progress for a terminal, plain lines for everything else, nothing with --quiet. */
export function createProgress(io: Io, output: Output, clock: Clock = SYSTEM_CLOCK): Progress {
  if (output.quiet) return { stage: (_title, work) => work(() => undefined) };
  const terminal = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !output.json;
  return terminal ? terminalProgress(io) : plainProgress(output, clock);
}

function plainProgress(output: Output, clock: Clock): Progress {
  return {
    stage: async (title, work) => {
      output.say(`${title} ...`);
      let last = clock.now();
      return work((text, isNews = false) => {
        if (!isNews && clock.now() - last < PLAIN_INTERVAL) return;
        last = clock.now();
        output.say(`${title}: ${text}`);
      });
    },
  };
}

function terminalProgress(io: Io): Progress {
  // listr2 draws on what it takes for stdout: here that is stderr.
  const stream = io.stderr as NodeJS.WriteStream;
  // It asks whether stdout is a terminal, which may be a pipe.
  DefaultRenderer.nonTTY = true;
  return {
    stage: async (title, work) => {
      let result: { readonly value: Awaited<ReturnType<typeof work>> } | undefined;
      const tasks = new Listr(
        [
          {
            title,
            task: async (_context, task) => {
              const value = await work((text) => {
                task.title = `${title}: ${text}`;
              });
              result = { value };
            },
          },
        ],
        {
          registerSignalListeners: false,
          rendererOptions: {
            showErrorMessage: false,
            logger: new ListrLogger({
              useIcons: true,
              toStderr: [],
              processOutput: new ProcessOutput(stream, stream),
            }),
          },
        },
      );
      await tasks.run();
      return result!.value;
    },
  };
}
