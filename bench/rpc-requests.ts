/** The chain that is asked: blocks of so many payments, three outputs each. */
export const BLOCKS = 100;
export const PAYMENTS = 20;

const compact = (limit: number): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'sero_getCompactOutputs',
    params: { from: '0x1', limit: `0x${limit.toString(16)}` },
  });

/** What is asked: the outputs of one block, and of a hundred at once. */
export const REQUESTS = { block: compact(1), range: compact(BLOCKS) };
