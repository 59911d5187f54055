import { createHash } from 'node:crypto';
import { concat, le64 } from '@sero/crypto';
import {
  encodeVote,
  type RoundContext,
  type StakeRow,
  StakeRowType,
  type UnverifiedVote,
} from '@sero/protocol';
import type { Facts, Verdict } from './judge.ts';

/** A vote that is to be judged, with all that it is judged by. */
export interface Task {
  readonly facts: Facts;
  readonly row: StakeRow;
  /** SSZ of the row. */
  readonly rowBytes: Uint8Array;
  readonly vote: UnverifiedVote;
  /** SSZ of the vote. */
  readonly bytes: Uint8Array;
  /** What the verdict depends on, all of it, as 32 characters: equal names have equal verdicts. */
  readonly name: string;
  /** Units of work: 1 for two or three signatures (0.12 to 0.17 ms), `DRAW_COST` more for a draw (0.43 ms). */
  readonly cost: number;
  /** Called once. */
  settle(verdict: Verdict): void;
}

/** What a VRF proof costs, in the signatures of one vote. */
const DRAW_COST = 3;

/** The facts of a step, and their digest. */
interface NamedFacts {
  readonly facts: Facts;
  readonly digest: Uint8Array;
}

/** Makes tasks; facts of rounds and the bytes of rows are kept as long as those are. */
export interface TaskMaker {
  /** @param row of the vote's sender in the round's table */
  make(context: RoundContext, row: StakeRow, vote: UnverifiedVote, settle: (verdict: Verdict) => void): Task;
}

export function createTaskMaker(): TaskMaker {
  const rounds = new WeakMap<RoundContext, Map<number, NamedFacts>>();
  const rows = new WeakMap<StakeRow, Uint8Array>();

  function factsOf(context: RoundContext, step: number): NamedFacts {
    let steps = rounds.get(context);
    if (steps === undefined) {
      steps = new Map();
      rounds.set(context, steps);
    }
    const known = steps.get(step);
    if (known !== undefined) return known;
    const made = namedFacts(context, step);
    steps.set(step, made);
    return made;
  }

  function bytesOf(row: StakeRow): Uint8Array {
    const known = rows.get(row);
    if (known !== undefined) return known;
    const bytes = StakeRowType.serialize(row);
    rows.set(row, bytes);
    return bytes;
  }

  return {
    make(context, row, vote, settle) {
      const { facts, digest } = factsOf(context, vote.step);
      const [bytes, rowBytes] = [encodeVote(vote), bytesOf(row)];
      // Each part but the last has one length.
      const name = sha256(digest, rowBytes, bytes).toString('latin1');
      const cost = vote.proof.length === 0 ? 1 : 1 + DRAW_COST;
      return { facts, row, rowBytes, vote, bytes, name, cost, settle };
    },
  };
}

function namedFacts(context: RoundContext, step: number): NamedFacts {
  const { round, table } = context;
  // Copies, so that a thread is not sent whatever memory they are parts of.
  const [genesisHash, seed] = [Uint8Array.from(context.genesisHash), Uint8Array.from(context.seed)];
  const { size, threshold, everyUnit } = context.committees(step);
  const committee = { size, threshold, everyUnit };
  const facts = { genesisHash, round, seed, total: table.total, committee };
  const numbers = concat(
    ...[round, table.total, size, threshold].map(le64),
    Uint8Array.of(everyUnit ? 1 : 0),
  );
  return { facts, digest: sha256(genesisHash, seed, numbers) };
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
