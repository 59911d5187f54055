import type { JoinSplitAssignment } from './join-split.ts';
import { checkJoinSplit, slotOf } from './join-split-check.ts';
import { ALPHA_BITS, type Shape } from './shape.ts';
import type { SignalValues } from './witness-program.ts';

/**
 * The circuit's input signals for an assignment that keeps every rule; throws the `CircuitError` of the first
 * broken one, so that no bad witness reaches a prover.
 */
export function joinSplitSignals(shape: Shape, assignment: JoinSplitAssignment): SignalValues {
  checkJoinSplit(shape, assignment);
  return assignSignals(shape, assignment);
}

/** The same without the checks: names and order of join_split.circom. Notes of an asset without slot get none. */
export function assignSignals(shape: Shape, assignment: JoinSplitAssignment): SignalValues {
  const { spender, inputs, outputs, slotAssets, publicValues } = assignment;
  const choice = ({ asset }: { readonly asset: bigint }): bigint[] => {
    const slot = slotOf(asset, slotAssets);
    return Array.from({ length: shape.slots }, (_, k) => (k === slot ? 1n : 0n));
  };
  return {
    root: [publicValues.root],
    hash_e: [publicValues.hashE],
    rk_u: [publicValues.rk.u],
    rk_v: [publicValues.rk.v],
    zpkr_from: [publicValues.zpkrFrom],
    nil: publicValues.nil,
    trace: publicValues.trace,
    cm: publicValues.cm,
    asset_pub: [publicValues.assetPub],
    pub_out: publicValues.pubOut,

    ak_u: [spender.ak.u],
    ak_v: [spender.ak.v],
    nk: [spender.nk],
    tk: [spender.tk],
    qk: [spender.qk],
    alpha: bits(spender.alpha, ALPHA_BITS),
    r_from: [spender.rFrom],
    slot: slotAssets,

    in_asset: inputs.map(({ asset }) => asset),
    in_value: inputs.map(({ value }) => value),
    in_vpkr_u: inputs.map(({ vpkrU }) => vpkrU),
    in_r: inputs.map(({ r }) => r),
    in_rcm: inputs.map(({ rcm }) => rcm),
    in_path_bit: inputs.flatMap(({ pos }) => bits(pos, 2 * shape.depth)),
    in_sibling: inputs.flatMap(({ path }) => path.flat()),
    in_choice: inputs.flatMap(choice),

    out_asset: outputs.map(({ asset }) => asset),
    out_value: outputs.map(({ value }) => value),
    out_vpkr_u: outputs.map(({ vpkrU }) => vpkrU),
    out_zpkr: outputs.map(({ zpkr }) => zpkr),
    out_rcm: outputs.map(({ rcm }) => rcm),
    out_choice: outputs.flatMap(choice),
  };
}

/** Lowest bit first. */
function bits(value: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => (value >> BigInt(i)) & 1n);
}
