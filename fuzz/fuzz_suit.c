// SUIT envelopes, as they are and around a manifest that is signed. The first octet says which:
//   0 as it is; else the next two are the manifest's length, and what follows it is, by the octet,
//   nothing (1), member 20 (2), member 16 (3), or the payload "#a" (4).
// Nothing is done while it is judged; what is said to match does; offsets are within the file.
#include "signed_object.h"
#include "suit.h"

#include <troth/suit.h>

#define PLACE_MAX 4096
#define ACTS_MAX 64

static struct {
    uint8_t octets[2][PLACE_MAX];
    size_t n[2];
    unsigned acts;
    bool is_judging;
} device;

static struct troth_octets read_place(void *context, size_t place, size_t offset, size_t n)
{
    (void)context;
    must(place < 2);
    must(!device.is_judging);
    if (offset >= device.n[place])
        return (struct troth_octets){device.octets[place], 0};
    size_t left = device.n[place] - offset;
    return (struct troth_octets){device.octets[place] + offset, left < n ? left : n};
}

static bool act(size_t place, size_t n)
{
    must(place < 2);
    must(!device.is_judging);
    return ++device.acts < ACTS_MAX && n <= PLACE_MAX;
}

static bool fetch(void *context, size_t place, struct troth_octets uri, size_t size)
{
    (void)context;
    (void)uri;
    if (!act(place, size))
        return false;
    memset(device.octets[place], 0, size);
    device.n[place] = size;
    return true;
}

static bool write_place(void *context, size_t place, struct troth_octets content)
{
    (void)context;
    if (!act(place, content.n))
        return false;
    if (content.n > 0)
        memcpy(device.octets[place], content.p, content.n);
    device.n[place] = content.n;
    return true;
}

static bool copy(void *context, size_t place, size_t from, size_t size)
{
    (void)context;
    must(from < 2 && from != place);
    if (!act(place, size) || size > device.n[from])
        return false;
    memcpy(device.octets[place], device.octets[from], size);
    device.n[place] = size;
    return true;
}

static bool invoke(void *context, size_t place)
{
    (void)context;
    return act(place, 0);
}

static const struct troth_suit_acts acts = {read_place, fetch, write_place, copy, invoke};

static void check_matched(const struct troth_suit *suit)
{
    for (uint32_t i = 0; i < suit->n; i++) {
        const struct troth_suit_component *one = &suit->components[i];
        uint8_t digest[TROTH_HASH_N];
        if ((suit->matched >> i & 1) == 0)
            continue;
        // Without a size it is the whole place, and with one its beginning.
        bool has_size = (one->has & SUIT_SIZE) != 0;
        size_t n = device.n[one->place];
        quick_hash(bytes_of(device.octets[one->place], has_size ? one->size : n), digest);
        must(!has_size || one->size <= n);
        must(memcmp(digest, one->digest, sizeof digest) == 0);
    }
}

static bool judge(struct bytes envelope, bool is_signed)
{
    static const uint8_t ids[2][3] = {{0x81, 0x41, 0x00}, {0x81, 0x41, 0x01}};
    static const struct troth_suit_place places[] = {{{ids[0], 3}, 1, 2, 0},
                                                     {{ids[1], 3}, 0, 0, 1}};
    static const enum troth_suit_sequence order[] = {TROTH_SUIT_FETCH, TROTH_SUIT_INSTALL,
                                                     TROTH_SUIT_VALIDATE, TROTH_SUIT_LOAD,
                                                     TROTH_SUIT_INVOKE};
    const struct troth_suit_device described = {
        .vendor = (const uint8_t *)"vendor-of-things",
        .class_id = (const uint8_t *)"class-of-devices",
        .sequence = 1,
        .places = places,
        .n = 2,
        .acts = &acts,
    };
    const struct troth_suit_trust trust = {&signer_crypto, &signer_set};
    struct troth_suit suit;
    struct troth_fault fault;
    device.n[0] = device.n[1] = device.acts = 0;
    device.is_judging = true;
    enum troth_verdict verdict =
        troth_suit_open(&suit, &trust, &described, octets_of(envelope), &fault);
    device.is_judging = false;
    must(fault.offset <= envelope.n);
    if (verdict != TROTH_VALID)
        return false;
    must(is_signed && suit.signers == 1 && suit.n > 0 && suit.sequence >= 1);
    for (unsigned i = 0; i < 5; i++) {
        verdict = troth_suit_run(&suit, order[i], &fault);
        must(fault.offset <= envelope.n);
        if (verdict == TROTH_VALID)
            check_matched(&suit);
    }
    return true;
}

static void put_envelope(struct buf *b, unsigned mode, struct bytes manifest, struct bytes rest)
{
    static uint8_t whole_space[ROOM], wrapper_space[1024];
    struct buf whole = buf_over(whole_space, sizeof whole_space);
    struct buf wrapper = buf_over(wrapper_space, sizeof wrapper_space);
    uint8_t digest[TROTH_HASH_N], payload_space[64], signature_space[256];
    struct buf payload = buf_over(payload_space, sizeof payload_space);
    struct buf signature = buf_over(signature_space, sizeof signature_space);
    cbor_write_bytes(&whole, manifest);
    quick_hash(buf_bytes(&whole), digest);
    manifest_write_digest(&payload, digest);
    put_signature(&signature, buf_bytes(&payload), bytes_of(NULL, 0));
    cbor_write_array(&wrapper, 2);
    cbor_write_bytes(&wrapper, buf_bytes(&payload));
    cbor_write_bytes(&wrapper, buf_bytes(&signature));
    cbor_write_tag(b, 107);
    cbor_write_map(b, mode == 1 ? 2 : 3);
    cbor_write_uint(b, 2);
    cbor_write_bytes(b, buf_bytes(&wrapper));
    cbor_write_uint(b, 3);
    cbor_write_bytes(b, manifest);
    if (mode == 2 || mode == 3)
        cbor_write_uint(b, mode == 2 ? 20 : 16);
    else if (mode == 4)
        cbor_write_text(b, bytes_text("#a"));
    if (mode > 1)
        cbor_write_bytes(b, rest);
    must(buf_ok(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[ROOM];
    struct buf envelope = buf_over(space, sizeof space);
    if (size < 3 || size > ROOM / 2)
        return 0;
    unsigned mode = data[0] % 5;
    if (mode == 0) {
        judge(bytes_of(data + 1, size - 1), false);
        return 0;
    }
    size_t n = (size_t)data[1] << 8 | data[2];
    if (n > size - 3)
        n = size - 3;
    put_envelope(&envelope, mode, bytes_of(data + 3, n), bytes_of(data + 3 + n, size - 3 - n));
    bool is_valid = judge(buf_bytes(&envelope), true);
    // A bit of the signature, where it is sure to lie.
    if (is_valid) {
        space[100] ^= 1;
        must(!judge(buf_bytes(&envelope), true));
    }
    return 0;
}
