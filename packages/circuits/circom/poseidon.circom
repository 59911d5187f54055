pragma circom 2.2.0;
include "constants_poseidon.circom";

// x^5, the S-box of Poseidon over a field where 5 does not divide q - 1.
template Pow5() {
  signal input in;
  signal output out;
  signal square <== in * in;
  signal fourth <== square * square;
  out <== fourth * in;
}

// H_tag(in[0], .., in[n-1]): the Poseidon permutation of width t = n + 1 whose capacity lane starts as the
// domain tag; the output is lane 0 (design 2, Notation; constants: the published Grain procedure).
// 3 (8 t + R_P) - 3 constraints: the first S-box of the capacity lane is a constant.
template Poseidon(n, tag) {
  signal input in[n];
  signal output out;

  var t = n + 1;
  var half = poseidon_full_rounds() / 2;
  var partial = poseidon_partial_rounds(t);
  var constant[t * (2 * half + partial)] = poseidon_round_constants(t);
  var mds[t][t] = poseidon_mds(t);

  component full[2 * half][t];
  component lane0[partial];
  // Named so that no expression grows past t terms; simplification removes them again and leaves a matrix with a
  // third of the terms that it makes of sums carried through all partial rounds.
  signal mixed[2 * half + partial][t];

  var state[t];
  state[0] = tag;
  for (var i = 0; i < n; i++) {
    state[i + 1] = in[i];
  }

  for (var round = 0; round < 2 * half + partial; round++) {
    for (var i = 0; i < t; i++) {
      state[i] = state[i] + constant[round * t + i];
    }
    if (round < half || round >= half + partial) {
      var f = round < half ? round : round - partial;
      for (var i = 0; i < t; i++) {
        full[f][i] = Pow5();
        full[f][i].in <== state[i];
        state[i] = full[f][i].out;
      }
    } else {
      var p = round - half;
      lane0[p] = Pow5();
      lane0[p].in <== state[0];
      state[0] = lane0[p].out;
    }
    for (var i = 0; i < t; i++) {
      var sum = 0;
      for (var j = 0; j < t; j++) {
        sum += mds[i][j] * state[j];
      }
      mixed[round][i] <== sum;
    }
    for (var i = 0; i < t; i++) {
      state[i] = mixed[round][i];
    }
  }
  out <== state[0];
}
