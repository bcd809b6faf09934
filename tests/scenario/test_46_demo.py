"""`troth demo --serve` from installed files alone: no source tree, no build folder, no sbin in PATH."""

import ctypes
import json
import mmap
import os
import pathlib
import re
import signal
import subprocess

import pytest

import lab
from conftest import Control


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder with bin/ and sbin/ that meson installs to."""
    if lab.SANITIZED:
        pytest.skip("the demo's other programs live in virtual time without our sanitizer")
    root = tmp_path_factory.mktemp("root")
    lab.run("meson", "install", "-C", str(lab.BUILD), "--no-rebuild", "--destdir", str(root))
    troth, = root.rglob("bin/troth")
    return troth.parent.parent


@pytest.fixture
def clock(tmp_path, shim):
    """The clock of everything that runs with `clock.environment`."""
    path = tmp_path / "control"
    path.write_bytes(bytes(ctypes.sizeof(Control)))
    with open(path, "r+b") as file:
        control = Control.from_buffer(mmap.mmap(file.fileno(), 0))
    control.environment = {"TROTH_FAULT_CONTROL": str(path), "LD_PRELOAD": str(shim)}
    return control


def read_until(process, part):
    for line in process.stdout:
        if part in line:
            return
    raise AssertionError(f"the demo ended before it said {part!r}: {process.wait()}")


def test_the_demo_serves_until_it_is_ended_and_leaves_nothing(installed, clock, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path),
                   **clock.environment}
    demo = subprocess.Popen([installed / "bin" / "troth", "demo", "--serve"], cwd=tmp_path, text=True,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        read_until(demo, "device 30 is revoked")
        clock.wall_offset_s = 120  # instead of the minute after which a copy is told from a retry
        read_until(demo, "the server runs")
        home, = tmp_path.glob("troth-demo-*")
        status = lab.run(str(installed / "bin" / "troth"), "status", env={
            **environment, "TROTH_CONFIG": str(home / "operator" / "config.json")}).stdout
        assert re.search(r"\bquarantined\s+1\b", status), status
        check = lab.run(str(installed / "bin" / "troth"), "check", "--product", "sensor", "--json",
                        check=False, env={**environment, "TROTH_CONFIG": str(
                            home / "operator" / "config.json")})
        owed = {one["check"]: one for one in json.loads(check.stdout)["checks"]
                if one["state"] == "open"}
        assert check.returncode == 4
        assert owed["TD-02"]["mend"] == 'troth device readmit sensor "SN-0007"'
        assert owed["TD-17"]["mend"].startswith("troth cert import LIST --format FORMAT --issuer ")
        assert owed["TD-02"]["debt_s"] >= 0 and owed["TD-17"]["debt_s"] > 0
    finally:
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(lab.STOP_S) == 128 + signal.SIGTERM
    assert not home.exists()
    for one in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert str(home).encode() not in one.read_bytes()
        except OSError:
            pass  # it ended while we looked


def test_without_its_pieces_the_demo_says_what_is_missing(installed, tmp_path):
    alone = tmp_path / "bin" / "troth"
    alone.parent.mkdir()
    alone.write_bytes((installed / "bin" / "troth").read_bytes())
    alone.chmod(0o755)
    done = lab.run(str(alone), "demo", check=False, env=os.environ)
    assert done.returncode == 7
    assert "lib/troth/script/demo is not there" in done.stderr
