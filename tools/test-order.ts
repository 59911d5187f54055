/**
 * Test files that take longest with one prover or another, the longest first. Those of shapes B and C stand before others of these
 * shapes, for which they compile the circuits and make the development keys. One that is missing here costs time alone: begun late, it
 * would be the last to end, on one core.
 */
export const LONG: readonly string[] = [
  'packages/circuits/src/shape-b.test.ts',
  'test/crash/kill.test.ts',
  'test/network/scenarios.test.ts',
  'test/docs/commands.test.ts',
  'test/demo/random.test.ts',
  'packages/circuits/src/ceremony/phase1.test.ts',
  'test/cli/examples.test.ts',
  'packages/circuits/src/shape-c.test.ts',
  'test/cli/refused.test.ts',
  'test/cli/devnet.test.ts',
  'test/cli/repair.test.ts',
  'test/wallet/walk.test.ts',
  'packages/circuits/src/rules.test.ts',
  'packages/wallet/src/wallet.test.ts',
  'packages/circuits/src/ceremony/phase2.test.ts',
  'packages/node/src/rpc/methods.test.ts',
  'packages/prover/src/compliance.test.ts',
  'test/ledger/shape-b.test.ts',
  'test/cli/real-proofs.test.ts',
  'test/cli/wallet.test.ts',
  'packages/ledger/src/histories.test.ts',
  'packages/circuits/src/hints.test.ts',
  'packages/circuits/src/agreement.test.ts',
  'test/cli/send.test.ts',
  'packages/wallet/src/plan-statement.test.ts',
  'test/node/agreement.test.ts',
  'test/node/upgrade.test.ts',
  'test/ledger/shape-c.test.ts',
  'test/wallet/restore.test.ts',
  'packages/circuits/src/ceremony/snarkjs.test.ts',
  'packages/prover/src/differential.test.ts',
  'test/demo/cli.test.ts',
  'test/demo/real-proofs.test.ts',
  'test/cli/node.test.ts',
  'test/cli/patterns.test.ts',
  'test/wallet/shapes.test.ts',
  'test/rpc/load.test.ts',
];

/**
 * Files in the order in which they begin: the long ones, then the many short ones, between which nothing long is left to wait for.
 *
 * @param files paths from the root
 */
export function inOrder(files: readonly string[]): string[] {
  const long = LONG.filter((file) => files.includes(file));
  return [...long, ...files.filter((file) => !long.includes(file))];
}
