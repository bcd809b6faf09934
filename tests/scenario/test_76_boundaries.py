"""Boundaries and bindings: who may add them, how a boundary enrols with what one command prints, renews, is replaced and
removed, what an operator with a scope may bind, and what a stolen, used or foreign credential gets."""

import base64
import json
import re
import shlex
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs7

import lab
from test_21_approvals import People, becomes, sign, waiting
from test_72_status_lists import open_sign1


def add(operator, name, services="mqtt", **more):
    return operator.post("/boundaries", {"name": name, "services": services, **more}).ok()


class Boundary(lab.Device):
    """A boundary at the device port: EST without a label."""

    def __init__(self, server, name, token=None, key=None, chain=()):
        super().__init__(server, None, key, chain)
        self.name, self.token = name, token

    def enrol_first(self, key):
        return self.enrol(lab.make_csr(key, subject=lab.name_of(common_name="anything")), basic=(self.name, self.token))

    def enrolled(self, key=None):
        key = key or lab.make_key()
        return Boundary(self.server, self.name, self.token, key, self.enrol_first(key).certificates())

    def renew(self, key=None):
        return self.enrol(lab.make_csr(key or self.key, subject=self.chain[0].subject), again=True)

    def use(self):
        """Any request shows its certificate."""
        assert self.cacerts().status == 200
        return self


def new_boundary(operator, name, services="mqtt", **more):
    answer = add(operator, name, services, **more)
    return Boundary(operator.server, name, answer["token"])


def shown(operator, name):
    return operator.get(f"/boundaries/{name}").ok()


def state(operator, boundary):
    return operator.certificate_state(boundary.chain[0])


@pytest.fixture(scope="module")
def admin(shared):
    return shared.first


# ---- enrolment -----------------------------------------------------------------------------------


def test_the_printed_command_says_all_that_enrolling_takes(admin, tmp_path):
    """Token, server, root and log key, on one line that a shell takes apart; curl and openssl do with them what
    troth-gate does."""
    troth = admin.command_line(tmp_path / "troth")
    printed = troth("boundary", "add", "north", "--services", "mqtt,http").stdout
    line, = [one for one in printed.splitlines() if one.startswith("troth-gate enrol ")]
    words = shlex.split(line)
    said = dict(zip(words[2::2], words[3::2]))
    token = words[-1]
    server = admin.server
    root = lab.x509.load_pem_x509_certificate(server.root_pem.read_bytes())
    assert said["--root-sha256"] == root.fingerprint(hashes.SHA256()).hex()
    assert said["--log-key"] == (server.folder / "public/checkpoint-keys").read_text().splitlines()[1]
    assert said["--server"] == f"https://localhost:{server.ports['device']}"
    assert words[-4:-1] == ["--token-file", "-", "<<<"] and re.fullmatch("[0-9a-f]{32}", token)

    key, csr = tmp_path / "key.pem", tmp_path / "csr.der"
    lab.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
    lab.openssl("req", "-new", "-key", str(key), "-subj", "/CN=north", "-outform", "DER", "-out", str(csr))
    body = tmp_path / "csr.b64"
    body.write_bytes(base64.encodebytes(csr.read_bytes()))
    done = lab.run("curl", "-sS", "--fail", "--cacert", str(server.root_pem), "--user", f"{said['--name']}:{token}",
                   "--header", "Content-Type: application/pkcs10", "--data-binary", f"@{body}",
                   said["--server"] + "/.well-known/est/simpleenroll")
    bag = base64.b64decode(done.stdout)
    leaf, = pkcs7.load_der_pkcs7_certificates(bag)
    assert leaf.subject.rfc4514_string() == "CN=north"
    issuer = lab.x509.load_der_x509_certificate((server.folder / "data/ca/operations.cer").read_bytes())
    lab.openssl_verify(server, leaf, issuer)
    row = shown(admin, "north")
    assert row["boundary"]["state"] == "in-use" and row["boundary"]["spki"] == lab.spki_hash(leaf)
    assert [one["name"] for one in row["services"]] == ["http", "mqtt"]


def test_a_token_is_over_with_the_first_use_and_one_keys_until_then(admin):
    new = new_boundary(admin, "once")
    key = lab.make_key()
    first = new.enrol_first(key).certificates()
    assert new.enrol_first(key).certificates() == first  # its answer was lost
    assert new.enrol_first(lab.make_key()).status == 401  # another's key, with the same token
    one = Boundary(admin.server, "once", new.token, key, first)
    assert state(admin, one) == "pending"
    one.use()
    assert lab.eventually(lambda: state(admin, one) == "current")
    assert new.enrol_first(key).status == 401
    assert shown(admin, "once")["boundary"]["token_until"] is None


def test_a_renewal_keeps_the_key_and_the_older_certificate_until_it_is_used(admin):
    old = new_boundary(admin, "renewer").enrolled().use()
    assert lab.eventually(lambda: state(admin, old) == "current")
    chain = old.renew().certificates()
    assert old.renew().certificates() == chain
    new = Boundary(admin.server, "renewer", None, old.key, chain)
    assert [state(admin, one) for one in (old, new)] == ["current", "pending"]
    new.use()
    assert lab.eventually(lambda: [state(admin, one) for one in (old, new)] == ["superseded", "current"])
    assert old.renew().status == 401  # what was superseded renews nothing
    assert new.renew(lab.make_key()).status == 401  # nor does another key
    assert shown(admin, "renewer")["boundary"]["spki"] == lab.spki_hash(new.chain[0])


def test_a_new_token_brings_another_key_and_ends_the_one_before(admin, tmp_path):
    old = new_boundary(admin, "moved").enrolled().use()
    assert lab.eventually(lambda: state(admin, old) == "current")
    printed = admin.command_line(tmp_path / "troth")("boundary", "set", "moved", "--new-token").stdout
    line, = [one for one in printed.splitlines() if one.startswith("troth-gate enrol ")]
    assert " --name moved " in line
    token = shlex.split(line)[-1]
    assert state(admin, old) == "current"
    new = Boundary(admin.server, "moved", token).enrolled()
    assert state(admin, old) == "superseded"
    assert old.renew().status == 401
    assert shown(admin, "moved")["boundary"]["spki"] == lab.spki_hash(new.chain[0])


def test_removed_it_is_revoked_and_its_name_is_free(admin):
    one = new_boundary(admin, "brief").enrolled().use()
    waiting = new_boundary(admin, "never", "mqtt")
    outcome = admin.post("/boundaries/brief/remove", {"note": "moved away"}).ok()
    assert outcome["certificates"] == 1
    assert state(admin, one) == "revoked"
    assert one.renew().status == 401
    admin.get("/boundaries/brief").problem(404, "E4001")
    admin.post("/boundaries/never/remove").ok()
    assert waiting.enrol_first(lab.make_key()).status == 401
    assert add(admin, "brief")["object"] != outcome["object"]
    ended = [one for one in admin.pages("/boundaries", all="true") if one["name"] == "brief"]
    assert [one["state"] for one in ended] == ["ended", "open"]


def test_a_revoked_certificate_ends_its_boundary(admin):
    one = new_boundary(admin, "stolen").enrolled().use()
    admin.post(f"/certificates/{lab.serial_hex(one.chain[0])}/revoke", {"reason": "key-compromise"}).ok()
    admin.get("/boundaries/stolen").problem(404, "E4001")
    assert one.renew().status == 401
    again = new_boundary(admin, "stolen")
    assert again.enrol_first(one.key).status in (401, 403)  # nobody's key any more


# ---- attacks -------------------------------------------------------------------------------------


def test_attack_a_token_with_another_name_or_label(admin, product):
    new = new_boundary(admin, "named")
    key = lab.make_key()
    csr = lab.make_csr(key, subject=lab.name_of(common_name="named"))
    for basic in (("other", new.token), ("named", new.token[::-1]), ("named", "0" * 32)):
        assert lab.Device(admin.server, None).enrol(csr, basic=basic).status == 401
    assert lab.Device(admin.server, product).enrol(csr, basic=("named", new.token)).status == 401
    assert new.enrol_first(key).status == 200


def test_attack_a_devices_credentials_open_no_boundary(admin, product):
    """Its token with a boundary's name, its certificate where boundaries renew, and the other way round."""
    key = lab.make_key()
    admin.import_devices(product, {"SN-1": key, "SN-2": None})
    token = admin.post("/tokens", {"product": product, "serial": "SN-2"}).ok()["token"]
    new = new_boundary(admin, "doors")
    csr = lab.make_csr(lab.make_key(), subject=lab.name_of(common_name="doors"))
    assert lab.Device(admin.server, None).enrol(csr, basic=("doors", token)).status == 401
    as_device = lab.make_csr(lab.make_key(), "SN-2")
    assert lab.Device(admin.server, product).enrol(as_device, basic=("SN-2", new.token)).status == 401
    device = lab.Device(admin.server, product, key, lab.Device(admin.server, product).enrol(
        lab.make_csr(key, "SN-1")).certificates())
    as_boundary = Boundary(admin.server, "doors", new.token, device.key, device.chain)
    assert as_boundary.renew().certificates()[0].issuer != new.enrolled().chain[0].issuer  # it is a device's, renewed


def test_attack_an_operators_certificate_renews_nothing(admin):
    as_boundary = Boundary(admin.server, "alice", None, admin.key, admin.chain)
    assert as_boundary.renew().status == 401
    fresh = new_boundary(admin, "taken")
    answer = fresh.enrol_first(admin.key)  # nor may a boundary have a person's key
    assert answer.status == 403, answer


def test_attack_a_boundarys_certificate_is_no_operators(admin):
    one = new_boundary(admin, "climber").enrolled()
    impostor = lab.Operator(admin.server, one.key, one.chain[0])
    assert impostor.get("/status").status == 403
    assert impostor.post("/boundaries", {"name": "mine", "services": "mqtt"}).status == 403


# ---- what is asked for wrongly -------------------------------------------------------------------


@pytest.mark.parametrize("body, said", [
    ({"name": "a b", "services": "mqtt"}, "letters"),
    ({"name": "x", "services": "mqtt,,http"}, "service"),
    ({"name": "x", "services": "mqtt,mqtt"}, "twice"),
    ({"name": "x", "services": ",".join(f"s{n}" for n in range(9))}, "more than 8"),
    ({"name": "x", "services": "mqtt", "age_s": 0}, "age_s"),
    ({"name": "x", "services": "mqtt", "age_s": 604801}, "age_s"),
    ({"name": "x", "services": "mqtt", "ttl_s": 7776001}, "ttl_s"),
    ({"services": "mqtt"}, "name"),
])
def test_a_boundary_that_is_none(admin, body, said):
    answer = admin.post("/boundaries", body)
    assert answer.status == 400
    assert said in answer.json["detail"]


def test_one_name_is_one_boundarys_and_a_dry_run_adds_none(admin):
    admin.post("/boundaries", {"name": "dry", "services": "mqtt"}, dry_run="true").ok()
    admin.get("/boundaries/dry").problem(404, "E4001")
    key = {"key": "the-same"}
    first = admin.post("/boundaries", {"name": "dry", "services": "mqtt"}, **key).ok()
    again = admin.post("/boundaries", {"name": "dry", "services": "mqtt"}, **key).ok()
    assert again["object"] == first["object"] and "token" not in again  # secrets are shown once
    assert admin.post("/boundaries", {"name": "dry", "services": "http"}).status == 409


@pytest.mark.parametrize("body, status, said", [
    ({"service": "mqtt", "actions": ["connect"]}, 400, "whose devices"),
    ({"service": "nowhere", "product": "p", "actions": ["connect"]}, 404, "nowhere"),
    ({"service": "mqtt", "product": "nothing", "actions": ["connect"]}, 404, "nothing"),
    ({"service": "mqtt", "of_owner": "o", "actions": []}, 400, "actions"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["connect", "fly"]}, 400, "actions"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["publish"]}, 400, "pattern"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["publish"], "pattern": "a/#/b"}, 400, "pattern"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["publish"], "pattern": "%serial%"}, 400, "pattern"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["request"], "pattern": "no/slash"}, 400, "pattern"),
    ({"service": "mqtt", "serial": "SN", "actions": ["connect"]}, 400, "whose devices"),
    ({"service": "mqtt", "of_owner": "o", "actions": ["connect"], "ttl_s": 1}, 400, "ttl_s"),
])
def test_a_binding_that_is_none(admin, body, status, said):
    if not [one for one in admin.pages("/boundaries") if one["name"] == "bound"]:
        add(admin, "bound", "mqtt,http")
    answer = admin.post("/bindings", body)
    assert answer.status == status, answer
    assert said in answer.json["detail"]


# ---- bindings ------------------------------------------------------------------------------------


def test_bindings_by_the_command_line(admin, product, tmp_path):
    add(admin, f"at-{product}", f"s-{product}")
    admin.import_devices(product, {"SN-1": None})
    troth = admin.command_line(tmp_path / "troth")
    service = f"s-{product}"
    bound = ("binding", "add", service, "--product", product, "--actions", "connect,publish", "--pattern",
             "up/%device%/#", "--for", "30d")
    assert "created 1" in troth(*bound).stdout
    assert "created 1" in troth("binding", "add", service, "--product", product, "--serial", "SN-1", "--actions",
                              "request", "--pattern", "/v1/").stdout
    again = troth("binding", "add", service, "--product", product, "--serial", "SN-1", "--actions", "request",
                  "--pattern", "/v1/").stdout
    assert "unchanged 1" in again
    rows = json.loads(troth("binding", "list", "--service", service, "--json").stdout)
    assert [(one["kind"], one["serial"], one["actions"], one["pattern"]) for one in rows] == [
        ("product", "", ["connect", "publish"], "up/%device%/#"), ("device", "SN-1", ["request"], "/v1/")]
    assert rows[0]["expires"] is not None and rows[1]["expires"] is None
    troth("binding", "remove", rows[0]["id"], "--note", "too wide")
    assert [one["id"] for one in json.loads(troth("binding", "list", "--service", service, "--json").stdout)] == \
        [rows[1]["id"]]
    assert not json.loads(troth("binding", "show", rows[0]["id"], "--json").stdout)["in_force"]
    assert troth("binding", "remove", rows[0]["id"], check=False).returncode == 7
    assert troth("boundary", "remove", f"at-{product}", "--dry-run").stdout.startswith("would do")


def test_who_sees_one_owners_devices_binds_those_alone(admin, product):
    add(admin, f"at-{product}", f"s-{product}")
    service = f"s-{product}"
    admin.import_devices(product, {"HIS": None}, owner=f"o-{product}")
    admin.import_devices(product, {"OTHER": None}, owner="another")
    his = admin.add_operator(f"sam-{product}", "operator", f"o-{product}")

    def bind(who=his, actions=("connect",), **body):
        return who.post("/bindings", {"service": service, "actions": list(actions), **body})

    assert bind(product=product).status == 403
    assert bind(of_owner="another").status == 403
    assert bind(product=product, serial="OTHER").status == 404
    assert bind(of_owner=f"o-{product}", actions=["subscribe"], pattern="#").status == 403
    assert bind(of_owner=f"o-{product}", actions=["subscribe"], pattern="all/announcements").status == 403
    for pattern in ("%owner%x/#", "t/x%owner%/#", "t/%device%/#", "t/%product%-%device%/#", "t/other/%device%/#"):
        assert bind(of_owner=f"o-{product}", actions=["subscribe"], pattern=pattern).status == 403, pattern
    one = bind(of_owner=f"o-{product}", actions=["subscribe"], pattern="%owner%/#").ok()["object"]
    both = bind(of_owner=f"o-{product}", actions=["subscribe"], pattern="t/%product%/%device%/#").ok()["object"]
    two = bind(product=product, serial="HIS").ok()["object"]
    three = bind(admin, product=product).ok()["object"]
    assert {row["id"] for row in his.pages("/bindings")} == {one, two, both}
    assert his.post(f"/bindings/{three}/remove").status == 404
    his.get(f"/bindings/{three}").problem(404, "E4001")
    his.post(f"/bindings/{two}/remove").ok()
    for path in ("/boundaries", f"/boundaries/at-{product}"):
        assert his.get(path).status == 403
    assert his.post("/boundaries", {"name": "mine", "services": "mqtt"}).status == 403


def owed(operator, about):
    return {one["subject"]: one for one in operator.pages("/findings", check="TD-39") if one["about"] == about}


def test_a_wide_binding_is_owed_until_what_mends_it_is_done(admin, product, tmp_path):
    """By who sees its devices too, and by nobody else."""
    service, owner = f"s-{product}", f"o-{product}"
    add(admin, f"at-{product}", service)
    his, another = (admin.add_operator(f"{name}-{product}", "operator", scope)
                    for name, scope in (("sam", owner), ("kim", "another")))

    def bind(pattern):
        return admin.post("/bindings", {"service": service, "of_owner": owner, "product": product,
                                        "actions": ["subscribe"], "pattern": pattern}).ok()["object"]

    narrow, wide = bind("%owner%/%device%/#"), bind("%owner%/+/state")
    found = owed(admin, "binding")[wide]
    assert narrow not in owed(admin, "binding")
    assert (found["severity"], found["product"], found["owner"]) == ("high", product, owner)
    assert found["mend"] == f"troth binding remove {wide}"
    assert set(owed(his, "binding")) == {wide} and not owed(another, "binding")
    troth = admin.command_line(tmp_path / "troth")
    assert found["mend"] in troth("check", "--product", product, check=False).stdout
    listed = json.loads(troth("finding", "list", "--check", "TD-39", "--product", product, "--json").stdout)
    assert [one["subject"] for one in listed] == [wide]
    troth(*found["mend"].split()[1:])
    assert wide not in owed(admin, "binding")
    check, = [one for one in admin.get("/check", product=product).ok()["checks"] if one["check"] == "TD-39"]
    assert check["state"] == "holds"


# ---- what a boundary is told -----------------------------------------------------------------------

FIELDS = "format boundary generation at ledger name services issuers bindings".split()


def told(server, boundary):
    """The object of its service stream, once its signature is found good; None before there is one."""
    path = server.folder / "public/boundary" / f"{boundary}.cose"
    if not path.exists():
        return None
    return dict(zip(FIELDS, open_sign1(server, path.read_bytes(), "application/troth-boundary-service+cose")))


def test_a_boundary_is_told_its_services_issuers_and_bindings(admin, product):
    server, name = admin.server, f"t-{product}"
    new_boundary(admin, name, f"b-{product},a-{product}", age_s=77).enrolled()
    number = shown(admin, name)["boundary"]["id"]
    assert lab.eventually(lambda: told(server, number))
    first = told(server, number)
    assert first["format"] == 1 and first["boundary"] == number and first["name"] == name
    assert first["services"] == [[f"a-{product}", 77, 0], [f"b-{product}", 77, 0]]
    ldevid = (server.folder / "data/ca/ldevid.cer").read_bytes()
    assert first["issuers"] == [[3, ldevid]] and first["bindings"] == []

    def bind(**body):
        return admin.post("/bindings", {"service": f"b-{product}", **body}).ok()["object"]

    admin.import_devices(product, {"SN-1": None})
    one = bind(product=product, actions=["connect"])
    bind(of_owner="harbour", product=product, actions=["publish", "subscribe"], pattern="%owner%/%device%/#")
    bind(product=product, serial="SN-1", actions=["request"], pattern="/v1/%device%", ttl_s=3600)
    assert lab.eventually(lambda: len(told(server, number)["bindings"]) == 3)
    bindings = told(server, number)["bindings"]
    assert bindings[0] == [1, 1, product, "", 1, "", 0]
    assert bindings[1] == [1, 2, product, "harbour", 6, "%owner%/%device%/#", 0]
    assert bindings[2][:6] == [1, 3, product, "SN-1", 8, "/v1/%device%"] and bindings[2][6] > time.time() + 3500
    admin.post(f"/bindings/{one}/remove").ok()
    assert lab.eventually(lambda: len(told(server, number)["bindings"]) == 2)
    assert told(server, number)["generation"] > first["generation"]
    assert told(server, number)["ledger"][0] >= first["ledger"][0] > 0


def test_who_would_hear_the_same_is_told_nothing_new(admin, product):
    """Of forty boundaries those two that have the service hear of its binding, soon, and the others' objects stay."""
    server = admin.server
    services = [f"m-{product}"] * 2 + [f"n-{product}"] * 38
    for n, service in enumerate(services):
        new_boundary(admin, f"m{n}-{product}", service).enrolled()
    numbers = [shown(admin, f"m{n}-{product}")["boundary"]["id"] for n in range(len(services))]
    assert lab.eventually(lambda: all(told(server, number) for number in numbers), 30)
    before = [told(server, number)["generation"] for number in numbers]
    admin.post("/bindings", {"service": f"m-{product}", "product": product, "actions": ["connect"]}).ok()
    assert lab.eventually(lambda: [len(told(server, number)["bindings"]) for number in numbers[:2]] == [1, 1], 5)
    new_boundary(admin, f"last-{product}", f"m-{product}").enrolled()  # by its object all were looked at again
    last = shown(admin, f"last-{product}")["boundary"]["id"]
    assert lab.eventually(lambda: told(server, last))
    after = [told(server, number)["generation"] for number in numbers]
    assert after[2:] == before[2:]
    assert all(new > old for new, old in zip(after[:2], before[:2]))
    for n in range(len(services)):
        admin.post(f"/boundaries/m{n}-{product}/remove").ok()


def test_it_is_told_anew_after_a_restart(admin, product):
    server, name = admin.server, f"r-{product}"
    assert told(server, add(admin, f"n-{product}", "mqtt")["object"]) is None  # it has not enrolled
    new_boundary(admin, name, f"r-{product}").enrolled()
    number = shown(admin, name)["boundary"]["id"]
    assert lab.eventually(lambda: told(server, number))
    before = told(server, number)
    server.stop()
    server.start()
    assert lab.eventually(lambda: told(server, number)["generation"] > before["generation"])
    assert told(server, number)["services"] == before["services"]
    admin.post(f"/boundaries/{name}/remove").ok()
    assert lab.eventually(lambda: told(server, number) is None)


def feed(client):
    return client.request("GET", "/boundary/feed/0/0")


def test_the_feed_is_a_boundarys_alone_and_ends_with_it(admin, product):
    server, name = admin.server, f"f-{product}"
    one = new_boundary(admin, name, f"f-{product}").enrolled()
    number = shown(admin, name)["boundary"]["id"]
    assert lab.eventually(lambda: feed(one).status == 200)
    assert lab.eventually(lambda: told(server, number))
    object_of_it = (server.folder / "public/boundary" / f"{number}.cose").read_bytes()
    assert lab.eventually(lambda: object_of_it in feed(one).body)
    other = new_boundary(admin, f"g-{product}", f"g-{product}").enrolled()
    assert lab.eventually(lambda: feed(other).status == 200)
    assert object_of_it not in feed(other).body
    key = lab.make_key()
    admin.import_devices(product, {"SN-1": key})
    chain = lab.Device(server, product).enrol(lab.make_csr(key, "SN-1")).certificates()
    for client in (lab.Device(server, product, key, chain), Boundary(server, "x", None, admin.key, admin.chain)):
        assert feed(client).status == 403
    admin.post(f"/boundaries/{name}/remove").ok()
    assert lab.eventually(lambda: feed(one).status == 403)
    assert feed(other).status == 200


def test_a_service_is_added_and_removed(admin, product, tmp_path):
    server, name = admin.server, f"v-{product}"
    new_boundary(admin, name, f"a-{product}").enrolled()
    number = shown(admin, name)["boundary"]["id"]
    troth = admin.command_line(tmp_path / "troth")
    assert lab.eventually(lambda: told(server, number))
    added = ("boundary", "set", name, "--add", f"b-{product}", "--age", "90s")
    assert "would do" in troth(*added, "--dry-run").stdout
    assert "changed 1" in troth(*added).stdout and "unchanged 1" in troth(*added).stdout
    wanted = [[f"a-{product}", 300, 0], [f"b-{product}", 90, 0]]
    assert lab.eventually(lambda: told(server, number)["services"] == wanted)
    bound = admin.post("/bindings", {"service": f"b-{product}", "product": product, "actions": ["connect"]}).ok()["object"]
    assert lab.eventually(lambda: len(told(server, number)["bindings"]) == 1)
    troth("boundary", "set", name, "--remove", f"b-{product}")
    assert lab.eventually(lambda: told(server, number)["services"] == wanted[:1])
    assert told(server, number)["bindings"] == []  # and who was bound there comes no more
    assert troth("boundary", "set", name, "--remove", f"b-{product}", check=False).returncode == 7
    admin.post(f"/bindings/{bound}/remove").ok()


@pytest.mark.parametrize("body, said", [
    ({"remove": "a"}, "last service"),
    ({"add": "a b"}, "letters"),
    ({"add": "b", "fail_closed": True}, "one after the other"),
    ({"remove": "a", "age_s": 9}, "one after the other"),
    ({"add": "c", "service": "a"}, "one after the other"),
])
def test_a_change_of_services_that_is_none(admin, body, said):
    if not [one for one in admin.pages("/boundaries") if one["name"] == "one-service"]:
        add(admin, "one-service", "a")
    answer = admin.post("/boundaries/one-service", body)
    assert answer.status == 400, answer
    assert said in answer.json["detail"]
    assert [one["name"] for one in shown(admin, "one-service")["services"]] == ["a"]


def test_a_boundary_guards_eight_services_at_most(admin):
    add(admin, "eight", ",".join(f"s{n}" for n in range(8)))
    answer = admin.post("/boundaries/eight", {"add": "s8"})
    assert answer.status == 400 and "at most 8" in answer.json["detail"]
    admin.post("/boundaries/eight", {"add": "s8", "remove": "s0"}).problem(400, "E1067")


# ---- fail-open -----------------------------------------------------------------------------------


def test_fail_open_takes_two_people_and_ends_by_one(troth):
    two = People(troth)
    add(two.alice, "gate", "mqtt,http", age_s=60)
    asked = waiting(two.alice.post("/boundaries/gate/fail-open", {"service": "mqtt"}))
    two.bob.post("/boundaries/gate/fail-open", {"service": "nothing"}).problem(404, "E4001")
    assert not any(one["fail_open"] for one in shown(two.alice, "gate")["services"])
    sign(two.alice, asked["approval"]).ok()
    sign(two.bob, asked["approval"]).ok()
    becomes(two.alice, asked["approval"], "executed")
    assert [one["fail_open"] for one in shown(two.alice, "gate")["services"]] == [False, True]
    number = shown(two.alice, "gate")["boundary"]["id"]
    assert owed(two.alice, "boundary")[number]["mend"] == "troth boundary set BOUNDARY --fail-closed"
    two.alice.post("/boundaries/gate", {"service": "mqtt", "fail_closed": True}).ok()
    assert not any(one["fail_open"] for one in shown(two.alice, "gate")["services"])
    assert not owed(two.alice, "boundary")
    two.audit("verify")
    two.audit("replay")


def test_at_the_end_replay_equals_the_tables(admin):
    admin.server.stop_and_audit()
    admin.server.start()
