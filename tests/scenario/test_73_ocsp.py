"""OCSP as anybody asks it: `openssl ocsp`, `ocsptool`, Python's cryptography and plain sockets (RFC 6960, 9919, 9654)."""

import base64
import concurrent.futures
import contextlib
import email.utils
import hashlib
import http.client
import itertools
import re
import socket
import threading
import time
import urllib.parse

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID

import lab
from test_72_status_lists import enrol

DER = serialization.Encoding.DER
GOOD, REVOKED = ocsp.OCSPCertStatus.GOOD, ocsp.OCSPCertStatus.REVOKED
SUCCESSFUL = ocsp.OCSPResponseStatus.SUCCESSFUL
HOUR_S = 3600
NONCE_OID = bytes.fromhex("06092b0601050507300102")
EXTENDED_REVOKE = bytes.fromhex("06092b0601050507300109") + bytes.fromhex("04020500")
MALFORMED, TRY_LATER, UNAUTHORIZED = (bytes([0x30, 3, 10, 1, n]) for n in (1, 3, 6))


# ---- asking ------------------------------------------------------------------------------------


def issuer_of(server, leaf):
    """The certificate that AIA leads to."""
    access = leaf.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    url = next(one.access_location.value for one in access
               if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS)
    return lab.x509.load_der_x509_certificate(server.plain(urllib.parse.urlparse(url).path).body)


def request_of(leaf, issuer, algorithm=None):
    """DER, without a nonce."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, algorithm or hashes.SHA256())
    return builder.build().public_bytes(DER)


def element(tag, *parts):
    content = b"".join(parts)
    size = len(content).to_bytes(2, "big").lstrip(b"\0") or b"\0"
    return bytes([tag]) + (size if len(content) < 128 else bytes([128 + len(size)]) + size) + content


def with_nonce(request, nonce):
    """The same request with a nonce of any length: RFC 9654 2.1."""
    tbs = request[2:] if request[1] < 128 else request[request[1] - 126:]
    inner = tbs[2:] if tbs[1] < 128 else tbs[tbs[1] - 126:]
    one = element(0x30, NONCE_OID, element(4, element(4, nonce)))
    return element(0x30, element(0x30, inner, element(0xa2, element(0x30, one))))


def post(server, request, media_type="application/ocsp-request"):
    with contextlib.closing(
            http.client.HTTPConnection("localhost", server.ports["plain"], timeout=30)) as one:
        one.request("POST", "/ocsp", request, {"Content-Type": media_type})
        return lab.Answer(one.getresponse())


def get(server, request, *, headers=None, safe=""):
    path = "/ocsp/" + urllib.parse.quote(base64.b64encode(request).decode(), safe=safe)
    with contextlib.closing(
            http.client.HTTPConnection("localhost", server.ports["plain"], timeout=30)) as one:
        one.request("GET", path, headers=headers or {})
        return lab.Answer(one.getresponse())


def said(answer):
    assert answer.status == 200 and answer.media_type == "application/ocsp-response", answer
    return ocsp.load_der_ocsp_response(answer.body)


def status(server, leaf, issuer):
    response = said(post(server, request_of(leaf, issuer)))
    assert response.response_status == SUCCESSFUL
    return response.certificate_status, response.revocation_reason


class Files:
    """What the programs read: leaf, issuer, root."""

    def __init__(self, server, leaf):
        stem = server.scratch()
        self.leaf, self.issuer = stem.with_suffix(".leaf.pem"), stem.with_suffix(".issuer.pem")
        self.leaf.write_text(lab.certificate_pem(leaf))
        self.issuer.write_text(lab.certificate_pem(issuer_of(server, leaf)))
        self.root = server.root_pem
        self.url = f"http://localhost:{server.ports['plain']}/ocsp"


def openssl_ocsp(files, *options, cert=True):
    """What `openssl ocsp` says of it, once it found the answer good."""
    done = lab.run("openssl", "ocsp", "-issuer", files.issuer, "-CAfile", files.root, "-url", files.url,
                   *options, *(("-cert", files.leaf) if cert else ()))
    assert "Response verify OK" in done.stderr, done.stderr
    return done.stdout + done.stderr


# ---- tests -------------------------------------------------------------------------------------


@pytest.fixture
def pump(troth, alice):
    alice.add_product("pump")
    return troth, alice


def test_openssl_and_ocsptool_hear_what_became_of_a_certificate(pump):
    server, alice = pump
    leaves = {name: enrol(server, alice, "pump", name)[1] for name in ("good", "gone", "held")}
    alice.set("pump", "gone", "revoke").ok()
    alice.set("pump", "held", "quarantine").ok()
    wanted = {"good": "good", "gone": "revoked", "held": "revoked"}
    for name, word in wanted.items():
        files = Files(server, leaves[name])
        for options in ([], ["-sha256"], ["-no_nonce"], ["-sha256", "-no_nonce"]):
            text = openssl_ocsp(files, *options)
            assert re.search(rf"leaf\.pem: {word}\n", text), text
            assert ("no nonce in response" in text) == ("-no_nonce" in options) or "-no_nonce" in options, text
            assert ("Reason: certificateHold" in text) == (name == "held"), text
        done = lab.run("ocsptool", f"--ask={files.url}", f"--load-cert={files.leaf}", f"--load-issuer={files.issuer}",
                       f"--load-trust={files.issuer}")
        assert "Success" in done.stdout and f"Certificate Status: {word}" in done.stdout, done.stdout

    alice.set("pump", "held", "readmit").ok()
    assert "leaf.pem: good" in openssl_ocsp(Files(server, leaves["held"]))


def test_the_address_in_a_certificate_is_where_it_is_answered(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    access = leaf.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    url = next(one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.OCSP)
    assert urllib.parse.urlparse(url).path == "/ocsp"
    listener = lab.x509.load_pem_x509_certificate(
        lab.ssl.get_server_certificate(("localhost", server.ports["device"])).encode())
    for one in (leaf, listener, alice.chain[0]):  # each issuer has its own responder
        assert status(server, one, issuer_of(server, one)) == (GOOD, None)


def test_a_superseded_certificate_says_so_with_its_instant(pump):
    from test_33_grace import renew
    server, alice = pump
    device, old = enrol(server, alice, "pump", "one")
    fresh = lab.make_key()
    new = renew(device, fresh).certificates()[0]
    issuer = issuer_of(server, old)
    assert status(server, old, issuer) == status(server, new, issuer) == (GOOD, None)
    assert lab.Device(server, "pump", fresh, [new]).cacerts().status == 200
    assert lab.eventually(lambda: status(server, old, issuer)[0] == REVOKED)
    response = said(post(server, request_of(old, issuer)))
    assert response.revocation_reason == lab.x509.ReasonFlags.superseded
    assert abs(response.revocation_time.timestamp() - time.time()) < 86400
    assert status(server, new, issuer) == (GOOD, None)


def test_a_number_that_was_never_given_is_not_good(pump):
    """RFC 6960 2.2 and 4.4.8: revoked, certificateHold, since 1970, and the extension says why."""
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    files = Files(server, leaf)
    near = leaf.serial_number + 1  # as if it were the next one
    for number in (near, leaf.serial_number ^ 1 << 100, 1, 0, 2**159 - 1):
        text = openssl_ocsp(files, "-serial", hex(number), "-resp_text", cert=False)
        assert "Cert Status: revoked" in text and "Reason: certificateHold" in text, text
        assert "Jan  1 00:00:00 1970 GMT" in text, text
        answer = get(server, request_with_serial(server, leaf, number))
        assert answer.headers["cache-control"] == "no-store" and EXTENDED_REVOKE in answer.body


def request_with_serial(server, leaf, number):
    files = Files(server, leaf)
    out = server.scratch()
    lab.run("openssl", "ocsp", "-issuer", files.issuer, "-sha256", "-serial", hex(number), "-no_nonce", "-reqout", out)
    return out.read_bytes()


def test_who_is_not_ours_is_unauthorized(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    key = lab.make_key()
    other = lab.make_certificate(key, common_name="other", is_ca=True)
    for issuer in (other, lab.x509.load_pem_x509_certificate(server.root_pem.read_bytes())):
        for ask in (post, get):
            assert ask(server, request_of(leaf, issuer)).body == UNAUTHORIZED
    assert post(server, request_of(leaf, issuer_of(server, leaf), hashes.SHA384())).body == UNAUTHORIZED


def test_a_nonce_is_answered_as_rfc_9654_says(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    plain = request_of(leaf, issuer_of(server, leaf))
    seen = set()
    for length in (16, 17, 31, 32):
        for _ in range(3):
            nonce = hashlib.sha256(str(len(seen)).encode()).digest()[:length]
            answer = post(server, with_nonce(plain, nonce))
            assert said(answer).certificate_status == GOOD and answer.headers["cache-control"] == "no-store"
            assert NONCE_OID + element(4, element(4, nonce)) in answer.body
            seen.add(answer.body)
    assert len(seen) == 12  # each signed anew
    for length in (1, 15, 33, 128):
        answer = post(server, with_nonce(plain, bytes(length)))
        assert said(answer).certificate_status == GOOD and NONCE_OID not in answer.body
    for length in (0, 129, 200):
        assert post(server, with_nonce(plain, bytes(length))).body == MALFORMED


def test_several_certificates_of_one_issuer_have_one_answer(pump):
    server, alice = pump
    leaves = [enrol(server, alice, "pump", f"n{n}")[1] for n in range(3)]
    alice.set("pump", "n1", "revoke").ok()
    files = Files(server, leaves[0])
    serials = [word for leaf in leaves for word in ("-serial", hex(leaf.serial_number))]
    text = openssl_ocsp(files, *serials, cert=False)
    assert [line.split(": ")[1] for line in text.splitlines() if line.startswith("0x")] == ["good", "revoked", "good"]


def test_get_and_post_give_the_same_prepared_answer_and_caches_are_told_how_long(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    issuer = issuer_of(server, leaf)
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        request = request_of(leaf, issuer, algorithm)
        bodies = {ask(server, request).body for _ in range(20) for ask in (get, post)}
        assert len(bodies) <= 2  # one of each front
        answer = get(server, request, safe="/+=")  # as a client that escapes nothing
        assert answer.body in bodies
        response, headers = said(answer), answer.headers
        assert isinstance(response.hash_algorithm, type(algorithm))
        next_s = response.next_update.replace(tzinfo=lab.datetime.timezone.utc).timestamp()
        this_s = response.this_update.replace(tzinfo=lab.datetime.timezone.utc).timestamp()
        assert next_s - this_s == HOUR_S and abs(this_s - time.time()) < 60
        assert email.utils.parsedate_to_datetime(headers["expires"]).timestamp() == next_s
        assert email.utils.parsedate_to_datetime(headers["last-modified"]).timestamp() == this_s
        age, *others = headers["cache-control"].split(", ")
        assert others == ["public", "no-transform", "must-revalidate"]
        assert this_s < time.time() + int(age.removeprefix("max-age=")) <= next_s
        assert headers["etag"] == f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
        tags = ", ".join(f'"{hashlib.sha256(body).hexdigest()[:32]}"' for body in bodies)
        again = get(server, request, headers={"If-None-Match": tags})
        assert again.status == 304 and again.body == b""


def test_a_prepared_answer_goes_at_once_when_the_status_changes(pump):
    """At every front: no answer after that of the verb says what was true before."""
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    issuer = issuer_of(server, leaf)
    requests = [request_of(leaf, issuer, algorithm) for algorithm in (hashes.SHA1(), hashes.SHA256())]

    def heard():
        return {said(ask(server, request)).certificate_status
                for request in requests for ask in (get, post) for _ in range(8)}

    for verb, wanted in (("quarantine", REVOKED), ("readmit", GOOD), ("revoke", REVOKED)):
        before = heard()
        assert len(before) == 1 and before != {wanted}
        alice.set("pump", "one", verb).ok()
        begun = time.monotonic()
        assert lab.eventually(lambda: heard() == {wanted}, 1)
        assert time.monotonic() - begun < 1


def test_no_fresh_answer_that_is_asked_for_after_a_verb_says_what_was_before(pump):
    """Sixteen ask without a pause, so that core and signer have many under way when the verb comes."""
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    plain = request_of(leaf, issuer_of(server, leaf))
    over, heard = threading.Event(), []

    def ask(number):
        for at in itertools.count():
            nonce = hashlib.sha256(f"{number} {at}".encode()).digest()
            begun = time.monotonic()
            answer = post(server, with_nonce(plain, nonce))
            if nonce in answer.body:  # beyond the budget it is another one's answer
                heard.append((begun, said(answer).certificate_status))
            if over.is_set():
                return

    def heard_since(begun):
        return [one[1] for one in list(heard) if one[0] > begun]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        asking = [pool.submit(ask, number) for number in range(16)]
        try:
            for verb, wanted in (("quarantine", REVOKED), ("readmit", GOOD), ("revoke", REVOKED)):
                asked = time.monotonic()
                assert lab.eventually(lambda at=asked: len(heard_since(at)) > 32)
                assert wanted not in heard_since(asked)
                alice.set("pump", "one", verb).ok()
                done = time.monotonic()
                assert lab.eventually(lambda at=done: len(heard_since(at)) > 32)
                assert set(heard_since(done)) == {wanted}
        finally:
            over.set()
        for one in asking:
            one.result()


def test_http_1_0_and_a_kept_connection(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    request = request_of(leaf, issuer_of(server, leaf))
    head = (f"POST /ocsp HTTP/1.0\r\nContent-Type: application/ocsp-request\r\n"
            f"Content-Length: {len(request)}\r\n").encode()
    with socket.create_connection(("localhost", server.ports["plain"])) as one:
        one.sendall(head + b"\r\n" + request)
        whole = b"".join(iter(lambda: one.recv(65536), b""))  # and the connection ends
        assert b" 200 " in whole.split(b"\r\n")[0]
        assert ocsp.load_der_ocsp_response(whole.split(b"\r\n\r\n", 1)[1]).certificate_status == GOOD
    with contextlib.closing(http.client.HTTPConnection("localhost", server.ports["plain"])) as kept:
        for _ in range(5):
            kept.request("POST", "/ocsp", request, {"Content-Type": "application/ocsp-request"})
            response = kept.getresponse()
            assert response.status == 200 and not response.will_close
            assert ocsp.load_der_ocsp_response(response.read()).certificate_status == GOOD


def test_what_is_no_request_is_malformed(pump):
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    request = request_of(leaf, issuer_of(server, leaf))
    for broken in (b"", b"\x30\x00", b"nonsense", request[:-1], request + b"\0", b"\x30" * 200):
        assert post(server, broken).body == MALFORMED
    text = base64.b64encode(request).decode()
    for path in ("/ocsp/nonsense", "/ocsp/" + text[:-1], "/ocsp/" + text + "%", "/ocsp/" + text + "%3", "/ocsp/%00",
                 "/ocsp/../checkpoint", "/ocsp/%2e%2e%2fcheckpoint", "/ocsp/" + "A" * 1900):
        answer = server.plain(path)
        assert answer.status == 200 and answer.body == MALFORMED, path
    assert server.plain("/ocsp//").status == server.plain("/ocsp").status - 1 == 404
    assert post(server, request, "text/plain").status == 415
    assert post(server, bytes(5000)).status == 413
    assert server.plain("/ocsp/" + text + "?x").status == 400


def test_the_responders_certificate_is_one_of_the_issuer_for_this_alone(pump):
    """RFC 6960 4.2.2.2, and in the ledger like every certificate."""
    server, alice = pump
    leaf = enrol(server, alice, "pump", "one")[1]
    issuer = issuer_of(server, leaf)
    response = said(post(server, request_of(leaf, issuer)))
    delegate, = response.certificates
    assert delegate.issuer == issuer.subject
    issuer.public_key().verify(delegate.signature, delegate.tbs_certificate_bytes,
                               lab.ec.ECDSA(delegate.signature_hash_algorithm))
    usage = delegate.extensions.get_extension_for_class(lab.x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert delegate.extensions.get_extension_for_class(lab.x509.OCSPNoCheck)
    point = delegate.public_key().public_bytes(serialization.Encoding.X962,
                                               serialization.PublicFormat.UncompressedPoint)
    assert response.responder_key_hash == hashlib.sha1(point).digest()
    row = alice.get(f"/certificates/{lab.serial_hex(delegate)}").ok()
    assert row["profile"] == "ocsp" and row["state"] == "current"
    assert (delegate.not_valid_after - delegate.not_valid_before).days < 7
    assert status(server, delegate, issuer) == (GOOD, None)

    server.stop()
    server.start()
    later, = said(post(server, request_of(leaf, issuer))).certificates
    assert later.serial_number != delegate.serial_number  # its key was in memory alone
    assert later.public_key().public_numbers() != delegate.public_key().public_numbers()
    server.stop_and_audit()
    server.start()


def test_beyond_the_budget_a_nonce_is_not_answered_and_nothing_is_signed(tmp_path):
    server = lab.Server(tmp_path / "troth", {"limits": {"ocsp_per_s": 5}, "fronts": 1}).init()
    try:
        server.start()
        alice = server.bootstrap()
        alice.add_product("pump")
        leaf = enrol(server, alice, "pump", "one")[1]
        request = request_of(leaf, issuer_of(server, leaf))
        nonce = b"0123456789abcdef"
        answers = [post(server, with_nonce(request, nonce)) for _ in range(100)]
        with_it = [one for one in answers if nonce in one.body]
        without = [one for one in answers if nonce not in one.body]
        assert 5 <= len(with_it) < 60 and without
        assert all(said(one).certificate_status == GOOD for one in answers)
        assert len({one.body for one in without}) == 1  # the prepared one

        # Numbers that nobody has are not kept: each costs a signature, or is for later.
        outcomes = [post(server, request_with_serial(server, leaf, 2**120 + n)).body for n in range(4)]
        outcomes += [post(server, request_with_serial(server, leaf, 2**120)).body for _ in range(4)]
        burst = request_with_serial(server, leaf, 2**120 + 9)
        outcomes += [post(server, burst).body for _ in range(60)]
        assert TRY_LATER in outcomes
        assert said(get(server, request)).certificate_status == GOOD  # what is kept goes on
        server.stop()
    finally:
        server.kill()
