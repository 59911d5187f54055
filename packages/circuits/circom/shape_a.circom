pragma circom 2.2.0;
include "join_split.circom";

// Circuit 1, shape A: 2 notes in, 3 out, 2 asset slots, a tree of depth 18.
component main {
  public [root, hash_e, rk_u, rk_v, zpkr_from, nil, trace, cm, asset_pub, pub_out]
} = JoinSplit(2, 3, 2, 18);
