import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Io } from './io.ts';
import type { Output } from './output.ts';

/** Says on stderr what takes time. */
export interface Progress {
  /**
   * Runs one stage of work. On a terminal its line turns and shows the latest report; elsewhere its title is written once, and
   * reports at most every five seconds.
   */
  stage<T>(title: string, work: (report: (text: string) => void) => Promise<T>): Promise<T>;
}

/** ms between two lines of the same stage where there is no terminal. */
const PLAIN_INTERVAL = 5_000;

/** Progress for a terminal, plain lines for everything else, nothing with --quiet. */
export function createProgress(io: Io, output: Output): Progress {
  if (output.quiet) return { stage: (_title, work) => work(() => undefined) };
  const terminal = io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !output.json;
  return terminal ? terminalProgress(io) : plainProgress(output);
}

function plainProgress(output: Output): Progress {
  return {
    stage: async (title, work) => {
      output.say(`${title} ...`);
      let last = performance.now();
      return work((text) => {
        if (performance.now() - last < PLAIN_INTERVAL) return;
        last = performance.now();
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
