#!/usr/bin/python3
"""Makes fuzz/corpus/tpm: what a TPM of swtpm says of its keys by tpm2-tools.

usage: fuzz/make_tpm_corpus.py    (rewrites that folder, keys are fresh and thrown away; found-* stays)
"""
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "scenario"))
import tpm  # noqa: E402


def collect(device):
    """Names and octets."""
    p256 = device.make_ek_p256()
    ecdsa, rsassa = device.make_ak(tpm.EK_RSA), device.make_ak(p256, ("rsa", "rsassa"))
    key, rsa = device.make_key(), device.make_key("rsa2048")
    handles = {"ek-rsa": tpm.EK_RSA, "ek-p384": tpm.EK_P384, "ek-p256": p256, "ak-ecdsa": ecdsa, "ak-rsassa": rsassa,
               "key-p256": key, "key-rsa": rsa, "key-p384": device.make_key("ecc384")}
    for name, handle in handles.items():
        yield name, device.public(handle)[0]
    for name, ak, nonce in (("ecdsa", ecdsa, bytes(32)), ("rsassa", rsassa, b"")):
        attest, signature = device.certify(key, ak, nonce)
        yield "attest-" + name, attest
        yield "signature-" + name, signature


def main():
    folder = HERE / "corpus" / "tpm"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        device = tpm.Tpm(pathlib.Path(place) / "tpm")
        try:
            inputs = dict(collect(device))
        finally:
            device.stop()
    for old in folder.iterdir():
        if not old.name.startswith("found-"):
            old.unlink()
    for name, octets in inputs.items():
        (folder / name).write_bytes(octets)


if __name__ == "__main__":
    main()
