"""Delta CRLs beside the complete ones (RFC 5280 5.2.4, 5.2.6), as OpenSSL and GnuPG take them; quarantine is certificateHold."""

import os
import subprocess
import urllib.parse

import pytest
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

import lab
from test_33_grace import jump, late
from test_72_status_lists import enrol
from test_73_ocsp import issuer_of

assert late  # a fixture
DAY_S = 86400
HOLD, REMOVE = lab.x509.ReasonFlags.certificate_hold, lab.x509.ReasonFlags.remove_from_crl


def path_of(leaf):
    """Where its CRL is, as it says."""
    point = leaf.extensions.get_extension_for_oid(ExtensionOID.CRL_DISTRIBUTION_POINTS).value[0]
    return urllib.parse.urlparse(point.full_name[0].value).path


class List:
    def __init__(self, server, path):
        answer = server.plain(path)
        assert answer.status == 200 and answer.media_type == "application/pkix-crl", answer
        self.headers, self.der = answer.headers, answer.body
        self.crl = lab.x509.load_der_x509_crl(answer.body)

    def value(self, oid):
        return self.crl.extensions.get_extension_for_oid(oid).value

    @property
    def number(self):
        return self.value(ExtensionOID.CRL_NUMBER).crl_number

    @property
    def base(self):
        one = self.crl.extensions.get_extension_for_oid(ExtensionOID.DELTA_CRL_INDICATOR)
        assert one.critical
        return one.value.crl_number

    def reason(self, leaf):
        """None: it is not on the list."""
        entry = self.crl.get_revoked_certificate_by_serial_number(leaf.serial_number)
        if entry is None:
            return None
        if len(entry.extensions) == 0:
            return lab.x509.ReasonFlags.unspecified
        return entry.extensions.get_extension_for_oid(CRLEntryExtensionOID.CRL_REASON).value.reason


def pair(server, leaf):
    """The complete one and its delta, of one instant; None while there is none."""
    paths = path_of(leaf), path_of(leaf).replace(".crl", "-delta.crl")
    if any(server.plain(path).status == 404 for path in paths):
        return None
    complete, delta = (List(server, path) for path in paths)
    return (complete, delta) if complete.number == delta.number else None


def until(server, leaf, is_so, within_s=10):
    """The pair once the complete list says so of it."""
    found = []

    def look():
        found[:] = pair(server, leaf) or []
        return found and is_so(found[0].reason(leaf), found[0])

    assert lab.eventually(look, within_s), [one.reason(leaf) for one in found]
    return found


def until_reason(server, leaf, reason):
    return until(server, leaf, lambda seen, _: seen == reason)


def until_listed(server, leaf):
    return until(server, leaf, lambda seen, _: seen is not None)


class Verifier:
    """`openssl verify` with lists that it was given before, and the newest delta."""

    def __init__(self, server, leaf):
        self.server, self.stem = server, server.scratch()
        self.chain = self.file("chain.pem", lab.certificate_pem(issuer_of(server, leaf)))
        self.root_crl = self.file("root.crl", pem_crl(List(server, "/crl/1-0-0.crl")))

    def file(self, name, text):
        path = self.stem.with_suffix(f".{name}")
        path.write_text(text)
        return path

    def verify(self, leaf, complete, delta=None):
        """OK, or the first error that it names."""
        found = ["-CRLfile", self.root_crl, "-CRLfile", self.file("complete.crl", pem_crl(complete))]
        if delta is not None:
            found += ["-CRLfile", self.file("delta.crl", pem_crl(delta)), "-use_deltas"]
        done = lab.run("openssl", "verify", "-crl_check_all", "-extended_crl", "-CAfile", self.server.root_pem,
                       "-untrusted", self.chain, *found, self.file("leaf.pem", lab.certificate_pem(leaf)), check=False)
        text = done.stdout + done.stderr
        return "OK" if done.returncode == 0 else text[text.index("error "):].splitlines()[0].split(": ", 1)[1]


def pem_crl(one):
    return one.crl.public_bytes(lab.serialization.Encoding.PEM).decode()


@pytest.fixture
def pump(troth, alice):
    alice.add_product("pump")
    return troth, alice


def test_the_two_are_one_signed_at_one_instant(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    alice.set("pump", "one", "revoke").ok()
    complete, delta = until_listed(server, leaf)
    assert complete.number == delta.number >= delta.base > 0  # the first has none before it
    first = complete.number
    leaf = enrol(server, alice, "pump", "two")[1]
    alice.set("pump", "two", "revoke").ok()
    complete, delta = until_listed(server, leaf)
    assert complete.number == delta.number > delta.base and delta.base <= first
    assert complete.crl.last_update == delta.crl.last_update
    assert (complete.crl.next_update - complete.crl.last_update).days == 7
    assert (delta.crl.next_update - delta.crl.last_update).days == 1
    for oid in (ExtensionOID.ISSUING_DISTRIBUTION_POINT, ExtensionOID.AUTHORITY_KEY_IDENTIFIER):
        assert complete.value(oid) == delta.value(oid)
    freshest, = complete.value(ExtensionOID.FRESHEST_CRL)
    assert urllib.parse.urlparse(freshest.full_name[0].value).path == path_of(leaf).replace(".crl", "-delta.crl")
    for absent, one in ((ExtensionOID.DELTA_CRL_INDICATOR, complete), (ExtensionOID.FRESHEST_CRL, delta)):
        with pytest.raises(lab.x509.ExtensionNotFound):
            one.value(absent)
    issuer = issuer_of(server, leaf)
    assert complete.crl.is_signature_valid(issuer.public_key()) and delta.crl.is_signature_valid(issuer.public_key())
    assert int(delta.headers["cache-control"].removeprefix("public, max-age=")) <= 60
    assert delta.reason(leaf) == complete.reason(leaf) is not None


def test_openssl_learns_from_the_delta_what_an_older_list_does_not_have(pump):
    server, alice = pump
    leaves = {name: enrol(server, alice, "pump", name)[1] for name in ("old", "gone", "held", "good")}
    alice.set("pump", "old", "revoke").ok()
    older, _ = until_listed(server, leaves["old"])
    check = Verifier(server, leaves["good"])
    assert [check.verify(leaves[name], older) for name in leaves] == ["certificate revoked", "OK", "OK", "OK"]

    alice.set("pump", "gone", "revoke").ok()
    alice.set("pump", "held", "quarantine").ok()
    until_listed(server, leaves["gone"])
    newer, delta = until_reason(server, leaves["held"], HOLD)
    assert delta.base <= older.number < newer.number
    wanted = {"old": "certificate revoked", "gone": "certificate revoked", "held": "certificate revoked", "good": "OK"}
    assert {name: check.verify(leaf, older, delta) for name, leaf in leaves.items()} == wanted
    assert {name: check.verify(leaf, newer) for name, leaf in leaves.items()} == wanted

    # Let go, the hold is taken from the list, and whoever has it still is told so.
    alice.set("pump", "held", "readmit").ok()
    newest, delta = until_reason(server, leaves["held"], None)
    assert delta.reason(leaves["held"]) == REMOVE
    assert check.verify(leaves["held"], newer) == "certificate revoked"
    assert check.verify(leaves["held"], newer, delta) == check.verify(leaves["held"], newest, delta) == "OK"
    assert check.verify(leaves["gone"], newer, delta) == "certificate revoked"

    # What was on hold and is revoked is no longer on hold.
    alice.set("pump", "held", "quarantine").ok()
    until_reason(server, leaves["held"], HOLD)
    alice.set("pump", "held", "retire").ok()
    complete, delta = until(server, leaves["held"], lambda seen, _: seen not in (None, HOLD))
    assert delta.reason(leaves["held"]) == complete.reason(leaves["held"]) not in (None, HOLD, REMOVE)


def test_a_start_lists_what_was_held_or_freed_just_before(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    for verb, reason in (("quarantine", HOLD), ("readmit", None)):
        alice.set("pump", "one", verb).ok()
        server.kill()
        server.start()
        complete, delta = until_reason(server, leaf, reason)
        assert delta.base <= complete.number


@pytest.mark.skipif(lab.SANITIZED, reason="it jumps by weeks, and runs in the other build")
def test_a_delta_is_made_again_within_its_day_and_an_expired_entry_goes(late):
    server, alice = late
    alice.add_product("meter", validity_s=3 * DAY_S)
    alice.add_product("pump", validity_s=20 * DAY_S)
    for attempt in ("one", "two"):
        leaf = enrol(server, alice, "meter", attempt)[1]
        if path_of(leaf) == path_of(enrol(server, alice, "pump", attempt)[1]):
            break  # the list outlives it
        alice.__enter__()
        jump(server, alice, 21)  # a quarter of a year ends in between
    alice.set("meter", attempt, "revoke").ok()
    first, delta = until_listed(server, leaf)
    alice.__enter__()
    jump(server, alice, 1)
    second, delta = until(server, leaf, lambda _, one: one.number > first.number, 90)
    assert second.reason(leaf) is not None and delta.base <= first.number
    # RFC 5280 3.3: on one list beyond its end, and then no more.
    jump(server, alice, 3)
    third, _ = until(server, leaf, lambda _, one: one.number > second.number, 90)
    assert third.crl.last_update > leaf.not_valid_after and third.reason(leaf) is not None
    for _ in range(2):
        jump(server, alice, 4)
        third, _ = until(server, leaf, lambda _, one, seen=third.number: one.number > seen, 90)
    assert third.reason(leaf) is None


@pytest.fixture
def rsa(tmp_path):
    """Debian's dirmngr (2.2.40) verifies no ECDSA signature of a list or an answer."""
    server = lab.Server(tmp_path / "troth").init(
        "--issuer-key-type", "rsa-2048", "--root-key-type", "rsa-2048")
    try:
        server.start()
        alice = server.bootstrap()
        alice.add_product("pump")
        yield server, alice
        server.stop()
    finally:
        server.kill()


def gpgsm(home, *words, **options):
    done = subprocess.run(["gpgsm", "--batch", *words], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "GNUPGHOME": str(home)}, **options)
    return done.stdout + done.stderr


def test_gpgsm_takes_the_answers_and_the_roots_list(rsa, tmp_path_factory):
    """By what the certificates say: OCSP for the leaf, the CRL of the root for its issuer. That dirmngr knows no
    distribution point of a partition, which must be critical (RFC 5280 5.2.5): by CRL alone it takes nobody."""
    server, alice = rsa
    leaves = {name: enrol(server, alice, "pump", name)[1] for name in ("good", "gone", "held")}
    alice.set("pump", "gone", "revoke").ok()
    alice.set("pump", "held", "quarantine").ok()
    until_listed(server, leaves["gone"])
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    root = lab.x509.load_pem_x509_certificate(server.root_pem.read_bytes())
    (home / "trustlist.txt").write_text(f"{root.fingerprint(lab.hashes.SHA1()).hex().upper()} S relax\n")
    (home / "dirmngr.conf").write_text("allow-ocsp\n")
    chain = [root, issuer_of(server, leaves["good"]), *leaves.values()]
    try:
        gpgsm(home, "--import", "--disable-crl-checks", input="".join(map(lab.certificate_pem, chain)))

        def said(leaf, option):
            return gpgsm(home, option, "--with-validation", "--list-keys",
                         leaf.fingerprint(lab.hashes.SHA1()).hex().upper())

        assert "[certificate is good]" in said(leaves["good"], "--enable-ocsp")
        for name in ("gone", "held"):
            assert "[certificate has been revoked]" in said(leaves[name], "--enable-ocsp")
        assert all("[certificate is bad" in said(leaf, "--disable-ocsp") for leaf in leaves.values())
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, timeout=60)
