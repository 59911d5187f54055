"""poseidon.json, jubjub.json and signature.json."""

import jubjub
from blake import b2b
from fields import Q, R_J, field_bytes, le256, number, to_field, to_scalar
from forms import fill, integer, octets
from jubjub import IDENTITY, SPEND_BASE, VIEW_BASE, add, multiply, point_bytes, point_from_bytes
from poseidon import DOMAIN, parameters, poseidon
from redjubjub import sign, verify


def poseidon_vectors():
    widths = []
    for width in range(2, 10):
        r_p, constants, mds = parameters(width)
        count = width - 1
        inputs = [
            [0] * count,
            [Q - 1] * count,
            list(range(1, width)),
            [to_field(b2b("SERO_VECTOR", b"poseidon", bytes([width, i]))) for i in range(count)],
        ]
        widths.append(
            {
                "width": width,
                "fullRounds": 8,
                "partialRounds": r_p,
                "constants": len(constants),
                "firstRoundConstant": integer(constants[0]),
                "lastRoundConstant": integer(constants[-1]),
                "mdsFirstRow": [integer(x) for x in mds[0]],
                "mdsLastRow": [integer(x) for x in mds[-1]],
                "hashes": [
                    {"tag": tag, "inputs": [integer(x) for x in xs], "hash": integer(poseidon(tag, xs))}
                    for tag in (0, 1, 31)
                    for xs in inputs
                ],
            }
        )
    return {"modulus": integer(Q), "domainTags": DOMAIN, "widths": widths}


def affine(p):
    return {"u": integer(p[0]), "v": integer(p[1]), "encoding": octets(point_bytes(p))}


def order_eight():
    """A point of order 8: [r_J]P of the first point found that is not in a smaller subgroup."""
    v = 2
    while True:
        p = point_from_bytes(le256(v))
        if p is not None:
            torsion = multiply(p, R_J)
            if multiply(torsion, 4) != IDENTITY:
                return torsion
        v += 1


TORSION = order_eight()


def jubjub_vectors():
    scalars = [0, 1, 2, 7, 8, 255, 1 << 128, R_J - 1, to_scalar(b2b("SERO_VECTOR", b"scalar"))]
    small = [multiply(TORSION, i) for i in range(8)]
    outside = [add(VIEW_BASE, p) for p in small[1:]]
    with_sign = bytearray(point_bytes(small[4]))  # (0, -1)
    with_sign[31] |= 0x80
    refused = [
        ("v is q (0 again)", le256(Q)),
        ("v is q + 1 (the identity again)", le256(Q + 1)),
        ("all bits but the sign set", b"\xff" * 31 + b"\x7f"),
        ("all bits set", b"\xff" * 32),
        ("the identity with its sign bit (ZIP 216)", le256(1 | 1 << 255)),
        ("the point of order 2 with its sign bit (ZIP 216)", bytes(with_sign)),
        ("v is 1 + q with the sign bit", le256((Q + 1) | 1 << 255)),
    ]
    for v in range(2, 40):
        if point_from_bytes(le256(v)) is None:
            refused.append((f"no point has v = {v}", le256(v)))
    assert all(point_from_bytes(b) is None for _, b in refused)
    return {
        "subgroupOrder": integer(R_J),
        "d": integer(jubjub.D),
        "viewBase": affine(VIEW_BASE),
        "spendBase": affine(SPEND_BASE),
        "multiples": [
            {"base": name, "scalar": integer(n), "point": affine(multiply(base, n))}
            for name, base in (("viewBase", VIEW_BASE), ("spendBase", SPEND_BASE))
            for n in scalars
        ],
        "sum": {"of": ["viewBase", "spendBase"], "point": affine(add(VIEW_BASE, SPEND_BASE))},
        "smallOrder": [{"order": order, "point": affine(p)} for p, order in zip(small, (1, 8, 4, 8, 2, 8, 4, 8))],
        "outsidePrimeSubgroup": [affine(p) for p in outside],
        "refusedEncodings": [{"why": why, "encoding": octets(b)} for why, b in refused],
    }


def _item(name, rk, hash_e, signature, **more):
    return {"name": name, **more, "rk": octets(rk), "hashE": integer(hash_e), "signature": octets(signature)}


def _challenge(r, rk, hash_e):
    return to_scalar(b2b("SERO_RedJ_C", r, rk, field_bytes(hash_e)))


def _signed_with_nonce(rsk, rk, r, nu, hash_e):
    """A signature with a chosen R encoding and key encoding: what a dishonest signer can make."""
    return r + le256((nu + _challenge(r, rk, hash_e) * rsk) % R_J)


def signature_vectors():
    honest = []
    for i, hash_e in enumerate((0, 1, Q - 1, to_field(b2b("SERO_VECTOR", b"hash_e")))):
        ask = to_scalar(b2b("SERO_VECTOR", b"ask", bytes([i])))
        alpha_random, t = fill(f"alpha {i}", 80), fill(f"T {i}", 80)
        alpha = to_scalar(alpha_random)
        rsk = (ask + alpha) % R_J
        ak = multiply(SPEND_BASE, ask)
        rk = point_bytes(add(ak, multiply(SPEND_BASE, alpha)))
        signature = sign(rsk, t, hash_e)
        assert verify(rk, hash_e, signature)
        honest.append(
            {
                "ask": integer(ask),
                "AK": octets(point_bytes(ak)),
                "alphaRandom": octets(alpha_random),
                "alpha": integer(alpha),
                "rsk": integer(rsk),
                "T": octets(t),
                **_item(f"honest {i}", rk, hash_e, signature),
                "R": octets(signature[:32]),
                "s": integer(number(signature[32:])),
            }
        )

    rsk, nu, m = (to_scalar(b2b("SERO_VECTOR", x)) for x in (b"rsk", b"nu", b"m"))
    rk_point, r_point = multiply(SPEND_BASE, rsk), multiply(SPEND_BASE, nu)
    rk, r = point_bytes(rk_point), point_bytes(r_point)
    good = _signed_with_nonce(rsk, rk, r, nu, m)
    assert verify(rk, m, good)

    torsion_r = point_bytes(add(r_point, TORSION))
    one = point_bytes(IDENTITY)
    accepted = [
        _item("R has a component of order 8", rk, m, _signed_with_nonce(rsk, rk, torsion_r, nu, m)),
        _item("R is the identity", rk, m, _signed_with_nonce(rsk, rk, one, 0, m)),
        _item("R is of order 8", rk, m, _signed_with_nonce(rsk, rk, point_bytes(TORSION), 0, m)),
    ]

    identity_with_sign = le256(1 | 1 << 255)
    torsion_rk = point_bytes(add(rk_point, TORSION))
    small_rk = point_bytes(TORSION)
    refused = [
        _item("s + r_J", rk, m, good[:32] + le256(number(good[32:]) + R_J)),
        _item("s is r_J more than zero", rk, m, r + le256(R_J)),
        _item("another s", rk, m, good[:32] + le256((number(good[32:]) + 1) % R_J)),
        _item("another message", rk, m + 1, good),
        _item("another key", point_bytes(multiply(SPEND_BASE, rsk + 1)), m, good),
        _item("R and s swapped", rk, m, good[32:] + good[:32]),
        _item("R negated", rk, m, point_bytes(jubjub.negate(r_point)) + good[32:]),
        _item("R is the identity spelt with a sign bit", rk, m, _signed_with_nonce(rsk, rk, identity_with_sign, 0, m)),
        _item("R is the identity spelt with v = q + 1", rk, m, _signed_with_nonce(rsk, rk, le256(Q + 1), 0, m)),
        _item("R is not a point", rk, m, le256(_no_point()) + good[32:]),
        _item("rk is the identity", one, m, _signed_with_nonce(0, one, r, nu, m)),
        _item(
            "rk is the identity spelt with a sign bit",
            identity_with_sign,
            m,
            _signed_with_nonce(0, identity_with_sign, r, nu, m),
        ),
        _item("rk is of order 8", small_rk, m, _signed_with_nonce(0, small_rk, r, nu, m)),
        _item("rk has a component of order 8", torsion_rk, m, _signed_with_nonce(rsk, torsion_rk, r, nu, m)),
        _item("rk is not a point", le256(_no_point()), m, good),
        _item("all zero", rk, m, bytes(64)),
        _item("a byte short", rk, m, good[:63]),
        _item("a byte long", rk, m, good + b"\0"),
    ]
    return {
        "honest": honest,
        "acceptedThoughOdd": [_checked(x, True) for x in accepted],
        "refused": [_checked(x, False) for x in refused],
    }


def _no_point():
    return next(v for v in range(2, 100) if point_from_bytes(le256(v)) is None)


def _checked(item, expected):
    signature = bytes.fromhex(item["signature"])
    valid = len(signature) == 64 and verify(bytes.fromhex(item["rk"]), int(item["hashE"], 16), signature)
    assert valid == expected, item["name"]
    return item
