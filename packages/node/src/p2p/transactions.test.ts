import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '@sero/crypto';
import { LedgerError } from '@sero/ledger';
import { ProtocolError, witnessTransactionId } from '@sero/protocol';
import { MempoolError } from '../mempool/errors.ts';
import { createMempool, type Mempool, type Submitted } from '../mempool/mempool.ts';
import { emptyGenesis, envelope, handClock, settle } from '../test-support.ts';
import { createTransactionGossip } from './transactions.ts';

const TRANSACTION = utf8('a transaction');

/** Gossip over a mempool that answers what a test says. */
function scene(submit: Mempool['submit']) {
  const submitted: string[] = [];
  const published: Uint8Array[] = [];
  const gossip = createTransactionGossip(
    {
      has: () => false,
      stats: () => ({ transactions: 0, bytes: 0, checking: 0 }),
      submit(transaction, source, signal, wtxid) {
        submitted.push(source);
        return submit(transaction, source, signal, wtxid);
      },
    },
    { publish: (_, item) => void published.push(item) },
  );
  return { gossip, submitted, published };
}

const refusing = (error: Error) => scene(() => Promise.reject(error));
const taking: Mempool['submit'] = async (transaction) => ({
  txid: new Uint8Array(32),
  wtxid: witnessTransactionId(transaction),
});

describe('gossip of transactions', () => {
  it('tells everybody what was submitted here and came in, and nothing else', async () => {
    const { gossip, published } = scene(taking);
    await gossip.door.submit(TRANSACTION, 'me');
    assert.deepEqual(published, [TRANSACTION]);
    assert.equal(await gossip.receive(utf8('of a peer'), 'a'), 'accept');
    assert.equal(published.length, 1, 'the network passes it on');
    const refused = refusing(new MempoolError('mempool-full', 'full'));
    await assert.rejects(refused.gossip.door.submit(TRANSACTION, 'me'));
    assert.deepEqual(refused.published, []);
  });

  it('rejects what no chain takes', async () => {
    for (const error of [
      new ProtocolError('malformed', ''),
      new ProtocolError('signature-invalid', ''),
      new LedgerError('proof-invalid', ''),
    ]) {
      assert.equal(await refusing(error).gossip.receive(TRANSACTION, 'a'), 'reject');
    }
  });

  it('ignores what honest peers pass on too: what came late, finds no place, is not known here yet, or meets a fault of this node', async () => {
    for (const error of [
      new LedgerError('nullifier-spent', ''),
      new LedgerError('anchor-in-future', ''),
      new LedgerError('proof-unchecked', ''),
      new ProtocolError('kind-not-active', ''),
      new ProtocolError('unknown-version', ''),
      new LedgerError('circuit-without-key', ''),
      new MempoolError('mempool-full', ''),
      new MempoolError('budget-exhausted', ''),
      new Error('disk'),
    ]) {
      assert.equal(await refusing(error).gossip.receive(TRANSACTION, 'a'), 'ignore');
    }
  });

  it('asks the mempool once for what every neighbour brings', async () => {
    const { gossip, submitted } = scene(taking);
    assert.equal(await gossip.receive(TRANSACTION, 'a'), 'accept');
    for (let i = 0; i < 1_000; i++) assert.equal(await gossip.receive(TRANSACTION, 'b'), 'ignore');
    assert.deepEqual(submitted, ['peer a']);
    const own = scene(taking);
    await own.gossip.door.submit(TRANSACTION, 'me');
    assert.equal(await own.gossip.receive(TRANSACTION, 'a'), 'ignore');
    assert.deepEqual(own.submitted, ['me']);
    for (const code of ['nullifier-spent', 'expired', 'anchor-stale'] as const) {
      const over = refusing(new LedgerError(code, ''));
      await over.gossip.receive(TRANSACTION, 'a');
      await over.gossip.receive(TRANSACTION, 'b');
      assert.deepEqual(over.submitted, ['peer a']);
    }
  });

  it('gives the mempool the name of the very bytes that it gives, though they changed while they waited for their turn', async () => {
    const named: [Uint8Array, Uint8Array | undefined][] = [];
    const held = Promise.withResolvers<void>();
    const { gossip } = scene(async (transaction, source, _, wtxid) => {
      named.push([transaction.slice(), wtxid]);
      await held.promise;
      return taking(transaction, source);
    });
    const all = Array.from({ length: 49 }, (_, i) => utf8(`of a peer ${i}`));
    const received = all.map((one) => gossip.receive(one, 'a'));
    await settle();
    assert.equal(named.length, 48);
    all[48]!.reverse();
    held.resolve();
    await Promise.all(received);
    assert.equal(named.length, 49);
    assert.deepEqual(named[48]![0], all[48]);
    for (const [bytes, wtxid] of named) assert.deepEqual(wtxid, witnessTransactionId(bytes));
  });

  it('knows what was submitted here under the name of what was checked, whatever its sender makes of the bytes meanwhile', async () => {
    const { gossip, submitted } = scene(async (transaction, source) => {
      const names = await taking(transaction, source);
      await settle();
      return names;
    });
    const given = TRANSACTION.slice();
    const done = gossip.door.submit(given, 'me');
    given.reverse();
    await done;
    assert.equal(await gossip.receive(TRANSACTION, 'a'), 'ignore');
    assert.equal(await gossip.receive(given, 'a'), 'accept');
    assert.deepEqual(submitted, ['me', 'peer a']);
  });

  it('asks again for what may come in later', async () => {
    for (const error of [
      new MempoolError('busy', ''),
      new MempoolError('budget-exhausted', ''),
      new LedgerError('anchor-in-future', ''),
      new LedgerError('gas-price-below-base-fee', ''),
    ]) {
      const { gossip, submitted } = refusing(error);
      await gossip.receive(TRANSACTION, 'a');
      await gossip.receive(TRANSACTION, 'b');
      assert.deepEqual(submitted, ['peer a', 'peer b']);
    }
  });

  it('never refuses an honest peer for the number of valid transactions that he passes on at once', async () => {
    const genesis = emptyGenesis();
    const clock = handClock();
    const chain = {
      genesis,
      genesisHash: new Uint8Array(32),
      head: () => ({ height: 0n, baseFee: genesis.fees.baseFeeStart, gasUsed: 0n }),
      check: settle,
    };
    const mempool = createMempool(chain, clock.now);
    const gossip = createTransactionGossip(mempool, { publish: () => undefined });
    const all = Array.from({ length: 500 }, (_, i) => envelope({ nullifiers: [2 * i, 2 * i + 1] }));
    const verdicts = await Promise.all(all.map((one) => gossip.receive(one, 'a')));
    assert.ok(verdicts.every((verdict) => verdict === 'accept'));
    assert.equal(mempool.stats().transactions, 500);
  });

  it('lets no peer wait for another one, and each transaction have its turn', async () => {
    const held = Promise.withResolvers<Submitted>();
    const { gossip, submitted } = scene((transaction, source) =>
      source === 'peer slow' ? held.promise : taking(transaction, source),
    );
    const slow = Array.from({ length: 60 }, (_, i) => gossip.receive(utf8(`slow ${i}`), 'slow'));
    await settle();
    assert.equal(submitted.length, 48);
    assert.equal(await gossip.receive(TRANSACTION, 'quick'), 'accept');
    held.resolve(await taking(TRANSACTION, ''));
    assert.ok((await Promise.all(slow)).every((verdict) => verdict === 'accept'));
    assert.equal(submitted.length, 61);
  });
});
