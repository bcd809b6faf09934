"""Our reader of CBOR (wire/cbor.h) and cbor2 side by side: we take what cbor2 reads, writes back as the same octets in
deterministic order, and what is of the kinds that we have; nothing else."""

import random
import subprocess

import cbor2
import pytest

import lab
import suit

DEPTH_MAX = 16
TAGS = (18, 107)  # that cbor2 gives no meaning
RUNS, CHANGED = 4000, 12


class Refused(Exception):
    """A kind that we do not have."""


def look_at(item, depth=0):
    """Raises for what wire/cbor.h says that it refuses."""
    kind = type(item)
    if kind in (dict, list, tuple, cbor2.CBORTag):
        if depth == DEPTH_MAX:
            inside = item.value if kind is cbor2.CBORTag else item
            if kind is cbor2.CBORTag or len(inside) > 0:
                raise Refused
        if kind is dict:
            for key, value in item.items():
                if type(key) not in (int, str) or type(key) is int and not -2 ** 63 <= key < 2 ** 63:
                    raise Refused
                look_at(value, depth + 1)
        elif kind is cbor2.CBORTag:
            look_at(item.value, depth + 1)
        else:
            for value in item:
                look_at(value, depth + 1)
    elif kind is int:
        if not -2 ** 63 <= item < 2 ** 64:
            raise Refused
    elif kind not in (bytes, str, bool, type(None)):
        raise Refused


def is_ours(octets):
    try:
        item = cbor2.loads(octets)
        look_at(item)
        return suit.dumps(item) == octets
    except (cbor2.CBORDecodeError, Refused, TypeError, ValueError, OverflowError, MemoryError, RecursionError):
        return False


def has_meaning(octets):
    """Could a tag stand there that cbor2 does more with than to read it?"""
    return any(0xc0 <= octet <= 0xdb and octet not in (0xd2, 0xd8) for octet in octets) or \
        any(first == 0xd8 and second != 0x6b for first, second in zip(octets, octets[1:]))


def compare(all_octets):
    all_octets = [octets for octets in all_octets if octets and not has_meaning(octets)]
    done = subprocess.run([lab.program("tests/scenario/probe/cbor-probe")], capture_output=True, text=True, check=True,
                          timeout=120, input="".join(octets.hex() + "\n" for octets in all_octets))
    ours = [line == "1" for line in done.stdout.split()]
    assert len(ours) == len(all_octets)
    for octets, is_taken in zip(all_octets, ours):
        assert is_taken == is_ours(octets), octets.hex()
    return sum(ours), len(ours) - sum(ours)


def count(source, depth):
    return source.choice([0, 1, 2, 3, 23, 24]) if depth == 0 else source.randrange(4)


def make(source, depth=0):
    """A random item, mostly of kinds that we have."""
    if source.randrange(200) == 0:
        return source.choice([1.5, cbor2.undefined, {b"octets": 1}, cbor2.CBORSimpleValue(19)])
    kind = source.randrange(12 if depth < 5 else 7)
    if kind < 2:
        return source.randrange(2 ** source.randrange(1, 65))
    if kind < 4:
        return -1 - source.randrange(2 ** source.randrange(1, 64))
    if kind == 4:
        return source.choice([None, True, False])
    if kind == 5:
        return source.randbytes(source.choice([0, 1, 23, 24, 255, 256]))
    if kind == 6:
        return "".join(source.choice("aZ\u00e4\u20ac\U0001f600") for _ in range(source.randrange(26)))
    if kind < 9:
        return [make(source, depth + 1) for _ in range(count(source, depth))]
    if kind < 11:
        keys = [make(source, 5) for _ in range(count(source, depth))]
        return {key: make(source, depth + 1) for key in keys if type(key) in (int, str)}
    return cbor2.CBORTag(source.choice(TAGS), make(source, depth + 1))


def changed(source, octets):
    octets = bytearray(octets)
    at = source.randrange(len(octets))
    if source.random() < 0.5:
        octets[at] ^= 1 << source.randrange(8)
    elif source.random() < 0.5:
        del octets[at]
    else:
        octets.insert(at, source.randrange(256))
    return bytes(octets)


def test_every_item_of_up_to_two_octets_is_what_cbor2_says():
    taken, refused = compare([bytes([a]) for a in range(256)] + [bytes([a, b]) for a in range(256) for b in range(256)])
    assert taken > 500 and refused > 10000


@pytest.mark.parametrize("seed", [random.randrange(2 ** 32)], ids=["random"])
def test_what_is_made_at_random_is_what_cbor2_says(seed):
    source = random.Random(seed)
    cases = []
    for _ in range(RUNS):
        octets = suit.dumps(make(source))
        if len(octets) <= 2000:
            cases += [octets, *(changed(source, octets) for _ in range(CHANGED))]
    taken, refused = compare(cases)
    assert taken > 1000 and refused > 10000, seed


@pytest.mark.parametrize("head", [b"\x81", b"\xa1\x00", b"\xd2"], ids=["arrays", "maps", "tags"])
def test_it_follows_sixteen_levels(head):
    taken, _ = compare([head * n + end for n in range(1, 40) for end in (b"\x00", b"\x80")])
    assert taken == 2 * DEPTH_MAX  # what holds nothing may stand on the last


def test_keys_stand_in_one_order_and_once():
    source, cases = random.Random(7), []
    for _ in range(RUNS):
        keys = [source.choice([source.randrange(300), -1 - source.randrange(300), "", "a", "b", "aa"])
                for _ in range(source.randrange(2, 4))]
        pairs = [suit.dumps(key) + suit.dumps(source.randrange(30)) for key in keys]
        cases += [suit.head(5, len(pairs)) + b"".join(some) for some in (pairs, sorted(pairs), [pairs[0], *pairs])]
        cases.append(suit.head(5, len(pairs) + 1) + b"".join([pairs[0], *pairs]))
    taken, refused = compare(cases)
    assert taken > 1000 and refused > 1000
