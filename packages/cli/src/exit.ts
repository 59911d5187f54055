/** Why the program ended: one table for the code and for docs/cli.md. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failed: {
    code: 1,
    meaning: 'failed, for a reason that no other number says; also where a question was answered with no',
  },
  usage: { code: 2, meaning: 'wrong arguments, or a file given that does not say what it should' },
  funds: {
    code: 3,
    meaning: 'not enough money, or not yet: notes that are too new or spent by a pending payment',
  },
  unreachable: {
    code: 4,
    meaning: 'the node cannot be reached, is not ready or does not answer as a node should',
  },
  password: { code: 5, meaning: 'wrong password' },
  refused: {
    code: 6,
    meaning:
      'the node refused the transaction: whatever is sent next spends one of its notes, so that only one of the two can enter; or it is in no block and will be in none (codes `expired`, `replaced`); or (code `action-failed`) it is in a block and what it asked for failed: its fee and its notes are spent',
  },
  wallet: { code: 7, meaning: 'no wallet here, one in use by another process, or one that must be repaired' },
  unknown: {
    code: 8,
    meaning:
      'ended after something was sent (by a failure or by ctrl-C): stdout says what is paid, what is sent and what is not; the notes of what is not final stay reserved until it expires; or (code `refused-entered`) nothing was sent now, because a transaction that was refused before is in a block all the same: whoever tries again without looking pays twice',
  },
  version: {
    code: 9,
    meaning:
      'the chain runs a version of the protocol that this program lacks: starting it again does not help, a newer release does, and nothing is lost',
  },
  unverified: {
    code: 10,
    meaning:
      'what the node shows does not prove that its blocks are final: it lies, or lacks what it should keep; nothing of it was read, and nothing was sent',
  },
  halted: {
    code: 11,
    meaning:
      'two blocks of one height were made final: more than a third of the stake is dishonest, or a program is wrong. The node keeps the proof and does not start again before people have decided which chain goes on',
  },
  interrupted: {
    code: 130,
    meaning:
      'interrupted (ctrl-C) before anything was sent; `devnet` and `node start` end with 0 when they could stop cleanly',
  },
} as const satisfies Record<string, { readonly code: number; readonly meaning: string }>;

/** The name of a row of the table. */
export type ExitName = keyof typeof EXIT_CODES;
