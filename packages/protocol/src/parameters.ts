import type { Genesis, Parameters } from './genesis.ts';

/** Smallest units in one SERO. */
export const SERO_UNIT = 10n ** 18n;

const GAS: Parameters['gas'] = {
  transaction: 21_000n,
  proofA: 45_000n,
  proofB: 60_000n,
  proofC: 60_000n,
  nullifier: 22_100n,
  output: 25_000n,
  dataByte: 16n,
  recipient: 44_200n,
  returnedOutput: 25_000n,
  asset: 100_000n,
  stake: 50_000n,
  register: 250_000n,
  online: 50_000n,
  unlock: 50_000n,
  claim: 75_000n,
};

const NAME_PRICES = [1_000_000n, 100_000n, 10_000n, 1_000n, 100n, 10n, 1n].map((price) => price * SERO_UNIT);

const EVERY_UNIT = { size: 0, threshold: 0 };

/** The production profile (design 9-parameters; committees: design 4-se-random). */
export const PRODUCTION: Parameters = {
  version: 1,
  chainId: 1938n,
  devnet: 0,
  transparentAccounts: 0,
  pace: {
    idle: 10_000,
    minBlockGap: 10_000,
    filterMin: 500,
    filterMax: 2_500,
    deadlineFirst: 4_000,
    deadlineLater: 17_000,
    fastRecovery: 300_000,
  },
  anchor: { window: 65_536n, step: 4n, expiry: 600n },
  stake: {
    unit: 10_000n * SERO_UNIT,
    maxShareDivisor: 10,
    seedLookback: 2n,
    seedRefresh: 80n,
    balanceLookback: 320n,
    evidenceWindow: 1_499_680n,
    unlockWait: 1_500_000n,
    unlockWaitTime: 1_814_400_000n,
    certStride: 256n,
    absentFactor: 20,
    emptyBlockPeriod: 8,
  },
  committees: {
    proposers: 20,
    soft: { size: 2990, threshold: 2267 },
    cert: { size: 2990, threshold: 2267 },
    next: { size: 5000, threshold: 3838 },
    late: { size: 500, threshold: 320 },
    redo: { size: 2400, threshold: 1768 },
    down: { size: 6000, threshold: 4560 },
  },
  issue: { perIdle: 2n * SERO_UNIT, halving: 300_000_000_000n, poolShift: 10 },
  fees: {
    baseFeeStart: 1_000_000_000n,
    baseFeeFloor: 100_000_000n,
    changeDenominator: 8n,
    gasLimit: 120_000_000n,
    gasTarget: 60_000_000n,
  },
  gas: GAS,
  namePrices: NAME_PRICES,
  snapshotEvery: 16_384n,
  certificatesKept: 8_192n,
  versions: {
    window: 10_000,
    approvals: 9_000,
    delay: 10_000n,
    disableWindow: 256,
    disableApprovals: 192,
    disableFor: 1_000_000n,
  },
};

/** The small profile: development networks. */
export const DEVELOPMENT: Parameters = {
  ...PRODUCTION,
  chainId: 31_938n,
  devnet: 1,
  transparentAccounts: 1,
  pace: {
    idle: 5_000,
    minBlockGap: 5_000,
    filterMin: 150,
    filterMax: 1_000,
    deadlineFirst: 4_000,
    deadlineLater: 8_000,
    fastRecovery: 10_000,
  },
  anchor: { window: 65_536n, step: 1n, expiry: 600n },
  stake: {
    unit: 100n * SERO_UNIT,
    maxShareDivisor: 0,
    seedLookback: 2n,
    seedRefresh: 4n,
    balanceLookback: 16n,
    evidenceWindow: 48n,
    unlockWait: 64n,
    unlockWaitTime: 0n,
    certStride: 8n,
    absentFactor: 0,
    emptyBlockPeriod: 3,
  },
  committees: {
    // Not 0: a leader value costs one hash a unit that is drawn.
    proposers: 20,
    soft: EVERY_UNIT,
    cert: EVERY_UNIT,
    next: EVERY_UNIT,
    late: EVERY_UNIT,
    redo: EVERY_UNIT,
    down: EVERY_UNIT,
  },
  issue: { perIdle: SERO_UNIT, halving: 300_000_000_000n, poolShift: 10 },
  fees: { ...PRODUCTION.fees, gasLimit: 60_000_000n, gasTarget: 30_000_000n },
  snapshotEvery: 256n,
  versions: {
    window: 32,
    approvals: 29,
    delay: 32n,
    disableWindow: 32,
    disableApprovals: 24,
    disableFor: 1_000_000n,
  },
};

/** A chain of one: nobody votes, its node seals what it likes. */
export const NO_VALIDATORS: Pick<Genesis, 'seed' | 'validators'> = {
  seed: new Uint8Array(32),
  validators: [],
};
