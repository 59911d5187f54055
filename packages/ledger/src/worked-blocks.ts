import { equalBytes } from '@sero/crypto';
import type { Block, CheckedTransaction } from '@sero/protocol';
import type { FinishedBlock } from './execute.ts';

/** A block that was built or checked here, with all that applying it comes to. */
export interface WorkedBlock {
  readonly bytes: Uint8Array;
  readonly block: Block;
  readonly finished: FinishedBlock;
  readonly included: readonly CheckedTransaction[];
}

/** Blocks of one height that are remembered: an own one, E(r), and some of other proposers. */
const REMEMBERED = 4;

/** Blocks on the head that need only be written. Whoever keeps them forgets all of them where the head moves. */
export interface WorkedBlocks {
  keep(worked: WorkedBlock): void;
  find(bytes: Uint8Array): WorkedBlock | undefined;
  forget(): void;
}

export function workedBlocks(): WorkedBlocks {
  let kept: WorkedBlock[] = [];
  const find = (bytes: Uint8Array): WorkedBlock | undefined =>
    kept.find((worked) => equalBytes(worked.bytes, bytes));
  return {
    keep(worked) {
      kept = [worked, ...kept.filter(({ bytes }) => !equalBytes(bytes, worked.bytes))].slice(0, REMEMBERED);
    },
    find,
    forget() {
      kept = [];
    },
  };
}
