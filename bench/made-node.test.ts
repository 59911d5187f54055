import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { developmentVerifyingKeys } from '@sero/circuits';
import { type SeroNode, startNode } from '@sero/node';
import { decodeFrontier, encodeGenesis } from '@sero/protocol';
import { writeNodeDirectory } from './made-node.ts';
import { syntheticChain } from './wallet-chain.ts';

it('a made data directory opens as it is, after a clean stop and after a kill, and the node seals on top of it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sero-made-'));
  const chain = syntheticChain({ blocks: 2, payments: 2, emptyBlocks: 257 });
  const made = BigInt(chain.blocks.length);
  const start = (): Promise<SeroNode> =>
    startNode({
      directory,
      genesis: encodeGenesis(chain.genesis),
      verifyingKeys: [...developmentVerifyingKeys().values()],
      rpc: false,
      log: { level: 'silent' },
      pace: { idleMs: 1, minBlockGapMs: 0 },
    });
  try {
    writeNodeDirectory(directory, chain, { nullifiers: 10, transactions: 5, killed: true });
    for (const stop of ['kill', 'clean stop']) {
      const node = await start();
      const sealed = new Promise<void>((resolve) => {
        const end = node.onHead(() => {
          end();
          resolve();
        });
      });
      try {
        for (const { header, bytes } of [chain.blocks[1]!, chain.blocks.at(-1)!]) {
          assert.deepEqual(Buffer.from(node.ledger.executedBlock(header.height)), Buffer.from(bytes));
        }
        const { frontier } = node.ledger.treeState(made)!;
        assert.equal(decodeFrontier(frontier).size, 12n);
        await sealed;
        assert.ok(node.ledger.head().height > made, `nothing was sealed after the ${stop}`);
        assert.deepEqual(node.ledger.head().notesRoot, chain.blocks.at(-1)!.header.notesRoot);
      } finally {
        await node.close();
      }
    }
    assert.ok(!existsSync(join(directory, 'state.damaged')), 'the state was built again');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
