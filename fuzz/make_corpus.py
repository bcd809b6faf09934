#!/usr/bin/python3
"""Makes the part of fuzz/corpus/ that wire/ reads: small real inputs, from the openssl program.

usage: fuzz/make_corpus.py    (rewrites those folders, keys are fresh and thrown away; found-* stays)
"""
import base64
import pathlib
import subprocess
import tempfile

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
TARGETS = ["b64", "cbor", "cert", "crl", "csr", "csrattrs", "der", "hex", "merkle", "pkcs7"]

CONFIG = """
[req]
distinguished_name = dn
prompt = no
attributes = attributes
req_extensions = wanted
[dn]
C = DE
O = Example & Söhne
OU = Fleet
CN = pump-7
serialNumber = SN-0007
[attributes]
challengePassword = only once
[wanted]
subjectAltName = @names
keyUsage = critical, digitalSignature
[names]
DNS.1 = pump-7.example
IP.1 = 192.0.2.7
IP.2 = 2001:db8::7
URI.1 = urn:dev:sn:7
email.1 = pump@example.org
otherName.1 = 1.3.6.1.5.5.7.8.4;SEQ:module
dirName.1 = short
[short]
CN = in a name
[module]
type = OID:1.3.6.1.4.1.99999.1
serial = FORMAT:HEX,OCT:0007
[plain]
distinguished_name = short
prompt = no
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, keyAgreement
extendedKeyUsage = clientAuth, serverAuth, 1.3.6.1.5.5.7.3.28
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
subjectAltName = @names
crlDistributionPoints = URI:http://example.org/crl/1
authorityInfoAccess = OCSP;URI:http://example.org/ocsp, caIssuers;URI:http://example.org/ca
certificatePolicies = 1.3.6.1.4.1.99999.2
[ca]
basicConstraints = critical, CA:true, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, permitted;DNS:example
[store]
database = {folder}/index
crlnumber = {folder}/number
default_md = sha256
default_crl_days = 30
crl_extensions = list
unique_subject = no
[list]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://example.org/crl/1
onlyuser = TRUE
"""

KEYS = {
    "p256": ["EC", "ec_paramgen_curve:P-256"],
    "p384": ["EC", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "ec_paramgen_curve:P-521"],
    "rsa": ["RSA", "rsa_keygen_bits:2048"],
    "ed25519": ["ED25519", None],
}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def save(target, name, data):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / name).write_bytes(data)


def make_keys(folder):
    for name, (algorithm, option) in KEYS.items():
        extra = ["-pkeyopt", option] if option else []
        openssl("genpkey", "-algorithm", algorithm, *extra, "-out", folder / f"{name}.key")


def make_requests(folder):
    for name in KEYS:
        out = folder / f"{name}.csr"
        section = ["-section", "req" if name in ("p256", "rsa") else "plain"]
        openssl("req", "-new", "-utf8", "-config", folder / "config", *section, "-key", folder / f"{name}.key",
                "-outform", "DER", "-out", out)
        save("csr", name, out.read_bytes())


def make_certs(folder):
    for name in KEYS:
        out = folder / f"{name}.der"
        section = "ca" if name == "p384" else "leaf"
        openssl("req", "-x509", "-utf8", "-config", folder / "config", "-key", folder / f"{name}.key", "-days", "3650",
                "-extensions", section, "-outform", "DER", "-out", out)
        openssl("x509", "-inform", "DER", "-in", out, "-out", folder / f"{name}.pem")
        save("cert", name, out.read_bytes())


def make_crls(folder):
    issuer = ["-config", folder / "config", "-name", "store", "-keyfile", folder / "p384.key", "-cert", folder / "p384.pem"]
    (folder / "index").write_text("")
    (folder / "number").write_text("01\n")
    for step, name in enumerate(["p256", "rsa", "ed25519"]):
        openssl("ca", "-gencrl", *issuer, "-out", folder / "crl")
        openssl("crl", "-in", folder / "crl", "-outform", "DER", "-out", folder / "crl.der")
        save("crl", f"entries-{step}", (folder / "crl.der").read_bytes())
        reason = ["-crl_reason", "keyCompromise"] if step else []
        openssl("ca", *issuer, "-revoke", folder / f"{name}.pem", *reason)


def make_bags(folder):
    for count, names in enumerate([["p256"], ["p256", "p384"]], 1):
        files = [word for name in names for word in ("-certfile", folder / f"{name}.pem")]
        openssl("crl2pkcs7", "-nocrl", *files, "-outform", "DER", "-out", folder / "bag")
        save("pkcs7", f"certs-{count}", (folder / "bag").read_bytes())


def make_texts(folder):
    csr = (folder / "p256.csr").read_bytes()
    for name, text in {"line": base64.b64encode(csr), "broken": base64.encodebytes(csr), "one": b"Zg==",
                       "two": b"Zm8=", "url": base64.urlsafe_b64encode(b"\xfb\xff\xbe")}.items():
        save("b64", name, text)
    save("hex", "lower", csr[:40].hex().encode())
    save("hex", "upper", csr[:40].hex().upper().encode())
    save("der", "csr", csr)
    for name, text in {"integer": "02020080", "bits": "030205a0", "oid": "06032b6570", "true": "0101ff",
                       "utc": "170d3236313132333030303030305a",
                       "general": "180f39393939313233313233353935395a"}.items():
        save("der", name, bytes.fromhex(text))


def make_cbor():
    items = {"uint": "1bffffffffffffffff", "negative": "3903e7", "text": "64f0908591", "bytes": "4401020304",
             "array": "8301820203820405", "map": "a301020320616103", "tag": "c11a514b67b0",
             "simple": "83f4f5f6", "nested": "a26161016162820203", "deep": "81" * 16 + "00"}
    for name, text in items.items():
        save("cbor", name, bytes.fromhex(text))


def make_csrattrs():
    """Templates of RFC 9908 and plain attributes of RFC 7030; the RSA one has a placeholder of 2048 bits."""
    rsa = ("3082016230820140060b2a864886f70d010910023d3182012f3082012b020100a0820122300d06092a864886f70d0101010500"
           "0382010f003082010a0282010100" + "80" + "00" * 255 + "0203010001a100301106092a864886f70d0101013104020208"
           "0006092a864886f70d01010b")
    items = {
        "p256": "306a3047060b2a864886f70d010910023d313830360201003018310d300b060355040b130470756d7031073005"
                "0603550405a015301306072a8648ce3d020106082a8648ce3d030107a100301506072a8648ce3d0201310a0608"
                "2a8648ce3d03010706082a8648ce3d040302",
        "ed25519": "3031302a060b2a864886f70d010910023d311b30190201003009310730050603550405a007300506032b6570a1"
                "0006032b6570",
        "rsa": rsa,
        "plain": "304706092a864886f70d010907301206072a8648ce3d0201310706052b81040022301c06092a864886f70d0109"
                "0e310f300d300b0603551d0f04040302078006082a8648ce3d040303",
        "template-wins": "305c301106092a864886f70d0101013104020208003047060b2a864886f70d010910023d31383036020100a015"
                "301306072a8648ce3d020106082a8648ce3d030107a11a3018060b2a864886f70d010910023e31093007300506"
                "03551d11",
    }
    for name, text in items.items():
        save("csrattrs", name, bytes.fromhex(text))


def main():
    for target in TARGETS:
        for path in (CORPUS / target).glob("*"):
            if not path.name.startswith("found-"):
                path.unlink()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "config").write_text(CONFIG.replace("{folder}", name))
        make_keys(folder)
        make_requests(folder)
        make_certs(folder)
        make_crls(folder)
        make_bags(folder)
        make_texts(folder)
    make_cbor()
    make_csrattrs()
    # Old size, new size, index, bit to damage, hashes: see fuzz_merkle.c.
    for name, text in {"small": "0305020100", "even": "0408030200", "big": "f0ffe600ff" + "ab" * 32}.items():
        save("merkle", name, bytes.fromhex(text))


if __name__ == "__main__":
    main()
