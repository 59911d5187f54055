import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMPACT_OUTPUT_BYTES, createClient, type ResultOf } from '@sero/api';
import { fieldFromBytes } from '@sero/crypto';
import { NO_PEERS, soloStatus, startRpcServer } from '@sero/node';
import {
  allocationNote,
  appendLeaves,
  decodeExecutedBlock,
  decodeFrontier,
  EMPTY_FRONTIER,
  frontierRoot,
  HeaderType,
  hashNodesWith,
  noteCommitment,
  publicOutputNote,
} from '@sero/protocol';
import { foundTown, issueToken } from '../wallet/people.ts';

type CompactBlock = ResultOf<'sero_getCompactOutputs'>['blocks'][number];

/** The leaves that a block appends, from nothing but its compact form. */
function leavesOf({ outputs, publicOutputs, layout }: CompactBlock): bigint[] {
  let [shielded, made] = [0, 0];
  return layout.flatMap((entry) => {
    const txid = fieldFromBytes(entry.txid);
    const commitments = Array.from({ length: entry.outputs }, () => {
      const at = COMPACT_OUTPUT_BYTES * shielded++;
      return fieldFromBytes(outputs.subarray(at, at + 32));
    });
    const notes = Array.from({ length: entry.publicOutputs }, (_, index) =>
      noteCommitment(publicOutputNote(publicOutputs[made++]!, txid, index)),
    );
    return [...commitments, ...notes];
  });
}

test('compact outputs and the genesis file give the notes root of every block: nothing is missing and all is in order', async () => {
  const town = await foundTown([10n ** 21n, 10n ** 21n]);
  await issueToken(town, town.people[0]!, 'LONGNAME', 1_000n);
  const { ledger, genesis } = town.network;
  const server = await startRpcServer({
    node: {
      ledger,
      genesisBytes: genesis,
      mempool: {
        submit: () => Promise.reject(new Error('nobody submits here')),
        has: () => false,
        stats: () => ({ transactions: 0, bytes: 0, checking: 0 }),
      },
      agreement: { status: () => soloStatus(ledger.head().height) },
      peers: () => NO_PEERS,
      onHead: () => () => undefined,
      version: 'test',
      ready: () => true,
    },
    port: 0,
  });
  try {
    const client = createClient({ url: server.url });
    const { blocks } = await client.request('sero_getCompactOutputs', { from: 0n, limit: 1_024 });
    const { anchors } = await client.request('sero_getAnchors', { from: 0n, limit: 1_024 });
    const { head } = await client.request('sero_getStatus', {});
    const hasher = hashNodesWith(town.hasher);
    const allocated = ledger.genesis.allocations.map((allocation, n) =>
      noteCommitment(allocationNote(allocation, ledger.genesisHash, n)),
    );
    let { frontier } = appendLeaves(EMPTY_FRONTIER, allocated, hasher);
    let publicOutputs = 0;
    for (const [height, block] of blocks.entries()) {
      ({ frontier } = appendLeaves(frontier, leavesOf(block), hasher));
      publicOutputs += block.publicOutputs.length;
      assert.equal(frontierRoot(frontier, hasher), fieldFromBytes(anchors[height]!.root), `height ${height}`);
    }
    assert.ok(publicOutputs > 0, 'public outputs were among them');
    assert.equal(head.notes, frontier.size);
    assert.equal(blocks.length, Number(head.height) + 1);

    const state = await client.request('sero_getTreeState', { height: head.height });
    const { notesRoot } = HeaderType.deserialize(state.header);
    assert.equal(frontierRoot(decodeFrontier(state.frontier), hasher), fieldFromBytes(notesRoot));

    const { assets } = await client.request('sero_getAssets', { limit: 10 });
    assert.deepEqual(
      assets.map(({ supply, pooled }) => [supply, pooled]),
      [[1_000n, 1_000n]],
    );
    const final = decodeExecutedBlock(ledger.executedBlock(1n)).receipts[0]!;
    const found = await client.request('sero_getTransaction', { txid: final.txid });
    assert.ok(found.status === 'final' && found.height === 1n && found.index === 0);
  } finally {
    await server.close();
  }
});
