import type { Command } from 'commander';
import { addInit } from '../genesis/beginning.ts';
import { addBuild, addVerify } from '../genesis/ending.ts';
import { addAddress, addJoin } from '../genesis/joining.ts';
import { addCommit, addReveal } from '../genesis/taking-part.ts';
import type { Io } from '../io.ts';

/** `sero genesis`: the first block's file of a new network, whose seed its validators draw together. */
export function addGenesis(program: Command, io: Io): void {
  const genesis = program
    .command('genesis')
    .summary('begin a new network together')
    .description(
      'Makes the genesis file of a new network by files that people exchange: each validator joins with an entry, an organiser makes the draft, all ' +
        'commit to a share of the first seed, all reveal it, and anybody builds the file and verifies it. One honest validator makes the seed unpredictable ' +
        'to all others. docs/validator.md goes through it.',
    );
  for (const add of [addAddress, addJoin, addInit, addCommit, addReveal, addBuild, addVerify])
    add(genesis, io);
}
