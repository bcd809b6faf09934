"""Every proof that enrols, on the real server over TLS, and what each of them may not do (design 5)."""

import time

import lab
import pytest


class Maker:
    """A manufacturer: a root that is the product's anchor, a sub-CA, and IDevIDs below it."""

    def __init__(self, operator, product, name):
        self.root_key, self.sub_key = lab.make_key(), lab.make_key()
        self.root = lab.make_certificate(self.root_key, is_ca=True, common_name=f"{name} root")
        self.sub = lab.make_certificate(self.sub_key, is_ca=True, common_name=f"{name} factory",
                                        issuer=self.root, issuer_key=self.root_key)
        if operator is not None:
            operator.post("/anchors", {"product": product,
                                       "certificate": lab.certificate_pem(self.root)}).ok()

    def device(self, server, product, serial, **options):
        key = lab.make_key()
        leaf = lab.make_certificate(key, serial, issuer=self.sub, issuer_key=self.sub_key, **options)
        return lab.Device(server, product, key, [leaf, self.sub])


def issued(answer):
    return answer.certificates()[0]


def test_an_idevid_below_the_anchor_enrols_a_key_of_its_own(shared, product):
    maker = Maker(shared.first, product, "maker")
    shared.first.import_devices(product, {"I-1": None})
    device = maker.device(shared, product, "I-1")
    key = lab.make_key()
    leaf = issued(device.enrol(lab.make_csr(key, "I-1")))
    assert leaf.public_key().public_numbers() == key.public_key().public_numbers()
    shown = shared.first.show(product, "I-1")["device"]
    assert shown["state"] == "enrolled"
    assert shown["proof"] == "idevid"


def test_an_idevid_of_a_device_that_nobody_expects_is_refused(shared, product):
    maker = Maker(shared.first, product, "maker")
    assert maker.device(shared, product, "I-9").enrol(lab.make_csr(lab.make_key())).status == 401


def test_an_idevid_below_another_product_s_anchor_is_refused(shared, product):
    other = product + "-b"
    shared.first.add_product(other)
    maker = Maker(shared.first, other, "other")
    shared.first.import_devices(product, {"I-2": None})
    refused = maker.device(shared, product, "I-2").enrol(lab.make_csr(lab.make_key(), "I-2"))
    assert refused.status == 401
    assert shared.first.state(product, "I-2") == "expected"


def test_one_root_may_be_the_anchor_of_several_products(shared, product):
    """The label says which of them is meant; without it, the one that had the root first."""
    maker = Maker(shared.first, product, "of both")
    other = product[:50] + "-b"
    shared.first.add_product(other)
    shared.first.post("/anchors", {"product": other,
                                   "certificate": lab.certificate_pem(maker.root)}).ok()
    for name, serial in ((product, "I-20"), (other, "I-21")):
        shared.first.import_devices(name, {serial: None})
        assert issued(maker.device(shared, name, serial).enrol(lab.make_csr(lab.make_key(), serial)))
        assert shared.first.show(name, serial)["device"]["proof"] == "idevid"
    wrong = maker.device(shared, other, "I-20").enrol(lab.make_csr(lab.make_key(), "I-20"))
    assert wrong.status == 401


def test_an_idevid_below_no_anchor_never_reaches_core(shared, product):
    stranger = Maker(None, product, "stranger")
    shared.first.import_devices(product, {"I-3": None})
    refused = stranger.device(shared, product, "I-3").enrol(lab.make_csr(lab.make_key(), "I-3"))
    assert refused.status in (401, 403)
    assert shared.first.state(product, "I-3") == "expected"


def test_an_expired_idevid_is_refused(shared, product):
    maker = Maker(shared.first, product, "maker")
    shared.first.import_devices(product, {"I-4": None})
    device = maker.device(shared, product, "I-4", valid_s=-60)
    assert device.enrol(lab.make_csr(lab.make_key(), "I-4")).status in (401, 403)
    assert shared.first.state(product, "I-4") == "expected"


def active(server, product, serial):
    """A device that enrolled by its registered key and used its certificate: (registered, Device)."""
    key = lab.make_key()
    server.first.import_devices(product, {serial: key})
    leaf = issued(lab.Device(server, product).enrol(lab.make_csr(key, serial)))
    device = lab.Device(server, product, key, [leaf])
    assert device.cacerts().status == 200
    assert lab.eventually(lambda: server.first.state(product, serial) == "active")
    return key, device


def renewal(device, key=None):
    return lab.make_csr(key or lab.make_key(), subject=device.chain[0].subject)


def test_an_active_device_enrols_anew_only_by_its_key_on_tls(shared, product):
    key, _ = active(shared, product, "R-1")
    assert lab.Device(shared, product).enrol(lab.make_csr(key, "R-1")).status == 401
    bare = lab.Device(shared, product, key, [lab.make_certificate(key, "R-1", common_name="self")])
    assert bare.enrol(lab.make_csr(lab.make_key(), "R-1")).status == 200


def test_the_same_request_in_parallel_is_one_certificate(shared, product):
    import concurrent.futures
    key = lab.make_key()
    shared.first.import_devices(product, {"P-1": key})
    csr = lab.make_csr(key, "P-1")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: lab.Device(shared, product).enrol(csr), range(24)))
    serials = {issued(one).serial_number for one in answers if one.status == 200}
    assert {one.status for one in answers} <= {200, 503}, answers
    assert len(serials) == 1
    assert len(shared.first.show(product, "P-1")["certificates"]) == 1


def test_one_key_for_two_devices_at_the_same_instant_enrols_one_at_most(troth, alice):
    import concurrent.futures
    alice.add_product("twin")
    alice.import_devices("twin", {f"T-{n}": None for n in range(8)})
    tokens = {f"T-{n}": alice.post("/tokens", {"product": "twin", "serial": f"T-{n}"}).ok()["token"]
              for n in range(8)}
    key = lab.make_key()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: lab.Device(troth, "twin").enrol(
            lab.make_csr(key, one[0]), basic=one), tokens.items()))
    assert sum(one.status == 200 for one in answers) <= 1, answers


def test_a_renewal_with_other_names_is_refused_by_name(shared, product):
    _, device = active(shared, product, "N-1")
    refused = device.enrol(lab.make_csr(lab.make_key(), "N-2"), again=True)
    assert refused.status in (401, 403)
    other = lab.make_csr(lab.make_key(), subject=lab.name_of("N-1", "somebody else"))
    refused = device.enrol(other, again=True)
    assert refused.status == 403
    assert b"RFC 7030 4.2.2" in refused.body


def test_a_retired_device_comes_back_by_permit_only(shared, product):
    key, device = active(shared, product, "X-1")
    outcome = shared.first.set(product, "X-1", "retire").ok()
    assert outcome["certificates"] == 1
    assert outcome["state"] == "retired"
    assert device.enrol(renewal(device), again=True).status == 403
    bare = lab.Device(shared, product, key, [lab.make_certificate(key, "X-1", common_name="self")])
    assert bare.enrol(lab.make_csr(lab.make_key(), "X-1")).status == 403
    shared.first.post("/permits", {"product": product, "serial": "X-1", "note": "repaired"}).ok()
    assert bare.enrol(lab.make_csr(lab.make_key(), "X-1")).status == 200
    assert shared.first.state(product, "X-1") == "enrolled"


def test_a_copied_key_is_refused_and_both_devices_have_the_finding(shared, product):
    key, device = active(shared, product, "C-1")
    shared.first.import_devices(product, {"C-2": None})
    token = shared.first.post("/tokens", {"product": product, "serial": "C-2"}).ok()["token"]
    copied = lab.Device(shared, product).enrol(lab.make_csr(key, "C-2"), basic=("C-2", token))
    assert copied.status in (401, 403), copied
    for serial, state in (("C-1", "active"), ("C-2", "quarantined")):
        detail = shared.first.show(product, serial)
        assert detail["device"]["state"] == state
        assert any(one["check"] == "TD-01" for one in detail["findings"]), detail["findings"]
    assert device.cacerts().status == 200


@pytest.mark.parametrize("kind", ["rsa-2048", "p-384", "ed25519"])
def test_keys_that_no_profile_takes_are_named(shared, product, kind, tmp_path):
    """A registered key of another kind: the request alone says that it cannot be, so it is told."""
    options = {"rsa-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
               "p-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
               "ed25519": ["-algorithm", "ED25519"]}[kind]
    path = tmp_path / "key.pem"
    lab.openssl("genpkey", *options, "-out", str(path))
    lab.openssl("req", "-new", "-key", str(path), "-subj", "/serialNumber=K-1", "-out",
                str(tmp_path / "k.csr"))
    csr = lab.x509.load_pem_x509_csr((tmp_path / "k.csr").read_bytes())
    shared.first.import_devices(product, {"K-1": None})
    token = shared.first.post("/tokens", {"product": product, "serial": "K-1"}).ok()["token"]
    refused = lab.Device(shared, product).enrol(csr, basic=("K-1", token))
    assert refused.status in (400, 403), refused
    assert shared.first.state(product, "K-1") == "expected"


def test_time_tells_a_fork(troth, alice):
    """The old certificate, used a minute after its successor was: somebody has a copy."""
    troth.first = alice
    alice.add_product("pump")
    _, device = active(troth, "pump", "F-1")
    new_key = lab.make_key()
    leaf = issued(device.enrol(renewal(device, new_key), again=True))
    assert lab.Device(troth, "pump", new_key, [leaf]).cacerts().status == 200
    time.sleep(62)
    lab.Device(troth, "pump", device.key, device.chain).cacerts()
    deadline = time.monotonic() + 10
    while alice.state("pump", "F-1") != "quarantined":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert any(one["check"] == "TD-02" for one in alice.show("pump", "F-1")["findings"])
