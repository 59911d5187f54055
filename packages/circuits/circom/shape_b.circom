pragma circom 2.2.0;
include "join_split.circom";

// Circuit 2, shape B: 8 notes in, 4 out, 3 asset slots, a tree of depth 18. Gathers many notes into few.
component main {
  public [root, hash_e, rk_u, rk_v, zpkr_from, nil, trace, cm, asset_pub, pub_out]
} = JoinSplit(8, 4, 3, 18);
