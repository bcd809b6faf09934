"""A real server in a folder of its own, and everybody who talks to it: operators, devices.

Debian's python3 only: cryptography, http.client, ssl. Nothing here knows how the server works
inside; what it knows is docs/openapi.yaml, RFC 7030 and the folders that `trothd init` makes.
"""

import base64
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

import contract

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("TROTH_BUILD", SOURCE / "build")).resolve()
SANITIZED = "asan" in BUILD.name  # its allocator is its own, and it must be loaded first
READY_S = 20.0  # the sanitizers' build on a busy machine
STOP_S = 20.0
PORTS = range(10000, 32768)  # below those that Linux gives to connections


def program(name):
    """A program of the build folder."""
    path = BUILD / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: build first (script/build)")
    return str(path)


def free_ports(count):
    """Loopback ports that nobody listens on, and that the kernel gives to no connection of another test before they are
    listened on. They are held together, so they differ."""
    with contextlib.ExitStack() as stack:
        held = []
        while len(held) < count:
            with contextlib.suppress(OSError):
                held.append(stack.enter_context(socket.create_server(("127.0.0.1", random.choice(PORTS)))))
        return [one.getsockname()[1] for one in held]


def run(*arguments, check=True, **options):
    """Runs a program to its end; text of stdout, and stderr in the failure."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False,
                          **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def eventually(question, within_s=10.0):
    """Asks until the answer is true: for what the server does after it answered (a first use is
    reported without an answer). The last answer."""
    deadline = time.monotonic() + within_s
    while True:
        answer = question()
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


# ---- keys, requests, certificates --------------------------------------------------------------


def make_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def spki_hash(key):
    """Of a private key, or of a certificate's."""
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def name_of(serial_number=None, common_name=None):
    parts = []
    if common_name is not None:
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    if serial_number is not None:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial_number))
    return x509.Name(parts)


def digest_of(key):
    """What a key signs with; Ed25519 has a digest of its own."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def make_csr(key, serial_number=None, subject=None, san=None, digest=None):
    """A request; `subject` and `san` are taken as they are (from a certificate to be renewed)."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        subject if subject is not None else name_of(serial_number))
    if san is not None:
        builder = builder.add_extension(san, critical=False)
    return builder.sign(key, digest or digest_of(key))


def csr_pem(csr):
    return csr.public_bytes(serialization.Encoding.PEM).decode()


def make_certificate(key, serial_number=None, *, issuer=None, issuer_key=None, is_ca=False,
                     common_name=None, valid_s=86400):
    """A certificate; without an issuer it is self-signed."""
    subject = name_of(serial_number, common_name)
    now = datetime.datetime.utcnow()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer is not None else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(seconds=valid_s))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(not is_ca, False, False, False, False, is_ca, is_ca, False,
                                     False), critical=True)
    )
    signer = issuer_key if issuer_key is not None else key
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    return builder.sign(signer, digest_of(signer))


def certificate_pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def serial_hex(certificate):
    """As the interface writes it: octets of the magnitude."""
    text = f"{certificate.serial_number:x}"
    return text if len(text) % 2 == 0 else "0" + text


# ---- answers -----------------------------------------------------------------------------------


class Answer:
    """Status, headers and body of one HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def media_type(self):
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def json(self):
        assert self.media_type in ("application/json", "application/problem+json"), self
        return json.loads(self.body)

    def ok(self):
        """The JSON of an answer that must be 200."""
        assert self.status == 200, self
        return self.json

    def problem(self, status, code):
        """The problem of an answer that must be one."""
        assert self.status == status, self
        assert self.media_type == "application/problem+json", self
        assert self.json["code"] == code, self
        assert self.json["status"] == status, self
        return self.json

    def certificates(self):
        """Certificates of an EST answer (RFC 7030 4.1.3, RFC 8951 3.1)."""
        assert self.status == 200, self
        assert self.media_type == "application/pkcs7-mime", self
        return pkcs7.load_der_pkcs7_certificates(base64.b64decode(self.body, validate=True))

    def __repr__(self):
        return f"<{self.status} {self.media_type} {self.body[:600]!r}>"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the server's local socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Client:
    """Somebody at a TLS port of the server, with or without a client certificate. Each request has
    a connection of its own unless the client is used in a `with`."""

    def __init__(self, server, port, key=None, chain=()):
        self.server, self.port, self.key, self.chain = server, port, key, list(chain)
        self._context = None
        self._kept = None

    def context(self):
        """The TLS context; the certificate goes through files, as ssl wants it."""
        if self._context is None:
            context = ssl.create_default_context(cafile=str(self.server.root_pem))
            if self.key is not None:
                stem = self.server.scratch()
                stem.with_suffix(".key").write_bytes(key_pem(self.key))
                stem.with_suffix(".pem").write_text("".join(map(certificate_pem, self.chain)))
                context.load_cert_chain(stem.with_suffix(".pem"), stem.with_suffix(".key"))
            self._context = context
        return self._context

    def connection(self):
        return http.client.HTTPSConnection("localhost", self.port, context=self.context(),
                                           timeout=30)

    def request(self, method, path, body=None, headers=None):
        if self._kept is not None:
            self._kept.request(method, path, body=body, headers=headers or {})
            return Answer(self._kept.getresponse())
        with contextlib.closing(self.connection()) as connection:
            # A body that is too large is answered before all of it was sent.
            with contextlib.suppress(BrokenPipeError, ssl.SSLEOFError):
                connection.request(method, path, body=body, headers=headers or {})
            return Answer(connection.getresponse())

    def __enter__(self):
        self._kept = self.connection()
        return self

    def __exit__(self, *_):
        self._kept.close()
        self._kept = None


class Operator(Client):
    """Who asks the interface of docs/openapi.yaml."""

    def __init__(self, server, key, certificate):
        super().__init__(server, server.ports["operator"], key, [certificate] if certificate else [])

    def request(self, method, path, body=None, headers=None):
        answer = super().request(method, path, body, headers)
        contract.check(method, path, answer)
        return answer

    def get(self, path, **query):
        return self.request("GET", "/api/v1" + path + self._query(query))

    def post(self, path, body=None, *, key=None, **query):
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.request("POST", "/api/v1" + path + self._query(query),
                            json.dumps({} if body is None else body), headers)

    def import_csv(self, text, **query):
        return self.request("POST", "/api/v1/devices/import" + self._query(query), text,
                            {"Content-Type": "text/csv"})

    def pages(self, path, **query):
        """All items of a list, page by page."""
        items = []
        while True:
            page = self.get(path, **query).ok()
            items += page["items"]
            if page["next"] is None:
                return items
            query["after"] = page["next"]

    @staticmethod
    def _query(query):
        return "?" + urllib.parse.urlencode(query) if query else ""

    # What most tests need before they begin.

    def add_product(self, name, **policy):
        return self.post("/products", {"name": name, **policy}).ok()

    def command_line(self, folder):
        """His `troth`, logged in, with its files in a new folder: words -> what it did."""
        folder.mkdir()
        (folder / "key.pem").write_bytes(key_pem(self.key))
        (folder / "key.pem").chmod(0o600)
        (folder / "certificate.pem").write_text(certificate_pem(self.chain[0]))
        environment = {"TROTH_CONFIG": str(folder / "operator.json")}
        run(program("troth"), "login", "--server", f"https://localhost:{self.port}", "--certificate",
            str(folder / "certificate.pem"), "--key", str(folder / "key.pem"), "--root",
            str(self.server.root_pem), env=environment)
        return lambda *words, check=True: run(program("troth"), *map(str, words), check=check,
                                              env=environment)

    def add_operator(self, name, role, scope=""):
        key = make_key()
        answer = self.post("/operators", {"name": name, "role": role, "scope": scope,
                                          "csr": csr_pem(make_csr(key))}).ok()
        certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
        return Operator(self.server, key, certificate)

    def import_devices(self, product, devices, owner="", hold=""):
        """`devices`: serial number -> key, or None for one without a registered key."""
        lines = ["product,serial,key,owner,hold"]
        for serial, key in devices.items():
            pem = "" if key is None else f'"{public_pem(key)}"'
            lines.append(f"{product},{serial},{pem},{owner},{hold}")
        outcome = self.import_csv("\n".join(lines) + "\n").ok()
        assert outcome["faults"] == [], outcome
        return outcome

    def show(self, product, serial):
        return self.get(f"/devices/{product}/{urllib.parse.quote(serial, safe='')}").ok()

    def state(self, product, serial):
        return self.show(product, serial)["device"]["state"]

    def certificate_state(self, certificate):
        return self.get(f"/certificates/{serial_hex(certificate)}").ok()["state"]

    def set(self, product, serial, verb, **body):
        return self.post(f"/devices/{product}/{urllib.parse.quote(serial, safe='')}/{verb}", body)


class Device(Client):
    """An EST client (RFC 7030) for one product's label."""

    def __init__(self, server, product, key=None, chain=()):
        super().__init__(server, server.ports["device"], key, chain)
        self.path = f"/.well-known/est/{product}" if product else "/.well-known/est"

    def cacerts(self):
        return self.request("GET", self.path + "/cacerts")

    def enrol(self, csr, *, again=False, basic=None):
        headers = {"Content-Type": "application/pkcs10"}
        if basic is not None:
            pair = base64.b64encode(":".join(basic).encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        body = base64.b64encode(csr.public_bytes(serialization.Encoding.DER))
        return self.request("POST", self.path + ("/simplereenroll" if again else "/simpleenroll"),
                            body, headers)


# ---- the server --------------------------------------------------------------------------------


class Server:
    """trothd on loopback ports, in `folder`. `config` overrides members of its configuration, by
    JSON (which is YAML)."""

    def __init__(self, folder, config=None):
        self.folder = pathlib.Path(folder)
        device, operator, plain = free_ports(3)
        self.ports = {"device": device, "operator": operator, "plain": plain}
        self.config = {
            "data": "data",
            "public": "public",
            "passphrase_file": "passphrase",
            "server": {"names": ["localhost"]},
            "listen": {
                "device": f"127.0.0.1:{device}",
                "operator": f"127.0.0.1:{operator}",
                "plain": f"127.0.0.1:{plain}",
                "local": "local.sock",
            },
            "lab": "yes",
            **(config or {}),
        }
        if os.environ.get("TROTH_TEST_SANDBOX") == "off":
            self.config.setdefault("sandbox", {"seccomp": "off", "landlock": "off"})
        self.environment = {}  # of the server's processes, beside ours
        self.process = None
        self.children = []
        self._scratch = 0
        self.first = None  # the Operator of bootstrap()

    @property
    def config_file(self):
        return self.folder / "troth.yaml"

    @property
    def log_file(self):
        return self.folder / "trothd.log"

    @property
    def root_pem(self):
        """The root as PEM, from what `trothd init` left for operators."""
        path = self.folder / "root-for-tests.pem"
        if not path.exists():
            der = (self.folder / "data" / "ca" / "root.cer").read_bytes()
            path.write_text(certificate_pem(x509.load_der_x509_certificate(der)))
        return path

    def scratch(self):
        """A new path for a client's files."""
        self._scratch += 1
        folder = self.folder / "clients"
        folder.mkdir(exist_ok=True)
        return folder / f"{self._scratch}"

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def write_config(self):
        """Passphrase and configuration: what `trothd init` wants."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "passphrase").write_text("correct horse battery staple\n")
        (self.folder / "passphrase").chmod(0o600)
        self.config_file.write_text(json.dumps(self.config, indent=2) + "\n")

    def init(self, *options):
        """`trothd init`, with these options beside; what it says on stderr is kept."""
        self.write_config()
        self.init_said = run(program("trothd"), "init", "--lab", "--config", str(self.config_file),
                             *options).stderr
        return self

    def start(self, is_ready=None):
        """Starts and waits until it is ready to issue, or whatever is asked for instead."""
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [program("trothd"), "serve", "--config", str(self.config_file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, **self.environment})
        deadline = time.monotonic() + READY_S
        while not (is_ready or self.is_ready)():
            assert self.process.poll() is None, f"trothd ended while starting\n{self.log()}"
            assert time.monotonic() < deadline, f"trothd is not ready\n{self.log()}"
            time.sleep(0.02)
        self.children = self._children()
        return self

    def is_ready(self, statuses=(200,)):
        """Ready, by its own word: both TLS ports answer."""
        try:
            return self.local("GET", "/readyz").status in statuses
        except (OSError, http.client.HTTPException):
            return False

    def _children(self):
        path = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def children_of(self, name):
        """Pids of the server's processes of that role: "core", "signer", "desk", "reader", "front"."""
        found = []
        for pid in self._children():
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
            comm = pathlib.Path(f"/proc/{pid}/comm").read_text()
            if name in command.decode() or name in comm:
                found.append(pid)
        assert found, f"no process {name} among {self._children()}"
        return found

    def child(self, name):
        return self.children_of(name)[0]

    def stop(self):
        """Stops it by its pid. It must have lived, end with 0, and leave no process behind."""
        process, self.process = self.process, None
        if process is None:
            return
        assert process.poll() is None, f"trothd ended with {process.returncode}\n{self.log()}"
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"trothd did not stop in {STOP_S} s\n{self.log()}") from None
        assert status == 0, f"trothd ended with {status}\n{self.log()}"
        left = [pid for pid in self.children if is_alive(pid)]
        assert not left, f"trothd left processes: {left}\n{self.log()}"

    def stop_and_audit(self):
        """Stops once the last entries are in a checkpoint; what it leaves verifies and replays."""
        time.sleep(1)
        self.stop()
        for verb in ("verify", "replay"):
            run(program("trothd"), "audit", verb, "--config", str(self.config_file))

    def kill(self):
        """Ends it and its processes as a power cut would (kill -9)."""
        process, self.process = self.process, None
        children = self.children
        if process is None:
            return
        for pid in [process.pid, *children]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + STOP_S
        while any(is_alive(pid) for pid in children):
            assert time.monotonic() < deadline, "processes survive kill -9"
            time.sleep(0.01)

    # Who talks to it.

    def local(self, method, path, body=None):
        with contextlib.closing(UnixConnection(self.folder / "local.sock")) as connection:
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None,
                               headers)
            answer = Answer(connection.getresponse())
        contract.check(method, path, answer)
        return answer

    def plain(self, path):
        with contextlib.closing(
                http.client.HTTPConnection("localhost", self.ports["plain"], timeout=30)) as one:
            one.request("GET", path)
            return Answer(one.getresponse())

    def bootstrap(self, name="alice"):
        """The first operator, over the local socket."""
        key = make_key()
        answer = self.local("POST", "/api/v1/bootstrap", {"name": name,
                                                          "csr": csr_pem(make_csr(key))}).ok()
        certificate = x509.load_pem_x509_certificate(answer["certificate"].encode())
        self.first = Operator(self, key, certificate)
        return self.first

    def nobody(self):
        """Somebody at the operators' port without a certificate."""
        return Operator(self, None, None)


def is_alive(pid):
    """A process that runs; a zombie does not."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


# ---- peers -------------------------------------------------------------------------------------


def openssl(*arguments, check=True, text=None):
    return run("openssl", *arguments, check=check, input=text)


def openssl_verify(server, certificate, *untrusted):
    """`openssl verify` of a chain up to the server's root."""
    stem = server.scratch()
    leaf = stem.with_suffix(".leaf.pem")
    middle = stem.with_suffix(".chain.pem")
    leaf.write_text(certificate_pem(certificate))
    middle.write_text("".join(map(certificate_pem, untrusted)))
    openssl("verify", "-x509_strict", "-CAfile", str(server.root_pem), "-untrusted", str(middle),
            str(leaf))
