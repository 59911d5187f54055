"""Jubjub: -u^2 + v^2 = 1 + d u^2 v^2 over q, points as affine pairs (u, v)."""

import hashlib

from fields import Q, field_bytes, number, square_root

D = -10240 * pow(10241, -1, Q) % Q
IDENTITY = (0, 1)


def on_curve(p):
    u, v = p
    return (v * v - u * u - 1 - D * u * u * v * v) % Q == 0


def negate(p):
    return (-p[0] % Q, p[1])


def _extended(p):
    return (p[0], p[1], 1, p[0] * p[1] % Q)


def _add(a, b):
    """The complete addition in extended coordinates (d is not a square, -1 is one)."""
    (u1, v1, z1, t1), (u2, v2, z2, t2) = a, b
    m = (v1 - u1) * (v2 - u2) % Q
    n = (v1 + u1) * (v2 + u2) % Q
    c = 2 * D * t1 * t2 % Q
    d = 2 * z1 * z2 % Q
    e, f, g, k = n - m, d - c, d + c, n + m
    return (e * f % Q, g * k % Q, f * g % Q, e * k % Q)


def _affine(a):
    z = pow(a[2], -1, Q)
    return (a[0] * z % Q, a[1] * z % Q)


def add(a, b):
    return _affine(_add(_extended(a), _extended(b)))


def multiply(p, n):
    """[n]p for any n >= 0, not reduced: points outside the prime subgroup are multiplied truly."""
    total, power = _extended(IDENTITY), _extended(p)
    while n:
        if n & 1:
            total = _add(total, power)
        power = _add(power, power)
        n >>= 1
    return _affine(total)


def point_bytes(p):
    """P(p): v, the low bit of u in the top bit."""
    u, v = p
    b = bytearray(field_bytes(v))
    b[31] |= (u & 1) << 7
    return bytes(b)


def point_from_bytes(b):
    """The point with this canonical encoding (ZIP 216), or None."""
    if len(b) != 32:
        return None
    sign, v = b[31] >> 7, number(b) & ((1 << 255) - 1)
    if v >= Q:
        return None
    u = square_root((v * v - 1) * pow(1 + D * v * v, -1, Q))
    if u is None or (u == 0 and sign == 1):
        return None
    if u & 1 != sign:
        u = Q - u
    assert on_curve((u, v))
    return (u, v)


def group_hash(personalisation, message):
    for counter in range(256):
        digest = hashlib.blake2s(message + bytes([counter]), person=personalisation).digest()
        p = point_from_bytes(digest)
        if p is not None:
            p = multiply(p, 8)
            if p != IDENTITY:
                return p
    raise ValueError("no point")


VIEW_BASE = group_hash(b"SERO_gvw", b"view")
SPEND_BASE = group_hash(b"SERO_gsp", b"spend")
