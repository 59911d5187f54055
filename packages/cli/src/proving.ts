import { join } from 'node:path';
import { loadWitnessProgram, shapeOf } from '@sero/circuits';
import {
  cacheDirectory,
  circuitFile,
  loadDevelopmentKeys,
  readCached,
  writeCached,
} from '@sero/circuits/node';
import type { CircuitTools, ProvingTools } from '@sero/wallet';
import { acquireBackend, type BackendUse } from './backend.ts';
import type { Cli } from './command.ts';
import { CliError } from './errors.ts';
import { type Clock, everySecond, type Progress, SYSTEM_CLOCK } from './progress.ts';

const MAKING = 'making it, the first time on this machine';

/** What makes proofs, to be closed. */
export interface OpenProver extends ProvingTools {
  close(): Promise<void>;
}

/**
 * The prover of this machine; what a circuit takes is loaded when the first plan needs it. The keys are the development ones, which
 * everybody can forge with: no other network takes their proofs.
 */
export function openProver({ io, out, progress }: Pick<Cli, 'io' | 'out' | 'progress'>): OpenProver {
  let use: Promise<BackendUse> | undefined;
  const acquired = (): Promise<BackendUse> => {
    use ??= acquireBackend({ io, out });
    return use;
  };
  const loaded = new Map<number, CircuitTools>();
  return {
    prover: {
      prove: async (key, witness, signal) => (await acquired()).backend.prover.prove(key, witness, signal),
    },
    async circuit(id, signal = io.signal) {
      const shape = shapeOf(id);
      if (shape === undefined) {
        throw new CliError('failed', 'circuit-unknown', `this program has no proving key for circuit ${id}`);
      }
      const known = loaded.get(id);
      if (known !== undefined) return known;
      const tools = await progress.stage(`Loading the proving key of shape ${shape.name}`, async (report) => {
        const file = await circuitFile(shape);
        let isMade = false;
        const { zkeyPath } = await everySecond(
          SYSTEM_CLOCK,
          (seconds) => {
            if (isMade) report(`${MAKING}, ${seconds} s so far`);
          },
          () =>
            loadDevelopmentKeys(file, shape.id, {
              warn: (line) => {
                isMade = true;
                report(MAKING, true);
                out.detail(line.trimEnd());
              },
              signal,
            }),
        );
        return {
          program: await loadWitnessProgram(file, (await acquired()).backend.witness),
          provingKey: zkeyPath,
        };
      });
      loaded.set(id, tools);
      return tools;
    },
    close: async () => {
      const opened = await use?.catch(() => undefined);
      use = undefined;
      await opened?.release();
    },
  };
}

/** One of the proofs that a command makes. */
export interface ProofToMake {
  readonly circuit: number;
  /** From 1 on. */
  readonly number: number;
  /** How many the whole takes, as far as is known. */
  readonly of: number;
}

/** How long proofs took on this machine. */
export interface ProofTimes {
  /** ms that the last proof of a circuit took; undefined where none is known. */
  last(circuit: number): Promise<number | undefined>;
  took(circuit: number, ms: number): Promise<void>;
}

/** Times kept in files of the cache. What cannot be read or kept is not known: no payment fails for it. */
export function cachedProofTimes(directory: string = join(cacheDirectory(), 'proof-times')): ProofTimes {
  const path = (circuit: number): string => join(directory, `${circuit}`);
  return {
    async last(circuit) {
      const bytes = await readCached(path(circuit)).catch(() => undefined);
      const text = new TextDecoder().decode(bytes);
      return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
    },
    took: (circuit, ms) =>
      writeCached(path(circuit), new TextEncoder().encode(String(Math.round(ms)))).catch(() => undefined),
  };
}

/** What a stage says of a proof in the making. @param last ms that the last one of its circuit took */
export function proofReport(seconds: number, last: number | undefined): string {
  const gone = `${seconds} s`;
  if (last === undefined) return `${gone}; how long it takes is known after the first one`;
  const left = Math.ceil(last / 1_000) - seconds;
  return left > 0
    ? `${gone}, about ${left} s left`
    : `${gone}, the last one took ${Math.ceil(last / 1_000)} s`;
}

/** Makes a proof under a line that says which one of how many it is, the seconds so far and those that it takes by the last one. */
export async function proofStage<T>(
  progress: Progress,
  { circuit, number, of }: ProofToMake,
  make: () => Promise<T>,
  {
    times = cachedProofTimes(),
    clock = SYSTEM_CLOCK,
  }: { readonly times?: ProofTimes; readonly clock?: Clock } = {},
): Promise<T> {
  const last = await times.last(circuit);
  const began = clock.now();
  const proof = await progress.stage(`Proving, proof ${number} of ${of}`, (report) => {
    report(proofReport(0, last), true);
    return everySecond(clock, (seconds) => report(proofReport(seconds, last)), make);
  });
  await times.took(circuit, clock.now() - began);
  return proof;
}
