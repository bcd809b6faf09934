"""Fixtures of the scenario tests. TROTH_BUILD names the build folder (default: build)."""

import ctypes
import mmap
import subprocess

import pytest

import lab


@pytest.fixture(scope="session", autouse=True)
def programs():
    """Without the programs there is nothing to test."""
    lab.program("trothd")


class Control(ctypes.Structure):
    """As fault/shim.c has it."""

    _fields_ = [("wall_offset_s", ctypes.c_int64), ("fail_syncs", ctypes.c_int64),
                ("allocations", ctypes.c_int64), ("failed_allocations", ctypes.c_int64),
                ("slept_s", ctypes.c_int64)]

    @classmethod
    def at(cls, path):
        """A new one in that file, as whoever runs with TROTH_FAULT_CONTROL of that name has it."""
        path.write_bytes(bytes(ctypes.sizeof(cls)))
        with open(path, "r+b") as file:
            return cls.from_buffer(mmap.mmap(file.fileno(), 0))


@pytest.fixture(scope="session")
def shim(tmp_path_factory):
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    lab.run("cc", "-shared", "-fPIC", "-O1", "-o", str(library),
            str(lab.SOURCE / "tests" / "scenario" / "fault" / "shim.c"))
    return library


@pytest.fixture
def faulty(tmp_path, shim, monkeypatch):
    """A server whose machine fails by `server.control`; a program of ours that runs with
    `server.environment`, and another's with `server.clock`, has the same clock."""
    path = tmp_path / "control"
    server = lab.Server(tmp_path / "troth").init()
    server.control = Control.at(path)
    sanitizer = lab.run("cc", "-print-file-name=libasan.so").stdout if lab.SANITIZED else ""
    monkeypatch.setenv("TROTH_FAULT_CONTROL", str(path))
    server.environment = {"LD_PRELOAD": f"{sanitizer.strip()} {shim}".strip()}
    server.clock = {"LD_PRELOAD": str(shim)}
    try:
        yield server.start()
    finally:
        server.kill()


def serve(folder, config=None):
    """A started server and what must be true at its end; for fixtures."""
    server = lab.Server(folder, config).init()
    try:
        yield server.start()
        server.stop()
    finally:
        server.kill()


@pytest.fixture
def troth(tmp_path):
    """A server of the test's own."""
    yield from serve(tmp_path / "troth")


@pytest.fixture
def alice(troth):
    """Its first operator: an admin without scope."""
    return troth.bootstrap()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server that the tests of one file share; its first operator is `shared.first`. Each test
    uses products of its own."""
    for server in serve(tmp_path_factory.mktemp("troth") / "troth"):
        server.bootstrap()
        yield server


@pytest.fixture
def product(shared, request):
    """A product of the test's own on the shared server."""
    name = request.node.name.replace("test_", "").replace("[", "-").replace("]", "")[:60].strip("-")
    shared.first.add_product(name)
    return name


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the server's log."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for name in ("troth", "shared"):
            server = item.funcargs.get(name)
            if server is not None:
                report.sections.append((f"log of {name}", server.log()[-20000:]))


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """The Debian packages by name, built once."""
    folder = tmp_path_factory.mktemp("packages")
    done = subprocess.run([str(lab.SOURCE / "script" / "package"), str(folder)],
                          capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb")}
