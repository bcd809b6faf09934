"""SUIT envelopes and key sets, made by cbor2 and cryptography alone: nothing of ours writes them. Deterministic CBOR
(RFC 8949 4.2.1), draft-ietf-suit-manifest-37, docs/decisions/key-sets.md."""

import hashlib

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ES256 = -7
HSS_LMS = -46
SHA256 = -16
KEYSET_TYPE = "application/troth-keyset+cbor"
USE_KEYSET, USE_RELEASE, USE_STATUS, USE_LOG = 1, 2, 4, 8
VENDOR, CLASS, DIGEST, SLOT, SIZE, CONTENT, URI, SOURCE = 1, 2, 3, 5, 14, 18, 21, 22
COUNTER, FORMATS = -1, -2
VALIDATE, LOAD, INVOKE, FETCH, INSTALL, TEXT = 7, 8, 9, 16, 20, 23


def in_order(members):
    """A map whose keys stand in the bytewise order of their encodings, which cbor2's canonical form of 7049 is not."""
    return dict(sorted(members.items(), key=lambda member: cbor2.dumps(member[0])))


def dumps(item):
    """Deterministic for maps of integers and text, at every depth."""
    if isinstance(item, dict):
        pairs = b"".join(dumps(key) + dumps(value) for key, value in in_order(item).items())
        return head(5, len(item)) + pairs
    if isinstance(item, (list, tuple)):
        return head(4, len(item)) + b"".join(map(dumps, item))
    if isinstance(item, cbor2.CBORTag):
        return head(6, item.tag) + dumps(item.value)
    return cbor2.dumps(item)


def head(major, n):
    return bytes([cbor2.dumps(n)[0] | major << 5]) + cbor2.dumps(n)[1:]


class Signer:
    """A P-256 key with a number in a key set."""

    algorithm = ES256

    def __init__(self, number, uses=USE_KEYSET | USE_RELEASE):
        self.number, self.uses = number, uses
        self.key = ec.generate_private_key(ec.SECP256R1())

    @property
    def octets(self):
        return self.key.public_key().public_bytes(serialization.Encoding.X962,
                                                  serialization.PublicFormat.UncompressedPoint)

    def sign(self, octets):
        r, s = utils.decode_dss_signature(self.key.sign(octets, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def row(self):
        return {1: self.number, 2: self.algorithm, 3: self.uses, 4: self.octets}


def sign1(signer, payload, kind=None):
    """A detached COSE_Sign1, RFC 9052 4.2 and 4.4."""
    protected = dumps({1: signer.algorithm, **({16: kind} if kind else {})})
    signature = signer.sign(dumps(["Signature1", protected, b"", payload]))
    return dumps(cbor2.CBORTag(18, [protected, {}, None, signature]))


def keyset(sequence, floor, keys, signers, wanted=None):
    """`keys` in the set, signed by `signers` of the one before."""
    octets = dumps({1: 1, 2: sequence, 3: floor, 4: wanted or {USE_KEYSET: 1, USE_RELEASE: 1},
                    5: [key.row() for key in keys]})
    return dumps([octets, *(sign1(signer, octets, KEYSET_TYPE) for signer in signers)])


def digest(octets):
    return [SHA256, hashlib.sha256(octets).digest()]


def commands(*words):
    return dumps(list(words))


def shared(image, vendor, class_id, counter=1, **more):
    """The shared sequence for one component; `more` are other parameters, by name."""
    parameters = {VENDOR: vendor, CLASS: class_id, DIGEST: dumps(digest(image)), SIZE: len(image),
                  COUNTER: counter, **more.get("parameters", {})}
    return commands(20, parameters, 1, 15, 2, 15)


def manifest(image, vendor, class_id, sequence=1, component=(b"\x00",), uri="coap://updates/image", **more):
    """One image, fetched. `members` adds to the manifest or replaces a part of it."""
    return dumps({1: 1, 2: sequence,
                  3: dumps({2: [list(component)], 4: shared(image, vendor, class_id, **more)}),
                  VALIDATE: commands(3, 15),
                  INSTALL: commands(20, {URI: uri}, 21, 15, 3, 15),
                  **more.get("members", {})})


def envelope(octets, signers, severed=None, payloads=None):
    """`octets` of a manifest in an envelope; payloads by "#name"."""
    payload = dumps(digest(head(2, len(octets)) + octets))
    wrapper = dumps([payload, *(sign1(signer, payload) for signer in signers)])
    return dumps(cbor2.CBORTag(107, {2: wrapper, 3: octets, **(severed or {}), **(payloads or {})}))
