pragma circom 2.2.0;
include "gadgets.circom";
include "hashes.circom";

// The four children of a node on the path: `current` at index b0 + 2 b1, the three siblings in order in the
// other places.
template PlaceChild() {
  signal input current, b0, b1, sibling[3];
  signal output child[4];
  // One indicator an index; b0 and b1 are boolean (MerkleRoot), so exactly one of them is 1.
  signal at3 <== b0 * b1;
  var at0 = 1 - b0 - b1 + at3;
  var at1 = b0 - at3;

  // child[0] = at0 ? current : sibling[0]
  child[0] <== at0 * (current - sibling[0]) + sibling[0];
  // child[3] = at3 ? current : sibling[2]
  child[3] <== at3 * (current - sibling[2]) + sibling[2];
  // child[1] = at0 ? sibling[0] : at1 ? current : sibling[1]
  signal shifted <== at0 * (sibling[0] - sibling[1]);
  child[1] <== at1 * (current - sibling[1]) + sibling[1] + shifted;
  // child[2] is what is left of the same four values.
  child[2] <== current + sibling[0] + sibling[1] + sibling[2] - child[0] - child[1] - child[3];
}

// The root of the 4-ary tree that holds `leaf` at position pos = sum of bit[i] 2^i, and pos itself, made from
// the very bits that steer the path (design 2, Tree): a leaf has no second position.
template MerkleRoot(depth) {
  signal input leaf, bit[2 * depth], sibling[depth][3];
  signal output root, pos;

  var sum = 0;
  for (var i = 0; i < 2 * depth; i++) {
    Boolean()(bit[i]);
    sum += bit[i] * (1 << i);
  }
  pos <== sum;

  component place[depth];
  component node[depth];
  for (var level = 0; level < depth; level++) {
    place[level] = PlaceChild();
    place[level].current <== level == 0 ? leaf : node[level - 1].out;
    place[level].b0 <== bit[2 * level];
    place[level].b1 <== bit[2 * level + 1];
    place[level].sibling <== sibling[level];
    node[level] = HashNode();
    node[level].child <== place[level].child;
  }
  root <== node[depth - 1].out;
}
