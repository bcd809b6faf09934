"""What a restore must not let pass: each was found by somebody who tried (design 3, Signer journal; design 9)."""

import hashlib
import os
import shutil
import sqlite3
import time

import lab
import pytest
from test_21_approvals import make_approver, waiting
from test_33_grace import DAY_S, enrol, jump, late, renew  # noqa: F401 (late is a fixture)
from test_82_restore import (RESTORE, Story, Unit, crl_number, flip, index_of, is_on_crl, lose_database, refused,
                             restore, sign, trothd)


def lose_journal(server):
    (server.folder / "data" / "signer" / "journal").unlink()


def seal_anew(folder):
    """SHA256SUMS by somebody who changed a file."""
    files = sorted((one for one in folder.rglob("*") if one.is_file() and one.name != "SHA256SUMS"),
                   key=lambda one: one.relative_to(folder).parts)
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.relative_to(folder)}\n" for one in files))


@pytest.fixture
def story(troth, tmp_path):
    return Story(troth, tmp_path / "backup")


# ---- what signs a backup --------------------------------------------------------------------------


def test_a_backup_without_the_checkpoint_that_signs_it_is_refused(story):
    """Its entries may be anybody's: nothing but the checkpoint is signed."""
    earlier = story.folder.with_name("earlier")
    shutil.copytree(story.folder, earlier)
    story.alice.add_product("valve")
    shutil.rmtree(story.folder)
    story.backup()
    for name in ("checkpoint", "proof"):
        shutil.copy(earlier / name, story.folder / name)  # good, of fewer entries
    seal_anew(story.folder)
    refused(story.server, RESTORE, "--verify", story.folder, exit_status=1, says="does not cover")
    (story.folder / "checkpoint").unlink()
    seal_anew(story.folder)
    refused(story.server, RESTORE, "--verify", story.folder, exit_status=7, says="checkpoint")


def test_a_server_that_does_not_run_signs_no_backup(story):
    story.alice.add_product("valve")
    story.server.kill()  # before the checkpoint of it
    folder = story.folder.with_name("later")
    done = trothd(story.server, "backup", folder, check=False)
    with sqlite3.connect(story.server.folder / "data" / "store" / "troth.db") as database:
        entries = database.execute("SELECT count(*) FROM entry").fetchone()[0]
        noted = database.execute("SELECT max(size) FROM note").fetchone()[0]
    assert (done.returncode == 0) == (noted == entries), done
    assert done.returncode == 0 or "which nobody signed" in done.stderr
    story.server.start()


def entry_of_an_admin(folder):
    """Behind what the checkpoint covers: an operator who ended is in use again, as an admin."""
    lab.run("/usr/bin/python3", "-c", """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE operator SET state = 1, role = 3 WHERE id = 2")
db.commit()""", str(folder / "troth.db"))


def test_rows_that_no_entry_made_are_found_also_by_continue(story):
    story.server.stop()
    entry_of_an_admin(story.folder)
    seal_anew(story.folder)
    refused(story.server, RESTORE, "--continue", story.folder, exit_status=1, says="operator")
    flip(story.folder)
    refused(story.server, RESTORE, "--continue", story.folder, exit_status=1, says="not what it was")


# ---- what must not come back -----------------------------------------------------------------------


def test_a_quarantine_by_a_person_stays_one(troth, tmp_path):
    """The backup has the automatic one that was before it."""
    alice = troth.bootstrap()
    alice.add_product("pump")
    keys = {"P": lab.make_key(), "Q": lab.make_key()}
    alice.import_devices("pump", keys)
    Unit(troth, "P", keys["P"])
    copier = Unit(troth, "Q", keys["Q"])
    copier.renew()
    assert copier.client().enrol(copier.renewal(keys["P"]), again=True).status == 403
    assert alice.state("pump", "Q") == "quarantined"
    time.sleep(1)
    trothd(troth, "backup", tmp_path / "backup")
    alice.set("pump", "Q", "readmit").ok()
    alice.set("pump", "Q", "quarantine").ok()

    def by_its_first_proof():
        me = lab.make_certificate(keys["Q"], "Q")
        client = lab.Device(troth, "pump", keys["Q"], [me])
        return client.enrol(lab.make_csr(lab.make_key(), "Q")).status

    assert by_its_first_proof() == 403
    time.sleep(2)
    troth.stop()
    lose_database(troth)
    restore(troth, tmp_path / "backup")
    troth.start()
    assert by_its_first_proof() == 403
    assert alice.state("pump", "Q") == "quarantined"


def test_what_was_revoked_and_expired_since_gets_no_grace(late, tmp_path):  # noqa: F811
    server, alice = late
    alice.add_product("meter", grace_s=60 * DAY_S)
    device = enrol(server, alice, "meter", "M-1")
    time.sleep(1)
    environment = {**os.environ, **server.environment}

    def offline(*words):
        lab.run(lab.program("trothd"), *map(str, words), "--config", str(server.config_file), env=environment)

    offline("backup", tmp_path / "backup")
    alice.post(f"/certificates/{lab.serial_hex(device.chain[0])}/revoke", {"reason": "key-compromise"}).ok()
    assert lab.eventually(lambda: is_on_crl(server, device.chain[0]))
    jump(server, alice, 99)
    assert renew(device, lab.make_key()).status == 403
    assert is_on_crl(server, device.chain[0])  # the list is there, and is the last
    server.stop()
    lose_database(server)
    offline(RESTORE, "--continue", tmp_path / "backup")
    server.start()
    again = lab.Operator(server, alice.key, alice.chain[0])
    again.context().verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    again.post("/clock/accept").ok()
    assert lab.eventually(lambda: renew(device, lab.make_key()).status != 503)
    assert renew(device, lab.make_key()).status == 403


def test_a_hold_that_the_copy_does_not_know_is_there_again(story):
    server, alice = story.server, story.alice
    alice.import_devices("pump", {"H-1": lab.make_key()}, hold="yes")
    time.sleep(1.5)
    server.stop()
    lose_database(server)
    restore(server, story.folder)
    server.start()
    assert alice.show("pump", "H-1")["device"]["hold"]


def test_a_list_that_its_issuer_did_not_sign_says_nothing(story):
    server = story.server
    story.go_on()
    server.stop()
    crls = server.folder / "public" / "crl"
    spoiled = 0
    for path in crls.glob("[34]-*.crl"):
        octets = bytearray(path.read_bytes())
        octets[-1] ^= 1  # within the signature
        path.write_bytes(octets)
        spoiled += 1
    assert spoiled > 0
    refused(server, RESTORE, "--continue", story.folder, exit_status=5, says="--lists")


def test_a_history_that_a_restore_left_behind_is_nobodys(story, tmp_path):
    server = story.server
    story.go_on()
    trothd(server, "backup", tmp_path / "left")
    server.stop()
    restore(server, story.folder)
    refused(server, RESTORE, "--continue", tmp_path / "left", exit_status=5, says="left its history behind")
    restore(server, story.folder)  # the same again is fine
    server.start()
    server.stop_and_audit()


def test_an_older_journal_is_refused(story):
    server = story.server
    server.stop()
    journal = server.folder / "data" / "signer" / "journal"
    older = journal.read_bytes()
    server.start()
    Unit(server, "P-7", story.keys["P-7"])
    folder = story.folder.with_name("later")
    trothd(server, "backup", folder)
    server.stop()
    journal.write_bytes(older)
    refused(server, RESTORE, "--continue", folder, exit_status=5, says="it is an older one")


# ---- a journal that was lost -------------------------------------------------------------------------


def test_a_dry_run_with_a_lost_journal_leaves_nothing(troth, tmp_path):
    alice = troth.bootstrap()
    time.sleep(1)
    trothd(troth, "backup", tmp_path / "backup")
    troth.stop()
    lose_database(troth)
    lose_journal(troth)
    before = sorted((troth.folder / "data").rglob("*"))
    restore(troth, tmp_path / "backup", "--journal-lost", "--dry-run")
    assert sorted((troth.folder / "data").rglob("*")) == before
    restore(troth, tmp_path / "backup", "--journal-lost")
    troth.start()
    alice.get("/status").ok()


def test_numbers_leap_again_when_the_same_backup_is_gone_on_from_again(story):
    server = story.server
    time.sleep(1)
    shutil.rmtree(story.folder)
    story.backup()
    server.stop()
    lose_database(server)
    lose_journal(server)
    restore(server, story.folder, "--journal-lost")
    server.start()
    first = Unit(server, "P-7", story.keys["P-7"])
    story.units["P-5"].renew()
    time.sleep(2.5)
    number = crl_number(server, first.leaf)
    server.stop()
    lose_database(server)
    # The journal is here: it began with that epoch.
    restore(server, story.folder)
    server.start()
    second = Unit(server, "P-6", story.keys["P-6"])
    assert index_of(second.leaf) > index_of(first.leaf)
    assert lab.eventually(lambda: is_on_crl(server, first.leaf))
    assert crl_number(server, first.leaf) > number
    server.stop_and_audit()


def test_lists_are_asked_for_also_when_the_journal_is_lost(story):
    server = story.server
    time.sleep(1.5)  # until lists are as they are to be: the backup is to have none of them
    for path in (server.folder / "public" / "crl").iterdir():
        path.unlink()
    shutil.rmtree(story.folder)
    story.backup()
    server.stop()
    lose_database(server)
    lose_journal(server)
    refused(server, RESTORE, "--continue", story.folder, "--journal-lost", exit_status=5, says="--incomplete")


def two_approvers(troth, tmp_path):
    alice = troth.bootstrap()
    bob = alice.add_operator("bob", "admin")
    make_approver(alice, "alice", [alice])
    make_approver(alice, "bob", [alice])
    return alice, bob, {name: one.command_line(tmp_path / name) for name, one in (("alice", alice), ("bob", bob))}


def test_who_ends_anothers_certificate_does_not_restore_alone(troth, tmp_path):
    alice, bob, people = two_approvers(troth, tmp_path)
    alice.post(f"/certificates/{lab.serial_hex(bob.chain[0])}/revoke", {"reason": "key-compromise"}).ok()
    time.sleep(2)
    trothd(troth, "backup", tmp_path / "backup")
    troth.stop()
    lose_database(troth)
    lose_journal(troth)
    request, signatures = tmp_path / "request", tmp_path / "signatures"
    words = (RESTORE, "--continue", tmp_path / "backup", "--journal-lost", "--request", request)
    refused(troth, *words, exit_status=5, says="troth approval sign --file")
    signatures.write_text(sign(tmp_path, people["alice"], request))
    refused(troth, *words, "--signatures", signatures, exit_status=5, says="signed by 1")


def test_a_key_that_was_revoked_signs_no_restore(troth, tmp_path):
    alice, bob, people = two_approvers(troth, tmp_path)
    time.sleep(1)
    trothd(troth, "backup", tmp_path / "backup")
    alice.post(f"/certificates/{lab.serial_hex(bob.chain[0])}/revoke", {"reason": "key-compromise"}).ok()
    assert lab.eventually(lambda: is_on_crl(troth, bob.chain[0]))
    time.sleep(1)
    troth.stop()
    request, signatures = tmp_path / "request", tmp_path / "signatures"
    words = (RESTORE, "--continue", tmp_path / "backup", "--request", request)
    refused(troth, *words, exit_status=5, says="troth approval sign --file")
    signatures.write_text("".join(sign(tmp_path, one, request) for one in people.values()))
    refused(troth, *words, "--signatures", signatures, exit_status=5, says="signed by 1")


# ---- kill -9 -----------------------------------------------------------------------------------------


STEPS = {
    "before the copy is in place": lambda line: " rename " in line and line.endswith("store/troth.db"),
    "before the folder is synced": lambda line: " fsync " in line and line.endswith("data/store"),
    "before the journal": lambda line: " write " in line and "signer/journal" in line,
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("is_lost", [False, True], ids=["journal", "lost"])
def test_killed_before_its_end_no_server_starts_and_it_is_begun_anew(story, tmp_path, step, is_lost):
    server = story.server
    story.go_on()
    server.stop()
    lose_database(server)
    words = [RESTORE, "--continue", str(story.folder)]
    if is_lost:
        lose_journal(server)
        words.append("--journal-lost")
    shim, log = tmp_path / "kill.so", tmp_path / "steps"
    lab.run("cc", "-shared", "-fPIC", "-o", str(shim), str(lab.SOURCE / "tests" / "scenario" / "fault" / "kill.c"))
    first = lab.run("cc", "-print-file-name=libasan.so").stdout.strip() if lab.SANITIZED else ""
    for name in ("data", "public"):
        shutil.copytree(server.folder / name, tmp_path / name)

    def run(**environment):
        return lab.run(lab.program("trothd"), *words, "--config", str(server.config_file), check=False,
                       env={**os.environ, "LD_PRELOAD": f"{first} {shim}".strip(), **environment})

    assert run(KILL_LOG=str(log)).returncode == 0
    number = [line.split()[0] for line in log.read_text().splitlines() if STEPS[step](line)][-1]
    for name in ("data", "public"):
        shutil.rmtree(server.folder / name)
        shutil.copytree(tmp_path / name, server.folder / name)
    assert run(KILL_AT=number).returncode == -9
    is_whole = is_lost and step == "before the folder is synced"  # there the journal is first
    if not is_whole:
        with pytest.raises(AssertionError, match="ended while starting|not ready"):
            server.start()
        server.kill()
        restore(server, story.folder, *words[3:])
    server.start()
    assert story.units["P-1"].may_renew().status in (401, 403)
    if not is_lost:
        assert story.alice.state("pump", "P-2") == "retired"
    server.stop_and_audit()


def test_a_restore_that_is_refused_changed_nothing(story):
    """Here: the users that the configuration names are not there."""
    server = story.server
    server.stop()
    lose_database(server)
    lose_journal(server)
    server.config["users"] = "nobody-has-this"
    server.write_config()
    refused(server, RESTORE, "--continue", story.folder, "--journal-lost", exit_status=1, says="there is no user")
    assert not (server.folder / "data" / "store" / "troth.db").exists()


def test_a_request_of_two_people_runs_once_also_when_the_journal_is_lost(troth, tmp_path):
    alice, _, people = two_approvers(troth, tmp_path)
    alice_product = waiting(alice.post("/products", {"name": "pump"}))["approval"]
    assert alice_product  # what takes two still takes two
    time.sleep(1)
    trothd(troth, "backup", tmp_path / "backup")
    troth.stop()
    lose_database(troth)
    lose_journal(troth)
    request, signatures = tmp_path / "request", tmp_path / "signatures"
    words = (RESTORE, "--continue", tmp_path / "backup", "--journal-lost", "--request", request)
    refused(troth, *words, exit_status=5, says="troth approval sign --file")
    signatures.write_text("".join(sign(tmp_path, one, request) for one in people.values()))
    trothd(troth, *words, "--signatures", signatures)
    troth.start()
    time.sleep(1)
    troth.stop()
    lose_journal(troth)  # by one person
    done = trothd(troth, *words, "--signatures", signatures, check=False)
    assert done.returncode != 0, done
