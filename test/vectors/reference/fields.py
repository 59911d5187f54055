"""The two moduli and the byte forms of integers (docs/protocol.md, section 1)."""

# BLS12-381's scalar field, which is Jubjub's base field.
Q = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
# Order of Jubjub's prime subgroup.
R_J = 0x0E7DB4EA6533AFA906673B0101343B00A6682093CCC81082D0970E5ED6F72CB7


def le(x, size):
    """Unsigned little-endian; OverflowError when x does not fit."""
    return x.to_bytes(size, "little")


def le32(x):
    return le(x, 4)


def le64(x):
    return le(x, 8)


def le128(x):
    return le(x, 16)


def le256(x):
    return le(x, 32)


def number(b):
    return int.from_bytes(b, "little")


def field_bytes(x):
    """F(x)."""
    assert 0 <= x < Q
    return le256(x)


def field_from_bytes(b):
    x = number(b)
    if len(b) != 32 or x >= Q:
        raise ValueError("not a canonical field element")
    return x


def to_field(b):
    """toF: 64 bytes mod q."""
    assert len(b) == 64
    return number(b) % Q


def to_scalar(b):
    """toS: 64 bytes, or 80 of signing randomness, mod r_J."""
    assert len(b) in (64, 80)
    return number(b) % R_J


def square_root(a):
    """A square root of a mod q (Tonelli and Shanks; q - 1 = 2^32 * odd), or None."""
    a %= Q
    if a == 0:
        return 0
    if pow(a, (Q - 1) // 2, Q) != 1:
        return None
    twos, odd = 32, (Q - 1) >> 32
    root_of_unity = pow(5, odd, Q)  # 5 is not a square mod q; checked by the next line
    assert pow(root_of_unity, 1 << 31, Q) == Q - 1
    x, b, g = pow(a, (odd + 1) // 2, Q), pow(a, odd, Q), root_of_unity
    while b != 1:
        m, c = 0, b
        while c != 1:
            c, m = c * c % Q, m + 1
        w = pow(g, 1 << (twos - m - 1), Q)
        x, g, twos = x * w % Q, w * w % Q, m
        b = b * g % Q
    return x
