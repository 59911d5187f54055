"""Poseidon over q, x^5, its constants from the Grain LFSR of the Poseidon paper (appendix F; the authors'
generate_params_poseidon.sage with field 1, s-box 0, 255 bits), and the domain-separated hashes of the protocol."""

from functools import cache

from fields import Q

BITS = 255
FULL_ROUNDS = 8

DOMAIN = {"node": 1, "nk": 2, "zpk": 3, "zpkr": 4, "cm": 5, "nil": 6, "trace": 7, "pub": 8, "qk": 10}


def partial_rounds(width):
    return 56 if width <= 5 else 57


def grain_bits(width, full_rounds, rounds_partial):
    """The self-shrinking Grain stream, seeded with the parameters of the instance."""
    seed = ""
    for value, size in ((1, 2), (0, 4), (BITS, 12), (width, 12), (full_rounds, 10), (rounds_partial, 10)):
        seed += format(value, f"0{size}b")
    state = [int(bit) for bit in seed + "1" * 30]
    assert len(state) == 80
    at = 0  # the oldest bit; the register is a ring

    def step():
        nonlocal at
        new = 0
        for tap in (62, 51, 38, 23, 13, 0):
            new ^= state[(at + tap) % 80]
        state[at] = new
        at = (at + 1) % 80
        return new

    for _ in range(160):
        step()
    while True:
        chosen, bit = step(), step()
        if chosen:
            yield bit


def draw(bits):
    """255 bits of the stream, most significant first."""
    x = 0
    for _ in range(BITS):
        x = 2 * x + next(bits)
    return x


@cache
def parameters(width, rounds_partial=None):
    """(R_P, round constants in order of use, MDS matrix)."""
    r_p = partial_rounds(width) if rounds_partial is None else rounds_partial
    bits = grain_bits(width, FULL_ROUNDS, r_p)
    constants = []
    while len(constants) < (FULL_ROUNDS + r_p) * width:
        x = draw(bits)
        if x < Q:
            constants.append(x)
    while True:
        # The Cauchy matrix takes the stream mod q instead of rejecting.
        values = [draw(bits) % Q for _ in range(2 * width)]
        xs, ys = values[:width], values[width:]
        if len(set(values)) == 2 * width and all((x + y) % Q for x in xs for y in ys):
            break
    return r_p, constants, [[pow(x + y, -1, Q) for y in ys] for x in xs]


def permute(state, rounds_partial=None):
    width = len(state)
    r_p, constants, mds = parameters(width, rounds_partial)
    for r in range(FULL_ROUNDS + r_p):
        state = [(x + c) % Q for x, c in zip(state, constants[r * width : (r + 1) * width])]
        full = r < FULL_ROUNDS // 2 or r >= FULL_ROUNDS // 2 + r_p
        state = [pow(x, 5, Q) if full or lane == 0 else x for lane, x in enumerate(state)]
        state = [sum(m * x for m, x in zip(row, state)) % Q for row in mds]
    return state


def poseidon(tag, inputs):
    return permute([tag, *inputs])[0]


def h(name, *inputs):
    """H_name(x1..xn)."""
    return poseidon(DOMAIN[name], inputs)
