"""A boundary in Python: it polls for the feed, verifies and applies it by the rules of wire/feed.h, and keeps for
each shard what the lists and deltas said. It has what design 5 wants of one, and nothing of libtroth-boundary."""

import contextlib
import hashlib
import io
import threading
import time

import cbor2

import lab
from test_72_status_lists import List, open_sign1, place

DELTA, CATALOGUE = "application/troth-status-delta+cose", "application/troth-status-catalogue+cose"


def items(octets):
    """Each of a CBOR sequence (RFC 8742): its value and its octets."""
    stream = io.BytesIO(octets)
    while stream.tell() < len(octets):
        start = stream.tell()
        yield cbor2.CBORDecoder(stream).decode(), octets[start:stream.tell()]


class Shard:
    """What is held of one: statuses below the mark."""

    def __init__(self, statuses=(), generation=0):
        self.statuses, self.generation = list(statuses), generation

    def apply(self, high, changes):
        assert high >= len(self.statuses)  # marks never fall
        self.statuses += [0] * (high - len(self.statuses))
        last = -1
        for at in range(0, len(changes), 3):
            both = int.from_bytes(changes[at:at + 3], "big")
            index = both >> 2
            assert last < index < high
            self.statuses[index], last = both & 3, index


class FeedReader:
    """One boundary, by the key and chain of a lab.Client."""

    def __init__(self, client):
        self.client, self.server = client, client.server
        self.status, self.service, self.shards = 0, 0, {}
        self.catalogues = self.polls = self.octets = 0
        self.said = []  # of the last answer: "catalogue", "delta", "heartbeat", "service", "watch"
        self.connection = None

    def ask(self, path):
        if self.connection is None:
            self.connection = self.client.connection()
        try:
            self.connection.request("GET", path)
            return lab.Answer(self.connection.getresponse())
        except Exception:
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def poll_raw(self):
        return self.ask(f"/boundary/feed/{self.status}/{self.service}")

    def poll(self):
        """One poll, and all that it says applied."""
        answer = self.poll_raw()
        assert answer.status == 200, answer
        assert answer.media_type == "application/cbor-seq" and answer.body
        self.polls += 1
        self.octets += len(answer.body)
        self.said = [self.take(value, octets) for value, octets in items(answer.body)]
        return self

    def take(self, value, octets):
        if isinstance(value, list):
            return "watch"
        kind = cbor2.loads(value.value[0])[16]
        payload = open_sign1(self.server, octets, kind)
        if kind == CATALOGUE:
            return self.take_catalogue(payload)
        if kind == DELTA:
            return self.take_delta(payload)
        self.service = payload[2]
        return "service"

    def take_catalogue(self, payload):
        _, generation, at_s, lists = payload
        assert generation > self.status and abs(at_s - time.time()) < 400 * 86400
        self.shards = {}
        for issuer, number_class, shard, digest in lists:
            path = f"/status/{issuer}-{number_class}-{shard}.cwt"
            answer = self.ask(path)
            assert answer.status == 200 and hashlib.sha256(answer.body).digest() == digest
            found = List(self.server, path.rsplit("/", 1)[1])
            assert found.octets == answer.body
            statuses = [found.status(i) for i in range(found.high)]
            self.shards[issuer, number_class, shard] = Shard(statuses, found.generation)
        self.status = generation
        self.catalogues += 1
        return "catalogue"

    def take_delta(self, payload):
        _, begins, leads, _, ledger, self.streams, spaces = payload
        assert len(ledger[1]) == 32
        if begins == leads != self.status:
            return "elsewhere"  # a heartbeat of where the others are: no word of how fresh this one is
        assert begins == self.status, "a gap"
        for issuer, number_class, shard, high, changes in spaces:
            one = self.shards.setdefault((issuer, number_class, shard), Shard())
            if one.generation < leads:
                one.apply(high, changes)
        self.status = leads
        return "delta" if begins != leads else "heartbeat"

    def status_of(self, leaf, issuer):
        """None: it is not known here."""
        number_class, number = place(leaf)
        shard = self.shards.get((issuer, number_class, number >> 20))
        index = number & 0xfffff
        return shard.statuses[index] if shard is not None and index < len(shard.statuses) else None

    def until(self, question, within_s=10):
        """Polls until it holds; the seconds that took."""
        begun = time.monotonic()
        while not question():
            assert time.monotonic() - begun < within_s, self.said
            self.poll()
        return time.monotonic() - begun

    @contextlib.contextmanager
    def running(self):
        """Polls in a thread of its own, and acknowledges as fast as it can."""
        stop, failed = threading.Event(), []

        def run():
            while not stop.is_set():
                try:
                    self.poll()
                except Exception as error:  # what a test must see
                    if not stop.is_set():
                        failed.append(error)
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join(15)
            assert not failed, failed
