export * from './account.ts';
export * from './authorize.ts';
export * from './birthday.ts';
export { type BuiltTransaction, buildTransaction } from './build.ts';
export * from './chain-source.ts';
export { feeOf } from './choose.ts';
export * from './contacts.ts';
export * from './disclose.ts';
export * from './encrypted-store.ts';
export * from './errors.ts';
export { type FinalityRun, portableVotes, type WalletFinality } from './finality.ts';
export {
  type FinalitySource,
  type FollowedStep,
  followFinality,
  lightFromBlock,
  lightFromGenesis,
} from './finality-source.ts';
export { type FinalityOptions, finalBlockAt } from './finality-start.ts';
export * from './history.ts';
export * from './keystore.ts';
export type { OwnAddress } from './own-addresses.ts';
export * from './payment-uri.ts';
export * from './plan.ts';
export { readPlan, stakedBy } from './plan-codec.ts';
export { type Random, systemRandom } from './random.ts';
export * from './records.ts';
export type { Payout, Request } from './request.ts';
export {
  type OwnStake,
  ownStakes,
  type StakeRequest,
  sharesKey,
  type ValidatorKeys,
} from './stake.ts';
export { commandOf } from './stake-entry.ts';
export * from './stake-holdings.ts';
export * from './stake-tables.ts';
export type { TreeState, WalletStart } from './start.ts';
export type { AddressUse, Anchor, Tip } from './state.ts';
export * from './steps.ts';
export * from './store.ts';
export { resetWallet } from './store-repair.ts';
export { sendViaRpc } from './submit-rpc.ts';
export * from './sync.ts';
export * from './wallet.ts';
