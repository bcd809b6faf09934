"""Backup, restore, epochs (design 3, Signer journal; design 9): an older copy is gone on from, and nothing
that was signed, revoked, retired or kept down since comes back."""

import base64
import collections
import os
import random
import shutil
import subprocess
import time

import lab
import pytest
from cryptography import x509

from test_21_approvals import make_approver
from test_36_rollover import follow
import test_72_status_lists as status

RESTORE = "restore"


def trothd(server, *words, check=True):
    return lab.run(lab.program("trothd"), *map(str, words), "--config", str(server.config_file),
                   check=check)


def refused(server, *words, exit_status, says):
    done = trothd(server, *words, check=False)
    assert done.returncode == exit_status, done
    assert says in done.stderr, done.stderr
    return done


def lose_database(server):
    shutil.rmtree(server.folder / "data" / "store")


def restore(server, backup, *words):
    return trothd(server, RESTORE, "--continue", backup, *words).stdout


class Unit:
    """A device that has its certificate."""

    def __init__(self, server, serial, key, *, basic=None, used=True):
        self.server, self.serial, self.key = server, serial, key
        answer = lab.Device(server, "pump").enrol(lab.make_csr(key, serial), basic=basic)
        self.leaf = answer.certificates()[0]
        if used:
            self.use()

    def client(self):
        return lab.Device(self.server, "pump", self.key, [self.leaf])

    def use(self):
        assert self.client().cacerts().status == 200

    def renewal(self, key):
        san = self.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value \
            if has_san(self.leaf) else None
        return lab.make_csr(key, subject=self.leaf.subject, san=san)

    def renew(self):
        key = lab.make_key()
        answer = self.client().enrol(self.renewal(key), again=True)
        self.leaf, self.key = answer.certificates()[0], key
        self.use()

    def may_renew(self):
        return self.client().enrol(self.renewal(lab.make_key()), again=True)


def has_san(leaf):
    return any(isinstance(one.value, x509.SubjectAlternativeName) for one in leaf.extensions)


def token(operator, serial):
    return operator.post("/tokens", {"product": "pump", "serial": serial}).ok()["token"]


def crl_of(server, leaf):
    point = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value[0]
    answer = server.plain("/" + point.full_name[0].value.split("/", 3)[3])
    return x509.load_der_x509_crl(answer.body) if answer.status == 200 else None


def is_on_crl(server, leaf):
    crl = crl_of(server, leaf)
    return crl is not None and crl.get_revoked_certificate_by_serial_number(leaf.serial_number)


def crl_number(server, leaf):
    return crl_of(server, leaf).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def index_of(leaf):
    """(class, number) of a serial: design 5, Status index."""
    octets = leaf.serial_number.to_bytes(16, "big")
    return octets[11], int.from_bytes(octets[12:], "big")


class Story:
    """A fleet, a backup of it, and what happens afterwards."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder
        self.alice = server.bootstrap()
        self.dave = self.alice.add_operator("dave", "operator")
        self.alice.add_product("pump")
        self.keys = {f"P-{n}": lab.make_key() for n in range(9)}
        self.alice.import_devices("pump", self.keys)
        self.units = {serial: Unit(server, serial, self.keys[serial])
                      for serial in list(self.keys)[:6]}
        self.alice.import_devices("pump", {"T-1": None, "T-2": None})
        self.tokens = {serial: token(self.alice, serial) for serial in ("T-1", "T-2")}
        self.alice.set("pump", "P-8", "retire").ok()
        self.alice.post("/permits", {"product": "pump", "serial": "P-8", "note": "repaired"}).ok()
        self.alice.post("/transfers", {"product": "pump", "serial": "P-7", "to": "acme"}).ok()
        self.backup()

    def backup(self):
        said = trothd(self.server, "backup", self.folder).stdout
        assert "entries, covered by the checkpoint of" in said

    def go_on(self):
        """What the backup does not know."""
        alice = self.alice
        self.units["P-0"].renew()
        alice.post(f"/certificates/{lab.serial_hex(self.units['P-1'].leaf)}/revoke",
                   {"reason": "key-compromise"}).ok()
        alice.set("pump", "P-2", "retire").ok()
        alice.set("pump", "P-3", "quarantine").ok()
        alice.set("pump", "P-4", "lost").ok()
        alice.set("pump", "P-6", "hold").ok()
        self.late = Unit(self.server, "T-1", lab.make_key(), basic=("T-1", self.tokens["T-1"]))
        alice.import_devices("pump", {"N-1": lab.make_key(), "N-2": None})
        alice.set("pump", "N-1", "retire").ok()
        number = next(one["id"] for one in alice.pages("/operators") if one["name"] == "dave")
        alice.post(f"/operators/{number}/remove", {}).ok()
        assert lab.eventually(lambda: is_on_crl(self.server, self.units["P-4"].leaf))
        assert lab.eventually(lambda: is_on_crl(self.server, self.dave.chain[0]))
        self.number = crl_number(self.server, self.late.leaf)
        time.sleep(1)  # what the signer hears of devices, and the last checkpoint


@pytest.fixture
def story(troth, tmp_path):
    return Story(troth, tmp_path / "backup")


def test_an_older_copy_is_gone_on_from_and_nothing_comes_back(story):
    server, alice = story.server, story.alice
    story.go_on()
    kept = server.folder / "kept"
    kept.write_bytes(server.plain("/checkpoint").body)
    server.stop()
    lose_database(server)
    said = restore(server, story.folder)
    assert "A new epoch began" in said and "Start the server." in said
    server.start()

    # Signed since and unknown: refused, revoked, and their numbers are not used again.
    late = story.late
    assert late.may_renew().status in (401, 403)
    assert lab.eventually(lambda: is_on_crl(server, late.leaf))
    assert lab.eventually(lambda: crl_number(server, late.leaf) > story.number)
    new = Unit(server, "P-7", story.keys["P-7"])
    assert index_of(new.leaf) > index_of(late.leaf)

    # Revoked, retired, quarantined, lost, on hold since: so they stay.
    for serial in ("P-1", "P-2", "P-4"):
        assert story.units[serial].may_renew().status in (401, 403), serial
        assert is_on_crl(server, story.units[serial].leaf), serial
    assert alice.state("pump", "P-2") == "retired"
    assert alice.state("pump", "P-3") == "quarantined"
    assert story.units["P-3"].may_renew().status == 403
    assert alice.state("pump", "P-4") == "lost"
    assert alice.show("pump", "P-6")["device"]["hold"]
    assert alice.state("pump", "N-1") == "retired"  # imported and retired since: the tombstone is there
    assert alice.get("/devices/pump/N-2").status == 404

    # What was open is void: tokens, also the unused one, permits and transfers.
    assert {one["state"] for one in alice.pages("/transfers", all="true")} == {"aborted"}
    for serial in ("T-1", "T-2"):
        basic = (serial, story.tokens[serial])
        answer = lab.Device(server, "pump").enrol(lab.make_csr(lab.make_key(), serial), basic=basic)
        assert answer.status == 401, serial
    answer = lab.Device(server, "pump").enrol(lab.make_csr(story.keys["P-8"], "P-8"))
    assert answer.status in (401, 403)

    # Who was removed stays out; who stayed goes on.
    assert story.dave.get("/status").status in (401, 403)
    story.units["P-5"].renew()

    # A device that was renewed since comes back by its first proof.
    assert story.units["P-0"].may_renew().status in (401, 403)
    assert alice.state("pump", "P-0") == "enrolled"
    Unit(server, "P-0", story.keys["P-0"])
    assert lab.eventually(lambda: alice.state("pump", "P-0") == "active")
    server.stop_and_audit()

    # Whoever kept a checkpoint of what is lost meets a fork, and is told of the restore.
    size, root = kept.read_text().splitlines()[1:3]
    done = refused(server, "audit", "verify", "--checkpoint", kept, exit_status=1, says="fork")
    assert f"left behind was a checkpoint of {size} entries, " \
           f"root {base64.b64decode(root).hex()}" in done.stdout


def test_what_a_restore_lost_is_owed_until_a_person_answers(story):
    """TD-42: no start makes up for it, and `troth status` says what to do."""
    server, alice = story.server, story.alice

    def gap():
        return [one for one in alice.pages("/findings") if one["check"] == "TD-42"]

    assert gap() == []
    story.go_on()
    server.stop()
    lose_database(server)
    restore(server, story.folder)
    for _ in range(2):
        server.start()
        lost, = gap()
        assert (lost["about"], lost["severity"]) == ("installation", "high")
        assert lost in alice.get("/status").ok()["held"]
        assert lost["mend"] == f"troth finding close {lost['id']}"
        server.stop()
    server.start()
    assert alice.post(f"/findings/{lost['id']}/close", {"note": "a disk died"}).ok()["findings"] == 1
    assert gap() == [] and alice.get("/status").ok()["held"] == []
    server.stop()
    server.start()
    assert gap() == []
    server.stop_and_audit()


def test_a_second_restore_and_a_restore_of_the_restored(story, tmp_path):
    server = story.server
    story.go_on()
    server.stop()
    restore(server, story.folder)
    server.start()
    assert story.alice.state("pump", "P-2") == "retired"
    Unit(server, "P-7", story.keys["P-7"])
    trothd(server, "backup", tmp_path / "second")
    story.alice.set("pump", "P-7", "lost").ok()
    time.sleep(1.5)
    server.stop()
    # The history that the first restore left behind is nobody's any more.
    aside = next((server.folder / "data" / "store").glob("troth.db.before-*[0-9]"))
    assert aside.exists()
    restore(server, tmp_path / "second")
    server.start()
    assert story.alice.state("pump", "P-7") == "lost"
    assert story.alice.state("pump", "P-2") == "retired"
    server.stop_and_audit()


def test_until_it_is_gone_on_from_nothing_is_signed_over_an_older_copy(story):
    server = story.server
    story.go_on()
    server.stop()
    lose_database(server)
    (server.folder / "data" / "store").mkdir()
    shutil.copy(story.folder / "troth.db", server.folder / "data" / "store" / "troth.db")
    with pytest.raises(AssertionError, match="ended while starting"):
        server.start()
    restore(server, story.folder)
    server.start()
    server.stop_and_audit()


def test_two_people_approve_a_restore(troth, tmp_path):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "admin")
    alice.add_product("pump")
    make_approver(alice, "alice", [alice])
    make_approver(alice, "bob", [alice])
    time.sleep(1)
    backup = tmp_path / "backup"
    trothd(troth, "backup", backup)
    people = {name: one.command_line(tmp_path / name) for name, one in (("alice", alice), ("bob", bob))}
    troth.stop()
    request = tmp_path / "request"
    refused(troth, RESTORE, "--continue", backup, exit_status=5, says="--request FILE")
    refused(troth, RESTORE, "--continue", backup, "--request", request, exit_status=5,
            says="troth approval sign --file")

    lines = {name: sign(tmp_path, one, request) for name, one in people.items()}
    signatures = tmp_path / "signatures"

    def attempt(text, **expect):
        signatures.write_text(text)
        return refused(troth, RESTORE, "--continue", backup, "--request", request, "--signatures",
                       signatures, **expect)

    attempt(lines["alice"], exit_status=5, says="signed by 1 of the approvers")
    attempt(lines["alice"] * 2, exit_status=5, says="signed by 1 of the approvers")
    attempt("nonsense\n", exit_status=1, says="signatures:1")
    other = lines["bob"].split(" ")[0] + " " + lines["alice"].split(" ")[1]
    attempt(lines["alice"] + other, exit_status=1, says="signature")

    signatures.write_text(lines["alice"] + lines["bob"])
    words = (RESTORE, "--continue", backup, "--request", request, "--signatures", signatures)
    assert "A new epoch began" in trothd(troth, *words).stdout
    refused(troth, *words, exit_status=9, says="not what was asked for")  # replayed
    troth.start()
    assert [one["name"] for one in alice.pages("/products")] == ["pump"]
    troth.stop_and_audit()


def sign(folder, troth, request):
    """By the operator's own `troth approval sign`, which needs no server."""
    out = folder / "signature"
    troth("approval", "sign", "--file", request, "--out", out)
    line = out.read_text()
    out.unlink()
    return line


def test_an_approver_of_after_the_backup_is_none_afterwards(troth, tmp_path):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "admin")
    make_approver(alice, "alice", [alice])
    time.sleep(1)
    backup = tmp_path / "backup"
    trothd(troth, "backup", backup)
    make_approver(alice, "bob", [alice])
    time.sleep(1)
    people = [one.command_line(tmp_path / name) for name, one in (("alice", alice), ("bob", bob))]
    troth.stop()
    request, signatures = tmp_path / "request", tmp_path / "signatures"
    refused(troth, RESTORE, "--continue", backup, "--request", request, exit_status=5,
            says="two approvers sign")  # the signer's list is the one that counts
    signatures.write_text("".join(sign(tmp_path, one, request) for one in people))
    said = restore(troth, backup, "--request", request, "--signatures", signatures)
    assert "1 approvers were appointed after the backup" in said
    troth.start()
    alice.add_product("pump")  # one approver is left: she acts alone, as in the backup
    troth.stop_and_audit()


def test_a_lost_journal_makes_numbers_leap(story):
    server = story.server
    story.go_on()
    server.stop()
    lose_database(server)
    (server.folder / "data" / "signer" / "journal").unlink()
    refused(server, RESTORE, "--continue", story.folder, exit_status=5, says="--journal-lost")
    said = restore(server, story.folder, "--journal-lost")
    assert "Serial numbers go on from" in said
    server.start()
    new = Unit(server, "P-7", story.keys["P-7"])
    assert index_of(new.leaf)[1] >= 1 << 20
    assert lab.eventually(
        lambda: crl_number(server, story.units["P-1"].leaf) > story.number + (1 << 31))
    assert story.late.may_renew().status in (401, 403)  # unknown is refused
    # The lists were there: what they have stays revoked. What only the journal had is lost.
    assert is_on_crl(server, story.units["P-1"].leaf)
    assert story.units["P-4"].may_renew().status in (401, 403)
    for serial in ("P-2", "P-4"):  # retired and lost: the list says as much as that they are gone
        assert story.alice.state("pump", serial) == "quarantined"
    assert story.alice.state("pump", "P-3") == "quarantined"  # on hold: the list says so
    server.stop_and_audit()
    refused(server, RESTORE, "--continue", story.folder, "--journal-lost", exit_status=5,
            says="the signer's journal is here")


@pytest.mark.parametrize("is_lost", [False, True])
def test_status_lists_go_on_above_what_was_ever_told(story, is_lost):
    """Generations rise over a restore, also without the journal; what the copy does not know is not valid."""
    server = story.server
    story.go_on()
    last = status.after(server)[1]
    server.stop()
    lose_database(server)
    if is_lost:
        (server.folder / "data" / "signer" / "journal").unlink()
    restore(server, story.folder, *(["--journal-lost"] if is_lost else []))
    server.start()
    new = Unit(server, "P-7", story.keys["P-7"])
    last = status.after(server, last)[1]
    server.stop()
    server.start()
    assert status.after(server, last)[1] > last
    issuer = status.issuer_of(new.leaf)
    assert status.status_of(server, new.leaf, issuer) == status.VALID
    found, index = status.list_of(server, story.late.leaf, issuer)
    if is_lost:  # nobody knows of it: it was never given
        assert index >= found.high
    else:
        assert found.status(index) == status.INVALID
    assert status.status_of(server, story.units["P-1"].leaf, issuer) == status.INVALID


def test_on_another_machine_with_the_keys_from_the_safe(story, tmp_path):
    server = story.server
    safe = tmp_path / "safe"
    (tmp_path / "words").write_text("as long as a sentence\n")
    (tmp_path / "words").chmod(0o600)
    keys = ("--passphrase-file", tmp_path / "words")
    trothd(server, "keys", "export", "--out", safe, *keys)
    story.go_on()
    lists = tmp_path / "lists"  # whoever fetched the lists has them
    shutil.copytree(server.folder / "public" / "crl", lists)
    server.stop()

    other = lab.Server(tmp_path / "other",
                       {"public_url": f"http://localhost:{server.ports['plain']}"})
    other.write_config()
    refused(other, RESTORE, "--continue", story.folder, exit_status=5, says="restore --place")
    trothd(other, RESTORE, "--place", story.folder)
    refused(other, RESTORE, "--place", story.folder, exit_status=9, says="already")
    trothd(other, "keys", "import", safe, *keys)
    with pytest.raises(AssertionError, match="ended while starting|not ready"):
        other.start()
    other.kill()
    said = restore(other, story.folder, "--journal-lost", "--lists", lists)
    assert "A new epoch began" in said
    other.start()
    old = story.units["P-5"]
    moved = Unit.__new__(Unit)
    moved.server, moved.serial, moved.key, moved.leaf = other, old.serial, old.key, old.leaf
    moved.renew()
    moved.server, moved.key, moved.leaf = other, story.units["P-1"].key, story.units["P-1"].leaf
    assert moved.may_renew().status in (401, 403)
    other.stop_and_audit()


def test_an_issuer_that_followed_another_is_there_on_another_machine(story, tmp_path):
    server = story.server
    follow(server, story.alice, "ldevid")
    story.units["P-5"].renew()  # below the new one; the others are below the one before
    time.sleep(1)
    backup, safe, words = tmp_path / "later", tmp_path / "safe", tmp_path / "words"
    trothd(server, "backup", backup)
    words.write_text("as long as a sentence\n")
    words.chmod(0o600)
    keys = ("--passphrase-file", words)
    trothd(server, "keys", "export", "--out", safe, *keys)
    server.stop()
    other = lab.Server(tmp_path / "other",
                       {"public_url": f"http://localhost:{server.ports['plain']}"})
    other.write_config()
    trothd(other, RESTORE, "--place", backup)
    trothd(other, "keys", "import", safe, *keys)
    restore(other, backup, "--journal-lost")
    other.start()
    issuers = set()
    for serial in ("P-4", "P-5"):
        unit = story.units[serial]
        unit.server = other
        unit.renew()
        issuers.add(unit.leaf.issuer)
    assert len(issuers) == 1  # both below the current one
    other.stop_and_audit()


def test_lists_that_are_not_the_last_are_asked_for(story, tmp_path):
    server = story.server
    story.go_on()
    server.stop()
    lists = tmp_path / "lists"
    shutil.move(server.folder / "public" / "crl", lists)
    (server.folder / "public" / "crl").mkdir()
    refused(server, RESTORE, "--continue", story.folder, exit_status=5, says="--lists")
    said = trothd(server, RESTORE, "--continue", story.folder, "--dry-run", "--lists", lists).stdout
    assert ", 0 may be older, 0 are missing" in said
    restore(server, story.folder, "--lists", lists)
    server.start()
    assert story.units["P-1"].may_renew().status in (401, 403)
    server.stop_and_audit()


def test_incomplete_says_what_comes_back(story):
    server = story.server
    story.go_on()
    server.stop()
    shutil.rmtree(server.folder / "public" / "crl")
    restore(server, story.folder, "--incomplete")
    server.start()
    story.units["P-1"].renew()  # what only a list had; why the option has this name
    assert story.alice.state("pump", "P-2") == "retired"  # the journal has it
    server.stop_and_audit()


def test_what_is_no_backup_is_refused_by_name(story, tmp_path):
    server = story.server
    refused(server, "backup", story.folder, exit_status=9, says="a new folder")
    trothd(server, RESTORE, "--verify", story.folder)
    for spoil, says in (
            (lambda f: (f / "SHA256SUMS").unlink(), "it was not completed"),
            (lambda f: (f / "ca" / "root.cer").unlink(), "it is missing"),
            (lambda f: (f / "public" / "more").write_text("x"), "it was not there"),
            (flip, "not what it was"),
            (edit, "ledger"),
    ):
        copy = tmp_path / "copy"
        shutil.copytree(story.folder, copy)
        spoil(copy)
        refused(server, RESTORE, "--verify", copy, exit_status=1, says=says)
        shutil.rmtree(copy)
    server.stop()
    refused(server, RESTORE, exit_status=2, says="wanted is one of --verify FOLDER")
    refused(server, RESTORE, "--place", story.folder, exit_status=9, says="has an installation already")


def flip(folder):
    path = folder / "troth.db"
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


def edit(folder):
    """By somebody who makes the sums anew."""
    lab.run("/usr/bin/python3", "-c", "import sqlite3,sys; db = sqlite3.connect(sys.argv[1]);"
            "db.execute('UPDATE device SET state = 3 WHERE id = 7'); db.commit()",
            str(folder / "troth.db"))
    (folder / "SHA256SUMS").unlink()
    files = sorted((one for one in folder.rglob("*") if one.is_file()),
                   key=lambda one: one.relative_to(folder).parts)
    lines = [lab.run("sha256sum", str(one)).stdout.split()[0] + f"  {one.relative_to(folder)}\n"
             for one in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def test_a_running_server_is_not_restored_over(story):
    refused(story.server, RESTORE, "--continue", story.folder, exit_status=9, says="a server or a restore that runs has it")


def test_a_backup_of_another_installation_is_refused(story, tmp_path):
    other = lab.Server(tmp_path / "other").init()
    refused(other, RESTORE, "--continue", story.folder, exit_status=5, says="the keys here are not its keys")


def test_the_sums_are_those_of_sha256sum(story):
    lab.run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=story.folder)
    names = {one.name for one in story.folder.rglob("*")}
    assert not {"journal", "passphrase"} & names
    assert not [name for name in names if name.endswith(".pem") and name != "root.pem"]


KILLS = int(os.environ.get("TROTH_KILLS", "100" if os.environ.get("TROTH_LONG") == "1" else "8"))
SEED = int(os.environ.get("TROTH_SEED", "20261130"))


def test_a_restore_that_is_killed_is_begun_anew(story, tmp_path):
    server = story.server
    story.go_on()
    server.stop()
    saved = tmp_path / "saved"
    for name in ("data", "public"):
        shutil.copytree(server.folder / name, saved / name)
    words = [lab.program("trothd"), RESTORE, "--continue", str(story.folder), "--config",
             str(server.config_file)]
    begun = time.monotonic()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    took_s = time.monotonic() - begun
    dice = random.Random(SEED)
    ended = collections.Counter()
    for _ in range(KILLS):
        for name in ("data", "public"):
            shutil.rmtree(server.folder / name)
            shutil.copytree(saved / name, server.folder / name)
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            time.sleep(took_s * (dice.random() * 0.5 + 0.5))  # half of it is reading
            process.kill()
        ended[settle(server, story)] += 1
    print(f"seed {SEED}: {dict(ended)}")


def settle(server, story):
    """What the server does over what a killed restore left; and that nothing came back."""
    try:
        server.start()
        old = story.alice.get("/devices/pump/N-2").status == 200
        outcome = "not begun" if old else "done"
        server.stop()
    except AssertionError:
        server.kill()
        outcome = "refused"
    if outcome != "done":
        restore(server, story.folder)
    server.start()
    assert story.alice.get("/devices/pump/N-2").status == 404
    assert story.alice.state("pump", "P-2") == "retired"
    assert story.units["P-1"].may_renew().status in (401, 403)
    server.stop()
    trothd(server, "audit", "verify")
    return outcome
