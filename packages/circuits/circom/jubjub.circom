pragma circom 2.2.0;
include "constants_jubjub.circom";
include "gadgets.circom";

// Jubjub: -u^2 + v^2 = 1 + d u^2 v^2 over the scalar field of BLS12-381. -1 is a square and d is not, so the
// addition law is complete on the whole curve (Bernstein, Birkner, Joye, Lange, Peters: Twisted Edwards Curves,
// section 6): for points ON the curve no denominator below is ever 0. Each template says whose duty that is.

// (u, v) satisfies the curve equation.
template OnCurve() {
  signal input u, v;
  signal uu <== u * u;
  signal vv <== v * v;
  signal uuvv <== uu * vv;
  vv - uu === 1 + jubjub_d() * uuvv;
}

// (u3, v3) = (u1, v1) + (u2, v2). Precondition: both are on the curve; then so is the sum, and 1 + d t and
// 1 - d t are not 0, so each quotient is the only solution of its constraint.
template PointAdd() {
  signal input u1, v1, u2, v2;
  signal output u3, v3;
  signal u1v2 <== u1 * v2;
  signal v1u2 <== v1 * u2;
  signal cross <== (u1 + v1) * (u2 + v2);
  signal t <== u1v2 * v1u2;
  u3 <-- (u1v2 + v1u2) / (1 + jubjub_d() * t);
  (1 + jubjub_d() * t) * u3 === u1v2 + v1u2;
  v3 <-- (cross - u1v2 - v1u2) / (1 - jubjub_d() * t);
  (1 - jubjub_d() * t) * v3 === cross - u1v2 - v1u2;
}

// (u2, v2) = [2](u, v). Precondition: (u, v) is on the curve, so that v^2 - u^2 = 1 + d u^2 v^2 and
// 2 - (v^2 - u^2) = 1 - d u^2 v^2 are the denominators of the addition law and not 0.
template PointDouble() {
  signal input u, v;
  signal output u2, v2;
  signal uv <== u * v;
  signal uu <== u * u;
  signal vv <== v * v;
  u2 <-- 2 * uv / (vv - uu);
  (vv - uu) * u2 === 2 * uv;
  v2 <-- (vv + uu) / (2 - vv + uu);
  (2 - vv + uu) * v2 === vv + uu;
}

// [8](u, v) is not the identity. Precondition: on the curve. [8]P is in the subgroup of odd order r_J, where
// only the identity (0, 1) has u = 0 ((0, -1) has order 2).
template NotSmallOrder() {
  signal input u, v;
  component double[3];
  for (var i = 0; i < 3; i++) {
    double[i] = PointDouble();
    double[i].u <== i == 0 ? u : double[i - 1].u2;
    double[i].v <== i == 0 ? v : double[i - 1].v2;
  }
  // Line 1 asks for u alone.
  _ <== double[2].v2;
  component notIdentity = NonZero();
  notIdentity.in <== double[2].u2;
}

// (u, v) = [sum of bit[i] 2^i] G_s, G_s the spend base. 84 windows of three bits; window w adds one of the
// table's eight points [0..7][8^w]G_s, all of them on the curve, by the complete law: no digit, the zero one
// included, needs a case of its own, and the windows may sum to any multiple of r_J.
template SpendBaseMultiply() {
  signal input bit[252];
  signal output u, v;
  var tableU[84][8] = spend_base_u();
  var tableV[84][8] = spend_base_v();

  for (var i = 0; i < 252; i++) {
    Boolean()(bit[i]);
  }

  signal low[84];
  signal pointU[84];
  signal pointV[84];
  component sum[84];
  for (var w = 0; w < 84; w++) {
    var b0 = bit[3 * w];
    var b1 = bit[3 * w + 1];
    var b2 = bit[3 * w + 2];
    low[w] <== b0 * b1;
    // Entry b0 + 2 b1 of a table of four is c0 + b0 (c1 - c0) + b1 (c2 - c0) + b0 b1 (c3 - c2 - c1 + c0).
    var cu[8] = tableU[w];
    var cv[8] = tableV[w];
    var lowU = cu[0] + b0 * (cu[1] - cu[0]) + b1 * (cu[2] - cu[0]) + low[w] * (cu[3] - cu[2] - cu[1] + cu[0]);
    var highU = cu[4] + b0 * (cu[5] - cu[4]) + b1 * (cu[6] - cu[4]) + low[w] * (cu[7] - cu[6] - cu[5] + cu[4]);
    var lowV = cv[0] + b0 * (cv[1] - cv[0]) + b1 * (cv[2] - cv[0]) + low[w] * (cv[3] - cv[2] - cv[1] + cv[0]);
    var highV = cv[4] + b0 * (cv[5] - cv[4]) + b1 * (cv[6] - cv[4]) + low[w] * (cv[7] - cv[6] - cv[5] + cv[4]);
    pointU[w] <== b2 * (highU - lowU) + lowU;
    pointV[w] <== b2 * (highV - lowV) + lowV;
    if (w > 0) {
      sum[w] = PointAdd();
      sum[w].u1 <== w == 1 ? pointU[0] : sum[w - 1].u3;
      sum[w].v1 <== w == 1 ? pointV[0] : sum[w - 1].v3;
      sum[w].u2 <== pointU[w];
      sum[w].v2 <== pointV[w];
    }
  }
  u <== sum[83].u3;
  v <== sum[83].v3;
}
