pragma circom 2.2.0;

// in is 0 or 1.
template Boolean() {
  signal input in;
  in * (in - 1) === 0;
}

// out = 1 if in = 0, else 0. For in != 0 the second constraint forces out = 0, so the first forces
// inverse = 1/in; for in = 0 the first forces out = 1 and inverse is free, which decides nothing.
template IsZero() {
  signal input in;
  signal output out;
  signal inverse;
  inverse <-- in != 0 ? 1 / in : 0;
  out <== 1 - in * inverse;
  in * out === 0;
}

// in != 0: no inverse exists for 0.
template NonZero() {
  signal input in;
  signal inverse;
  inverse <-- in != 0 ? 1 / in : 0;
  in * inverse === 1;
}

// 0 <= in < 2^n. Needs 2^n <= q, so that no second number with the same residue fits in n bits.
template Range(n) {
  assert(n <= 254);
  signal input in;
  signal bit[n];
  var sum = 0;
  for (var i = 0; i < n; i++) {
    bit[i] <-- (in >> i) & 1;
    bit[i] * (bit[i] - 1) === 0;
    sum += bit[i] * (1 << i);
  }
  sum === in;
}
