"""Boundaries for scenario tests: a gate or broker with the real server behind it, and what stands between them.
Everything is started here on free loopback ports and stopped by its process id."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import select
import shlex
import socket
import ssl
import subprocess
import threading
import time

import paho.mqtt.client as paho

import lab

SERVICE = "telemetry"


def sure(question, within_s=10.0):
    """Its answer, once it is true; it must come to be."""
    answer = lab.eventually(question, within_s)
    assert answer, f"not so within {within_s} s"
    return answer


class Bed:
    """What a file's cases stand on: server, operator, site certificate, and what the fixture adds."""

    def __init__(self, folder, server):
        self.folder, self.server, self.count = folder, server, 0
        self.alice = server.bootstrap()
        self.troth = self.alice.command_line(folder / "alice")
        self.site = site_certificate(folder)

    def new_holder(self, product="meter", owner="acme"):
        self.count += 1
        return holder(self.server, self.alice, self.folder, product, f"SN-{self.count}", owner)


@contextlib.contextmanager
def bedded(folder, *products):
    """(bed, stack) with a started server and these products; what enters the stack ends before the server, and
    what must be true of a server at its end is."""
    server = lab.Server(folder / "troth").init()
    with contextlib.ExitStack() as outer:
        outer.callback(server.kill)
        bed = Bed(folder, server.start())
        for product in products:
            bed.alice.add_product(product)
        with contextlib.ExitStack() as stack:
            yield bed, stack
            server.stop_and_audit()


# ---- a boundary --------------------------------------------------------------------------------


def enrol(troth, folder, name, *services, port=None):
    """Adds a boundary and runs the one command that is printed, by way of another port if there is one; its
    state folder."""
    state = folder / f"state-{name}"
    said = troth("boundary", "add", name, "--services", ",".join(services or (SERVICE,))).stdout
    line = next(line.strip() for line in said.splitlines() if "troth-gate enrol" in line)
    line = re.sub(r"--state \S+", f"--state {shlex.quote(str(state))}", line)
    if port is not None:
        line = re.sub(r"(--server https://localhost:)\d+", rf"\g<1>{port}", line)
    line = line.replace("troth-gate", shlex.quote(str(lab.program("troth-gate"))), 1)
    lab.run("bash", "-c", line)
    return state


class Process:
    """One program, stopped by its number."""

    def __init__(self, words, log, env=None):
        self.words, self.log, self.env = [str(word) for word in words], log, env
        self.child = None

    def start(self):
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.words, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                          env=dict(os.environ, **(self.env or {})))
        return self

    def text(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    def is_alive(self):
        return self.child is not None and self.child.poll() is None

    def stop(self):
        """Its exit status."""
        if self.is_alive():
            self.child.terminate()
        return self.child.wait(20) if self.child else None

    def kill(self):
        if self.is_alive():
            self.child.kill()
        if self.child:
            self.child.wait(20)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        """Asked first: an nginx that is killed leaves its workers behind."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()


class Gate(Process):
    def __init__(self, state, folder):
        self.socket = folder / "gate.sock"
        super().__init__([lab.program("troth-gate"), "run", "--state", state, "--socket", self.socket],
                         folder / "gate.log")

    def start(self):
        super().start()
        sure(lambda: self.is_heard() or not self.is_alive())
        assert self.is_alive(), self.text()
        return self

    def is_heard(self):
        """Somebody listens: one that was killed leaves its socket behind."""
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            return client.connect_ex(str(self.socket)) == 0

    def ask(self, **headers):
        """One question as a proxy puts it: status and headers of the answer."""
        connection = lab.UnixConnection(str(self.socket))
        try:
            connection.request("GET", "/", headers={f"X-Troth-{name}": value for name, value in headers.items()})
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


class Nginx(Process):
    """One worker; mutual TLS below this root and no other, the gate by the configuration that the package has.
    `places` are its locations, `more` what the http part has besides."""

    def __init__(self, folder, site, root, gate_socket, places, more=""):
        self.folder, self.site, self.port = folder, site[0], lab.free_ports(1)[0]
        for name in ("gate", "ask", "identity"):
            text = (lab.SOURCE / "packaging" / "nginx" / f"troth-{name}.conf").read_text()
            (folder / f"troth-{name}.conf").write_text(text.replace("/run/troth-gate/gate.sock", str(gate_socket)))
        user = "user root;\n" if os.geteuid() == 0 else ""  # its worker may reach the socket
        (folder / "nginx.conf").write_text(f"""
daemon off;
{user}worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log info;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    {more}
    include {folder}/troth-gate.conf;
    server {{
        listen 127.0.0.1:{self.port} ssl;
        ssl_certificate {site[0]};
        ssl_certificate_key {site[1]};
        ssl_client_certificate {root};
        ssl_verify_client optional;
        ssl_verify_depth 2;
{places}
    }}
}}
""")
        super().__init__(["nginx", "-p", folder, "-c", folder / "nginx.conf"], folder / "nginx.log")

    def start(self):
        super().start()
        wait_port(self.port, self)
        return self


def question_place(folder, service):
    """Where nginx asks the gate about this service."""
    return f"""
        location = /_troth/{service} {{
            include {folder}/troth-ask.conf;
            proxy_set_header X-Troth-Service {service};
        }}"""


class Broker(Process):
    """mosquitto with the plugin: mutual TLS, below our root and no other."""

    def __init__(self, folder, root, site, state, *lines, service=SERVICE, name="broker"):
        self.port = lab.free_ports(1)[0]
        self.site = site[0]
        self.config, self.store = folder / f"{name}.conf", folder / f"{name}-store"
        self.store.mkdir()
        self.config.write_text("\n".join([
            "user root",
            f"persistence true\npersistence_location {self.store}/",
            f"listener {self.port} 127.0.0.1",
            f"cafile {root}",
            f"certfile {site[0]}\nkeyfile {site[1]}",
            "require_certificate true\nallow_anonymous false",
            f"plugin {lab.program('troth_mosquitto.so')}",
            f"plugin_opt_state {state}\nplugin_opt_service {service}",
            *lines]) + "\n")
        environment = {}
        if lab.SANITIZED:
            environment = {"LD_PRELOAD": lab.run("cc", "-print-file-name=libasan.so").stdout.strip(),
                           "ASAN_OPTIONS": "detect_leaks=0"}
        super().__init__(["mosquitto", "-v", "-c", self.config], folder / f"{name}.log", environment)

    def start(self):
        super().start()
        wait_port(self.port, self, 20)
        return self


class Mqtt:
    """A session of a device, held by a real client (paho); `lost_at`: when its socket was closed."""

    def __init__(self, broker, holder, name=None, *, clean=True, source=""):
        self.messages, self.lost_at, self.code, self.granted = [], None, None, []
        self.client = paho.Client(name or f"meter/{holder.serial}", clean_session=clean, protocol=paho.MQTTv311)
        self.client.tls_set(str(broker.site), str(holder.chain_file), str(holder.key_file))
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._lost
        self.client.on_message = lambda _c, _u, message: self.messages.append((message.topic, message.payload))
        self.client.on_subscribe = lambda _c, _u, _mid, granted: self.granted.extend(granted)
        self.client.reconnect_delay_set(3600, 3600)
        self.acknowledged = set()
        self.client.on_publish = lambda _c, _u, mid: self.acknowledged.add(mid)
        self.client.connect_async("localhost", broker.port, keepalive=60, bind_address=source)

    def _connected(self, _client, _user, _flags, code):
        self.code = code
        if code:
            self.client.disconnect()

    def _lost(self, *_):
        self.lost_at = self.lost_at or time.monotonic()

    def open(self, wanted=0, within_s=10.0):
        self.client.loop_start()
        sure(lambda: self.code is not None or self.lost_at, within_s)
        assert self.code == wanted, self.code
        return self

    @property
    def is_open(self):
        return self.code == 0 and self.lost_at is None

    def publish(self, topic, payload=b"x"):
        """Acknowledged by the broker (which says so of what it drops, too)."""
        mid = self.client.publish(topic, payload, qos=1).mid
        lab.eventually(lambda: mid in self.acknowledged or self.lost_at)
        return self.lost_at is None

    def subscribe(self, topic):
        """The code that the broker granted."""
        before = len(self.granted)
        self.client.subscribe(topic, 1)
        lab.eventually(lambda: len(self.granted) > before or self.lost_at)
        return self.granted[-1] if len(self.granted) > before else None

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """As a device whose network is gone: the broker hears nothing."""
        self.client.loop_stop()

    def __enter__(self):
        return self.open()

    def __exit__(self, *_):
        self.close()


# ---- what stands between -----------------------------------------------------------------------


class Wire(threading.Thread):
    """A TCP connection passed on; `cut()` ends all and takes no more until `mend()`."""

    def __init__(self, to_port):
        super().__init__(daemon=True)
        self.to_port, self.is_cut, self.is_over = to_port, False, False
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.pairs = {}
        self.lock = threading.Lock()

    def run(self):
        while not self.is_over:
            with self.lock:
                waiting = [self.listening, *self.pairs]
            try:
                ready, _, _ = select.select(waiting, [], [], 0.05)
            except (OSError, ValueError):  # one was cut since: it has no descriptor any more
                continue
            for one in ready:
                self._take() if one is self.listening else self._pass(one)

    def _take(self):
        inside, _ = self.listening.accept()
        if self.is_cut:
            inside.close()
            return
        try:
            outside = socket.create_connection(("127.0.0.1", self.to_port))
        except OSError:  # nobody listens there just now
            inside.close()
            return
        with self.lock:
            self.pairs[inside], self.pairs[outside] = outside, inside

    def _pass(self, one):
        with self.lock:
            other = self.pairs.get(one)
        if other is None:
            return
        try:
            octets = one.recv(65536)
            if octets and self.carry(one, other, octets):
                return
        except OSError:
            pass
        self._end(one)

    def carry(self, _one, other, octets):
        """Passes them on; whether the connection goes on."""
        other.sendall(octets)
        return True

    def _end(self, one):
        with self.lock:
            other = self.pairs.pop(one, None)
            self.pairs.pop(other, None)
        for each in (one, other):
            if each is not None:
                each.close()

    def cut(self):
        self.is_cut = True
        with self.lock:
            ends = list(self.pairs)
        for one in ends:
            self._end(one)

    def mend(self):
        self.is_cut = False

    def close(self):
        self.is_over = True
        self.join(5)
        self.cut()
        self.listening.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()


# ---- an application behind a proxy -------------------------------------------------------------


class Application(http.server.BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps([[name.lower(), value] for name, value in self.headers.items()]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def application():
    """The port of one."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def site_certificate(folder):
    """A server's certificate of a CA that has nothing to do with ours; (certificate, key)."""
    lab.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                folder / "site-key.pem", "-out", folder / "site.pem")
    return folder / "site.pem", folder / "site-key.pem"


# ---- devices -----------------------------------------------------------------------------------


class Holder:
    """A device with its key and certificate, as files too."""

    def __init__(self, folder, serial, key, chain):
        self.serial, self.key, self.chain = serial, key, list(chain)
        self.key_file, self.chain_file = folder / f"{serial}-key.pem", folder / f"{serial}.pem"
        self.key_file.write_bytes(lab.key_pem(key))
        self.chain_file.write_text("".join(lab.certificate_pem(one) for one in self.chain))

    @property
    def leaf(self):
        return self.chain[0]

    def context(self, site):
        context = ssl.create_default_context(cafile=str(site))
        context.load_cert_chain(str(self.chain_file), str(self.key_file))
        return context


def holder(server, operator, folder, product, serial, owner="acme"):
    """Imported with its key, enrolled and used once: active."""
    key = lab.make_key()
    operator.import_devices(product, {serial: key}, owner)
    return renewed(server, folder, product, serial, key)


def renewed(server, folder, product, serial, key):
    leaf = lab.Device(server, product).enrol(lab.make_csr(key)).certificates()[0]
    issuers = [one for one in lab.Device(server, product).cacerts().certificates() if one.subject == leaf.issuer]
    with lab.Device(server, product, key, [leaf, *issuers]) as device:
        device.cacerts()
    return Holder(folder, serial, key, [leaf, *issuers])


def words_of(holder):
    """What nginx says of a certificate: openssl prints names in the same form."""
    said = lab.openssl("x509", "-in", holder.chain_file, "-noout", "-nameopt", "RFC2253", "-subject", "-issuer",
                       "-serial", "-enddate").stdout.splitlines()
    subject, issuer, serial, until = (line.split("=", 1)[1].strip() for line in said)
    return {"Verify": "SUCCESS", "Issuer": issuer, "Serial": serial, "Subject": subject, "Until": until}


def wait_port(port, process, within_s=10.0):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        assert process.is_alive(), process.text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens at {port}\n{process.text()}")
