"""Findings that are about no device: the installation's, which evidence closes, and a product's, which a
person answers (test_10_hostile_front.py has the budget that opens one)."""

import json

import lab


def open_findings(operator):
    return {(one["check"], one["product"], one["serial"]): one
            for one in operator.pages("/findings")}


def test_a_refused_part_of_the_sandbox_is_owed_until_it_is_back(tmp_path):
    server = lab.Server(tmp_path / "troth", {"sandbox": {"landlock": "off"}}).init()
    custody = ("TD-22", "", "")
    try:
        server.start()
        alice = server.bootstrap()
        finding = open_findings(alice)[custody]
        assert (finding["title"], finding["severity"]) == ("key-custody", "high")
        assert finding["mend"] == "troth config check"
        refused = alice.post(f"/findings/{finding['id']}/close").problem(409, "E4002")
        assert "is about the installation" in refused["detail"]
        server.stop()

        server.start()  # still off: the same finding, not a second one
        assert open_findings(alice)[custody]["id"] == finding["id"]
        server.stop()

        server.config["sandbox"] = {}
        server.config_file.write_text(json.dumps(server.config))
        server.start()
        assert custody not in open_findings(alice)
        closed, = [one for one in alice.pages("/findings", all="true") if one["check"] == "TD-22"]
        assert closed["closed"] >= closed["began"]
        public = server.folder / "public" / "checkpoint"
        assert lab.eventually(public.exists)
        server.stop()
        lab.run(lab.program("trothd"), "audit", "replay", "--config", str(server.config_file))
    finally:
        server.kill()


def test_a_finding_that_is_not_there_or_no_number(alice):
    alice.post("/findings/99/close").problem(404, "E4001")
    alice.post("/findings/x/close").problem(400, "E1002")
    alice.post("/findings/0/close").problem(400, "E1002")
