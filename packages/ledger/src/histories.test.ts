import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assetId, type Block, decodeEnvelope, encodeBlock, encodeEnvelope, name32 } from '@sero/protocol';
import { hookedStore, memoryLog, StoreError, storedStateRoot } from '@sero/store';
import { openFileLog, openLmdbStore } from '@sero/store/node';
import fc from 'fast-check';
import { checkLedger } from './check-ledger.ts';
import { testHasher } from './doubles-test-support.ts';
import {
  ALICE,
  BOB,
  blockAt,
  callDraft,
  commitDraft,
  contents,
  filler,
  flipped,
  issueDraft,
  refusalOf,
  startChain,
  type TestChain,
  TOTAL,
  takingOut,
} from './test-support.ts';

const root = mkdtempSync(join(tmpdir(), 'sero-ledger-'));
after(() => rmSync(root, { recursive: true, force: true }));
let directories = 0;

/** Random histories: as many as take some 40 s of one core. */
const RUNS = 40;

const NAMES = ['HEPTANE', 'OCTANES'] as const;

/** What no block may take: a spent note, an expired one, rubbish, a false proof, another's signature, too low a price. */
const REFUSED = ['double', 'stale', 'garbage', 'unproved', 'unsigned', 'cheap'] as const;

/** What is offered to a block: some of it fails, some is refused. */
const offer = fc.record({
  kind: fc.constantFrom('pay', 'commit', 'commit', 'issue', 'issue', 'call', 'take', ...REFUSED),
  name: fc.constantFrom(...NAMES),
  from: fc.constantFrom(ALICE, ALICE, ALICE, BOB),
  amount: fc.bigInt({ min: 1n, max: 900n }),
});
type Value<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Offer = Value<typeof offer>;

/** What happens to the node on disk after a block. */
const FATES = [
  'goes on',
  'stops',
  'dies before the state',
  'tears the log',
  'is offered false blocks',
] as const;
const fate = fc.constantFrom(...FATES);

const history = fc.array(fc.record({ offers: fc.array(offer, { maxLength: 4 }), fate }), {
  minLength: 4,
  maxLength: 7,
});

/** A history in which everything happens once. */
const EVERY_FATE: Value<typeof history> = [
  { offers: [offered('commit'), offered('garbage'), offered('pay')], fate: 'stops' },
  { offers: [offered('call'), offered('stale'), offered('double')], fate: 'dies before the state' },
  { offers: [offered('issue'), offered('pay')], fate: 'tears the log' },
  { offers: [offered('take'), offered('double')], fate: 'goes on' },
  { offers: [offered('unproved'), offered('pay'), offered('unsigned')], fate: 'is offered false blocks' },
  { offers: [offered('cheap'), offered('pay')], fate: 'goes on' },
];

function offered(kind: Offer['kind']): Offer {
  return { kind, name: 'HEPTANE', from: ALICE, amount: 5n };
}

function transactionOf(chain: TestChain, { kind, name, from, amount }: Offer, last: Uint8Array): Uint8Array {
  switch (kind) {
    case 'pay':
      return chain.make({ from });
    case 'commit':
      return chain.make(commitDraft(name, from));
    case 'issue':
      return chain.make(issueDraft(chain, name, { from, supply: amount }));
    case 'call':
      return chain.make(callDraft(chain, { value: amount }, { from }));
    case 'take':
      return takingOut(chain, assetId(chain.genesis.chainId, 1, name32(name)), amount);
    case 'double':
      return last;
    case 'stale':
      return chain.make({ expiry: chain.ledger.head().height });
    case 'unproved':
      return chain.authorize(chain.draft(), filler(Number(amount), 192));
    case 'unsigned': {
      const { tx, authorization } = decodeEnvelope(chain.make()).private!;
      const signature = flipped(authorization.signature, 40);
      return encodeEnvelope({ tx, authorization: { ...authorization, signature } });
    }
    case 'cheap':
      return chain.make({ gasPrice: 0n });
    default:
      return filler(Number(amount), 200);
  }
}

/** Blocks that are nearly the next one: a transaction twice, none of them, another root, another time. */
function falseOnes(block: Block, refused: readonly Uint8Array[]): Uint8Array[] {
  const { header, transactions } = block;
  return [
    {
      header,
      transactions: [...transactions, ...(transactions.length > 0 ? transactions : [filler(1, 200)])],
    },
    { header, transactions: [...transactions, ...refused.slice(0, 1), filler(2, 99)] },
    { header: { ...header, stateRoot: flipped(header.stateRoot) }, transactions },
    { header: { ...header, notesRoot: flipped(header.notesRoot) }, transactions },
    { header: { ...header, time: header.time + 1n, parent: flipped(header.parent) }, transactions },
  ].map((one) => encodeBlock(one));
}

/** A node on disk that can be stopped and killed in the middle of a commit. */
function diskNode() {
  const directory = join(root, `${directories++}`);
  let dies = false;
  const open = (): { chain: TestChain; close(): void } => {
    const store = openLmdbStore(join(directory, 'state'));
    const blocks = openFileLog(join(directory, 'blocks'));
    const close = (): void => {
      store.close();
      blocks.close();
    };
    const before = (): void => {
      if (dies) throw new StoreError('disk-failed', 'killed');
    };
    return { chain: startChain({ store: hookedStore(store, { before }), blocks }), close };
  };
  let node = open();
  const reopen = (): void => {
    node.close();
    dies = false;
    node = open();
  };
  /** The log as a power cut leaves it: files as they are without a clean end, the last record in part. */
  const tear = (): void => {
    const [logs, image] = [join(directory, 'blocks'), join(directory, 'image')];
    cpSync(logs, image, { recursive: true });
    node.close();
    rmSync(logs, { recursive: true });
    renameSync(image, logs);
    const files = readdirSync(logs).map((name) => join(logs, name));
    const last = files.find(
      (file) => statSync(file).size === Math.max(...files.map((one) => statSync(one).size)),
    )!;
    truncateSync(last, statSync(last).size - 5);
    dies = false;
    node = open();
  };
  return {
    chain: () => node.chain,
    reopen,
    tear,
    die: () => {
      dies = true;
    },
    close: () => node.close(),
  };
}

/** SERO is in notes or in the reward pool, and every asset is in notes. Says how many assets there are beside SERO. */
function assertConserved({ ledger }: TestChain): number {
  assert.equal(ledger.pooled(1n) + ledger.rewardPool(), TOTAL);
  const assets = [...ledger.assets()];
  for (const { pooled, supply } of assets) assert.equal(pooled, supply);
  return assets.length;
}

test('whatever happens in blocks, between them and in the middle of writing them, memory, disk and replay agree', async (context) => {
  const happened = new Map<string, number>();
  const count = (what: string, more = 1) => happened.set(what, (happened.get(what) ?? 0) + more);
  await fc.assert(
    fc.asyncProperty(history, async (blocks) => {
      const memory = startChain();
      const disk = diskNode();
      try {
        let last = memory.make();
        for (const { offers, fate } of blocks) {
          count(fate);
          const transactions = offers.map((one) => transactionOf(memory, one, last));
          const { block, rejected } = await memory.ledger.propose(
            transactions,
            memory.ledger.head().time + 1n,
          );
          for (const { error } of rejected) count(error.code);
          count('taken', block.transactions.length);
          last = block.transactions.at(-1) ?? last;
          const bytes = encodeBlock(block);
          if (fate === 'is offered false blocks') {
            const refused = rejected.map(({ index }) => transactions[index]!);
            for (const one of falseOnes(block, refused)) {
              assert.notEqual(
                await refusalOf(disk.chain(), () => disk.chain().ledger.apply(one)),
                'accepted',
              );
            }
          }
          await memory.ledger.apply(bytes);
          const killed = fate === 'dies before the state' || fate === 'tears the log';
          if (killed) {
            disk.die();
            await assert.rejects(disk.chain().ledger.apply(bytes), { code: 'commit-interrupted' });
          } else {
            await disk.chain().ledger.apply(bytes);
          }
          if (fate === 'stops' || fate === 'dies before the state') disk.reopen();
          if (fate === 'tears the log') {
            disk.tear();
            // Whoever decided on the block gives it again.
            assert.equal(disk.chain().ledger.head().height, memory.ledger.head().height - 1n);
            await disk.chain().ledger.apply(bytes);
          }
          assert.deepEqual(disk.chain().ledger.head(), memory.ledger.head());
          for (const chain of [memory, disk.chain()]) {
            assert.deepEqual(storedStateRoot(chain.store), block.header.stateRoot);
            count('assets conserved', assertConserved(chain));
          }
        }
        const everything = contents(memory.store);
        assert.deepEqual(contents(disk.chain().store), everything);
        const { genesis, store } = disk.chain();
        checkLedger({ genesis, store, blocks: disk.chain().blocks, hasher: testHasher });
        // An independent replay of what the disk's log holds: through every check, and as an opening does it.
        const replayed = startChain();
        const copy = memoryLog();
        for (let height = 0; height < disk.chain().blocks.length; height++) {
          copy.append(disk.chain().blocks.get(height));
          if (height === 0) continue;
          const { block } = blockAt(disk.chain().ledger, BigInt(height));
          await replayed.ledger.apply(encodeBlock(block));
        }
        assert.deepEqual(contents(replayed.store), everything);
        assert.deepEqual(contents(startChain({ blocks: copy }).store), everything);
      } finally {
        disk.close();
      }
    }),
    { numRuns: RUNS, examples: [[EVERY_FATE]] },
  );
  const seen = ['taken', 'assets conserved', ...FATES];
  const codes = ['expired', 'unknown-kind', 'nullifier-spent', 'proof-invalid', 'signature-invalid'];
  for (const what of [...seen, ...codes, 'gas-price-below-base-fee'])
    assert.ok((happened.get(what) ?? 0) > 0, `${what} in none of the histories`);
  context.diagnostic([...happened].map(([what, times]) => `${what} ${times}`).join(', '));
});
