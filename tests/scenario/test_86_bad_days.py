"""Bad days at doors that are in use: each process of the server dies under a gate and a broker that hold sessions, the
server is gone beyond the age limit, a signature never comes, 2,000 trusts end at once, a gate dies over a question, a broker
dies with sessions of who is revoked meanwhile. Nobody who was refused is let in again, at no instant."""

import contextlib
import os
import signal
import threading
import time

import pytest

import doors
import lab
from doors import SERVICE
from feed_reader import FeedReader
from test_72_status_lists import INVALID, issuer_of
from test_76_boundaries import new_boundary
from test_78_gate import Door, nginx

LAX = "lax"  # fails open; telemetry does not
REFUSED = 5  # CONNACK: not authorized (MQTT 3.1.1 3.2.2.3)
AGE_S = 6
BULK = 100 if lab.SANITIZED else 500  # LIMIT_BULK_ALONE; four of them


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    """A gate of two services, one of which fails open, with nginx before it, and a broker."""
    folder = tmp_path_factory.mktemp("bad-days")
    with doors.bedded(folder, "meter") as (bed, stack):
        states = {"gate": doors.enrol(bed.troth, folder, "gate", SERVICE, LAX),
                  "broker": doors.enrol(bed.troth, folder, "broker")}
        bind = ("binding", "add", SERVICE, "--product", "meter")
        bed.troth(*bind, "--actions", "request", "--pattern", f"/{SERVICE}/")
        bed.troth(*bind, "--actions", "connect")
        bed.troth(*bind, "--actions", "publish,subscribe", "--pattern", "t/%device%/#")
        bed.troth("binding", "add", SERVICE, "--owner", "service", "--actions", "connect,publish,subscribe",
                  "--pattern", "t/#")
        bed.troth("binding", "add", LAX, "--product", "meter", "--actions", "request", "--pattern", f"/{LAX}/")
        bed.alice.post("/boundaries/gate/fail-open", {"service": LAX}).ok()
        bed.gate = stack.enter_context(doors.Gate(states["gate"], folder))
        bed.broker = stack.enter_context(doors.Broker(folder, bed.server.root_pem, bed.site, states["broker"]))
        port = stack.enter_context(doors.application())
        proxy = stack.enter_context(nginx(folder, bed.site, bed.server.root_pem, bed.gate.socket, port))
        bed.door = Door(proxy.port, bed.site[0])
        yield bed


@pytest.fixture(autouse=True)
def standing(bed):
    """Whatever a test did, the next one finds server and gate."""
    yield
    if bed.server.process is None or bed.server.process.poll() is not None:
        bed.server.kill()
        bed.server.start()
    if not bed.gate.is_alive():
        bed.gate.start()


def known(bed, owner="acme"):
    """A device that both boundaries know."""
    holder = bed.new_holder(owner=owner)
    holder.words = doors.words_of(holder)
    doors.sure(lambda: asks(bed, holder)[0] == 204, 20)
    doors.sure(lambda: is_admitted(bed.broker, holder), 20)
    return holder


def asks(bed, holder, service=SERVICE):
    """What the gate answers, and why."""
    status, headers = bed.gate.ask(Service=service, Path=f"/{service}/x", **holder.words)
    return status, headers.get("x-troth-reason")


def is_admitted(broker, holder):
    session = doors.Mqtt(broker, holder, f"meter/{holder.serial}/probe")
    session.client.loop_start()
    lab.eventually(lambda: session.code is not None or session.lost_at, 5)
    session.close()
    return session.code == 0


def ended(bed, holder):
    """Revoked, and told to the gate."""
    bed.alice.set("meter", holder.serial, "revoke").ok()
    doors.sure(lambda: asks(bed, holder) == (403, "invalid"))
    return holder


class Watch:
    """Asks for somebody who was refused, again and again: he must not come in at any instant."""

    def __init__(self, bed, holder):
        self.bed, self.holder, self.asked, self.let_in = bed, holder, 0, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.is_set():
            for service in (SERVICE, LAX):
                try:
                    status = asks(self.bed, self.holder, service)[0]
                except OSError:  # the gate is being killed
                    continue
                self.asked += 1
                if status == 204:
                    self.let_in.append((service, time.monotonic()))
            time.sleep(0.01)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(20)
        assert self.asked > 2 and not self.let_in, (self.asked, self.let_in)


def stop_fronts(server):
    """What is committed from now on is told to nobody."""
    fronts = server.children_of("front")
    for pid in fronts:
        os.kill(pid, signal.SIGSTOP)
    return fronts


def die(server, victim, fronts=()):
    """kill -9 of that one; the supervisor ends with it."""
    process = server.process.pid
    victims = {"all": [process, *server.children], "supervisor": [process]}.get(victim) or server.children_of(victim)
    for pid in {*victims, *fronts}:
        with contextlib.suppress(ProcessLookupError):  # it ended with the one before
            os.kill(pid, signal.SIGKILL)
    assert server.process.wait(lab.STOP_S) != 0
    server.kill()


# ---- the server --------------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["front", "core", "signer", "desk", "reader", "supervisor", "all"])
def test_a_process_that_dies_costs_no_session_and_no_revocation(bed, victim):
    """What was committed and told to nobody is enforced once the server is back; before, all go on as they were."""
    good, last, before = known(bed), known(bed), ended(bed, known(bed))
    with doors.Mqtt(bed.broker, good) as kept, doors.Mqtt(bed.broker, last) as cut, Watch(bed, before):
        fronts = stop_fronts(bed.server)
        bed.alice.set("meter", last.serial, "revoke").ok()
        die(bed.server, victim, fronts)
        assert asks(bed, last)[0] == 204 and cut.is_open  # nobody could say
        assert asks(bed, good)[0] == 204 and kept.is_open
        assert kept.publish(f"t/{good.serial}/up")
        bed.server.start()
        doors.sure(lambda: asks(bed, last) == (403, "invalid") and cut.lost_at is not None, 20)
        doors.Mqtt(bed.broker, last).open(REFUSED).close()
        fresh = known(bed)  # the feed goes on
        assert asks(bed, good)[0] == 204 and kept.is_open
        assert asks(bed, ended(bed, fresh)) == (403, "invalid")


def test_beyond_the_age_limit_each_service_does_what_was_declared(bed):
    good, gone = known(bed), ended(bed, known(bed))
    for boundary, service in (("gate", SERVICE), ("gate", LAX), ("broker", SERVICE)):
        bed.troth("boundary", "set", boundary, "--service", service, "--age", f"{AGE_S}s")
    time.sleep(2)
    try:
        with doors.Mqtt(bed.broker, good) as session, Watch(bed, gone):
            bed.server.kill()
            killed = time.monotonic()
            assert asks(bed, good)[0] == asks(bed, good, LAX)[0] == 204 and session.is_open
            doors.sure(lambda: asks(bed, good) == (403, "stale"), 2 * AGE_S)
            assert time.monotonic() - killed > 0.5
            doors.sure(lambda: session.lost_at is not None, 2 * AGE_S)
            doors.Mqtt(bed.broker, good).open(REFUSED).close()
            assert asks(bed, good, LAX)[0] == 204
            assert asks(bed, gone, LAX) == (403, "invalid")
            bed.server.start()
            doors.sure(lambda: asks(bed, good)[0] == 204, 20)
            doors.sure(lambda: is_admitted(bed.broker, good), 20)
    finally:
        for boundary, service in (("gate", SERVICE), ("gate", LAX), ("broker", SERVICE)):
            bed.troth("boundary", "set", boundary, "--service", service, "--age", "1h")


def reader(bed, name):
    """A boundary that counts what it is told by what."""
    one = FeedReader(new_boundary(bed.alice, name).enrolled().use())
    assert lab.eventually(lambda: one.poll_raw().status == 200, 20)
    one.close()
    return one.until(lambda: one.said == ["heartbeat"], 30) and one


def test_a_signer_that_dies_over_a_delta_begins_a_chain_and_unrevokes_nobody(bed):
    good, last, before = known(bed), known(bed), ended(bed, known(bed))
    one = reader(bed, "counter")
    with Watch(bed, before):
        os.kill(bed.server.child("signer"), signal.SIGSTOP)
        bed.alice.set("meter", last.serial, "revoke").ok()
        time.sleep(1)
        assert asks(bed, last)[0] == 204  # committed, and its delta is with the signer
        generation = one.status
        one.close()
        die(bed.server, "signer")
        bed.server.start()
        doors.sure(lambda: asks(bed, last) == (403, "invalid"), 20)
        one.until(lambda: one.catalogues == 2, 30)
        assert one.status > generation
        for holder in (last, before):
            assert one.status_of(holder.leaf, issuer_of(holder.leaf)) == INVALID
        assert asks(bed, good)[0] == 204
    one.close()


def test_a_signer_that_hangs_is_late_and_loses_nothing(bed):
    last = known(bed)
    signer = bed.server.child("signer")
    os.kill(signer, signal.SIGSTOP)
    bed.alice.set("meter", last.serial, "revoke").ok()
    time.sleep(1)
    assert asks(bed, last)[0] == 204
    os.kill(signer, signal.SIGCONT)
    doors.sure(lambda: asks(bed, last) == (403, "invalid"))


def test_very_many_revocations_at_once_reach_every_boundary(bed):
    """Four bulk verbs under way together: the deltas say all of it and nobody begins with a list anew."""
    products = [f"bulk-{n}" for n in range(4)]
    holders, leaves = {}, []  # by client id
    for product in products:
        bed.alice.add_product(product)
        for action in (("connect",), ("request", "--pattern", f"/{SERVICE}/")):
            bed.troth("binding", "add", SERVICE, "--product", product, "--actions", *action)
        keys = {f"{product}-{n}": lab.make_key() for n in range(BULK - 1)}
        bed.alice.import_devices(product, keys)
        with lab.Device(bed.server, product) as device:
            leaves += [device.enrol(lab.make_csr(key)).certificates()[0] for key in keys.values()]
        held = f"{product}-held"
        holders[f"{product}/{held}"] = doors.holder(bed.server, bed.alice, bed.folder, product, held)
    for holder in holders.values():
        holder.words = doors.words_of(holder)
        doors.sure(lambda one=holder: asks(bed, one)[0] == 204, 20)
    leaves += [holder.leaf for holder in holders.values()]
    one = reader(bed, "bulk-counter")
    issuer, deltas = issuer_of(leaves[0]), bed.alice.request("GET", "/metrics")
    sessions = [doors.Mqtt(bed.broker, holder, name) for name, holder in holders.items()]
    for session in sessions:
        session.open(within_s=20)
    with one.running():
        begun = time.monotonic()
        for product in products:
            bed.alice.post("/bulks", {"verb": "revoke", "product": product}).ok()
        doors.sure(lambda: all(one.status_of(leaf, issuer) == INVALID for leaf in leaves), 60)
        took = time.monotonic() - begun
        doors.sure(lambda: all(asks(bed, holder) == (403, "invalid") for holder in holders.values()))
        doors.sure(lambda: all(session.lost_at for session in sessions))
    print(f"{len(leaves)} revocations at three boundaries in {took:.1f} s, "
          f"{made(bed.alice.request('GET', '/metrics')) - made(deltas)} deltas")
    assert one.catalogues == 1
    for session, (name, holder) in zip(sessions, holders.items()):
        session.close()
        doors.Mqtt(bed.broker, holder, name).open(REFUSED).close()
    one.close()


def made(metrics):
    text = metrics.body.decode()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("troth_deltas_signed_total ")))


# ---- gate and broker ---------------------------------------------------------------------------


def test_a_gate_that_dies_over_a_question_lets_nobody_in(bed):
    good = known(bed)
    assert bed.door.get(good)[0] == 200
    with bed.door.connection(good) as connection:
        os.kill(bed.gate.child.pid, signal.SIGSTOP)
        connection.request("GET", f"/{SERVICE}/x")
        time.sleep(0.5)  # nginx waits for the gate now
        bed.gate.kill()
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 500
    bed.gate.start()
    doors.sure(lambda: bed.door.get(good)[0] == 200, 20)


def test_a_gate_that_dies_again_and_again_never_lets_in_who_was_revoked(bed):
    good, gone = known(bed), ended(bed, known(bed))
    seen, over = {good.serial: set(), gone.serial: set()}, threading.Event()

    def come(holder):
        while not over.is_set():
            seen[holder.serial].add(bed.door.get(holder)[0])

    clients = [threading.Thread(target=come, args=(holder,), daemon=True) for holder in (good, gone)]
    for client in clients:
        client.start()
    for n in range(5):
        time.sleep(0.05 * n)
        bed.gate.kill()
        bed.gate.start()
        doors.sure(lambda: asks(bed, good)[0] == 204, 20)
    over.set()
    for client in clients:
        client.join(20)
    assert seen[good.serial] == {200, 403, 500}
    assert seen[gone.serial] <= {403, 500} and 403 in seen[gone.serial]


def test_a_broker_that_dies_keeps_its_sessions_but_for_who_was_revoked(bed, tmp_path):
    """Its database was just written: the session of who stayed trusted is there after kill -9, and so would be the other
    one's."""
    state = doors.enrol(bed.troth, tmp_path, "keeper")
    kept, gone, service = known(bed), known(bed), known(bed, "service")
    broker = doors.Broker(tmp_path, bed.server.root_pem, bed.site, state, name="keeper")
    down = {holder: f"t/{holder.serial}/down" for holder in (kept, gone)}
    with broker:
        doors.sure(lambda: is_admitted(broker, service), 20)
        for holder, topic in down.items():
            with doors.Mqtt(broker, holder, clean=False) as session:
                assert session.subscribe(topic) == 1
        with doors.Mqtt(broker, service) as sender:
            for topic in down.values():
                sender.publish(topic, b"before")
        saved = broker.store / "mosquitto.db"
        os.kill(broker.child.pid, signal.SIGUSR1)
        doors.sure(lambda: saved.exists() and b"before" in saved.read_bytes())
        broker.kill()
        bed.alice.set("meter", gone.serial, "revoke").ok()
        broker.start()
        doors.sure(lambda: is_admitted(broker, service), 20)
        with doors.Mqtt(broker, service) as sender:
            for topic in down.values():
                sender.publish(topic, b"after")
        refused = doors.Mqtt(broker, gone, clean=False).open(REFUSED)
        refused.close()
        assert refused.messages == []
        with doors.Mqtt(broker, kept, clean=False) as again:
            doors.sure(lambda: (down[kept], b"before") in again.messages)
