"""The note tree (docs/protocol.md, section 4), computed from all leaves each time: no frontier, no cleverness."""

from functools import cache

from poseidon import h

DEPTH = 18
SHARD_LEVEL = 8


@cache
def node(c0, c1, c2, c3):
    return h("node", c0, c1, c2, c3)


def empty(level):
    return 0 if level == 0 else node(*[empty(level - 1)] * 4)


def levels(leaves):
    """The nodes of every level that cover a leaf; what is missing right of them is empty."""
    rows = [list(leaves)]
    for level in range(DEPTH):
        row = rows[-1]
        row = row + [empty(level)] * (-len(row) % 4)
        rows.append([node(*row[i : i + 4]) for i in range(0, len(row), 4)])
    return rows


def root(leaves):
    top = levels(leaves)[DEPTH]
    return top[0] if top else empty(DEPTH)


def path(leaves, position):
    """For each level from the leaf up: the place among the four children, and the three siblings in order."""
    steps = []
    for level, row in enumerate(levels(leaves)[:DEPTH]):
        place, first = position % 4, position - position % 4
        children = [row[i] if i < len(row) else empty(level) for i in range(first, first + 4)]
        steps.append((place, children[:place] + children[place + 1 :]))
        position //= 4
    return steps


def fold(leaf, steps):
    for place, siblings in steps:
        leaf = node(*siblings[:place], leaf, *siblings[place:])
    return leaf


@cache
def uniform_root(leaf, count, level=DEPTH):
    """The root of a subtree of this level whose first `count` leaves are equal."""
    if count == 0:
        return empty(level)
    if level == 0:
        return leaf
    size = 4 ** (level - 1)
    return node(*(uniform_root(leaf, min(max(count - i * size, 0), size), level - 1) for i in range(4)))
