import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Block, encodeBlock, type Header, HeaderType } from '@sero/protocol';
import { filler, flipped, refusalOf, startChain, type TestChain } from './test-support.ts';

/** One alteration for each field of the header. */
const ALTERED: { readonly [Name in keyof Header]: (header: Header) => Header[Name] } = {
  version: () => 2,
  genesisHash: ({ genesisHash }) => flipped(genesisHash),
  height: ({ height }) => height + 1n,
  period: () => 1,
  parent: ({ parent }) => flipped(parent),
  time: ({ time }) => time - 5_000n,
  proposer: () => [filler(1, 32)],
  vrfProof: () => [filler(2, 80)],
  seed: ({ seed }) => flipped(seed),
  transactionsRoot: ({ transactionsRoot }) => flipped(transactionsRoot),
  receiptsRoot: ({ receiptsRoot }) => flipped(receiptsRoot),
  logsBloom: ({ logsBloom }) => flipped(logsBloom, 255),
  stateRoot: ({ stateRoot }) => flipped(stateRoot, 31),
  notesRoot: ({ notesRoot }) => flipped(notesRoot),
  validatorsRoot: ({ validatorsRoot }) => flipped(validatorsRoot),
  gasUsed: ({ gasUsed }) => gasUsed - 1n,
  gasLimit: ({ gasLimit }) => gasLimit + 1n,
  baseFee: ({ baseFee }) => baseFee - 1n,
  versionVote: () => [{ hash: filler(3, 32), delay: 10_000n }],
  disableVote: () => [1],
  absent: () => [filler(4, 32)],
};

async function codeOf(chain: TestChain, block: Block, change: Partial<Header>): Promise<string> {
  const altered = { ...block, header: { ...block.header, ...change } };
  return refusalOf(chain, () => chain.ledger.apply(encodeBlock(altered)));
}

for (const name of Object.keys(HeaderType.fields) as (keyof Header)[]) {
  test(`a block whose ${name} is not what its execution gives is refused as a whole`, async () => {
    const chain = startChain();
    const block = await chain.block(chain.make());
    const code = await codeOf(chain, block, { [name]: ALTERED[name](block.header) });
    assert.equal(code, name === 'time' ? 'block-time' : `header-${name}`);
    assert.equal(await codeOf(chain, block, {}), 'accepted', 'the very block without the alteration');
  });
}

test('a block is later than its parent; how much later is its proposer’s to say', async () => {
  const chain = startChain();
  await chain.mine();
  const { time } = chain.ledger.head();
  const block = await chain.block(chain.make());
  for (const early of [0n, time - 1n, time]) {
    assert.equal(await codeOf(chain, block, { time: early }), 'block-time');
    assert.equal(await refusalOf(chain, () => chain.ledger.propose([], early)), 'block-time');
  }
  assert.equal(await codeOf(chain, block, { time: time + 1n }), 'accepted');
});

test('a block of another height, parent or genesis is refused before anything in it is looked at', async () => {
  const chain = startChain();
  await chain.mine();
  const block = await chain.block();
  const garbage = { ...block, transactions: [filler(1, 100)] };
  for (const height of [0n, 1n, 3n, (1n << 64n) - 1n]) {
    assert.equal(await codeOf(chain, garbage, { height }), 'header-height');
  }
  const elsewhere = startChain({ genesis: { time: 5n } });
  assert.equal(
    await codeOf(chain, garbage, { genesisHash: elsewhere.ledger.genesisHash }),
    'header-genesisHash',
  );
  assert.equal(await codeOf(chain, garbage, { parent: filler(2, 32) }), 'header-parent');
});

test('a block of a fork at the right height is refused', async () => {
  const [chain, fork] = [startChain(), startChain()];
  await chain.mine(chain.make());
  await fork.mine();
  const { header } = await fork.block();
  assert.equal(header.height, chain.ledger.head().height + 1n);
  assert.equal(await codeOf(chain, { header, transactions: [] }, {}), 'header-parent');
});
