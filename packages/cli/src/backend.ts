import { join } from 'node:path';
import { cacheDirectory } from '@sero/circuits/node';
import { describeBackend, type ProverBackend } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import type { Cli } from './command.ts';
import type { Io } from './io.ts';

/** A backend that is shared by the parts of a command, and how many of them use it. */
interface Shared {
  readonly backend: Promise<ProverBackend>;
  users: number;
}

/** One part's use of the backend. */
export interface BackendUse {
  readonly backend: ProverBackend;
  /** To be called once; the last part closes the backend. */
  release(): Promise<void>;
}

const shared = new WeakMap<Io, Shared>();
const described = new WeakSet<Io>();

/**
 * What proves, verifies and scans on this machine: opened by the first part of a command that needs it, which says as a detail which one
 * it is and why. SERO_PROVER names another than the fastest.
 *
 * @throws ProverError `backend-unknown`, `backend-unavailable`
 */
export async function acquireBackend({ io, out }: Pick<Cli, 'io' | 'out'>): Promise<BackendUse> {
  const opened = shared.get(io) ?? {
    backend: openBackend({ environment: io.env, images: join(cacheDirectory(io.env), 'ready') }),
    users: 0,
  };
  shared.set(io, opened);
  opened.users++;
  const release = async (): Promise<void> => {
    opened.users--;
    if (opened.users > 0) return;
    shared.delete(io);
    await (await opened.backend).close();
  };
  try {
    const backend = await opened.backend;
    if (!described.has(io)) out.detail(describeBackend(backend));
    described.add(io);
    return { backend, release };
  } catch (error) {
    shared.delete(io);
    throw error;
  }
}

/** Works with the backend for a while. */
export async function withBackend<T>(
  cli: Pick<Cli, 'io' | 'out'>,
  work: (backend: ProverBackend) => Promise<T>,
): Promise<T> {
  const { backend, release } = await acquireBackend(cli);
  try {
    return await work(backend);
  } finally {
    await release();
  }
}
