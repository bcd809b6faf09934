"""What a release host and a factory make for the emulated board (device/boot/m3), on suit.py: HSS/LMS keys of one level
as RFC 8554 and 9858 have them, releases with an image for each slot, flash as a factory leaves it."""

import dataclasses
import hashlib
import os
import struct

import suit

VENDOR, CLASS, DEVICE = b"vendor-of-things", b"class-of-devices", b"device-number-01"
DEVICE_ID = 24

# As device/boot/m3/device.h has it.
BLOCK = 4096
ENVELOPE_N = 2 * BLOCK
SLOT_N = ENVELOPE_N + 16 * BLOCK
STATE_AT, KEYS_N = 2 * SLOT_N, 2 * BLOCK
FACTORY_AT = STATE_AT + 2 * BLOCK + 2 * KEYS_N
FLASH_N = FACTORY_AT + 2 * BLOCK


# ---- keys --------------------------------------------------------------------------------------


class Lms(suit.Signer):
    """One tree of height 5, W4; n = 24 or 32. Each signature takes the next leaf."""

    algorithm = suit.HSS_LMS
    octets = None
    HEIGHT, WIDTH = 5, 4

    def __init__(self, number, n=24):
        super().__init__(number)
        self.n = n
        self.tree_type, self.ots_type, self.chains = (10, 7, 51) if n == 24 else (5, 3, 67)
        self.id, self.seed, self.next = os.urandom(16), os.urandom(n), 0
        leaves = [self.hash(struct.pack(">IH", 32 + q, 0x8282) + self.ots_public(q)) for q in range(32)]
        self.nodes = [b""] * 32 + leaves
        for i in range(31, 0, -1):
            self.nodes[i] = self.hash(struct.pack(">IH", i, 0x8383) + self.nodes[2 * i] + self.nodes[2 * i + 1])
        self.octets = struct.pack(">III", 1, self.tree_type, self.ots_type) + self.id + self.nodes[1]

    def hash(self, octets):
        return hashlib.sha256(self.id + octets).digest()[:self.n]

    def chain(self, leaf, i, begin, end):
        node = self.hash(struct.pack(">IHB", leaf, i, 0xff) + self.seed)
        for step in range(begin, end):
            node = self.hash(struct.pack(">IHB", leaf, i, step) + node)
        return node

    def ots_public(self, leaf):
        ends = b"".join(self.chain(leaf, i, 0, 15) for i in range(self.chains))
        return self.hash(struct.pack(">IH", leaf, 0x8080) + ends)

    def digits(self, digest):
        total = sum(15 - (octet >> 4) + 15 - (octet & 15) for octet in digest)
        summed = digest + struct.pack(">H", total << 4)
        return [octet >> shift & 15 for octet in summed for shift in (4, 0)][:self.chains]

    def sign(self, octets):
        leaf, self.next = self.next, self.next + 1
        random = os.urandom(self.n)
        digits = self.digits(self.hash(struct.pack(">IH", leaf, 0x8181) + random + octets))
        path, at = b"", 32 + leaf
        while at > 1:
            path, at = path + self.nodes[at ^ 1], at // 2
        return b"".join([struct.pack(">III", 0, leaf, self.ots_type), random,
                         *(self.chain(leaf, i, 0, digit) for i, digit in enumerate(digits)),
                         struct.pack(">I", self.tree_type), path])


# ---- releases ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Release:
    """An application for either slot, each linked for its place."""

    images: list
    sequence: int = 1
    counter: int = 1
    vendor: bytes = VENDOR
    class_id: bytes = CLASS
    device: bytes = None
    names: tuple = ("application-0", "application-1")

    def alternative(self, slot):
        image = self.images[slot]
        parameters = {suit.DIGEST: suit.dumps(suit.digest(image)), suit.SLOT: slot, suit.SIZE: len(image),
                      suit.URI: self.names[slot]}
        return suit.commands(20, parameters, 5, 15)

    def shared(self):
        parameters = {suit.VENDOR: self.vendor, suit.CLASS: self.class_id, suit.COUNTER: self.counter}
        conditions = [1, 15, 2, 15]
        if self.device:
            parameters[DEVICE_ID] = self.device
            conditions += [24, 15]
        return suit.commands(20, parameters, *conditions, 15, [self.alternative(0), self.alternative(1)])

    def manifest(self):
        return suit.dumps({1: 1, 2: self.sequence, 3: suit.dumps({2: [[b"\x00"]], 4: self.shared()}),
                           suit.VALIDATE: suit.commands(3, 15), suit.INSTALL: suit.commands(21, 15)})

    def envelope(self, *keys):
        return suit.envelope(self.manifest(), keys)


# ---- flash -------------------------------------------------------------------------------------


def slot(envelope, image):
    front = b"TOBJ" + struct.pack("<I", len(envelope)) + envelope
    assert len(front) <= ENVELOPE_N
    return (front.ljust(ENVELOPE_N, b"\xff") + image).ljust(SLOT_N, b"\xff")


def flash(keys, slots, vendor=VENDOR, class_id=CLASS):
    """As the factory leaves it: slots by number, the first key set, and who the device is."""
    octets = bytearray(b"\xff" * FLASH_N)
    for number, content in slots.items():
        octets[number * SLOT_N:(number + 1) * SLOT_N] = content
    factory = vendor + class_id + DEVICE + struct.pack("<I", len(keys)) + keys
    octets[FACTORY_AT:FACTORY_AT + len(factory)] = factory
    return bytes(octets)
