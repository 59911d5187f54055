import type { Genesis } from '@sero/protocol';
import { creditProposer } from './stake.ts';
import type { State } from './state.ts';

/** Every amount of the chain stays below this. */
const AMOUNTS = 1n << 128n;

/**
 * What a block issues, by the time that passed since its parent: at most what genesis gives for one idle interval, so neither many quick
 * blocks nor a time in the far future issue more than the clock allows (design 3, "Rewards and stake").
 *
 * @param parentTime ms, below `time`
 */
export function issueOf({ issue, pace, time: start }: Genesis, parentTime: bigint, time: bigint): bigint {
  const idle = BigInt(pace.idle);
  const halvings = issue.halving === 0n ? 0n : (time - start) / issue.halving;
  if (idle === 0n || halvings >= 128n) return 0n;
  const elapsed = time - parentTime < idle ? time - parentTime : idle;
  return ((issue.perIdle >> halvings) * elapsed) / idle;
}

/** A block that somebody proposed, as its reward sees it. */
export interface RewardedBlock {
  readonly genesis: Genesis;
  readonly time: bigint;
  readonly parentTime: bigint;
  /** Stake record of the original proposer. */
  readonly proposer: Uint8Array;
  /** What its transactions paid above the base fee. It is in the pool already, with the base fees. */
  readonly priorityFees: bigint;
}

/**
 * Credits a block's proposer: priority fees, a share of the pool after this block's base fees, and the issue. A record in which nothing is staked
 * any more takes nothing: fees then stay in the pool, and nothing is issued.
 */
export function rewardProposer(state: State, block: RewardedBlock): void {
  const pool = state.rewardPool.get() ?? 0n;
  const share = (pool - block.priorityFees) >> BigInt(block.genesis.issue.poolShift);
  const before = state.issued.get() ?? 0n;
  const most = AMOUNTS - 1n - before;
  const issue = issueOf(block.genesis, block.parentTime, block.time);
  const issued = issue < most ? issue : most;
  const fromPool = block.priorityFees + share;
  if (creditProposer(state, block.proposer, fromPool + issued, block.genesis) === 0n) return;
  state.rewardPool.set(pool - fromPool);
  state.issued.set(before + issued);
}
