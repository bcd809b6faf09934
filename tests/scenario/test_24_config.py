"""`troth config check` and `show`: every fault with file and line, what is shown reads as the same, and the
exit status says whether a start would go well."""

import re
import shutil
import socket

import lab
import pytest

TEXT = """\
data: data
public: public
passphrase_file: passphrase
server:
  names: [localhost]
listen:
  device: 127.0.0.1:{device}
  operator: 127.0.0.1:{operator}
  plain: 127.0.0.1:{plain}
  local: local.sock
lab: yes
"""


@pytest.fixture
def site(tmp_path):
    """What `trothd init` made, and a configuration of eleven lines."""
    server = lab.Server(tmp_path / "troth").init()
    server.config_file.write_text(TEXT.format(**server.ports))
    yield server
    server.kill()


def check(server, *arguments):
    return lab.run(lab.program("troth"), "config", "check", str(server.config_file), *arguments, check=False)


def expect_fault(server, line, said, status=1):
    done = check(server)
    assert done.returncode == status, done
    at = f"{server.config_file}:{line}: " if line else f"{server.config_file}: "
    assert any(one.startswith(at) and said in one for one in done.stderr.splitlines()), done.stderr
    assert "valid" not in done.stdout


def test_a_site_that_would_start_has_no_fault_also_while_it_runs(site):
    done = check(site)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "valid" in done.stdout
    site.start()
    done = check(site)
    assert (done.returncode, done.stderr) == (0, ""), done
    site.stop()


def test_a_port_in_use_is_named_with_its_line(site):
    with socket.create_server(("127.0.0.1", site.ports["plain"])):
        expect_fault(site, 9, "listen.plain: 127.0.0.1:")


def test_paths_that_are_not_there_or_open_to_others_are_named(site):
    data = site.folder / "data"
    key = data / "signer" / "ldevid.pem"
    key.chmod(0o644)
    expect_fault(site, 1, f"{key} has mode 0644, wanted 0600")
    key.chmod(0o600)
    (data / "store").chmod(0o755)
    expect_fault(site, 1, "store has mode 0755, wanted at most 0700")
    (data / "store").chmod(0o700)
    (site.folder / "passphrase").chmod(0o640)
    expect_fault(site, 3, "passphrase has mode 0640")
    (site.folder / "passphrase").chmod(0o600)
    shutil.move(site.folder / "public", site.folder / "away")
    expect_fault(site, 2, "public: No such file or directory")
    shutil.move(site.folder / "away", site.folder / "public")
    shutil.move(data / "ca", site.folder / "ca")
    expect_fault(site, 1, "begin with trothd init")


def test_certificates_and_keys_that_do_not_belong_together_are_named(site):
    signer = site.folder / "data" / "signer"
    own, other = (signer / "ldevid.cer").read_bytes(), (signer / "idevid.cer").read_bytes()
    (signer / "ldevid.cer").write_bytes(other)
    expect_fault(site, 1, "are two certificates")
    (signer / "ldevid.cer").write_bytes(own)
    (site.folder / "passphrase").write_text("another passphrase\n")
    expect_fault(site, 3, "passphrase_file: ")
    assert "another passphrase" not in check(site).stderr


def test_a_readable_root_key_is_a_status_of_its_own(site):
    site.config_file.write_text(TEXT.format(**site.ports).replace("lab: yes\n", ""))
    expect_fault(site, 0, "lab (default): ", status=5)
    assert check(site, "--syntax").returncode == 0


def test_what_does_not_parse_is_one_fault_with_its_line(site):
    site.config_file.write_text(TEXT.format(**site.ports) + "nonsense: 1\n")
    done = check(site)
    assert done.returncode == 1 and f"{site.config_file}:12: " in done.stderr, done


def test_a_part_of_the_sandbox_that_is_refused_is_said_and_no_fault(site):
    site.config_file.write_text(TEXT.format(**site.ports) + "sandbox:\n  landlock: off\n")
    done = check(site)
    assert done.returncode == 0
    assert f"{site.config_file}:13: sandbox.landlock: refused by name" in done.stderr


def test_what_is_shown_reads_as_the_same_and_has_no_secret(site, tmp_path):
    def show(path):
        return lab.run(lab.program("troth"), "config", "show", str(path)).stdout

    shown = show(site.config_file)
    assert "correct horse" not in shown
    assert f'data: "{site.folder}/data"\n' in shown
    assert "  idle_s: 60 # default\n" in shown and "lab: yes\n" in shown
    again = tmp_path / "shown.yaml"
    again.write_text(shown)
    values = [line.split(" #")[0] for line in shown.splitlines()]
    assert [line.split(" #")[0] for line in show(again).splitlines()] == values
    site.config_file.write_text(shown)
    site.start().stop()
    example = lab.SOURCE / "packaging" / "troth.yaml"
    assert all("# default" not in line or "passphrase" in line for line in show(example).splitlines())


def test_every_key_of_the_example_is_a_setting_that_is_shown(tmp_path):
    """A key that the table of settings lacks would be taken over by no reload, and nobody told."""
    example = lab.SOURCE / "packaging" / "troth.yaml"
    key = re.compile(r"^( *)(?:# )?([a-z_]+):(?: |$)", re.M)
    known = {match[1] for match in key.findall(example.read_text())}
    config = tmp_path / "troth.yaml"
    config.write_text("passphrase_file: passphrase\nusers: troth\n")  # shown when they are set
    shown = lab.run(lab.program("trothd"), "config", "show", str(config)).stdout
    assert {match[1] for match in key.findall(shown)} == known - {"yes"}
