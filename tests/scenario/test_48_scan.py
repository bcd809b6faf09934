"""`troth cert scan` against real TLS servers on loopback: what it sees, what becomes of it on record, and what is owed
for it until another certificate stands there."""

import contextlib
import datetime
import json
import random
import socket
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import lab

WEAK = "ALL:@SECLEVEL=0"
DAY = datetime.timedelta(days=1)


# ---- certificates --------------------------------------------------------------------------------


def certificate(key, name="device", *, issuer=None, issuer_key=None, start=-1, end=30, ca=False, serial_number=None):
    """`start` and `end` in days from now; None is the end of time."""
    now = datetime.datetime.utcnow()
    until = datetime.datetime(9999, 12, 31, 23, 59, 59) if end is None else now + end * DAY
    subject = lab.name_of(serial_number, name)
    signer = issuer_key or key
    return (x509.CertificateBuilder().subject_name(subject)
            .issuer_name(issuer.subject if issuer is not None else subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + start * DAY).not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(signer, lab.digest_of(signer)))


class Ca:
    def __init__(self, name="A root", end=3650, issuer=None):
        self.key = lab.make_key()
        self.certificate = certificate(self.key, name, end=end, ca=True, start=-400,
                                       issuer=issuer and issuer.certificate, issuer_key=issuer and issuer.key)

    def issue(self, key, name="device", **what):
        return certificate(key, name, issuer=self.certificate, issuer_key=self.key, **what)


def is_prime(n):
    return all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7, 11, 13, 17, 19))


def first_primes(count):
    found = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def roca_key(bits=2048):
    """As the broken library made them: p = k * M + (65537^a mod M), M the product of the first 126 primes at 2048
    bits (Nemec et al., CCS 2017, section 2)."""
    rng = random.Random(2017)
    m = 1
    for prime in first_primes(126):
        m *= prime
    primes = []
    while len(primes) < 2:
        low, high = (3 << (bits // 2 - 2)) // m, (1 << (bits // 2)) // m
        p = rng.randrange(low, high) * m + pow(65537, rng.randrange(1 << 60), m)
        if p.bit_length() == bits // 2 and is_prime(p):
            primes.append(p)
    p, q = primes
    d = pow(65537, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(65537, p * q)).private_key()


# ---- servers -------------------------------------------------------------------------------------


class Tls:
    """`openssl s_server` with that certificate; another one may follow at the same port."""

    def __init__(self, folder, host="127.0.0.1"):
        self.folder, self.host, self.port, self.process = folder, host, lab.free_ports(1)[0], None
        folder.mkdir()

    @property
    def place(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def serve(self, key, chain, *words):
        """`key` and `chain`: PEM, or what makes it."""
        self.stop()
        key = key if isinstance(key, bytes) else lab.key_pem(key)
        pems = [one if isinstance(one, str) else lab.certificate_pem(one) for one in chain]
        (self.folder / "key.pem").write_bytes(key)
        (self.folder / "cert.pem").write_text(pems[0])
        (self.folder / "chain.pem").write_text("".join(pems[1:]))
        more = ["-cert_chain", str(self.folder / "chain.pem")] if pems[1:] else []
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-accept", self.place, "-cert", str(self.folder / "cert.pem"), "-key",
             str(self.folder / "key.pem"), "-cipher", WEAK, "-quiet", "-naccept", "1000", *more, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert lab.eventually(self.listens)
        return self

    def listens(self):
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True
        return False

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None


@pytest.fixture
def tls(tmp_path):
    """Makes servers; all end with the test."""
    made = []

    def make(host="127.0.0.1"):
        made.append(Tls(tmp_path / f"tls{len(made)}", host))
        return made[-1]
    yield make
    for one in made:
        one.stop()


class Plain:
    """Says `greeting` to whoever connects, and then waits or closes."""

    def __init__(self, greeting=b"", closes=True):
        self.greeting, self.closes, self.held = greeting, closes, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                connection.sendall(self.greeting)
                if self.closes:
                    connection.close()
                else:
                    self.held.append(connection)


@pytest.fixture(scope="module")
def cli(shared):
    return shared.first.command_line(shared.scratch())


def scan(cli, *words, check=True):
    rows = json.loads(cli("cert", "scan", *words, "--json", check=check).stdout)
    return {row["target"]: row for row in rows}


def foreign(shared, certificate):
    """What is on record of it, and the numbers of the checks that are open."""
    pem = certificate if not isinstance(certificate, str) else x509.load_pem_x509_certificate(certificate.encode())
    rows = [one for one in shared.first.pages("/foreign-certificates", certificate=lab.serial_hex(pem))]
    assert len(rows) == 1, rows
    return shared.first.get(f"/foreign-certificates/{rows[0]['id']}").ok()


def owed(shared, certificate):
    return {finding["check"] for finding in foreign(shared, certificate)["findings"]}


# ---- what is seen --------------------------------------------------------------------------------


def test_what_becomes_of_every_target(shared, cli, tls):
    six, four, key = tls("::1"), tls(), lab.make_key()
    pem = certificate(key, "both")
    six.serve(key, [pem])
    four.serve(key, [pem], "-tls1_2")
    silent, talker = Plain(closes=False), Plain(b"220 mail.example ESMTP\r\n" * 9)
    closed = f"127.0.0.1:{lab.free_ports(1)[0]}"
    rows = scan(cli, six.place, four.place, silent.place, talker.place, closed, "nobody.invalid:1", "--timeout", "2s")
    assert {place: row["outcome"] for place, row in rows.items()} == {
        six.place: "seen", four.place: "seen", silent.place: "timed-out", talker.place: "no-tls",
        closed: "refused", "nobody.invalid:1": "unreachable"}
    assert (rows[six.place]["protocol"], rows[four.place]["protocol"]) == ("TLSv1.3", "TLSv1.2")
    assert {rows[six.place]["became"], rows[four.place]["became"]} == {"new", "changed"}
    assert [rows[place]["became"] for place in (silent.place, talker.place, closed)] == ["nothing"] * 3
    assert rows[six.place]["certificate"] == lab.serial_hex(pem)
    again = scan(cli, six.place, four.place)
    assert [row["became"] for row in again.values()] == ["known", "known"]
    places = foreign(shared, pem)["places"]
    assert {(one["place"], one["protocol"], one["ended"]) for one in places} == {
        (six.place, "TLSv1.3", None), (four.place, "TLSv1.2", None)}
    assert "openssl" not in foreign(shared, pem)["certificate"]["pem"]
    shown = cli("cert", "show", lab.serial_hex(pem)).stdout
    assert "cannot be revoked here" in shown and six.place in shown and "TD-24" in shown


def test_the_whole_chain_is_kept_and_a_server_that_wants_a_certificate_is_seen(shared, cli, tls):
    root, server = Ca(), tls()
    middle, key = Ca("An issuer", issuer=root), lab.make_key()
    leaf = middle.issue(key)
    for version in ("-tls1_2", "-tls1_3"):
        server.serve(key, [leaf, middle.certificate, root.certificate], "-Verify", "3", "-verify_return_error", version)
        row = scan(cli, server.place)[server.place]
        assert row["outcome"] == "seen", row
    dry = scan(cli, server.place, "--dry-run")[server.place]
    assert len(dry["chain"]) == 3
    assert owed(shared, leaf) == {"TD-05"}


def test_a_dry_run_uploads_nothing(shared, cli, tls):
    key, server = lab.make_key(), tls()
    pem = certificate(key, "unseen")
    row = scan(cli, server.serve(key, [pem]).place, "--dry-run")[server.place]
    assert row["certificate"] == lab.serial_hex(pem) and "became" not in row
    assert list(shared.first.pages("/foreign-certificates", certificate=lab.serial_hex(pem))) == []


def test_the_name_asked_for_decides(shared, cli, tls):
    one, other, server = lab.make_key(), lab.make_key(), tls()
    named, plain = certificate(other, "named"), certificate(one, "plain")
    folder = server.folder
    (folder / "key2.pem").write_bytes(lab.key_pem(other))
    (folder / "cert2.pem").write_text(lab.certificate_pem(named))
    server.serve(one, [plain], "-servername", "named.example", "-cert2", str(folder / "cert2.pem"), "-key2",
                 str(folder / "key2.pem"))
    assert scan(cli, server.place, "--dry-run")[server.place]["certificate"] == lab.serial_hex(plain)
    named_row = scan(cli, server.place, "--dry-run", "--sni", "named.example")[server.place]
    assert named_row["certificate"] == lab.serial_hex(named)


def test_targets_come_from_a_file_and_from_networks(cli, tls, tmp_path):
    key, server = lab.make_key(), tls()
    server.serve(key, [certificate(key)])
    listed = tmp_path / "targets"
    listed.write_text(f"# ours\n\n{server.place}   # the gateway\n127.0.0.1\n")
    rows = scan(cli, "--file", listed, "127.0.0.0/30", "--port", str(server.port), "--dry-run")
    assert set(rows) == {f"127.0.0.{i}:{server.port}" for i in range(4)}
    listed.write_text(f"{server.place}\nnot a host\n")
    refused = cli("cert", "scan", "--file", listed, "--dry-run", check=False)
    assert refused.returncode == 2 and "line 2" in refused.stderr and "E1054" in refused.stderr
    for bad in ("1.2.3.4/8", "[::1", "host:0", "host:65536", "a/b", "[1.2.3.4]:1", "10.0.0.0/33"):
        assert cli("cert", "scan", bad, "--dry-run", check=False).returncode != 0, bad


def test_one_of_ours_is_ours(shared, cli, tls, product):
    registered, key, server = lab.make_key(), lab.make_key(), tls()
    shared.first.import_devices(product, {"SN-1": registered})
    device = lab.Device(shared, product, registered, [certificate(registered, "self")])
    issued = device.enrol(lab.make_csr(key, "SN-1")).certificates()[0]
    row = scan(cli, server.serve(key, [issued]).place)[server.place]
    assert row["became"] == "ours"
    assert list(shared.first.pages("/foreign-certificates", certificate=lab.serial_hex(issued))) == []
    owes = {one["check"] for one in shared.first.show(product, "SN-1")["findings"]}
    assert not owes & {"TD-01", "TD-09"}


# ---- what is owed: opens, stays, closes ----------------------------------------------------------


def rsa_pem(bits, *words):
    """(key, certificate) by openssl, which still makes what is weak."""
    key = lab.run("openssl", "genrsa", str(bits)).stdout
    made = subprocess.run(["openssl", "req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=old", "-days", "9", *words],
                          input=key, capture_output=True, text=True, check=True)
    return key.encode(), made.stdout


def ecdsa_sha1():
    key = lab.key_pem(lab.make_key()).decode()
    made = subprocess.run(["openssl", "req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=old", "-days", "9", "-sha1"],
                          input=key, capture_output=True, text=True, check=True)
    return key.encode(), made.stdout


def of_root(**what):
    """Below an issuer that stands below a root, so that nothing but `what` is wrong."""
    root = Ca()
    middle, key = Ca("An issuer", issuer=root), lab.make_key()
    return key, [middle.issue(key, **what), middle.certificate, root.certificate]


def below_an_ended_issuer():
    root = Ca()
    middle, key = Ca("An ended issuer", end=-2, issuer=root), lab.make_key()
    return key, [middle.issue(key), middle.certificate, root.certificate]


def straight_from_a_root():
    root, key = Ca(), lab.make_key()
    return key, [root.issue(key), root.certificate]


def of_roca():
    root = Ca()
    middle, key = Ca("An issuer", issuer=root), roca_key()
    return key, [middle.issue(key), middle.certificate, root.certificate]


def of_curve():
    root = Ca()
    middle, key = Ca("An issuer", issuer=root), ec.generate_private_key(ec.SECP521R1())
    return key, [middle.issue(key), middle.certificate, root.certificate]


def weak(make):
    def bring():
        key, pem = make()
        return key, [pem]
    return bring


LIVES = {
    "expired": (lambda: of_root(start=-90, end=-1), {"TD-09"}),
    "not-yet-valid": (lambda: of_root(start=2, end=30), {"TD-13"}),
    "too-old": (lambda: of_root(start=-500, end=90), {"TD-10"}),
    "too-long": (lambda: of_root(start=-1, end=1000), {"TD-11"}),
    "no-expiry": (lambda: of_root(end=None), {"TD-11"}),
    "short-rsa": (weak(lambda: rsa_pem(1024)), {"TD-12", "TD-24"}),
    "sha1-rsa": (weak(lambda: rsa_pem(2048, "-sha1")), {"TD-12", "TD-24"}),
    "md5-rsa": (weak(lambda: rsa_pem(2048, "-md5")), {"TD-12", "TD-24"}),
    "sha1-ecdsa": (weak(ecdsa_sha1), {"TD-12", "TD-24"}),
    "roca": (of_roca, {"TD-12"}),
    "curve": (of_curve, {"TD-12"}),
    "issuer-ended": (below_an_ended_issuer, {"TD-16"}),
    "root-issued": (straight_from_a_root, {"TD-24"}),
    "self-signed": (weak(lambda: (lambda key: (key, certificate(key)))(lab.make_key())), {"TD-24"}),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_finding_opens_stays_and_closes(shared, cli, tls, life):
    bring, wanted = LIVES[life]
    key, chain = bring()
    server = tls().serve(key, chain)
    wanted = wanted | {"TD-05"}  # and no device has it
    assert scan(cli, server.place)[server.place]["became"] == "new"
    assert owed(shared, chain[0]) == wanted
    first = foreign(shared, chain[0])["findings"]
    assert {one["about"] for one in first} == {"foreign-certificate"}
    assert scan(cli, server.place)[server.place]["became"] == "known"
    assert foreign(shared, chain[0])["findings"] == first
    better, good = of_root()
    server.serve(better, good)
    scan(cli, server.place)
    assert owed(shared, chain[0]) == set()
    assert [one["ended"] is not None for one in foreign(shared, chain[0])["places"]] == [True]
    assert owed(shared, good[0]) == {"TD-05"}
    closed = [one for one in shared.first.pages("/findings", all="true")
              if one["id"] in {finding["id"] for finding in first}]
    assert {one["closed_by"] for one in closed} == {"evidence"}


def test_a_server_that_is_down_says_nothing_and_one_without_tls_ends_it(shared, cli, tls):
    key, chain = of_root(start=-90, end=-1)
    server = tls().serve(key, chain)
    scan(cli, server.place)
    server.stop()
    silent = socket.socket()  # the same port takes no connection to its end
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    silent.bind((server.host, server.port))
    silent.listen(1)
    assert scan(cli, server.place, "--timeout", "1s")[server.place]["outcome"] == "timed-out"
    assert "TD-09" in owed(shared, chain[0])
    silent.close()
    assert scan(cli, server.place)[server.place]["became"] == "gone"
    assert owed(shared, chain[0]) == set()
    server.serve(key, chain)
    assert scan(cli, server.place)[server.place]["became"] == "changed"
    assert "TD-09" in owed(shared, chain[0])  # another interval of the same finding
    firsts = [one for one in shared.first.pages("/findings", all="true") if one["check"] == "TD-09"
              and one["subject"] == foreign(shared, chain[0])["certificate"]["id"]]
    assert len(firsts) == 2


def test_one_key_at_two_hosts_is_shared_until_one_has_another(shared, cli, tls):
    (key, chain), (better, good) = of_root(), of_root()
    here, there = tls("127.0.0.1").serve(key, chain), tls("127.0.0.2").serve(key, chain)
    scan(cli, here.place)
    assert owed(shared, chain[0]) == {"TD-05"}
    scan(cli, here.place, there.place)
    assert owed(shared, chain[0]) == {"TD-01", "TD-05"}
    there.serve(better, good)
    scan(cli, there.place)
    assert owed(shared, chain[0]) == {"TD-05"}


def test_two_certificates_over_one_key_are_judged_together(shared, cli, tls):
    root = Ca()
    middle, key = Ca("An issuer", issuer=root), lab.make_key()
    above = [middle.certificate, root.certificate]
    one, other = middle.issue(key, "one"), middle.issue(key, "other")
    here, there = tls("127.0.0.1").serve(key, [one, *above]), tls("127.0.0.2").serve(key, [other, *above])
    scan(cli, here.place, there.place)
    assert owed(shared, one) == owed(shared, other) == {"TD-01", "TD-05"}
    there.stop()
    scan(cli, there.place)
    assert owed(shared, one) == {"TD-05"} and owed(shared, other) == set()


def test_a_device_whose_key_stands_at_two_hosts_is_told_so_and_not_quarantined(shared, cli, tls, product):
    (key, chain), (better, good) = of_root(), of_root()
    shared.first.import_devices(product, {"SN-1": key})
    here, there = tls("127.0.0.1").serve(key, chain), tls("127.0.0.2").serve(key, chain)
    rows = scan(cli, here.place)
    assert rows[here.place]["became"] == "new"
    shown = foreign(shared, chain[0])
    assert (shown["certificate"]["device_serial"], shown["findings"]) == ("SN-1", [])
    scan(cli, here.place, there.place)
    device = shared.first.show(product, "SN-1")
    assert [one["check"] for one in device["findings"]] == ["TD-01"]
    assert device["device"]["state"] == "expected"
    there.serve(better, good)
    scan(cli, there.place)
    assert [one["closed_by"] for one in shared.first.show(product, "SN-1")["findings"]] == ["evidence"]


# ---- imports, and what is not ours ---------------------------------------------------------------


def pin(shared, product, ca):
    return shared.first.post("/anchors", {"product": product, "use": "inventory",
                                          "certificate": lab.certificate_pem(ca.certificate)}).ok()["object"]


def load(shared, issuer, text, how="step-ca"):
    path = f"/api/v1/foreign-certificates/import?format={how}&issuer={issuer}"
    return shared.first.request("POST", path, text, {"Content-Type": "text/plain"})


def test_an_import_is_judged_by_what_it_has(shared, product, cli, tls):
    root = Ca("Pinned")
    ca, key = Ca("Other CA", issuer=root), lab.make_key()
    issuer = pin(shared, product, ca)
    shared.first.import_devices(product, {"SN-7": None})
    old, short = rsa_pem(1024)
    weak_key = serialization.load_pem_private_key(old, None)
    del short
    bad = ca.issue(weak_key, "bad", start=-1, end=1000)
    fine = ca.issue(key, "fine", serial_number="SN-7")
    assert lab.eventually(lambda: load(shared, issuer, "").status == 200)
    outcome = load(shared, issuer, lab.certificate_pem(bad) + lab.certificate_pem(fine)).ok()
    assert (outcome["created"], outcome["unlinked"], outcome["faults"]) == (2, 1, [])
    assert owed(shared, bad) == {"TD-11", "TD-12"}  # nobody saw it: TD-05 and TD-09 stay unmeasured
    assert owed(shared, fine) == set()
    index = f"V\t20991231235959Z\t\t7F01\tunknown\t/CN=listed\n"
    assert load(shared, issuer, index, "openssl-index").ok()["created"] == 1
    listed = [one for one in shared.first.pages("/foreign-certificates", product=product) if one["serial"] == "7f01"]
    assert [(one["key"], one["signature"], one["not_before"]) for one in listed] == [(None, None, None)]
    assert shared.first.get(f"/foreign-certificates/{listed[0]['id']}").ok()["findings"] == []
    row = scan(cli, tls().serve(key, [fine]).place)
    assert [one["became"] for one in row.values()] == ["changed"]
    assert foreign(shared, fine)["certificate"]["issuer"] == issuer
    assert owed(shared, fine) == set()


def test_what_a_list_named_is_completed_by_a_scan(shared, product, cli, tls):
    ca, key = Ca("Third CA", issuer=Ca("Its root")), lab.make_key()
    issuer = pin(shared, product, ca)
    leaf = ca.issue(key, "listed", start=-90, end=-1)
    end = leaf.not_valid_after.strftime("%Y%m%d%H%M%SZ")
    line = f"V\t{end}\t\t{lab.serial_hex(leaf)}\tunknown\t/CN=listed\n"
    assert lab.eventually(lambda: load(shared, issuer, "", "openssl-index").status == 200)
    assert load(shared, issuer, line, "openssl-index").ok()["created"] == 1
    assert owed(shared, leaf) == set()
    scan(cli, tls().serve(key, [leaf]).place)
    assert foreign(shared, leaf)["certificate"]["key"] == "p256"
    assert owed(shared, leaf) == {"TD-05", "TD-09"}


def test_it_cannot_be_revoked_here(shared, cli, tls):
    key, chain = of_root()
    scan(cli, tls().serve(key, chain).place)
    serial = lab.serial_hex(chain[0])
    shared.first.post(f"/certificates/{serial}/revoke").problem(409, "E4044")
    refused = cli("cert", "revoke", serial, check=False)
    assert refused.returncode == 9 and "issuer" in refused.stderr
    shared.first.post("/certificates/aabbcc/revoke").problem(404, "E4001")


# ---- what comes up that is no scan ---------------------------------------------------------------


def upload(operator, *lines, **query):
    path = "/api/v1/foreign-certificates/scan" + operator._query(query)
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    return operator.request("POST", path, text, {"Content-Type": "application/x-ndjson"})


def base64_of(certificate):
    pem = lab.certificate_pem(certificate)
    return "".join(pem.split("\n")[1:-2])


def test_every_line_is_answered_with_the_rule(shared):
    good = base64_of(certificate(lab.make_key(), "uploaded"))
    seen = {"target": "10.0.0.1:443", "outcome": "seen", "chain": [good]}
    bad = [
        "{",
        {**seen, "more": 1},
        {**seen, "target": "10.0.0.1"},
        {**seen, "target": "UPPER:1"},
        {**seen, "outcome": "fine"},
        {**seen, "chain": []},
        {**seen, "chain": [good] * 7},
        {**seen, "chain": ["AAAA"]},
        {**seen, "chain": ["!"]},
        {**seen, "cipher": "a b"},
        {**seen, "outcome": "refused"},
    ]
    lines = [line if isinstance(line, str) else json.dumps(line) for line in [*bad, seen]]
    answer = upload(shared.first, "\n".join(lines) + "\n").ok()
    assert (answer["rows"], answer["refused"], answer["created"]) == (12, 11, 1)
    refused = {one["line"]: one for one in answer["targets"] if one["became"] == "refused"}
    assert set(refused) == set(range(1, 12))
    assert {one["code"] for one in refused.values()} == {"E1055", "E6004"}
    assert upload(shared.first, seen, dry_run="true").ok()["unchanged"] == 1


def test_a_version_1_certificate_is_refused_by_its_rule(shared):
    key = lab.run("openssl", "genrsa", "2048").stdout
    made = subprocess.run("openssl req -new -key /dev/stdin -subj /CN=v1 -out /dev/stdout", shell=True, input=key,
                          capture_output=True, text=True, check=True).stdout
    signed = subprocess.run(["bash", "-c", "openssl x509 -req -in <(echo \"$CSR\") -key <(echo \"$KEY\") -days 9"],
                            env={"CSR": made, "KEY": key, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
                            check=True).stdout
    der = "".join(signed.strip().split("\n")[1:-1])
    answer = upload(shared.first, {"target": "10.0.0.3:443", "outcome": "seen", "chain": [der]}).ok()
    assert "4.1.2.1" in answer["targets"][0]["reason"]


def test_who_may(shared):
    line = {"target": "10.0.0.4:443", "outcome": "refused"}
    viewer = shared.first.add_operator("vera", "viewer")
    scoped = shared.first.add_operator("otto", "operator", "acme")
    upload(viewer, line).problem(403, "E2002")
    upload(scoped, line).problem(403, "E2002")
    upload(shared.first.add_operator("olga", "operator"), line).ok()


def test_a_dry_run_of_the_upload_and_the_audit(troth, alice):
    seen = {"target": "10.0.0.1:443", "outcome": "seen", "chain": [base64_of(certificate(lab.make_key(), "dry"))]}
    assert upload(alice, seen, dry_run="true").ok()["created"] == 1
    assert list(alice.pages("/foreign-certificates")) == []
    assert upload(alice, seen).ok()["created"] == 1
    troth.stop_and_audit()
    troth.start()
