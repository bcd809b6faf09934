"""Measured boot on this machine, worked out again from its description (dice.py)."""

import json
import subprocess

import pytest

import dice
import lab

SECRET = bytes(range(100, 132))
FLOOR = 1


@pytest.fixture(scope="module", name="told")
def fixture_told():
    done = subprocess.run([lab.program("tests/scenario/probe/dice-probe"), SECRET.hex()], capture_output=True, text=True,
                          check=True)
    return [{name: bytes.fromhex(value) if isinstance(value, str) else value for name, value in row.items()}
            for row in json.loads(done.stdout)]


def test_the_certificate_is_the_devices_over_what_was_started(told):
    for row in told:
        assert row["device_point"] == dice.point_of(dice.device_key(SECRET))
        claims = dice.open_signed(row["certificate"], dice.device_key(SECRET), dice.ALIAS)
        measured = claims[dice.MEASURED]
        assert measured[1] == row["digest"] and measured[6] == FLOOR
        assert (measured[7], measured[8], measured[9]) == (row["vendor"], row["class"], dice.MODE)
        assert measured[10] == dice.sha256(row["first_keys"])
        key = dice.alias_key(SECRET, measured)
        assert row["alias"] == dice.scalar_of(key).to_bytes(32, "big")
        assert claims[dice.CONFIRMATION] == {1: dice.cose_key_of(key)}


def test_evidence_is_the_aliass_over_the_nonce_and_the_same(told):
    for row in told:
        measured = dice.open_signed(row["certificate"], dice.device_key(SECRET), dice.ALIAS)[dice.MEASURED]
        claims = dice.open_signed(row["evidence"], dice.alias_key(SECRET, measured), dice.EVIDENCE)
        assert claims == {dice.NONCE: b"nonce-of-16-octs", dice.MEASURED: measured,
                          dice.BOOT: {1: int(row["trial"]), 2: row["trial"], 3: 0x3CA5, 4: 0x3CA5 if row["trial"] else 0}}


def test_what_is_sealed_opens_by_the_description(told):
    for row in told:
        sealing = list(dice.sealings(SECRET, row["first_keys"], row["vendor"], row["class"]))[dice.FLOOR_MAX - FLOOR]
        assert row["sealing"] == sealing
        assert row["sealed"][:5] == bytes([1, 0, 0, 0, FLOOR])
        assert dice.open_sealed(sealing, row["sealed"]) == b"sealed"


def test_an_update_keeps_sealing_and_changes_the_alias(told):
    old, new = told
    assert not old["trial"] and new["trial"] and old["digest"] != new["digest"]
    assert old["sealing"] == new["sealing"] and old["sealed"] == new["sealed"]
    assert old["alias"] != new["alias"]
