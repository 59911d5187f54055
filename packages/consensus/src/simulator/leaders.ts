import { toHex } from '@sero/crypto';
import { leaderValue, type RoundContext, STEP, selectedUnits, sortitionInput } from '@sero/protocol';
import type { Powers } from './hostile.ts';

/** VRF secrets of all stake records of a world, by the hex of their ids. */
export type VrfSecrets = ReadonlyMap<string, Uint8Array>;

/**
 * Who is drawn to propose in period 0 of a round, the leader first: what everybody would know if all secrets were known.
 *
 * @param context the round's, or with the seed that it may come to have
 * @returns ids of stake records
 */
export function ranking(
  { genesisHash, seed, round, table, committees }: RoundContext,
  secrets: VrfSecrets,
  vrf: Powers['crypto']['vrf'],
): Uint8Array[] {
  const alpha = sortitionInput(genesisHash, seed, round, 0, STEP.propose);
  const committee = committees(STEP.propose);
  const drawn: { readonly id: Uint8Array; readonly leader: bigint }[] = [];
  for (const { id, weight } of table.rows) {
    const output = vrf.outputOf(vrf.prove(secrets.get(toHex(id))!, alpha));
    const units = selectedUnits(output, id, weight, table.total, committee);
    if (units > 0n) drawn.push({ id, leader: leaderValue(output, id, units) });
  }
  return drawn.sort((a, b) => (a.leader < b.leader ? -1 : 1)).map(({ id }) => id);
}
