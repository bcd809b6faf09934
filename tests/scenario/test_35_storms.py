"""Storms: too many at once are told when to come back, each at his own instant; what one product or
one address does is nobody else's; and the desk gives way before the fronts do (the simulation of a
whole fleet is tests/unit/core/test_storm.c)."""

import concurrent.futures
import contextlib
import json
import os
import signal

import lab

BUSY = b"E5001"
DEVICES = 12


def server_with(tmp_path, **limits):
    return lab.Server(tmp_path / "troth", {"limits": limits}).init().start()


@contextlib.contextmanager
def serving(server):
    try:
        yield server.bootstrap()
        server.stop()
    finally:
        server.kill()


def enrol(server, product, serial, key):
    return lab.Device(server, product).enrol(lab.make_csr(key, serial))


def test_a_product_has_so_many_certificates_a_second(tmp_path):
    server = server_with(tmp_path, product_per_s=1, product_burst=4)
    with serving(server) as alice:
        for product in ("valve", "pump"):
            alice.add_product(product)
        keys = {f"S-{n}": lab.make_key() for n in range(DEVICES)}
        alice.import_devices("valve", keys)
        pump = lab.make_key()
        alice.import_devices("pump", {"P-1": pump})
        answers = {serial: enrol(server, "valve", serial, key) for serial, key in keys.items()}
        late = {serial: answer for serial, answer in answers.items() if answer.status != 200}
        assert len(late) >= DEVICES - 5
        waits = [int(answer.headers["retry-after"]) for answer in late.values()]
        assert all(answer.status == 503 and BUSY in answer.body for answer in late.values())
        assert all(1 <= wait <= 60 for wait in waits) and len(set(waits)) > 1, waits
        enrol(server, "pump", "P-1", pump).certificates()  # has its own

        serial = next(iter(late))
        shown = alice.show("valve", serial)
        assert shown["device"]["state"] == "expected" and shown["findings"] == []
        assert [one["event"] for one in shown["timeline"]] == ["device-imported"]
        assert lab.eventually(
            lambda: enrol(server, "valve", serial, keys[serial]).status == 200)


def test_a_limit_changes_without_a_restart(tmp_path):
    """Who looks on while a fleet comes back may let in more."""
    server = server_with(tmp_path, product_per_s=1, product_burst=2)
    with serving(server) as alice:
        alice.add_product("valve")
        keys = {f"S-{n}": lab.make_key() for n in range(DEVICES)}
        alice.import_devices("valve", keys)
        answers = [enrol(server, "valve", *one).status for one in keys.items()]
        assert answers.count(503) >= DEVICES - 3
        server.config["limits"] = {"product_per_s": 100, "product_burst": 100}
        server.config_file.write_text(json.dumps(server.config))
        server.process.send_signal(signal.SIGHUP)
        assert lab.eventually(lambda: "event=reloaded" in server.log())
        assert [enrol(server, "valve", *one).status for one in keys.items()] == [200] * DEVICES


def test_an_address_has_so_many_requests_a_second(tmp_path):
    server = server_with(tmp_path, address_per_s=1, address_burst=5)
    with serving(server) as alice:
        with lab.Device(server, "") as device:
            answers = [device.cacerts() for _ in range(DEVICES)]
        late = [answer for answer in answers if answer.status != 200]
        assert [answer.status for answer in answers[:5]] == [200] * 5 and len(late) >= 5
        for answer in late:
            assert answer.status == 503 and BUSY in answer.body
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        for _ in range(DEVICES):  # operators and public objects are not devices
            alice.get("/status").ok()
            assert server.plain("/livez").status == 200


def test_the_desk_gives_way_before_the_fronts_do(tmp_path):
    server = server_with(tmp_path, requests=4)
    with serving(server) as alice:
        alice.add_product("valve")
        first = lab.make_key()
        keys = {f"S-{n}": lab.make_key() for n in range(DEVICES)}
        alice.import_devices("valve", {"first": first, **keys})
        old, = enrol(server, "valve", "first", first).certificates()
        signer = server.child("signer")
        os.kill(signer, signal.SIGSTOP)
        try:
            with concurrent.futures.ThreadPoolExecutor(DEVICES) as pool:
                asked = [pool.submit(enrol, server, "valve", *one) for one in keys.items()]
                try:
                    assert lab.eventually(lambda: alice.get("/devices").status == 503)
                    alice.get("/devices").problem(503, "E5001")
                    alice.import_csv("product,serial\nvalve,later\n").problem(503, "E5001")
                    revoked = alice.post(f"/certificates/{lab.serial_hex(old)}/revoke", {}).ok()
                    assert revoked["certificates"] == 1
                finally:
                    os.kill(signer, signal.SIGCONT)
                for answer in asked:
                    answer.result().certificates()  # more than may be under way: none was refused
        finally:
            os.kill(signer, signal.SIGCONT)
        assert lab.eventually(lambda: alice.get("/devices").status == 200)
        assert alice.certificate_state(old) == "revoked"
        alice.import_csv("product,serial\nvalve,later\n").ok()
