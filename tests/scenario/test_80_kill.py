"""kill -9 at random instants, of each process and of all, under a load of enrolments, renewals and
revocations. What was acknowledged to another process is in the ledger; no serial was given twice; the
ledger verifies and replay makes the same tables; what was signed and never recorded is revoked.

TROTH_KILLS says how many (100, and 2,000 in the long runs), TROTH_SEED which run: a failing run prints
both."""

import collections
import http.client
import os
import random
import signal
import sqlite3
import ssl
import threading
import time

import lab
from cryptography import x509

LONG = os.environ.get("TROTH_LONG") == "1"
KILLS = int(os.environ.get("TROTH_KILLS", "2000" if LONG else "100"))
SEED = int(os.environ.get("TROTH_SEED", "20261123"))
DEVICES = 40 * KILLS  # more than a run can enrol
OF_A_PRODUCT = 100
RENEWS = 10  # one in so many: early renewals have a budget of 10 a product and hour
THREADS = 4
VICTIMS = ("supervisor", "front", "desk", "reader", "core", "signer", "courier", "all")
GONE = (OSError, ssl.SSLError, http.client.HTTPException)


class Load(threading.Thread):
    """Devices one after the other through their lives. What it was told is in `told`: the server's
    processes die, this one does not."""

    def __init__(self, server, alice, devices, told):
        super().__init__(daemon=True)
        self.server, self.alice, self.devices, self.told = server, alice, devices, told
        self.over = threading.Event()
        self.broken = None

    def run(self):
        try:
            while not self.over.is_set() and self.devices:
                self.live(*self.devices.pop())
        except Exception as error:  # a failure of the test, shown by the main thread
            self.broken = error

    def insist(self, ask, most=10**9):
        """Asks until somebody answers with a verdict, as a device does that never gives up."""
        for _ in range(most):
            if self.over.is_set():
                break
            try:
                answer = ask()
            except GONE:
                time.sleep(0.02)
                continue
            if answer.status not in (503, 408):
                return answer
            time.sleep(0.02)
        return None

    def issued(self, answer, serial):
        if answer is None:
            return None
        leaf = answer.certificates()[0]
        self.told.append(("issued", serial, lab.serial_hex(leaf)))
        return leaf

    def live(self, number, key):
        product, serial = product_of(number), f"P-{number}"
        csr = lab.make_csr(key, serial)
        leaf = self.issued(self.insist(lambda: lab.Device(self.server, product).enrol(csr)), serial)
        if leaf is None:
            return
        device = lab.Device(self.server, product, key, [leaf])
        if self.insist(device.cacerts) is None:
            return
        if number % RENEWS == 0:
            self.renew(device, serial, leaf)
        elif number % 3 == 1:
            answer = self.insist(lambda: self.alice.set(product, serial, "revoke"))
            if answer is not None:
                answer.ok()
                self.told.append(("revoked", serial, lab.serial_hex(leaf)))

    def renew(self, device, serial, leaf):
        csr = lab.make_csr(lab.make_key(), subject=leaf.subject)
        answer = self.insist(lambda: device.enrol(csr, again=True), most=50)
        if answer is not None and answer.status == 200:
            self.issued(answer, serial)


class Killer:
    """Starts the server again and again, and says where its kills fell."""

    def __init__(self, server, seed):
        self.server = server
        self.random = random.Random(seed)
        self.fell = collections.Counter()

    def pids(self, victim):
        process = self.server.process.pid
        if victim == "supervisor":
            return [process]
        if victim == "all":
            return [process, *self.server.children]
        return [self.server.child(victim)]

    def strike(self):
        victim = self.random.choice(VICTIMS)
        wait_s = self.random.choice((0.01, 0.05, 0.2, 0.8)) * self.random.random() + 0.005
        time.sleep(wait_s)
        bucket = "under 10 ms" if wait_s < 0.01 else "under 50 ms" if wait_s < 0.05 else "later"
        self.fell[victim, bucket] += 1
        for pid in self.pids(victim):
            os.kill(pid, signal.SIGKILL)
        self.server.process.wait(lab.STOP_S)
        self.server.kill()
        self.server.start()


def product_of(number):
    return f"pump-{number // OF_A_PRODUCT}"


def import_all(alice, count):
    devices = [(number, lab.make_key()) for number in range(count)]
    for at in range(0, count, OF_A_PRODUCT):
        alice.add_product(product_of(at))
        alice.import_devices(product_of(at), {f"P-{number}": key
                                              for number, key in devices[at:at + OF_A_PRODUCT]})
    return devices[::-1]


def rows(server):
    with sqlite3.connect(f"file:{server.folder}/data/store/troth.db?mode=ro", uri=True) as db:
        return db.execute("SELECT lower(hex(serial)), state FROM certificate").fetchall()


def check(server, told, fell):
    after = rows(server)
    serials = collections.Counter(serial for serial, _ in after)
    assert [s for s, n in serials.items() if n > 1] == []
    state = dict(after)
    padded = [(what, who, serial.zfill(32)) for what, who, serial in told]
    lost = [one for one in padded if one[2] not in state]
    assert lost == [], lost[:5]
    revoked = [one for one in padded if one[0] == "revoked" and state[one[2]] != 5]
    assert revoked == [], revoked[:5]
    acknowledged = collections.Counter(serial for what, _, serial in padded if what == "issued")
    owners = collections.defaultdict(set)
    for what, who, serial in padded:
        owners[serial].add(who)
    assert [s for s, who in owners.items() if len(who) > 1] == []
    orphans = sum(1 for _, one in after if one == 6)
    print(f"\n{sum(fell.values())} kills, {len(acknowledged)} certificates acknowledged, "
          f"{len(after)} recorded, {orphans} orphans revoked")
    for (victim, when), n in sorted(fell.items()):
        print(f"  {victim:10} {when:12} {n:4} {'#' * n}")


def test_nothing_acknowledged_is_lost(troth, alice, capsys):
    devices = import_all(alice, DEVICES)
    told = []
    killer = Killer(troth, SEED)
    loads = [Load(troth, alice, devices, told) for _ in range(THREADS)]
    try:
        for load in loads:
            load.start()
        for _ in range(KILLS):
            killer.strike()
            assert all(load.broken is None for load in loads), [one.broken for one in loads]
        time.sleep(1)
    except BaseException:
        print(f"TROTH_KILLS={KILLS} TROTH_SEED={SEED}")
        raise
    finally:
        for load in loads:
            load.over.set()
        for load in loads:
            load.join(30)
    assert len(told) > KILLS, told
    time.sleep(1)
    troth.stop()
    with capsys.disabled():
        check(troth, told, killer.fell)
    config = str(troth.config_file)
    lab.run(lab.program("trothd"), "audit", "verify", "--config", config)
    lab.run(lab.program("trothd"), "audit", "replay", "--config", config)
    troth.start()
