"""One issuer follows another, and one root another (RFC 4210 4.4, RFC 7030 4.1.3): made offline, added by an act
of operators, adopted device by device, and the old one retired when nobody needs it or two people say so."""

import json
import pathlib
import re
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

import lab
import test_21_approvals as approvals
import test_30_est_clients as clients
from test_40_agent import Agent


def trothd(server, *words, check=True):
    return lab.run(lab.program("trothd"), *map(str, words), "--config", str(server.config_file), check=check)


def root_key(server):
    """The options of the first root's key, which the lab has among its data."""
    return ["--root", server.folder / "data" / "root.pem", "--root-passphrase-file",
            server.folder / "passphrase"]


def restart(server):
    server.stop()
    server.start()


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def prepare(server, kind, key=None):
    """Rotates, has it signed and accepts it; its number and its certificate's file. The server has to start anew."""
    said = trothd(server, "issuer", "rotate", kind).stdout
    number = int(re.search(r"issuer (\d+)", said).group(1))
    csr = server.folder / "data" / "csr" / f"{kind}-{number}.csr"
    out = server.scratch().with_suffix(".cer")
    trothd(server, "issuer", "sign", csr, *(key or root_key(server)), "--out", out)
    trothd(server, "issuer", "accept", out)
    return number, out


def add(operator, kind, number, certificate, **links):
    return operator.post("/issuers", {"number": number, "kind": kind, "certificate": certificate.read_text(),
                                      **{name: path.read_text() for name, path in links.items()}})


def follow(server, operator, kind, key=None):
    """An issuer that follows the one of that kind, in force; its number and certificate."""
    number, out = prepare(server, kind, key)
    restart(server)
    add(operator, kind, number, out).ok()
    return number, load(out)


def issuer(operator, number):
    return operator.get(f"/issuers/{number}").ok()


def named(operator, number):
    return sorted(one["serial"] for one in operator.pages("/devices", issuer=number))


class Fleet:
    """Devices of one product, with factory keys; who enrols by that key on TLS comes back by it."""

    def __init__(self, operator, product, *serials):
        self.operator, self.server, self.product = operator, operator.server, product
        operator.add_product(product)
        self.keys = {serial: lab.make_key() for serial in serials}
        operator.import_devices(product, self.keys)
        self.devices = {}

    def by_key(self, serial):
        """On TLS by a self-signed certificate over the factory key."""
        bare = lab.make_certificate(self.keys[serial], serial)
        return lab.Device(self.server, self.product, self.keys[serial], [bare])

    def take(self, serial, key, answer):
        device = lab.Device(self.server, self.product, key, answer.certificates())
        assert device.cacerts().status == 200
        assert lab.eventually(lambda: self.operator.certificate_state(device.chain[0]) == "current")
        self.devices[serial] = device
        return device

    def enrol(self, serial):
        key = lab.make_key()
        return self.take(serial, key, self.by_key(serial).enrol(lab.make_csr(key, serial)))

    def renew(self, serial):
        device, key = self.devices[serial], lab.make_key()
        csr = lab.make_csr(key, subject=device.chain[0].subject)
        return self.take(serial, key, device.enrol(csr, again=True))


@pytest.fixture
def fleet(alice):
    one = Fleet(alice, "pump", "A-1", "A-2")
    one.enrol("A-1")
    one.enrol("A-2")
    return one


def bag_of(fleet, n):
    """/cacerts, once every front has heard what core says: so many certificates."""
    device = fleet.devices["A-1"]
    answers = lab.eventually(lambda: [one for one in ([device.cacerts().certificates() for _ in range(8)],)
                                      if all(len(bag) == n for bag in one)])
    assert answers, [len(device.cacerts().certificates()), n]
    return answers[0][0]


def below(certificate, issuing):
    """Signed by it."""
    assert certificate.issuer == issuing.subject
    issuing.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes,
                                ec.ECDSA(certificate.signature_hash_algorithm))


# ---- an issuer ---------------------------------------------------------------------------------


def test_an_issuer_follows_another_and_retires_when_no_device_needs_it(troth, alice, fleet):
    number, out = prepare(troth, "ldevid")
    assert number == 5
    add(alice, "ldevid", number, out).problem(409, "E4011")  # the signer has not its key before it starts anew
    restart(troth)
    assert issuer(alice, 3)["state"] == "current"
    add(alice, "ldevid", number, out).ok()
    new = load(out)
    assert [(issuer(alice, n)["state"], issuer(alice, n)["devices"]) for n in (3, 5)] == \
        [("retiring", 2), ("current", 0)]

    # New ones come from the new one; the old ones count; both are in cacerts.
    assert new in bag_of(fleet, 3)
    below(fleet.renew("A-1").chain[0], new)
    assert named(alice, 3) == ["A-2"]
    assert (issuer(alice, 3)["devices"], issuer(alice, 5)["devices"]) == (1, 1)
    problem = alice.post("/issuers/3/retire").problem(403, "E4014")
    assert "1 devices and 0 operators" in problem["detail"]
    assert fleet.devices["A-2"].cacerts().status == 200

    # A certificate that was issued and not used yet changes nothing: the device may have lost it.
    key = lab.make_key()
    pending = fleet.devices["A-2"].enrol(
        lab.make_csr(key, subject=fleet.devices["A-2"].chain[0].subject), again=True)
    assert pending.status == 200
    alice.post("/issuers/3/retire").problem(403, "E4014")
    fleet.take("A-2", key, pending)
    assert named(alice, 3) == []
    alice.post("/issuers/3/retire", dry_run="true").ok()
    alice.post("/issuers/3/retire").ok()
    assert issuer(alice, 3)["state"] == "retired"
    assert new in bag_of(fleet, 2)
    fleet.renew("A-1")
    troth.stop_and_audit()
    troth.start()
    below(fleet.renew("A-2").chain[0], new)


def test_the_current_one_and_unknown_ones_do_not_retire(alice, fleet):
    alice.post("/issuers/3/retire").problem(409, "E4012")
    alice.post("/issuers/3/force").problem(409, "E4012")
    alice.post("/issuers/9/retire").problem(404, "E4001")
    alice.get("/issuers/9").problem(404, "E4001")
    assert issuer(alice, 3)["root"] == 1


def test_what_is_no_issuer_of_ours_is_not_added(troth, alice):
    number, out = prepare(troth, "ldevid")
    restart(troth)
    key = lab.make_key()
    stranger = troth.scratch()
    stranger.write_text(lab.certificate_pem(lab.make_certificate(key, common_name="Stranger", is_ca=True)))
    alice.post("/issuers", {"number": number, "kind": "ldevid", "certificate": "x"}).problem(400, "E1002")
    add(alice, "ldevid", number, stranger).problem(400, "E6004")
    add(alice, "ldevid", 3, out).problem(409, "E4010")
    assert "the next one is 5" in add(alice, "ldevid", 64, out).problem(409, "E4010")["detail"]
    add(alice, "operations", number + 1, out).problem(409, "E4011")
    add(alice, "root", number, out).problem(400, "E6004")
    viewer = alice.add_operator("vera", "viewer")
    add(viewer, "ldevid", number, out).problem(403, "E2002")
    assert [one["state"] for one in alice.pages("/issuers")] == ["current"] * 4
    assert trothd(troth, "issuer", "accept", stranger, check=False).returncode == 7


def test_a_request_waits_for_one_certificate_and_a_wrong_passphrase_makes_no_key(troth):
    wrong = troth.scratch()
    wrong.write_text("another passphrase\n")
    wrong.chmod(0o600)
    done = trothd(troth, "issuer", "rotate", "ldevid", "--passphrase-file", wrong, check=False)
    assert done.returncode == 1 and "E6001" in done.stderr
    trothd(troth, "issuer", "rotate", "ldevid")
    done = trothd(troth, "issuer", "rotate", "ldevid", check=False)
    assert done.returncode == 9 and "waits for its certificate" in done.stderr
    assert "issuer 6" in trothd(troth, "issuer", "rotate", "operations").stdout
    restart(troth)  # keys without certificates are nobody's

    # Nor is a certificate without its key, as after a cut between the two: it is asked for anew.
    out = troth.scratch()
    trothd(troth, "issuer", "sign", troth.folder / "data" / "csr" / "ldevid-5.csr", *root_key(troth), "--out", out)
    (troth.folder / "data" / "signer" / "ldevid-5.pem").unlink()
    done = trothd(troth, "issuer", "accept", out, check=False)
    assert done.returncode == 7 and "rotate again" in done.stderr
    assert "issuer 7" in trothd(troth, "issuer", "rotate", "ldevid").stdout
    restart(troth)


def test_retiring_one_that_is_needed_takes_two_people(troth, alice, fleet):
    number, _ = follow(troth, alice, "ldevid")
    alice.post("/issuers/3/force").problem(403, "E4015")
    bob = alice.add_operator("bob", "admin")
    for name in ("alice", "bob"):
        approvals.make_approver(alice, name, [alice])

    asked = approvals.waiting(alice.post("/issuers/3/force"))
    body = approvals.body_of(alice, asked["approval"])
    assert b"devices" in body and b"state" in body
    approvals.sign(alice, asked["approval"]).ok()
    assert issuer(alice, 3)["state"] == "retiring"  # one is not two
    approvals.sign(bob, asked["approval"]).ok()
    approvals.becomes(alice, asked["approval"], "executed")
    assert issuer(alice, 3)["state"] == "retired"

    # What it issued is refused here and now, and the device comes back by its first proof.
    device = fleet.devices["A-1"]
    key = lab.make_key()
    csr = lab.make_csr(key, subject=device.chain[0].subject)
    assert lab.eventually(lambda: device.enrol(csr, again=True).status == 401)
    assert alice.show("pump", "A-1")["device"]["verdict"] == "refused"
    assert fleet.enrol("A-1").chain[0].issuer != device.chain[0].issuer
    assert alice.show("pump", "A-1")["device"]["verdict"] == "trusted"

    # Its CRLs go on until its certificates have ended.
    alice.post(f"/certificates/{lab.serial_hex(fleet.devices['A-2'].chain[0])}/revoke", {}).ok()
    path = crl_path(fleet.devices["A-2"].chain[0])
    assert lab.eventually(lambda: is_on(troth, path, fleet.devices["A-2"].chain[0]))
    assert issuer(alice, number)["state"] == "current"
    troth.stop_and_audit()


def crl_path(certificate):
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return "/crl/" + points[0].full_name[0].value.rsplit("/", 1)[1]


def is_on(server, path, certificate):
    answer = server.plain(path)
    if answer.status != 200:
        return False
    crl = x509.load_der_x509_crl(answer.body)
    return crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def test_an_issuer_is_added_by_two_people_who_read_what_it_is(troth, alice, fleet):
    alice.add_operator("bob", "admin")
    number, out = prepare(troth, "ldevid")
    restart(troth)
    bob = alice.add_operator("carol", "admin")
    for name in ("alice", "carol"):
        approvals.make_approver(alice, name, [alice])
    asked = approvals.waiting(add(alice, "ldevid", number, out))
    body = approvals.body_of(alice, asked["approval"])
    new = load(out)
    name = new.subject.rfc4514_string().removeprefix("CN=")
    assert name.encode() in body and bytes.fromhex(lab.spki_hash(new)) in body
    assert b"not_after_s" in body
    for one in (alice, bob):
        approvals.sign(one, asked["approval"]).ok()
    approvals.becomes(alice, asked["approval"], "executed")
    below(fleet.renew("A-1").chain[0], new)
    troth.stop_and_audit()


def test_the_operations_issuer_follows_and_no_connection_notices(troth, alice, fleet):
    number, out = prepare(troth, "operations")
    restart(troth)
    with fleet.devices["A-1"] as kept:
        assert kept.cacerts().status == 200
        add(alice, "operations", number, out).ok()
        new = load(out)
        # Listeners have a certificate of the new one within seconds, and answer who came before.
        assert lab.eventually(lambda: server_issuer(troth, "device") == new.subject, within_s=15)
        assert lab.eventually(lambda: server_issuer(troth, "operator") == new.subject, within_s=15)
        assert kept.cacerts().status == 200
    problem = alice.post("/issuers/4/retire").problem(403, "E4014")
    assert "0 devices and 1 operators" in problem["detail"]
    key = lab.make_key()
    answer = alice.post("/operators/me/renew", {"csr": lab.csr_pem(lab.make_csr(key))}).ok()
    renewed = lab.Operator(troth, key, x509.load_pem_x509_certificate(answer["certificate"].encode()))
    renewed.post("/operators/me/settle").ok()
    below(renewed.chain[0], new)
    renewed.post("/issuers/4/retire").ok()
    assert renewed.get("/status").status == 200
    troth.first = renewed


def server_issuer(server, port):
    """Who issued the certificate that a listener shows."""
    context = ssl.create_default_context(cafile=str(server.root_pem))
    client = lab.Client(server, server.ports[port])
    client._context = context
    connection = client.connection()
    connection.connect()
    der = connection.sock.getpeercert(binary_form=True)
    connection.close()
    return x509.load_der_x509_certificate(der).issuer


def test_troth_says_it_for_people_and_programs(troth, alice, fleet, monkeypatch, tmp_path):
    number, out = prepare(troth, "ldevid")
    restart(troth)
    profile = tmp_path / "profile"
    profile.mkdir()
    key, certificate = profile / "key", profile / "certificate"
    key.write_bytes(lab.key_pem(alice.key))
    key.chmod(0o600)
    certificate.write_text(lab.certificate_pem(alice.chain[0]))
    monkeypatch.setenv("TROTH_CONFIG", str(profile / "config.json"))
    troth_ = lambda *words, check=True: lab.run(lab.program("troth"), *map(str, words), check=check)
    troth_("login", "--server", f"https://localhost:{troth.ports['operator']}", "--certificate", certificate,
           "--key", key, "--root", troth.root_pem)
    words = ["issuer", "add", number, "ldevid", "--certificate", out]
    troth_(*words, "--dry-run")
    assert issuer(alice, 3)["state"] == "current"
    assert "ldevid 5 is the current one" in troth_(*words).stdout
    listed = troth_("issuer", "list").stdout
    assert "retiring" in listed and "OPERATORS" in listed
    assert "A-2" in troth_("issuer", "show", 3, "--devices").stdout
    assert "A-2" in troth_("device", "list", "--issuer", 3).stdout
    assert "BEGIN CERTIFICATE" in troth_("issuer", "show", number).stdout
    done = troth_("issuer", "retire", 3, check=False)
    assert done.returncode == 5 and "E4014" in done.stderr
    done = troth_("issuer", "retire", 3, "--force", check=False)
    assert done.returncode == 5 and "E4015" in done.stderr
    for serial in ("A-1", "A-2"):
        fleet.renew(serial)
    assert "issuer 3 retired" in troth_("issuer", "retire", 3).stdout


def test_an_export_of_the_keys_has_those_that_followed(troth, alice, fleet):
    passphrase = secret_file(troth, b"the passphrase of the safe\n")
    old, path = troth.scratch(), troth.scratch()
    trothd(troth, "keys", "export", "--out", old, "--passphrase-file", passphrase)
    number, new = follow(troth, alice, "ldevid")
    done = trothd(troth, "keys", "check", old, "--passphrase-file", passphrase, check=False)
    assert done.returncode != 0 and f"ldevid-{number}.cer is there, the export is older" in done.stderr
    trothd(troth, "keys", "export", "--out", path, "--passphrase-file", passphrase)
    trothd(troth, "keys", "check", path, "--passphrase-file", passphrase)
    troth.stop()
    signer = troth.folder / "data" / "signer"
    for name in (f"ldevid-{number}.pem", f"ldevid-{number}.cer"):
        (signer / name).unlink()
    done = trothd(troth, "keys", "import", path, "--passphrase-file", passphrase)
    assert "1 of 6" in done.stdout
    troth.start()
    below(fleet.renew("A-1").chain[0], new)


def test_a_request_may_be_signed_by_another_program(troth, alice, fleet):
    """By openssl, with the root's key as init wrote it."""
    trothd(troth, "issuer", "rotate", "ldevid", "--issuer-key-type", "p384")
    out, extensions = troth.scratch(), troth.scratch()
    extensions.write_text("basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
                          "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    lab.openssl("x509", "-req", "-in", str(troth.folder / "data" / "csr" / "ldevid-5.csr"), "-CA",
                str(troth.root_pem), "-CAkey", str(troth.folder / "data" / "root.pem"), "-passin",
                f"file:{troth.folder / 'passphrase'}", "-days", "900", "-extfile", str(extensions), "-out", str(out))
    trothd(troth, "issuer", "accept", out)
    restart(troth)
    add(alice, "ldevid", 5, out).ok()
    leaf = fleet.renew("A-1").chain[0]
    below(leaf, load(out))
    assert leaf.signature_hash_algorithm.name == "sha384"
    assert verifies(troth, troth.root_pem, leaf, bag_of(fleet, 3))


def test_who_sees_one_owner_sees_who_of_his_needs_it(troth, alice, fleet):
    fleet.keys["B-1"] = lab.make_key()
    alice.import_devices("pump", {"B-1": fleet.keys["B-1"]}, owner="acme")
    fleet.enrol("B-1")
    scoped = alice.add_operator("scoped", "viewer", "acme")
    assert (issuer(scoped, 3)["devices"], issuer(alice, 3)["devices"]) == (1, 3)
    assert issuer(scoped, 4)["operators"] == 0 and issuer(alice, 4)["operators"] == 2
    assert named(scoped, 3) == ["B-1"] and named(alice, 3) == ["A-1", "A-2", "B-1"]
    assert scoped.get("/devices", issuer=0).status == 400


# ---- a root ------------------------------------------------------------------------------------


class Roots:
    """A server below its first root, and the root that follows."""

    def __init__(self, server, operator):
        self.server, self.operator = server, operator
        self.number = max(one["id"] for one in operator.pages("/issuers")) + 1
        self.folder, self.key = server.scratch(), server.scratch()
        self.passphrase = secret_file(server, b"the passphrase of the new root\n")
        trothd(server, "issuer", "root", *root_key(server), "--root-out", self.key, "--new-passphrase-file",
               self.passphrase, "--number", self.number, "--out", self.folder)
        self.old, self.new = server.root_pem, self.folder / "root.pem"
        self.links = {"new_with_old": self.folder / "new-with-old.pem",
                      "old_with_new": self.folder / "old-with-new.pem"}

    def add(self):
        trothd(self.server, "issuer", "accept", self.folder)
        return add(self.operator, "root", self.number, self.new, **self.links)

    def new_key(self):
        return ["--root", self.key, "--root-passphrase-file", self.passphrase]

    def follow(self):
        """Every issuer follows below the new root; their numbers."""
        made = [(kind, *prepare(self.server, kind, self.new_key())) for kind in ("idevid", "ldevid", "operations")]
        restart(self.server)
        for kind, number, out in made:
            add(self.operator, kind, number, out).ok()
        return {kind: number for kind, number, _ in made}


@pytest.fixture
def roots(troth, alice):
    return Roots(troth, alice)


def secret_file(server, content):
    path = server.scratch()
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def verifies(server, root, leaf, bag, check=True):
    """`openssl verify` of a leaf by what /cacerts has, up to that root alone."""
    stem = server.scratch()
    one, many = stem.with_suffix(".leaf"), stem.with_suffix(".bag")
    one.write_text(lab.certificate_pem(leaf))
    many.write_text("".join(map(lab.certificate_pem, bag)))
    done = lab.openssl("verify", "-x509_strict", "-CAfile", str(root), "-untrusted", str(many), str(one),
                       check=False)
    return done.returncode == 0


def shakes_hands(server, root, port="device"):
    """A TLS client that trusts that root alone and has nothing else."""
    context = ssl.create_default_context(cafile=str(root))
    client = lab.Client(server, server.ports[port])
    client._context = context
    connection = client.connection()
    try:
        connection.connect()
        return True
    except ssl.SSLCertVerificationError:
        return False
    finally:
        connection.close()


def operator_of_new_issuer(roots):
    """Alice renews, so that she comes by the operations issuer that is current."""
    key = lab.make_key()
    csr = lab.csr_pem(lab.make_csr(key))
    answer = roots.operator.post("/operators/me/renew", {"csr": csr}).ok()
    renewed = lab.Operator(roots.server, key, x509.load_pem_x509_certificate(answer["certificate"].encode()))
    renewed.post("/operators/me/settle").ok()
    assert answer["root"] == roots.new.read_text()
    roots.operator = roots.server.first = renewed
    return renewed


def test_a_root_follows_another_for_whoever_has_either(troth, alice, fleet, roots):
    old, new = load(roots.old), load(roots.new)
    roots.add().ok()
    bag = bag_of(fleet, 5)
    assert old in bag and new in bag and all(load(link) in bag for link in roots.links.values())
    shown = issuer(alice, roots.number)
    assert shown["state"] == "current" and issuer(alice, 1)["state"] == "retiring"
    assert shown["new_with_old"] == roots.links["new_with_old"].read_text()
    assert shown["old_with_new"] == roots.links["old_with_new"].read_text()

    # What is below the old root is proved to who has the new one, at once and on TLS as well.
    leaf = fleet.devices["A-1"].chain[0]
    for root in (roots.old, roots.new):
        assert verifies(troth, root, leaf, bag)
        assert lab.eventually(lambda root=root: shakes_hands(troth, root), within_s=15), root
    made = roots.follow()
    assert {issuer(alice, number)["root"] for number in made.values()} == {roots.number}

    # And what is below the new one to who has the old one.
    below_new = fleet.renew("A-1").chain[0]
    bag = bag_of(fleet, 6)
    for root in (roots.old, roots.new):
        assert verifies(troth, root, below_new, bag)
        assert shakes_hands(troth, root) and shakes_hands(troth, root, "operator")
        curl = lab.run("curl", "-sS", "--cacert", str(root), "-o", str(troth.scratch()),
                       f"https://localhost:{troth.ports['device']}/.well-known/est/cacerts")
        assert curl.returncode == 0
    assert not verifies(troth, roots.new, below_new, [])


def test_the_old_root_retires_last(troth, alice, fleet, roots):
    alice.post("/issuers/1/retire").problem(409, "E4012")
    roots.add().ok()
    assert "below root 1" in alice.post("/issuers/1/retire").problem(409, "E4013")["detail"]
    second = Roots(troth, alice)
    second.add().problem(409, "E4013")  # one at a time
    roots.follow()
    alice.post("/issuers/3/retire").problem(403, "E4014")
    for serial in ("A-1", "A-2"):
        fleet.renew(serial)
    operator = fleet.operator = operator_of_new_issuer(roots)
    for number in (2, 3, 4):
        operator.post("/issuers/1/retire").problem(409, "E4013")
        operator.post(f"/issuers/{number}/retire").ok()
    operator.post("/issuers/1/retire").ok()

    # Who has the old root only is not served any more; who has the new one needs nothing else.
    assert lab.eventually(lambda: not shakes_hands(troth, roots.old), within_s=15)
    assert shakes_hands(troth, roots.new)
    (troth.folder / "root-for-tests.pem").write_text(roots.new.read_text())
    for device in fleet.devices.values():
        device._context = None
    operator._context = None
    bag = bag_of(fleet, 2)
    assert load(roots.new) in bag
    below_new = fleet.renew("A-1").chain[0]
    assert verifies(troth, roots.new, below_new, bag)
    troth.stop_and_audit()


def test_the_new_roots_crl_and_certificate_are_where_certificates_say(troth, alice, roots):
    roots.add().ok()
    made = roots.follow()
    certificate = x509.load_pem_x509_certificate(issuer(alice, made["ldevid"])["pem"].encode())
    assert crl_path(certificate) == f"/crl/{roots.number}-0-0.crl"
    answer = lab.eventually(lambda: [one for one in (troth.plain(crl_path(certificate)),) if one.status == 200],
                            within_s=70)
    crl = x509.load_der_x509_crl(answer[0].body)
    assert crl.is_signature_valid(load(roots.new).public_key())
    aia = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    path = "/" + aia[0].access_location.value.split("/", 3)[3]
    assert x509.load_der_x509_certificate(troth.plain(path).body) == load(roots.new)


def test_a_root_without_proof_is_not_added(troth, alice, roots):
    number, new, links = roots.number, roots.new, roots.links
    add(alice, "root", number, new).problem(400, "E6004")
    swapped = {"new_with_old": links["old_with_new"], "old_with_new": links["new_with_old"]}
    assert "new_with_old" in add(alice, "root", number, new, **swapped).problem(400, "E6004")["detail"]
    other = Roots(troth, alice)
    mixed = {"new_with_old": other.links["new_with_old"], "old_with_new": links["old_with_new"]}
    add(alice, "root", number, new, **mixed).problem(400, "E6004")
    mixed = {"new_with_old": links["new_with_old"], "old_with_new": other.links["old_with_new"]}
    assert "old_with_new" in add(alice, "root", number, new, **mixed).problem(400, "E6004")["detail"]
    roots.add().ok()


def test_an_operators_profile_follows_the_root_on_proof(troth, alice, roots, tmp_path, monkeypatch):
    profile = tmp_path / "profile"
    profile.mkdir()
    (profile / "key").write_bytes(lab.key_pem(alice.key))
    (profile / "key").chmod(0o600)
    (profile / "certificate").write_text(lab.certificate_pem(alice.chain[0]))
    monkeypatch.setenv("TROTH_CONFIG", str(profile / "config.json"))
    say = lambda *words: lab.run(lab.program("troth"), *map(str, words))
    say("login", "--server", f"https://localhost:{troth.ports['operator']}", "--certificate",
        profile / "certificate", "--key", profile / "key", "--root", roots.old)
    roots.add().ok()
    roots.follow()
    done = say("operator", "renew")
    kept = pathlib.Path(re.search(r"followed is trusted: (.*)", done.stdout).group(1))
    assert load(kept) == load(roots.new) and str(kept) in (profile / "config.json").read_text()
    for number in (2, 3, 4, 1):
        say("issuer", "retire", number)
    assert lab.eventually(lambda: not shakes_hands(troth, roots.old, "operator"), within_s=15)
    assert "current" in say("issuer", "list").stdout
    (troth.folder / "root-for-tests.pem").write_text(roots.new.read_text())  # for the fixture's end
    stranger = lab.make_certificate(lab.make_key(), common_name="Stranger", is_ca=True)
    both = secret_file(troth, (roots.new.read_text() + lab.certificate_pem(stranger)).encode())
    config = json.loads((profile / "config.json").read_text())
    (profile / "config.json").write_text(json.dumps({**config, "root": str(both)}))
    done = say("operator", "renew")
    assert "followed" not in done.stdout  # who trusts several chose them


# ---- devices and clients that nobody here wrote --------------------------------------------------


def agent_of(fleet, serial, *proof):
    agent = Agent(fleet.server, fleet.product, serial)
    key = secret_file(fleet.server, lab.key_pem(fleet.keys[serial]))
    done = agent.enrol("--key", key)
    assert done.returncode == 0, done.stderr
    return agent


def test_the_agent_follows_the_root_on_proof_and_keeps_it(troth, alice, roots):
    fleet = Fleet(alice, "valve", "V-1", "V-2")
    agent, other = agent_of(fleet, "V-1"), agent_of(fleet, "V-2")
    assert (agent.folder / "root.pem").read_text() == roots.old.read_text()
    roots.add().ok()
    roots.follow()
    anchor = secret_file(troth, roots.old.read_bytes())  # what its unit says for years
    for one in (agent, other):
        done = one.run("renew", "--anchor", anchor)
        assert done.returncode == 0, done.stderr
        assert load(one.folder / "root.pem") == load(roots.new)
    assert agent.certificate().issuer != load(roots.old).subject
    assert lab.eventually(lambda: named(alice, 3) == [])
    operator = operator_of_new_issuer(roots)
    for number in (2, 3, 4, 1):
        operator.post(f"/issuers/{number}/retire").ok()
    assert lab.eventually(lambda: not shakes_hands(troth, roots.old), within_s=15)
    done = agent.run("renew", "--anchor", anchor)
    assert done.returncode == 0, done.stderr
    done = other.run("renew")
    assert done.returncode == 0, done.stderr


def test_strongswan_enrols_with_either_root(troth, alice, roots, tmp_path):
    alice.add_product("pump")
    alice.import_devices("pump", {"SW-1": None, "SW-2": None, "SW-3": None, "SW-4": None})
    roots.add().ok()
    serials = iter(("SW-1", "SW-2", "SW-3", "SW-4"))
    for turn in ("before", "after"):
        if turn == "after":
            roots.follow()
        issuing = [one for one in alice.pages("/issuers") if one["kind"] == "ldevid" and one["state"] == "current"]
        middle = tmp_path / f"{turn}.pem"
        middle.write_text(issuing[0]["pem"])
        for root in (roots.old, roots.new):
            assert lab.eventually(lambda root=root: shakes_hands(troth, root), within_s=15)
            serial = next(serials)
            token = clients.token_for(alice, "pump", serial)
            _, csr, _ = clients.request(troth, tmp_path, serial, f"CN=sw, serialNumber={serial}")
            done = clients.pki(troth, "--est", "--url", clients.url(troth), "--in", str(csr), "--cacert", str(root),
                               "--cacert", str(middle), "--userpass", f"{serial}:{token}",
                               "--outform", "pem")
            assert x509.load_pem_x509_certificate(done.stdout.encode())
