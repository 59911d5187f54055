import { poseidon } from './poseidon.ts';

/** Poseidon domain tags (design 9-parameters). 9 and 11 to 31 are kept for hidden supply and offline contracts. */
export const DOMAIN = { node: 1, nk: 2, zpk: 3, zpkr: 4, cm: 5, nil: 6, trace: 7, pub: 8, qk: 10 } as const;

/** An inner node of the note tree from its four children in order. */
export function hashNode(c0: bigint, c1: bigint, c2: bigint, c3: bigint): bigint {
  return poseidon(DOMAIN.node, [c0, c1, c2, c3]);
}

/** nkc: the commitment to the nullifier key that ZPK holds. */
export function hashNk(nk: bigint): bigint {
  return poseidon(DOMAIN.nk, [nk]);
}

/** qk: a hash of ZSK under ZPK, so that a hash-based proof can claim notes should discrete logarithms fall. */
export function hashQk(x: bigint): bigint {
  return poseidon(DOMAIN.qk, [x]);
}

/** ZPK (HASH_zpk, WP 3.3): binds the spend key AK = (u, v), nkc, the trace key tk and qk. */
export function hashZpk(akU: bigint, akV: bigint, nkc: bigint, tk: bigint, qk: bigint): bigint {
  return poseidon(DOMAIN.zpk, [akU, akV, nkc, tk, qk]);
}

/** ZPKr (HASH_r, WP 3.3): the owner's half of a one-time address. */
export function hashZpkr(zpk: bigint, r: bigint): bigint {
  return poseidon(DOMAIN.zpkr, [zpk, r]);
}

/** CM (HASH_com, WP 3.3): a note's commitment. */
export function hashCm(
  asset: bigint,
  value: bigint,
  vpkrU: bigint,
  zpkr: bigint,
  rcm: bigint,
  data: bigint,
): bigint {
  return poseidon(DOMAIN.cm, [asset, value, vpkrU, zpkr, rcm, data]);
}

/** NIL (HASH_nil, WP 3.3): the nullifier, fixed by the note and its position in the tree. */
export function hashNil(nk: bigint, cm: bigint, position: bigint): bigint {
  return poseidon(DOMAIN.nil, [nk, cm, position]);
}

/** The mask of TRACE: only a holder of tk can take it off. */
export function hashTrace(tk: bigint, zpk: bigint, nil: bigint): bigint {
  return poseidon(DOMAIN.trace, [tk, zpk, nil]);
}

/** rcm of a public output, from the transaction's txid and the output's index. */
export function hashPub(txid: bigint, index: bigint): bigint {
  return poseidon(DOMAIN.pub, [txid, index]);
}
