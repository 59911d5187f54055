pragma circom 2.2.0;
include "poseidon.circom";

// The hashes of the shielded pool by name. Tags: design 9 (node 1, nk 2, zpk 3, zpkr 4, cm 5, nil 6, trace 7);
// one tag a use, one arity a tag.

template HashNode() {
  signal input child[4];
  signal output out <== Poseidon(4, 1)(child);
}

template HashNk() {
  signal input nk;
  signal output out <== Poseidon(1, 2)([nk]);
}

template HashZpk() {
  signal input ak_u, ak_v, nkc, tk, qk;
  signal output out <== Poseidon(5, 3)([ak_u, ak_v, nkc, tk, qk]);
}

template HashZpkr() {
  signal input zpk, r;
  signal output out <== Poseidon(2, 4)([zpk, r]);
}

template HashCm() {
  signal input asset, value, vpkr_u, zpkr, rcm, data;
  signal output out <== Poseidon(6, 5)([asset, value, vpkr_u, zpkr, rcm, data]);
}

template HashNil() {
  signal input nk, cm, pos;
  signal output out <== Poseidon(3, 6)([nk, cm, pos]);
}

template HashTrace() {
  signal input tk, zpk, nil;
  signal output out <== Poseidon(3, 7)([tk, zpk, nil]);
}
