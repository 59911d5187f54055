"""notes.json, encryption.json and tree.json."""

import notes as n
import tree
from aead import seal
from blake import b2b, b2b_256
from cases_keys import ABANDON, DEVELOPMENT_CHAIN, PRODUCTION_CHAIN, account
from fields import Q, field_bytes, le64, le128, le256, to_field
from forms import amount, fill, integer, octets
from jubjub import VIEW_BASE, multiply, point_bytes
from keys import one_time_address
from poseidon import h

MAX_VALUE = (1 << 128) - 1


def asset_cases():
    cases = []
    for chain_id in (PRODUCTION_CHAIN, DEVELOPMENT_CHAIN):
        for name in ("A", "TEST-COIN_2.0", "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"):
            padded = n.name32(name)
            cases.append(
                {
                    "what": "token",
                    "chainId": chain_id,
                    "kind": n.TOKEN,
                    "name": name,
                    "name32": octets(padded),
                    "asset": integer(n.asset_id(chain_id, n.TOKEN, padded)),
                }
            )
        category, ticket = n.name32("OPERA"), fill("ticket", 32)
        hashed = n.ticket_name32(category, ticket)
        cases.append(
            {
                "what": "ticket",
                "chainId": chain_id,
                "kind": n.TICKET,
                "category": "OPERA",
                "category32": octets(category),
                "id32": octets(ticket),
                "name32": octets(hashed),
                "asset": integer(n.asset_id(chain_id, n.TICKET, hashed)),
            }
        )
        cases.append(
            {
                "what": "category",
                "chainId": chain_id,
                "kind": n.TICKET,
                "name": "OPERA",
                "name32": octets(category),
                "asset": integer(n.asset_id(chain_id, n.TICKET, category)),
            }
        )
    return cases


TOKEN_ASSET = n.asset_id(DEVELOPMENT_CHAIN, n.TOKEN, n.name32("TEST-COIN_2.0"))
FIRST_NIL = to_field(fill("first nullifier", 64))


def sample_notes():
    """(receiver's account number, asset, value, position in the tree, output index)."""
    return [
        (0, n.SERO, 10**18, 0, 0),
        (1, n.SERO, 1, 5, 1),
        (1, TOKEN_ASSET, 250_000, 65_535, 2),
        (7, TOKEN_ASSET, MAX_VALUE, 4**18 - 1, 15),
        (0, n.SERO, 0, 7, 0),
    ]


def note_of(receiver_index, asset, value, output_index):
    rseed = fill(f"rseed {output_index} {value}", 32)
    receiver = account(index=receiver_index)
    return receiver, n.note(receiver, asset, value, rseed, n.context(FIRST_NIL, output_index))


def note_vectors():
    cases = []
    for receiver_index, asset, value, position, output_index in sample_notes():
        receiver, note = note_of(receiver_index, asset, value, output_index)
        nil = n.nullifier(receiver.nk, note.cm, position)
        cases.append(
            {
                "receiverAccount": receiver_index,
                "PK": octets(receiver.pk),
                "nk": integer(receiver.nk),
                "tk": integer(receiver.tk),
                "ZPK": integer(receiver.zpk),
                "asset": integer(asset),
                "value": amount(value),
                "firstNil": integer(FIRST_NIL),
                "outputIndex": output_index,
                "ctx": octets(note.ctx),
                "rseed": octets(note.rseed),
                "rcm": integer(note.rcm),
                "e": integer(note.address.e),
                "VPKr": octets(note.address.vpkr),
                "VPKrU": integer(note.address.vpkr_point[0]),
                "ZPKr": integer(note.address.zpkr),
                "data": integer(0),
                "CM": integer(note.cm),
                "position": position,
                "NIL": integer(nil),
                "TRACE": integer(n.trace(receiver, nil, position, value)),
                "isReal": value != 0,
            }
        )
    genesis_hash = fill("genesis", 32)
    txids = [to_field(fill("txid", 64)), 0, Q - 1]
    return {
        "receiverWords": ABANDON,
        "assets": asset_cases(),
        "notes": cases,
        "publicOutputs": [
            {"txid": integer(txid), "index": index, "rcm": integer(n.public_rcm(txid, index))}
            for txid in txids
            for index in (0, 1, 63)
        ],
        "systemTxids": [
            {
                "genesisHash": octets(genesis_hash),
                "height": amount(height),
                "purpose": purpose,
                "n": i,
                "txid": integer(txid),
                "rcm": integer(n.public_rcm(txid, 0)),
            }
            for height, purpose, i in ((0, 0, 0), (0, 0, 9), (2**40, 0, 1))
            for txid in [n.system_txid(genesis_hash, height, purpose, i)]
        ],
        "hashes": hash_cases(),
    }


def hash_cases():
    """Every domain-separated hash on small and on large inputs."""
    arity = {"node": 4, "nk": 1, "zpk": 5, "zpkr": 2, "cm": 6, "nil": 3, "trace": 3, "pub": 2, "qk": 1}
    return [
        {"name": name, "inputs": [integer(x) for x in inputs], "hash": integer(h(name, *inputs))}
        for name, count in arity.items()
        for inputs in (range(1, count + 1), [Q - 1 - i for i in range(count)])
    ]


def encryption_vectors():
    sender = account(index=0)
    memo_key = fill("memo key", 32)
    text = "Thank you for the opera tickets – grüße, 谢谢"
    cases = []
    for receiver_index, asset, value, _, output_index in sample_notes():
        receiver, note = note_of(receiver_index, asset, value, output_index)
        sealed = n.encrypt(note, receiver, sender)
        wrapping, wrapped = n.wrap_memo_key(note, memo_key)
        cases.append(
            {
                "senderAccount": 0,
                "senderOvk": octets(sender.ovk),
                "receiverAccount": receiver_index,
                "receiverPK": octets(receiver.pk),
                "receiverVsk": integer(receiver.vsk),
                "asset": integer(asset),
                "value": amount(value),
                "rseed": octets(note.rseed),
                "ctx": octets(note.ctx),
                "e": integer(note.address.e),
                "VPKr": octets(note.address.vpkr),
                "S": octets(note.address.s),
                "CM": integer(note.cm),
                "noteKey": octets(sealed.note_key),
                "notePlaintext": octets(sealed.note_plaintext),
                "enc": octets(sealed.enc),
                "tag": octets(sealed.tag),
                "ock": octets(sealed.outgoing_key),
                "outPlaintext": octets(sealed.outgoing_plaintext),
                "out": octets(sealed.out),
                "memoKeyWrappingKey": octets(wrapping),
                "memoKey": octets(wrapped),
            }
        )
    return {
        "words": ABANDON,
        "outputs": cases,
        "memo": {
            "text": text,
            "plaintext": octets(n.memo_bytes(text)),
            "key": octets(memo_key),
            "ciphertext": octets(seal(memo_key, n.memo_bytes(text))),
        },
        "notPayments": not_payments(account(index=1), sender),
        "outNotCounted": out_not_counted(account(index=1), sender),
    }


def _output(vpkr, cm, shared, plaintext):
    key = b2b_256("SERO_kdf", shared, vpkr, field_bytes(cm))
    return {
        "CM": integer(cm),
        "VPKr": octets(vpkr),
        "tag": octets(b2b("SERO_tag", shared, vpkr)[:2]),
        "enc": octets(seal(key, plaintext)),
    }


def not_payments(receiver, other):
    """Outputs that decrypt under the receiver's viewing key and are nevertheless no payment to it."""
    rseed, ctx = fill("attack", 32), n.context(FIRST_NIL, 3)
    good = n.note(receiver, n.SERO, 10**18, rseed, ctx)
    a = good.address

    def plain(asset=n.SERO, value=10**18, seed=rseed, version=1):
        return bytes([version]) + field_bytes(asset) + le128(value) + seed

    def commit(zpkr=a.zpkr, value=10**18, data=0, rcm=good.rcm):
        return n.commitment(n.SERO, value, a.vpkr_point[0], zpkr, rcm, data)

    foreign = one_time_address(other, a.e).zpkr
    # A sender who publishes [e + 1]G, or -[e]G, and seals the seed of e.
    shifted = one_time_address(receiver, a.e + 1)
    shifted_cm = n.commitment(n.SERO, 10**18, shifted.vpkr_point[0], shifted.zpkr, good.rcm)
    negated = multiply(VIEW_BASE, a.e)
    negated = (Q - negated[0], negated[1])
    negated_vpkr = point_bytes(negated)
    negated_shared = point_bytes(multiply(negated, 8 * receiver.vsk))
    negated_r = to_field(b2b("SERO_r", negated_shared, negated_vpkr))
    negated_cm = n.commitment(n.SERO, 10**18, negated[0], h("zpkr", receiver.zpk, negated_r), good.rcm)
    honest = _output(a.vpkr, good.cm, a.s, plain())
    cases = [
        ("version 0", _output(a.vpkr, good.cm, a.s, plain(version=0))),
        ("version 2", _output(a.vpkr, good.cm, a.s, plain(version=2))),
        ("the value told is not the value committed to", _output(a.vpkr, good.cm, a.s, plain(value=2 * 10**18))),
        ("the asset told is not the asset committed to", _output(a.vpkr, good.cm, a.s, plain(asset=TOKEN_ASSET))),
        (
            "the asset told is not canonical",
            _output(a.vpkr, good.cm, a.s, b"\x01" + le256(Q + n.SERO) + le128(10**18) + rseed),
        ),
        ("the commitment is to somebody else's ZPKr", _output(a.vpkr, commit(zpkr=foreign), a.s, plain())),
        ("the commitment is to data 1", _output(a.vpkr, commit(data=1), a.s, plain())),
        ("the commitment is to another rcm", _output(a.vpkr, commit(rcm=good.rcm + 1), a.s, plain())),
        ("the seed belongs to another scalar than VPKr's", _output(shifted.vpkr, shifted_cm, shifted.s, plain())),
        ("VPKr is minus the seed's point", _output(negated_vpkr, negated_cm, negated_shared, plain())),
        ("the tag is another's", {**honest, "tag": octets(_flipped(bytes.fromhex(honest["tag"]), 0))}),
        ("a byte of the ciphertext is changed", {**honest, "enc": octets(_flipped(bytes.fromhex(honest["enc"]), 50))}),
    ]
    return {
        "receiverAccount": 1,
        "ctx": octets(ctx),
        "honest": honest,
        "refused": [{"why": why, **output} for why, output in cases],
    }


def _flipped(b, at):
    return b[:at] + bytes([b[at] ^ 1]) + b[at + 1 :]


def out_not_counted(receiver, sender):
    """Out-ciphertexts that open under the sender's ovk and do not open the note."""
    ctx = n.context(FIRST_NIL, 4)
    good = n.note(receiver, n.SERO, 10**18, fill("out attack", 32), ctx)
    sealed = n.encrypt(good, receiver, sender)
    a = good.address

    def case(why, plaintext):
        return {"why": why, "out": octets(seal(sealed.outgoing_key, plaintext))}

    return {
        "senderAccount": 0,
        "ctx": octets(ctx),
        "CM": integer(good.cm),
        "VPKr": octets(a.vpkr),
        "tag": octets(sealed.tag),
        "enc": octets(sealed.enc),
        "honestOut": octets(sealed.out),
        "refused": [
            case("e is another scalar", receiver.pk + le256(a.e + 1)),
            case("PK is another account's", sender.pk + le256(a.e)),
            case("PK's ZPK is not canonical", receiver.pk[:32] + le256(Q) + le256(a.e)),
            case("PK's VPK is no point", le256(Q) + receiver.pk[32:] + le256(a.e)),
        ],
    }


def tree_vectors():
    leaves = [to_field(b2b("SERO_VECTOR", b"leaf", le64(i))) for i in range(100)]
    uniform = to_field(fill("uniform leaf", 64))
    return {
        "depth": tree.DEPTH,
        "emptyNodeByLevel": [integer(tree.empty(level)) for level in range(tree.DEPTH + 1)],
        "leaves": [integer(x) for x in leaves],
        "rootsAfter": [
            {"leaves": count, "root": integer(tree.root(leaves[:count]))}
            for count in (0, 1, 2, 3, 4, 5, 16, 17, 64, 65, 100)
        ],
        "paths": [
            _path(leaves[:count], position)
            for count, position in ((1, 0), (5, 4), (17, 3), (17, 16), (100, 63), (100, 99))
        ],
        "uniform": {
            "leaf": integer(uniform),
            "completeShardRoot": integer(tree.uniform_root(uniform, 4**tree.SHARD_LEVEL, tree.SHARD_LEVEL)),
            "rootsAfter": [
                {"leaves": count, "root": integer(tree.uniform_root(uniform, count))}
                for count in (1, 5, 1000, 65_535, 65_536, 65_537, 3 * 65_536, 4**18 - 1, 4**18)
            ],
        },
    }


def _path(leaves, position):
    steps = tree.path(leaves, position)
    root = tree.root(leaves)
    assert tree.fold(leaves[position], steps) == root
    return {
        "leaves": len(leaves),
        "position": position,
        "leaf": integer(leaves[position]),
        "root": integer(root),
        "steps": [{"place": place, "siblings": [integer(x) for x in siblings]} for place, siblings in steps],
    }
