"""A TPM 2.0: Debian's swtpm in a folder of its own, and tpm2-tools on it. Nothing but its two sockets, in that folder."""

import contextlib
import os
import struct
import subprocess

import lab

EK_RSA, EK_P384, EK_P256 = 0x81010001, 0x81010016, 0x81010017  # the first two are made with its certificates
NV_EK_RSA, NV_EK_P384 = 0x01C00002, 0x01C00016
KEY_ATTRIBUTES = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign"

CONFIG = {
    "localca.conf": "statedir = {0}/ca\nsigningkey = {0}/ca/signkey.pem\nissuercert = {0}/ca/issuercert.pem\n"
                    "certserial = {0}/ca/certserial\n",
    "opts.conf": "--platform-manufacturer Maker\n--platform-version 1\n--platform-model Lab\n",
    "setup.conf": "create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = {0}/localca.conf\n"
                  "create_certs_tool_options = {0}/opts.conf\nactive_pcr_banks = sha256\n",
}


def sized(octets):
    """A TPM2B."""
    return struct.pack(">H", len(octets)) + octets


class Tpm:
    """One with an RSA-2048 and a P-384 endorsement key, both certified by a CA in its folder; `stop` ends it."""

    def __init__(self, folder):
        self.folder = folder
        self.next_handle = 0x81010020
        (folder / "state").mkdir(parents=True)
        (folder / "ca").mkdir()
        for name, text in CONFIG.items():
            (folder / name).write_text(text.format(folder))
        lab.run("swtpm_setup", "--tpm2", "--tpmstate", str(folder / "state"), "--config", str(folder / "setup.conf"),
                "--create-ek-cert", "--ecc", "--overwrite", "--pcr-banks", "sha256")
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}/state", "--server", f"type=unixio,path={folder}/s",
             "--ctrl", f"type=unixio,path={folder}/s.ctrl", "--flags", "not-need-init,startup-clear"], stderr=subprocess.DEVNULL)  # it tells of each tool that leaves
        self.environment = {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:path={folder}/s"}
        assert lab.eventually((folder / "s").exists)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=lab.STOP_S)

    def tool(self, name, *arguments, check=True):
        """One of tpm2-tools, in the folder; afterwards nothing but kept keys is left in the TPM."""
        done = lab.run("tpm2_" + name, *(str(one) for one in arguments), check=check, env=self.environment, cwd=self.folder)
        if name != "flushcontext":
            lab.run("tpm2_flushcontext", "-t", env=self.environment)
        return done

    def read(self, name):
        return (self.folder / name).read_bytes()

    def public(self, handle):
        """TPM2B_PUBLIC of a kept key, and its Name."""
        self.tool("readpublic", "-c", hex(handle), "-o", "public", "-f", "tss", "-n", "name")
        return self.read("public"), self.read("name")

    def certificate(self, index):
        self.tool("nvread", hex(index), "-o", "certificate")
        return self.read("certificate")

    def keep(self, context, hierarchy="o"):
        handle, self.next_handle = self.next_handle, self.next_handle + 1
        self.tool("evictcontrol", "-C", hierarchy, "-c", context, hex(handle))
        return handle

    def make_ek_p256(self):
        self.tool("createek", "-G", "ecc", "-c", hex(EK_P256))
        return EK_P256

    def make_ak(self, ek, kind=("ecc", "ecdsa")):
        """An attestation key under that endorsement key."""
        self.tool("createak", "-C", hex(ek), "-c", "ak.ctx", "-G", kind[0], "-g", "sha256", "-s", kind[1])
        return self.keep("ak.ctx")

    def make_key(self, kind="ecc", attributes=KEY_ATTRIBUTES):
        """A device's key: kept, in the owner's hierarchy."""
        self.tool("createprimary", "-C", "o", "-c", "primary.ctx")
        self.tool("create", "-C", "primary.ctx", "-G", kind, "-a", attributes, "-u", "key.pub", "-r", "key.priv")
        self.tool("load", "-C", "primary.ctx", "-u", "key.pub", "-r", "key.priv", "-c", "key.ctx")
        return self.keep("key.ctx")

    def certify(self, key, ak, nonce):
        """TPM2_Certify with data of the caller's, which tpm2_certify cannot give: TPMS_ATTEST and TPMT_SIGNATURE."""
        session = struct.pack(">IHBH", 0x40000009, 0, 0, 0)  # the empty password
        body = struct.pack(">III", key, ak, 2 * len(session)) + 2 * session + sized(nonce) + struct.pack(">H", 0x0010)
        (self.folder / "command").write_bytes(struct.pack(">HII", 0x8002, 10 + len(body), 0x00000148) + body)
        self.tool("send", "-o", "answer", "command")
        answer = self.read("answer")
        code = struct.unpack(">I", answer[6:10])[0]
        assert code == 0, hex(code)
        attest_n = struct.unpack(">H", answer[14:16])[0]
        parameters_end = 14 + struct.unpack(">I", answer[10:14])[0]
        return answer[16:16 + attest_n], answer[16 + attest_n:parameters_end]

    def activate(self, ek, ak, credential, with_policy=True):
        """TPM2_ActivateCredential of TPM2B_ID_OBJECT || TPM2B_ENCRYPTED_SECRET: the secret, None where it refuses."""
        (self.folder / "credential").write_bytes(struct.pack(">II", 0xBADCC0DE, 1) + credential)
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "secret").unlink()
        arguments = ["-c", hex(ak), "-C", hex(ek), "-i", "credential", "-o", "secret"]
        if with_policy:
            self.tool("startauthsession", "--policy-session", "-S", "session")
            self.tool("policysecret", "-S", "session", "-c", "e")
            arguments += ["-P", "session:session"]
        done = self.tool("activatecredential", *arguments, check=False)
        if with_policy:
            self.tool("flushcontext", "session", check=False)
        return self.read("secret") if done.returncode == 0 else None
