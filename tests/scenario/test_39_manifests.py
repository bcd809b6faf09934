"""Devices out of a maker's manifest: Microchip's format for Trust&GO and TrustFLEX, a JSON array of JWS.
The manifests are made and signed here, by python3-cryptography, as the format's description says; an
entry is changed in one way at a time."""

import base64
import hashlib
import hmac
import json
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from cryptography.x509.oid import NameOID

import lab
from test_21_approvals import becomes, make_approver, sign, waiting

MEDIA = "application/jose+json"


def b64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def der_of(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def raw_signature(key, octets):
    """r || s, as JWS has it (RFC 7518 3.4)."""
    r, s = utils.decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Maker:
    """A manufacturer: a root, an intermediate CA that signs elements, and who signs manifests."""

    def __init__(self):
        self.root_key, self.ca_key, self.log_key = (lab.make_key() for _ in range(3))
        self.root = lab.make_certificate(self.root_key, common_name="Maker Root", is_ca=True)
        self.ca = lab.make_certificate(self.ca_key, common_name="Maker Signer F600", is_ca=True,
                                       issuer=self.root, issuer_key=self.root_key)
        self.log = lab.make_certificate(self.log_key, common_name="Manifest Signer")

    def pin(self, operator, product, certificate=None, use="manifest"):
        return operator.post("/anchors", {"product": product, "use": use,
                                          "certificate": lab.certificate_pem(certificate or self.log)})

    def accept(self, operator, product):
        """The root for devices, the log signer for manifests."""
        self.pin(operator, product).ok()
        self.pin(operator, product, self.root, "proof").ok()
        return product

    def element(self, unique_id, key=None, **changed):
        """What is signed, by the format's version 1 (or what `changed` says)."""
        entity = {"organizationName": "Microchip Technology Inc"}
        numbers = key.public_key().public_numbers() if key else None
        element = {
            "version": 1, "model": "ATECC608B", "partNumber": "ATECC608B-TNGTLSU-B",
            "manufacturer": entity, "provisioner": entity, "distributor": entity,
            "groupId": "359SCE55NV38H3CB", "provisioningTimestamp": "2026-01-24T16:35:23.473Z",
            "uniqueId": unique_id,
        }
        if key:
            jwk = {"kid": "0", "kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32, "big")),
                   "y": b64url(numbers.y.to_bytes(32, "big"))}
            element["publicKeySet"] = {"keys": [jwk, {"kid": "1", "kty": "EC", "crv": "P-256"}]}
        element.update(changed)
        return {name: value for name, value in element.items() if value is not None}

    def certificate(self, key, unique_id):
        """Its subject names no serialNumber, as Microchip's do not."""
        return lab.make_certificate(key, common_name=f"sn{unique_id.upper()}", issuer=self.ca,
                                    issuer_key=self.ca_key)

    def with_chain(self, unique_id, key, chain=None):
        element = self.element(unique_id, key)
        chain = chain or [self.certificate(key, unique_id), self.ca]
        element["publicKeySet"]["keys"][0]["x5c"] = [
            base64.b64encode(der_of(one)).decode() for one in chain]
        return element

    def head(self, certificate=None):
        certificate = certificate or self.log
        ski = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        return {"alg": "ES256", "kid": b64url(ski),
                "x5t#S256": b64url(hashlib.sha256(der_of(certificate)).digest())}

    def entry(self, element, head=None, signer=None, header=None, unique_id=None):
        """A signed entry. `signer` makes the signature of what it gets: ES256 with the log key."""
        protected = b64url(json.dumps(head or self.head()).encode())
        payload = b64url(json.dumps(element).encode())
        octets = f"{protected}.{payload}".encode()
        signature = (signer or (lambda text: raw_signature(self.log_key, text)))(octets)
        return {"payload": payload, "protected": protected,
                "header": header or {"uniqueId": unique_id or element["uniqueId"]},
                "signature": b64url(signature)}


def load(operator, product, entries, **query):
    text = entries if isinstance(entries, str) else json.dumps(entries)
    return operator.request("POST", "/api/v1/devices/import" + operator._query(
        {"product": product, **query}), text, {"Content-Type": MEDIA})


def unique(number):
    return f"0123f1822c38dd7a{number:02x}"


@pytest.fixture(scope="module")
def maker():
    return Maker()


@pytest.fixture
def ready(shared, maker, product):
    """The product's name, with the maker accepted for it."""
    name = maker.accept(shared.first, product)
    # The desk has both once it takes a chain.
    key = lab.make_key()
    assert lab.eventually(lambda: load(shared.first, name, [maker.entry(maker.with_chain(
        unique(255), key))], dry_run="true").ok()["created"] == 1)
    return name


def refused(operator, product, entry, code, *words):
    """The entry alone is a fault of that code, and what it says has those words."""
    outcome = load(operator, product, [entry]).ok()
    assert (outcome["created"], outcome["faults_total"]) == (0, 1), outcome
    fault = outcome["faults"][0]
    assert (fault["line"], fault["code"]) == (1, code), fault
    for word in words:
        assert word in fault["reason"], fault
    return fault


# ---- what is taken ------------------------------------------------------------------------------


def test_a_signed_manifest_registers_keys_and_is_idempotent(shared, maker, ready):
    alice = shared.first
    keys = {unique(n): lab.make_key() for n in range(1, 4)}
    entries = [maker.entry(maker.element(name, key)) for name, key in keys.items()]
    outcome = load(alice, ready, entries).ok()
    assert (outcome["rows"], outcome["created"], outcome["faults"]) == (3, 3, [])
    device = alice.show(ready, unique(1))["device"]
    assert (device["state"], device["batch"]) == ("expected", "359SCE55NV38H3CB")

    csr = lab.make_csr(keys[unique(1)], unique(1))  # the registered key enrols
    assert lab.Device(shared, ready).enrol(csr).certificates()

    before = alice.get("/status").ok()["ledger"]["entries"]
    again = load(alice, ready, entries).ok()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 3)
    assert alice.get("/status").ok()["ledger"]["entries"] == before


@pytest.mark.parametrize("spelling", ["distributor", "distributer"])
def test_both_spellings_of_distributor_are_read(shared, maker, ready, spelling):
    entity = {"organizationName": "Microchip Technology Inc", "organizationalUnitName": "Direct"}
    element = maker.element(unique(10), lab.make_key(), distributor=None)
    good = maker.entry({**element, spelling: entity})
    broken = maker.entry({**element, spelling: "nobody", "uniqueId": unique(11)})
    refused(shared.first, ready, broken, "E1030", spelling)
    assert load(shared.first, ready, [good]).ok()["created"] == 1


def test_two_spellings_that_differ_are_refused(shared, maker, ready):
    element = maker.element(unique(12), lab.make_key(),
                            distributer={"organizationName": "Somebody Else"})
    refused(shared.first, ready, maker.entry(element), "E1030", "distributor", "distributer")


def test_an_element_without_keys_is_a_device_without_a_registered_key(shared, maker, ready):
    element = maker.element(unique(13), version=2)
    assert load(shared.first, ready, [maker.entry(element)]).ok()["created"] == 1
    csr = lab.make_csr(lab.make_key(), unique(13))
    assert lab.Device(shared, ready).enrol(csr).status == 401


def test_kid_or_thumbprint_alone_names_the_signer(shared, maker, ready):
    for number, gone in ((14, "kid"), (15, "x5t#S256")):
        head = maker.head()
        del head[gone]
        entry = maker.entry(maker.element(unique(number), lab.make_key()), head)
        assert load(shared.first, ready, [entry]).ok()["created"] == 1


def test_owner_and_hold_are_the_operator_s_to_say(shared, maker, ready):
    entry = maker.entry(maker.element(unique(16), lab.make_key()))
    assert load(shared.first, ready, [entry], owner="acme", hold="true").ok()["created"] == 1
    device = shared.first.show(ready, unique(16))["device"]
    assert (device["owner"], device["hold"]) == ("acme", True)
    load(shared.first, ready, [entry], hold="maybe").problem(400, "E1002")
    load(shared.first, "", [entry]).problem(400, "E1002")


def test_a_scope_ends_at_its_owner(shared, maker, ready):
    anna = shared.first.add_operator(f"anna-{ready}"[:60], "operator", scope="acme")
    entry = maker.entry(maker.element(unique(17), lab.make_key()))
    outcome = load(anna, ready, [entry], owner="bolt").ok()
    assert (outcome["created"], outcome["faults"][0]["code"]) == (0, "E2002")
    assert load(anna, ready, [entry], owner="acme").ok()["created"] == 1


# ---- who signed ---------------------------------------------------------------------------------


def test_none_is_refused_by_name(shared, maker, ready):
    for word in ("none", "None", "nOnE"):
        entry = maker.entry(maker.element(unique(20), lab.make_key()), {**maker.head(), "alg": word},
                            lambda octets: b"")
        refused(shared.first, ready, entry, "E1031", f'seen "{word}"', "wanted ES256")


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_a_mac_keyed_with_the_pinned_certificate_is_refused_by_name(shared, maker, ready, bits):
    """The classic confusion: what is public taken as a shared secret."""
    secret = maker.log_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    entry = maker.entry(
        maker.element(unique(21), lab.make_key()), {**maker.head(), "alg": f"HS{bits}"},
        lambda octets: hmac.new(secret, octets, f"sha{bits}").digest())
    refused(shared.first, ready, entry, "E1031", f'seen "HS{bits}"')


def test_other_algorithms_than_that_of_the_signer_s_key_are_refused_by_name(shared, maker, ready):
    key = rsa.generate_private_key(65537, 2048)
    from cryptography.hazmat.primitives.asymmetric import padding
    for word in ("RS256", "PS256", "ES384", "EdDSA", "ES256K"):
        entry = maker.entry(
            maker.element(unique(22), lab.make_key()), {**maker.head(), "alg": word},
            lambda octets: key.sign(octets, padding.PKCS1v15(), hashes.SHA256()))
        refused(shared.first, ready, entry, "E1031", f'seen "{word}"')


def test_an_algorithm_counts_where_it_is_protected_only(shared, maker, ready):
    element = maker.element(unique(23), lab.make_key())
    head = maker.head()
    del head["alg"]
    entry = maker.entry(element, head, header={"uniqueId": unique(23), "alg": "ES256"})
    refused(shared.first, ready, entry, "E1030", "alg")
    entry = maker.entry(element, header={"uniqueId": unique(23), "alg": "none"})
    refused(shared.first, ready, entry, "E1030", "alg", "protected")


def test_who_is_not_pinned_is_refused_whatever_he_brings_along(shared, maker, ready):
    """His certificate in x5c, his key in jwk, the kid of the pinned one."""
    mallory = lab.make_key()
    own = lab.make_certificate(mallory, common_name="Manifest Signer")
    numbers = mallory.public_key().public_numbers()
    brought = {"x5c": [base64.b64encode(der_of(own)).decode()],
               "jwk": {"kty": "EC", "crv": "P-256", "x": b64url(numbers.x.to_bytes(32, "big")),
                       "y": b64url(numbers.y.to_bytes(32, "big"))}}
    element = maker.element(unique(24), lab.make_key())

    def signer(octets):
        return raw_signature(mallory, octets)

    for head in ({**maker.head(own), **brought}, {**maker.head(), **brought},
                 {"alg": "ES256", **brought, "kid": maker.head()["kid"]}):
        refused(shared.first, ready, maker.entry(element, head, signer), "E1032")
    mixed = {**maker.head(own), "kid": maker.head()["kid"]}
    refused(shared.first, ready, maker.entry(element, mixed), "E1032", "x5t#S256")
    refused(shared.first, ready, maker.entry(element, {"alg": "ES256", **brought}, signer), "E1030",
            "kid or x5t#S256")


def test_a_signer_is_pinned_for_one_product(shared, maker, ready):
    shared.first.add_product(f"{ready}-2"[:60])
    entry = maker.entry(maker.element(unique(25), lab.make_key()))
    refused(shared.first, f"{ready}-2"[:60], entry, "E1032", "pinned for")


def test_an_anchor_for_devices_signs_no_manifest(shared, maker, ready):
    entry = maker.entry(maker.element(unique(26), lab.make_key()), maker.head(maker.root),
                        lambda octets: raw_signature(maker.root_key, octets))
    refused(shared.first, ready, entry, "E1032")


def test_who_signs_manifests_is_no_anchor_for_devices(shared, maker, product):
    """A pinned signer that is a CA: nobody enrols below it."""
    key, device_key = lab.make_key(), lab.make_key()
    ca = lab.make_certificate(key, common_name="Signer and CA", is_ca=True)
    maker.pin(shared.first, product, ca).ok()
    shared.first.import_devices(product, {"D-1": None})
    leaf = lab.make_certificate(device_key, "D-1", issuer=ca, issuer_key=key)
    device = lab.Device(shared, product, device_key, [leaf])
    assert device.enrol(lab.make_csr(lab.make_key(), "D-1")).status == 401


def test_a_changed_octet_is_found(shared, maker, ready):
    entry = maker.entry(maker.element(unique(27), lab.make_key()))
    other = maker.entry(maker.element(unique(28), lab.make_key()))
    refused(shared.first, ready, {**entry, "payload": other["payload"]}, "E1032", "does not verify")
    refused(shared.first, ready, {**entry, "signature": other["signature"]}, "E1032")
    refused(shared.first, ready, {**entry, "signature": entry["signature"][:-4]}, "E1030",
            "signature")
    refused(shared.first, ready, {**entry, "header": {"uniqueId": unique(28)}}, "E1030", "uniqueId")


def test_pinning_a_signer_takes_two_people(troth, maker):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "admin")
    alice.add_product("pump")
    for name in ("alice", "bob"):
        make_approver(alice, name, [alice])
    asked = waiting(maker.pin(alice, "pump"))
    entry = maker.entry(maker.element(unique(1), lab.make_key()))
    refused(alice, "pump", entry, "E1032")  # not yet
    sign(alice, asked["approval"]).ok()
    refused(alice, "pump", entry, "E1032")
    sign(bob, asked["approval"]).ok()
    becomes(alice, asked["approval"], "executed")
    assert lab.eventually(lambda: load(alice, "pump", [entry]).ok()["created"] == 1)
    words = ("audit", "replay", "--config", str(troth.config_file))
    assert lab.eventually(lambda: lab.run(lab.program("trothd"), *words, check=False).returncode == 0)


def test_a_signer_s_key_has_to_be_that_of_es256(shared, maker, product):
    key = lab.make_key(ec.SECP384R1())
    problem = maker.pin(shared.first, product, lab.make_certificate(key, common_name="P-384"))
    assert "P-256" in problem.problem(400, "E6004")["detail"]


# ---- chains -------------------------------------------------------------------------------------


def test_a_device_of_a_manifest_enrols_by_its_idevid(shared, maker, ready):
    """Its certificate names no serial number that we know: key and anchor say who it is."""
    key, own = lab.make_key(), lab.make_key()
    leaf = maker.certificate(key, unique(30))
    entry = maker.entry(maker.with_chain(unique(30), key, [leaf, maker.ca]))
    assert load(shared.first, ready, [entry]).ok()["created"] == 1
    device = lab.Device(shared, ready, key, [leaf, maker.ca])
    assert device.enrol(lab.make_csr(own, unique(30))).certificates()
    assert shared.first.show(ready, unique(30))["device"]["proof"] == "idevid"

    stranger = lab.make_key()  # below the same anchor, but nobody's registered key
    other = lab.Device(shared, ready, stranger, [maker.certificate(stranger, unique(30)), maker.ca])
    assert other.enrol(lab.make_csr(lab.make_key(), unique(30))).status == 401


def test_a_chain_below_another_root_is_refused(shared, maker, ready):
    other, key = Maker(), lab.make_key()
    entry = maker.entry(maker.with_chain(unique(31), key,
                                         [other.certificate(key, unique(31)), other.ca]))
    refused(shared.first, ready, entry, "E1033", "x5c")


def test_a_certificate_over_another_key_is_refused(shared, maker, ready):
    key = lab.make_key()
    entry = maker.entry(maker.with_chain(
        unique(32), key, [maker.certificate(lab.make_key(), unique(32)), maker.ca]))
    refused(shared.first, ready, entry, "E1033", "another key")


def test_a_self_signed_certificate_is_no_chain(shared, maker, ready):
    key = lab.make_key()
    entry = maker.entry(maker.with_chain(unique(33), key,
                                         [lab.make_certificate(key, common_name="me")]))
    refused(shared.first, ready, entry, "E1033", "self-signed")


# ---- collisions, faults -------------------------------------------------------------------------


def test_a_collision_is_refused_and_quarantines_nobody(shared, maker, ready):
    alice, key = shared.first, lab.make_key()
    good = maker.entry(maker.element(unique(40), key))
    assert load(alice, ready, [good]).ok()["created"] == 1
    assert lab.Device(shared, ready).enrol(lab.make_csr(key, unique(40))).certificates()
    refused(alice, ready, maker.entry(maker.element(unique(41), key)), "E3006", unique(40))
    refused(alice, ready, maker.entry(maker.element(unique(40), lab.make_key())), "E4002",
            "another key")
    shown = alice.show(ready, unique(40))
    assert shown["device"]["state"] == "enrolled"
    assert [one["check"] for one in shown["findings"]] == ["TD-36"]  # a manifest names no owner


def test_good_entries_are_kept_and_each_bad_one_is_named(shared, maker, ready):
    key = lab.make_key()
    jwk = maker.element(unique(50), key)["publicKeySet"]["keys"][0]

    def slot(**changed):
        return {"keys": [{**jwk, **changed}]}

    bad = [
        ({"version": 9}, "version: seen 9, wanted 1 to 3"),
        ({"uniqueId": "a/b"}, "uniqueId"),
        ({"uniqueId": ""}, "uniqueId: seen 0 octets"),
        ({"groupId": "g" * 65}, "groupId: seen 65 octets"),
        ({"publicKeySet": {"keys": []}}, "seen 0 keys with kid 0"),
        ({"publicKeySet": {"keys": [jwk, jwk]}}, "seen 2 keys with kid 0"),
        ({"publicKeySet": slot(crv="P-384")}, 'crv: seen "P-384", wanted P-256'),
        ({"publicKeySet": slot(kty="RSA")}, 'kty: seen "RSA", wanted EC'),
        ({"publicKeySet": slot(x="AAAA")}, "x: seen 3 octets, wanted 32"),
        ({"publicKeySet": slot(y="+/+/")}, "y: seen"),
        ({"publicKeySet": slot(x5c=[])}, "x5c"),
        ({"publicKeySet": slot(x5c=["MIIB"])}, "x5c"),
    ]
    entries = [maker.entry({**maker.element(unique(50), key), **change}) for change, _ in bad]
    entries += [17, {}, maker.entry(maker.element(unique(51), lab.make_key()))]
    entries.append(entries[-1])
    outcome = load(shared.first, ready, entries).ok()
    assert (outcome["rows"], outcome["created"]) == (len(entries), 1)
    faults = {fault["line"]: fault["reason"] for fault in outcome["faults"]}
    for line, (_, words) in enumerate(bad, start=1):
        assert words in faults[line], (words, faults[line])
    assert "line 15" in faults[16]
    assert 15 not in faults and len(faults) == len(entries) - 1


def test_what_is_no_array_changes_nothing(shared, maker, ready):
    entry = json.dumps(maker.entry(maker.element(unique(60), lab.make_key())))
    for text in ("", "{}", entry, "[" + entry, "[" + entry + ",]", "[" + entry + "] x", "[,]"):
        load(shared.first, ready, text).problem(400, "E1002")
    shared.first.get(f"/devices/{ready}/{unique(60)}").problem(404, "E4001")
    assert load(shared.first, ready, "[]").ok()["rows"] == 0


# ---- the program --------------------------------------------------------------------------------


def test_troth_imports_a_manifest(shared, maker, ready, tmp_path):
    alice = shared.first
    (tmp_path / "key.pem").write_bytes(lab.key_pem(alice.key))
    (tmp_path / "key.pem").chmod(0o600)
    (tmp_path / "cert.pem").write_text(lab.certificate_pem(alice.chain[0]))
    (tmp_path / "manifest.json").write_text(json.dumps([
        maker.entry(maker.element(unique(70), lab.make_key())),
        maker.entry(maker.element(unique(71), lab.make_key()), {**maker.head(), "alg": "none"})]))

    def troth(*words, check=True):
        return lab.run(lab.program("troth"), *map(str, words), check=check,
                       env={**os.environ, "TROTH_CONFIG": str(tmp_path / "config.json")})

    troth("login", "--server", f"https://localhost:{shared.ports['operator']}", "--certificate",
          tmp_path / "cert.pem", "--key", tmp_path / "key.pem", "--root", shared.root_pem)
    words = ("device", "import", tmp_path / "manifest.json", "--manifest", ready, "--owner", "acme")
    dry = troth(*words, "--dry-run", check=False)
    assert "would do" in dry.stdout and "created 1" in dry.stdout
    done = troth(*words, check=False)
    assert done.returncode == 1 and "created 1" in done.stdout, done
    assert "E1031" in done.stdout and 'seen "none", wanted ES256' in done.stdout
    assert alice.show(ready, unique(70))["device"]["owner"] == "acme"
    assert "manifest" in troth("anchor", "list").stdout
