"""keys.json and addresses.json."""

import keys as k
import text
from cases_primitives import TORSION
from fields import Q, R_J, field_bytes, le256, to_scalar
from forms import fill, integer, octets
from jubjub import IDENTITY, add, point_bytes
from keccak import keccak256

ABANDON = " ".join(["abandon"] * 23 + ["art"])
WINNER = "legal winner thank year wave sausage worth"
LEGAL = f"{WINNER} useful {WINNER} useful {WINNER} title"
ZOO = " ".join(["zoo"] * 23 + ["vote"])
PRODUCTION_CHAIN, DEVELOPMENT_CHAIN = 1938, 31938


def account(words=ABANDON, index=0, passphrase=""):
    return k.derive(k.account_seed(k.bip39_seed(words, passphrase), index))


def derived(keys):
    return {
        "seed": octets(keys.seed),
        "ZSK": octets(keys.zsk),
        "VSK": octets(keys.vsk_bytes),
        "ask": integer(keys.ask),
        "nk": integer(keys.nk),
        "qk": integer(keys.qk),
        "vsk": integer(keys.vsk),
        "tk": integer(keys.tk),
        "ovk": octets(keys.ovk),
        "AK": octets(keys.ak),
        "nkc": integer(keys.nkc),
        "VPK": octets(keys.vpk),
        "ZPK": integer(keys.zpk),
        "PK": octets(keys.pk),
        "TK": octets(keys.tracing_key),
        "PAK": octets(keys.proof_authorizing_key),
        "text": {
            network: {
                "PK": text.text("PK", network, keys.pk),
                "TK": text.text("TK", network, keys.tracing_key),
                "PAK": text.text("PAK", network, keys.proof_authorizing_key),
            }
            for network in ("production", "development")
        },
    }


def key_vectors():
    accounts = []
    for words, passphrase, indices in ((ABANDON, "", (0, 1, 7)), (LEGAL, "", (0, 0xFFFFFFFF)), (ZOO, "TREZOR", (0,))):
        for index in indices:
            bip39 = k.bip39_seed(words, passphrase)
            accounts.append(
                {
                    "words": words,
                    "passphrase": passphrase,
                    "bip39Seed": octets(bip39),
                    "account": index,
                    **derived(account(words, index, passphrase)),
                }
            )
    return {
        "accounts": accounts,
        "fromSeed": derived(k.derive(bytes(range(32)))),
        "refusedTK": refused_tracing_keys(account(), account(index=1)),
    }


def refused_tracing_keys(keys, other):
    """Well-formed bytes that are no tracing key: each replaces one part of an honest one."""
    parts = {
        "VSK": keys.vsk_bytes,
        "ZPK": field_bytes(keys.zpk),
        "AK": keys.ak,
        "nkc": field_bytes(keys.nkc),
        "qk": field_bytes(keys.qk),
    }

    def with_part(why, name, value):
        content = b"".join({**parts, name: value}.values())
        assert len(content) == 160
        return {"why": why, "content": octets(content), "text": text.text("TK", "production", content)}

    return [
        with_part("another account's VSK: the opening fails", "VSK", other.vsk_bytes),
        with_part("another account's ZPK: the opening fails", "ZPK", field_bytes(other.zpk)),
        with_part("another account's AK: the opening fails", "AK", other.ak),
        with_part("another account's nkc: the opening fails", "nkc", field_bytes(other.nkc)),
        with_part("another account's qk: the opening fails", "qk", field_bytes(other.qk)),
        with_part("ZPK is q", "ZPK", le256(Q)),
        with_part("AK is no point", "AK", le256(Q)),
    ]


def address_case(keys, e, **more):
    a = k.one_time_address(keys, e)
    return {
        **more,
        "PK": octets(keys.pk),
        "vsk": integer(keys.vsk),
        "e": integer(e),
        "S": octets(a.s),
        "r": integer(a.r),
        "VPKr": octets(a.vpkr),
        "ZPKr": integer(a.zpkr),
        "PKr": octets(a.pkr),
        "alias": octets(k.alias(a.pkr)),
        "text": {network: text.text("PKr", network, a.pkr) for network in ("production", "development")},
    }


def address_vectors():
    zero, seven = account(), account(index=7)
    own = [
        address_case(
            keys,
            k.own_scalar(keys, chain_id, number_of_class, index),
            VSK=octets(keys.vsk_bytes),
            chainId=chain_id,
            **{"class": number_of_class},
            className=name,
            index=index,
        )
        for keys, chain_id in (
            (zero, PRODUCTION_CHAIN),
            (zero, DEVELOPMENT_CHAIN),
            (seven, DEVELOPMENT_CHAIN),
        )
        for name, number_of_class in k.CLASS.items()
        for index in ((0, 1, 1000) if keys is zero else (0,))
    ]
    contract = {
        "chainId": DEVELOPMENT_CHAIN,
        "evmAddress": octets(fill("contract", 20)),
        "creator": octets(k.alias(bytes.fromhex(own[0]["PKr"]))),
        "codeHash": octets(keccak256(b"init code")),
    }
    parts = [bytes.fromhex(contract[x]) for x in ("evmAddress", "creator", "codeHash")]
    content = k.contract_address(DEVELOPMENT_CHAIN, *parts)
    return {
        "fromScalar": [
            address_case(keys, e)
            for keys in (zero, seven)
            for e in (1, 2, to_scalar(fill("e", 64)), R_J - 1)
        ],
        "own": own,
        "contracts": [
            {
                **contract,
                "CADDR": octets(content),
                "text": {network: text.text("CADDR", network, content) for network in ("production", "development")},
            }
        ],
        "refusedPKr": refused_addresses(k.one_time_address(zero, 5)),
        "refusedText": refused_texts(zero, own[0]),
    }


def refused_addresses(a):
    zpkr = field_bytes(a.zpkr)
    cases = [
        ("VPKr is the identity", point_bytes(IDENTITY) + zpkr),
        ("VPKr is of order 8", point_bytes(TORSION) + zpkr),
        ("VPKr has a component of order 8", point_bytes(add(a.vpkr_point, TORSION)) + zpkr),
        ("VPKr is the identity spelt with a sign bit", le256(1 | 1 << 255) + zpkr),
        ("VPKr has v = q", le256(Q) + zpkr),
        ("ZPKr is q", a.vpkr + le256(Q)),
        ("ZPKr is 2^256 - 1", a.vpkr + b"\xff" * 32),
        ("63 bytes", (a.vpkr + zpkr)[:63]),
        ("65 bytes", a.vpkr + zpkr + b"\0"),
    ]
    return [{"why": why, "bytes": octets(content)} for why, content in cases]


def refused_texts(keys, own):
    """Strings that no decoder of a production PK may take."""
    good = text.text("PK", "production", keys.pk)

    def jumbled_as(type_byte, prefix):
        return text.f4jumble(bytes([type_byte]) + keys.pk + prefix.ljust(16, b"\0"))

    pkr = bytes.fromhex(own["PKr"])
    changed = "q" if good[40] != "q" else "p"

    def wrapped(jumble):
        return text.bech32m("sero", text.f4jumble(jumble))

    padding = b"sero".ljust(16, b"\0")
    cases = [
        ("one character changed", good[:40] + changed + good[41:]),
        ("two characters swapped", _swapped(good)),
        ("mixed case", good[:20] + good[20:].upper()),
        ("a character short", good[:-1]),
        ("bech32 instead of bech32m", text.bech32m("sero", jumbled_as(1, b"sero"), constant=1)),
        ("the development network's text", text.text("PK", "development", keys.pk)),
        ("the development network's jumbled bytes under this prefix", text.bech32m("sero", jumbled_as(1, b"serodev"))),
        ("not jumbled", text.bech32m("sero", b"\x01" + keys.pk + padding)),
        ("the type byte of a PKr", text.bech32m("sero", jumbled_as(2, b"sero"))),
        ("a PKr's text", own["text"]["production"]),
        ("a PKr's jumbled bytes under this prefix", wrapped(b"\x02" + pkr + b"seror".ljust(16, b"\0"))),
        ("a tracing key's text", text.text("TK", "production", keys.tracing_key)),
        ("63 bytes of content", wrapped(b"\x01" + keys.pk[:63] + padding)),
        ("65 bytes of content", wrapped(b"\x01" + keys.pk + b"\0" + padding)),
        ("ZPK is q", text.text("PK", "production", keys.vpk + le256(Q))),
        ("VPK is no point", text.text("PK", "production", le256(Q) + field_bytes(keys.zpk))),
        ("VPK is the identity", text.text("PK", "production", point_bytes(IDENTITY) + field_bytes(keys.zpk))),
        ("the prefix alone", "sero1"),
        ("nothing", ""),
    ]
    return [{"why": why, "text": string} for why, string in cases]


def _swapped(good):
    at = next(i for i in range(30, len(good)) if good[i] != good[i + 1])
    return good[:at] + good[at + 1] + good[at] + good[at + 2 :]
