pragma circom 2.2.0;
include "gadgets.circom";
include "hashes.circom";
include "jubjub.circom";
include "merkle.circom";

// "The join-split statement" of the design (2-shielded-pool.md); the numbers in the comments are its lines.

// Line 1: the spender's account and the re-randomised key that signs. One account a proof.
template Account() {
  signal input rk_u, rk_v;
  signal input ak_u, ak_v, nk, tk, qk;
  // A value of 252 bits may be r_J or more: [alpha]G_s depends on alpha mod r_J alone, so the prover gains a
  // second name for the same rk and nothing else.
  signal input alpha[252];
  signal output zpk;

  OnCurve()(ak_u, ak_v);
  NotSmallOrder()(ak_u, ak_v);

  component shift = SpendBaseMultiply();
  shift.bit <== alpha;
  component key = PointAdd();
  key.u1 <== ak_u;
  key.v1 <== ak_v;
  key.u2 <== shift.u;
  key.v2 <== shift.v;
  key.u3 === rk_u;
  key.v3 === rk_v;

  signal nkc <== HashNk()(nk);
  zpk <== HashZpk()(ak_u, ak_v, nkc, tk, qk);
}

// The slot whose asset a note carries: exactly one choice[k] is 1, and it names a slot of the note's asset.
// amount[k] is the note's value in that slot and 0 in the others. Two slots may hold the same asset: the
// balance of each then holds, and so does their sum's.
template SlotAmounts(K) {
  signal input asset, value, slot_asset[K], choice[K];
  signal output amount[K];
  var chosen = 0;
  for (var k = 0; k < K; k++) {
    Boolean()(choice[k]);
    choice[k] * (asset - slot_asset[k]) === 0;
    amount[k] <== choice[k] * value;
    chosen += choice[k];
  }
  chosen === 1;
}

// Line 3: one input. Its value needs no range check: a real one (value != 0) is opened from a leaf, and every
// leaf was made either by a proof of these circuits (line 4) or by the node from a u128.
template InputNote(K, depth) {
  signal input root, nil, trace;
  signal input nk, tk, zpk;
  signal input asset, value, vpkr_u, r, rcm;
  signal input path_bit[2 * depth], sibling[depth][3];
  signal input slot_asset[K], choice[K];
  signal output amount[K];

  // The spender's own address, hence its own nk and tk; data = 0.
  signal zpkr <== HashZpkr()(zpk, r);
  signal cm <== HashCm()(asset, value, vpkr_u, zpkr, rcm, 0);

  component path = MerkleRoot(depth);
  path.leaf <== cm;
  path.bit <== path_bit;
  path.sibling <== sibling;

  // A note of value 0 is a dummy and may stand anywhere; any other is in the tree.
  component isDummy = IsZero();
  isDummy.in <== value;
  signal isReal <== 1 - isDummy.out;
  isReal * (path.root - root) === 0;

  // A note at a position has one nullifier, and the nullifier one trace.
  signal expectedNil <== HashNil()(nk, cm, path.pos);
  nil === expectedNil;
  signal mask <== HashTrace()(tk, zpk, nil);
  trace === path.pos + (1 << 48) * isReal + mask;

  amount <== SlotAmounts(K)(asset, value, slot_asset, choice);
}

// Line 4: one output. value < 2^128 here is what lets inputs go unchecked, and what keeps line 5 from wrapping.
template OutputNote(K) {
  signal input cm;
  signal input asset, value, vpkr_u, zpkr, rcm;
  signal input slot_asset[K], choice[K];
  signal output amount[K];

  signal expectedCm <== HashCm()(asset, value, vpkr_u, zpkr, rcm, 0);
  cm === expectedCm;
  component range = Range(128);
  range.in <== value;
  amount <== SlotAmounts(K)(asset, value, slot_asset, choice);
}

template JoinSplit(nIn, nOut, K, depth) {
  assert(K >= 2);

  // Public, in the order of the verifier's list.
  signal input root;
  signal input hash_e;
  signal input rk_u;
  signal input rk_v;
  signal input zpkr_from;
  signal input nil[nIn];
  signal input trace[nIn];
  signal input cm[nOut];
  signal input asset_pub;
  signal input pub_out[2];

  // Private: the account,
  signal input ak_u, ak_v, nk, tk, qk;
  signal input alpha[252];
  signal input r_from;
  // the assets of slots 1 to K - 1 (slot 0 is SERO, asset 1),
  signal input slot[K - 1];
  // the notes spent,
  signal input in_asset[nIn], in_value[nIn], in_vpkr_u[nIn], in_r[nIn], in_rcm[nIn];
  signal input in_path_bit[nIn][2 * depth], in_sibling[nIn][depth][3], in_choice[nIn][K];
  // the notes made.
  signal input out_asset[nOut], out_value[nOut], out_vpkr_u[nOut], out_zpkr[nOut], out_rcm[nOut];
  signal input out_choice[nOut][K];

  // 1
  component account = Account();
  account.rk_u <== rk_u;
  account.rk_v <== rk_v;
  account.ak_u <== ak_u;
  account.ak_v <== ak_v;
  account.nk <== nk;
  account.tk <== tk;
  account.qk <== qk;
  account.alpha <== alpha;

  // 2: whoever calls a contract owns the address it calls from.
  signal expectedFrom <== HashZpkr()(account.zpk, r_from);
  zpkr_from === expectedFrom;

  signal slot_asset[K];
  slot_asset[0] <== 1;
  for (var k = 1; k < K; k++) {
    slot_asset[k] <== slot[k - 1];
  }

  // 3
  component input_note[nIn];
  for (var i = 0; i < nIn; i++) {
    input_note[i] = InputNote(K, depth);
    input_note[i].root <== root;
    input_note[i].nil <== nil[i];
    input_note[i].trace <== trace[i];
    input_note[i].nk <== nk;
    input_note[i].tk <== tk;
    input_note[i].zpk <== account.zpk;
    input_note[i].asset <== in_asset[i];
    input_note[i].value <== in_value[i];
    input_note[i].vpkr_u <== in_vpkr_u[i];
    input_note[i].r <== in_r[i];
    input_note[i].rcm <== in_rcm[i];
    input_note[i].path_bit <== in_path_bit[i];
    input_note[i].sibling <== in_sibling[i];
    input_note[i].slot_asset <== slot_asset;
    input_note[i].choice <== in_choice[i];
  }

  // 4
  component output_note[nOut];
  for (var j = 0; j < nOut; j++) {
    output_note[j] = OutputNote(K);
    output_note[j].cm <== cm[j];
    output_note[j].asset <== out_asset[j];
    output_note[j].value <== out_value[j];
    output_note[j].vpkr_u <== out_vpkr_u[j];
    output_note[j].zpkr <== out_zpkr[j];
    output_note[j].rcm <== out_rcm[j];
    output_note[j].slot_asset <== slot_asset;
    output_note[j].choice <== out_choice[j];
  }

  // 5: per slot, in = out + public. Fewer than 32 terms below 2^128 (pub_out: the node's check), so no sum
  // reaches q and equality mod q is equality.
  for (var k = 0; k < K; k++) {
    var difference = k < 2 ? 0 - pub_out[k] : 0;
    for (var i = 0; i < nIn; i++) {
      difference += input_note[i].amount[k];
    }
    for (var j = 0; j < nOut; j++) {
      difference -= output_note[j].amount[k];
    }
    difference === 0;
  }
  // What leaves slot 1 in public leaves under its own name.
  pub_out[1] * (slot[0] - asset_pub) === 0;

  // 6: hash_e enters no other rule; the product keeps it in the constraint system, so a proof is for one
  // transaction.
  signal bound <== hash_e * hash_e;
}
