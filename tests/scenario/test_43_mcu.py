"""The example for devices without Linux (device/examples/est): on this machine, and on a Cortex-M3 in QEMU
whose UART is the line to the server and whose flash is a folder."""

import base64
import os
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

import lab

DONE, FAILED, WAIT, REFUSED = 0, 1, 3, 5


class Host:
    """A device on this machine: its memory is a folder."""

    def __init__(self, server, product, serial):
        self.server, self.product, self.serial = server, product, serial
        self.folder = server.scratch()
        self.folder.mkdir()
        self.anchor = server.root_pem

    def file(self, name):
        return self.folder / name

    def give_token(self, token):
        self.file("token").write_bytes(base64.b64encode(f"{self.serial}:{token}".encode()))

    def give_key(self, key):
        self.file("key.der").write_bytes(key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption()))

    def anchor_der(self):
        certificate = lab.x509.load_pem_x509_certificate(self.anchor.read_bytes())
        return certificate.public_bytes(serialization.Encoding.DER)

    def power_on(self):
        """One run to its end: what it prints, and its exit code."""
        self.file("anchor.der").write_bytes(self.anchor_der())
        return lab.run(lab.program("device/examples/est/est-example"), str(self.server.ports["device"]),
                       str(self.file("anchor.der")), self.product, self.serial, str(self.folder),
                       check=False)

    def certificate(self):
        return lab.x509.load_der_x509_certificate(self.file("certificate.der").read_bytes())


class CortexM3(Host):
    """The same in the emulator."""

    image = None

    def power_on(self):
        self.file("anchor.der").write_bytes(self.anchor_der())
        self.file("product").write_text(self.product)
        self.file("serial").write_text(self.serial)
        self.file("random").write_bytes(os.urandom(64))
        line = f"tcp:127.0.0.1:{self.server.ports['device']}"
        return subprocess.run(
            ["qemu-system-arm", "-M", "mps2-an385", "-display", "none", "-monitor", "none",
             "-serial", line, "-semihosting-config", "enable=on,target=native",
             "-kernel", str(self.image)],
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            check=False)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m3")
    lab.run(str(lab.SOURCE / "device" / "examples" / "est" / "m3" / "build"), str(folder))
    CortexM3.image = folder / "est.elf"
    return CortexM3.image


@pytest.fixture(params=[Host, CortexM3], ids=["host", "cortex-m3"])
def device(request, shared, product):
    """A device that is expected, without any proof yet."""
    if request.param is CortexM3:
        request.getfixturevalue("image")
    shared.first.import_devices(product, {"MCU-1": None})
    return request.param(shared, product, "MCU-1")


def token_for(device):
    answer = device.server.first.post(
        "/tokens", {"product": device.product, "serial": device.serial}).ok()
    return answer["token"]


def said(done):
    return done.stdout + done.stderr


def test_without_proof_it_is_refused_and_keeps_its_key(device):
    done = device.power_on()
    assert done.returncode == REFUSED, said(done)
    assert not device.file("certificate.der").exists()
    key = device.file("key.der").read_bytes()
    assert device.power_on().returncode == REFUSED
    assert device.file("key.der").read_bytes() == key


def test_a_token_enrols_it_and_its_first_use_makes_it_active(device):
    device.give_token(token_for(device))
    done = device.power_on()
    assert done.returncode == DONE, said(done)
    assert device.server.first.certificate_state(device.certificate()) == "pending"
    assert device.server.first.state(device.product, device.serial) == "enrolled"

    done = device.power_on()  # with a certificate: it is used
    assert done.returncode == DONE, said(done)
    assert lab.eventually(
        lambda: device.server.first.state(device.product, device.serial) == "active")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(device):
    device.give_token(token_for(device))
    assert device.power_on().returncode == DONE
    first = device.certificate()
    device.file("certificate.der").unlink()  # power was lost before it was written
    done = device.power_on()
    assert done.returncode == DONE, said(done)
    assert device.certificate() == first


def test_a_held_device_is_told_to_wait(device):
    device.server.first.set(device.product, device.serial, "hold")
    device.give_token(token_for(device))
    done = device.power_on()
    assert done.returncode == WAIT, said(done)
    device.server.first.set(device.product, device.serial, "admit")
    assert device.power_on().returncode == DONE


def test_a_server_below_another_root_gets_no_token(device, tmp_path):
    """The anchor is another one: the handshake ends before the request, which has the token."""
    other = lab.make_key()
    anchor = lab.make_certificate(other, common_name="another root", is_ca=True)
    device.anchor = tmp_path / "another.pem"
    device.anchor.write_text(lab.certificate_pem(anchor))
    token = token_for(device)
    device.give_token(token)
    done = device.power_on()
    assert done.returncode == FAILED
    assert "not vouched for by the provisioned anchor" in said(done)
    assert device.server.first.show(device.product, device.serial)["device"]["state"] == "expected"


def test_a_registered_key_proves_the_first_enrolment(shared, product):
    key = lab.make_key()
    shared.first.import_devices(product, {"MCU-2": key})
    device = Host(shared, product, "MCU-2")
    device.give_key(key)
    done = device.power_on()
    assert done.returncode == DONE, said(done)
    assert device.certificate().public_key().public_numbers() == key.public_key().public_numbers()
    proof = shared.first.show(product, "MCU-2")["device"]["proof"]
    assert proof == "registered-key"


@pytest.mark.usefixtures("image")
def test_the_line_goes_dead(shared, product):
    """A server that says nothing: the device gives up by itself and changes nothing."""
    with lab.socket.create_server(("127.0.0.1", 0)) as silent:
        shared.first.import_devices(product, {"MCU-3": None})
        device = CortexM3(shared, product, "MCU-3")
        device.give_token(token_for(device))
        port, shared.ports["device"] = shared.ports["device"], silent.getsockname()[1]
        try:
            done = device.power_on()
        finally:
            shared.ports["device"] = port
    assert done.returncode == FAILED, said(done)
    assert "handshake failed" in said(done)
    assert not device.file("certificate.der").exists()
