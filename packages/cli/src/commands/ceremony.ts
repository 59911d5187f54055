import type { Command } from 'commander';
import { addPrepare, addStart } from '../ceremony/beginning.ts';
import { addBeacon, addContribute } from '../ceremony/contributing.ts';
import { addFinish, addVerify } from '../ceremony/verifying.ts';
import type { Io } from '../io.ts';

/** `sero ceremony`: the keys of a network, made by many so that nobody can forge. */
export function addCeremony(program: Command, io: Io): void {
  const ceremony = program
    .command('ceremony')
    .summary('make the keys of a network together')
    .description(
      'Makes the proving and verifying keys of a network together with others: whoever made them alone could forge money. Phase 1 makes ' +
        'powers of a number that nobody knows (a .ptau file), for all circuits; phase 2 makes the keys of one circuit (a .zkey file). In both ' +
        'phases everybody takes the newest file, contributes, and hands his file on; a public beacon closes the phase. One author who forgets ' +
        'his secret is enough. The files are those of snarkjs, which can check and continue them.',
    );
  for (const add of [addStart, addContribute, addBeacon, addPrepare, addVerify, addFinish]) add(ceremony, io);
}
