"""Keys and addresses (docs/protocol.md, section 2)."""

import hashlib
import unicodedata
from types import SimpleNamespace

from blake import b2b
from fields import field_bytes, le32, le64, to_field, to_scalar
from jubjub import IDENTITY, SPEND_BASE, VIEW_BASE, multiply, point_bytes
from keccak import keccak256
from poseidon import h

CLASS = {"one-time": 0, "session": 1, "owner": 2}


def bip39_seed(words, passphrase=""):
    nfkd = [unicodedata.normalize("NFKD", x).encode() for x in (words, "mnemonic" + passphrase)]
    return hashlib.pbkdf2_hmac("sha512", nfkd[0], nfkd[1], 2048)


def account_seed(bip39, account):
    return b2b("SERO_HD_v1", bip39, le32(account))[:32]


def derive(seed):
    """Everything that follows from an account's 32-byte seed."""
    k = SimpleNamespace(seed=seed)
    k.zsk = b2b("SERO_ZSKADD", seed)[:32]
    k.vsk_bytes = b2b("SERO_VSKADD", seed)[:32]
    k.ask = to_scalar(b2b("SERO_ask", k.zsk))
    k.nk = to_field(b2b("SERO_nk", k.zsk))
    k.qk = h("qk", to_field(b2b("SERO_qk", k.zsk)))
    k.vsk = to_scalar(b2b("SERO_vsk", k.vsk_bytes))
    k.tk = to_field(b2b("SERO_tk", k.vsk_bytes))
    k.ovk = b2b("SERO_ovk", k.vsk_bytes)[:32]
    assert k.ask and k.vsk
    k.ak_point = multiply(SPEND_BASE, k.ask)
    k.nkc = h("nk", k.nk)
    k.vpk_point = multiply(VIEW_BASE, k.vsk)
    k.zpk = h("zpk", *k.ak_point, k.nkc, k.tk, k.qk)
    k.ak, k.vpk = point_bytes(k.ak_point), point_bytes(k.vpk_point)
    k.pk = k.vpk + field_bytes(k.zpk)
    k.tracing_key = k.vsk_bytes + field_bytes(k.zpk) + k.ak + field_bytes(k.nkc) + field_bytes(k.qk)
    k.proof_authorizing_key = k.ak + field_bytes(k.nk) + field_bytes(k.qk) + k.vsk_bytes
    return k


def one_time_address(keys, e):
    """PKr of an account for the scalar e, by the payer's side; the owner's side must agree."""
    a = SimpleNamespace(e=e)
    a.vpkr_point = multiply(VIEW_BASE, e)
    a.vpkr = point_bytes(a.vpkr_point)
    shared = multiply(keys.vpk_point, 8 * e)
    assert shared == multiply(a.vpkr_point, 8 * keys.vsk) and shared != IDENTITY
    a.s = point_bytes(shared)
    a.r = to_field(b2b("SERO_r", a.s, a.vpkr))
    a.zpkr = h("zpkr", keys.zpk, a.r)
    a.pkr = a.vpkr + field_bytes(a.zpkr)
    return a


def own_scalar(keys, chain_id, address_class, index):
    return to_scalar(b2b("SERO_pkr", keys.vsk_bytes, le64(chain_id), bytes([address_class]), le64(index)))


def alias(pkr):
    return keccak256(b"sero/alias/1" + pkr)[12:32]


def contract_address(chain_id, evm_address, creator, code_hash):
    """CADDR (design of the ledger, "Addresses in the machine")."""
    return evm_address + b2b("SERO_CADDR", le64(chain_id), evm_address, creator, code_hash)[:44]
