import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { encodeBundle } from '@sero/protocol';
import { writeFileDurably } from '@sero/store/node';
import { NodeError } from '../errors.ts';
import type { TwoCertificatesError } from './se-random.ts';

/**
 * What is kept where two blocks of one height were made final: both certificates, in files that keep the node from going on. Whoever votes after
 * that takes a side, and it is people who have to find out what happened.
 *
 * @param directory `halted` of a node's
 */
export function keepBoth(directory: string, { round, certificates }: TwoCertificatesError): void {
  mkdirSync(directory, { recursive: true });
  for (const [i, certificate] of certificates.entries()) {
    writeFileDurably(directory, `round-${round}-${i + 1}.ssz`, encodeBundle(certificate));
  }
}

/** Refuses to go on where two certificates are kept. @throws NodeError `two-certificates` */
export function expectNotHalted(directory: string): void {
  if (!existsSync(directory)) return;
  const [file] = readdirSync(directory);
  if (file === undefined) return;
  throw new NodeError(
    'two-certificates',
    `this node stopped because a round had certificates of two different blocks; both are in ${directory}. Find out with the other operators which chain goes on, and remove that folder only then`,
  );
}
