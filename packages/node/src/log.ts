import { type Logger, pino } from 'pino';
import type { OpeningEvent } from './storage.ts';

/** What is logged and where. Lines are JSON objects (pino's); no transaction, address or peer stands in them. */
export interface LogOptions {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Takes each line, its newline included. Default: stderr. */
  readonly write?: (line: string) => void;
}

/** A logger as the options want it. */
export function openLog({ level = 'info', write }: LogOptions): Logger {
  const destination = write === undefined ? pino.destination({ fd: 2, sync: true }) : { write };
  return pino({ name: 'sero', level }, destination);
}

/** Tells people what opening the chain does. */
export function announce(logger: Logger, event: OpeningEvent): void {
  if (event.type === 'checking') {
    logger.info('checking every record of the state');
  } else if (event.type === 'rebuilding') {
    const { reason } = event;
    if (reason === undefined) logger.warn('the state is missing: it is built again from the blocks');
    else logger.warn({ reason }, 'the state is damaged: it is set aside and built again from the blocks');
  } else if (event.type === 'loading') {
    logger.info({ height: Number(event.height) }, 'beginning with the state of a snapshot');
  } else if (event.type === 'passed-over') {
    const { snapshot, reason } = event;
    logger.warn({ snapshot, reason }, 'a snapshot cannot be used and is passed over');
  } else if (event.height === event.last || event.height % 1_000n === 0n) {
    const { height, last } = event;
    logger.info({ height: Number(height), last: Number(last) }, 'applying blocks of the log again');
  }
}
