"""EST clients that nobody here wrote enrol against the real server, and readers that nobody here wrote
accept what it issued: strongSwan's pki, Bouncy Castle, curl with openssl, GnuTLS, GnuPG."""

import base64
import os
import re
import subprocess
import time

import lab
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

JARS = "/usr/share/java"
CLASSPATH = ":".join(f"{JARS}/{name}.jar" for name in ("bcpkix", "bcprov", "bcutil"))


@pytest.fixture
def desk(tmp_path):
    """A folder where a client of the test's own keeps its files."""
    return tmp_path


def url(server):
    """Without a label: strongSwan appends .well-known/est to whatever stands here. The product follows
    from the token or the registered key."""
    return f"https://localhost:{server.ports['device']}"


def pki(server, *arguments, check=True):
    """strongSwan's pki. Its TLS trusts only what it is told to by --cacert."""
    return lab.run("pki", *arguments, check=check,
                   env={**os.environ, "STRONGSWAN_CONF": str(strongswan_conf(server))})


def strongswan_conf(server):
    path = server.folder / "strongswan.conf"
    path.write_text("pki { load = random nonce x509 pubkey pkcs1 pkcs7 pkcs8 pem openssl hmac kdf "
                    "curl revocation constraints }\nlibtls { version_max = 1.3 }\n")
    return path


def key_file(folder, name, key=None):
    key = key or lab.make_key()
    path = folder / f"{name}.key"
    path.write_bytes(lab.key_pem(key))
    return path, key


def request(server, folder, name, dn, *, key=None):
    """A request by strongSwan, which signs it with the key in the file."""
    path, key = key_file(folder, name, key)
    done = pki(server, "--req", "--in", str(path), "--type", "ecdsa", "--dn", dn, "--outform", "pem")
    csr = folder / f"{name}.csr"
    csr.write_text(done.stdout)
    return path, csr, key


def load(text):
    return x509.load_pem_x509_certificate(text.encode())


def token_for(operator, product, serial):
    return operator.post("/tokens", {"product": product, "serial": serial}).ok()["token"]


def test_strongswan_fetches_the_authorities(shared, desk):
    out = desk / "ca.pem"
    pki(shared, "--estca", "--url", url(shared), "--cacert", str(shared.root_pem),
        "--caout", str(out), "--outform", "pem", "--force")
    names = sorted(path.name for path in desk.iterdir())
    assert len(names) == 2, names  # root and the issuer of device certificates


def test_strongswan_enrols_by_a_token_and_renews(shared, product, desk):
    shared.first.import_devices(product, {"SW-1": None})
    token = token_for(shared.first, product, "SW-1")
    key, csr, _ = request(shared, desk, "first", "CN=sw, serialNumber=SW-1")
    roots = ["--cacert", str(shared.root_pem), "--cacert", str(issuer_pem(shared))]
    done = pki(shared, "--est", "--url", url(shared), "--in", str(csr), *roots,
               "--userpass", f"SW-1:{token}", "--outform", "pem")
    leaf = load(done.stdout)
    old = desk / "old.pem"
    old.write_text(done.stdout)
    lab.openssl_verify(shared, leaf, issuer(shared))

    new_key, new_csr, _ = request(shared, desk, "second", rfc4514(leaf))
    done = pki(shared, "--est", "--url", url(shared), "--in", str(new_csr), *roots,
               "--cert", str(old), "--key", str(key), "--outform", "pem")
    renewed = load(done.stdout)
    assert renewed.subject == leaf.subject
    assert renewed.serial_number != leaf.serial_number
    assert renewed.public_key().public_numbers() == lab_public(new_key)
    assert shared.first.state(product, "SW-1") == "active"


def test_strongswan_with_a_wrong_token_gets_nothing(shared, product, desk):
    shared.first.import_devices(product, {"SW-2": None})
    token_for(shared.first, product, "SW-2")
    _, csr, _ = request(shared, desk, "wrong", "CN=sw, serialNumber=SW-2")
    done = pki(shared, "--est", "--url", url(shared), "--in", str(csr),
               "--cacert", str(shared.root_pem), "--cacert", str(issuer_pem(shared)),
               "--userpass", "SW-2:00112233445566778899aabbccddeeff", check=False)
    assert done.returncode != 0
    assert shared.first.state(product, "SW-2") == "expected"


def test_strongswan_polls_a_held_device_until_it_is_admitted(troth, alice, desk):
    """202 with Retry-After, then the certificate: the poll interval of the client is a second."""
    alice.add_product("held")
    key = lab.make_key()
    alice.import_devices("held", {"SW-3": key}, hold="yes")
    _, csr, _ = request(troth, desk, "held", "CN=sw, serialNumber=SW-3", key=key)
    waiting = lab.Device(troth, "held").enrol(x509.load_pem_x509_csr(csr.read_bytes()))
    assert waiting.status == 202
    assert int(waiting.headers["retry-after"]) > 0

    client = subprocess.Popen(
        ["pki", "--est", "--url", url(troth), "--in", str(csr), "--cacert",
         str(troth.root_pem), "--cacert", str(issuer_pem(troth)), "--interval", "1",
         "--maxpolltime", "120", "--outform", "pem"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "STRONGSWAN_CONF": str(strongswan_conf(troth))})
    time.sleep(1.5)
    assert client.poll() is None, "it did not wait"
    alice.set("held", "SW-3", "admit").ok()
    out, err = client.communicate(timeout=150)
    assert client.returncode == 0, err
    lab.openssl_verify(troth, load(out), issuer(troth))


@pytest.fixture(scope="session")
def bouncy_castle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bouncy-castle")
    source = lab.SOURCE / "tests" / "scenario" / "est" / "BouncyCastleEst.java"
    lab.run("javac", "-cp", CLASSPATH, "-d", str(folder), str(source))
    return folder


@pytest.mark.parametrize("keys", ["p256", "rsa"])
def test_bouncy_castle_enrols(shared, desk, bouncy_castle, keys):
    product = f"bc-{keys}"
    shared.first.add_product(product, keys=[keys])
    shared.first.import_devices(product, {"BC-1": None})
    (desk / "token").write_text(token_for(shared.first, product, "BC-1"))
    csr = desk / "bc.csr"
    csr.write_text(lab.csr_pem(lab.make_csr(lab.make_key() if keys == "p256" else rsa.generate_private_key(65537, 2048),
                                            "BC-1")))
    out = desk / "bc.pem"
    done = lab.run("java", "-cp", f"{CLASSPATH}:{bouncy_castle}", "BouncyCastleEst",
                   f"localhost:{shared.ports['device']}", product, str(shared.root_pem), str(csr),
                   "BC-1", str(desk / "token"), str(out))
    assert "cacerts 2" in done.stdout, done.stdout
    template = "1.2.840.113549.1.9.16.2.61"
    assert re.search(rf"csrattrs \[.*{re.escape(template)}.*\]", done.stdout), done.stdout
    assert "enrolled 1" in done.stdout, done.stdout
    lab.openssl_verify(shared, load(out.read_text()), issuer(shared))


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
@pytest.mark.parametrize("http", ["--http1.0", "--http1.1"])
def test_curl_and_openssl_enrol(shared, product, desk, tls, http):
    """The key and the request by openssl, the exchange by curl, the bag by openssl again."""
    key, csr, body, bag = (desk / name for name in ("c.key", "c.der", "c.b64", "c.p7"))
    lab.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(key))
    lab.openssl("req", "-new", "-key", str(key), "-subj", "/CN=curl/serialNumber=C-1", "-outform",
                "DER", "-out", str(csr))
    body.write_text(base64.b64encode(csr.read_bytes()).decode())
    private = lab.serialization.load_pem_private_key(key.read_bytes(), None)
    shared.first.import_devices(product, {"C-1": private})
    done = lab.run("curl", "--silent", "--show-error", "--fail", http, f"--tlsv{tls}", "--tls-max", tls,
                   "--cacert", str(shared.root_pem), "--header", "Content-Type: application/pkcs10",
                   "--data-binary", f"@{body}",
                   f"https://localhost:{shared.ports['device']}/.well-known/est/{product}/simpleenroll")
    bag.write_bytes(base64.b64decode(done.stdout))
    text = lab.openssl("pkcs7", "-inform", "DER", "-in", str(bag), "-print_certs").stdout
    leaf = load(text)
    lab.openssl_verify(shared, leaf, issuer(shared))


# ---- readers that nobody here wrote ------------------------------------------------------------


def issuer(server, name="ldevid"):
    der = (server.folder / "data" / "ca" / f"{name}.cer").read_bytes()
    return x509.load_der_x509_certificate(der)


def issuer_pem(server):
    path = server.folder / "issuer-for-tests.pem"
    path.write_text(lab.certificate_pem(issuer(server)))
    return path


def rfc4514(certificate):
    """The subject as strongSwan takes it: most significant part first."""
    words = {"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.11": "OU", "2.5.4.10": "O"}
    return ", ".join(f"{words[part.oid.dotted_string]}={part.value}" for part in certificate.subject)


def lab_public(path):
    key = lab.serialization.load_pem_private_key(path.read_bytes(), None)
    return key.public_key().public_numbers()


@pytest.fixture
def revoked(troth, alice):
    """A device whose certificate is on a published CRL; (leaf, CRL in DER)."""
    alice.add_product("valve")
    key = lab.make_key()
    alice.import_devices("valve", {"SN-1": key})
    leaf = lab.Device(troth, "valve").enrol(lab.make_csr(key, "SN-1")).certificates()[0]
    alice.set("valve", "SN-1", "revoke").ok()
    point = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    path = point.full_name[0].value.split("/", 3)[3]
    deadline = time.monotonic() + 10
    while True:
        answer = troth.plain("/" + path)
        if answer.status == 200:
            crl = x509.load_der_x509_crl(answer.body)
            if crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None:
                return leaf, answer.body, point.full_name[0].value
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)


def chain_files(server, folder, leaf, crl_der):
    crl = x509.load_der_x509_crl(crl_der)
    root_crl = x509.load_der_x509_crl(server.plain("/crl/1-0-0.crl").body)
    pem = lab.serialization.Encoding.PEM
    (folder / "leaf.pem").write_text(lab.certificate_pem(leaf))
    (folder / "chain.pem").write_text(lab.certificate_pem(leaf) + lab.certificate_pem(issuer(server))
                                      + lab.certificate_pem(issuer(server, "root")))
    (folder / "crls.pem").write_bytes(crl.public_bytes(pem) + root_crl.public_bytes(pem))
    return folder


def test_the_crl_is_what_rfc_5280_wants(troth, revoked):
    leaf, der, uri = revoked
    crl = x509.load_der_x509_crl(der)
    assert crl.is_signature_valid(issuer(troth).public_key())
    idp = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert idp.critical
    assert idp.value.full_name[0].value == uri
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number >= 1
    aki = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ski = issuer(troth).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert aki.key_identifier == ski.digest
    assert leaf.extensions.get_extension_for_class(
        x509.AuthorityKeyIdentifier).value.key_identifier == ski.digest


def test_openssl_sees_the_revocation(troth, revoked, desk):
    leaf, der, _ = revoked
    chain_files(troth, desk, leaf, der)
    (desk / "issuer.pem").write_text(lab.certificate_pem(issuer(troth)))
    done = lab.openssl("verify", "-x509_strict", "-crl_check_all", "-extended_crl", "-CAfile",
                       str(troth.root_pem), "-untrusted", str(desk / "issuer.pem"), "-CRLfile",
                       str(desk / "crls.pem"), str(desk / "leaf.pem"), check=False)
    assert done.returncode != 0
    assert "certificate revoked" in done.stdout + done.stderr


def test_gnutls_reads_chain_and_crl(troth, revoked, desk):
    leaf, der, _ = revoked
    chain_files(troth, desk, leaf, der)
    done = lab.run("certtool", "--verify", "--load-ca-certificate", str(troth.root_pem),
                   "--load-crl", str(desk / "crls.pem"), "--infile", str(desk / "chain.pem"),
                   check=False)
    assert "revoked" in (done.stdout + done.stderr).lower()
    done = lab.run("certtool", "--verify", "--load-ca-certificate", str(troth.root_pem),
                   "--infile", str(desk / "chain.pem"))
    assert "Chain verification output: Verified" in done.stdout
    lab.run("certtool", "--crl-info", "--infile", str(desk / "crls.pem"))


def test_gpgsm_takes_the_chain(troth, alice, desk):
    alice.add_product("meter")
    key = lab.make_key()
    alice.import_devices("meter", {"G-1": key})
    leaf = lab.Device(troth, "meter").enrol(lab.make_csr(key, "G-1")).certificates()[0]
    home = desk / "gnupg"
    home.mkdir(mode=0o700)
    root = issuer(troth, "root")
    print_ = root.fingerprint(lab.hashes.SHA1()).hex(":").upper()
    (home / "trustlist.txt").write_text(f"{print_} S relax\n")
    (home / "gpgsm.conf").write_text("disable-crl-checks\n")
    gpgsm = ["gpgsm", "--homedir", str(home), "--batch", "--no-tty"]
    try:
        for one in (root, issuer(troth), leaf):
            path = desk / "one.pem"
            path.write_text(lab.certificate_pem(one))
            lab.run(*gpgsm, "--import", str(path))
        listed = lab.run(*gpgsm, "--with-validation", "--list-keys").stdout
        assert listed.count("certificate is good") == 3, listed
    finally:
        lab.run("gpgconf", "--homedir", str(home), "--kill", "all", check=False)
