import { LedgerError } from '@sero/ledger';
import { StoreError } from '@sero/store';
import { TwoCertificatesError } from './consensus/se-random.ts';
import { NodeError } from './errors.ts';

/** Why the node cannot go on, with what to do. */
export function stopReason(error: unknown): NodeError {
  if (error instanceof NodeError) return error;
  if (isVersionUnknown(error)) return versionUnknown(error);
  if (error instanceof TwoCertificatesError) {
    return new NodeError(
      'two-certificates',
      `the node stopped because ${error.message}: more than a third of the stake is dishonest, or a program is wrong. It keeps both and chooses none; speak with the other operators`,
      { cause: error },
    );
  }
  const interrupted = error instanceof LedgerError && error.code === 'commit-interrupted';
  const reason = interrupted ? error.cause : error;
  const message = reason instanceof Error ? reason.message : String(reason);
  if (reason instanceof StoreError || interrupted) {
    return new NodeError(
      'storage-failed',
      `the node stopped because its disk failed it: ${message}. Nothing that was final is lost; mend the cause and start it again`,
      { cause: error },
    );
  }
  return new NodeError(
    'sealing-failed',
    `the node stopped because it could not make the next block: ${message}. Nothing that was final is lost; report this with the log`,
    { cause: error },
  );
}

/** True where the ledger refuses to go on by older rules than the chain's. */
export function isVersionUnknown(error: unknown): error is LedgerError {
  return error instanceof LedgerError && error.code === 'version-unknown';
}

/** The same to whoever starts the node or sees it stop: the ledger's message says what to install. */
export function versionUnknown(error: LedgerError): NodeError {
  return new NodeError('version-unknown', error.message, { cause: error });
}

/** Why the RPC server does not listen; what has nothing to do with its place is returned as it is. */
export function portError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined || !['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(code)) return error;
  return new NodeError(
    'port-unusable',
    `the RPC server cannot listen on ${host}, port ${port} (${code}): stop what listens there, or choose another port`,
    { cause: error },
  );
}
