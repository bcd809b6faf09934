"""The first road: a device proves itself by its factory-registered key, gets a certificate, renews
it, and loses it."""

import lab


def newest(certificates):
    """The leaf of an EST answer."""
    assert len(certificates) == 1, certificates
    return certificates[0]


def test_a_device_enrols_renews_and_is_revoked(troth, alice):
    alice.add_product("valve", hw_type="1.3.6.1.4.1.32473.1")  # RFC 5612: for examples
    key = lab.make_key()
    outcome = alice.import_devices("valve", {"SN-1": key}, owner="acme")
    assert outcome["created"] == 1
    assert alice.state("valve", "SN-1") == "expected"

    # It learns whom to trust, then enrols: the CSR's signature proves the registered key.
    stranger = lab.Device(troth, "valve")
    bag = stranger.cacerts().certificates()
    assert any(one.subject == one.issuer for one in bag)
    leaf = newest(stranger.enrol(lab.make_csr(key, "SN-1")).certificates())
    assert lab.spki_hash(key) == alice.show("valve", "SN-1")["certificates"][0]["spki"]
    lab.openssl_verify(troth, leaf, *bag)
    assert alice.state("valve", "SN-1") == "enrolled"

    # Its first use makes it active; it renews with a new key and the same names.
    device = lab.Device(troth, "valve", key, [leaf])
    assert device.cacerts().status == 200
    san = leaf.extensions.get_extension_for_class(lab.x509.SubjectAlternativeName).value
    new_key = lab.make_key()
    renewal = lab.make_csr(new_key, subject=leaf.subject, san=san)
    new_leaf = newest(device.enrol(renewal, again=True).certificates())
    assert new_leaf.subject == leaf.subject
    assert new_leaf.serial_number != leaf.serial_number
    assert alice.state("valve", "SN-1") == "active"

    # Used, the new one replaces the old one, which then renews nothing any more.
    renewed = lab.Device(troth, "valve", new_key, [new_leaf])
    assert renewed.cacerts().status == 200
    assert lab.eventually(lambda: alice.certificate_state(new_leaf) == "current")
    assert alice.certificate_state(leaf) == "superseded"

    # Revoked, it gets nothing, and its timeline says why.
    outcome = alice.set("valve", "SN-1", "revoke", reason="key-compromise", note="seen in the wild").ok()
    assert outcome["certificates"] == 1
    refused = renewed.enrol(lab.make_csr(lab.make_key(), subject=leaf.subject, san=san), again=True)
    assert refused.status == 403, refused
    detail = alice.show("valve", "SN-1")
    assert detail["device"]["verdict"] == "refused"
    assert {one["state"] for one in detail["certificates"]} == {"revoked", "superseded"}
    events = [entry["event"] for entry in detail["timeline"]]
    assert events[-1] == "device-imported"
    assert "device-revoked" in events


def test_a_stranger_gets_nothing(troth, alice):
    alice.add_product("valve")
    alice.import_devices("valve", {"SN-1": lab.make_key()})
    stranger = lab.Device(troth, "valve")
    refused = stranger.enrol(lab.make_csr(lab.make_key(), "SN-1"))
    assert refused.status == 401, refused
    assert alice.state("valve", "SN-1") == "expected"
