import {
  fromAffine,
  hashCm,
  hashNil,
  hashNk,
  hashNode,
  hashTrace,
  hashZpk,
  hashZpkr,
  modQ,
  multiply,
  R_J,
  SPEND_BASE,
  toAffine,
} from '@sero/crypto';

/** Affine coordinates on Jubjub, two field elements. */
export interface Coordinates {
  readonly u: bigint;
  readonly v: bigint;
}

/** The account that spends: PAK without the viewing key (design 2, Keys), and what is fresh for this proof. */
export interface Spender {
  readonly ak: Coordinates;
  readonly nk: bigint;
  readonly tk: bigint;
  readonly qk: bigint;
  /** rk = AK + [alpha]G_s; below 2^252, uniform below r_J. */
  readonly alpha: bigint;
  /** Opens the address that the transaction is from: ZPKr_from = H_zpkr(ZPK, rFrom). */
  readonly rFrom: bigint;
}

/** The three siblings of one level, in order, from the leaves up. */
export type Siblings = readonly [bigint, bigint, bigint];

/** A note spent, or a dummy: value 0, everything else at random (design 2, The join-split statement). */
export interface InputNote {
  readonly asset: bigint;
  /** Below 2^128. */
  readonly value: bigint;
  readonly vpkrU: bigint;
  /** Opens the note's address: ZPKr = H_zpkr(ZPK, r). */
  readonly r: bigint;
  readonly rcm: bigint;
  /** Leaf index in [0, 4^depth). */
  readonly pos: bigint;
  readonly path: readonly Siblings[];
}

/** A note made. */
export interface OutputNote {
  readonly asset: bigint;
  /** Below 2^128. */
  readonly value: bigint;
  readonly vpkrU: bigint;
  readonly zpkr: bigint;
  readonly rcm: bigint;
}

/** What only the prover knows. */
export interface JoinSplitSecret {
  readonly spender: Spender;
  readonly inputs: readonly InputNote[];
  readonly outputs: readonly OutputNote[];
  /** The assets of slots 1 and up; slot 0 is SERO. */
  readonly slotAssets: readonly bigint[];
}

/** What follows from the secret part alone. */
export interface JoinSplitDerived {
  readonly rk: Coordinates;
  readonly zpkrFrom: bigint;
  readonly nil: readonly bigint[];
  readonly trace: readonly bigint[];
  readonly cm: readonly bigint[];
}

/** What the world sees. */
export interface JoinSplitPublic extends JoinSplitDerived {
  /** The notes root of the anchor's header. */
  readonly root: bigint;
  readonly hashE: bigint;
  /** 0 iff pubOut[1] is 0. */
  readonly assetPub: bigint;
  /** Public amounts of slots 0 and 1, each below 2^128. */
  readonly pubOut: readonly [bigint, bigint];
}

/** Everything a proof of the join-split needs. */
export interface JoinSplitAssignment extends JoinSplitSecret {
  readonly publicValues: JoinSplitPublic;
}

/** The public inputs in the verifier's order: root, hash_e, rk, ZPKr_from, NIL, TRACE, CM, asset_pub, pubOut. */
export function publicInputs(values: JoinSplitPublic): bigint[] {
  return [
    values.root,
    values.hashE,
    values.rk.u,
    values.rk.v,
    values.zpkrFrom,
    ...values.nil,
    ...values.trace,
    ...values.cm,
    values.assetPub,
    ...values.pubOut,
  ];
}

/** ZPK of an account (design 2, Keys). */
export function spenderZpk(spender: Spender): bigint {
  const { ak, nk, tk, qk } = spender;
  return hashZpk(ak.u, ak.v, hashNk(nk), tk, qk);
}

/** Commitment of an input note, and what it shows of itself; `isReal` is value != 0. */
export function deriveInput(
  spender: Spender,
  input: InputNote,
): { readonly cm: bigint; readonly nil: bigint; readonly trace: bigint } {
  const zpk = spenderZpk(spender);
  const zpkr = hashZpkr(zpk, input.r);
  const cm = hashCm(input.asset, input.value, input.vpkrU, zpkr, input.rcm, 0n);
  const nil = hashNil(spender.nk, cm, input.pos);
  const isReal = input.value === 0n ? 0n : 1n;
  const trace = modQ(input.pos + (isReal << 48n) + hashTrace(spender.tk, zpk, nil));
  return { cm, nil, trace };
}

/** The commitment of an output note. */
export function deriveOutput(output: OutputNote): bigint {
  return hashCm(output.asset, output.value, output.vpkrU, output.zpkr, output.rcm, 0n);
}

/** The root of the 4-ary tree that holds `leaf` at `pos`. */
export function pathRoot(leaf: bigint, pos: bigint, path: readonly Siblings[]): bigint {
  let current = leaf;
  path.forEach((siblings, level) => {
    const children = [...siblings];
    children.splice(Number((pos >> BigInt(2 * level)) & 3n), 0, current);
    current = hashNode(children[0]!, children[1]!, children[2]!, children[3]!);
  });
  return current;
}

/** rk = AK + [alpha]G_s. Throws crypto's `point-not-canonical` if AK is off the curve. */
export function randomizedKey(ak: Coordinates, alpha: bigint): Coordinates {
  return toAffine(fromAffine(ak).add(multiply(SPEND_BASE, alpha % R_J)));
}

/**
 * The public values that follow from the secret ones: what a wallet puts into the transaction before hash_e, and
 * so the rest of the public values, can be known. Checks nothing; `joinSplitSignals` does.
 */
export function computePublic(secret: JoinSplitSecret): JoinSplitDerived {
  const { spender, inputs, outputs } = secret;
  const derived = inputs.map((input) => deriveInput(spender, input));
  return {
    rk: randomizedKey(spender.ak, spender.alpha),
    zpkrFrom: hashZpkr(spenderZpk(spender), spender.rFrom),
    nil: derived.map(({ nil }) => nil),
    trace: derived.map(({ trace }) => trace),
    cm: outputs.map(deriveOutput),
  };
}
