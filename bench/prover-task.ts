import { type ChildProcess, fork } from 'node:child_process';
import type { JoinSplitAssignment } from '@sero/circuits';

/** A payment of shape A, as a process that proves it is told. */
export interface ProverTask {
  readonly assignment: JoinSplitAssignment;
  /** Path of the proving key. */
  readonly zkey: string;
  readonly verifyingKey: Uint8Array;
  readonly publicInputs: readonly bigint[];
  /** Different ones of the same statement, all of which verify. */
  readonly proofs: readonly Uint8Array[];
}

/** What a process of a backend does on one message; it answers with milliseconds, for an operation where there are many. */
export type ProverOrder =
  | 'prove'
  | 'pay'
  | 'witness'
  | 'verify'
  | 'verifyAsync'
  | 'verifyBatch64'
  | 'scan'
  | 'hashNodes'
  | 'signatures64'
  /** Milliseconds of processor time so far. */
  | 'processor';

export type ProverAnswer = { readonly value: number } | { readonly error: string };

/** Text that `revived` reads: JSON with big integers and bytes. */
function frozen(task: ProverTask): string {
  return JSON.stringify(task, (_, value: unknown) => {
    if (typeof value === 'bigint') return { $integer: String(value) };
    if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
    return value;
  });
}

/** The inverse of `frozen`. */
export function revived(text: string): ProverTask {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$integer' in value) return BigInt(value.$integer as string);
    if ('$bytes' in value) return new Uint8Array(Buffer.from(value.$bytes as string, 'base64'));
    return value;
  }) as ProverTask;
}

/** A backend in a process of its own. */
export interface ProverProcess {
  order(order: ProverOrder): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts a process for a backend, ready for a payment.
 *
 * @param backend as SERO_PROVER names it, or snarkjs
 * @throws Error what the process says where the backend does not run here
 */
export async function startProver(
  backend: string,
  threads: number,
  task: ProverTask,
): Promise<ProverProcess> {
  const child = fork(new URL('./prover-child.ts', import.meta.url), [backend, String(threads)], {
    execArgv: [],
  });
  await answerOf(child);
  const ask = (message: object): Promise<number> => {
    const answered = answerOf(child);
    child.send(message);
    return answered;
  };
  await ask({ task: frozen(task) });
  return {
    order: (order) => ask({ order }),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}

function answerOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`a process of the bench ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (answer: ProverAnswer) => {
      child.off('exit', ended);
      if ('error' in answer) reject(new Error(answer.error));
      else resolve(answer.value);
    });
  });
}
