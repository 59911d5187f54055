"""Sortition and seeds (docs/protocol.md, "Sortition and seeds"), in Python's integers."""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb

from blake import b2b_256

ONE = 1 << 256


def le(x, size):
    return x.to_bytes(size, "little")


def down(n, d, e):
    """n / d * 2^e > 0, rounded down to 256 significant bits: (m, e), m * 2^e with 2^255 <= m < 2^256."""
    spare = max(0, 257 + d.bit_length() - n.bit_length())
    quotient = (n << spare) // d
    excess = quotient.bit_length() - 256
    return quotient >> excess, e - spare + excess


def power(x, n):
    """Squaring and multiplying from the highest bit of n down."""
    m, e = x
    for bit in bin(n)[3:]:
        m, e = down(m * m, 1, 2 * e)
        if bit == "1":
            m, e = down(m * x[0], 1, e + x[1])
    return m, e


def fixed(x):
    """floor(2^256 x)."""
    m, e = x
    return m << (e + 256) if e >= -256 else m >> (-e - 256)


def cdf(weight, total, size):
    """2^256 CDF(j) for j = 0, 1 ... up to where it is frozen."""
    term = power(down(total - size, total, 0), weight)
    sums = [fixed(term)]
    for k in range(1, weight + 1):
        term = down(term[0] * (weight - k + 1) * size, k * (total - size), term[1])
        added = fixed(term)
        if added == 0 and k * total > (weight + 1) * size:
            break
        sums.append(sums[-1] + added)
    return sums


def close_to_fractions(weight, total, size):
    """Whether every sum is at most the binomial's, in fractions, and below it by no more than the roundings can take."""
    p, exact = Fraction(size, total), Fraction(0)
    for j, value in enumerate(cdf(weight, total, size)):
        exact += comb(weight, j) * p**j * (1 - p) ** (weight - j)
        if not 0 <= exact * ONE - value < 4 * weight + 3 * j + 2:
            return False
    return True


def drawn(sums, digest):
    for j, bound in enumerate(sums):
        if digest < bound:
            return j
    return len(sums) - 1


def agrees_with_decimals(weight, total, size):
    """The same for large stakes, in decimals of 160 digits through logarithm and exponential."""
    with localcontext() as context:
        context.prec = 160
        p = Decimal(size) / Decimal(total)
        term = (Decimal(weight) * (1 - p).ln()).exp()
        exact = term
        for j, value in enumerate(cdf(weight, total, size)):
            if j > 0:
                term = term * (weight - j + 1) * p / (j * (1 - p))
                exact += term
            missing = exact * Decimal(ONE) - value
            # The tail that was cut off is below one unit; the decimals' own error is far below it.
            if not -1 < missing < 4 * weight + 3 * j + 3:
                return False
    return True


def alpha(genesis_hash, seed, round_number, period, step):
    return b2b_256("SERO_SORTITION", genesis_hash, seed, le(round_number, 8), le(period, 4), le(step, 1))


def digest(output, record):
    return int.from_bytes(b2b_256("SERO_SELECT", output, record), "big")


def leader(output, record, units):
    return min(int.from_bytes(b2b_256("SERO_LEADER", output, record, le(i, 4)), "big") for i in range(1, units + 1))


def seed_input(genesis_hash, seed, round_number):
    return b2b_256("SERO_SEED_IN", genesis_hash, seed, le(round_number, 8))


def next_seed(seed, draw, refresh):
    a = b2b_256("SERO_SEED_NEXT", seed) if draw is None else b2b_256("SERO_SEED_VRF", *draw)
    return b2b_256("SERO_SEED", a) if refresh is None else b2b_256("SERO_SEED", a, refresh)


def refresh_height(lookback, refresh, round_number):
    cycle = lookback * refresh
    return max(0, round_number - cycle) if round_number % cycle < lookback else None
