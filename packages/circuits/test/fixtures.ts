import {
  blake2b,
  hashNk,
  hashNode,
  hashZpk,
  hashZpkr,
  JUBJUB_D,
  modQ,
  multiply,
  R_J,
  SPEND_BASE,
  toAffine,
  toField,
  toScalar,
} from '@sero/crypto';
import {
  type Coordinates,
  computePublic,
  deriveInput,
  type InputNote,
  type JoinSplitAssignment,
  type JoinSplitSecret,
  type OutputNote,
  type Siblings,
  type Spender,
} from '../src/join-split.ts';
import { SERO_ASSET, type Shape } from '../src/shape.ts';

/** Deterministic field elements and scalars from a name. */
export const field = (name: string): bigint => toField(blake2b('SERO_test', new TextEncoder().encode(name)));
const scalar = (name: string): bigint => toScalar(blake2b('SERO_test', new TextEncoder().encode(name)));

export const TOKEN = field('a token');
export const OTHER_TOKEN = field('another token');

/** An account that may spend, drawn from a name. */
export function spenderOf(name: string, changes: Partial<Spender> = {}): Spender {
  return {
    ak: toAffine(multiply(SPEND_BASE, scalar(`${name} ask`))),
    nk: field(`${name} nk`),
    tk: field(`${name} tk`),
    qk: field(`${name} qk`),
    alpha: scalar(`${name} alpha`),
    rFrom: field(`${name} from`),
    ...changes,
  };
}

/** A note tree that holds a few leaves; every other leaf is the empty one, 0. */
export function sparseTree(depth: number, leaves: ReadonlyMap<bigint, bigint>) {
  const empty = [0n];
  for (let level = 0; level < depth; level++) {
    const below = empty[level]!;
    empty.push(hashNode(below, below, below, below));
  }
  const levels: ReadonlyMap<bigint, bigint>[] = [leaves];
  const at = (level: number, index: bigint): bigint => levels[level]!.get(index) ?? empty[level]!;
  for (let level = 0; level < depth; level++) {
    const parents = new Map<bigint, bigint>();
    for (const index of levels[level]!.keys()) {
      const first = index & ~3n;
      parents.set(
        first >> 2n,
        hashNode(at(level, first), at(level, first + 1n), at(level, first + 2n), at(level, first + 3n)),
      );
    }
    levels.push(parents);
  }
  const path = (pos: bigint): Siblings[] =>
    Array.from({ length: depth }, (_, level) => {
      const index = pos >> BigInt(2 * level);
      const first = index & ~3n;
      const others = [0n, 1n, 2n, 3n].map((k) => first + k).filter((sibling) => sibling !== index);
      return [at(level, others[0]!), at(level, others[1]!), at(level, others[2]!)];
    });
  return { root: at(depth, 0n), path };
}

/** What a test says of an input; the rest is drawn. Value 0 makes a dummy. Inputs and outputs that a shape has beyond those named are of value 0. */
export interface InputWish {
  readonly asset?: bigint;
  readonly value: bigint;
  readonly pos?: bigint;
}
export interface OutputWish {
  readonly asset?: bigint;
  readonly value: bigint;
}
export interface Wish {
  readonly spender?: Spender;
  readonly inputs: readonly InputWish[];
  readonly outputs: readonly OutputWish[];
  /** Asset of slot 1, TOKEN if absent; a third slot holds OTHER_TOKEN. */
  readonly slotAsset?: bigint;
  readonly pubOut?: readonly [bigint, bigint];
  readonly assetPub?: bigint;
}

/** A whole assignment: notes drawn, real inputs put into one tree, paths and public values derived. */
export function assignment(shape: Shape, wish: Wish): JoinSplitAssignment {
  const spender = wish.spender ?? spenderOf('alice');
  const drafts = filled<InputWish>(wish.inputs, shape.inputs, { value: 0n }).map(
    ({ asset = SERO_ASSET, value, pos }, i): InputNote => {
      const position = pos ?? field(`position ${i}`) % 4n ** BigInt(shape.depth);
      const noise = (level: number, k: number): bigint => field(`dummy ${i} sibling ${level} ${k}`);
      return {
        asset,
        value,
        vpkrU: field(`input ${i} vpkr`),
        r: field(`input ${i} r`),
        rcm: field(`input ${i} rcm`),
        pos: position,
        path: Array.from({ length: shape.depth }, (_, level) => [
          noise(level, 0),
          noise(level, 1),
          noise(level, 2),
        ]),
      };
    },
  );
  const leaves = new Map<bigint, bigint>();
  for (const draft of drafts) {
    if (draft.value !== 0n) leaves.set(draft.pos, deriveInput(spender, draft).cm);
  }
  const tree = sparseTree(shape.depth, leaves);
  const secret: JoinSplitSecret = {
    spender,
    inputs: drafts.map((draft) => (draft.value === 0n ? draft : { ...draft, path: tree.path(draft.pos) })),
    outputs: filled<OutputWish>(wish.outputs, shape.outputs, { value: 0n }).map(
      ({ asset = SERO_ASSET, value }, j) => ({
        asset,
        value,
        vpkrU: field(`output ${j} vpkr`),
        zpkr: field(`output ${j} zpkr`),
        rcm: field(`output ${j} rcm`),
      }),
    ),
    slotAssets: [wish.slotAsset ?? TOKEN, OTHER_TOKEN].slice(0, shape.slots - 1),
  };
  const pubOut = wish.pubOut ?? [0n, 0n];
  return {
    ...secret,
    publicValues: {
      ...derivePublic(secret),
      root: tree.root,
      hashE: field('hash_e'),
      assetPub: wish.assetPub ?? (pubOut[1] === 0n ? 0n : secret.slotAssets[0]!),
      pubOut,
    },
  };
}

/** With wishes for value 0 up to a count. */
function filled<W>(wishes: readonly W[], count: number, empty: W): W[] {
  return [...wishes, ...Array.from({ length: count - wishes.length }, () => empty)];
}

/** computePublic that also serves an AK off the curve: the attacker's formulas do not check either. */
function derivePublic(secret: JoinSplitSecret) {
  const { spender } = secret;
  const shift = toAffine(multiply(SPEND_BASE, spender.alpha % R_J));
  const onCurve = { ...secret, spender: { ...spender, ak: toAffine(SPEND_BASE) } };
  const zpk = hashZpk(spender.ak.u, spender.ak.v, hashNk(spender.nk), spender.tk, spender.qk);
  return {
    ...computePublic(onCurve),
    nil: secret.inputs.map((input) => deriveInput(spender, input).nil),
    trace: secret.inputs.map((input) => deriveInput(spender, input).trace),
    rk: addAffine(spender.ak, shift),
    zpkrFrom: hashZpkr(zpk, spender.rFrom),
  };
}

/** The Edwards addition law on bare coordinates, on the curve or not. */
export function addAffine(a: Coordinates, b: Coordinates): Coordinates {
  const t = modQ(JUBJUB_D * modQ(a.u * b.u) * modQ(a.v * b.v));
  return {
    u: divide(a.u * b.v + a.v * b.u, 1n + t),
    v: divide(a.v * b.v + a.u * b.u, 1n - t),
  };
}

/** a / b mod q, by Fermat's little theorem. */
export function divide(a: bigint, b: bigint): bigint {
  return modQ(a * power(modQ(b), Q_MINUS_2));
}

const Q_MINUS_2 = modQ(-2n);

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bit = BigInt(exponent.toString(2).length - 1); bit >= 0n; bit--) {
    result = modQ(result * result);
    if ((exponent >> bit) & 1n) result = modQ(result * base);
  }
  return result;
}

/** The same assignment with some input, output, spender or public values replaced; nothing is derived anew. */
export function withInput(
  whole: JoinSplitAssignment,
  i: number,
  change: Partial<InputNote>,
): JoinSplitAssignment {
  return { ...whole, inputs: whole.inputs.map((note, at) => (at === i ? { ...note, ...change } : note)) };
}
export function withOutput(
  whole: JoinSplitAssignment,
  j: number,
  change: Partial<OutputNote>,
): JoinSplitAssignment {
  return { ...whole, outputs: whole.outputs.map((note, at) => (at === j ? { ...note, ...change } : note)) };
}
export function withSpender(whole: JoinSplitAssignment, change: Partial<Spender>): JoinSplitAssignment {
  return { ...whole, spender: { ...whole.spender, ...change } };
}
export function withPublic(
  whole: JoinSplitAssignment,
  change: Partial<JoinSplitAssignment['publicValues']>,
): JoinSplitAssignment {
  return { ...whole, publicValues: { ...whole.publicValues, ...change } };
}

/** Public values derived anew from the changed secrets: the attacker is consistent but for the rule he breaks. */
export function rederived(whole: JoinSplitAssignment): JoinSplitAssignment {
  return { ...whole, publicValues: { ...whole.publicValues, ...derivePublic(whole) } };
}
