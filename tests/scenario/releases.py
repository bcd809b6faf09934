"""More of what suit.py makes: signers of other algorithms, HSS/LMS by Bouncy Castle, and MCUboot images.
Nothing of ours writes them."""

import hashlib
import struct
import subprocess

import suit
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VENDOR, CLASS = b"vendor-of-things", b"class-of-devices"
JAR = "/usr/share/java/bcprov.jar"


def manifest(image, *, vendor=VENDOR, class_id=CLASS, component=b"\0", formats=None, **members):
    """One image that this vendor's device of that class takes, in the envelope if nothing else is said."""
    parameters = {} if formats is None else {suit.FORMATS: formats}
    return suit.manifest(image, vendor, class_id, component=(component,), parameters=parameters,
                         **{"sequence": 7, "counter": 5, "uri": "#image", **members})


class Es384(suit.Signer):
    algorithm = -35

    def __init__(self, number):
        super().__init__(number)
        self.key = ec.generate_private_key(ec.SECP384R1())

    def sign(self, octets):
        r, s = utils.decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA384())))
        return r.to_bytes(48, "big") + s.to_bytes(48, "big")


class Ed25519(suit.Signer):
    algorithm = -8

    def __init__(self, number):
        super().__init__(number)
        self.key = ed25519.Ed25519PrivateKey.generate()

    @property
    def octets(self):
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, octets):
        return self.key.sign(octets)


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


class Lms(suit.Signer):
    """A key of Bouncy Castle's, which lives as long as the process that has it."""

    algorithm = suit.HSS_LMS

    def __init__(self, number, folder, levels=1, tree="lms_sha256_n32_h5", ots="sha256_n32_w4"):
        super().__init__(number)
        source = folder / "Lms.java"
        source.write_text(LMS_JAVA)
        subprocess.run(["javac", "-cp", JAR, "-d", str(folder), str(source)], check=True)
        self.public = folder / "lms.pub"
        self.process = subprocess.Popen(
            ["java", "-cp", f"{folder}:{JAR}", "Lms", str(levels), tree, ots, str(self.public)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == "ready"

    @property
    def octets(self):
        return self.public.read_bytes()

    def sign(self, message):
        self.process.stdin.write(message.hex() + "\n")
        self.process.stdin.flush()
        return bytes.fromhex(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def mcuboot_image(body, signer, *, counter=5, version=(1, 2, 3, 4)):
    """Header, body, protected TLVs, TLVs, of MCUboot's design.md."""
    protected = struct.pack("<HHHHI", 0x6908, 12, 0x50, 4, counter)
    header = struct.pack("<IIHHIIBBHII", 0x96f3b83d, 0, 32, len(protected), len(body), 0,
                         *version, 0)
    signed = header + body + protected
    tlvs = struct.pack("<HH", 0x10, 32) + hashlib.sha256(signed).digest()
    if isinstance(signer.key, ed25519.Ed25519PrivateKey):
        number, signature = 0x24, signer.key.sign(tlvs[4:])
    elif isinstance(signer.key, rsa.RSAPrivateKey):
        number, signature = 0x20, signer.key.sign(signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        number, signature = 0x22, signer.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    tlvs += struct.pack("<HH", number, len(signature)) + signature
    return signed + struct.pack("<HH", 0x6907, 4 + len(tlvs)) + tlvs
