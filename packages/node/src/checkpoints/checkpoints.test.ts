import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portableBls } from '@sero/crypto';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  stakeTable,
  verifyCheckpoint,
} from '@sero/protocol';
import { memoryStore } from '@sero/store';
import type { CheckpointSigner } from './checkpoints.ts';
import { hashBls, type Scene, sceneAt } from './checkpoints-test-support.ts';
import { decodeItem, SHARE_BYTES } from './message.ts';

const filler = (n: number, length = 32): Uint8Array => new Uint8Array(length).fill(n);

/** Checks a checkpoint as somebody who has the table and the block before it. */
function assertHolds({ chain, bls }: Scene, bytes: Uint8Array | undefined): Checkpoint {
  assert.ok(bytes !== undefined);
  const checkpoint = decodeCheckpoint(bytes);
  const { ledger, genesis } = chain;
  const before = {
    height: checkpoint.height - 256n,
    validatorsRoot: ledger.header(checkpoint.height - 256n)!.validatorsRoot,
  };
  const table = ledger.stakeTable(before.height + genesis.stake.balanceLookback)!;
  verifyCheckpoint(ledger.genesisHash, before, table, checkpoint, bls);
  return checkpoint;
}

function signerOf({ bls, secrets }: Scene, place: number): CheckpointSigner {
  const secret = secrets[place]!;
  return { blsKey: bls.publicKey(secret), sign: (message) => bls.sign(secret, message) };
}

test('shares of more than two thirds make the checkpoint, in whatever order they come, and not before', async () => {
  const scene = await sceneAt(256n);
  for (const order of [
    [0, 1, 2, 3],
    [3, 1, 0, 2],
    [2, 3, 1, 0],
  ]) {
    const told: bigint[] = [];
    const { checkpoints } = scene.node({ completed: (height) => told.push(height) });
    checkpoints.onHead();
    for (const [i, place] of order.entries()) {
      assert.equal(checkpoints.receive(scene.share(place)), i < 3 ? 'accept' : 'ignore');
      assert.equal(checkpoints.get(256n) !== undefined, i >= 2, `${i + 1} shares`);
    }
    assertHolds(scene, checkpoints.get(256n));
    assert.deepEqual(told, [256n]);
    assert.equal(checkpoints.latest(), 256n);
  }
});

test('weight counts and not heads: two thirds exactly are too few', async () => {
  const scene = await sceneAt(256n, { units: [20n, 20n, 10n, 10n] });
  const weights = scene.chain.ledger
    .stakeTable(scene.chain.genesis.stake.balanceLookback)!
    .rows.map((row) => row.weight);
  const heavy = weights.flatMap((weight, place) =>
    weight === weights.reduce((a, b) => (a > b ? a : b)) ? [place] : [],
  );
  const light = weights.flatMap((_, place) => (heavy.includes(place) ? [] : [place]));
  const { checkpoints } = scene.node();
  for (const place of heavy) assert.equal(checkpoints.receive(scene.share(place)), 'accept');
  assert.equal(checkpoints.get(256n), undefined);
  assert.equal(checkpoints.receive(encodeCheckpoint(scene.whole(heavy))), 'reject');
  assert.equal(checkpoints.receive(scene.share(light[0]!)), 'accept');
  assertHolds(scene, checkpoints.get(256n));
});

test('with real keys four signers make a checkpoint that a client takes', async () => {
  const scene = await sceneAt(256n, { bls: portableBls, secretOf: (n) => filler(n + 1) });
  const { checkpoints } = scene.node({ signer: signerOf(scene, 0) });
  const [own] = checkpoints.onHead();
  assert.equal(own!.length, SHARE_BYTES);
  const peer = scene.node().checkpoints;
  assert.equal(peer.receive(own!), 'accept');
  for (const place of [1, 2]) {
    const share = scene.share(place);
    assert.equal(checkpoints.receive(share), 'accept');
    assert.equal(peer.receive(share), 'accept');
  }
  const checkpoint = assertHolds(scene, checkpoints.get(256n));
  assert.deepEqual(peer.get(256n), encodeCheckpoint(checkpoint));
  assert.equal(
    peer.receive(scene.share(3, {}, scene.secrets[1]!)),
    'ignore',
    'nobody looks at what is not needed',
  );
  const late = scene.node().checkpoints;
  assert.equal(late.receive(scene.share(3, {}, scene.secrets[1]!)), 'reject');
  assert.equal(late.receive(encodeCheckpoint(checkpoint)), 'accept');
});

test('who signs says his share once his block is final, and again some blocks later while too few came', async () => {
  const scene = await sceneAt(255n);
  const { checkpoints } = scene.node({ signer: signerOf(scene, 1) });
  assert.deepEqual(checkpoints.onHead(), []);
  const at: bigint[] = [];
  for (let height = 256n; height <= 512n; height++) {
    await scene.grow(height);
    const items = checkpoints.onHead();
    for (const item of items) {
      const { type } = decodeItem(item);
      assert.equal(type, 'share');
      at.push(height);
    }
    if (height === 330n) {
      // A restart forgets when it was said, and nothing else of it.
      assert.equal(scene.node({ signer: signerOf(scene, 1) }).checkpoints.onHead().length, 1);
    }
  }
  assert.deepEqual(at, [256n, 272n, 320n, 448n, 512n]);
  const complete = scene.node({ signer: signerOf(scene, 1) }).checkpoints;
  await scene.grow(513n);
  const [own] = complete.onHead();
  assert.ok(own !== undefined);
  for (const place of [0, 2]) assert.equal(complete.receive(scene.share(place, { height: 512n })), 'accept');
  await scene.grow(530n);
  assert.deepEqual(complete.onHead(), []);
});

test('where rows are many each has its block to say its share, so that they do not come all at once', async () => {
  const scene = await sceneAt(255n);
  const { ledger } = scene.chain;
  const key = (n: number): Uint8Array => filler(n, 48);
  const rows = Array.from({ length: 600 }, (_, i) => ({
    id: Uint8Array.of(i >> 8, i & 255, ...filler(0, 30)),
    vrfKey: filler(1),
    voteRoot: filler(2),
    blsKey: i % 100 === 7 ? key(8) : key(9),
    weight: 1n,
  }));
  const table = stakeTable(rows);
  const signer = { blsKey: key(8), sign: () => filler(0, 96) };
  const { checkpoints } = scene.node({ ledger: { ...ledger, stakeTable: () => table }, signer });
  const times = new Map<number, bigint[]>();
  for (let height = 256n; height < 512n; height++) {
    await scene.grow(height);
    for (const item of checkpoints.onHead()) {
      const decoded = decodeItem(item);
      assert.ok(decoded.type === 'share');
      const { place } = decoded.share;
      times.set(place, [...(times.get(place) ?? []), height - 256n]);
    }
  }
  assert.deepEqual(
    [...times.keys()].sort((a, b) => a - b),
    [7, 107, 207, 307, 407, 507],
  );
  for (const [place, said] of times) {
    const slot = (BigInt(place) + 1n) % 3n;
    assert.deepEqual(said, [slot, slot + 16n, slot + 64n, slot + 192n], `place ${place}`);
  }
});

test('who has several rows with one key signs for each; who is in no row signs nothing', async () => {
  const scene = await sceneAt(256n);
  const { ledger, genesis } = scene.chain;
  const table = ledger.stakeTable(genesis.stake.balanceLookback)!;
  // Genesis takes no key twice, but an owner may register one again.
  const doubled = table.changed({ set: [{ ...table.at(1), blsKey: table.at(0).blsKey }], removed: [] });
  const replaced = { ...ledger, stakeTable: () => doubled };
  const { checkpoints } = scene.node({ ledger: replaced, signer: signerOf(scene, 0) });
  const items = checkpoints.onHead();
  assert.equal(items.length, 2);
  const peer = scene.node({ ledger: replaced }).checkpoints;
  for (const item of items) assert.equal(peer.receive(item), 'accept');
  assert.equal(peer.receive(scene.share(2)), 'accept');
  assert.ok(peer.get(256n) !== undefined);
  const stranger = { blsKey: filler(9, 48), sign: () => assert.fail('signed for nobody') };
  assert.deepEqual(scene.node({ signer: stranger }).checkpoints.onHead(), []);
});

test('a share of a place that no row has, of another row, of a key that is in no table, or changed on its way is refused', async () => {
  const scene = await sceneAt(256n);
  const { checkpoints } = scene.node();
  const good = scene.share(0);
  const refused: Uint8Array[] = [
    scene.share(4, {}, scene.secrets[0]!),
    scene.share(0xffffffff, {}, scene.secrets[0]!),
    scene.share(0, {}, scene.secrets[1]!),
    scene.share(0, {}, filler(77)),
    ...[8, 40, 72, 104, 108, 203].map((at) => good.map((byte, i) => (i === at ? byte ^ 1 : byte))),
    scene.share(0, { height: 0n }),
    ...[good.slice(0, -1), new Uint8Array(0), new Uint8Array(300)],
  ];
  for (const [i, item] of refused.entries()) assert.equal(checkpoints.receive(item), 'reject', `item ${i}`);
  assert.equal(checkpoints.receive(good), 'accept');
});

test('a share that comes twice counts once', async () => {
  const scene = await sceneAt(256n);
  const { checkpoints } = scene.node();
  assert.equal(checkpoints.receive(scene.share(0)), 'accept');
  for (let i = 0; i < 5; i++) assert.equal(checkpoints.receive(scene.share(0)), 'ignore');
  checkpoints.receive(scene.share(1));
  assert.equal(checkpoints.get(256n), undefined);
});

test('the table of 256 blocks before signs, not the one of today: who left since still counts, who came since does not', async () => {
  const scene = await sceneAt(256n);
  const { ledger, genesis } = scene.chain;
  const old = ledger.stakeTable(genesis.stake.balanceLookback)!;
  // The table of today: another one, in which nobody of the old ones is left.
  const secret = filler(55);
  const today = old.changed({
    set: [{ ...old.at(0), blsKey: hashBls.publicKey(secret), weight: 1_000n }],
    removed: [1, 2, 3].map((place) => old.at(place).id),
  });
  const rounds: bigint[] = [];
  const replaced = {
    ...ledger,
    stakeTable: (round: bigint) => {
      rounds.push(round);
      return round <= genesis.stake.balanceLookback ? old : today;
    },
  };
  const { checkpoints } = scene.node({ ledger: replaced });
  assert.equal(checkpoints.receive(scene.share(0, {}, secret)), 'reject');
  for (const place of [0, 1, 2]) assert.equal(checkpoints.receive(scene.share(place)), 'accept');
  assertHolds(scene, checkpoints.get(256n));
  assert.ok(rounds.every((round) => round === genesis.stake.balanceLookback));
});

test('shares of a block that is not final here yet are kept for it; what is far ahead or long past is left alone', async () => {
  const scene = await sceneAt(256n);
  const shares = [0, 1, 2].map((place) => scene.share(place));
  const table = scene.chain.ledger.stakeTable(scene.chain.genesis.stake.balanceLookback)!;
  const twin = await sceneAt(239n);
  const { checkpoints } = twin.node();
  assert.equal(checkpoints.receive(shares[0]!), 'ignore', 'seventeen blocks ahead');
  await twin.grow(240n);
  for (const share of shares) assert.equal(checkpoints.receive(share), 'accept');
  assert.equal(checkpoints.receive(encodeCheckpoint(scene.whole([0, 1, 2]))), 'ignore');
  checkpoints.onHead();
  assert.equal(checkpoints.get(256n), undefined);
  await twin.grow(256n);
  checkpoints.onHead();
  assertHolds(twin, checkpoints.get(256n));
  await scene.grow(512n);
  assert.equal(scene.node().checkpoints.receive(shares[0]!), 'accept', 'as long as the ledger has the table');
  await scene.grow(513n);
  const late = scene.node().checkpoints;
  assert.equal(late.receive(shares[0]!), 'ignore');
  assert.equal(late.receive(encodeCheckpoint(scene.whole([0, 1, 2]))), 'ignore');
  // Also where the ledger would still know the table.
  const knowing = scene.node({ ledger: { ...scene.chain.ledger, stakeTable: () => table } }).checkpoints;
  assert.equal(knowing.receive(shares[0]!), 'ignore');
});

test('shares of another block or another validators root make no checkpoint, and are evidence against whoever gave them', async () => {
  const scene = await sceneAt(257n);
  const { ledger } = scene.chain;
  for (const change of [{ blockHash: filler(1) }, { stateRoot: filler(1) }, { validatorsRoot: filler(1) }]) {
    const { checkpoints } = scene.node();
    assert.equal(checkpoints.evidence(), undefined);
    for (const place of [0, 1, 3]) assert.equal(checkpoints.receive(scene.share(place, change)), 'accept');
    assert.equal(checkpoints.get(256n), undefined);
    assert.equal(
      checkpoints.receive(scene.share(1, change)),
      'ignore',
      'said again it is not passed on again',
    );
    const transaction = checkpoints.evidence()!;
    const { subject } = ledger.checkEvidence(transaction);
    const ids = ledger.stakeTable(scene.chain.genesis.stake.balanceLookback)!.rows.map(({ id }) => id);
    assert.deepEqual(subject, { records: [0, 1, 3].map((place) => ids[place]), round: 256n });
    // What they sign of the chain itself still counts.
    for (const place of [0, 1, 3]) assert.equal(checkpoints.receive(scene.share(place)), 'accept');
    assertHolds(scene, checkpoints.get(256n));
    assert.equal(
      checkpoints.receive(scene.share(0, { blockHash: filler(9) })),
      'ignore',
      'a third one of a row',
    );
  }
});

test('what rows signed before the block was final is sorted when it is: the chain’s counts, the rest is evidence', async () => {
  const scene = await sceneAt(250n);
  const full = await sceneAt(256n);
  const { checkpoints } = scene.node();
  const lie = { ...full.subject(), blockHash: filler(3) };
  assert.equal(checkpoints.receive(full.share(2, lie)), 'accept');
  for (const place of [0, 1, 2]) assert.equal(checkpoints.receive(full.share(place)), 'accept');
  await scene.grow(257n);
  assert.equal(checkpoints.evidence(), undefined);
  checkpoints.onHead();
  assertHolds(scene, checkpoints.get(256n));
  const { subject } = scene.chain.ledger.checkEvidence(checkpoints.evidence()!);
  assert.equal(subject.records.length, 1);
});

test('a whole checkpoint of another block is evidence against all who signed it, and no checkpoint', async () => {
  const scene = await sceneAt(257n);
  const { checkpoints } = scene.node();
  const forged = encodeCheckpoint(scene.whole([0, 1, 2, 3], { blockHash: filler(1) }));
  assert.equal(checkpoints.receive(forged), 'accept');
  assert.equal(checkpoints.receive(forged), 'ignore', 'it names nobody who is not known');
  assert.equal(
    checkpoints.receive(encodeCheckpoint(scene.whole([0, 2], { blockHash: filler(2) }))),
    'ignore',
  );
  assert.equal(checkpoints.get(256n), undefined);
  assert.equal(scene.chain.ledger.checkEvidence(checkpoints.evidence()!).subject.records.length, 4);
});

test('evidence is given until a block holds it, and not against whom a block punished already', async () => {
  const scene = await sceneAt(257n);
  const { checkpoints } = scene.node();
  checkpoints.receive(scene.share(1, { blockHash: filler(1) }));
  const first = checkpoints.evidence()!;
  assert.deepEqual(checkpoints.evidence(), first);
  await scene.chain.mine(first);
  assert.equal(checkpoints.evidence(), undefined);
  checkpoints.receive(scene.share(2, { blockHash: filler(2) }));
  assert.equal(scene.chain.ledger.checkEvidence(checkpoints.evidence()!).subject.records.length, 1);
});

test('two rows whose keys cancel each other escape no evidence', async () => {
  const order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
  const bytesOf = (value: bigint): Uint8Array =>
    Uint8Array.from(value.toString(16).padStart(64, '0').match(/../g)!, (byte) => Number.parseInt(byte, 16));
  const secretOf = (n: number): Uint8Array => bytesOf([5n, order - 5n, 7n, 8n][n]!);
  const scene = await sceneAt(257n, { bls: portableBls, secretOf });
  const { checkpoints } = scene.node();
  const [one, other] = [5n, order - 5n].map((secret) =>
    scene.secrets.findIndex((bytes) => bytes.every((byte, i) => byte === bytesOf(secret)[i])),
  );
  for (const place of [one!, other!]) {
    assert.equal(checkpoints.receive(scene.share(place, { blockHash: filler(1) })), 'accept');
  }
  for (let left = 2; left > 0; left--) await scene.chain.mine(checkpoints.evidence()!);
  assert.equal(checkpoints.evidence(), undefined);
});

test('a whole checkpoint is taken once it is checked: too few signers, a wrong bitmap or signature, and others’ signatures are refused', async () => {
  const scene = await sceneAt(256n);
  const { checkpoints } = scene.node();
  const good = scene.whole([0, 1, 3]);
  const refused: Checkpoint[] = [
    scene.whole([0, 1]),
    { ...good, signers: Uint8Array.of(0b0111) },
    { ...good, signers: Uint8Array.of(0b11011) },
    { ...good, signers: Uint8Array.of(0b1011, 0) },
    { ...good, signature: filler(1, 96) },
    { ...scene.whole([0, 1, 2, 3], { blockHash: filler(1) }), signature: good.signature },
    scene.whole([0, 1, 3], { height: 255n }),
  ];
  for (const [i, one] of refused.entries()) {
    assert.equal(checkpoints.receive(encodeCheckpoint(one)), 'reject', `checkpoint ${i}`);
  }
  assert.equal(checkpoints.receive(encodeCheckpoint(good)), 'accept');
  assertHolds(scene, checkpoints.get(256n));
  assert.equal(checkpoints.receive(encodeCheckpoint(scene.whole([0, 1, 2, 3]))), 'ignore', 'one is enough');
  assert.deepEqual(checkpoints.get(256n), encodeCheckpoint(good));
});

test('after a restart in the middle the checkpoints are there, and a height whose shares were lost is asked for', async () => {
  const scene = await sceneAt(256n);
  const before = scene.node();
  for (const place of [0, 1]) before.checkpoints.receive(scene.share(place));
  const { checkpoints } = scene.node({ store: before.store });
  checkpoints.onHead();
  assert.equal(checkpoints.wanted(), undefined, 'there is time yet');
  await scene.grow(272n);
  assert.equal(checkpoints.wanted(), 256n);
  assert.equal(checkpoints.receive(encodeCheckpoint(scene.whole([0, 1, 2]))), 'accept');
  assert.equal(checkpoints.wanted(), undefined);
  const again = scene.node({ store: before.store }).checkpoints;
  assertHolds(scene, again.get(256n));
  assert.equal(again.receive(scene.share(3)), 'ignore');
});

test('checkpoints are handed out by height, ascending, those that are there', async () => {
  const scene = await sceneAt(256n);
  const { store, checkpoints } = scene.node();
  const { put } = (await import('./checkpoint-store.ts')).checkpointStore(store);
  for (const height of [65_536n, 256n, 1_024n, 512n]) put({ ...scene.whole([0]), height });
  const heights = (from: bigint, count: number): bigint[] =>
    [...checkpoints.from(from, count)].map((bytes) => decodeCheckpoint(bytes).height);
  assert.deepEqual(heights(0n, 10), [256n, 512n, 1_024n, 65_536n]);
  assert.deepEqual(heights(257n, 2), [512n, 1_024n]);
  assert.deepEqual(heights(512n, 1), [512n]);
  assert.deepEqual(heights(65_537n, 5), []);
  assert.deepEqual(heights(0n, 0), []);
  assert.equal(checkpoints.latest(), 65_536n);
  assert.equal(scene.node({ store: memoryStore() }).checkpoints.latest(), undefined);
});

test('a flood costs a bounded number of verifications a second, and what is kept does not grow', async () => {
  const scene = await sceneAt(256n);
  let verified = 0;
  let ms = 0;
  const bls = {
    ...hashBls,
    verify: (...claim: Parameters<typeof hashBls.verify>) => {
      verified++;
      return hashBls.verify(...claim);
    },
    verifyAggregate: (...claim: Parameters<typeof hashBls.verifyAggregate>) => {
      verified += 8;
      return hashBls.verifyAggregate(...claim);
    },
  };
  const { checkpoints } = scene.node({ bls, now: () => ms, verifications: 40 });
  const verdicts = new Set<string>();
  for (let i = 0; i < 3_000; i++) {
    const item = scene.share(i % 4, { blockHash: filler(i & 255), stateRoot: filler(i >> 8) }, filler(200));
    verdicts.add(checkpoints.receive(item));
    verdicts.add(
      checkpoints.receive(encodeCheckpoint({ ...scene.whole([0, 1, 2]), signature: filler(i & 255, 96) })),
    );
    if (i === 1_500) ms += 1_000;
  }
  assert.ok(verified <= 80, `${verified} verified`);
  assert.deepEqual(verdicts, new Set(['reject', 'ignore']));
  // Rows that sign as many things as they like: two of each are looked at.
  ms += 1_000;
  let accepted = 0;
  for (let i = 0; i < 500; i++) {
    ms += 100;
    if (
      checkpoints.receive(scene.share(1, { blockHash: filler(i & 255), stateRoot: filler(i >> 8) })) ===
      'accept'
    ) {
      accepted++;
    }
  }
  assert.equal(accepted, 2);
  for (const place of [0, 2, 3]) checkpoints.receive(scene.share(place));
  assertHolds(scene, checkpoints.get(256n));
});
