"""sortition.json."""

from forms import amount, fill, integer, octets
from sortition import ONE, alpha, cdf, digest, drawn, leader, next_seed, refresh_height, seed_input

# weight, total, expected size
TABLES = [
    (1, 2, 1),
    (1, 1_000_000_000, 2_990),
    (7, 9, 4),
    (200, 400, 200),
    (1_000, 20_000, 1_500),
    (1_000_000, 1_000_000_000, 2_990),
    (400, 400, 399),
    (10_000, 100_000, 20),
    (10**15, 10**16, 5_000),
    (1 << 60, 1 << 60, 6_000),
    ((1 << 63) - 1, (1 << 63) - 1, 2_990),
]


def some(count):
    """Indexes to show: both ends, the middle, and what lies around them."""
    chosen = {0, 1, 2, count // 4, count // 2, 3 * count // 4, count - 3, count - 2, count - 1}
    return sorted(j for j in chosen if 0 <= j < count)


def table(weight, total, size):
    sums = cdf(weight, total, size)
    digests = {0, 1, ONE >> 1, ONE - 1}
    for j in some(len(sums)):
        digests |= {sums[j] - 1, sums[j], sums[j] + 1}
    for i in range(8):
        digests.add(int.from_bytes(fill(f"digest {weight} {i}", 32), "big"))
    return {
        "weight": amount(weight),
        "total": amount(total),
        "size": amount(size),
        "last": len(sums) - 1,
        "cdf": [{"j": j, "value": integer(sums[j])} for j in some(len(sums))],
        "draws": [{"digest": integer(d), "j": drawn(sums, d)} for d in sorted(digests) if 0 <= d < ONE],
    }


def draw(n):
    genesis_hash, seed, record = (fill(f"{what} {n}", 32) for what in ("genesis", "seed", "record"))
    round_number, period, step = (1 + 977 * n) ** 5, n * n, (0, 1, 2, 3, 252, 253, 254, 255)[n]
    output = fill(f"output {n}", 64)
    weight, total, size = TABLES[n]
    units = drawn(cdf(weight, total, size), digest(output, record))
    return {
        "genesisHash": octets(genesis_hash),
        "seed": octets(seed),
        "round": amount(round_number),
        "period": period,
        "step": step,
        "alpha": octets(alpha(genesis_hash, seed, round_number, period, step)),
        "output": octets(output),
        "record": octets(record),
        "weight": amount(weight),
        "total": amount(total),
        "size": amount(size),
        "digest": integer(digest(output, record)),
        "units": amount(units),
        "leaderOfUnits": [{"units": j, "value": integer(leader(output, record, j))} for j in (1, 2, 3, 50)],
    }


def seed_case(n, is_drawn, is_refreshed):
    genesis_hash, seed, proposer, block = (fill(f"{what} {n}", 32) for what in ("genesis", "seed", "proposer", "block"))
    pair = (proposer, fill(f"output {n}", 64)) if is_drawn else None
    round_number = (1, 2, 1_000, 1 << 40)[n]
    return {
        "genesisHash": octets(genesis_hash),
        "seed": octets(seed),
        "round": amount(round_number),
        "input": octets(seed_input(genesis_hash, seed, round_number)),
        "draw": None if pair is None else {"proposer": octets(pair[0]), "output": octets(pair[1])},
        "refresh": octets(block) if is_refreshed else None,
        "next": octets(next_seed(seed, pair, block if is_refreshed else None)),
    }


def sortition_vectors():
    rounds = sorted({*range(0, 20), *range(155, 166), *range(318, 325), 479, 480, 481, 482, 1 << 40})
    return {
        "tables": [table(*case) for case in TABLES],
        "draws": [draw(n) for n in range(8)],
        "seeds": [seed_case(n, n & 1 == 1, n & 2 == 2) for n in range(4)],
        "refreshes": [
            {
                "seedLookback": lookback,
                "seedRefresh": refresh,
                "heights": [{"round": amount(r), "height": height(lookback, refresh, r)} for r in rounds],
            }
            for lookback, refresh in ((2, 80), (2, 4))
        ],
    }


def height(lookback, refresh, round_number):
    found = refresh_height(lookback, refresh, round_number)
    return None if found is None else amount(found)
