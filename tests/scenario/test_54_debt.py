"""Debt on the real server in virtual time: now and for a past day, told apart, accrued and paid in a period,
each figure counted again from the rows of its database."""

import collections
import datetime
import json
import os
import sqlite3

import pytest

import lab
from test_33_grace import DAY_S, Late, NO_CHECK_TIME, jump, late, renew  # noqa: F401 (late is a fixture)
from test_41_cli import Troth

WEIGHTS = [0, 1, 2, 4, 8]
SEVERITIES = ["none", "low", "medium", "high", "critical"]
CHANGED = 3
BY = ("product", "owner", "check", "severity", "device")


def rows_of(server):
    with sqlite3.connect(f"file:{server.folder}/data/store/troth.db?mode=ro", uri=True) as base:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute(
            "SELECT f.*, p.name AS product_name, d.serial_number FROM finding f"
            " LEFT JOIN product p ON p.id = f.product LEFT JOIN device d ON d.id = f.device")]


def owes(row, at_s):
    ended = row["closed_at"] or 0
    if row["recorded_at"] > at_s or 0 < ended <= at_s:
        return 0
    return WEIGHTS[row["severity"]] * (at_s - row["began_at"])


def key_of(row, by):
    return {"product": row["product_name"] or "", "owner": row["owner"] or "",
            "check": f"TD-{row['check_id']:02}", "severity": SEVERITIES[row["severity"]],
            "device": (row["product_name"] if row["serial_number"] else "", row["serial_number"] or "")}[by]


def instant(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def text_of(at_s):
    return datetime.datetime.fromtimestamp(at_s, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def check(answer, rows):
    """The answer's total and groups against the rows."""
    at_s, since_s = instant(answer["as_of"]), answer["since"] and instant(answer["since"])
    by = answer.get("by")
    debt, before, paid = (collections.Counter() for _ in range(3))
    for row in rows:
        key = key_of(row, by) if by else ""
        for name in (key, "total"):
            debt[name] += owes(row, at_s)
            if since_s:
                before[name] += owes(row, since_s)
                if since_s < (row["closed_at"] or 0) <= at_s and row["closed_by"] != CHANGED:
                    paid[name] += WEIGHTS[row["severity"]] * (row["closed_at"] - row["began_at"])
    groups = {"total": answer["total"]}
    for item in answer["items"]:
        groups[(item["product"], item["key"]) if by == "device" else item["key"]] = item
    assert answer["groups"] == len(answer["items"])
    for name, group in groups.items():
        assert group["debt_s"] + group["waived_s"] == debt[name], (name, group)
        if since_s:
            assert (group["before_s"], group["paid_s"]) == (before[name], paid[name]), (name, group)
            assert debt[name] == before[name] + group["accrued_s"] - paid[name]
    if by:
        assert set(groups) >= {name for name, value in debt.items() if value}
    return answer


def ask(server, alice, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return check(alice.get(f"/debt?{text}").ok(), rows_of(server))


def enrol(server, alice, serial, owner):
    key = lab.make_key()
    alice.import_devices("meter", {serial: key}, owner)
    leaf = Late(server, "meter").enrol(lab.make_csr(key, serial)).certificates()[0]
    device = Late(server, "meter", key, [leaf])
    assert device.cacerts().status == 200
    return device


@pytest.fixture
def owing(late):  # noqa: F811
    """Five devices of two owners, each past its renew-by."""
    server, alice = late
    alice.add_product("meter", grace_s=60 * DAY_S)
    devices = {}
    for serial in ("M-1", "M-2", "M-3", "M-4", "M-5"):
        devices[serial] = enrol(server, alice, serial, "acme" if serial < "M-3" else "bolt")
    jump(server, alice, 80)
    assert lab.eventually(lambda: ask(server, alice)["total"]["open"] >= 5, 20)
    return server, alice, devices


def test_every_figure_is_that_of_the_rows(owing):
    server, alice, devices = owing
    begun = server.control.wall_offset_s
    jump(server, alice, 15)  # they expired
    assert renew(devices["M-1"], lab.make_key()).status == 200
    for by in BY:
        ask(server, alice, by=by)
        now_s = int(lab.time.time()) + server.control.wall_offset_s
        for back in range(0, 100, 7):
            at_s = now_s - 2 - back * DAY_S // 3
            ask(server, alice, by=by, as_of=text_of(at_s), since=text_of(at_s - 9 * DAY_S))
    assert server.control.wall_offset_s > begun
    day = text_of(int(lab.time.time()) + server.control.wall_offset_s - 3 * DAY_S)[:10]
    ended = ask(server, alice, as_of=day)
    assert ended["as_of"] == text_of(instant(day + "T00:00:00Z") + DAY_S)
    assert ask(server, alice, since=day)["since"] == day + "T00:00:00Z"


def test_a_day_that_is_over_never_changes(owing):
    server, alice, devices = owing
    now_s = int(lab.time.time()) + server.control.wall_offset_s
    days = [text_of(now_s - back * DAY_S)[:10] for back in (1, 2, 3)] + [text_of(now_s - 2)]
    before = {(day, by): alice.get(f"/debt?as_of={day}&by={by}").ok() for day in days for by in BY}
    assert any(answer["total"]["debt_s"] for answer in before.values())
    jump(server, alice, 20)
    for serial, device in devices.items():
        assert renew(device, lab.make_key()).status == 200, serial
    alice.set("meter", "M-2", "retire").ok()
    for (day, by), answer in before.items():
        assert alice.get(f"/debt?as_of={day}&by={by}").ok() == answer


def test_an_answer_of_now_is_one_of_a_second_that_is_complete(owing):
    server, alice, devices = owing
    now_s = int(lab.time.time()) + server.control.wall_offset_s
    answers = []
    for device in devices.values():
        assert renew(device, lab.make_key()).status == 200
        answers.append(alice.get("/debt?by=device").ok())
    assert all(instant(answer["as_of"]) >= now_s - 3 for answer in answers)
    refused = alice.get(f"/debt?as_of={text_of(int(lab.time.time()) + server.control.wall_offset_s)}")
    assert "wanted one of 2 s ago" in refused.problem(400, "E1002")["detail"]
    today = alice.get(f"/debt?as_of={text_of(now_s)[:10]}")
    assert instant(today.ok()["as_of"]) >= now_s - 3
    for answer in answers:  # whatever came meanwhile
        assert alice.get(f"/debt?by=device&as_of={answer['as_of']}").ok() == answer


def test_what_is_mended_is_paid(owing):
    server, alice, devices = owing
    since = text_of(int(lab.time.time()) + server.control.wall_offset_s - 3)
    owed = ask(server, alice, by="device")
    fresh = lab.make_key()
    answer = renew(devices["M-3"], fresh)
    assert answer.status == 200
    used = type(devices["M-3"])(server, "meter", fresh, answer.certificates()[:1])
    assert used.cacerts().status == 200
    assert lab.eventually(lambda: ask(server, alice, by="device", since=since)["total"]["paid"] > 0, 10)
    period = ask(server, alice, by="device", since=since)
    paid = {item["key"]: item["paid_s"] for item in period["items"]}
    assert paid.pop("M-3") > 0 and not any(paid.values())
    assert period["total"]["debt_s"] < owed["total"]["debt_s"]


def test_an_owner_sees_his_debt_alone(owing):
    server, alice, _ = owing
    bob = alice.add_operator("bob", role="viewer", scope="acme")

    class LateOperator(type(bob)):
        def context(self):
            context = super().context()
            context.verify_flags |= NO_CHECK_TIME
            return context

    bob.__class__ = LateOperator
    his = bob.get("/debt?by=owner").ok()
    assert {item["key"] for item in his["items"]} == {"acme"}
    assert bob.get("/debt?owner=bolt").ok()["total"]["open"] == 0
    check(his, [row for row in rows_of(server) if row["owner"] == "acme"])


@pytest.mark.parametrize("query, said", [
    ("as_of=2199-01-01", "wanted a time that is over"),
    ("as_of=2026-13-01", "wanted YYYY-MM-DD"),
    ("as_of=yesterday", "wanted YYYY-MM-DD"),
    ("as_of=2020-02-30", "wanted YYYY-MM-DD"),
    ("as_of=2020-01-01&since=2020-01-03", "since: seen an instant behind"),
    ("since=2020-01-01T00:00:00", "wanted YYYY-MM-DD"),
    ("by=serial", "by: seen"),
    ("by=nothing", "by: seen"),
    ("after=1", "no parameter of this address"),
])
def test_what_a_question_about_debt_may_not_say(shared, query, said):
    assert said in shared.first.get(f"/debt?{query}").problem(400, "E1002")["detail"]


def test_the_command_says_it_in_days(shared, tmp_path):
    alice = shared.first
    (tmp_path / "key.pem").write_bytes(lab.key_pem(alice.key))
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "cert.pem").write_text(lab.certificate_pem(alice.chain[0]))
    troth = Troth(tmp_path / "config.json")
    troth("login", "--server", f"https://localhost:{shared.ports['operator']}", "--certificate",
          tmp_path / "cert.pem", "--key", tmp_path / "key.pem", "--root", shared.root_pem)
    said = troth("debt", "--by", "owner", "--since", "2026-01-01").stdout
    assert said.startswith("weighted device-days (formula 1) as of ")
    assert "ACCRUED" in said and said.splitlines()[3].startswith("all")
    answer = json.loads(troth("debt", "--json").stdout)
    assert answer["formula"] == 1 and answer["items"] == [] and "by" not in answer
    troth("debt", "--by", "serial", status=2)
    assert os.path.exists(tmp_path / "config.json")
