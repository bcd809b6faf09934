"""Two holders of one identity at brokers, found within a second of the deciding event; and honest devices that roam, whose
network fails or whose broker begins anew, which are not flagged. Each holder is a client of its own with a copied key."""

import time

import pytest

import doors
import lab
from doors import SERVICE

CLONE = 2


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    """Two brokers of one service."""
    folder = tmp_path_factory.mktemp("clones")
    with doors.bedded(folder, "meter") as (bed, stack):
        bed.brokers = []
        states = {name: doors.enrol(bed.troth, folder, name) for name in ("a", "b")}
        bind(bed, SERVICE)
        for name, state in states.items():
            bed.brokers.append(stack.enter_context(
                doors.Broker(folder, bed.server.root_pem, bed.site, state, name=name)))
        yield bed


def bind(bed, service):
    bed.troth("binding", "add", service, "--product", "meter", "--actions", "connect")
    bed.troth("binding", "add", service, "--product", "meter", "--actions", "publish", "--pattern", "t/%device%")


def new_holder(bed):
    holder = bed.new_holder()
    time.sleep(0.7)  # its number comes with a delta
    return holder


def open_findings(bed, holder):
    shown = bed.alice.show("meter", holder.serial)
    return {finding["check"] for finding in shown["findings"] if not finding.get("closed_at")}


def is_flagged(bed, holder):
    return any(str(check).lstrip("TD-0") == str(CLONE) for check in open_findings(bed, holder))


def settle():
    time.sleep(2)  # longer than any report takes


# ---- two holders -------------------------------------------------------------------------------


def test_an_older_session_that_sends_after_the_newer_one_came_is_a_clone(bed):
    holder = new_holder(bed)
    a, b = bed.brokers
    with doors.Mqtt(a, holder) as thief:
        thief.publish(f"t/{holder.serial}")  # when it was alone
        with doors.Mqtt(b, holder) as device:
            settle()
            assert not is_flagged(bed, holder)
            begun = time.monotonic()
            thief.publish(f"t/{holder.serial}")
            doors.sure(lambda: bed.alice.state("meter", holder.serial) == "quarantined", 3)
            took = time.monotonic() - begun
            print(f"quarantined {took * 1000:.0f} ms after the older session sent")
            assert took < 1.0 and is_flagged(bed, holder)
            doors.sure(lambda: thief.lost_at and device.lost_at, 3)


@pytest.mark.parametrize("name, code", [("meter/SN-0", 5), ("meter/{}/more", 0)])
def test_nothing_that_a_copy_does_beside_its_session_hides_it(bed, name, code):
    """A connection that is refused, or another one that ends, at the broker where the copy has its session."""
    holder = new_holder(bed)
    a, b = bed.brokers
    with doors.Mqtt(a, holder) as thief:
        thief.publish(f"t/{holder.serial}")
        doors.Mqtt(a, holder, name.format(holder.serial)).open(code).close()
        settle()
        with doors.Mqtt(b, holder):
            settle()
            thief.publish(f"t/{holder.serial}")
            doors.sure(lambda: bed.alice.state("meter", holder.serial) == "quarantined", 3)


def test_three_takeovers_back_and_forth_are_flagged_and_quarantine_nobody(bed):
    holder = new_holder(bed)
    broker = bed.brokers[0]
    sessions = []
    for _ in range(4):
        session = doors.Mqtt(broker, holder).open()
        session.publish(f"t/{holder.serial}")
        sessions.append(session)
    doors.sure(lambda: is_flagged(bed, holder), 2)
    assert bed.alice.state("meter", holder.serial) == "active"
    for session in sessions:
        session.close()


def test_takeovers_quarantine_where_a_policy_says_so(bed):
    (bed.folder / "policy.yaml").write_text("takeovers: 1\n")
    bed.troth("policy", "set", "--product", "meter", bed.folder / "policy.yaml")
    try:
        holder = new_holder(bed)
        sessions = []
        for _ in range(4):
            session = doors.Mqtt(bed.brokers[0], holder).open()
            session.publish(f"t/{holder.serial}")
            sessions.append(session)
        doors.sure(lambda: bed.alice.state("meter", holder.serial) == "quarantined", 3)
        doors.sure(lambda: sessions[-1].lost_at, 3)
        for session in sessions:
            session.close()
    finally:
        (bed.folder / "policy.yaml").write_text("takeovers: 0\n")
        bed.troth("policy", "set", "--product", "meter", bed.folder / "policy.yaml")


# ---- honest devices ----------------------------------------------------------------------------


def expect_honest(bed, holder):
    settle()
    assert not is_flagged(bed, holder)
    assert bed.alice.state("meter", holder.serial) == "active"


def test_a_device_that_roams_and_leaves_a_half_open_connection_is_no_clone(bed):
    holder = new_holder(bed)
    a, b = bed.brokers
    with doors.Wire(a.port) as network:
        there = doors.Mqtt(type("Through", (), {"port": network.port, "site": a.site}), holder).open()
        there.publish(f"t/{holder.serial}")
        there.vanish()  # its network is gone, the broker knows nothing of it
        with doors.Mqtt(b, holder) as here:
            for _ in range(5):
                here.publish(f"t/{holder.serial}")
                time.sleep(0.1)
            expect_honest(bed, holder)


def test_a_device_that_goes_to_and_fro_is_no_clone(bed):
    holder = new_holder(bed)
    for broker in (*bed.brokers, *bed.brokers):
        with doors.Mqtt(broker, holder) as session:
            session.publish(f"t/{holder.serial}")
    expect_honest(bed, holder)


def test_a_broker_that_begins_anew_makes_no_clones(bed):
    holder = new_holder(bed)
    a, b = bed.brokers
    with doors.Mqtt(a, holder) as session:
        session.publish(f"t/{holder.serial}")
        a.kill()
    a.start()

    def comes(broker):
        session = doors.Mqtt(broker, holder)
        session.client.loop_start()
        lab.eventually(lambda: session.code is not None or session.lost_at, 3)
        if session.code != 0:
            session.close()
            return None
        return session

    with doors.Mqtt(b, holder) as there:
        there.publish(f"t/{holder.serial}")
    session = doors.sure(lambda: comes(a), 15)
    session.publish(f"t/{holder.serial}")
    expect_honest(bed, holder)
    session.close()


def test_a_new_address_behind_a_nat_is_no_clone(bed):
    """The old connection stays half open; the device connects again from another port: one takeover, or two."""
    holder = new_holder(bed)
    broker = bed.brokers[0]
    kept = []
    for _ in range(3):
        session = doors.Mqtt(broker, holder).open()
        session.publish(f"t/{holder.serial}")
        session.vanish()
        kept.append(session)
    expect_honest(bed, holder)
    for session in kept:
        session.close()


def test_two_services_at_once_are_no_clone(bed):
    holder = new_holder(bed)
    state = doors.enrol(bed.troth, bed.folder, "c", "commands")
    bind(bed, "commands")
    with doors.Broker(bed.folder, bed.server.root_pem, bed.site, state, service="commands", name="c") as other:
        time.sleep(2)
        with doors.Mqtt(bed.brokers[0], holder) as first, doors.Mqtt(other, holder) as second:
            settle()
            for _ in range(3):
                first.publish(f"t/{holder.serial}")
                second.publish(f"t/{holder.serial}")
            expect_honest(bed, holder)
