import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Header, headerHash } from '@sero/protocol';
import { type ChainBook, createChainBook } from './chain-book.ts';
import { certificateOf, GENESIS_HASH, headerBytes, madeHeader, newVoters } from './outside-test-support.ts';

const voters = newVoters(4);
const hashOf = (header: Header): string => Buffer.from(headerHash(header)).toString('hex');

function chain(length: number, change: Partial<Header> = {}): Header[] {
  const headers = [madeHeader(0)];
  while (headers.length < length) headers.push(madeHeader(headers.length, headers.at(-1)!, change));
  return headers;
}
const HEADERS = chain(6);

const newBook = (): ChainBook => createChainBook(GENESIS_HASH.toString('hex'), voters);

function show(book: ChainBook, node: string, headers: readonly Header[]): void {
  const head = headers.at(-1)!;
  book.head(node, Number(head.height), hashOf(head), 5_000);
  for (const header of headers) book.header(node, Number(header.height), headerBytes(header));
}

describe('the book of a chain', () => {
  it('finds nothing wrong with nodes that say the same, in any order', () => {
    const book = newBook();
    show(book, 'a', HEADERS);
    show(book, 'b', HEADERS.slice(0, 3));
    show(book, 'c', HEADERS.toReversed());
    book.certificate('a', 4, certificateOf(HEADERS[4]!, voters.slice(1)));
    assert.deepEqual(book.violations, []);
    assert.deepEqual([book.headOf('a'), book.shownTo('a'), book.shownTo('b')], [5, 5, 2]);
    assert.equal(book.headOf('nobody'), -1);
    assert.deepEqual([...book.blocks.get(4)!.certifiedBy], ['a']);
  });

  it('finds two blocks at one height, shown or only named', () => {
    const other = chain(6, { gasUsed: 1n });
    const shown = newBook();
    show(shown, 'a', HEADERS);
    shown.header('b', 3, headerBytes(other[3]!));
    assert.match(shown.violations[0]!, /TWO BLOCKS at height 3/);
    const named = newBook();
    named.head('a', 3, hashOf(HEADERS[3]!), 0);
    named.head('b', 3, hashOf(other[3]!), 0);
    assert.match(named.violations[0]!, /TWO BLOCKS at height 3/);
  });

  it('finds a node that contradicts itself', () => {
    const book = newBook();
    book.head('a', 3, hashOf(HEADERS[3]!), 0);
    book.header('a', 3, headerBytes(chain(6, { gasUsed: 1n })[3]!));
    assert.match(book.violations[0]!, /TWO BLOCKS/);
  });

  it('finds a node that goes back, unless its disk lost something on purpose', () => {
    const book = newBook();
    show(book, 'a', HEADERS);
    book.forgive('a');
    show(book, 'a', HEADERS.slice(0, 4));
    assert.deepEqual(book.violations, []);
    book.head('a', 2, hashOf(HEADERS[2]!), 0);
    assert.match(book.violations[0]!, /a went back from block 3 to 2/);
  });

  it('finds blocks that do not follow each other, are not later, or are of another network', () => {
    const lone = newBook();
    show(lone, 'a', [HEADERS[2]!, madeHeader(3)]);
    assert.match(lone.violations[0]!, /block 3 does not follow block 2/);
    const timeless = newBook();
    show(timeless, 'a', [HEADERS[2]!, madeHeader(3, HEADERS[2]!, { time: HEADERS[2]!.time })]);
    assert.match(timeless.violations[0]!, /not later/);
    const foreign = newBook();
    show(foreign, 'a', [madeHeader(3, HEADERS[2]!, { genesisHash: new Uint8Array(32) })]);
    assert.match(foreign.violations[0]!, /another network/);
    const placed = newBook();
    placed.header('a', 4, headerBytes(HEADERS[3]!));
    assert.match(placed.violations[0]!, /shows block 3 as 4/);
    const garbage = newBook();
    garbage.header('a', 4, Buffer.alloc(7));
    assert.match(garbage.violations[0]!, /cannot be read/);
  });

  it('finds certificates that are none', () => {
    const book = newBook();
    show(book, 'a', HEADERS);
    book.certificate('a', 4, certificateOf(HEADERS[3]!, voters));
    book.certificate('a', 5, Buffer.alloc(3));
    book.certificate('a', 2, certificateOf(HEADERS[2]!, voters.slice(2)));
    assert.equal(book.violations.length, 3);
    assert.equal(book.blocks.get(2)!.certifiedBy.size, 0);
  });

  it('asks each node for a certificate of each block or of one up to a stride after it', () => {
    const long = chain(20);
    const book = newBook();
    show(book, 'a', long);
    show(book, 'b', long);
    assert.deepEqual(book.uncertified('a', -3, 3), [1, 2, 3], 'genesis needs none');
    for (const height of [2, 8, 17]) {
      book.certificate('a', height, certificateOf(long[height]!, voters.slice(1)));
    }
    assert.deepEqual(book.uncertified('a', 1, 19), [9, 18, 19], 'a stride ends at 8, 16 and so on');
    assert.equal(book.uncertified('b', 1, 19).length, 19, 'what another has does not count');
    const solo = createChainBook(GENESIS_HASH.toString('hex'));
    show(solo, 'a', HEADERS);
    assert.deepEqual(solo.uncertified('a', 1, 5), []);
  });

  it('notes when blocks were told as they came, not when they were caught up with', () => {
    const book = newBook();
    book.head('a', 2, hashOf(HEADERS[2]!), 10);
    book.head('a', 3, hashOf(HEADERS[3]!), 20);
    book.header('b', 3, headerBytes(HEADERS[3]!));
    book.head('b', 3, hashOf(HEADERS[3]!), 99);
    book.head('b', 4, hashOf(HEADERS[4]!), 120);
    book.header('a', 4, headerBytes(HEADERS[4]!));
    assert.deepEqual([...book.blocks.get(3)!.told], [['a', 20]]);
    book.head('a', 4, hashOf(HEADERS[4]!), 130);
    book.head('b', 5, hashOf(HEADERS[5]!), 140);
    book.head('c', 3, hashOf(HEADERS[3]!), 145);
    book.head('c', 4, hashOf(HEADERS[4]!), 150);
    assert.deepEqual(
      [...book.blocks.get(4)!.told],
      [
        ['b', 120],
        ['a', 130],
      ],
      'c was behind when it told',
    );
  });
});
