/** What a world is to have lived through, so that a test can ask whether it did. */
export type Happening =
  /** An honest node's machine stopped while it was at work. */
  | 'crash'
  /** An honest node's process was killed while it was at work. */
  | 'kill'
  /** A crash hit records of the vote log that were written and not durable; some bytes of them stayed and some did not. */
  | 'unsynced-log'
  | 'torn-log'
  /** A crash hit erasures of keys that were not durable. */
  | 'unsynced-keys'
  /** A script's own trouble ended while somebody was still held by it, and the time for progress began there. */
  | 'healed-in-trouble'
  /** Votes of fast recovery that honest nodes cast, and votes in periods from 3 on. */
  | 'late'
  | 'redo'
  | 'down'
  | 'period-3'
  /** Votes and headers with a draw of a hostile node's own choice. */
  | 'false-draw'
  | 'false-seed-proof'
  /** Empty hostile blocks of a time at which none may be yet. */
  | 'early-block'
  /** Hostile blocks that hold as much as a block may, final ones of them, and blocks that hold more. */
  | 'full-block'
  | 'full-final'
  | 'overfull-block'
  /** Times that another block of an old round was voted for with all keys that could be had. */
  | 'old-vote'
  /** Final blocks that are nobody's. */
  | 'empty-block'
  /** First periods of withholders' worlds, and those that the withholder led: by their seeds, whatever it made of them. */
  | 'first-period'
  | 'hostile-lead'
  /** What it did there: no block, another record's than the best, contents that were tried for the seeds they lead to. */
  | 'withheld-block'
  | 'other-record'
  | 'tried-contents';

/** How often each happened. */
export type Happenings = Partial<Record<Happening, number>>;
