"""What the programs say to shells and to man: completion, and a page for every command and file."""

import os
import re

import pytest

import lab

# bash and zsh are told what was typed, as their own line editors would tell it; zsh's two ways to
# offer something print it instead. fish completes a line by itself.
BASH = """source "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"_$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """script=$0
words=("$@") CURRENT=$#
compadd() { shift; print -l -- ${(M)@:#$words[CURRENT]*}; }
_files() { print -l -- $words[CURRENT]*(N); }
source $script
"""
FISH = """source $argv[1]
complete -C (string join ' ' -- $argv[2..])
"""


@pytest.fixture(params=["bash", "zsh", "fish"])
def offered(request, tmp_path):
    """What the shell offers for the last of the words."""
    shell = request.param

    def ask(*words):
        script = tmp_path / f"{words[0]}.{shell}"
        script.write_text(lab.run(lab.program(words[0]), "--completion", shell).stdout)
        first = {"bash": ["bash", "--norc", "-c", BASH], "zsh": ["zsh", "-f", "-c", ZSH],
                 "fish": ["fish", "--no-config", "-c", FISH]}[shell]
        done = lab.run(*first, str(script), *words, cwd=tmp_path)
        assert done.stderr == ""
        return {line.split("\t")[0] for line in done.stdout.splitlines() if line}
    return ask


def test_no_script_for_a_shell_that_there_is_not():
    done = lab.run(lab.program("troth"), "--completion", "csh", check=False)
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_word_that_begins_nothing_is_offered_nothing(offered):
    assert offered("troth", "nonsense") == set()
    assert offered("troth", "nonsense", "") == set()
    assert offered("troth", "device", "show", "--nonsense") == set()


def test_nouns_then_verbs_then_options_then_their_words(offered):
    assert {"device", "product", "audit", "help"} <= offered("troth", "")
    assert offered("troth", "dev") == {"device"}
    assert {"show", "list", "import"} <= offered("troth", "device", "")
    assert offered("troth", "device", "sh") == {"show"}
    assert offered("troth", "device", "list", "--j") == {"--json"}
    assert offered("troth", "device", "list", "--state", "q") == {"quarantined"}
    assert offered("troth", "device", "list", "--product", "") == set()


def test_paths_where_a_path_is_wanted(offered, tmp_path):
    (tmp_path / "fleet.csv").touch()
    assert "fleet.csv" in offered("troth", "device", "import", "fl")
    assert "fleet.csv" in offered("troth", "login", "--key", "fl")
    assert offered("troth", "device", "show", "fl") == set()


@pytest.mark.parametrize("name", ["troth", "trothd", "troth-agent"])
def test_every_command_of_every_program_is_offered_with_its_options(offered, name):
    """One question a noun and one of its commands: the table itself is --commands."""
    rows = [line.split() for line in
            lab.run(lab.program(name), "--commands").stdout.splitlines()]
    for noun in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == noun]
        verb = [own[0][1]] if own[0][1:2] and own[0][1].islower() and own[0][1][0] != "-" else []
        if verb:
            assert offered(name, noun, "") == {row[1] for row in own}
        options = {word for word in own[0] if word.startswith("--")}
        assert options <= offered(name, noun, *verb, "--")


def test_every_page_of_the_manual_is_clean_and_every_noun_has_one():
    pages = sorted((lab.SOURCE / "docs" / "man").glob("*.[158]"))
    for page in pages:
        done = lab.run("man", "--warnings", "-l", str(page), env={**os.environ, "MANWIDTH": "80"})
        assert done.stderr == "", page
        assert "NAME" in done.stdout, page
    names = {page.name for page in pages}
    for line in lab.run(lab.program("troth"), "--commands").stdout.splitlines():
        assert f"troth-{line.split()[0]}.1" in names
    for page in pages:  # what a page sends people to is there
        for name, section in re.findall(r"^([\w.-]+)\((\d)\),?", "\n".join(
                page.read_text().replace("\\-", "-").split(".SH SEE ALSO")[-1].split()), re.M):
            assert f"{name}.{section}" in names, (page.name, name)
