"""The files of a backup: whatever the folder is called, what was written verifies; and every file in it is what
the database says, or is refused by name (design 9)."""

import hashlib
import shutil
import time

import lab
import pytest

from test_82_restore import RESTORE, refused, trothd


def seal_anew(folder):
    """SHA256SUMS by somebody who changed a file."""
    files = sorted((one for one in folder.rglob("*") if one.is_file() and one.name != "SHA256SUMS"),
                   key=lambda one: one.relative_to(folder).parts)
    (folder / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.relative_to(folder)}\n" for one in files))


def names_below(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


# ---- what was written verifies ---------------------------------------------------------------------


@pytest.mark.parametrize("slashes", ["", "/", "//"])
def test_a_slash_behind_the_folders_name_changes_nothing(troth, tmp_path, slashes):
    folder = tmp_path / "backup"
    troth.bootstrap()
    trothd(troth, "backup", f"{folder}{slashes}")
    lab.run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=folder)
    for other in ("", "/", "//"):
        trothd(troth, RESTORE, "--verify", f"{folder}{other}")


@pytest.mark.parametrize("public", ["public/", "link"])
def test_the_public_folder_may_have_a_slash_behind_it_or_be_a_link(tmp_path, public):
    home = tmp_path / "troth"
    (home / "real").mkdir(parents=True)
    (home / "link").symlink_to("real")
    server = lab.Server(home, {"public": public}).init()
    try:
        server.start().bootstrap()
        assert lab.eventually(lambda: (home / public / "checkpoint").exists())
        trothd(server, "backup", tmp_path / "backup")
        saved, served = names_below(tmp_path / "backup" / "public"), names_below(home / public)
        assert "checkpoint-keys" in saved and "ca/1.cer" in saved and "crl/root-1.crl" in saved, saved
        assert saved == [name for name in served if not name.startswith(("tile/", "status/"))]
        trothd(server, RESTORE, "--verify", tmp_path / "backup")
    finally:
        server.kill()


def test_a_name_that_the_sums_have_no_line_for_ends_the_backup(troth, tmp_path):
    troth.bootstrap()
    trothd(troth, "backup", tmp_path / "good")
    name = "a\nb"
    (troth.folder / "public" / name).write_text("x")
    refused(troth, "backup", tmp_path / "backup", exit_status=1, says="control character")
    assert not (tmp_path / "backup" / "SHA256SUMS").exists()
    (tmp_path / "good" / "public" / name).write_text("x")
    refused(troth, RESTORE, "--verify", tmp_path / "good", exit_status=1, says="control character")


@pytest.mark.parametrize("change", [lambda text: text + "\n", lambda text: text[:-1], lambda text: text + "\n\n"])
def test_sums_that_end_otherwise_are_refused_and_not_read_for_ever(troth, tmp_path, change):
    trothd(troth, "backup", tmp_path / "backup")
    sums = tmp_path / "backup" / "SHA256SUMS"
    sums.write_text(change(sums.read_text()))
    refused(troth, RESTORE, "--verify", tmp_path / "backup", exit_status=1, says="E7007")


# ---- what it says when it does not begin -----------------------------------------------------------


def test_a_folder_that_is_not_there_is_called_that(troth, tmp_path):
    trothd(troth, "backup", tmp_path / "backup")
    refused(troth, RESTORE, "--verify", tmp_path / "nowhere", exit_status=7, says="there is no such folder")
    troth.stop()
    refused(troth, RESTORE, "--continue", tmp_path / "nowhere", exit_status=7, says="there is no such folder")
    refused(troth, RESTORE, "--continue", tmp_path / "backup", "--lists", tmp_path / "nowhere", exit_status=7,
            says=f"--lists {tmp_path / 'nowhere'}: there is no such folder")


def test_a_full_folder_is_refused_with_a_next_step_that_helps(troth, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    said = refused(troth, "backup", tmp_path / "full", exit_status=9, says="a backup goes into a new folder").stderr
    assert "name another" in said


def test_a_restore_beside_a_server_says_to_stop_it(troth, tmp_path):
    troth.bootstrap()
    trothd(troth, "backup", tmp_path / "backup")
    said = refused(troth, RESTORE, "--continue", tmp_path / "backup", exit_status=9, says="E7009").stderr
    assert "a server or a restore that runs has it" in said and "Stop that one" in said, said


def test_a_file_that_is_not_of_the_server_is_left_out_and_named(troth, tmp_path):
    troth.bootstrap()
    public = troth.folder / "public"
    (public / "index.html").write_text("x")
    (public / "crl" / "1-0-0.crl.aB3dE6").write_text("half of a list")
    said = trothd(troth, "backup", tmp_path / "backup").stderr
    assert said == "public/index.html is left out: the copied database knows no such file\n"
    trothd(troth, RESTORE, "--verify", tmp_path / "backup")


# ---- what is in it ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A backup with a CRL that has an entry, of a server that is stopped."""
    server = lab.Server(tmp_path_factory.mktemp("troth") / "troth").init()
    folder = server.folder / "backup"
    try:
        server.start()
        alice = server.bootstrap()
        bob = alice.add_operator("bob", "operator")
        bob.get("/status").ok()
        number = next(one["id"] for one in alice.pages("/operators") if one["name"] == "bob")
        alice.post(f"/operators/{number}/remove", {}).ok()
        assert lab.eventually(lambda: list((server.folder / "public" / "crl").glob("4-*.crl")))
        assert lab.eventually(lambda: (server.folder / "public" / "checkpoint").exists())
        time.sleep(1)
        trothd(server, "backup", folder)
        server.stop()
    finally:
        server.kill()
    return server, folder


def spoilt():
    """(file, what is put there, what is said of it)."""
    garbage = b"another's"
    yield "ca/root.cer", garbage, "not the certificate of issuer 1"
    yield "ca/idevid.cer", "ca/ldevid.cer", "not the certificate of issuer 2"
    yield "ca/operations.cer", garbage, "not the certificate of issuer 4"
    yield "ca/root.pem", garbage, "not the certificate of issuer 1"
    yield "ca/ceremony.txt", garbage, "not the one in the log's first entry"
    yield "ca/more.cer", "ca/root.cer", "no file of a backup has this name"
    yield "ca/root.cer", None, "it is missing"
    yield "ca/root.pem", None, "it is missing"
    yield "ca/ceremony.txt", None, "it is missing"
    yield "public/ca/1.cer", garbage, "not the certificate of issuer 1"
    yield "public/ca/3.cer", "public/ca/2.cer", "not the certificate of issuer 3"
    yield "public/ca/5.cer", "public/ca/4.cer", "of issuer 5, which the database does not have"
    yield "public/ca/01.cer", "public/ca/1.cer", "no file of a backup has this name"
    yield "public/evil.html", garbage, "no file of a backup has this name"
    yield "public/status/2-30-0.cwt", garbage, "no file of a backup has this name"
    yield "public/tile/0/000", garbage, "no file of a backup has this name"
    yield "public/crl/evil.crl", garbage, "no file of a backup has this name"
    yield "public/crl/1-0-0.crl", garbage, "wanted is a CRL of issuer 1"
    yield "public/crl/3-0-0.crl", "public/crl/1-0-0.crl", "not signed by the key of issuer 3"
    yield "public/crl/root-2.crl", "public/crl/root-3.crl", "has another name by what it says"
    yield "public/crl/root-7-1.crl", "public/crl/root-1.crl", "of issuer 7, which the database does not have"
    yield "public/checkpoint", garbage, "wanted is one signed by the keys in checkpoint-keys"


@pytest.mark.parametrize("name, content, says", [*spoilt(), ("public/crl/4-9-9.crl", "4-*.crl", "has another name")])
def test_a_file_that_somebody_put_into_a_backup_is_refused_by_name(kept, tmp_path, name, content, says):
    """With its sum made anew, by restore --verify and by --place on another machine."""
    server, good = kept
    folder = tmp_path / "backup"
    shutil.copytree(good, folder)
    trothd(server, RESTORE, "--verify", folder)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        source = next((good / "public" / "crl").glob(content)) if "*" in content else good / content
        shutil.copy(source, path)
    seal_anew(folder)
    refused(server, RESTORE, "--verify", folder, exit_status=1, says="E7007")
    said = refused(server, RESTORE, "--verify", folder, exit_status=1, says=says).stderr
    assert f"{folder}/{name}: " in said, said
    fresh = lab.Server(tmp_path / "fresh")
    fresh.write_config()
    refused(fresh, RESTORE, "--place", folder, exit_status=1, says=says)
    assert not (fresh.folder / "public").exists()
