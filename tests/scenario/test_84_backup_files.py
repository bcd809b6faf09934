"""The files of a backup: whatever the folder is called, what was written verifies; and every file in it is what
the database says, or is refused by name (design 9)."""

import hashlib
import os
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
        assert saved == [name for name in served if not name.startswith("tile/")]
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
