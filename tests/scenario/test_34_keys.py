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
