import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeBlock, STEP } from '@sero/protocol';
import { settle } from '../test-support.ts';
import { VerificationError } from '../verification/errors.ts';
import { type CatchUpOptions, createCatchUp } from './catch-up.ts';
import {
  behind,
  bundleVerifier,
  foreignBody,
  type PeerDouble,
  peerDouble,
  shownChain,
} from './sync-test-support.ts';

const CHAIN = shownChain(10);

/** A node at a height of the chain, among peers; what happens to it, in order. */
function scene(peers: readonly PeerDouble[], at = 0, change: Partial<CatchUpOptions> = {}) {
  const own = behind(CHAIN, at);
  const told: string[] = [];
  let isHeld = false;
  let bytesHeld = 0;
  /** Heads at which what was written became durable. */
  const flushed: number[] = [];
  const writes: CatchUpOptions['writes'] = {
    hold: () => {
      isHeld = true;
    },
    held: () => bytesHeld,
    flush: () => {
      if (isHeld) flushed.push(own.height());
      [isHeld, bytesHeld] = [false, 0];
    },
  };
  const catchUp = createCatchUp({
    ledger: own.ledger,
    verifier: bundleVerifier,
    certificates: { put: (height) => void told.push(`certificate ${height}`) },
    peers: () => peers,
    seeds: { ahead: () => undefined, rest: () => undefined },
    prepare: async () => undefined,
    async apply(bytes) {
      const { height } = decodeBlock(bytes).header;
      assert.deepEqual(bytes, CHAIN.blocks[Number(height)], 'a block that is not of the chain');
      assert.equal(Number(height), own.height() + 1);
      own.grow();
      bytesHeld += 12_000_000;
      told.push(`block ${height}`);
    },
    writes,
    together: 1n,
    pause: async () => void told.push('pause'),
    resume() {
      assert.ok(!isHeld, 'who votes has what is final on disk');
      told.push('resume');
    },
    failed: (error) => void told.push(`failed: ${(error as Error).message}`),
    peerFailed: (peer) => void told.push(`${peer} failed`),
    ...change,
  });
  const look = async (): Promise<void> => {
    catchUp.look();
    await settle();
  };
  return { catchUp, own, told, look, flushed, isHeld: () => isHeld };
}

const WHOLE = [
  'pause',
  ...['certificate 4', 'block 1', 'block 2', 'block 3', 'block 4'],
  ...['certificate 8', 'block 5', 'block 6', 'block 7', 'block 8'],
  ...['certificate 10', 'block 9', 'block 10'],
  'resume',
];

describe('catching up', () => {
  it('goes to the head of its peers by stretches: the certificate first, then the blocks, and agreement rests meanwhile', async () => {
    const peer = peerDouble('a', CHAIN, 10n);
    const { told, look } = scene([peer]);
    await look();
    assert.deepEqual(told, WHOLE);
    const blocks = peer.asked.filter((one) => one.startsWith('blocks'));
    assert.deepEqual(blocks, ['blocks 3+1', 'blocks 6+1', 'blocks 9+1'], 'an empty block is its header');
    assert.deepEqual(peer.blamed, []);
  });

  it('begins only where it is four rounds behind, and then goes to the end', async () => {
    const [near, far] = [scene([peerDouble('a', CHAIN, 10n)], 7), scene([peerDouble('a', CHAIN, 10n)], 6)];
    await near.look();
    await far.look();
    assert.deepEqual(near.told, []);
    assert.equal(far.own.height(), 10);
  });

  it('is not held up by who claims a height that nobody has: he is useless, and others are asked', async () => {
    const liar = peerDouble('liar', CHAIN, 1n << 60n, { headers: async () => [] });
    const alone = scene([liar]);
    await alone.look();
    assert.deepEqual(alone.told, [], 'votes go on');
    assert.deepEqual(liar.blamed, ['useless']);
    const { told, look } = scene([liar, peerDouble('a', CHAIN, 10n)]);
    await look();
    assert.deepEqual(told, WHOLE);
  });

  it('does not ask who began later than what is missing', async () => {
    const young = peerDouble('young', CHAIN, 10n, { earliest: 5n });
    const { told, look } = scene([young, peerDouble('a', CHAIN, 10n)]);
    await look();
    assert.deepEqual(told, WHOLE);
    assert.ok(!young.asked.includes('headers 1+4'));
    assert.ok(!young.asked.includes('blocks 3+1'));
    assert.deepEqual(young.blamed, []);
  });

  it('takes no branch whose certificate fails: one stretch of headers, one certificate, and its peer is banned', async () => {
    const branch = shownChain(10, 1);
    const few = peerDouble('forger', branch, 10n, {
      certificate: async (at) => branch.certificate(at, true),
    });
    const { told, look } = scene([few]);
    await look();
    assert.deepEqual(told, ['forger failed']);
    assert.deepEqual(few.asked, ['headers 1+4']);
    assert.deepEqual(few.blamed, ['malice']);
  });

  it('takes a certificate for no other block, round or step', async () => {
    for (const certificate of [
      CHAIN.certificate(3n),
      { ...CHAIN.certificate(3n), round: 4n },
      shownChain(4, 1, 4).certificate(4n),
      CHAIN.certificate(4n, false, STEP.soft),
      { ...CHAIN.certificate(4n, false, STEP.soft), step: STEP.cert },
    ]) {
      const peer = peerDouble('forger', CHAIN, 10n, { certificate: async () => certificate });
      const { told, look } = scene([peer]);
      await look();
      assert.deepEqual(told, ['forger failed']);
      assert.deepEqual(peer.blamed, ['malice']);
    }
  });

  it('takes no headers that do not follow the own head', async () => {
    const other = shownChain(10, 1);
    for (const headers of [CHAIN.headers.slice(2, 6), other.headers.slice(3, 5)]) {
      const all = headers.length === 4 ? headers : [...CHAIN.headers.slice(1, 3), ...headers];
      const peer = peerDouble('forger', CHAIN, 10n, { headers: async () => all });
      const { told, look } = scene([peer]);
      await look();
      assert.deepEqual(told, ['forger failed']);
      assert.deepEqual(peer.asked, []);
      assert.deepEqual(peer.blamed, ['malice']);
    }
  });

  it('blames who lacks the certificate of a boundary, and nobody who lacks that of his head', async () => {
    const boundary = peerDouble('a', CHAIN, 10n, { certificate: async () => undefined });
    await scene([boundary]).look();
    assert.deepEqual(boundary.blamed, ['useless']);
    const head = peerDouble('b', CHAIN, 7n, {
      certificate: async (at) => (at === 7n ? undefined : CHAIN.certificate(at)),
    });
    const { own, look } = scene([head]);
    await look();
    assert.equal(own.height(), 4);
    assert.deepEqual(head.blamed, []);
  });

  it('takes short stretches together: headers once, each certificate before its blocks, and tells which it will ask about', async () => {
    const ahead: bigint[][] = [];
    const verifier: CatchUpOptions['verifier'] = {
      ...bundleVerifier,
      ahead: (bundles) => void ahead.push(bundles.map(({ bundle }) => bundle.round)),
      rest: () => void ahead.push([]),
    };
    const peer = peerDouble('a', CHAIN, 10n);
    const { told, look } = scene([peer], 0, { together: 8n, verifier });
    await look();
    assert.deepEqual(told, WHOLE);
    const headers = peer.asked.filter((one) => one.startsWith('headers'));
    assert.deepEqual(headers, ['headers 1+8', 'headers 9+2']);
    assert.deepEqual(ahead, [[4n, 8n], [10n], []]);
    assert.deepEqual(peer.blamed, []);
  });

  it('takes nothing of stretches together of which one certificate fails, whichever it is', async () => {
    const branch = shownChain(10, 1, 5);
    for (const failing of [4n, 8n]) {
      for (const certificate of [
        branch.certificate(failing, true),
        branch.certificate(failing, false, STEP.soft),
        { ...branch.certificate(failing, false, STEP.soft), step: STEP.cert },
        branch.certificate(failing === 4n ? 8n : 4n),
        CHAIN.certificate(9n),
      ]) {
        const forger = peerDouble('forger', branch, 10n, {
          certificate: async (at) => (at === failing ? certificate : branch.certificate(at)),
        });
        const { told, look } = scene([forger], 0, { together: 8n });
        await look();
        assert.deepEqual(told, ['forger failed']);
        assert.deepEqual(forger.blamed, ['malice']);
      }
    }
  });

  it('takes those of stretches together before the first certificate that is not there', async () => {
    const peer = peerDouble('a', CHAIN, 10n, {
      certificate: async (at) => (at === 8n ? undefined : CHAIN.certificate(at)),
    });
    const { own, told, look } = scene([peer], 0, { together: 8n });
    await look();
    assert.equal(own.height(), 4);
    assert.deepEqual(told, WHOLE.slice(0, 6).concat('resume'));
    assert.ok(peer.blamed.length > 0 && peer.blamed.every((offence) => offence === 'useless'));
  });

  it('blames nobody where the own verifier is full', async () => {
    const peer = peerDouble('a', CHAIN, 10n);
    const bundle = () => {
      throw new VerificationError('busy', 'full');
    };
    const { told, look } = scene([peer], 0, { verifier: { bundle } });
    await look();
    assert.deepEqual(told, ['a failed']);
    assert.deepEqual(peer.blamed, []);
  });

  it('takes blocks from others where one gives other bodies, too few, or none in time', async () => {
    const liar = peerDouble('liar', CHAIN, 10n, {
      blocks: async (from) => [foreignBody(CHAIN.headers[Number(from)]!)],
    });
    const other = peerDouble('other', CHAIN, 10n, {
      blocks: async (from) => [shownChain(10, 1).blocks[Number(from)]!],
    });
    const empty = peerDouble('empty', CHAIN, 10n, { blocks: async () => [] });
    const gone = peerDouble('gone', CHAIN, 10n, { blocks: async () => Promise.reject(new Error('gone')) });
    const { own, told, look } = scene([liar, other, empty, gone, peerDouble('a', CHAIN, 10n)]);
    await look();
    assert.equal(own.height(), 10);
    assert.equal(told.at(-1), 'resume');
    assert.deepEqual(new Set(liar.blamed), new Set(['malice']));
    assert.deepEqual(new Set(other.blamed), new Set(['malice']));
    assert.deepEqual(new Set(empty.blamed), new Set(['useless']));
    assert.deepEqual(gone.blamed, []);
  });

  it('goes back to agreement where nobody has the blocks, with those before them', async () => {
    const peer = peerDouble('a', CHAIN, 10n, { blocks: async () => [] });
    const { told, look } = scene([peer]);
    await look();
    assert.deepEqual(told, ['pause', 'certificate 4', 'block 1', 'block 2', 'a failed', 'resume']);
  });

  it('ends with the node where a block cannot be applied or a certificate cannot be kept: nothing after it, and no votes', async () => {
    let applied = 0;
    const apply = async (): Promise<void> => {
      if (++applied === 1) throw new Error('disk');
    };
    const broken = scene([peerDouble('a', CHAIN, 10n)], 0, { apply });
    await broken.look();
    assert.deepEqual(broken.told, ['pause', 'certificate 4', 'failed: disk']);
    assert.equal(applied, 1);
    await broken.look();
    assert.equal(applied, 1);
    const put = () => {
      throw new Error('full');
    };
    const full = scene([peerDouble('a', CHAIN, 10n)], 0, { certificates: { put } });
    await full.look();
    assert.deepEqual(full.told, ['pause', 'failed: full']);
  });

  it('makes many blocks durable at once: before agreement begins again, at a stop, and when they are many bytes', async () => {
    const peers = [peerDouble('a', CHAIN, 10n)];
    const whole = scene(peers, 0, { near: 0n });
    await whole.look();
    assert.deepEqual(whole.flushed, [3, 6, 9, 10]);
    const answer = Promise.withResolvers<never>();
    const slow = scene([peerDouble('slow', CHAIN, 10n, { blocks: () => answer.promise })], 0, { near: 0n });
    await slow.look();
    assert.equal(slow.isHeld(), true);
    await slow.catchUp.stop();
    assert.deepEqual(slow.flushed, [2]);
    const flush = () => {
      throw new Error('disk');
    };
    const broken = scene(peers, 0, { near: 0n, writes: { hold: () => undefined, held: () => 0, flush } });
    await broken.look();
    assert.deepEqual(broken.told, [...WHOLE.slice(0, -1), 'failed: disk'], 'and nobody votes');
  });

  it('holds nothing near the head of its peer, so that a crash there takes back nothing that was shown', async () => {
    const near = scene([peerDouble('a', CHAIN, 10n)], 0, { near: 5n });
    await near.look();
    assert.deepEqual(
      near.flushed,
      [3, 5],
      'the middle of a stretch, five blocks before the head, is the end',
    );
    assert.deepEqual(near.told, WHOLE);
    const nearer = scene([peerDouble('a', CHAIN, 10n)]);
    await nearer.look();
    assert.deepEqual(nearer.flushed, [], 'less than 64 blocks are missing: nothing was ever held');
  });

  it('makes what it holds durable where it waits: a height that a peer claims is a reason to hold for a second only', async () => {
    const honest = peerDouble('b', CHAIN, 10n);
    const silent = peerDouble('a', CHAIN, 1_000n, {
      headers: (from, count) => (from > 8n ? new Promise(() => undefined) : honest.headers(from, count)),
    });
    const { flushed, look, own, isHeld, catchUp } = scene([silent], 0, { near: 2n, mostWaited: 5 });
    await look();
    assert.equal(own.height(), 8);
    // Three blocks are all that is held at once here.
    for (let turn = 0; turn < 1_000 && flushed.length < 3; turn++)
      await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(flushed, [3, 6, 8]);
    assert.ok(isHeld(), 'what comes next is held again');
    await catchUp.stop();
  });

  it('ends with the node where agreement cannot rest or begin again', async () => {
    const bug = () => {
      throw new Error('no such version');
    };
    const after = scene([peerDouble('a', CHAIN, 10n)], 0, { resume: bug });
    await after.look();
    assert.deepEqual(after.told, [...WHOLE.slice(0, -1), 'failed: no such version']);
    const before = scene([peerDouble('a', CHAIN, 10n)], 0, { pause: async () => bug() });
    await before.look();
    assert.deepEqual(before.told, ['failed: no such version']);
    await Promise.all([after.catchUp.stop(), before.catchUp.stop()]);
  });

  it('asks for the next stretch while one is applied, has its seeds verified and its first blocks on the way', async () => {
    const disk = Promise.withResolvers<void>();
    const peer = peerDouble('a', CHAIN, 10n);
    const ahead: number[] = [];
    const seeds = {
      ahead: (proofs: readonly unknown[]) => void ahead.push(proofs.length),
      rest: () => ahead.push(-1),
    };
    const { ledger } = behind(CHAIN, 0);
    const { balanceLookback } = ledger.genesis.stake;
    // Whoever proposed is a participant. Tables are known of the rounds that certificates are judged by, and the newest.
    const stakeTable: typeof ledger.stakeTable = (round) => {
      const table = round % 4n === 0n || round === balanceLookback ? ledger.stakeTable(round) : undefined;
      return table && { ...table, row: (id: Uint8Array) => table.row(id) ?? table.rows[0]! };
    };
    const known = { ...ledger, stakeTable };
    const { catchUp, told, look } = scene([peer], 0, { ledger: known, seeds, apply: () => disk.promise });
    await look();
    assert.deepEqual(told, ['pause', 'certificate 4'], 'the first block is being applied');
    assert.deepEqual(peer.asked, [
      ...['headers 1+4', 'certificate 4', 'blocks 3+1'],
      ...['headers 5+4', 'certificate 8', 'blocks 6+1'],
    ]);
    assert.deepEqual(ahead, [4, 4], 'each block proves its seed');
    const stopped = catchUp.stop();
    disk.resolve();
    await stopped;
    assert.equal(ahead.at(-1), -1);
  });

  it('gives all else its turn while blocks are applied that wait for no disk', async () => {
    let turns = 0;
    let timer = setImmediate(function turn() {
      turns++;
      timer = setImmediate(turn);
    });
    const at: number[] = [];
    const { own, catchUp, look } = scene([peerDouble('a', CHAIN, 10n)], 0, {
      apply: async () => {
        at.push(turns);
        own.grow();
      },
    });
    await look();
    clearImmediate(timer);
    assert.equal(at.length, 10);
    assert.ok(at[4]! > at[3]!, 'after four blocks');
    assert.ok(at[8]! > at[7]!, 'and after eight');
    await catchUp.stop();
  });

  it('has blocks with transactions verified while those before them are applied, none twice, and goes on where that fails', async () => {
    const disk = Promise.withResolvers<void>();
    const prepared: bigint[] = [];
    const prepare = async (bytes: Uint8Array): Promise<void> => {
      prepared.push(decodeBlock(bytes).header.height);
      throw new Error('the verifier failed');
    };
    let applied = 0;
    const apply = async (): Promise<void> => {
      applied++;
      await disk.promise;
      own.grow();
    };
    const { own, catchUp, told, look } = scene([peerDouble('a', CHAIN, 10n)], 0, { prepare, apply });
    await look();
    assert.equal(applied, 1);
    assert.deepEqual(prepared, [3n, 6n], 'of the stretch that is applied and of the next one');
    disk.resolve();
    await settle();
    assert.equal(applied, 10);
    assert.ok(told.includes('resume'));
    assert.equal(new Set(prepared).size, prepared.length);
    await catchUp.stop();
  });

  it('judges no certificate before it knows the table: only blocks that were applied bring it', async () => {
    const long = shownChain(24);
    const own = behind(long, 0);
    const applied = new Map<number, () => void>();
    const judged: bigint[] = [];
    const { look, told, catchUp } = scene([peerDouble('a', long, 24n)], 0, {
      // Two rounds after the head: a stretch of four goes on a table that comes with its second block.
      ledger: {
        ...own.ledger,
        stakeTable: (round) => (round <= BigInt(own.height()) + 5n ? own.ledger.stakeTable(1n) : undefined),
      },
      verifier: {
        bundle(context, bundle, done) {
          judged.push(bundle.round);
          bundleVerifier.bundle(context, bundle, done);
        },
      },
      apply: (bytes) =>
        new Promise((resolve) => {
          applied.set(Number(decodeBlock(bytes).header.height), () => {
            own.grow();
            resolve(undefined);
          });
        }),
    });
    await look();
    const next = async (height: number): Promise<void> => {
      applied.get(height)!();
      await settle();
    };
    assert.deepEqual(judged, [4n]);
    for (const height of [1, 2]) await next(height);
    assert.deepEqual(judged, [4n], 'the table of round 8 is not known at block 2');
    await next(3);
    assert.deepEqual(judged, [4n, 8n]);
    await next(4);
    assert.ok(told.includes('certificate 8'));
    const stopped = catchUp.stop();
    applied.get(5)!();
    await stopped;
    assert.deepEqual(judged, [4n, 8n]);
  });

  it('drops a stretch that the own chain has overtaken, and asks for the next one', async () => {
    let overtaken = false;
    const slow: PeerDouble = peerDouble('a', CHAIN, 10n, {
      async certificate(at) {
        if (!overtaken) own.grow();
        overtaken = true;
        return CHAIN.certificate(at);
      },
    });
    const { own, told, look } = scene([slow]);
    await look();
    assert.deepEqual(told, ['pause', ...WHOLE.slice(1).filter((one) => one !== 'block 1')]);
    assert.deepEqual(slow.blamed, []);
  });

  it('stops at once while a peer keeps it waiting, and applies nothing that comes later', async () => {
    for (const part of ['headers', 'certificate', 'blocks'] as const) {
      const answer = Promise.withResolvers<never>();
      const peer = peerDouble('slow', CHAIN, 10n, { [part]: () => answer.promise });
      const { catchUp, told, look } = scene([peer]);
      await look();
      await catchUp.stop();
      const before = [...told];
      answer.resolve((part === 'headers' ? CHAIN.headers.slice(1, 5) : []) as never);
      await settle();
      assert.deepEqual(told, before);
      assert.ok(!told.includes('resume'));
    }
  });

  it('stops after the block that is being applied, never inside', async () => {
    const disk = Promise.withResolvers<void>();
    const { catchUp, told, look } = scene([peerDouble('a', CHAIN, 10n)], 0, {
      apply: () => disk.promise.then(() => void told.push('applied')),
    });
    await look();
    const stopped = catchUp.stop().then(() => told.push('stopped'));
    await settle();
    assert.deepEqual(told, ['pause', 'certificate 4']);
    disk.resolve();
    await stopped;
    assert.deepEqual(told, ['pause', 'certificate 4', 'applied', 'stopped']);
  });
});
