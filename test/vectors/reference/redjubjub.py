"""RedJubjub as docs/protocol.md, section 5, has it."""

import jubjub
from blake import b2b
from fields import R_J, field_bytes, le256, number, to_scalar


def sign(rsk, t, hash_e):
    """64 bytes under rk = [rsk]G_s; t is 80 random bytes."""
    rk = jubjub.point_bytes(jubjub.multiply(jubjub.SPEND_BASE, rsk))
    nu = to_scalar(b2b("SERO_RedJ_N", le256(rsk), t, rk, field_bytes(hash_e)))
    r = jubjub.point_bytes(jubjub.multiply(jubjub.SPEND_BASE, nu))
    c = to_scalar(b2b("SERO_RedJ_C", r, rk, field_bytes(hash_e)))
    return r + le256((nu + c * rsk) % R_J)


def verify(rk_bytes, hash_e, signature):
    rk, r, s = jubjub.point_from_bytes(rk_bytes), jubjub.point_from_bytes(signature[:32]), number(signature[32:])
    if rk is None or r is None or s >= R_J:
        return False
    if rk == jubjub.IDENTITY or jubjub.multiply(rk, R_J) != jubjub.IDENTITY:
        return False
    c = to_scalar(b2b("SERO_RedJ_C", signature[:32], rk_bytes, field_bytes(hash_e)))
    total = jubjub.negate(jubjub.multiply(jubjub.SPEND_BASE, s))
    total = jubjub.add(jubjub.add(total, r), jubjub.multiply(rk, c))
    return jubjub.multiply(total, 8) == jubjub.IDENTITY
