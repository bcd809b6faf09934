"""Debian's mosquitto with the plugin, and real MQTT clients that hold sessions: who connects, what he may publish and
read, whose session is cut and refused when it comes back, and the bad days."""

import signal
import time

import pytest

import doors
import lab
from doors import SERVICE

REFUSED = 5  # CONNACK: not authorized (MQTT 3.1.1 3.2.2.3)
DENIED = 0x80  # SUBACK


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    with doors.bedded(folder, "meter", "pump") as (bed, stack):
        bed.wire = stack.enter_context(doors.Wire(bed.server.ports["device"]))
        bed.state = doors.enrol(bed.troth, folder, "broker", port=bed.wire.port)
        bind = ("binding", "add", SERVICE, "--product", "meter")
        bed.troth(*bind, "--actions", "connect")
        bed.troth(*bind, "--actions", "publish", "--pattern", "t/%product%/%device%/up")
        bed.troth(*bind, "--actions", "subscribe", "--pattern", "t/%product%/%device%/#")
        bed.troth("binding", "add", SERVICE, "--owner", "service", "--actions", "connect,publish,subscribe",
                  "--pattern", "t/#")
        bed.broker = stack.enter_context(doors.Broker(folder, bed.server.root_pem, bed.site, bed.state))
        yield bed


def new_holder(bed, product="meter", owner="acme"):
    holder = bed.new_holder(product, owner)
    time.sleep(0.5)  # its number comes with a delta
    return holder


def quick(question, within_s=1.0):
    doors.sure(question, within_s)


# ---- who connects ------------------------------------------------------------------------------


def test_a_device_connects_under_its_name_and_no_other(bed):
    holder = new_holder(bed)
    for name in (f"meter/{holder.serial}", f"meter/{holder.serial}/app"):
        with doors.Mqtt(bed.broker, holder, name):
            pass
    for name in (holder.serial, f"meter/{holder.serial}0", "meter/SN-0", f"pump/{holder.serial}", "x"):
        doors.Mqtt(bed.broker, holder, name).open(REFUSED).close()
    assert "refused: client-id" in bed.broker.text()


def test_without_a_binding_nobody_connects(bed):
    pump = new_holder(bed, "pump")
    doors.Mqtt(bed.broker, pump, f"pump/{pump.serial}").open(REFUSED).close()


def test_a_strangers_certificate_gets_no_session(bed):
    key = lab.make_key()
    stranger = doors.Holder(bed.folder, "stranger", key, [lab.make_certificate(key, "SN-1")])
    session = doors.Mqtt(bed.broker, stranger, "meter/SN-1")
    with pytest.raises((doors.ssl.SSLError, ConnectionError)):  # the handshake ends, or the first read after it
        session.client.connect("localhost", bed.broker.port)
        for _ in range(20):
            if session.client.loop(0.1) != 0:
                raise ConnectionResetError
    assert session.code is None


def test_one_certificate_has_so_many_sessions_and_no_more(bed):
    """SESSION_NAMES_MAX; of names that ended any number may follow."""
    holder, other = new_holder(bed), new_holder(bed)
    sessions = [doors.Mqtt(bed.broker, holder, f"meter/{holder.serial}/{n}").open() for n in range(64)]
    doors.Mqtt(bed.broker, holder, f"meter/{holder.serial}/64").open(REFUSED).close()
    with doors.Mqtt(bed.broker, other):
        pass
    for session in sessions:
        session.close()
    for n in range(100, 170):
        with doors.Mqtt(bed.broker, holder, f"meter/{holder.serial}/{n}"):
            pass


# ---- what he may -------------------------------------------------------------------------------


def test_topics_are_those_of_the_bindings(bed):
    meter, other, app = new_holder(bed), new_holder(bed), new_holder(bed, owner="service")
    up = f"t/meter/{meter.serial}/up"
    with doors.Mqtt(bed.broker, meter) as m, doors.Mqtt(bed.broker, other) as o, \
            doors.Mqtt(bed.broker, app) as a:
        assert a.subscribe("t/+/+/up") != DENIED
        assert m.subscribe(f"t/meter/{meter.serial}/down") != DENIED
        for topic in ("#", "t/#", "t/+/+/down", f"t/meter/{other.serial}/down", "$SYS/#"):
            assert m.subscribe(topic) == DENIED, topic
        m.publish(up, b"1")
        o.publish(up, b"2")  # another's topic: dropped
        o.publish(f"t/meter/{other.serial}/down", b"3")  # its own, but only to read
        a.publish(f"t/meter/{meter.serial}/down", b"4")
        doors.sure(lambda: a.messages and m.messages)
        time.sleep(0.3)
        assert a.messages == [(up, b"1"), (f"t/meter/{meter.serial}/down", b"4")][:len(a.messages)]
        assert (up, b"2") not in a.messages and not any(payload == b"3" for _, payload in a.messages)
        assert m.messages == [(f"t/meter/{meter.serial}/down", b"4")]


# ---- who is cut --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["revoke", "quarantine", "lost", "retire"])
def test_a_live_session_is_cut_within_a_second_and_refused_on_return(bed, verb):
    holder, other = new_holder(bed), new_holder(bed)
    with doors.Mqtt(bed.broker, holder) as session, doors.Mqtt(bed.broker, other) as kept:
        begun = time.monotonic()
        bed.alice.set("meter", holder.serial, verb).ok()
        doors.sure(lambda: session.lost_at is not None, 5)
        took = session.lost_at - begun
        print(f"{verb}: {took * 1000:.0f} ms from the request to the closed socket")
        assert took < 1.0
        doors.Mqtt(bed.broker, holder).open(REFUSED).close()
        assert kept.is_open


def test_a_persistent_session_is_refused_and_gets_nothing(bed):
    holder, app = new_holder(bed), new_holder(bed, owner="service")
    down = f"t/meter/{holder.serial}/down"
    with doors.Mqtt(bed.broker, holder, clean=False) as session:
        assert session.subscribe(down) != DENIED
    with doors.Mqtt(bed.broker, app) as a:
        a.publish(down, b"kept")  # while it is away and trusted: queued
        bed.alice.set("meter", holder.serial, "quarantine").ok()
        time.sleep(1)
        a.publish(down, b"dropped")
        doors.Mqtt(bed.broker, holder, clean=False).open(REFUSED).close()
        bed.alice.set("meter", holder.serial, "readmit").ok()
        time.sleep(1)
        with doors.Mqtt(bed.broker, holder, clean=False) as again:
            doors.sure(lambda: again.messages)
            assert again.messages == [(down, b"kept")]


def test_a_binding_that_is_removed_ends_the_session(bed):
    pump = new_holder(bed, "pump")
    added = bed.troth("binding", "add", SERVICE, "--product", "pump", "--actions", "connect", "--json").stdout
    number = doors.json.loads(added).get("id") or doors.json.loads(added).get("object")
    time.sleep(1)
    with doors.Mqtt(bed.broker, pump, f"pump/{pump.serial}") as session:
        bed.troth("binding", "remove", number)
        quick(lambda: session.lost_at is not None, 3)


# ---- bad days ----------------------------------------------------------------------------------


def test_the_broker_keeps_sessions_while_the_server_is_away(bed):
    holder, other = new_holder(bed), new_holder(bed)
    with doors.Mqtt(bed.broker, holder) as session, doors.Mqtt(bed.broker, other) as kept:
        bed.wire.cut()
        try:
            bed.alice.set("meter", holder.serial, "revoke").ok()
            time.sleep(1)
            assert session.is_open and kept.is_open
            with doors.Mqtt(bed.broker, other, f"meter/{other.serial}/2"):
                pass
        finally:
            bed.wire.mend()
        quick(lambda: session.lost_at is not None, 15)
        assert kept.is_open


def test_a_broker_that_was_killed_comes_back_and_refuses_who_was_revoked(bed):
    holder, other = new_holder(bed), new_holder(bed)
    with doors.Mqtt(bed.broker, holder, clean=False):
        pass
    bed.broker.kill()
    bed.alice.set("meter", holder.serial, "revoke").ok()
    bed.broker.start()

    def comes_back():
        session = doors.Mqtt(bed.broker, other)
        session.client.loop_start()
        lab.eventually(lambda: session.code is not None or session.lost_at, 3)
        session.close()
        return session.code == 0

    doors.sure(comes_back, 15)
    doors.Mqtt(bed.broker, holder, clean=False).open(REFUSED).close()


@pytest.mark.parametrize("line, word", [
    ("use_identity_as_username true", "use_identity_as_username"),
    ("use_subject_as_username true", "use_subject_as_username"),
    ("plugin_opt_stat /x", "plugin_opt_stat"),
])
def test_the_broker_does_not_start_where_the_plugin_would_be_bypassed(bed, tmp_path, line, word):
    broker = doors.Broker(tmp_path, bed.server.root_pem, bed.site, bed.state, line)
    doors.Process.start(broker)
    doors.sure(lambda: not broker.is_alive())
    assert broker.child.returncode != 0
    assert "does not start" in broker.text() and word in broker.text()


def test_a_password_and_a_list_of_the_brokers_own_let_nobody_past_the_plugin(bed, tmp_path):
    lab.run("mosquitto_passwd", "-b", "-c", tmp_path / "passwords", "joe", "secret")
    (tmp_path / "acl").write_text("user joe\ntopic readwrite #\n")
    state = doors.enrol(bed.troth, tmp_path, "broker-passwords")
    holder, gone = new_holder(bed), new_holder(bed)
    bed.alice.set("meter", gone.serial, "revoke").ok()

    def session(of):
        made = doors.Mqtt(broker, of)
        made.client.username_pw_set("joe", "secret")
        return made

    with doors.Broker(tmp_path, bed.server.root_pem, bed.site, state, f"password_file {tmp_path}/passwords",
                      f"acl_file {tmp_path}/acl") as broker:
        time.sleep(1.5)
        session(gone).open(REFUSED).close()
        with session(holder) as known:
            assert known.subscribe("#") == DENIED
            assert known.subscribe(f"t/meter/{holder.serial}/down") != DENIED
    assert "refused: invalid" in broker.text()


def test_a_reload_of_the_broker_ends_sessions_without_a_user_name_and_the_plugin_goes_on(bed):
    """The first is mosquitto's own: under allow_anonymous false it ends whom it knows no user name of."""
    holder, named = new_holder(bed), new_holder(bed)
    kept = doors.Mqtt(bed.broker, named)
    kept.client.username_pw_set(named.serial)
    with doors.Mqtt(bed.broker, holder) as session, kept:
        bed.broker.child.send_signal(signal.SIGHUP)
        doors.sure(lambda: session.lost_at is not None, 3)
        assert kept.is_open
        bed.alice.set("meter", named.serial, "revoke").ok()
        doors.sure(lambda: kept.lost_at is not None, 3)
    with doors.Mqtt(bed.broker, holder):
        pass


def test_who_is_refused_is_in_the_log_and_no_secret_is(bed):
    holder = new_holder(bed)
    with doors.Mqtt(bed.broker, holder) as session:
        bed.alice.set("meter", holder.serial, "revoke").ok()
        doors.sure(lambda: session.lost_at is not None)
    before = bed.broker.text().count("refused: invalid")
    doors.Mqtt(bed.broker, holder).open(REFUSED).close()
    doors.sure(lambda: bed.broker.text().count("refused: invalid") > before)
    secret = (bed.state / "key.pem").read_text().splitlines()[1]
    assert len(secret) == 64 and secret not in bed.broker.text()
