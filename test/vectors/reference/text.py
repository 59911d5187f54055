"""F4Jumble (ZIP 316), bech32m (BIP 350) and the text form of keys and addresses (docs/protocol.md, section 2)."""

import hashlib

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

TYPE = {"PK": 1, "PKr": 2, "CADDR": 3, "TK": 4, "PAK": 5}
PREFIX = {
    "production": {"PK": "sero", "PKr": "seror", "CADDR": "seroc", "TK": "serotk", "PAK": "seropak"},
    "development": {"PK": "serodev", "PKr": "serordev", "CADDR": "serocdev", "TK": "serotkdev", "PAK": "seropakdev"},
}


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _h(i, size, u):
    return hashlib.blake2b(u, digest_size=size, person=b"UA_F4Jumble_H" + bytes([i, 0, 0])).digest()


def _g(i, size, u):
    out = b""
    j = 0
    while len(out) < size:
        out += hashlib.blake2b(u, person=b"UA_F4Jumble_G" + bytes([i]) + j.to_bytes(2, "little")).digest()
        j += 1
    return out[:size]


def f4jumble(message):
    assert 48 <= len(message) <= 4194368
    left = min(64, len(message) // 2)
    right = len(message) - left
    a, b = message[:left], message[left:]
    x = _xor(b, _g(0, right, a))
    y = _xor(a, _h(0, left, x))
    d = _xor(x, _g(1, right, y))
    c = _xor(y, _h(1, left, d))
    return c + d


def _polymod(values):
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= g if (top >> i) & 1 else 0
    return check


def _fives(data):
    bits = "".join(format(byte, "08b") for byte in data)
    bits += "0" * (-len(bits) % 5)
    return [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]


def bech32m(prefix, data, constant=0x2BC830A3):
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values = _fives(data)
    check = _polymod(expanded + values + [0] * 6) ^ constant
    values += [(check >> 5 * (5 - i)) & 31 for i in range(6)]
    return prefix + "1" + "".join(ALPHABET[v] for v in values)


def text(kind, network, content):
    prefix = PREFIX[network][kind]
    return bech32m(prefix, f4jumble(bytes([TYPE[kind]]) + content + prefix.encode().ljust(16, b"\0")))
