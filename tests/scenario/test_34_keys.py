"""Keys of other kinds than P-256: issuers, devices, and what reads them; clients that nobody here
wrote: curl with openssl, strongSwan, GnuTLS."""

import base64
import os
import re
import ssl

import lab
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALGORITHMS = {  # of an issuer's signatures: RFC 5758, 8410, 4055
    "p384": "ecdsa-with-SHA384",
    "ed25519": "ED25519",
    "rsa-2048": "sha256WithRSAEncryption",
}


@pytest.fixture(scope="module", params=ALGORITHMS)
def house(request, tmp_path_factory):
    """A server whose root and issuers have keys of that kind; `house.kind`."""
    server = lab.Server(tmp_path_factory.mktemp("keys") / "troth").init(
        "--issuer-key-type", request.param, "--root-key-type", request.param)
    server.kind = request.param
    try:
        server.start().bootstrap()
        server.first.add_product("pump")
        yield server
        server.stop()
    finally:
        server.kill()


def ca(server, name):
    der = (server.folder / "data" / "ca" / f"{name}.cer").read_bytes()
    return x509.load_der_x509_certificate(der)


def pem_file(path, *certificates):
    path.write_text("".join(map(lab.certificate_pem, certificates)))
    return str(path)


def enrolled(server, serial):
    """A device with a certificate: its key and the leaf."""
    key = lab.make_key()
    server.first.import_devices("pump", {serial: key})
    return key, lab.Device(server, "pump").enrol(lab.make_csr(key, serial)).certificates()[0]


# ---- issuers ------------------------------------------------------------------------------------


def test_init_measures_what_the_kind_costs(house):
    said = re.search(r"signs (\d+) times with (\S+) and verifies (\d+);\s*with p256 it signs (\d+) "
                     r"and verifies (\d+)", house.init_said)
    assert said is not None, house.init_said
    assert said[2] == house.kind
    assert all(int(said[i]) > 0 for i in (1, 3, 4, 5))


def test_p256_needs_no_warning(tmp_path):
    assert lab.Server(tmp_path / "troth").init().init_said == ""


def test_every_signature_is_of_the_issuers_kind(house):
    _, leaf = enrolled(house, "S-1")
    for certificate in (leaf, ca(house, "ldevid"), ca(house, "operations"), ca(house, "root")):
        text = lab.openssl("x509", "-noout", "-text", text=lab.certificate_pem(certificate)).stdout
        assert text.count(f"Signature Algorithm: {ALGORITHMS[house.kind]}") == 2, text


def test_openssl_and_gnutls_take_chain_and_crl(house, tmp_path):
    _, leaf = enrolled(house, "S-2")
    house.first.set("pump", "S-2", "revoke").ok()
    _, good = enrolled(house, "S-3")
    point = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    path = "/" + point.full_name[0].value.split("/", 3)[3]

    def lists_it():
        answer = house.plain(path)
        if answer.status != 200:
            return None
        crl = x509.load_der_x509_crl(answer.body)
        return crl if crl.get_revoked_certificate_by_serial_number(leaf.serial_number) else None

    crl = lab.eventually(lists_it)
    root_crl = x509.load_der_x509_crl(house.plain("/crl/1-0-0.crl").body)
    crls = tmp_path / "crls.pem"
    crls.write_bytes(b"".join(one.public_bytes(lab.serialization.Encoding.PEM)
                              for one in (crl, root_crl)))
    issuer, root = ca(house, "ldevid"), ca(house, "root")
    for certificate, is_good in ((leaf, False), (good, True)):
        done = lab.openssl("verify", "-x509_strict", "-crl_check_all", "-extended_crl", "-CAfile",
                           str(house.root_pem), "-untrusted", pem_file(tmp_path / "issuer", issuer),
                           "-CRLfile", str(crls), pem_file(tmp_path / "leaf", certificate),
                           check=False)
        assert (done.returncode == 0) == is_good, done.stdout + done.stderr
        assert is_good or "certificate revoked" in done.stdout + done.stderr
        done = lab.run("certtool", "--verify", "--load-ca-certificate", str(house.root_pem),
                       "--load-crl", str(crls), "--infile",
                       pem_file(tmp_path / "chain", certificate, issuer, root), check=False)
        assert ("Chain verification output: Verified" in done.stdout) == is_good, done.stdout


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_curl_and_openssl_take_the_listeners_chain(house, tls):
    done = lab.run("curl", "--silent", "--show-error", "--fail", f"--tlsv{tls}", "--tls-max", tls,
                   "--cacert", str(house.root_pem),
                   f"https://localhost:{house.ports['device']}/.well-known/est/cacerts")
    assert base64.b64decode(done.stdout)
    done = lab.run("openssl", "s_client", "-connect", f"127.0.0.1:{house.ports['device']}",
                   "-CAfile", str(house.root_pem), "-verify_return_error", "-verify_hostname",
                   "localhost", f"-tls{tls.replace('.', '_')}", input="")
    assert "Verify return code: 0 (ok)" in done.stdout


def test_strongswan_enrols_and_renews(house, tmp_path):
    house.first.import_devices("pump", {"W-1": None})
    token = house.first.post("/tokens", {"product": "pump", "serial": "W-1"}).ok()["token"]
    first = strongswan_request(house, tmp_path / "first.key", lab.make_key(), "ecdsa",
                               "CN=sw, serialNumber=W-1")
    leaf = strongswan_enrol(house, first, "--userpass", f"W-1:{token}")
    lab.openssl_verify(house, leaf, ca(house, "ldevid"))
    again = strongswan_request(house, tmp_path / "second.key", lab.make_key(), "ecdsa",
                               "OU=pump, serialNumber=W-1")
    strongswan_enrol(house, again, "--cert", pem_file(tmp_path / "old", leaf), "--key",
                     str(tmp_path / "first.key"))
    assert house.first.state("pump", "W-1") == "active"


def test_issuers_of_one_kind_below_a_root_of_another_that_exists_elsewhere(tmp_path):
    """--csr-only with Ed25519 issuers, signed by an RSA root of openssl, --accept, and it serves."""
    server, signed = lab.Server(tmp_path / "troth"), tmp_path / "signed"
    signed.mkdir()
    config = ["--config", str(server.config_file)]
    server.write_config()
    lab.run(lab.program("trothd"), "init", "--csr-only", "--issuer-key-type", "ed25519", *config)
    lab.openssl("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", str(tmp_path / "root.key"),
                "-subj", "/CN=House Root", "-days", "3650", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign", "-out", str(signed / "root.cer"))
    for name in ("idevid", "ldevid", "operations"):
        lab.openssl("x509", "-req", "-in", str(server.folder / f"data/csr/{name}.csr"), "-CA",
                    str(signed / "root.cer"), "-CAkey", str(tmp_path / "root.key"), "-days", "3000",
                    "-copy_extensions", "copyall", "-out", str(signed / f"{name}.cer"))
    lab.run(lab.program("trothd"), "init", "--accept", str(signed), *config)
    try:
        server.start().bootstrap().add_product("pump", keys=["p384"])
        key = KINDS["p384"]()
        server.first.import_devices("pump", {"X-1": key})
        leaf = lab.Device(server, "pump").enrol(lab.make_csr(key, "X-1")).certificates()[0]
        lab.openssl_verify(server, leaf, ca(server, "ldevid"))
        server.stop()
    finally:
        server.kill()


# ---- strongSwan ---------------------------------------------------------------------------------


def pki(server, *arguments, check=True):
    conf = server.folder / "strongswan.conf"
    conf.write_text("pki { load = random nonce x509 pubkey pkcs1 pkcs7 pkcs8 pem openssl hmac kdf "
                    "curl revocation constraints }\nlibtls { version_max = 1.3 }\n")
    return lab.run("pki", *arguments, check=check,
                   env={**os.environ, "STRONGSWAN_CONF": str(conf)})


def strongswan_request(server, path, key, kind, dn):
    path.write_bytes(lab.key_pem(key))
    done = pki(server, "--req", "--in", str(path), "--type", kind, "--dn", dn, "--outform", "pem")
    csr = path.with_suffix(".csr")
    csr.write_text(done.stdout)
    return csr


def strongswan_enrol(server, csr, *credential):
    issuer = server.folder / "issuer-for-strongswan.pem"
    done = pki(server, "--est", "--url", f"https://localhost:{server.ports['device']}", "--in",
               str(csr), "--cacert", str(server.root_pem), "--cacert",
               pem_file(issuer, ca(server, "ldevid")), *credential, "--outform", "pem")
    return x509.load_pem_x509_certificate(done.stdout.encode())


# ---- devices ------------------------------------------------------------------------------------

KINDS = {
    "p256": lambda: lab.make_key(),
    "p384": lambda: lab.make_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def listing(shared, kind):
    """A product that takes that kind alone."""
    name = f"takes-{kind}"
    if not any(p["name"] == name for p in shared.first.pages("/products")):
        shared.first.add_product(name, keys=[kind])
    return name


def test_each_kind_enrols_renews_and_authenticates(shared, listing, kind):
    """The certificate of each kind is shown in mutual TLS, 1.2 and 1.3, and renews itself."""
    key, serial = KINDS[kind](), f"E-{kind}"
    shared.first.import_devices(listing, {serial: key})
    leaf = lab.Device(shared, listing).enrol(lab.make_csr(key, serial)).certificates()[0]
    lab.openssl_verify(shared, leaf, ca(shared, "ldevid"))
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        device = lab.Device(shared, listing, key, [leaf])
        device.context().minimum_version = device.context().maximum_version = version
        new = KINDS[kind]()
        csr = lab.make_csr(new, subject=leaf.subject)
        key, leaf = new, device.enrol(csr, again=True).certificates()[0]
        assert lab.spki_hash(new) == lab.spki_hash(leaf)
    lab.Device(shared, listing, key, [leaf]).cacerts()
    assert lab.eventually(lambda: shared.first.certificate_state(leaf) == "current")


def test_a_kind_that_the_product_does_not_list_is_refused_by_name(shared, listing, kind):
    """Proven by the request's own signature; the device keeps the refusal in its timeline."""
    for other in KINDS.keys() - {kind}:
        key, serial = KINDS[other](), f"R-{kind}-{other}"
        shared.first.import_devices(listing, {serial: key})
        answer = lab.Device(shared, listing).enrol(lab.make_csr(key, serial))
        assert answer.status == 403, answer
        assert b"E3011" in answer.body and b"accepted are" in answer.body, answer
        assert shared.first.state(listing, serial) == "expected"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_makers_chain_of_each_kind_is_verified_in_mutual_tls(shared, kind, version):
    """Anchor and IDevID have keys of that kind; the new key is P-256."""
    product, serial = f"made-{kind}-{version.name}".lower().replace("_", "-"), "M-1"
    root_key, key = KINDS[kind](), KINDS[kind]()
    root = lab.make_certificate(root_key, is_ca=True, common_name=f"Maker {product}")
    leaf = lab.make_certificate(key, serial, issuer=root, issuer_key=root_key)
    shared.first.add_product(product, keys=["p256"])
    shared.first.post("/anchors", {"product": product,
                                   "certificate": lab.certificate_pem(root)}).ok()
    shared.first.import_devices(product, {serial: None})
    new = lab.make_key()
    device = lab.Device(shared, product, key, [leaf])
    device.context().minimum_version = device.context().maximum_version = version
    issued = device.enrol(lab.make_csr(new, serial)).certificates()[0]
    assert lab.spki_hash(issued) == lab.spki_hash(new)
    assert shared.first.show(product, serial)["device"]["proof"] == "idevid"


@pytest.mark.parametrize("of", ["p384", "ed25519"])
def test_an_operator_may_have_other_keys_but_no_rsa(shared, of):
    def add(name, key):
        csr = lab.make_csr(key, name)
        return shared.first.post("/operators", {"name": name, "role": "viewer",
                                                "csr": lab.csr_pem(csr)})

    key = KINDS[of]()
    answer = add(f"op-{of}", key).ok()
    certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
    lab.Operator(shared, key, certificate).get("/products").ok()
    refused = add(f"rsa-{of}", KINDS["rsa"]())
    assert refused.status in (403, 500) and b"P-256, P-384, Ed25519" in refused.body, refused


@pytest.mark.parametrize("hash_", [lab.hashes.SHA256, lab.hashes.SHA384, lab.hashes.SHA512])
@pytest.mark.parametrize("of", ["p256", "p384", "rsa"])
def test_requests_are_verified_with_every_hash_of_sha2(shared, of, hash_):
    name = "takes-all"
    if not any(p["name"] == name for p in shared.first.pages("/products")):
        shared.first.add_product(name, keys=list(KINDS))
    key, serial = KINDS[of](), f"H-{of}-{hash_.name}"
    shared.first.import_devices(name, {serial: key})
    answer = lab.Device(shared, name).enrol(lab.make_csr(key, serial, digest=hash_()))
    assert len(answer.certificates()) == 1


@pytest.mark.parametrize("size,exponent", [(1024, 65537), (2048, 3), (2048, 17)])
def test_a_weak_rsa_key_is_named_to_anybody(shared, size, exponent):
    key = rsa.generate_private_key(exponent, size) if exponent in (3, 65537) else None
    if key is None:
        pem = lab.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{size}",
                          "-pkeyopt", f"rsa_keygen_pubexp:{exponent}").stdout
        key = lab.serialization.load_pem_private_key(pem.encode(), None)
    answer = lab.Device(shared, "whatever").enrol(lab.make_csr(key, "nobody"))
    assert answer.status == 403
    assert "RSA" in answer.body.decode()


@pytest.mark.parametrize("of,words", [
    ("p384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
    ("ed25519", ["-algorithm", "ED25519"]),
    ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]),
])
def test_curl_and_openssl_enrol_with_each(shared, tmp_path, of, words):
    product = f"curl-{of}"
    shared.first.add_product(product, keys=[of])
    key, csr, body = (tmp_path / name for name in ("c.key", "c.der", "c.b64"))
    lab.openssl("genpkey", *words, "-out", str(key))
    lab.openssl("req", "-new", "-key", str(key), "-subj", f"/serialNumber=C-{of}", "-outform",
                "DER", "-out", str(csr))
    body.write_text(base64.b64encode(csr.read_bytes()).decode())
    private = lab.serialization.load_pem_private_key(key.read_bytes(), None)
    shared.first.import_devices(product, {f"C-{of}": private})
    done = lab.run("curl", "--silent", "--show-error", "--fail", "--cacert", str(shared.root_pem),
                   "--header", "Content-Type: application/pkcs10", "--data-binary", f"@{body}",
                   f"https://localhost:{shared.ports['device']}/.well-known/est/{product}/simpleenroll")
    bag = tmp_path / "c.p7"
    bag.write_bytes(base64.b64decode(done.stdout))
    text = lab.openssl("pkcs7", "-inform", "DER", "-in", str(bag), "-print_certs").stdout
    leaf = x509.load_pem_x509_certificate(text.encode())
    lab.openssl_verify(shared, leaf, ca(shared, "ldevid"))
    certtool = lab.run("certtool", "--verify", "--load-ca-certificate", str(shared.root_pem),
                       "--infile", pem_file(tmp_path / "chain", leaf, ca(shared, "ldevid"),
                                            ca(shared, "root")))
    assert "Chain verification output: Verified" in certtool.stdout


@pytest.mark.parametrize("of,type_", [("rsa", "rsa"), ("p384", "ecdsa")])
def test_strongswan_enrols_and_renews_with_each(shared, tmp_path, of, type_):
    product, serial = f"swan-{of}", f"W-{of}"
    shared.first.add_product(product, keys=[of])
    shared.first.import_devices(product, {serial: None})
    token = shared.first.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
    first = strongswan_request(shared, tmp_path / "first.key", KINDS[of](), type_,
                               f"CN=sw, serialNumber={serial}")
    leaf = strongswan_enrol(shared, first, "--userpass", f"{serial}:{token}")
    again = strongswan_request(shared, tmp_path / "second.key", KINDS[of](), type_,
                               f"OU={product}, serialNumber={serial}")
    strongswan_enrol(shared, again, "--cert", pem_file(tmp_path / "old", leaf), "--key",
                     str(tmp_path / "first.key"))
    assert shared.first.state(product, serial) == "active"


# ---- the agent ----------------------------------------------------------------------------------


def agent(server, state, verb, *options, check=True):
    return lab.run(lab.program("troth-agent"), verb, "--state", str(state), "--server",
                   f"https://localhost:{server.ports['device']}", *options, check=check)


@pytest.mark.parametrize("asks", ["told", "csrattrs"])
@pytest.mark.parametrize("type_", ["p384", "ed25519", "rsa-3072"])
def test_the_agent_makes_a_key_of_that_type_and_keeps_it(shared, tmp_path, type_, asks):
    """Of the type that it is told, or that the product's csrattrs want."""
    product, serial, state = f"agent-{asks}-{type_}", f"A-{type_}", tmp_path / "state"
    told = ["--key-type", type_] if asks == "told" else []
    shared.first.add_product(product, keys=[type_.split("-")[0]])
    shared.first.import_devices(product, {serial: None})
    token = tmp_path / "token"
    token.write_text(shared.first.post("/tokens", {"product": product,
                                                   "serial": serial}).ok()["token"])
    token.chmod(0o600)
    proof = ["--product", product, "--anchor", str(shared.root_pem), "--serial", serial,
             "--token-file", str(token)]
    refused = agent(shared, state, "enrol", *proof, "--key-type", "p256", check=False)
    assert refused.returncode == 5, refused
    assert "E3011" in refused.stderr, refused.stderr
    agent(shared, state, "enrol", *proof, *told)
    first = x509.load_pem_x509_certificate((state / "current/certificate.pem").read_bytes())
    agent(shared, state, "renew", "--product", product)
    second = x509.load_pem_x509_certificate((state / "current/certificate.pem").read_bytes())
    assert type(first.public_key()) is type(second.public_key())
    assert lab.spki_hash(first) != lab.spki_hash(second)
    if type_ == "rsa-3072":
        assert first.public_key().key_size == second.public_key().key_size == 3072
    assert shared.first.state(product, serial) == "active"


def test_a_product_says_which_keys_it_takes(shared):
    shared.first.add_product("keyed")
    listed = {p["name"]: p["keys"] for p in shared.first.pages("/products")}
    assert listed["keyed"] == ["p256"]
    shared.first.post("/products/keyed", {"keys": ["p384", "rsa"]}).ok()
    listed = {p["name"]: p["keys"] for p in shared.first.pages("/products")}
    assert listed["keyed"] == ["p384", "rsa"]
    shared.first.post("/products/keyed", {"keys": []}).problem(400, "E1002")
    shared.first.post("/products/keyed", {"keys": ["dsa"]}).problem(400, "E1002")


# ---- csrattrs -----------------------------------------------------------------------------------

TEMPLATE = "1.2.840.113549.1.9.16.2.61"
WISHES = {  # what openssl asn1parse calls it: key in the template, key and signature beside it
    "p256": (["id-ecPublicKey", "prime256v1"], ["id-ecPublicKey", "prime256v1", "ecdsa-with-SHA256"]),
    "p384": (["id-ecPublicKey", "secp384r1"], ["id-ecPublicKey", "secp384r1", "ecdsa-with-SHA384"]),
    "ed25519": (["ED25519"], ["ED25519"]),
    "rsa": (["rsaEncryption"], ["rsaEncryption", "sha256WithRSAEncryption"]),
}


def csrattrs(server, product, tmp_path):
    """Depth, tag and value of each element, by openssl, of what anybody is answered."""
    answer = lab.Device(server, product).request("GET", f"/.well-known/est/{product}/csrattrs")
    assert answer.status == 200
    assert answer.media_type == "application/csrattrs"
    path = tmp_path / "csrattrs.der"
    path.write_bytes(base64.b64decode(answer.body, validate=True))
    text = lab.openssl("asn1parse", "-inform", "DER", "-in", str(path)).stdout
    return path, [(int(m[1]), m[2].strip(), m[3] or "") for m in re.finditer(
        r"d=(\d+) +hl=\d+ +l= *\d+ +(?:prim|cons): +([^:\n]+?) *(?::(.*))?$", text, re.M)]


def test_csrattrs_are_a_template_and_what_older_clients_read(shared, listing, kind, tmp_path):
    path, seen = csrattrs(shared, listing, tmp_path)
    at = [value for _, _, value in seen].index(TEMPLATE)
    end = next(i for i in range(at, len(seen)) if i > at and seen[i][0] == 1)
    template, beside = seen[at:end], seen[end:]
    assert template[3][1:] == ("INTEGER", "00")  # v1
    oids = [value for _, tag, value in template if tag == "OBJECT"]
    assert oids[1:] == ["organizationalUnitName", "serialNumber", *WISHES[kind][0]]
    assert (5, "PRINTABLESTRING", listing) in [(5, t, v) for _, t, v in template]
    name = next(i for i, one in enumerate(template) if one[2] == "serialNumber")
    assert template[name + 1][1] == "cont [ 0 ]"  # no value: the client's to fill in
    assert template[-1][1] == "cont [ 1 ]"
    assert [value for _, tag, value in beside if tag == "OBJECT"] == WISHES[kind][1]
    assert "extReq" not in str(seen)
    if kind == "rsa":
        assert ("INTEGER", "0C00") in [one[1:] for one in beside]
        der = path.read_bytes()
        key = der[der.index(bytes.fromhex("0382018f00")) + 5:]  # BIT STRING of the placeholder
        (tmp_path / "key").write_bytes(key[:398])
        text = lab.openssl("asn1parse", "-inform", "DER", "-in", str(tmp_path / "key")).stdout
        assert "INTEGER           :80" + "00" * 383 in text
        assert "INTEGER           :010001" in text


def test_csrattrs_do_not_tell_which_products_there_are(shared, tmp_path):
    shared.first.add_product("seen")
    _, there = csrattrs(shared, "seen", tmp_path)
    _, not_there = csrattrs(shared, "sane", tmp_path)
    assert [one if one[2] != "seen" else (*one[:2], "sane") for one in there] == not_there


def test_of_several_kinds_the_template_names_the_cheapest(shared, tmp_path):
    shared.first.add_product("several", keys=["rsa", "p384", "ed25519"])
    _, seen = csrattrs(shared, "several", tmp_path)
    assert "ED25519" in [value for _, _, value in seen]
    assert "rsaEncryption" not in [value for _, _, value in seen]
