"""The gate behind Debian's nginx and Caddy: mutual TLS, admission of each request, and every bad day. The nginx
configuration is the one that the package has."""

import contextlib
import http.client
import json
import os
import shutil
import time

import pytest
from cryptography import x509

import doors
import lab
from doors import SERVICE

CONF = lab.SOURCE / "packaging"
GATE_CONNECTIONS = 1024  # boundary/gate/include/gate/serve.h


def nginx(folder, site, root, socket, application_port):
    """Two services, and an application behind them."""
    places = "".join(doors.question_place(folder, service) + f"""
        location /{service}/ {{
            auth_request /_troth/{service};
            include {folder}/troth-identity.conf;
            proxy_pass http://127.0.0.1:{application_port};
        }}""" for service in (SERVICE, "other"))
    return doors.Nginx(folder, site, root, socket, places)


class Door:
    """A client's side of a proxy."""

    def __init__(self, port, site):
        self.port, self.site = port, site

    @contextlib.contextmanager
    def connection(self, holder=None):
        context = holder.context(self.site) if holder else doors.ssl.create_default_context(cafile=str(self.site))
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, holder=None, path=f"/{SERVICE}/x", headers=None):
        """Status and the headers that reached the application."""
        with self.connection(holder) as connection:
            return ask(connection, path, headers)


def ask(connection, path=f"/{SERVICE}/x", headers=None):
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, dict(json.loads(body)) if answer.status == 200 else {}


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    """One server, one gate over a wire that can be cut, nginx, an application, product "meter"."""
    folder = tmp_path_factory.mktemp("gate")
    with doors.bedded(folder, "meter") as (bed, stack):
        bed.wire = stack.enter_context(doors.Wire(bed.server.ports["device"]))
        bed.state = doors.enrol(bed.troth, folder, "gate", SERVICE, "other", port=bed.wire.port)
        bed.troth("binding", "add", SERVICE, "--product", "meter", "--actions", "request", "--pattern",
                  f"/{SERVICE}/")
        bed.gate = stack.enter_context(doors.Gate(bed.state, folder))
        port = stack.enter_context(doors.application())
        bed.nginx = stack.enter_context(
            nginx(folder, bed.site, bed.server.root_pem, bed.gate.socket, port))
        bed.door = Door(bed.nginx.port, bed.site[0])
        yield bed


def admitted(bed, holder):
    """The gate knows it: its number came with a delta."""
    doors.sure(lambda: bed.door.get(holder)[0] == 200)
    return holder


def quick(question, within_s=1.0):
    """How long until it is so."""
    begun = time.monotonic()
    doors.sure(question, within_s)
    return time.monotonic() - begun


# ---- nginx -------------------------------------------------------------------------------------


def test_a_device_is_admitted_and_named_to_the_application(bed):
    holder = admitted(bed, bed.new_holder())
    status, headers = bed.door.get(holder)
    assert status == 200
    assert headers["x-troth-device"] == holder.serial
    assert headers["x-troth-product"] == "meter" and headers["x-troth-owner"] == "acme"
    assert headers["x-troth-serial"].lower() == lab.serial_hex(holder.leaf)


def test_a_question_does_not_take_the_core_from_the_proxy(bed):
    assert {os.sched_getscheduler(int(task)) for task in os.listdir(f"/proc/{bed.gate.child.pid}/task")} == {os.SCHED_BATCH}


def test_a_clients_own_identity_headers_are_never_believed(bed):
    holder = admitted(bed, bed.new_holder(owner=""))
    lies = {"X-Troth-Device": "SN-0", "X-Troth-Product": "other", "X-Troth-Owner": "evil",
            "X-Troth-Verify": "SUCCESS", "X-Troth-Serial": "01", "X-Troth-Service": "other",
            "X-Troth-Der": "AAAA", "X-Troth-Pem": "AAAA", "X-Troth-Path": "/other/", "X-Troth-Until": "Dec  1 00:00:00 2099 GMT"}
    status, headers = bed.door.get(holder, headers=lies)
    assert status == 200
    assert headers["x-troth-device"] == holder.serial and headers["x-troth-product"] == "meter"
    ours = {name for name in headers if name.startswith("x-troth-")}
    assert ours == {"x-troth-device", "x-troth-product", "x-troth-serial"}
    assert bed.door.get(None, headers=lies)[0] == 401


def test_without_a_certificate_it_is_401(bed):
    assert bed.door.get()[0] == 401


def test_a_certificate_of_somebody_elses_is_refused_by_nginx(bed):
    key = lab.make_key()
    own = lab.make_certificate(key, "SN-1")
    assert bed.door.get(doors.Holder(bed.folder, "stranger", key, [own]))[0] == 400


def test_another_service_and_another_path_are_refused(bed):
    holder = admitted(bed, bed.new_holder())
    assert bed.door.get(holder, "/other/x")[0] == 403
    for path in (f"/{SERVICE}/../other/x", f"/{SERVICE}/%2e%2e/other", f"//{SERVICE}/x"):
        assert bed.door.get(holder, path)[0] in (301, 403, 404), path  # nginx sends /other to /other/


def connections_of(path):
    """Of who listens there: the kernel's numbers."""
    rows = [row.split() for row in open("/proc/net/unix", encoding="ascii").read().splitlines()]
    return {row[6] for row in rows if row[-1] == str(path) and row[5] == "03"}


def test_nginx_keeps_its_connection_to_the_gate(bed):
    holder = admitted(bed, bed.new_holder())
    with bed.door.connection(holder) as connection:
        assert ask(connection)[0] == 200
        before = connections_of(bed.gate.socket)
        for path in (f"/{SERVICE}/x", "/other/x") * 5:
            ask(connection, path)
        assert before and connections_of(bed.gate.socket) == before


@pytest.mark.parametrize("verb", ["revoke", "quarantine", "retire", "lost"])
def test_the_next_request_of_a_kept_connection_is_refused(bed, verb):
    holder = admitted(bed, bed.new_holder())
    with bed.door.connection(holder) as connection:
        assert ask(connection)[0] == 200
        bed.alice.set("meter", holder.serial, verb).ok()
        quick(lambda: ask(connection)[0] == 403)
    assert bed.door.get(holder)[0] == 403
    if verb == "quarantine":
        bed.alice.set("meter", holder.serial, "readmit").ok()
        quick(lambda: bed.door.get(holder)[0] == 200)


def test_a_superseded_certificate_is_refused_and_a_fork_by_it_found(bed):
    holder = admitted(bed, bed.new_holder())
    new = lab.make_key()
    with lab.Device(bed.server, "meter", holder.key, holder.chain) as device:
        subject = holder.leaf.subject
        leaf = device.enrol(lab.make_csr(new, subject=subject,
                                         san=san_of(holder.leaf)), again=True).certificates()[0]
    successor = doors.Holder(bed.folder, f"{holder.serial}-new", new, [leaf, *holder.chain[1:]])
    admitted(bed, successor)  # its first use is here: the boundary's word proves it
    quick(lambda: bed.door.get(holder)[0] == 403, 2)
    doors.sure(lambda: bed.alice.certificate_state(leaf) == "current")
    assert bed.alice.certificate_state(holder.leaf) == "superseded"


def san_of(leaf):
    """None: no hardware type, no such extension."""
    try:
        return leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def test_an_expired_certificate_is_answered_by_nginx_itself(bed, tmp_path):
    """nginx says 400 before anybody is asked (proven-server 7), so that sighting reaches nobody. The certificate is
    another CA's, since ours cannot be had expired: nginx trusts that one here, and one of it in its dates gets as far as
    the gate."""
    ca_key, key = lab.make_key(), lab.make_key()
    root = lab.make_certificate(ca_key, "another root", is_ca=True)
    (tmp_path / "root.pem").write_text(lab.certificate_pem(root))
    with doors.application() as port, \
            nginx(tmp_path, bed.site, tmp_path / "root.pem", bed.gate.socket, port) as other:
        door = Door(other.port, bed.site[0])
        for name, valid_s, wanted in (("fresh", 3600, 403), ("old", -60, 400)):
            leaf = lab.make_certificate(key, "SN-1", issuer=root, issuer_key=ca_key, valid_s=valid_s)
            assert door.get(doors.Holder(tmp_path, name, key, [leaf]))[0] == wanted, name
        assert "(10:certificate has expired)" in (tmp_path / "nginx-error.log").read_text()


def test_a_connection_that_nginx_keeps_ends_with_the_certificate(bed, tmp_path):
    """nginx looks at dates in the handshake and never again, nor when a session is resumed: SUCCESS comes behind the
    end too, and it is the gate that looks."""
    ca_key, key = lab.make_key(), lab.make_key()
    root = lab.make_certificate(ca_key, "another root", is_ca=True)
    (tmp_path / "root.pem").write_text(lab.certificate_pem(root))
    with doors.application() as port, \
            nginx(tmp_path, bed.site, tmp_path / "root.pem", bed.gate.socket, port) as other:
        door = Door(other.port, bed.site[0])
        leaf = lab.make_certificate(key, "SN-1", issuer=root, issuer_key=ca_key, valid_s=3)
        short = doors.Holder(tmp_path, "short", key, [leaf])
        with door.connection(short) as connection:
            assert ask(connection)[0] == 403
            time.sleep(4)
            assert ask(connection)[0] == 403  # of the gate still; a new connection has nginx's own answer
            assert door.get(short)[0] == 400
    holder = admitted(bed, bed.new_holder())
    words = {"Service": SERVICE, "Path": f"/{SERVICE}/x", **doors.words_of(holder)}
    assert bed.gate.ask(**words)[0] == 204
    status, answer = bed.gate.ask(**{**words, "Until": "Nov 30 23:59:59 2020 GMT"})
    assert status == 403 and answer["x-troth-reason"] == "expired"
    del words["Until"]  # an older configuration
    assert bed.gate.ask(**words)[0] == 403


def test_a_certificate_that_the_gate_was_never_told_of_is_refused(bed):
    """Below our issuer, by our root, and yet unknown here: nothing but the feed makes it known."""
    told = admitted(bed, bed.new_holder())
    bed.wire.cut()
    try:
        holder = bed.new_holder()
        assert bed.door.get(holder)[0] == 403
        status, answer = bed.gate.ask(Service=SERVICE, Path=f"/{SERVICE}/x", **doors.words_of(holder))
        assert status == 403 and answer["x-troth-reason"] == "unknown"
        assert bed.door.get(told)[0] == 200
    finally:
        bed.wire.mend()
    quick(lambda: bed.door.get(holder)[0] == 200, 15)


def test_a_binding_by_which_somebody_came_is_used(bed):
    """What TD-39 counts by: the gate's report of whom it let in, at which service."""
    holder = admitted(bed, bed.new_holder())
    other = bed.new_holder()

    def bind(one):
        return json.loads(bed.troth("binding", "add", "other", "--product", "meter", "--serial", one.serial, "--actions",
                                    "request", "--pattern", "/other/x/", "--json").stdout)["object"]

    used, unused = bind(holder), bind(other)

    def when(number):
        return json.loads(bed.troth("binding", "show", number, "--json").stdout)["used"]

    assert when(used) is None
    quick(lambda: bed.door.get(holder, "/other/x/y")[0] == 200, 3)
    doors.sure(lambda: when(used) is not None, 15)
    assert when(unused) is None


def test_a_binding_ends_with_its_removal(bed):
    holder = admitted(bed, bed.new_holder())
    added = bed.troth("binding", "add", "other", "--product", "meter", "--serial", holder.serial, "--actions", "request",
                      "--pattern", "/other/%device%/", "--json").stdout
    quick(lambda: bed.door.get(holder, f"/other/{holder.serial}/x")[0] == 200, 3)
    assert bed.door.get(holder, "/other/SN-0/x")[0] == 403
    number = json.loads(added).get("id") or json.loads(added).get("object")
    bed.troth("binding", "remove", number)
    quick(lambda: bed.door.get(holder, f"/other/{holder.serial}/x")[0] == 403, 3)


# ---- bad days ----------------------------------------------------------------------------------


def test_a_gate_that_is_dead_lets_nobody_in(bed):
    holder = admitted(bed, bed.new_holder())
    bed.gate.kill()
    try:
        assert bed.door.get(holder)[0] == 500
    finally:
        bed.gate.start()
    quick(lambda: bed.door.get(holder)[0] == 200, 10)


def test_a_cut_feed_decides_on_and_what_was_missed_comes_at_once(bed):
    holder, other = admitted(bed, bed.new_holder()), admitted(bed, bed.new_holder())
    bed.wire.cut()
    try:
        bed.alice.set("meter", holder.serial, "revoke").ok()
        time.sleep(0.5)
        assert bed.door.get(other)[0] == 200
        assert bed.door.get(holder)[0] == 200  # nobody could say
    finally:
        bed.wire.mend()
    quick(lambda: bed.door.get(holder)[0] == 403, 15)
    assert bed.door.get(other)[0] == 200


def test_a_server_that_was_killed_costs_nobody_his_admission(bed):
    holder = admitted(bed, bed.new_holder())
    bed.server.kill()
    try:
        assert bed.door.get(holder)[0] == 200
    finally:
        bed.server.start()
    assert bed.door.get(holder)[0] == 200
    bed.alice.set("meter", holder.serial, "revoke").ok()
    quick(lambda: bed.door.get(holder)[0] == 403, 20)


def test_a_revocation_just_before_the_server_was_killed_reaches_the_gate(bed):
    holder = admitted(bed, bed.new_holder())
    bed.alice.set("meter", holder.serial, "revoke").ok()
    bed.server.kill()
    bed.server.start()
    quick(lambda: bed.door.get(holder)[0] == 403, 20)


def test_a_gate_that_begins_anew_without_a_feed_admits_nobody(bed):
    """What it had in memory is gone, and old lists could un-revoke."""
    holder = admitted(bed, bed.new_holder())
    bed.gate.kill()
    bed.wire.cut()
    try:
        bed.gate.start()
        assert bed.door.get(holder)[0] == 403
        assert bed.gate.ask(Service=SERVICE, Path=f"/{SERVICE}/x", **doors.words_of(holder))[0] == 403
    finally:
        bed.wire.mend()
    quick(lambda: bed.door.get(holder)[0] == 200, 20)


def test_what_is_too_old_is_refused_and_fresh_again_when_the_feed_is(bed):
    bed.troth("boundary", "set", "gate", "--service", SERVICE, "--age", "8s")
    holder = admitted(bed, bed.new_holder())
    time.sleep(6)
    assert bed.door.get(holder)[0] == 200  # heartbeats
    bed.wire.cut()
    try:
        assert bed.door.get(holder)[0] == 200
        quick(lambda: bed.door.get(holder)[0] == 403, 15)
    finally:
        bed.wire.mend()
        bed.troth("boundary", "set", "gate", "--service", SERVICE, "--age", "1h")
    quick(lambda: bed.door.get(holder)[0] == 200, 20)


# ---- the gate itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [
    {},
    {"Service": SERVICE},
    {"Service": SERVICE, "Path": "/x", "Verify": "SUCCESS", "Der": "AAAA"},
    {"Service": SERVICE, "Path": "/x", "Unknown": "1"},
    {"Service": SERVICE, "Path": "/x", "Der": "A" * 9000},
])
def test_a_question_that_no_proxy_of_ours_asks_is_refused_and_logged(bed, headers):
    before = bed.gate.text().count("question-refused")
    status, answer = bed.gate.ask(**headers)
    assert status == 403 and answer["x-troth-reason"] == "bad-head"
    doors.sure(lambda: bed.gate.text().count("question-refused") > before)


@pytest.mark.parametrize("words, reason", [
    ({"Verify": "NONE"}, "no-certificate"),
    ({"Verify": "FAILED:certificate has expired"}, None),
    ({"Verify": "SUCCESS", "Issuer": "CN=somebody", "Serial": "01" * 16, "Subject": "CN=x"}, "issuer"),
])
def test_words_of_a_verification_that_did_not_succeed_refuse(bed, words, reason):
    status, answer = bed.gate.ask(Service=SERVICE, Path="/x", **words)
    assert status == (401 if reason == "no-certificate" else 403)
    assert reason is None or answer["x-troth-reason"] == reason


def test_a_connection_is_kept_from_question_to_question(bed):
    """Else nginx would connect for each request of its clients."""
    holder = admitted(bed, bed.new_holder())
    connection = lab.UnixConnection(str(bed.gate.socket))
    heads = [{f"X-Troth-{name}": value for name, value in words.items()} for words in (
        {"Service": SERVICE, "Path": f"/{SERVICE}/x", **doors.words_of(holder)},
        {"Service": SERVICE, "Path": "/elsewhere", **doors.words_of(holder)},
        {"Service": SERVICE, "Path": f"/{SERVICE}/x", "Verify": "NONE"},
        {"Service": SERVICE, "Path": f"/{SERVICE}/x", **doors.words_of(holder)},
    )]
    connection.connect()
    kept, answers = connection.sock, []
    for head in heads:
        connection.request("GET", "/", headers=head)
        answer = connection.getresponse()
        answer.read()
        answers.append(answer.status)
        assert connection.sock is kept and answer.getheader("Connection") is None
    connection.close()
    assert answers == [204, 403, 401, 204]


@pytest.mark.parametrize("request_line, body", [("POST / HTTP/1.1", "x"), ("DELETE / HTTP/1.1", "")])
def test_another_method_is_refused_and_its_body_is_no_question(bed, request_line, body):
    with contextlib.closing(doors.socket.socket(doors.socket.AF_UNIX)) as client:
        client.connect(str(bed.gate.socket))
        client.sendall(f"{request_line}\r\nHost: gate\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 403 ")
    doors.sure(lambda: request_line.split()[0] in bed.gate.text())


def test_a_second_gate_at_the_same_socket_or_of_the_same_folder_is_refused(bed, tmp_path):
    """Two of one folder would write each other's floors, and the server would hear the quicker one of both."""
    other = shutil.copytree(bed.state, tmp_path / "state")
    for state, path, why in ((other, bed.gate.socket, "listens at"), (bed.state, tmp_path / "s", "another process")):
        done = lab.run(lab.program("troth-gate"), "run", "--state", state, "--socket", path, check=False)
        assert done.returncode == 9 and why in done.stderr, done.stderr


def test_connections_that_ask_nothing_keep_nobody_out_for_long(bed):
    """More of them than the gate holds, from a process that may write to its socket and never ends one."""
    holder = admitted(bed, bed.new_holder())
    with contextlib.ExitStack() as idle:
        for _ in range(GATE_CONNECTIONS + 8):
            client = idle.enter_context(contextlib.closing(doors.socket.socket(doors.socket.AF_UNIX)))
            client.connect(str(bed.gate.socket))
        bed.nginx.stop()  # so that it has no connection from before
        bed.nginx.start()
        doors.sure(lambda: is_admitted(bed, holder), 60)


def is_admitted(bed, holder):
    """It may have to wait for the gate; no one may come in without it."""
    with contextlib.suppress(TimeoutError):
        status, _ = bed.door.get(holder)
        assert status in (200, 500, 502, 504), status
        return status == 200
    return False


@pytest.mark.parametrize(("damage", "status"), [("missing", 7), ("cut", 1)])
@pytest.mark.parametrize("name", ["key.pem", "certificate.pem", "root.pem"])
def test_a_gate_that_could_not_speak_to_its_server_does_not_start(bed, tmp_path, name, damage, status):
    """It would say that it is ready, and refuse everybody."""
    state = shutil.copytree(bed.state, tmp_path / "state")
    file = state / name
    octets = file.read_bytes()[:100]
    file.unlink()
    if damage == "cut":
        file.touch(0o600)
        file.write_bytes(octets)
    done = run_gate(state, tmp_path)
    assert done.returncode == (1 if name == "key.pem" else status), done.stderr
    assert str(file) in done.stderr and "ready" not in done.stderr, done.stderr


def test_a_gate_with_anothers_key_does_not_start(bed, tmp_path):
    state = shutil.copytree(bed.state, tmp_path / "state")
    (state / "key.pem").write_bytes(lab.key_pem(lab.make_key()))
    done = run_gate(state, tmp_path)
    assert done.returncode == 1 and "another key" in done.stderr, done.stderr
    assert "ready" not in done.stderr


def test_a_gate_whose_key_others_may_read_does_not_start(bed, tmp_path):
    state = shutil.copytree(bed.state, tmp_path / "state")
    (state / "key.pem").chmod(0o640)
    done = run_gate(state, tmp_path)
    assert done.returncode == 1 and "key.pem" in done.stderr and "0600" in done.stderr, done.stderr
    assert "ready" not in done.stderr


def run_gate(state, folder):
    return lab.run(lab.program("troth-gate"), "run", "--state", state, "--socket", folder / "s", check=False)


def test_a_wrong_token_enrols_nothing_and_the_token_is_in_no_argument(bed, tmp_path):
    said = bed.troth("boundary", "add", "unused", "--services", SERVICE).stdout
    line = next(line.strip() for line in said.splitlines() if "troth-gate enrol" in line)
    words = doors.shlex.split(line.split("<<<")[0])[1:]
    words[words.index("--state") + 1] = str(tmp_path / "state")
    done = lab.run(lab.program("troth-gate"), *words, check=False, input="0" * 26)
    assert done.returncode == 6, done.stderr
    assert line.split("<<<")[1].strip().strip("'") not in " ".join(words)


# ---- Caddy -------------------------------------------------------------------------------------


class Caddy(doors.Process):
    def __init__(self, folder, site, socket, application_port):
        self.port = lab.free_ports(1)[0]
        text = (CONF / "caddy" / "troth.Caddyfile").read_text()
        (folder / "troth.Caddyfile").write_text(text.replace("/run/troth-gate/gate.sock", str(socket)))
        (folder / "Caddyfile").write_text(f"""{{
	admin off
	auto_https off
	storage file_system {folder}/caddy
}}
import {folder}/troth.Caddyfile
https://localhost:{self.port} {{
	bind 127.0.0.1
	tls {site[0]} {site[1]} {{
		client_auth {{
			mode request
		}}
	}}
	route {{
		import troth {SERVICE}
		reverse_proxy 127.0.0.1:{application_port}
	}}
}}
""")
        super().__init__(["caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
                         folder / "caddy.log", {"HOME": str(folder), "XDG_DATA_HOME": str(folder)})

    def start(self):
        super().start()
        doors.wait_port(self.port, self, 30)
        return self


@pytest.fixture(scope="module")
def caddy(bed):
    folder = bed.folder / "caddy-site"
    folder.mkdir()
    with doors.application() as port, Caddy(folder, bed.site, bed.gate.socket, port) as caddy:
        yield Door(caddy.port, bed.site[0])


def test_caddy_admits_names_and_refuses(bed, caddy):
    holder = admitted(bed, bed.new_holder())
    status, headers = caddy.get(holder, headers={"X-Troth-Owner": "evil", "X-Troth-Verify": "SUCCESS"})
    assert status == 200 and headers["x-troth-device"] == holder.serial and headers["x-troth-owner"] == "acme"
    assert "x-troth-verify" not in headers and "x-troth-der" not in headers
    assert caddy.get()[0] == 401
    key = lab.make_key()
    stranger = doors.Holder(bed.folder, "stranger-2", key, [lab.make_certificate(key, "SN-1")])
    assert caddy.get(stranger)[0] == 403
    with caddy.connection(holder) as connection:
        assert ask(connection)[0] == 200
        bed.alice.set("meter", holder.serial, "revoke").ok()
        quick(lambda: ask(connection)[0] == 403)


@pytest.mark.parametrize("name", ["X-Troth-Owner", "X_Troth_Owner", "x-troth_owner", "X_TROTH-Owner"])
def test_no_spelling_of_our_names_reaches_the_application_from_a_client(bed, caddy, name):
    """By CGI's rules (RFC 3875 4.1.18) all of these are HTTP_X_TROTH_OWNER."""
    holder = admitted(bed, bed.new_holder(owner=""))
    for door in (bed.door, caddy):
        status, headers = door.get(holder, headers={name: "evil"})
        assert status == 200 and "evil" not in headers.values(), (door.port, headers)
        assert not any("owner" in name for name in headers), headers
