"""The person's walk (script/walk) over two machines that have never seen the project, from the installation to the
restore; and the transcript of one in docs/walk.md, whose commands are those of the script."""

import os
import re
import subprocess

import pytest

import lab

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="dpkg and mounts want root"),
    pytest.mark.skipif(lab.BUILD.name != "build", reason="packages have a build of their own"),
]


def commands(text):
    return re.findall(r"^(?:first|second)\$ .*$", text, re.M)


def test_the_walk_is_walked_and_its_transcript_is_of_today(packages):
    folder = packages["troth-server"].parent
    done = subprocess.run([str(lab.SOURCE / "script" / "walk"), str(folder)], capture_output=True,
                          text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "walk: done" in done.stderr
    kept = (lab.SOURCE / "docs" / "walk.md").read_text(encoding="utf-8")
    assert commands(kept) == commands(done.stdout)
    for said in ("A new epoch began behind", "all as the ledger says", "what replay makes of the entries"):
        assert said in done.stdout and said in kept
