/** Names of all figures of the prover, by what has to be done for them. */
export const PROVER_NAMES = {
  proofs: [
    'prover.prove.A.native',
    'prover.pay.A.native',
    'prover.prove.A.portable',
    'prover.pay.A.portable',
    'prover.prove.A.wasm',
    'prover.pay.A.wasm',
  ],
  browser: ['prover.prove.A.chromium', 'prover.prove.A.chromium.first'],
  memory: ['prover.memory', 'prover.memory.process', 'prover.memory.first', 'prover.memory.node'],
  msm: ['prover.msm.g1', 'prover.msm.g1.plain'],
  verify: ['prover.verify.single', 'prover.verify.single.async', 'prover.verify.single.noble'],
  verifyBatch: ['prover.verify.batch64', 'prover.verify.batch64.snarkjs'],
  signatures: ['prover.signatures64'],
  witness: ['prover.witness.A'],
  scan: ['prover.scan', 'prover.scan.core'],
  tree: ['prover.tree'],
  setup: ['prover.setup.A'],
} as const;

export type ProverGroup = keyof typeof PROVER_NAMES;
export type ProverName = (typeof PROVER_NAMES)[ProverGroup][number];

/** What has to be done for the figures that are asked for. */
export function wantedGroups(wants: (name: string) => boolean): ProverGroup[] {
  return (Object.keys(PROVER_NAMES) as ProverGroup[]).filter((group) => PROVER_NAMES[group].some(wants));
}

/** Names of a group that were asked for and that neither a figure nor a reason bears. */
export function missingNames(
  group: ProverGroup,
  wants: (name: string) => boolean,
  found: readonly string[],
): string[] {
  return PROVER_NAMES[group].filter((name) => wants(name) && !found.includes(name));
}
