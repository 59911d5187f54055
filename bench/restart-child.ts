// Makes the data directory of a million notes and dies with it in use: `restart-child.ts DIRECTORY`.

import { randomBytes } from 'node:crypto';
import {
  decodeExecutedBlock,
  type ExecutedBlock,
  encodeExecutedBlock,
  type Frontier,
  headerHash,
} from '@sero/protocol';
import { type MadeBlock, writeNodeDirectory } from './made-node.ts';
import { MADE } from './restart.ts';
import { BLOCK_OUTPUTS, syntheticChain } from './wallet-chain.ts';

const { genesis, blocks: start } = syntheticChain({ blocks: 1 });
const template: ExecutedBlock = decodeExecutedBlock(start[1]!.bytes);

/** The frontier of so many leaves, with nodes that are none's: a node asks no more of it than that it hashes to the header's root. */
function frontierOf(size: bigint): Frontier {
  const levels = start[0]!.frontier.levels.map((_, level) =>
    Array.from({ length: Number((size >> BigInt(2 * level)) & 3n) }, (_, i) => BigInt(1 + level + i)),
  );
  return { size, levels };
}

/** Block 0, and blocks of the same payments again and again, each linked to the one before and with receipts of its own. */
function* blocks(): Generator<MadeBlock> {
  let last = start[0]!;
  yield last;
  for (let n = 1; n <= MADE.blocks; n++) {
    const header = {
      ...template.block.header,
      height: BigInt(n),
      parent: headerHash(last.header),
      time: last.header.time + 5_000n,
    };
    const receipts = template.receipts.map((receipt) => ({ ...receipt, txid: randomBytes(32) }));
    const bytes = encodeExecutedBlock({
      block: { header, transactions: template.block.transactions },
      receipts,
    });
    last = { header, bytes, frontier: frontierOf(BigInt(n * BLOCK_OUTPUTS)) };
    yield last;
  }
}

writeNodeDirectory(process.argv[2]!, { genesis, blocks: blocks() }, { ...MADE, killed: true });
process.kill(process.pid, 'SIGKILL');
