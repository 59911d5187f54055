pragma circom 2.2.0;
include "join_split.circom";

// Circuit 3, shape C: 2 notes in, 16 out, 3 asset slots, a tree of depth 18. Pays many at once.
component main {
  public [root, hash_e, rk_u, rk_v, zpkr_from, nil, trace, cm, asset_pub, pub_out]
} = JoinSplit(2, 16, 3, 18);
