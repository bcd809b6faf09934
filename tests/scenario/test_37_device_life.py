"""The life of a device beyond enrolment: repair with a new board or a new serial number, a factory reset, lost
and found (design 2, State; design 5, Enrolling again, Out of quarantine)."""

import json

import lab
from test_31_proofs import Maker, issued
from test_40_agent import Agent, registered, secret_file  # noqa: F401 (a fixture)


def csv_line(operator, header, *fields):
    return operator.import_csv(f"{header}\n" + ",".join(fields) + "\n").ok()


def pem(key):
    return f'"{lab.public_pem(key)}"'


def active(server, product, serial, key):
    """Imported with a factory key, enrolled over a key of its own, and used; (Device, its factory client)."""
    server.first.import_devices(product, {serial: key})
    factory = factory_client(server, product, key)
    return enrol(server, product, serial, factory), factory


def factory_client(server, product, key):
    return lab.Device(server, product, key, [lab.make_certificate(key, common_name="registered key")])


def enrol(server, product, serial, client, key=None):
    """By what the client shows on TLS, then used once."""
    key = key or lab.make_key()
    device = lab.Device(server, product, key, [issued(client.enrol(lab.make_csr(key, serial)))])
    assert device.cacerts().status == 200
    assert lab.eventually(lambda: server.first.certificate_state(device.chain[0]) == "current")
    assert server.first.state(product, serial) == "active"
    return device


def events(operator, product, serial):
    return [one["event"] for one in operator.show(product, serial)["timeline"]]


def findings(operator, product, serial):
    """What is open, but that nobody owns it (TD-36), which is no part of these stories."""
    return [one["check"] for one in operator.show(product, serial)["findings"]
            if one["closed"] is None and one["check"] != "TD-36"]


def refused(answer, code):
    """By EST, which answers in text; the caller has proven possession, so he is told why."""
    assert answer.status == 403 and answer.body.startswith(code.encode()), answer


# ---- new board, old serial number ---------------------------------------------------------------------------


def test_a_new_board_takes_the_old_serial_number_by_permit_once(shared, product):
    alice = shared.first
    old_key, new_key = lab.make_key(), lab.make_key()
    old, old_factory = active(shared, product, "R-1", old_key)
    new_line = ("product,serial,key", product, "R-1", pem(new_key))

    # before it is retired, and without a permit, nobody else's key gets in
    assert csv_line(alice, *new_line)["faults"][0]["code"] == "E4002"
    alice.set(product, "R-1", "retire").ok()
    assert csv_line(alice, *new_line)["faults"][0]["code"] == "E3004"
    assert alice.certificate_state(old.chain[0]) == "revoked"

    alice.post("/permits", {"product": product, "serial": "R-1", "new_board": True}).ok()
    assert csv_line(alice, *new_line)["changed"] == 1
    # the old board, by its factory key or its certificate, does not get through the permit
    assert old_factory.enrol(lab.make_csr(lab.make_key(), "R-1")).status == 401
    refused(old.enrol(lab.make_csr(old.key, subject=old.chain[0].subject), again=True), "E3004")
    enrol(shared, product, "R-1", factory_client(shared, product, new_key))
    assert findings(alice, product, "R-1") == []
    # once: the permit is used
    alice.set(product, "R-1", "retire").ok()
    refused(factory_client(shared, product, new_key).enrol(lab.make_csr(lab.make_key(), "R-1")), "E3004")


def test_of_two_boards_with_one_makers_name_the_permit_is_the_new_ones(shared, product):
    """Both IDevIDs name the same serial number; the one that has enrolled it before stays out."""
    alice = shared.first
    maker = Maker(alice, product, "maker")
    alice.import_devices(product, {"R-2": None})
    old = maker.device(shared, product, "R-2")
    enrol(shared, product, "R-2", old)
    alice.set(product, "R-2", "retire").ok()
    alice.post("/permits", {"product": product, "serial": "R-2", "new_board": True}).ok()
    refused(old.enrol(lab.make_csr(lab.make_key(), "R-2")), "E3004")
    enrol(shared, product, "R-2", maker.device(shared, product, "R-2"))


def test_the_same_board_comes_back_by_a_plain_permit(shared, product):
    alice = shared.first
    _, factory = active(shared, product, "R-3", lab.make_key())
    alice.set(product, "R-3", "retire").ok()
    alice.post("/permits", {"product": product, "serial": "R-3"}).ok()
    enrol(shared, product, "R-3", factory)


# ---- new serial number, old board ---------------------------------------------------------------------------


def test_a_new_serial_number_on_an_old_board_is_linked_and_shares_no_key(shared, product):
    alice = shared.first
    key = lab.make_key()
    active(shared, product, "OLD-1", key)
    header = "product,serial,key,replaces"
    line = (header, product, "NEW-1", pem(key), "OLD-1")

    # a key is one device's as long as nobody says that the board moved, and the old one must be over
    assert csv_line(alice, "product,serial,key", product, "NEW-1", pem(key))["faults"][0]["code"] == "E3006"
    assert csv_line(alice, *line)["faults"][0]["code"] == "E4022"
    alice.set(product, "OLD-1", "retire").ok()
    assert csv_line(alice, header, product, "NEW-1", pem(key), "OLD-9")["faults"][0]["code"] == "E4001"
    assert csv_line(alice, *line)["created"] == 1
    assert csv_line(alice, *line)["unchanged"] == 1  # idempotent
    assert csv_line(alice, header, product, "NEW-2", "", "OLD-1")["faults"][0]["code"] == "E4022"

    shown = alice.show(product, "NEW-1")["device"], alice.show(product, "OLD-1")["device"]
    assert [(one["replaces"], one["replaced_by"]) for one in shown] == [("OLD-1", ""), ("", "NEW-1")]
    assert events(alice, product, "NEW-1")[-1] == "device-replaced"
    assert events(alice, product, "OLD-1")[0] == "device-replaced"

    # the same factory key, and even the same key in the certificate
    client = factory_client(shared, product, key)
    enrol(shared, product, "NEW-1", client, key)
    for serial in ("OLD-1", "NEW-1"):
        assert "TD-01" not in findings(alice, product, serial)
    # the old serial number does not come back: its board goes on
    alice.post("/permits", {"product": product, "serial": "OLD-1"}).problem(409, "E4022")


def test_a_board_is_repaired_twice(shared, product):
    alice = shared.first
    key = lab.make_key()
    client = factory_client(shared, product, key)
    alice.import_devices(product, {"A-1": key})
    enrol(shared, product, "A-1", client, key)
    for before, after in (("A-1", "A-2"), ("A-2", "A-3")):
        alice.set(product, before, "retire").ok()
        assert csv_line(alice, "product,serial,replaces", product, after, before)["created"] == 1
        enrol(shared, product, after, client, key)  # the key moved by itself
    assert findings(alice, product, "A-3") == []


def test_an_idevid_that_names_the_old_serial_number_enrols_the_new_one(shared, product):
    alice = shared.first
    maker = Maker(alice, product, "maker")
    alice.import_devices(product, {"I-1": None})
    board = maker.device(shared, product, "I-1")
    enrol(shared, product, "I-1", board)
    alice.set(product, "I-1", "retire").ok()
    body = json.dumps({"product": product, "serial": "I-2", "replaces": "I-1"}) + "\n"
    assert alice.request("POST", "/api/v1/devices/import", body,
                         {"Content-Type": "application/x-ndjson"}).ok()["created"] == 1
    assert board.enrol(lab.make_csr(lab.make_key(), "I-1")).status in (401, 403)
    enrol(shared, product, "I-2", board)
    assert alice.state(product, "I-1") == "retired"


def test_another_owners_device_is_not_replaced(shared, product):
    alice = shared.first
    alice.import_devices(product, {"O-1": None}, owner="life-acme")
    alice.set(product, "O-1", "retire").ok()
    header = "product,serial,owner,replaces"
    carl = alice.add_operator("life-carl", "operator", "life-other")
    assert csv_line(carl, header, product, "O-2", "life-other", "O-1")["faults"][0]["code"] == "E4001"
    assert csv_line(alice, header, product, "O-2", "life-other", "O-1")["faults"][0]["code"] == "E4022"
    assert csv_line(alice, header, product, "O-2", "life-acme", "O-1")["created"] == 1


# ---- factory reset ------------------------------------------------------------------------------------------


def test_a_device_that_was_reset_enrols_anew_by_its_factory_key_and_so_often_a_year(shared, registered):  # noqa: F811
    agent, key = registered
    alice = shared.first
    before = agent.enrol("--key", key)
    assert before.returncode == 0, before.stderr
    lab.eventually(lambda: alice.state(agent.product, "A1") == "active")
    old = agent.certificate()
    for n in range(4):
        reset = Agent(shared, agent.product, "A1")  # a state folder that has nothing
        done = reset.enrol("--key", key)
        assert done.returncode == 0, done.stderr
        new = reset.certificate()
        assert new.public_key().public_numbers() != old.public_key().public_numbers()
        assert lab.eventually(lambda: alice.certificate_state(new) == "current"), n
        assert alice.certificate_state(old) == "superseded"
        old = new
    assert findings(alice, agent.product, "A1") == []
    refused = Agent(shared, agent.product, "A1").enrol("--key", key)
    assert refused.returncode == 5 and "E3008" in refused.stderr
    assert alice.certificate_state(old) == "current"  # the one that it has goes on


def test_a_device_that_was_reset_does_not_come_back_by_a_token(shared, product):
    alice = shared.first
    alice.import_devices(product, {"T-1": None})
    token = alice.post("/tokens", {"product": product, "serial": "T-1"}).ok()["token"]
    agent = Agent(shared, product, "T-1")
    assert agent.enrol("--token-file", secret_file(shared, token.encode())).returncode == 0
    assert lab.eventually(lambda: alice.state(product, "T-1") == "active")
    alice.post("/tokens", {"product": product, "serial": "T-1"}).problem(409, "E4002")
    # so it takes a person: retired, then a permit and a token beside it
    alice.set(product, "T-1", "retire").ok()
    alice.post("/permits", {"product": product, "serial": "T-1"}).ok()
    token = alice.post("/tokens", {"product": product, "serial": "T-1"}).ok()["token"]
    again = Agent(shared, product, "T-1")
    assert again.enrol("--token-file", secret_file(shared, token.encode())).returncode == 0
    assert lab.eventually(lambda: alice.state(product, "T-1") == "active")


# ---- lost and found -----------------------------------------------------------------------------------------


def seen_metric(server):
    text = server.first.request("GET", "/metrics").body.decode()
    return next(int(line.split()[1]) for line in text.splitlines()
                if line.startswith("troth_lost_devices_seen_total "))


def test_a_lost_device_is_refused_everywhere_and_its_use_is_told(shared, product):
    alice = shared.first
    device, factory = active(shared, product, "L-1", lab.make_key())
    alice.set(product, "L-1", "lost").ok()
    assert alice.certificate_state(device.chain[0]) == "revoked"
    assert alice.show(product, "L-1")["device"]["verdict"] == "refused"
    before = seen_metric(shared)

    for _ in range(3):  # a use of its certificate: told once an hour
        device.cacerts()
    assert lab.eventually(lambda: "lost-device-seen" in events(alice, product, "L-1"))
    assert events(alice, product, "L-1").count("lost-device-seen") == 1
    assert seen_metric(shared) == before + 1
    assert lab.eventually(lambda: "event=lost-device-seen" in shared.log()
                          and f'product={product} serial=L-1' in shared.log())
    assert alice.show(product, "L-1")["device"]["seen"] is not None

    refused(device.enrol(lab.make_csr(device.key, subject=device.chain[0].subject), again=True), "E3004")
    refused(factory.enrol(lab.make_csr(lab.make_key(), "L-1")), "E3004")
    assert events(alice, product, "L-1").count("request-refused") == 2
    alice.post("/tokens", {"product": product, "serial": "L-1"}).problem(409, "E4002")
    alice.set(product, "L-1", "readmit").problem(409, "E4002")


def test_a_found_device_is_quarantined_until_a_person_readmits_it_and_comes_back_with_a_new_key(shared, product):
    alice = shared.first
    device, factory = active(shared, product, "L-2", lab.make_key())
    alice.set(product, "L-2", "lost").ok()
    alice.set(product, "L-2", "found").ok()
    assert alice.state(product, "L-2") == "quarantined"
    # a person said so: its own proof does not end it
    refused(factory.enrol(lab.make_csr(lab.make_key(), "L-2")), "E3003")
    alice.set(product, "L-2", "readmit").ok()
    refused(device.enrol(lab.make_csr(device.key, subject=device.chain[0].subject), again=True), "E3004")
    # whoever had it may have copied the key that it had
    refused(factory.enrol(lab.make_csr(device.key, "L-2")), "E3010")
    enrol(shared, product, "L-2", factory)
    assert findings(alice, product, "L-2") == []
    assert events(alice, product, "L-2").count("device-found") == 1
