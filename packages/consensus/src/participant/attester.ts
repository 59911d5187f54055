import {
  leaderValue,
  type RoundContext,
  STEP,
  selectedUnits,
  sortitionInput,
  type Value,
  type Vote,
  voteMessage,
  type WeighedVote,
} from '@sero/protocol';
import type { OwnRecord, VoteVerifier } from '../abstractions.ts';

/** An own record that is drawn at a step. */
export interface Draw {
  readonly record: OwnRecord;
  /** VRF proof, where the step needs one. */
  readonly proof: Vote['proof'];
  readonly weight: bigint;
  /** Of proposals. */
  readonly leader?: bigint;
}

/** Which own records are drawn at a step: secret until they vote (white paper 4.1, "encryption of lottery"). */
export function draws(
  context: RoundContext,
  period: number,
  step: number,
  records: readonly OwnRecord[],
  verifier: Pick<VoteVerifier, 'output'>,
): Draw[] {
  const { genesisHash, seed, round, table } = context;
  const committee = context.committees(step);
  return records.flatMap((record): Draw[] => {
    const row = table.row(record.id);
    if (row === undefined) return [];
    if (committee.everyUnit && step !== STEP.propose) return [{ record, proof: [], weight: row.weight }];
    const proof = record.prove(sortitionInput(genesisHash, seed, round, period, step));
    const output = verifier.output(proof);
    const weight = selectedUnits(output, row.id, row.weight, table.total, committee);
    if (weight === 0n) return [];
    const drawn = { record, proof: [proof], weight };
    return [step === STEP.propose ? { ...drawn, leader: leaderValue(output, row.id, weight) } : drawn];
  });
}

/** The vote of a drawn record. Undefined where its leaf was erased: it has voted, or the time for it is over. */
export function signVote(
  { genesisHash, round }: RoundContext,
  period: number,
  step: number,
  value: Value,
  { record, proof, weight, leader }: Draw,
): WeighedVote | undefined {
  const ballot = { sender: record.id, round, period, step, value };
  const signature = record.keys.sign(round, period, step, voteMessage(genesisHash, ballot));
  if (signature === undefined) return undefined;
  const vote: Vote = { ...ballot, proof, signature };
  return leader === undefined ? { vote, weight } : { vote, weight, leader };
}
