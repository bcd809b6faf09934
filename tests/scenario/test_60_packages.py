"""The Debian packages, built by dpkg-buildpackage, looked at by lintian, installed by dpkg in a root folder that is
thrown away (this system's own files, with a layer over them), and run with the users that they make."""

import os
import pathlib
import re
import subprocess
import time

import pytest

import lab

PACKAGES = ("troth-server", "troth-cli", "troth-agent", "troth-gate", "troth-mosquitto", "libtroth-verify-dev")
ROLES = ("loader", "front", "desk", "reader", "core", "signer", "courier")
INSTALL_TO_CERTIFICATE_S = 120

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="dpkg and mounts want root"),
    pytest.mark.skipif(lab.BUILD.name != "build", reason="packages have a build of their own"),
]


class Installed:
    """A root folder: what is written there goes to a layer in memory."""

    def __init__(self, folder):
        self.root = folder / "root"
        mounts = f"""set -e
            mount -t tmpfs tmpfs {folder}
            mkdir {folder}/upper {folder}/work {self.root}
            mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work {self.root}
            mount --rbind /proc {self.root}/proc
            mount --rbind /dev {self.root}/dev
            echo ready; read _"""
        self.holder = subprocess.Popen(["unshare", "--mount", "sh", "-c", mounts], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.holder.stdout.readline() == "ready\n"

    def words(self, *words):
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "chroot", str(self.root),
                *map(str, words)]

    def run(self, *words, check=True, text=None):
        return lab.run(*self.words(*words), check=check, input=text,
                       env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                            "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})

    def as_user(self, user, *words):
        return self.run("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *words,
                        check=False)

    def write(self, path, text, mode=0o600):
        self.run("sh", "-c", f"umask 077; cat >{path}; chmod {mode:o} {path}", text=text)

    def end(self):
        self.holder.stdin.close()
        self.holder.wait(10)


@pytest.fixture(scope="module")
def installed(packages, tmp_path_factory):
    place = Installed(tmp_path_factory.mktemp("place"))
    try:
        for name in PACKAGES:
            place.write(f"/root/{name}.deb", "")
            subprocess.run(place.words("sh", "-c", f"cat >/root/{name}.deb"), check=True,
                           input=packages[name].read_bytes())
        place.began = time.monotonic()
        place.run("dpkg", "-i", *(f"/root/{name}.deb" for name in PACKAGES))
        yield place
    finally:
        place.end()


class Running:
    """The installed server, made and started as its manual says."""

    def __init__(self, place):
        self.place = place
        device, operator, plain = lab.free_ports(3)
        self.device, self.operator = device, operator
        yaml = place.run("cat", "/etc/troth/troth.yaml").stdout
        for port, ours in ((8443, device), (8444, operator), (8080, plain)):
            yaml = yaml.replace(f"127.0.0.1:{port}", f"127.0.0.1:{ours}")
        place.write("/etc/troth/troth.yaml", yaml, 0o644)
        place.write("/etc/troth/passphrase", "correct horse battery staple\n")
        place.write("/root/root-passphrase", "another horse, another battery\n")
        place.run("trothd", "init", "--config", "/etc/troth/troth.yaml", "--root-out",
                  "/root/root-key.pem", "--root-passphrase-file", "/root/root-passphrase")
        place.run("rm", "/root/root-key.pem")  # to a medium in a safe
        self.log = open(place.root.parent.parent / "trothd.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            place.words("trothd", "serve", "--config", "/etc/troth/troth.yaml"),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        assert lab.eventually(lambda: "event=ready" in self.said(), 20), self.said()

    def said(self):
        self.log.flush()
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def children(self):
        pid = self.process.pid
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0, self.said()
        self.log.close()


@pytest.fixture(scope="module")
def running(installed):
    server = Running(installed)
    try:
        yield server
        server.stop()
    finally:
        server.process.kill()
        server.process.wait()


def uids_of(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return (re.search(r"^Name:\t(\w+)", status, re.M)[1].split(".")[0],
            re.search(r"^Uid:\t(.*)$", status, re.M)[1].split(),
            re.search(r"^Groups:\t(.*)$", status, re.M)[1].split())


def test_the_first_device_has_its_certificate_soon_after_the_installation(installed, running):
    place = installed
    troth = ("troth",)
    place.run(*troth, "operator", "bootstrap", "alice", "--socket", "/var/lib/troth/local.sock",
              "--server", f"https://localhost:{running.operator}")
    place.run(*troth, "product", "add", "pump")
    place.write("/root/fleet.csv", "product,serial\npump,P-1\n")
    place.run(*troth, "device", "import", "/root/fleet.csv")
    place.write("/root/token", place.run(*troth, "token", "add", "pump", "P-1").stdout)
    place.run("troth-agent", "enrol", "--state", "/var/lib/troth-agent", "--server",
              f"https://localhost:{running.device}", "--product", "pump", "--serial", "P-1",
              "--token-file", "/root/token", "--anchor", "/root/.config/troth/root.pem")
    took = time.monotonic() - place.began
    print(f"from dpkg -i to the first certificate: {took:.1f} s")
    assert took < INSTALL_TO_CERTIFICATE_S
    assert "active" in place.run(*troth, "device", "list").stdout
    place.run("trothd", "audit", "verify", "--config", "/etc/troth/troth.yaml")


def test_each_process_has_a_user_of_its_own_and_no_other_group(installed, running):
    seen = {name: (uids, groups) for name, uids, groups in map(uids_of, running.children())}
    assert set(seen) == set(ROLES)
    for role in ROLES:
        uid = installed.run("id", "-u", f"troth-{role}").stdout.strip()
        assert seen[role] == ([uid] * 4, []), role
        assert uid != "0"
    assert len({uids[0] for uids, _ in seen.values()}) == len(ROLES)
    supervisor = installed.run("id", "-u", "troth-supervisor").stdout.strip()
    assert uids_of(running.process.pid)[1] == [supervisor] * 4


@pytest.mark.parametrize(("user", "path", "may"), [
    ("front", "/var/lib/troth/store/troth.db", False),
    ("desk", "/var/lib/troth/store/troth.db", False),
    ("signer", "/var/lib/troth/store/troth.db", False),
    ("reader", "/var/lib/troth/store/troth.db", True),
    ("core", "/var/lib/troth/store/troth.db", True),
    ("core", "/var/lib/troth/signer/ldevid.pem", False),
    ("reader", "/var/lib/troth/signer/journal", False),
    ("signer", "/var/lib/troth/signer/ldevid.pem", True),
    ("core", "/etc/troth/passphrase", False),
    ("front", "/etc/troth/passphrase", False),
    ("signer", "/etc/troth/passphrase", True),
    ("front", "/var/lib/troth/public/checkpoint-keys", True),
])
def test_who_reads_what_without_any_sandbox(installed, running, user, path, may):
    assert running.process.poll() is None
    done = installed.as_user(f"troth-{user}", "head", "-c", "1", path)
    assert (done.returncode == 0) == may, done


def test_the_reader_writes_nothing(installed, running):
    assert running.process.poll() is None
    done = installed.as_user("troth-reader", "sh", "-c", ": >>/var/lib/troth/store/troth.db")
    assert done.returncode != 0


def test_only_root_may_give_users(installed, running, tmp_path):
    assert running.process.poll() is None
    done = installed.as_user("troth-front", "trothd", "serve", "--config", "/etc/troth/troth.yaml")
    assert done.returncode != 0
    assert "only root gives each process a user of its own" in done.stdout + done.stderr


def test_a_program_is_built_with_the_verifier_of_its_package(installed):
    """As its documentation shows, with nothing but pkg-config; what it says of no checkpoint is a refusal."""
    place = installed
    place.run("sh", "-c", "cp /usr/share/doc/libtroth-verify-dev/examples/entry.c* /root/ &&"
                          " (gunzip /root/entry.c.gz 2>/dev/null; true) &&"
                          " cc -std=c11 -Wall -Wextra -Werror -o /root/entry /root/entry.c"
                          " $(pkg-config --cflags --libs troth-verify)")
    place.run("sh", "-c", "head -c 65 /dev/zero >/root/key && echo nothing >/root/nothing")
    done = place.run("/root/entry", "log.example", "/root/key", "/root/nothing", "0", "/root/nothing",
                     "/root/nothing", check=False)
    assert (done.returncode, done.stdout) == (1, "refused (1)\n")


@pytest.mark.parametrize("unit", ["troth-server.service", "troth-agent.service", "troth-gate.service"])
def test_systemd_takes_the_units_and_finds_little_exposed(installed, unit):
    installed.run("systemd-analyze", "verify", f"/lib/systemd/system/{unit}")
    done = installed.run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+) (\w+)", done.stdout)
    print(exposure[0])
    page = (lab.SOURCE / "docs" / "decisions" / "one-unit-seven-users.md").read_text()
    assert f"| `{unit}` | {exposure[1]} {exposure[2]} |" in page


def test_a_purge_leaves_what_cannot_be_made_again(packages, tmp_path_factory):
    place = Installed(tmp_path_factory.mktemp("purged"))
    try:
        subprocess.run(place.words("sh", "-c", "cat >/root/server.deb"), check=True,
                       input=packages["troth-server"].read_bytes())
        place.run("dpkg", "-i", "/root/server.deb")
        place.write("/etc/troth/passphrase", "correct horse battery staple\n")
        place.run("trothd", "init", "--lab", "--config", "/etc/troth/troth.yaml")
        place.run("dpkg", "--purge", "troth-server")
        assert place.run("ls", "/var/lib/troth/signer/ldevid.pem").returncode == 0
        assert place.run("ls", "/usr/sbin/trothd", check=False).returncode != 0
        assert place.run("ls", "/etc/troth/troth.yaml", check=False).returncode != 0
    finally:
        place.end()
