"""hash_e.json: whole transactions, their encoding and their names."""

import transaction as t
from cases_keys import DEVELOPMENT_CHAIN, account
from fields import R_J, field_bytes, le32, to_field, to_scalar
from forms import amount, fill, integer, octets
from jubjub import SPEND_BASE, VIEW_BASE, add, multiply, point_bytes
from keys import contract_address, one_time_address, own_scalar
from redjubjub import sign, verify

GENESIS_HASH = fill("genesis", 32)
BASE_GAS_PRICE = 10**9
AMOUNTS = {"chainId", "expiry", "gasLimit", "gasPrice", "anchor", "value", "amount", "supply"}


def field(label):
    return field_bytes(to_field(fill(label, 64)))


def point(label, base=VIEW_BASE):
    return point_bytes(multiply(base, to_scalar(fill(label, 64))))


def own_address(account_index, address_class, index):
    keys = account(index=account_index)
    return one_time_address(keys, own_scalar(keys, DEVELOPMENT_CHAIN, address_class, index)).pkr


def output(label):
    return {
        "cm": field(label + " cm"),
        "vpkr": point(label + " vpkr"),
        "tag": fill(label + " tag", 2),
        "enc": fill(label + " enc", 97),
        "out": fill(label + " out", 112),
        "memoKey": fill(label + " memoKey", 48),
    }


def shielded(label, anchor, ak, alpha, inputs, outputs):
    return {
        "anchor": anchor,
        "rk": point_bytes(add(ak, multiply(SPEND_BASE, alpha))),
        "nullifiers": [field(f"{label} nil {i}") for i in range(inputs)],
        "traces": [field(f"{label} trace {i}") for i in range(inputs)],
        "outputs": [output(f"{label} output {i}") for i in range(outputs)],
    }


def intrinsic_gas(kind, inputs, outputs, memo=b"", data=b"", recipients=0, non_zero=0):
    """Shape A's (inputs 2) or B's and C's proof; kinds 0 to 3 (design of the ledger, Gas)."""
    proof = 45_000 if (inputs, outputs) == (2, 3) else 60_000
    total = 21_000 + proof + 22_100 * inputs + 25_000 * outputs + 16 * (len(memo) + len(data)) + 44_200 * recipients
    if kind == 3:
        total += 100_000
    if kind in (1, 2):
        total += 25_000 + 25_000 * non_zero
        total += -total % 100_000
    return total


def base(label, kind, circuit=1, memo=b"", call=None, recipients=(), body=b"", asset=bytes(32), from_class=0):
    """A transaction whose public amounts tie to its gas and call."""
    keys, alpha = account(), to_scalar(fill(label + " alpha", 80))
    inputs, outputs = {1: (2, 3), 2: (8, 4), 3: (2, 16)}[circuit]
    value, token, data = (call["value"], call["amount"], call["data"]) if call else (0, 0, b"")
    gas = intrinsic_gas(kind, inputs, outputs, memo, data, len(recipients), (value > 0) + (token > 0))
    tx = {
        "version": 1,
        "kind": kind,
        "proofSystem": 1,
        "circuit": circuit,
        "chainId": DEVELOPMENT_CHAIN,
        "expiry": 1600,
        "gasLimit": gas,
        "gasPrice": BASE_GAS_PRICE,
        "from": own_address(0, from_class, 0),
        "shielded": shielded(label, 1000, keys.ak_point, alpha, inputs, outputs),
        "memo": memo,
        "pub": {"asset": asset, "pubOut": [gas * BASE_GAS_PRICE + value, token]},
        "call": [call] if call else [],
        "recipients": list(recipients),
        "body": body,
    }
    return tx, (keys.ask + alpha) % R_J


def asset_body(**parts):
    return t.serialize(t.ASSET_BODY, {"commit": [], "issue": [], **parts})


def contract(label):
    return contract_address(DEVELOPMENT_CHAIN, fill(label, 20), fill(label + " creator", 20), fill(label + " code", 32))


def cases():
    token = field("token")
    salt, name = fill("salt", 32), b"TEST-COIN_2.0"
    commit = {"hash": fill("name commitment", 32)}
    issue = {"name": name, "salt": salt, "supply": 10**24, "kind": 1}
    category = {"name": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", "salt": salt, "supply": 0, "kind": 2}
    call = {"to": [contract("callee")], "data": fill("calldata", 100), "value": 7 * 10**17, "amount": 12_345}
    recipients = [own_address(0, 1, 0), own_address(1, 0, 3)]
    rich_call = base("call", 1, memo=fill("call memo", 528), call=call, recipients=recipients, asset=token)
    plain_call = {"to": [contract("callee")], "data": b"", "value": 0, "amount": 0}
    create = {"to": [], "data": fill("init code", 333), "value": 0, "amount": 0}
    return [
        ("pay, no memo", *base("pay", 0)),
        ("pay, memo", *base("pay memo", 0, memo=fill("memo", 528))),
        ("pay, shape B", *base("pay B", 0, circuit=2)),
        ("pay, shape C", *base("pay C", 0, circuit=3)),
        ("call with SERO, a token, a memo and two recipients", *rich_call),
        ("call with nothing", *base("plain call", 1, call=plain_call)),
        ("create", *base("create", 2, call=create)),
        ("asset, commit", *base("commit", 3, body=asset_body(commit=[commit]), from_class=2)),
        ("asset, issue a token", *base("issue", 3, body=asset_body(issue=[issue]), from_class=2)),
        ("asset, issue a category", *base("category", 3, body=asset_body(issue=[category]), from_class=2)),
    ]


def described(value, name=""):
    """The value in JSON: bytes as hexadecimal, what may pass 2^53 as decimal strings."""
    if isinstance(value, dict):
        return {key: described(x, key) for key, x in value.items()}
    if isinstance(value, list):
        return [amount(x) if name == "pubOut" else described(x, name) for x in value]
    if isinstance(value, bytes):
        return octets(value)
    return amount(value) if name in AMOUNTS else value


def case(name, tx, rsk):
    encoded = t.serialize(t.TX, tx)
    hash_e = t.hash_e(GENESIS_HASH, encoded)
    random, proof = fill(name + " T", 80), fill(name + " proof", 192)
    signature = sign(rsk, random, hash_e)
    assert verify(tx["shielded"]["rk"], hash_e, signature)
    authorization = {"proof": proof, "signature": signature}
    envelope = t.envelope(encoded, [authorization])
    return {
        "name": name,
        "tx": described(tx),
        "encodedTx": octets(encoded),
        "hashE": integer(hash_e),
        "txid": octets(field_bytes(hash_e)),
        "rsk": integer(rsk),
        "T": octets(random),
        "authorization": described(authorization),
        "envelope": octets(envelope),
        "wtxid": octets(t.wtxid(envelope)),
    }


def bare_case(name, tx):
    encoded = t.serialize(t.BARE_TX, tx)
    envelope = t.envelope(encoded, [])
    return {
        "name": name,
        "tx": described(tx),
        "encodedTx": octets(encoded),
        "envelope": octets(envelope),
        "wtxid": octets(t.wtxid(envelope)),
    }


def bare(kind, size):
    return {
        "version": 1,
        "kind": kind,
        "proofSystem": 0,
        "circuit": 0,
        "chainId": DEVELOPMENT_CHAIN,
        "body": fill(f"bare {kind}", size),
    }


def hash_e_vectors():
    all_cases = cases()
    return {
        "genesisHash": octets(GENESIS_HASH),
        "transactions": [case(*x) for x in all_cases],
        "bareTransactions": [
            bare_case("evidence", bare(9, 700)),
            bare_case("Ethereum envelope", bare(10, 110)),
            bare_case("empty body", bare(10, 0)),
        ],
        "assetBodies": [
            {"name": name, "body": octets(tx["body"])} for name, tx, _ in all_cases if tx["kind"] == 3
        ],
        "refusedEnvelopes": refused_envelopes({name: tx for name, tx, _ in all_cases}),
    }


def refused_envelopes(transactions):
    """Byte strings that are not the one encoding of anything, each made from an honest envelope."""
    encoded = t.serialize(t.TX, transactions["pay, no memo"])
    encoded_call = t.serialize(t.TX, transactions["call with nothing"])
    bare_tx = t.serialize(t.BARE_TX, bare(9, 700))
    authorization = {"proof": fill("refused proof", 192), "signature": fill("refused signature", 64)}
    good = t.envelope(encoded, [authorization])

    def with_offset(at, delta, source=good):
        moved = int.from_bytes(source[at : at + 4], "little") + delta
        return source[:at] + moved.to_bytes(4, "little") + source[at + 4 :]

    def with_tx(changed):
        return t.envelope(changed, [authorization])

    # The offsets inside Tx stand at: shielded 108, memo 112, call 180, recipients 184, body 188.
    assert encoded[108:112] == le32(192)
    call_at = int.from_bytes(encoded_call[180:184], "little")
    assert encoded_call[call_at : call_at + 4] == le32(4)
    return [
        {"why": why, "bytes": octets(b)}
        for why, b in (
            ("empty", b""),
            ("seven bytes", good[:7]),
            ("a byte cut off the end", good[:-1]),
            ("a byte after the end", good + b"\0"),
            ("the first offset is 9 (a gap)", with_offset(0, 1)),
            ("the first offset is 7 (an overlap)", with_offset(0, -1)),
            ("the second offset lies before the first", good[:4] + le32(4) + good[8:]),
            ("the second offset lies past the end", good[:4] + le32(len(good) + 1) + good[8:]),
            ("the authorization is a byte short", with_offset(4, 1)),
            ("two authorizations", good + good[-256:]),
            ("shielded begins one byte late", with_tx(with_offset(108, 1, encoded))),
            ("the memo's offset lies before shielded's", with_tx(encoded[:112] + le32(100) + encoded[116:])),
            ("the body begins past the end", with_tx(with_offset(188, 10_000, encoded))),
            ("the list of calls begins with a gap", with_tx(with_offset(call_at, 4, encoded_call))),
            ("the list of calls begins with offset 0", with_tx(with_offset(call_at, -4, encoded_call))),
            ("a bare transaction's body begins one byte late", t.envelope(with_offset(12, 1, bare_tx), [])),
        )
    ]
