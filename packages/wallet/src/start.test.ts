import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fieldToBytes, le64 } from '@sero/crypto';
import { decodeExecutedBlock, type Header, HeaderType, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { plan } from './plan.ts';
import type { TreeState } from './start.ts';
import { memoryWalletStore } from './store.ts';
import {
  ALICE,
  BOB,
  CAROL,
  openOn,
  ready,
  refusal,
  type TestChain,
  testChain,
  transaction,
  view,
} from './test-support.ts';

/** Blocks before the checkpoint: notes of Alice and Carol; after it Bob is paid. */
const CHECKPOINT = 5n;

describe('a wallet that begins at a checkpoint', () => {
  let chain: TestChain;
  let state: TreeState;
  before(async () => {
    chain = testChain();
    const alice = await openOn(chain, ALICE);
    const pay = async (to: typeof BOB): Promise<void> => {
      const request = {
        type: 'pay',
        to: to.proof.viewing.address,
        asset: SERO_ASSET,
        amount: SERO_UNIT,
      } as const;
      await alice.addBlock(chain.add([await transaction(alice, ALICE, request)]));
    };
    for (let height = 1n; height <= CHECKPOINT; height++) await pay(CAROL);
    state = chain.treeState(CHECKPOINT);
    for (let block = 0; block < 4; block++) await pay(BOB);
  });

  const after = (height: bigint): Uint8Array[] => chain.blocks.slice(Number(height) + 1);

  it('after every block before its first payment is the wallet that read everything', async () => {
    const lived = view(await openOn(chain, BOB));
    for (let height = 0n; height <= CHECKPOINT; height++) {
      const wallet = await openOn(chain, BOB, { start: chain.treeState(height), blocks: after(height) });
      assert.deepEqual(view(wallet), lived, `begun after block ${height}`);
    }
  });

  it('spends what it received: its paths lead to the roots of headers', async () => {
    const wallet = await openOn(chain, BOB, { start: state, blocks: after(CHECKPOINT) });
    const to = CAROL.proof.viewing.address;
    const planned = await plan(wallet, { type: 'pay', to, asset: SERO_ASSET, amount: 2n });
    assert.ok((await ready(planned, BOB)).bytes.length > 1_000);
  });

  it('has an anchor and a height at once, and no money that it has not seen', async () => {
    const wallet = await openOn(chain, CAROL, { start: state, blocks: [] });
    assert.equal(wallet.tip()?.header.height, CHECKPOINT);
    assert.equal(wallet.anchor()?.height, CHECKPOINT);
    assert.deepEqual(wallet.balances(), []);
  });

  it('goes on from its store, whatever start it is given then', async () => {
    const store = memoryWalletStore();
    await openOn(chain, BOB, { store, start: state, blocks: after(CHECKPOINT).slice(0, 2) });
    const again = await openOn(chain, BOB, {
      store,
      start: chain.treeState(1n),
      blocks: after(CHECKPOINT).slice(2),
    });
    assert.deepEqual(view(again), view(await openOn(chain, BOB)));
  });

  async function refused(
    bad: Partial<TreeState>,
    code: 'tree-state-invalid' | 'other-genesis',
  ): Promise<void> {
    const store = memoryWalletStore();
    const start = { ...state, ...bad };
    await assert.rejects(openOn(chain, BOB, { store, start, blocks: [] }), refusal(code));
    assert.deepEqual(await store.entries(''), [], 'nothing of it is kept');
  }

  it('is refused a note tree that is not the header’s: every byte of it counts', async () => {
    for (let at = 0; at < state.frontier.length; at++) {
      const frontier = state.frontier.map((byte, i) => (i === at ? byte ^ 1 : byte));
      await refused({ frontier }, 'tree-state-invalid');
    }
    await refused({ frontier: chain.treeState(CHECKPOINT - 1n).frontier }, 'tree-state-invalid');
  });

  it('is refused a note tree that is cut, longer, of impossible size, or holds numbers that are none', async () => {
    const { frontier } = state;
    const wide = frontier.slice();
    wide.fill(0xff, wide.length - 32);
    const huge = frontier.slice();
    huge.set(le64(1n << 40n));
    for (const bad of [
      new Uint8Array(0),
      frontier.slice(0, 7),
      frontier.slice(0, -1),
      new Uint8Array([...frontier, 0]),
      wide,
      huge,
    ]) {
      await refused({ frontier: bad }, 'tree-state-invalid');
    }
  });

  it('is refused a header of another network or height, one that is altered, and bytes that are none', async () => {
    const { header } = decodeExecutedBlock(chain.blocks[Number(CHECKPOINT)]!.slice()).block;
    const altered = (change: Partial<Header>): Uint8Array => HeaderType.serialize({ ...header, ...change });
    await refused({ header: altered({ genesisHash: new Uint8Array(32) }) }, 'other-genesis');
    await refused({ header: altered({ height: 9n }) }, 'tree-state-invalid');
    await refused({ height: 9n }, 'tree-state-invalid');
    await refused({ header: altered({ notesRoot: fieldToBytes(1n) }) }, 'tree-state-invalid');
    await refused({ header: altered({ notesRoot: new Uint8Array(32).fill(0xff) }) }, 'tree-state-invalid');
    for (const bad of [new Uint8Array(0), state.header.slice(1), new Uint8Array(10_000)]) {
      await refused({ header: bad }, 'tree-state-invalid');
    }
  });

  it('notices a checkpoint that is not the chain’s with the first block that follows', async () => {
    const { header } = decodeExecutedBlock(chain.blocks[Number(CHECKPOINT)]!.slice()).block;
    const forged = {
      ...state,
      header: HeaderType.serialize({ ...header, stateRoot: new Uint8Array(32).fill(1) }),
    };
    await assert.rejects(
      openOn(chain, BOB, { start: forged, blocks: after(CHECKPOINT) }),
      refusal('block-not-next'),
    );
  });
});
