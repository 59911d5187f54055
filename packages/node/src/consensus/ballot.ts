import type { Ledger, Proposal } from '@sero/ledger';
import { type Version, versionHash } from '@sero/protocol';

/** What the proposer of a block says about the protocol itself. */
export type Ballot = Pick<Proposal, 'versionVote' | 'disableVote'>;

/**
 * What own blocks say of versions (design 3, "Versions"): a program that has the version after the one in force approves it until enough blocks
 * have, and names the circuit that its operator wants disabled until it is.
 *
 * @param versions that this program has beside the first
 * @param disable circuit
 */
export function ballotOf(
  ledger: Pick<Ledger, 'genesis' | 'versionStatus'>,
  versions: readonly Version[],
  disable: number | undefined,
): Ballot {
  const { number, coming, disabled } = ledger.versionStatus();
  const next = versions.find((version) => version.number === number + 1);
  const { delay } = ledger.genesis.versions;
  return {
    ...(next === undefined || coming !== undefined
      ? {}
      : { versionVote: { hash: versionHash(next), delay } }),
    ...(disable === undefined || disabled.some(({ circuit }) => circuit === disable)
      ? {}
      : { disableVote: disable }),
  };
}
