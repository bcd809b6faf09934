"""The record of a key ceremony, and the online keys in one encrypted file: what `trothd init` writes down, what
`openssl` reads of an export, and what of it comes back."""

import hashlib
import os
import pathlib
import pty
import re
import shutil
import subprocess

import lab
import pytest

PASSPHRASE = "for the safe, not for the server"
KEYS = ["idevid", "ldevid", "operations", "checkpoint-ed25519", "checkpoint-es256"]
ISSUERS = ["root", "idevid", "ldevid", "operations"]


class Site(lab.Server):
    """An installation whose root was made here and is away, with an export's passphrase beside."""

    def make(self):
        self.config["lab"] = "no"
        self.write_config()
        self.secret("root-passphrase", "the root's own")
        self.secret("safe-passphrase", PASSPHRASE)
        self.root_out = self.folder.parent / f"{self.folder.name}-root.key"
        done = lab.run(lab.program("trothd"), "init", "--config", str(self.config_file), "--root-out",
                       str(self.root_out), "--root-passphrase-file", str(self.folder / "root-passphrase"))
        self.said = done.stdout
        self.root_out.rename(self.folder.parent / f"{self.folder.name}-away.key")
        return self

    def secret(self, name, text):
        (self.folder / name).write_text(text + "\n")
        (self.folder / name).chmod(0o600)
        return self.folder / name

    def keys(self, verb, *arguments, passphrase="safe-passphrase", check=False):
        return lab.run(lab.program("trothd"), "keys", verb, *map(str, arguments), "--config",
                       str(self.config_file), "--passphrase-file", str(self.folder / passphrase), check=check)

    def export(self):
        path = self.folder / "keys.export"
        self.keys("export", "--out", path, check=True)
        return path

    @property
    def record(self):
        return self.folder / "data" / "ca" / "ceremony.txt"


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path / "troth").make()
    yield site
    site.kill()


def sha256(der):
    return hashlib.sha256(der).hexdigest()


def public_digest(path, *arguments):
    """SHA-256 of the SubjectPublicKeyInfo, as openssl writes it."""
    done = subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-outform", "DER", *arguments],
                          capture_output=True, check=True)
    return sha256(done.stdout)


def expect(done, code, said):
    assert f"E{code} " in done.stderr and said in done.stderr, done.stderr
    assert done.returncode != 0


# ---- the record --------------------------------------------------------------------------------


def test_the_record_says_of_every_key_what_openssl_says_of_it(site):
    text = site.record.read_text()
    parts = {part.split("\n", 1)[0]: part for part in re.split(r"\nkey ", text)[1:]}
    assert list(parts) == ["root", *KEYS]
    for name in KEYS:
        place = site.folder / "data" / "signer" / f"{name}.pem"
        digest = public_digest(place, "-passin", f"file:{site.folder / 'passphrase'}")
        assert f"sha256:{digest}" in parts[name]
        assert str(place) in parts[name]
    for name in ISSUERS:
        der = (site.folder / "data" / "ca" / f"{name}.cer").read_bytes()
        subject = lab.openssl("x509", "-inform", "DER", "-in", str(site.folder / "data" / "ca" / f"{name}.cer"),
                              "-noout", "-subject").stdout
        assert f"certificate  sha256:{sha256(der)}" in parts[name]
        assert re.search(r"subject +(.*)", parts[name]).group(1) in subject
    assert str(site.root_out) in parts["root"]
    assert "PRIVATE" not in text and PASSPHRASE not in text


def test_init_reads_out_the_digest_that_the_ledgers_first_entry_has(site):
    digest = sha256(site.record.read_bytes())
    assert digest in site.said
    site.start()
    site.stop()
    dump = lab.run(lab.program("trothd"), "audit", "dump", "--config", str(site.config_file)).stdout
    assert f"ceremony 1 digest={digest}" in dump
    verified = lab.run(lab.program("trothd"), "audit", "verify", "--config", str(site.config_file))
    assert "ceremony.txt" in verified.stdout


def test_attack_a_record_written_anew_is_found_by_the_audit(site):
    site.start()
    site.stop()
    site.record.write_text(site.record.read_text().replace("made here", "made there"))
    done = lab.run(lab.program("trothd"), "audit", "verify", "--config", str(site.config_file), check=False)
    assert done.returncode == 1 and "first entry" in done.stderr, done


def test_a_root_elsewhere_has_a_record_in_two_parts(tmp_path):
    site = lab.Server(tmp_path / "troth")
    site.write_config()
    trothd = [lab.program("trothd"), "init", "--config", str(site.config_file)]
    lab.run(*trothd, "--csr-only")
    first = (site.folder / "data" / "csr" / "ceremony.txt").read_text()
    assert "elsewhere" in first and "\nkey root\n" not in first and "certificate " not in first
    root, certificates = lab.make_key(), site.folder / "answers"
    certificates.mkdir()
    sign_requests(site, root, certificates)
    done = lab.run(*trothd, "--accept", str(certificates))
    whole = (site.folder / "data" / "ca" / "ceremony.txt").read_text()
    assert whole.startswith(first)
    for name in ISSUERS:
        der = (site.folder / "data" / "ca" / f"{name}.cer").read_bytes()
        assert sha256(der) in whole[len(first):]
    assert sha256(whole.encode()) in done.stdout


def sign_requests(site, root_key, folder):
    """What somebody's own CA does with the requests."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    root = lab.make_certificate(root_key, common_name="Their Root", is_ca=True, valid_s=86400 * 4000)
    (folder / "root.cer").write_bytes(root.public_bytes(serialization.Encoding.DER))
    for name in ISSUERS[1:]:
        csr = x509.load_pem_x509_csr((site.folder / "data" / "csr" / f"{name}.csr").read_bytes())
        cert = (x509.CertificateBuilder().subject_name(csr.subject).issuer_name(root.subject)
                .public_key(csr.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(root.not_valid_before).not_valid_after(root.not_valid_after)
                .add_extension(x509.BasicConstraints(True, 0), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(csr.public_key()), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                               critical=False)
                .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False),
                               critical=True)
                .sign(root_key, hashes.SHA256()))
        (folder / f"{name}.cer").write_bytes(cert.public_bytes(serialization.Encoding.DER))


# ---- the export --------------------------------------------------------------------------------


def blocks(path):
    """The encrypted keys of an export by their names."""
    return dict(re.findall(r"^key (\S+)\n(-----BEGIN ENCRYPTED PRIVATE KEY-----\n.*?-----END ENCRYPTED PRIVATE "
                           r"KEY-----\n)", path.read_text(), re.M | re.S))


def test_openssl_reads_every_key_of_an_export_and_it_is_the_signers(site):
    path = site.export()
    assert path.stat().st_mode & 0o777 == 0o600
    found = blocks(path)
    assert list(found) == KEYS
    for name, pem in found.items():
        one = site.folder / f"{name}.exported"
        one.write_text(pem)
        clear = lab.openssl("pkcs8", "-in", str(one), "-passin", f"pass:{PASSPHRASE}").stdout
        plain = site.secret(f"{name}.clear", clear)
        signers = public_digest(site.folder / "data" / "signer" / f"{name}.pem", "-passin",
                                f"file:{site.folder / 'passphrase'}")
        assert public_digest(plain) == signers
        shown = lab.openssl("asn1parse", "-in", str(one)).stdout
        assert "PBES2" in shown and "1.3.6.1.4.1.11591.4.11" in shown or "scrypt" in shown
    assert site.record.read_text() == "".join(
        line[2:] for line in path.read_text().splitlines(keepends=True) if line.startswith("| "))


def test_a_passphrase_is_asked_for_at_the_terminal_and_shown_nowhere(site):
    path = site.folder / "asked.export"
    command = [lab.program("trothd"), "keys", "export", "--out", str(path), "--config", str(site.config_file)]

    def answer(*typed):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(command[0], command)
        shown = b""
        for line in typed:
            while not shown.rstrip().endswith(b":"):
                shown += os.read(terminal, 1024)
            os.write(terminal, line.encode() + b"\n")
            shown += b" "
        try:
            while chunk := os.read(terminal, 1024):
                shown += chunk
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    status, shown = answer(PASSPHRASE, "not the same at all")
    assert status == 1 and "two different" in shown and not path.exists()
    status, shown = answer("too short", "too short")
    assert status == 1 and "wanted are 16" in shown and not path.exists()
    status, shown = answer(PASSPHRASE, PASSPHRASE)
    assert status == 0 and PASSPHRASE not in shown
    assert site.keys("check", path).returncode == 0


def test_what_is_there_is_never_written_over(site):
    path = site.folder / "precious"
    path.write_text("precious")
    expect(site.keys("export", "--out", path), 4002, "precious")
    assert path.read_text() == "precious"


def test_attack_a_wrong_passphrase_opens_nothing(site):
    path = site.export()
    site.secret("wrong", "for the server, not for the safe")
    expect(site.keys("check", path, passphrase="wrong"), 6011, "does not open")
    expect(site.keys("check", path, passphrase="passphrase"), 6011, "does not open")


def test_attack_every_changed_line_and_every_cut_is_found(site):
    path = site.export()
    whole = path.read_bytes()
    other = site.folder / "changed.export"
    for at in range(0, len(whole), 97):
        other.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
        expect(site.keys("check", other), 6010, "")
    for at in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        other.write_bytes(whole[:at])
        expect(site.keys("check", other), 6010, "")


def test_attack_a_new_digest_over_changed_lines_is_no_signature(site):
    path = site.export()
    before, _ = path.read_text().rsplit("sha256 ", 1)
    changed = before.replace("made here", "made away")
    # The record's own digest is mended as well.
    old, new = sha256(site.record.read_bytes()), sha256(site.record.read_bytes().replace(b"made here", b"made away"))
    changed = changed.replace(old, new)
    path.write_text(f"{changed}sha256 {sha256(changed.encode())}\n")
    expect(site.keys("check", path), 6010, "signature")


def test_attack_keys_of_another_installation_are_refused(site, tmp_path):
    other = Site(tmp_path / "other").make()
    path = other.export()
    expect(site.keys("check", path), 6012, "root.cer")
    expect(site.keys("import", path), 6012, "root.cer")
    # The same certificates, another log.
    shutil.copytree(other.folder / "data" / "ca", site.folder / "data" / "ca", dirs_exist_ok=True)
    expect(site.keys("check", path), 6012, "checkpoint-keys")


# ---- and back ----------------------------------------------------------------------------------


def test_a_lost_folder_of_keys_comes_back_and_the_server_signs_on(site):
    site.start()
    site.bootstrap().add_product("pump")
    site.stop()
    path = site.export()
    signer = site.folder / "data" / "signer"
    before = {name: (signer / f"{name}.cer").read_bytes() for name in ISSUERS}
    journal = (signer / "journal").read_bytes()
    shutil.rmtree(signer)
    (signer.parent / "ca" / "ceremony.txt").rename(site.folder / "record")

    done = site.keys("import", path, "--dry-run", check=True)
    assert "would do: 5 of 5" in done.stdout and not signer.exists()
    assert "5 of 5" in site.keys("import", path, check=True).stdout
    assert signer.stat().st_mode & 0o777 == 0o700
    assert {name: (signer / f"{name}.cer").read_bytes() for name in ISSUERS} == before
    assert site.record.read_text() == (site.folder / "record").read_text()
    (signer / "idevid.pem").unlink()
    assert "1 of 5" in site.keys("import", path, check=True).stdout  # after an interruption
    (signer / "journal").write_bytes(journal)  # which no export has
    (signer / "journal").chmod(0o600)
    site.start()
    assert site.first.get("/products").status == 200
    site.stop()


def test_attack_keys_without_their_ledger_are_not_put_anywhere(site):
    path = site.export()
    shutil.rmtree(site.folder / "data" / "signer")
    expect(site.keys("import", path), 6013, "troth.db")  # no server ran: no ledger
    shutil.rmtree(site.folder / "data" / "ca")
    expect(site.keys("import", path), 6013, "data/ca")
    assert "no installation here" in site.keys("check", path, check=True).stdout
    assert not pathlib.Path(site.folder / "data" / "signer").exists()


def test_attack_a_key_that_is_there_is_not_replaced_by_another(site):
    site.start()
    site.stop()
    path = site.export()
    key = site.folder / "data" / "signer" / "ldevid.pem"
    mine = lab.key_pem(lab.make_key()).decode()
    sealed = lab.openssl("pkcs8", "-topk8", "-scrypt", "-passout", f"file:{site.folder / 'passphrase'}", text=mine)
    key.write_text(sealed.stdout)
    held = key.read_bytes()
    expect(site.keys("import", path), 6012, "ldevid.pem")
    assert key.read_bytes() == held
