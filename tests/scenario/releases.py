"""Key sets, SUIT envelopes and MCUboot images, made by nobody of Troth: cbor2, cryptography and, for
HSS/LMS, Bouncy Castle."""

import hashlib
import struct
import subprocess

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VENDOR, CLASS = b"vendor-of-things", b"class-of-devices"
ES256, EDDSA, ES384, HSS_LMS = -7, -8, -35, -46
KEYSET_TYPE = "application/troth-keyset+cbor"
KEYSET, RELEASE, STATUS, LOG = 1, 2, 4, 8
JAR = "/usr/share/java/bcprov.jar"


def encode(value):
    return cbor2.dumps(value, canonical=True)


class Ecdsa:
    def __init__(self, curve=ec.SECP256R1, algorithm=ES256):
        self.key = ec.generate_private_key(curve())
        self.algorithm = algorithm
        self.hash = hashes.SHA384 if algorithm == ES384 else hashes.SHA256

    def octets(self):
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def der(self, message):
        return self.key.sign(message, ec.ECDSA(self.hash()))

    def sign(self, message):
        half = (self.key.key_size + 7) // 8
        r, s = utils.decode_dss_signature(self.der(message))
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")


class Ed25519:
    algorithm = EDDSA

    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()

    def octets(self):
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self.key.sign(message)


LMS_JAVA = """
import java.nio.file.*;
import java.security.SecureRandom;
import org.bouncycastle.pqc.crypto.lms.*;

public class Lms {
    public static void main(String[] names) throws Exception {
        LMSParameters[] levels = new LMSParameters[Integer.parseInt(names[0])];
        for (int i = 0; i < levels.length; i++)
            levels[i] = new LMSParameters(
                (LMSigParameters) LMSigParameters.class.getField(names[1]).get(null),
                (LMOtsParameters) LMOtsParameters.class.getField(names[2]).get(null));
        HSSKeyPairGenerator maker = new HSSKeyPairGenerator();
        maker.init(new HSSKeyGenerationParameters(levels, new SecureRandom()));
        var pair = maker.generateKeyPair();
        Files.write(Path.of(names[3]), ((HSSPublicKeyParameters) pair.getPublic()).getEncoded());
        var signer = new HSSSigner();
        signer.init(true, pair.getPrivate());
        System.out.println("ready");
        var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            byte[] message = java.util.HexFormat.of().parseHex(line);
            System.out.println(java.util.HexFormat.of().formatHex(signer.generateSignature(message)));
        }
    }
}
"""


class Lms:
    """A key of Bouncy Castle's, which lives as long as the process that has it."""

    algorithm = HSS_LMS

    def __init__(self, folder, levels=1, tree="lms_sha256_n32_h5", ots="sha256_n32_w4"):
        source = folder / "Lms.java"
        source.write_text(LMS_JAVA)
        subprocess.run(["javac", "-cp", JAR, "-d", str(folder), str(source)], check=True)
        self.public = folder / "lms.pub"
        self.process = subprocess.Popen(
            ["java", "-cp", f"{folder}:{JAR}", "Lms", str(levels), tree, ots, str(self.public)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    def octets(self):
        return self.public.read_bytes()

    def sign(self, message):
        self.process.stdin.write(message.hex() + "\n")
        self.process.stdin.flush()
        return bytes.fromhex(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def sign1(key, payload, content_type=None):
    """COSE_Sign1 with the payload detached (RFC 9052 4.2, 4.4)."""
    header = {1: key.algorithm}
    if content_type is not None:
        header[16] = content_type
    protected = encode(header)
    over = encode(["Signature1", protected, b"", payload])
    return encode(cbor2.CBORTag(18, [protected, {}, None, key.sign(over)]))


def keyset(keys, signers, *, sequence=1, floor=1, wanted=None):
    """`keys`: (number, key, uses) in rising order."""
    inner = encode({1: 1, 2: sequence, 3: floor, 4: wanted or {KEYSET: 1, RELEASE: 1},
                    5: [{1: number, 2: key.algorithm, 3: uses, 4: key.octets()}
                        for number, key, uses in keys]})
    return encode([inner] + [sign1(key, inner, KEYSET_TYPE) for key in signers])


def digest_of(octets):
    return [-16, hashlib.sha256(octets).digest()]


def manifest(image, *, sequence=7, counter=5, vendor=VENDOR, class_id=CLASS, component=b"\0",
             formats=None, uri="#image"):
    parameters = {1: vendor, 2: class_id, 3: encode(digest_of(image)), 14: len(image), -1: counter}
    if formats is not None:
        parameters[-2] = formats
    shared = encode([20, parameters, 1, 15, 2, 15])
    common = encode({2: [[component]], 4: shared})
    install = encode([20, {21: uri}, 21, 15, 3, 15])
    return encode({1: 1, 2: sequence, 3: common, 7: encode([3, 15]), 20: install})


def envelope(inner, signers, payloads=None):
    digest = encode(digest_of(encode(inner)))
    wrapper = encode([digest] + [sign1(key, digest) for key in signers])
    return encode(cbor2.CBORTag(107, {2: wrapper, 3: inner, **(payloads or {})}))


def mcuboot_image(body, key, *, counter=5, version=(1, 2, 3, 4)):
    """Header, body, protected TLVs, TLVs, of MCUboot's design.md."""
    protected = struct.pack("<HHHHI", 0x6908, 12, 0x50, 4, counter)
    header = struct.pack("<IIHHIIBBHII", 0x96f3b83d, 0, 32, len(protected), len(body), 0,
                         *version, 0)
    signed = header + body + protected
    tlvs = struct.pack("<HH", 0x10, 32) + hashlib.sha256(signed).digest()
    signature = key.der(signed)
    tlvs += struct.pack("<HH", 0x22, len(signature)) + signature
    return signed + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs
