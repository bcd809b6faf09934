"""The commands of README's "One device by hand" answer as README says, up to numbers and dates."""

import os
import re
import subprocess

import lab

SECTION = re.compile(r"^## One device by hand$(.*?)^## ", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:]+Z|\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4}"
                  r"|\b\w{3} [ \d]\d(?= \d\d:\d\d:\d\d)")
NUMBER = re.compile(r"\b[0-9a-fA-F]*\d[0-9a-fA-F]*\b")
PORTS = {"8443": "device", "8444": "operator", "8080": "plain"}
# Where a person is slower than the server: it starts, hears of a first use, makes the CRL.
PAUSES = {"trothd ": "until grep -qs event=ready trothd.log; do sleep 0.05; done",
          "openssl verify": "sleep 1", "troth device revoke": "sleep 2"}


def steps():
    """(command, what it prints) of every `$ `; a command goes on in lines that a shell goes on in."""
    text = "".join(FENCE.findall(SECTION.search((lab.SOURCE / "README.md").read_text()).group(1)))
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = step.splitlines()
        count = 1
        while lines[count - 1].endswith(("\\", "|")):
            count += 1
        yield "\n".join(lines[:count]), [line for line in lines[count:] if line]


def plain(text):
    """Without what differs between two runs."""
    return NUMBER.sub("#", DATE.sub("@", text.replace("\r", ""))).rstrip()


def script(ports):
    yield "umask 077"
    for number, (command, _) in enumerate(steps()):
        for port, name in PORTS.items():
            command = command.replace(f"localhost:{port}", f"localhost:{ports[name]}")
        listen = ", ".join(f"{name}: 127.0.0.1:{ports[name]}" for name in PORTS.values())
        yield f"echo '@step {number}'"
        yield command.replace("listen: {", f"listen: {{{listen}, ")
        yield from (pause for word, pause in PAUSES.items() if command.startswith(word))
    yield "wait"


def test_the_commands_of_the_readme_answer_as_it_says(tmp_path):
    ports = dict(zip(PORTS.values(), lab.free_ports(len(PORTS)), strict=True))
    environment = {**os.environ, "PATH": f"{lab.BUILD}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", "\n".join(script(ports))], cwd=tmp_path, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    seen = [part.splitlines()[1:] for part in re.split(r"^@step ", done.stdout, flags=re.MULTILINE)[1:]]
    wanted = list(steps())
    assert len(seen) == len(wanted) > 15, done.stdout
    for (command, says), lines in zip(wanted, seen, strict=True):
        printed = [plain(line.replace(f"{tmp_path}/", "")) for line in lines if line.strip()]
        assert printed == [plain(line) for line in says], command
