"""The feed at a boundary: deltas at once, a catalogue for who was away, heartbeats, and what the server makes of
acknowledgements: milliseconds to enforcement, and who is behind or silent."""

import json
import os
import threading
import time

import cbor2
import pytest

import lab
from feed_reader import FeedReader
from test_33_grace import renew
from test_72_status_lists import INVALID, SUPERSEDED, SUSPENDED, VALID, enrol, issuer_of
from test_76_boundaries import new_boundary
from test_81_faults import fill, is_on_crl, small_disk, wait_for

assert small_disk  # a fixture


@pytest.fixture
def admin(troth, alice):
    alice.add_product("pump")
    return alice


def new_gate(admin, name="gate"):
    return FeedReader(new_boundary(admin, name).enrolled().use())


def caught_up(gate):
    """It enforces all there is: a heartbeat came after everything."""
    gate.until(lambda: gate.said == ["heartbeat"], 30)
    return gate


def follow(admin, name="gate"):
    gate = new_gate(admin, name)
    assert lab.eventually(lambda: gate.poll_raw().status == 200, 20)
    gate.close()
    return caught_up(gate)


def report(gate, items):
    """What a boundary posts (wire/boundary_report.h); the answer's status."""
    body = cbor2.dumps([1, 0, 0, int(time.time() * 1000), [0, b""], items])
    return gate.client.request("POST", "/boundary/report", body,
                               {"Content-Type": "application/troth-boundary-report+cbor"}).status


def sighting(leaf, issuer, kind, service):
    return [kind, issuer, leaf.serial_number.to_bytes(16, "big"), b"", service, int(time.time() * 1000), 1, 1]


def cutoff(admin, entry):
    return admin.get(f"/cutoffs/{entry}").ok()


def cutoff_until(admin, entry, state, within_s=10):
    assert lab.eventually(lambda: cutoff(admin, entry)["state"] == state, within_s), cutoff(admin, entry)
    return cutoff(admin, entry)


def findings(admin, check):
    return [one for one in admin.pages("/findings") if one["check"] == check and one["about"] == "boundary"]


def test_a_revocation_is_at_the_poll_within_a_second(troth, admin):
    leaves = {name: enrol(troth, admin, "pump", name) for name in ("good", "gone", "held", "lost", "renewed")}
    issuer = issuer_of(leaves["good"][1])
    gate = follow(admin)
    assert {name: gate.status_of(leaf, issuer) for name, (_, leaf) in leaves.items()} == dict.fromkeys(leaves, VALID)
    for name, verb, wanted in (("gone", "revoke", INVALID), ("held", "quarantine", SUSPENDED), ("lost", "lost", INVALID)):
        threading.Timer(0.3, lambda one=name, do=verb: admin.set("pump", one, do).ok()).start()
        took = gate.until(lambda one=name, value=wanted: gate.status_of(leaves[one][1], issuer) == value)
        assert took < 1.3, gate.said
    admin.set("pump", "held", "readmit").ok()
    assert gate.until(lambda: gate.status_of(leaves["held"][1], issuer) == VALID) < 1

    # A renewal: the mark rises before anybody can use the new one; the old one ends with its first use.
    device, old = leaves["renewed"]
    key = lab.make_key()
    new = renew(device, key).certificates()[0]
    assert gate.until(lambda: gate.status_of(new, issuer) == VALID) < 1
    assert gate.status_of(old, issuer) == VALID
    assert lab.Device(troth, "pump", key, [new]).cacerts().status == 200
    assert gate.until(lambda: gate.status_of(old, issuer) == SUPERSEDED) < 1.5
    assert gate.catalogues == 1
    gate.close()


def test_each_boundarys_milliseconds_are_told(troth, admin, tmp_path):
    for name in ("one", "two", "three"):
        enrol(troth, admin, "pump", name)
    running, idle = follow(admin, "running"), follow(admin, "idle")
    with running.running():
        time.sleep(0.5)
        entry = admin.set("pump", "one", "revoke").ok()["entry"]
        assert lab.eventually(lambda: cutoff(admin, entry)["state"] == "behind", 5)
        told = {one["name"]: one for one in cutoff(admin, entry)["boundaries"]}
        assert told["running"]["state"] == "enforced" and told["running"]["ms"] < 1000
        assert told["idle"]["state"] == "behind" and told["idle"]["ms"] > 1000
        idle.poll().poll()
        told = {one["name"]: one["state"] for one in cutoff_until(admin, entry, "enforced")["boundaries"]}
        assert told == {"running": "enforced", "idle": "enforced"}

        begun = time.monotonic()
        command = admin.command_line(tmp_path / "profile")
        done = command("device", "revoke", "pump", "two").stdout.splitlines()
        assert time.monotonic() - begun < 8  # it waits for the other one, and names it
        assert done[0].startswith("touches: ") and "certificates 1" in done[0]
        lines = {line.split(":")[0].strip(): line for line in done[2:]}
        assert "enforced after" in lines["running"] and "not enforced after" in lines["idle"]
        said = json.loads(command("device", "retire", "pump", "three", "--json").stdout)
        assert {one["name"]: one["state"] for one in said["cutoff"]["boundaries"]}["running"] == "enforced"

    metrics = admin.request("GET", "/metrics").body.decode()
    assert 'troth_cutoff_seconds_bucket{boundary="running",le="1.000"} 3' in metrics
    assert 'troth_cutoff_seconds_count{boundary="running"} 3' in metrics
    assert cutoff(admin, admin.set("pump", "three", "found").json.get("entry", 1))  # whatever that was
    idle.close()
    running.close()


def test_an_entry_that_ends_nothing_says_so(troth, admin):
    enrol(troth, admin, "pump", "one")
    gate = follow(admin)
    entry = admin.add_product("valve")["entry"]
    time.sleep(0.6)
    assert cutoff(admin, entry) == {"entry": entry, "state": "nothing", "boundaries": []}
    admin.get("/cutoffs/999999").problem(404, "E4001")
    admin.get("/cutoffs/x").problem(400, "E1002")
    gate.close()


def test_who_was_away_catches_up_in_one_round(troth, admin):
    """A week's sleep is a catalogue and what followed it: one poll, whatever happened."""
    leaves = [enrol(troth, admin, "pump", f"d{i}") for i in range(6)]
    issuer = issuer_of(leaves[0][1])
    gate = follow(admin)
    seen = gate.status
    for i in range(3):
        admin.set("pump", f"d{i}", "revoke").ok()
    time.sleep(0.6)
    gate.poll()  # not away for long: deltas lead on
    assert "catalogue" not in gate.said and gate.status > seen
    gate.close()
    troth.stop()
    troth.start()
    admin._kept = None
    gate.until(lambda: gate.catalogues == 2, 30)
    told = [what for what in gate.said if what != "service"]  # which a start makes anew
    assert told[0] == "catalogue" and gate.status > seen
    wanted = [INVALID] * 3 + [VALID] * 3
    assert [gate.status_of(leaf, issuer) for _, leaf in leaves] == wanted
    fresh = FeedReader(gate.client)  # one that has nothing holds the same
    fresh.until(lambda: fresh.status >= gate.status)
    assert [fresh.status_of(leaf, issuer) for _, leaf in leaves] == wanted
    admin.set("pump", "d5", "revoke").ok()
    assert gate.until(lambda: gate.status_of(leaves[5][1], issuer) == INVALID) < 1.5
    assert gate.catalogues == 2
    gate.close()
    fresh.close()


def test_a_kill_takes_no_boundary_back(troth, admin):
    _, leaf = enrol(troth, admin, "pump", "one")
    gate = follow(admin)
    for _ in range(2):
        last = gate.status
        gate.close()
        troth.kill()
        troth.start()
        gate.until(lambda was=last: gate.status > was, 30)
        assert gate.status_of(leaf, issuer_of(leaf)) == VALID
    gate.close()


def test_a_heartbeat_comes_every_five_seconds(troth, admin):
    enrol(troth, admin, "pump", "one")
    gate = follow(admin)
    times = []
    for _ in range(3):
        gate.poll()
        times.append(time.monotonic())
        assert gate.said == ["heartbeat"]
    assert all(4 < b - a < 6.5 for a, b in zip(times, times[1:])), times
    gate.close()


def test_a_removed_boundary_is_told_nothing_more(troth, admin):
    enrol(troth, admin, "pump", "one")
    gate = follow(admin)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(gate.poll_raw()))
    thread.start()
    time.sleep(0.3)
    begun = time.monotonic()
    admin.post("/boundaries/gate/remove", {}).ok()
    thread.join(10)
    assert time.monotonic() - begun < 2 and answers[0].status == 403, answers
    assert gate.poll_raw().status == 403
    gate.close()
    assert gate.poll_raw().status == 403


def test_who_is_no_boundary_gets_no_feed(troth, admin):
    device, _ = enrol(troth, admin, "pump", "one")
    assert device.request("GET", "/boundary/feed/0/0").status == 403
    operator = lab.Client(troth, troth.ports["device"], admin.key, admin.chain)
    assert operator.request("GET", "/boundary/feed/0/0").status == 403
    nobody = lab.Client(troth, troth.ports["device"])
    assert nobody.request("GET", "/boundary/feed/0/0").status == 401


def test_td19_opens_on_a_silent_boundary_and_closes_when_it_is_heard(troth, admin, tmp_path):
    enrol(troth, admin, "pump", "one")
    admin.post("/policies", {"product": "", "settings": {"boundary-silent": "5s"}, "effects": {}}).ok()
    gate = follow(admin)
    assert findings(admin, "TD-19") == []
    gate.close()
    assert lab.eventually(lambda: findings(admin, "TD-19"), 15)
    found, = findings(admin, "TD-19")
    assert found["severity"] == "high" and found["mend"] == "troth boundary list"
    listed, = admin.pages("/boundaries")
    assert listed["heard"] <= listed["behind_since"] == found["began"]
    with gate.running():  # one poll may last as long as the silence that is allowed here
        assert lab.eventually(lambda: not findings(admin, "TD-19"), 20)
        listed, = json.loads(admin.command_line(tmp_path / "profile")("boundary", "list", "--json").stdout)
        assert listed["behind_since"] is None and listed["heard"] > found["began"]
        assert 0 < listed["status_generation"] <= gate.status
    gate.close()


def test_a_boundary_that_was_never_heard_is_listed_so(admin):
    new_boundary(admin, "fresh")
    listed, = admin.pages("/boundaries")
    assert listed["heard"] is None and listed["behind_since"] is None
    assert (listed["status_generation"], listed["service_generation"]) == (0, 0)


def test_td20_opens_on_a_slow_cut_off_and_closes_with_a_quick_one(troth, admin):
    """A boundary that is heard and does not enforce is behind (TD-19); what it enforces late was slow (TD-20)."""
    for name in ("one", "two"):
        enrol(troth, admin, "pump", name)
    gate = follow(admin)
    admin.set("pump", "one", "revoke").ok()
    begun, late = time.monotonic(), gate.status
    while not findings(admin, "TD-19"):
        assert time.monotonic() - begun < 20
        assert gate.poll_raw().status == 200  # and takes nothing of it
        time.sleep(0.5)
    assert gate.status == late and findings(admin, "TD-20") == []
    gate.poll().poll()
    assert lab.eventually(lambda: findings(admin, "TD-20") and not findings(admin, "TD-19"), 10)
    with gate.running():
        time.sleep(0.3)
        admin.set("pump", "two", "revoke").ok()
        assert lab.eventually(lambda: not findings(admin, "TD-20"), 10)
    gate.close()
    troth.stop_and_audit()


def test_a_slow_reader_and_many_polls_cost_nobody_else(troth, admin):
    enrolled = [enrol(troth, admin, "pump", f"d{i}") for i in range(2)]
    issuer = issuer_of(enrolled[0][1])
    gate = follow(admin)
    slow = [FeedReader(gate.client) for _ in range(6)]
    for one in slow:  # asked, and never read
        one.connection = one.client.connection()
        one.connection.request("GET", "/boundary/feed/0/0")
    other = follow(admin, "other")
    threading.Timer(0.3, lambda: admin.set("pump", "d0", "revoke").ok()).start()
    assert other.until(lambda: other.status_of(enrolled[0][1], issuer) == INVALID) < 1.3
    for one in [*slow, gate, other]:
        one.close()


def test_a_bulk_verb_is_told_without_a_gap(troth, admin):
    keys = {f"b{i}": lab.make_key() for i in range(250)}
    admin.import_devices("pump", keys)
    leaves = [lab.Device(troth, "pump").enrol(lab.make_csr(key, name)).certificates()[0] for name, key in keys.items()]
    issuer = issuer_of(leaves[0])
    gate = follow(admin)
    assert [gate.status_of(leaf, issuer) for leaf in leaves] == [VALID] * 250
    with gate.running():
        admin.post("/bulks", {"verb": "revoke", "product": "pump"}).ok()
        assert lab.eventually(lambda: all(gate.status_of(leaf, issuer) == INVALID for leaf in leaves), 15)
    assert gate.catalogues == 1
    gate.close()


def test_on_a_full_disk_the_feed_goes_on(small_disk):
    """Deltas are on no disk: what is revoked then is told, and heartbeats go on."""
    admin = small_disk.bootstrap()
    admin.add_product("pump")
    enrolled = [enrol(small_disk, admin, "pump", f"d{i}") for i in range(2)]
    issuer = issuer_of(enrolled[0][1])
    keys = {f"x{i}": lab.make_key() for i in range(40)}
    admin.import_devices("pump", keys)
    gate = follow(admin)
    filler = fill(small_disk.folder)
    statuses = [lab.Device(small_disk, "pump").enrol(lab.make_csr(key, name)).status for name, key in keys.items()]
    assert statuses[-1] == 503, statuses
    threading.Timer(0.3, lambda: admin.set("pump", "d0", "revoke").ok()).start()
    assert gate.until(lambda: gate.status_of(enrolled[0][1], issuer) == INVALID) < 1.8
    gate.until(lambda: gate.said == ["heartbeat"])
    assert gate.catalogues == 1 and gate.status_of(enrolled[1][1], issuer) == VALID
    gate.close()
    os.truncate(filler, 0)
    small_disk.stop()


ADMITTED, OPENED, CLOSED = 1, 3, 4


def test_a_report_that_cannot_be_kept_is_refused_and_costs_nobody_his_turn(troth, admin):
    _, leaf = enrol(troth, admin, "pump", "one")
    liar = new_gate(admin, "liar")
    assert report(liar, [sighting(leaf, issuer_of(leaf), OPENED, "mqtt")]) == 204
    for service in ("a\0b", "a\nb", "a b"):
        assert report(liar, [sighting(leaf, issuer_of(leaf), OPENED, service)]) == 400
    enrol(troth, admin, "pump", "two")
    assert "turn-failed" not in troth.log()


def test_boundaries_that_share_a_place_share_its_limit(troth, admin):
    """256 places (CORE_REPORTERS): the first and the 257th."""
    _, leaf = enrol(troth, admin, "pump", "one")
    first = new_gate(admin, "first")
    for n in range(255):
        admin.post("/boundaries", {"name": f"b-{n}", "services": "mqtt"}).ok()
    last = new_gate(admin, "last")
    many = [sighting(leaf, issuer_of(leaf), CLOSED, "mqtt")] * 512  # of no session: two looks, and nothing is written
    for _ in range(20):
        assert report(first, many) == 204 and report(last, many) == 204
    assert lab.eventually(lambda: "reports-dropped" in troth.log(), 5), "20,480 items at once and nothing was dropped"


def test_a_report_that_finds_the_disk_full_is_not_called_taken(small_disk):
    """Each is the first use of a certificate: what was answered 204 is kept, and what was not comes again."""
    admin = small_disk.bootstrap()
    admin.add_product("pump")
    keys = {f"d{i}": lab.make_key() for i in range(30)}
    admin.import_devices("pump", keys)
    leaves = [lab.Device(small_disk, "pump").enrol(lab.make_csr(key, name)).certificates()[0]
              for name, key in keys.items()]
    issuer = issuer_of(leaves[0])
    gate = follow(admin)
    filler = fill(small_disk.folder)
    statuses = []
    for leaf in leaves:
        items = [sighting(leaf, issuer, ADMITTED, "mqtt")]
        statuses.append(report(gate, items))
        if statuses[-1] == 503:
            assert lab.eventually(lambda items=items: report(gate, items) == 204)
    os.truncate(filler, 0)
    assert lab.eventually(lambda: admin.certificate_state(leaves[-1]) == "current")
    assert [admin.certificate_state(leaf) for leaf in leaves] == ["current"] * len(leaves)
    assert 503 in statuses and set(statuses) == {204, 503}, statuses
    gate.close()
    small_disk.stop_and_audit()


@pytest.mark.parametrize("is_started_anew", [False, True], ids=["goes-on", "starts-anew"])
def test_the_first_to_find_the_disk_full_may_be_who_revokes(small_disk, is_started_anew):
    """Nothing failed before, so all that is reserved is there still: it is done at once, told, and on the CRL; so after a
    start on that disk, which needs a catalogue anew."""
    admin = small_disk.bootstrap()
    admin.add_product("pump")
    enrolled = [enrol(small_disk, admin, "pump", f"d{i}") for i in range(2)]
    issuer = issuer_of(enrolled[0][1])
    gate = follow(admin)
    filler = fill(small_disk.folder)
    if is_started_anew:
        gate.close()
        small_disk.kill()
        small_disk.start(lambda: small_disk.is_ready((200, 503)))
        admin._kept = None
    admin.set("pump", "d0", "revoke").ok()
    gate.until(lambda: gate.status_of(enrolled[0][1], issuer) == INVALID)
    wait_for(lambda: is_on_crl(small_disk, enrolled[0][1]))
    assert gate.catalogues == 1 + is_started_anew and gate.status_of(enrolled[1][1], issuer) == VALID
    assert small_disk.local("GET", "/readyz").status == 503
    gate.close()
    os.truncate(filler, 0)
    wait_for(lambda: small_disk.is_ready())
    small_disk.stop_and_audit()
