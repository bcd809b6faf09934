"""Every EST route x credential x device state over TLS, generated: only the listed cells issue. The
same walk on rows, with every operation and credential, is tests/unit/service/test_walk.c; messages x
roles are walked in tests/unit/ipc/test_channel.c."""

import itertools

import lab
import pytest
from test_31_proofs import Maker

ROUTES = ("cacerts", "csrattrs", "simpleenroll", "simplereenroll", "serverkeygen", "fullcmc")
CREDENTIALS = ("nothing", "registered-csr", "registered-tls", "token", "idevid", "ldevid", "operator",
               "stranger")
STATES = ("expected", "held", "enrolled", "active", "quarantined", "lost", "retired")

# The design's words (section 5) for a device whose quarantine a person made and that has no permit.
# A token was made while the device was expected; its first use of a certificate, or its end, ends it.
FIRST = {"registered-csr", "registered-tls", "token", "idevid"}
ISSUES = (
    {("simpleenroll", credential, state) for credential in FIRST for state in ("expected", "enrolled")}
    | {("simpleenroll", credential, "active") for credential in ("registered-tls", "idevid")}
    | {("simplereenroll", "ldevid", state) for state in ("enrolled", "active")}  # its use makes it active
)
WAITS = {("simpleenroll", credential, "held") for credential in FIRST}


class Subject:
    """One device in one state, and whoever may ask in its name."""

    def __init__(self, server, product, maker, state, serial):
        self.server, self.product, self.serial, self.maker = server, product, serial, maker
        self.key = lab.make_key()
        alice = server.first
        alice.import_devices(product, {serial: self.key}, hold="yes" if state == "held" else "")
        self.token = alice.post("/tokens", {"product": product, "serial": serial}).ok()["token"]
        self.leaf = None
        if state not in ("expected", "held"):
            self.enrol(state)
        verb = {"quarantined": "quarantine", "lost": "lost", "retired": "retire"}.get(state)
        if verb is not None:
            alice.set(product, serial, verb).ok()

    def enrol(self, state):
        stranger = lab.Device(self.server, self.product)
        self.leaf = stranger.enrol(lab.make_csr(self.key, self.serial)).certificates()[0]
        if state != "enrolled":
            assert lab.Device(self.server, self.product, self.key, [self.leaf]).cacerts().status == 200

    def client(self, credential):
        """Who asks, the key of his request, and his Basic."""
        fresh, basic = lab.make_key(), None
        key, chain = None, []
        if credential == "registered-csr":
            fresh = self.key
        elif credential == "registered-tls":
            key = self.key
            chain = [lab.make_certificate(key, self.serial, common_name="self")]
        elif credential == "token":
            basic = (self.serial, self.token)
        elif credential == "idevid":
            return self.maker.device(self.server, self.product, self.serial), fresh, None
        elif credential == "ldevid" and self.leaf is not None:
            key, chain = self.key, [self.leaf]
        elif credential == "operator":
            key, chain = self.server.first.key, self.server.first.chain
        elif credential == "stranger":
            return Maker(None, self.product, "x").device(self.server, self.product, self.serial), fresh, None
        return lab.Device(self.server, self.product, key, chain), fresh, basic

    def ask(self, route, credential):
        device, key, basic = self.client(credential)
        if route in ("cacerts", "csrattrs"):
            return device.request("GET", f"{device.path}/{route}")
        subject = self.leaf.subject if self.leaf is not None else None
        csr = lab.make_csr(key, self.serial, subject=subject)
        if route in ("simpleenroll", "simplereenroll"):
            return device.enrol(csr, again=route == "simplereenroll", basic=basic)
        body = lab.base64.b64encode(csr.public_bytes(lab.serialization.Encoding.DER))
        return device.request("POST", f"{device.path}/{route}", body,
                              {"Content-Type": "application/pkcs10"})


@pytest.fixture(scope="module")
def ground(shared):
    shared.first.add_product("walk", enrols_a_year=1000)
    return shared, Maker(shared.first, "walk", "walk")


@pytest.mark.parametrize("state", STATES)
def test_only_listed_cells_issue(ground, state):
    server, maker = ground
    wrong = []
    for route, credential in itertools.product(ROUTES, CREDENTIALS):
        subject = Subject(server, "walk", maker, state, f"{state}-{route}-{credential}")
        try:
            answer = subject.ask(route, credential)
        except (ConnectionError, lab.ssl.SSLError, lab.http.client.HTTPException) as error:
            answer = error  # a chain that reached no handler
        cell = (route, credential, state)
        status = getattr(answer, "status", 0)
        issued = status == 200 and route.startswith("simple")
        if issued != (cell in ISSUES) or (status == 202) != (cell in WAITS):
            wrong.append((cell, answer))
        if route in ("serverkeygen", "fullcmc"):
            assert status in (0, 401, 403, 404), (cell, answer)
    assert wrong == []
