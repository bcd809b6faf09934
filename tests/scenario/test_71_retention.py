"""What is no ledger has a retention: a day's tidy drops what is past it, says in one entry how much, and
what is left verifies. Time is virtual."""

import contextlib
import sqlite3
import time

import lab
from test_48_scan import base64_of, certificate, upload

DAY_S = 86400
KINDS = ("answers", "counters", "seen", "sightings", "checkpoints", "webhooks")


def rows_of(server, query, *parameters):
    path = server.folder / "data" / "store" / "troth.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return database.execute(query, parameters).fetchall()


def count(server, table, where="1"):
    return rows_of(server, f"SELECT count(*) FROM {table} WHERE {where}")[0][0]


def tidies(server):
    """What each tidy says that it dropped, the oldest first."""
    found = rows_of(server, f"SELECT {', '.join(KINDS)} FROM tidy ORDER BY id")
    return [dict(zip(KINDS, row)) for row in found]


def events(alice):
    return [one["event"] for one in alice.pages("/ledger/entries")]


def pass_days(server, alice, days):
    """The time goes by, and a person says that it is true; then the tidy of the day is awaited."""
    before = len(tidies(server))
    server.control.wall_offset_s += days * DAY_S
    alice.post("/clock/accept").ok()
    assert lab.eventually(lambda: len(tidies(server)) > before, 30)


def active_device(server, alice, product, serial):
    key = lab.make_key()
    alice.import_devices(product, {serial: key})
    leaf = lab.Device(server, product).enrol(lab.make_csr(key, serial)).certificates()[0]
    device = lab.Device(server, product, key, [leaf])
    assert device.cacerts().status == 200
    assert lab.eventually(lambda: alice.state(product, serial) == "active")


def test_a_day_s_tidy_is_an_entry_and_what_is_past_its_time_is_gone(faulty):
    with faulty.bootstrap() as alice:
        alice.post("/products", {"name": "p"}, key="once").ok()
        active_device(faulty, alice, "p", "kept")
        alice.add_product("q")
        active_device(faulty, alice, "q", "gone")
        checkpoints = count(faulty, "note")
        alice.post("/bulks", {"verb": "retire", "product": "q"}).ok()  # one person's are counted
        assert lab.eventually(lambda: count(faulty, "note") > checkpoints)
        time.sleep(1)
        assert tidies(faulty) == []  # a new installation has a day
        before = {"answers": count(faulty, "answer"), "counters": count(faulty, "budget")}
        assert before["answers"] == 1 and before["counters"] > 0

        pass_days(faulty, alice, 2)
        first, = tidies(faulty)
        assert first == {**before, "seen": 0, "sightings": 0, "checkpoints": 0, "webhooks": 0}
        assert count(faulty, "answer") == 0
        assert events(alice).count("tidied") == 1

        checkpoints = count(faulty, "note")
        pass_days(faulty, alice, 400)
        second = tidies(faulty)[1]
        assert second["seen"] == 1
        assert rows_of(faulty, "SELECT d.serial_number FROM seen s JOIN device d ON d.id = s.device"
                       ) == [("kept",)]
        assert second["checkpoints"] >= checkpoints - 1
        assert count(faulty, "note") >= 1
        assert count(faulty, "certificate_der") == count(faulty, "certificate")
        assert alice.show("p", "kept")["device"]["seen"] is not None
    faulty.stop_and_audit()


def look(alice, port, made):
    """A scan saw that certificate there."""
    chain = [base64_of(made)]
    answer = upload(alice, {"target": f"10.0.0.1:{port}", "outcome": "seen", "chain": chain}).ok()
    assert answer["refused"] == 0, answer


def test_places_where_certificates_stood_have_their_time(faulty):
    """What stood there before is dropped a year later, but for the last place of each certificate: a certificate that
    went out of use owes nothing, then and now."""
    first, second = (certificate(lab.make_key(), name) for name in ("first", "second"))
    with faulty.bootstrap() as alice:
        for port in (1, 2, 3):
            look(alice, port, first)
        for port in (1, 2):
            look(alice, port, second)
        assert alice.get("/foreign-certificates/1").ok()["findings"]
        faulty.control.wall_offset_s += 2  # so that one place is the last
        look(alice, 3, second)
        assert (count(faulty, "sighting", "ended_at > 0"), count(faulty, "sighting", "ended_at = 0")) == (3, 3)
        last = rows_of(faulty, "SELECT place, max(ended_at) FROM sighting")
        pass_days(faulty, alice, 2)
        assert tidies(faulty)[-1]["sightings"] == 0
        pass_days(faulty, alice, 370)
        assert tidies(faulty)[-1]["sightings"] == 2
        assert rows_of(faulty, "SELECT place, ended_at FROM sighting WHERE ended_at > 0") == last
        assert count(faulty, "sighting", "ended_at = 0") == 3
        shown = alice.get("/foreign-certificates/1").ok()
        assert shown["findings"] == [] and [one["place"] for one in shown["places"]] == ["10.0.0.1:3"]
        assert alice.get("/foreign-certificates/2").ok()["findings"]
    faulty.stop_and_audit()


def test_while_the_clock_is_in_doubt_nothing_is_old(faulty):
    with faulty.bootstrap() as alice:
        alice.post("/products", {"name": "p"}, key="once").ok()
        faulty.control.wall_offset_s = 400 * DAY_S
        assert lab.eventually(lambda: "clock" in str(alice.request("GET", "/readyz").body))
        time.sleep(2)
        assert tidies(faulty) == [] and count(faulty, "answer") == 1


def test_a_tidy_that_is_killed_goes_on_and_counts_all(faulty):
    """Slices are small and each counts in its transaction; so the entry has the sum, whenever it was
    killed."""
    with faulty.bootstrap() as alice:
        alice.add_product("p")
    faulty.stop()
    path = faulty.folder / "data" / "store" / "troth.db"
    total = 4000
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO answer (key, at, answer) VALUES (?, ?, x'00')",
                             [(f"old-{number}", int(time.time()) - 60) for number in range(total)])
    budgets = count(faulty, "budget")
    faulty.control.wall_offset_s = 2 * DAY_S
    kills = 0
    for _ in range(3):
        faulty.start()
        left = count(faulty, "answer", "key LIKE 'old-%'")
        lab.eventually(lambda: count(faulty, "answer", "key LIKE 'old-%'") < left, 5)
        kills += tidies(faulty) == []
        faulty.kill()
    assert kills > 0
    faulty.start()
    assert lab.eventually(lambda: tidies(faulty), 30)
    assert count(faulty, "answer", "key LIKE 'old-%'") == 0
    one, = tidies(faulty)
    assert one["answers"] == total and one["counters"] >= budgets
    faulty.stop_and_audit()


def test_what_the_file_says_is_the_retention(faulty):
    with faulty.bootstrap() as alice:
        faulty.stop()
        faulty.config["retention"] = {"answers_s": 10 * DAY_S, "counters_s": 7200}
        faulty.write_config()
        faulty.start()
    with lab.Operator(faulty, alice.key, alice.chain[0]) as alice:
        alice.post("/products", {"name": "p"}, key="once").ok()
        pass_days(faulty, alice, 2)
        assert count(faulty, "answer") == 1
        pass_days(faulty, alice, 9)
        assert count(faulty, "answer") == 0
        assert [one["answers"] for one in tidies(faulty)] == [0, 1]
