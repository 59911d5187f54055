#!/usr/bin/env python3
"""Writes the test vectors:  python3 test/vectors/reference/generate.py [FOLDER]

An implementation of docs/protocol.md, sections 1 to 5 and 11, that shares nothing with the one under packages/. Python 3.10 or
newer, standard library only. The folder is test/vectors unless given; the same bytes come out every time."""

import hashlib
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import cases_keys
import cases_notes
import cases_primitives
import cases_sortition
import cases_transaction
import known

FILES = {
    "poseidon": cases_primitives.poseidon_vectors,
    "jubjub": cases_primitives.jubjub_vectors,
    "signature": cases_primitives.signature_vectors,
    "keys": cases_keys.key_vectors,
    "addresses": cases_keys.address_vectors,
    "notes": cases_notes.note_vectors,
    "encryption": cases_notes.encryption_vectors,
    "tree": cases_notes.tree_vectors,
    "hash_e": cases_transaction.hash_e_vectors,
    "sortition": cases_sortition.sortition_vectors,
}


def main(folder):
    known.check()
    sums = []
    for name, make in FILES.items():
        content = (json.dumps(make(), indent=1, ensure_ascii=False) + "\n").encode()
        (folder / f"{name}.json").write_bytes(content)
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}.json\n")
    (folder / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
