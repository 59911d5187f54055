import { loadWitnessProgram, shapeOf } from '@sero/circuits';
import { compileShape, loadDevelopmentKeys } from '@sero/circuits/node';
import { createSnarkjsProver } from '@sero/prover/node';
import type { CircuitTools, ProvingTools } from '@sero/wallet';
import type { Cli } from './command.ts';
import { CliError } from './errors.ts';

/** What makes proofs, to be closed. */
export interface OpenProver extends ProvingTools {
  close(): Promise<void>;
}

/**
 * The prover of this machine; what a circuit takes is loaded when the first plan needs it. The keys are the development ones, which
 * everybody can forge with: no other network takes their proofs.
 */
export function openProver({ io, out, progress }: Pick<Cli, 'io' | 'out' | 'progress'>): OpenProver {
  const prover = createSnarkjsProver();
  const loaded = new Map<number, CircuitTools>();
  return {
    prover,
    async circuit(id, signal = io.signal) {
      const shape = shapeOf(id);
      if (shape === undefined) {
        throw new CliError('failed', 'circuit-unknown', `this program has no proving key for circuit ${id}`);
      }
      const known = loaded.get(id);
      if (known !== undefined) return known;
      const tools = await progress.stage(`Loading the proving key of shape ${shape.name}`, async (report) => {
        const { r1cs, wasm } = await compileShape(shape);
        const { zkeyPath } = await loadDevelopmentKeys(r1cs, shape.id, {
          warn: (line) => {
            report('making it, the first time on this machine');
            out.detail(line.trimEnd());
          },
          signal,
        });
        return { program: await loadWitnessProgram(wasm), provingKey: zkeyPath };
      });
      loaded.set(id, tools);
      return tools;
    },
    close: () => prover.close(),
  };
}
