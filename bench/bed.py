"""What the benches share: a fresh server on this machine, its figures, and how they are printed."""

import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("TROTH_BUILD", "build-release")).resolve()
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
ROLES = ("front", "core", "signer", "desk", "reader")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def program(name):
    """Path of one of ours: installed programs lie in the build folder's root."""
    return str(BUILD / ("bench" if name.startswith("bench-") else "") / name)


def run(*words, **options):
    """Runs a program of ours and returns what it printed."""
    done = subprocess.run(
        [program(words[0]), *map(str, words[1:])],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        **options,
    )
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, words))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def cpu_s(pid):
    """CPU seconds of a process so far, user and system."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def children(pid):
    return list(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def metric(operator, name):
    """What the server says of itself: `operator` is one of the scenario tests' lab."""
    for line in operator.request("GET", "/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    sys.exit(f"bench: the server has no {name}")


def import_fleet(operator, folder, product, count):
    """So many devices of a new product, with their requests in `folder`, for bench-load; `operator` as above."""
    run("bench-prepare", "keepalive", folder, count, product)
    operator.add_product(product, validity_s=90 * 86400, claims_an_hour=1000000)
    operator.import_csv((pathlib.Path(folder) / "fleet.csv").read_text()).ok()


def load_words(server, folder, product, count, *more):
    """bench-load for that product at a server of the scenario tests'."""
    words = [program("bench-load"), "keepalive", "--folder", folder, "--port", server.ports["device"], "--ca",
             server.root_pem, "--path", f"/.well-known/est/{product}/simpleenroll", "--count", count, *more]
    return [str(word) for word in words]


class Server:
    """A server in a folder of its own. `with Server() as server:` starts and removes it."""

    def __init__(self, folder=None, fronts=2, sync_us=0):
        self.keeps = folder is not None
        self.home = pathlib.Path(folder or tempfile.mkdtemp(prefix="troth-bench-"))
        self.fronts, self.sync_us = fronts, sync_us
        self.sync_count = self.home / "sync-count"
        self.process = None
        self.device_port = self.operator_port = self.plain_port = 0
        self.env = dict(os.environ, TROTH_CONFIG=str(self.home / "operator" / "config.json"))
        self.env.pop("CREDENTIALS_DIRECTORY", None)

    # ---- life

    def __enter__(self):
        is_new = not (self.home / "server").exists()
        if is_new:
            self.init()
        self.configure()
        self.start()
        if is_new:
            run("troth", "operator", "bootstrap", "bench", "--socket",
                self.home / "server" / "local.sock", "--server",
                f"https://localhost:{self.operator_port}", env=self.env)
        return self

    def __exit__(self, *_):
        self.stop()
        if not self.keeps:
            shutil.rmtree(self.home)

    def init(self):
        os.umask(0o077)
        (self.home / "server").mkdir(parents=True)
        (self.home / "operator").mkdir()
        (self.home / "server" / "passphrase").write_text(os.urandom(24).hex() + "\n")
        self.configure()
        run("troth", "init", "--config", self.config, "--lab", env=self.env)

    @property
    def config(self):
        return self.home / "server" / "troth.yaml"

    @property
    def root(self):
        return self.home / "operator" / "root.pem"

    def configure(self):
        """Ports are found anew at each start, so a kept folder must not be asked by its operator."""
        self.device_port, self.operator_port, self.plain_port = free_ports(3)
        self.config.write_text(
            "data: data\npublic: public\npassphrase_file: passphrase\n"
            "server: {names: [localhost]}\n"
            f"listen:\n  device: 127.0.0.1:{self.device_port}\n"
            f"  operator: 127.0.0.1:{self.operator_port}\n"
            f"  plain: 127.0.0.1:{self.plain_port}\n  local: local.sock\n"
            "public_url: http://localhost:8080\n"
            f"fronts: {self.fronts}\nlab: yes\n"
            "limits: {product_per_s: 0, address_per_s: 0}\n"
        )

    def start(self):
        """Starts and waits for readiness; returns the milliseconds that took."""
        self.sync_count.write_bytes(bytes(8))
        env = dict(self.env, LD_PRELOAD=program("bench-slow-sync.so"),
                   SLOW_SYNC_US=str(self.sync_us), SLOW_SYNC_COUNT=str(self.sync_count))
        log = open(self.home / "log", "wb")
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [program("trothd"), "--config", str(self.config), "--lab"], stdout=log, stderr=log, env=env
        )
        log.close()
        while not self.is_ready():
            if self.process.poll() is not None:
                sys.exit(f"bench: the server ended\n{(self.home / 'log').read_text()}")
            time.sleep(0.002)
        return (time.monotonic() - begun) * 1000

    def is_ready(self):
        """The supervisor has heard of every process that it is ready."""
        return b"event=ready" in (self.home / "log").read_bytes()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    # ---- figures

    def processes(self):
        """{pid: role} of supervisor and children; children of the supervisor only."""
        supervisor = self.process.pid
        found = {supervisor: "supervisor"}
        for pid in children(supervisor):
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            found[pid] = next((role for role in ROLES if role in name), name)
        return found

    def cpu_s(self):
        """CPU seconds so far by role, user and system."""
        sums = {}
        for pid, role in self.processes().items():
            sums[role] = sums.get(role, 0) + cpu_s(pid)
        return sums

    def written_bytes(self):
        """Bytes that all processes have handed to the disk."""
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/io").read_text().splitlines():
                if line.startswith("write_bytes:"):
                    total += int(line.split()[1])
        return total

    def syncs(self):
        return int.from_bytes(self.sync_count.read_bytes(), sys.byteorder)

    def pss_kb(self):
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def troth(self, *words):
        return run("troth", *words, env=self.env)


class Report:
    """Figures of several runs: their medians as a table or as one JSON object a line."""

    def __init__(self, bench):
        self.bench, self.values, self.calibrations = bench, {}, []
        self.as_json = "--json" in sys.argv[1:]

    def add(self, figure, value, unit, bar=None, goal=None):
        self.values.setdefault(figure, {"unit": unit, "bar": bar, "goal": goal, "all": []})["all"].append(value)

    def calibrate(self, us):
        self.calibrations.append(us)

    def print(self):
        calibration = round(statistics.median(self.calibrations), 1) if self.calibrations else None
        if not self.as_json:
            print(f"{self.bench}: medians; calibration {calibration} us; load {os.getloadavg()[0]:.1f}")
        for figure, row in self.values.items():
            value = round(statistics.median(row["all"]), 4)
            if self.as_json:
                print(json.dumps({"bench": self.bench, "figure": figure, "value": value,
                                  "unit": row["unit"], "bar": row["bar"], "calibration": calibration}))
            else:
                bar = "" if row["bar"] is None else f"bar {row['bar']:g}"
                spread = f"{min(row['all']):.4g} .. {max(row['all']):.4g}"
                print(f"  {figure:32} {value:12.4g} {row['unit']:10} {bar:10} {spread}")
