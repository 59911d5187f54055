/** Work between two looks at the event loop, in milliseconds. */
const TURN = 10;

/**
 * Gives what has to be awaited between pieces of long work, so that others of this thread come to their turn: pages are drawn, and the
 * next blocks come in, of which a turn of the event loop reads one piece.
 */
export function turns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    began = performance.now();
  };
}
