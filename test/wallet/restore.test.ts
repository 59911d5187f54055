import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { before, describe, it } from 'node:test';
import type { Requester } from '@sero/api';
import { concat, fieldFromBytes, fieldToBytes, le32, le64, toHex } from '@sero/crypto';
import {
  allocationNote,
  appendLeaves,
  decodeEnvelope,
  decodeExecutedBlock,
  decodeGenesis,
  EMPTY_FRONTIER,
  type Frontier,
  genesisHash,
  HeaderType,
  hashNodesWith,
  headerHash,
  noteCommitment,
  publicOutputNote,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import {
  type KnownAsset,
  memoryWalletStore,
  openWallet,
  plan,
  prove,
  type Request,
  rpcSource,
  sendViaRpc,
  sign,
  startAt,
  submitRecorded,
  syncWallet,
  type TreeState,
  type Wallet,
  WalletError,
  type WalletStart,
} from '@sero/wallet';
import { chosenBackend, provingToolsDouble } from './doubles.ts';
import { ask, choices, foundTown, issueToken, type Person, type Town } from './people.ts';

/** Printed, and taken back from the environment to play a run again. */
const seed = Number(process.env['SERO_SEED'] ?? randomInt(2 ** 31));

/** SSZ of a frontier, written out here once more: the ledger's encoding is compared with it. */
function encodeFrontier({ size, levels }: Frontier): Uint8Array {
  const lists = levels.map((nodes) => concat(...nodes.map(fieldToBytes)));
  let at = 4 * lists.length;
  const offsets = lists.map((list) => {
    at += list.length;
    return le32(at - list.length);
  });
  return concat(le64(size), le32(12), ...offsets, ...lists);
}

/** The note tree after each block of a town, worked out from the blocks alone. */
function treeStates(town: Town): TreeState[] {
  const genesis = decodeGenesis(town.network.genesis);
  const networkHash = genesisHash(genesis);
  const hashNodes = hashNodesWith(town.hasher);
  let frontier = EMPTY_FRONTIER;
  return town.blocks.map((bytes) => {
    const { block, receipts } = decodeExecutedBlock(bytes.slice());
    const leaves =
      block.header.height === 0n
        ? genesis.allocations.map((allocation, n) =>
            noteCommitment(allocationNote(allocation, networkHash, n)),
          )
        : block.transactions.flatMap((transaction, i) => {
            const { txid, publicOutputs } = receipts[i]!;
            return [
              ...decodeEnvelope(transaction).private!.tx.shielded.outputs.map(({ cm }) => fieldFromBytes(cm)),
              ...publicOutputs.map((output, n) =>
                noteCommitment(publicOutputNote(output, fieldFromBytes(txid), n)),
              ),
            ];
          });
    frontier = appendLeaves(frontier, leaves, hashNodes).frontier;
    return {
      height: block.header.height,
      header: HeaderType.serialize(block.header),
      frontier: encodeFrontier(frontier),
    };
  });
}

async function openAt(town: Town, { key }: Person, start?: WalletStart): Promise<Wallet> {
  const { scanner, traces } = await chosenBackend();
  return openWallet({
    key: key.proof.viewing,
    genesis: town.network.genesis.slice(),
    store: memoryWalletStore(),
    scanner,
    traces,
    hasher: town.hasher,
    ...(start === undefined ? {} : { start }),
  });
}

/** Everything that a restored wallet has in common with the one that lived through it. */
function view(wallet: Wallet) {
  return {
    balances: wallet.balances(),
    notes: wallet.notes(),
    history: [...wallet.history()],
    undisclosed: wallet.undisclosed(),
    anchor: wallet.anchor(),
    tip: wallet.tip(),
    size: wallet.tree.size(),
    assets: [SERO_ASSET, 'HEPTANE'].map((asset) => wallet.asset(asset)?.asset),
    paths: wallet.spendableNotes().map(({ position }) => wallet.tree.pathAt(position, wallet.anchor()!.size)),
  };
}

const pay = (to: Person, asset: bigint, amount: bigint): Request => ({
  type: 'pay',
  to: to.key.proof.viewing.address,
  asset,
  amount,
});

describe(`random histories of four people, two of whom join later (seed ${seed})`, () => {
  const STORIES = 2;
  const ROUNDS = 9;
  const pick = choices(seed);

  /** A history: whoever has money pays somebody, several in one block; names are issued before it. */
  async function story(): Promise<Town> {
    const town = await foundTown([1_000n * SERO_UNIT, 500n * SERO_UNIT, 0n, 0n]);
    await issueToken(town, town.people[0]!, 'HEPTANE', 1_000n);
    for (let round = 0; round < ROUNDS; round++) {
      const late = round < 4;
      for (const person of town.people.filter(() => pick(2) === 0)) {
        const balances = person.wallet
          .balances()
          .filter(({ spendable }) => spendable > 1_000n || pick(2) === 0);
        const balance = balances[pick(Math.max(1, balances.length))];
        if (balance === undefined) continue;
        const to = town.people[pick(late ? 2 : 4)]!;
        const amount = 1n + (balance.spendable * BigInt(pick(60))) / 100n;
        try {
          await ask(town, person, pay(to, balance.asset, amount));
        } catch (error) {
          if (!(error instanceof WalletError)) throw error;
        }
      }
      await town.mine();
    }
    return town;
  }

  for (let n = 1; n <= STORIES; n++) {
    it(`story ${n}: a wallet restored at any birthday, at any height, is the one that lived through it`, async () => {
      const town = await story();
      const states = treeStates(town);
      const assets = knownAssets(town);
      let restored = 0;
      for (const person of town.people) {
        const first = person.wallet.history()[0]?.height ?? BigInt(town.blocks.length);
        const lived = view(person.wallet);
        for (let birthday = 0n; birthday < first; birthday += 1n + BigInt(pick(4))) {
          const state = states[Number(birthday)]!;
          const wallet = await openAt(town, person, { ...state, assets: assets(birthday) });
          await wallet.addBlocks(town.blocks.slice(Number(birthday) + 1));
          assert.deepEqual(view(wallet), lived, `birthday ${birthday}, first entry ${first}`);
          restored++;
        }
        // Restored long ago and awake since: between two blocks it was what it would have been then.
        const half = Math.floor(town.blocks.length / 2);
        const [early, awake] = [await openAt(town, person), await openAt(town, person)];
        await early.addBlocks(town.blocks.slice(0, half));
        for (const block of town.blocks.slice(0, half)) await awake.addBlock(block);
        assert.deepEqual(view(early), view(awake));
        await early.addBlocks(town.blocks.slice(half));
        assert.deepEqual(view(early), lived);
      }
      assert.ok(restored >= 4);
    });
  }

  /** The table of assets as it was after a height. */
  function knownAssets(town: Town): (height: bigint) => readonly KnownAsset[] {
    const { wallet } = town.people[0]!;
    const issued = wallet.history().find(({ change }) => change.some(({ asset }) => asset !== SERO_ASSET))!;
    return (height) => (height < issued.height ? [] : [wallet.asset('HEPTANE')!]);
  }
});

describe('what two wallets ask of a node', () => {
  const BLOCKS = 300n;
  let town: Town;
  before(async () => {
    town = await foundTown([1_000n * SERO_UNIT, 10n * SERO_UNIT]);
    const [busy, idle] = town.people as [Person, Person];
    await issueToken(town, busy, 'HEPTANE', 1_000n);
    while (town.blocks.length < 250) {
      if (town.blocks.length % 60 === 0) await ask(town, busy, pay(busy, SERO_ASSET, SERO_UNIT));
      await town.mine();
    }
    while (BigInt(town.blocks.length) < BLOCKS) {
      if (town.blocks.length % 20 === 0) await ask(town, busy, pay(idle, SERO_ASSET, SERO_UNIT));
      await town.mine();
    }
  });

  /** A node of the town behind the interface that wallets know, and the text of every request. */
  function node(): { client: Requester; requests: string[] } {
    const requests: string[] = [];
    const { ledger, genesis } = town.network;
    const answers: Record<string, (params: never) => unknown> = {
      sero_getStatus: () => {
        const header = ledger.head();
        const head = { height: header.height, hash: headerHash(header), notes: 0n };
        return { genesisHash: genesisHash(decodeGenesis(genesis)), head };
      },
      sero_getBlocks: ({ from, limit }: { from: bigint; limit: number }) => ({
        from,
        blocks: town.blocks.slice(Number(from), Number(from) + Math.min(limit, 70)),
      }),
      sero_getTreeState: ({ height }: { height: bigint }) => {
        const state = ledger.treeState(height)!;
        return { ...state, header: HeaderType.serialize(state.header) };
      },
      sero_getAssets: () => ({
        assets: [...ledger.assets()].map((listed) => ({ ...listed, asset: fieldToBytes(listed.asset) })),
        next: null,
      }),
      sero_submit: ({ transaction }: { transaction: Uint8Array }) => town.network.send(transaction),
    };
    const request = async (method: string, params: never): Promise<unknown> => {
      const said = JSON.stringify(params, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
      requests.push(method === 'sero_submit' ? method : `${method} ${said}`);
      return answers[method]!(params);
    };
    return { client: { request } as Requester, requests };
  }

  it('is the same for a busy and an idle one, while they are restored, while they wait, and when one of them pays', async () => {
    const asked: string[][] = [];
    for (const [n, person] of town.people.entries()) {
      const { client, requests } = node();
      const source = rpcSource(client);
      const wallet = await openAt(town, person);
      await syncWallet(wallet, source);
      if (n === 0) {
        const planned = await plan(wallet, pay(town.people[1]!, SERO_ASSET, 5n));
        const proved = await prove(planned, person.key.proof, provingToolsDouble);
        await submitRecorded(wallet, planned, sign(planned, person.key), proved, sendViaRpc(client), 1n);
      }
      await syncWallet(wallet, source);
      await syncWallet(wallet, source);
      asked.push(requests);
    }
    const [busy, idle] = asked as [string[], string[]];
    assert.equal(busy.filter((request) => request === 'sero_submit').length, 1);
    assert.deepEqual(
      busy.filter((request) => request !== 'sero_submit'),
      idle,
    );
    assert.ok(idle.every((request) => /^sero_get(Status|Blocks) /.test(request)));
  });

  it('depends on the birthday, rounded down to a checkpoint, and on the chain alone', async () => {
    const asked: string[][] = [];
    for (const [person, birthday] of [
      [town.people[0]!, 256n],
      [town.people[1]!, 256n],
      [town.people[1]!, 299n],
    ] as const) {
      const { client, requests } = node();
      const source = rpcSource(client);
      const start = await startAt(source, decodeGenesis(town.network.genesis), birthday);
      assert.equal(start?.height, 256n);
      const wallet = await openAt(town, person, start!);
      await syncWallet(wallet, source);
      assert.deepEqual(wallet.asset('HEPTANE')?.supply, 1_000n, 'a name that is older than the wallet');
      asked.push(requests);
    }
    assert.deepEqual(asked[0], asked[1]);
    assert.deepEqual(asked[0], asked[2]);
    assert.deepEqual(asked[0]!.slice(0, 2), ['sero_getStatus {}', 'sero_getTreeState {"height":"256"}']);
  });

  it('is answered by the ledger with the note tree that follows from its blocks', () => {
    const state = town.network.ledger.treeState(299n)!;
    const worked = treeStates(town)[256]!;
    assert.equal(toHex(state.frontier), toHex(worked.frontier));
    assert.equal(
      toHex(headerHash(state.header)),
      toHex(headerHash(decodeExecutedBlock(town.blocks[256]!.slice()).block.header)),
    );
  });
});
