/** Work on many items at once, with one answer an item, in order. */
export type BatchWork<Item, Answer> = (items: readonly Item[]) => Promise<readonly Answer[]>;

/** Somebody who waits for the answers to his items. */
interface Asker<Item, Answer> {
  readonly items: readonly Item[];
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets many who ask for little each share the work: who asks in one turn is served together, and while a batch is under way the next one
 * is gathered. So there is one batch at a time, however many ask; how many may ask is for them to bound. Where a batch fails, all whose
 * items were in it are told.
 *
 * @param most items of a batch, unless a single asker has more
 */
export function gathered<Item, Answer>(work: BatchWork<Item, Answer>, most: number): BatchWork<Item, Answer> {
  const waiting: Asker<Item, Answer>[] = [];
  let isRunning = false;

  function nextBatch(): Asker<Item, Answer>[] {
    let size = 0;
    const end = waiting.findIndex(({ items }, place) => {
      size += items.length;
      return place > 0 && size > most;
    });
    return waiting.splice(0, end === -1 ? waiting.length : end);
  }

  async function serve(askers: readonly Asker<Item, Answer>[]): Promise<void> {
    try {
      const answers = await work(askers.flatMap(({ items }) => items));
      let from = 0;
      for (const { items, resolve } of askers) {
        resolve(answers.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      for (const { reject } of askers) reject(error);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    // Whoever asks in this turn comes along.
    await Promise.resolve();
    while (waiting.length > 0) await serve(nextBatch());
    isRunning = false;
  }

  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      if (!isRunning) void run();
    });
}
