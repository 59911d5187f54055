import type { Vrf } from '@sero/crypto';
import {
  type Header,
  leaderValue,
  type RoundContext,
  STEP,
  seedInput,
  selectedUnits,
  sortitionInput,
  type WeighedVote,
} from '@sero/protocol';
import { Violation } from './violation.ts';

/**
 * Draws worked out once more beside the rules that are judged: with the VRF as it is, whatever the nodes believe, and with nothing of the protocol's
 * verification but its formulas.
 */

/** Throws unless a vote that counts was drawn, by its sender's own VRF, for just what it counts for. */
export function expectDraw(context: RoundContext, { vote, weight, leader }: WeighedVote, vrf: Vrf): void {
  const { genesisHash, seed, table } = context;
  const { sender, round, period, step, proof } = vote;
  const fail = (why: string): never => {
    throw new Violation('draw', `round ${round}, period ${period}, step ${step}: ${why}`);
  };
  const row = table.row(sender) ?? fail('the sender has no weight');
  const committee = context.committees(step);
  if (step !== STEP.propose && committee.everyUnit) {
    if (weight !== row.weight || leader !== undefined) fail(`${weight} units count, it has ${row.weight}`);
    return;
  }
  const input = sortitionInput(genesisHash, seed, round, period, step);
  const shown = proof[0] ?? fail('there is no proof');
  const output = vrf.verify(row.vrfKey, input, shown) ?? fail("the proof is not its sender's");
  const units = selectedUnits(output, sender, row.weight, table.total, committee);
  if (units === 0n || units !== weight) fail(`${weight} units count, ${units} were drawn`);
  if (leader !== (step === STEP.propose ? leaderValue(output, sender, units) : undefined)) {
    fail('another leader value');
  }
}

/** Throws unless the seed of a final block was drawn by its proposer's own VRF, in period 0, and by nobody's in others and for the empty block. */
export function expectSeedDraw(
  { genesisHash, seed, table }: RoundContext,
  { height, period, proposer: [proposer], vrfProof: [proof] }: Header,
  vrf: Vrf,
): void {
  const isDrawn = proposer !== undefined && period === 0;
  const row = isDrawn ? table.row(proposer) : undefined;
  const isRight =
    proof === undefined
      ? !isDrawn
      : row !== undefined &&
        vrf.verify(row.vrfKey, seedInput(genesisHash, seed, height), proof) !== undefined;
  if (!isRight) throw new Violation('draw', `round ${height}: the proof of the seed is not its proposer's`);
}
