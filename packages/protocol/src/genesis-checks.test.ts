import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, portableBls, portableEd25519, portableVrf } from '@sero/crypto';
import {
  checkGenesis,
  checkGenesisKeys,
  DEVELOPMENT,
  decodeGenesis,
  encodeGenesis,
  encodeOneTimeAddress,
  type Genesis,
  type GenesisValidator,
  ownAddress,
  type Parameters,
  PRODUCTION,
  recordOfValidator,
  stakeRecordId,
} from './index.ts';
import { ALICE, BAD_POINTS, filler, GENESIS, refusal } from './test-support.ts';

/** A validator whose keys are bytes of no meaning: nothing here looks into them. */
function validator(n: number): GenesisValidator {
  return {
    owner: encodeOneTimeAddress(ownAddress(ALICE.proof.viewing, DEVELOPMENT.chainId, 'owner', BigInt(n))),
    vrfKey: filler(10 + n, 32),
    voteRoot: filler(20 + n, 32),
    blsKey: filler(30 + n, 48),
    blsProof: filler(40 + n, 96),
    firstRound: 1n,
    lastRound: 3_000_001n,
    commission: 10_000,
    units: 5n,
  };
}

const [first, second] = [validator(1), validator(2)];
const STAKED: Genesis = { ...GENESIS, seed: filler(8, 32), validators: [first, second] };

const refused = (genesis: Genesis): void => {
  assert.throws(() => checkGenesis(genesis), refusal('genesis-invalid'));
};

test('a genesis with validators passes, and comes back from its bytes', () => {
  checkGenesis(STAKED);
  assert.deepEqual(decodeGenesis(encodeGenesis(STAKED)), STAKED);
});

test('there is a seed exactly where there are validators', () => {
  refused({ ...STAKED, seed: new Uint8Array(32) });
  refused({ ...GENESIS, seed: filler(8, 32) });
});

test('no two validators share a record, a VRF key, a vote root or a BLS key; an owner may have several', () => {
  checkGenesis({ ...STAKED, validators: [first, { ...second, owner: first.owner }] });
  refused({ ...STAKED, validators: [first, first] });
  for (const key of ['vrfKey', 'voteRoot', 'blsKey'] as const) {
    refused({ ...STAKED, validators: [first, { ...second, [key]: first[key] }] });
  }
});

test("a validator's numbers stand in their ranges", async (t) => {
  const cases: Record<string, Partial<GenesisValidator>> = {
    'no units': { units: 0n },
    'a commission above the whole': { commission: 10_001 },
    'keys that end before they begin': { firstRound: 1n, lastRound: 0n },
    'keys for 3,000,001 rounds beyond the first': { firstRound: 1n, lastRound: 3_000_002n },
    'keys that begin after round 1': { firstRound: 2n },
    'keys that end within the first lookback': { lastRound: STAKED.stake.balanceLookback - 1n },
  };
  for (const [why, change] of Object.entries(cases)) {
    await t.test(why, () => refused({ ...STAKED, validators: [{ ...first, ...change }, second] }));
  }
  checkGenesis({ ...STAKED, validators: [{ ...first, firstRound: 0n, lastRound: 3_000_000n }] });
  checkGenesis({ ...STAKED, validators: [{ ...first, lastRound: STAKED.stake.balanceLookback }] });
});

test('all money of the file is less than 2^128, and so its units are less than 2^63: none is below 2^65', () => {
  const stake = { ...STAKED.stake, unit: 1n << 65n };
  const halves = (units: bigint): Genesis => ({
    ...STAKED,
    stake,
    allocations: [],
    validators: [
      { ...first, units: (1n << 62n) - 1n },
      { ...second, units },
    ],
  });
  checkGenesis(halves(1n << 62n));
  refused(halves((1n << 62n) + 1n));
  refused({ ...halves(1n), stake: { ...stake, unit: (1n << 65n) - 1n } });
  const allocation = GENESIS.allocations[0]!;
  const rich = (value: bigint): Genesis => ({ ...STAKED, stake, allocations: [{ ...allocation, value }] });
  const staked = 10n << 65n;
  checkGenesis(rich((1n << 128n) - staked - 1n));
  refused(rich((1n << 128n) - staked));
});

test("an owner's address decodes as on the wire", async (t) => {
  for (const [why, point, code] of BAD_POINTS.slice(0, 12)) {
    await t.test(why, () => {
      const owner = concat(point, first.owner.subarray(32));
      const genesis = { ...STAKED, validators: [{ ...first, owner }] };
      assert.throws(() => checkGenesis(genesis), refusal(code));
    });
  }
});

test("a record's name is that of a registration with the same owner and keys", () => {
  assert.deepEqual(recordOfValidator(first), stakeRecordId(first.owner, first.vrfKey, first.voteRoot));
});

test('parameters under which the rules of consensus do not hold are refused, each for its reason', async (t) => {
  const { pace, stake, committees, issue, versions } = PRODUCTION;
  const soft = (size: number, threshold: number): Partial<Parameters> => ({
    committees: { ...committees, soft: { size, threshold } },
  });
  const cases: Record<string, Partial<Parameters>> = {
    'no idle pause': { pace: { ...pace, idle: 0, minBlockGap: 0 } },
    'a block gap above the idle pause': { pace: { ...pace, minBlockGap: pace.idle + 1 } },
    'a filter time of 0': { pace: { ...pace, filterMin: 0 } },
    'a filter time above its maximum': { pace: { ...pace, filterMin: pace.filterMax + 1 } },
    'a filter time that reaches the deadline': { pace: { ...pace, filterMax: pace.deadlineFirst } },
    'later deadlines shorter than the first': { pace: { ...pace, deadlineLater: pace.deadlineFirst - 1 } },
    'fast recovery before a deadline': { pace: { ...pace, fastRecovery: pace.deadlineLater - 1 } },
    'units of nothing': { stake: { ...stake, unit: 0n } },
    'a seed lookback of 1': { stake: { ...stake, seedLookback: 1n } },
    'a seed refresh of 0': { stake: { ...stake, seedRefresh: 0n } },
    'a seed refresh beyond the block hashes that are kept': {
      stake: { ...stake, seedRefresh: 129n, balanceLookback: 600n, unlockWait: 600n + stake.evidenceWindow },
    },
    'no time for evidence': { stake: { ...stake, evidenceWindow: 0n } },
    'a balance lookback below two refreshes': { stake: { ...stake, balanceLookback: 319n } },
    'stake that unlocks before evidence against it ends': {
      stake: { ...stake, unlockWait: stake.unlockWait - 1n },
    },
    'a stride of 0': { stake: { ...stake, certStride: 0n } },
    'a stride longer than the balance lookback': {
      stake: { ...stake, certStride: stake.balanceLookback + 1n },
    },
    'empty blocks from period 0 on': { stake: { ...stake, emptyBlockPeriod: 0 } },
    'no proposers': { committees: { ...committees, proposers: 0 } },
    'more proposers than can be ranked': { committees: { ...committees, proposers: 1_001 } },
    'a soft threshold below two thirds': soft(2_990, 1_993),
    'a soft threshold of the whole committee': soft(2_990, 2_990),
    'a threshold where every unit votes': soft(0, 1),
    'a threshold above what a bundle holds': soft(10_000, 8_192),
    'a cert threshold below two thirds': { committees: { ...committees, cert: { size: 3, threshold: 1 } } },
    'a next threshold below two thirds': {
      committees: { ...committees, next: { size: 5_000, threshold: 3_333 } },
    },
    'a redo threshold below two thirds': {
      committees: { ...committees, redo: { size: 2_400, threshold: 1_599 } },
    },
    'a down threshold below two thirds': {
      committees: { ...committees, down: { size: 6_000, threshold: 3_999 } },
    },
    'a late threshold of a half': { committees: { ...committees, late: { size: 500, threshold: 250 } } },
    'a halving of 0': { issue: { ...issue, halving: 0n } },
    'no approvals': { versions: { ...versions, approvals: 0 } },
    'more approvals than blocks': { versions: { ...versions, approvals: versions.window + 1 } },
    'a delay that outlives everybody': { versions: { ...versions, delay: 10_000_001n } },
    'a circuit disabled until no height is left': { versions: { ...versions, disableFor: (1n << 32n) + 1n } },
    'a circuit disabled beyond all heights': { versions: { ...versions, disableFor: (1n << 64n) - 1n } },
    'no approvals to disable a circuit': { versions: { ...versions, disableApprovals: 0 } },
    'more approvals to disable than blocks': {
      versions: { ...versions, disableApprovals: versions.disableWindow + 1 },
    },
  };
  for (const [why, change] of Object.entries(cases)) {
    await t.test(why, () => refused({ ...GENESIS, ...PRODUCTION, ...change }));
  }
  checkGenesis({
    ...GENESIS,
    ...PRODUCTION,
    stake: { ...stake, seedRefresh: 128n, balanceLookback: 600n, unlockWait: 600n + stake.evidenceWindow },
  });
  checkGenesis({ ...GENESIS, ...PRODUCTION, ...soft(2_990, 1_994) });
  checkGenesis({ ...GENESIS, ...PRODUCTION, ...soft(10_000, 8_191) });
  checkGenesis({
    ...GENESIS,
    ...PRODUCTION,
    committees: { ...committees, late: { size: 500, threshold: 251 } },
  });
});

test("a validator's keys are points of prime order, and its BLS key is its own", () => {
  const secret = filler(3, 32).fill(0, 0, 1);
  const keyed: GenesisValidator = {
    ...first,
    vrfKey: portableVrf.publicKey(filler(1, 32)),
    voteRoot: portableEd25519.publicKey(filler(2, 32)),
    blsKey: portableBls.publicKey(secret),
    blsProof: portableBls.provePossession(secret, first.owner),
  };
  const crypto = { bls: portableBls };
  const having = (change: Partial<GenesisValidator>): Genesis => ({
    ...STAKED,
    validators: [{ ...keyed, ...change }],
  });
  checkGenesisKeys(having({}), crypto);
  // Of order 4, of order 1, and no point at all.
  const bad = [new Uint8Array(32), new Uint8Array(32).fill(1, 0, 1), new Uint8Array(32).fill(0xff)];
  for (const key of bad) {
    assert.throws(() => checkGenesisKeys(having({ vrfKey: key }), crypto), refusal('stake-key'));
    assert.throws(() => checkGenesisKeys(having({ voteRoot: key }), crypto), refusal('stake-key'));
  }
  const foreign = portableBls.publicKey(filler(4, 32).fill(0, 0, 1));
  assert.throws(() => checkGenesisKeys(having({ blsKey: foreign }), crypto), refusal('bls-possession'));
  // Key and proof copied from a validator of another owner.
  const owner = filler(5, 64);
  assert.throws(() => checkGenesisKeys(having({ owner }), crypto), refusal('bls-possession'));
});
