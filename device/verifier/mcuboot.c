// MCUboot images: header, body, protected TLVs, TLVs. Little endian, lengths of 16 bits.
#include "signers.h"
#include <troth/same.h>

#include <troth/mcuboot.h>
#include <wire/bytes.h>

#define HEADER_MAGIC 0x96f3b83du
#define HEADER_N 32
#define INFO_N 4 // of an area of TLVs, and of a TLV
#define INFO_MAGIC 0x6907
#define PROTECTED_MAGIC 0x6908
#define FLAGS_ENCRYPTED 0x0000000cu // IMAGE_F_ENCRYPTED_AES128, _AES256
#define RAW_MAX 96                  // r || s of P-384

enum tlv_type {
    TLV_KEY_HASH = 0x01,
    TLV_KEY = 0x02,
    TLV_SHA256 = 0x10,
    TLV_SHA384 = 0x11,
    TLV_SHA512 = 0x12,
    TLV_RSA2048 = 0x20,
    TLV_ECDSA = 0x22,
    TLV_RSA3072 = 0x23,
    TLV_ED25519 = 0x24,
    TLV_PURE = 0x25, // one octet, 1: the Ed25519 signature is over the image and not its hash
    TLV_ENCRYPTED = 0x30,
    TLV_ENCRYPTED_LAST = 0x34,
    TLV_DEPENDENCY = 0x40,
    TLV_COUNTER = 0x50,
};

struct layout {
    struct bytes signed_part; // header, body, protected TLVs
    struct bytes protected, open;
    const uint8_t *seen; // where it is being read: a fault's place
};

struct tlv {
    uint32_t type;
    struct bytes value;
};

static uint32_t u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static struct troth_mcuboot_version read_version(const uint8_t *p)
{
    return (struct troth_mcuboot_version){p[0], p[1], (uint16_t)u16(p + 2), u32(p + 4)};
}

// ---- where what lies

// An area of TLVs, its info in front: *ret is what it holds.
static bool read_area(struct bytes slot, size_t from, uint32_t magic, struct bytes *ret)
{
    if (from > slot.n || slot.n - from < INFO_N || u16(slot.p + from) != magic)
        return false;
    size_t n = u16(slot.p + from + 2);
    if (n < INFO_N || n > slot.n - from)
        return false;
    *ret = bytes_of(slot.p + from + INFO_N, n - INFO_N);
    return true;
}

static enum troth_verdict read_layout(struct bytes slot, struct layout *ret,
                                      struct troth_mcuboot_image *image)
{
    *ret = (struct layout){.seen = slot.p};
    if (slot.n < HEADER_N || u32(slot.p) != HEADER_MAGIC)
        return TROTH_MALFORMED;
    size_t header_n = u16(slot.p + 8), protected_n = u16(slot.p + 10), body_n = u32(slot.p + 12);
    if (header_n < HEADER_N || header_n > slot.n || body_n > slot.n - header_n)
        return TROTH_MALFORMED;
    size_t end = header_n + body_n;
    *image = (struct troth_mcuboot_image){
        .version = read_version(slot.p + 20),
        .body = {slot.p + header_n, body_n},
        .load_address = u32(slot.p + 4),
        .flags = u32(slot.p + 16),
    };
    if ((image->flags & FLAGS_ENCRYPTED) != 0)
        return TROTH_UNSUPPORTED;
    ret->seen = slot.p + end;
    ret->protected = bytes_of(slot.p + end, 0);
    if (protected_n > 0 && (!read_area(slot, end, PROTECTED_MAGIC, &ret->protected) ||
                            ret->protected.n + INFO_N != protected_n))
        return TROTH_MALFORMED;
    end += protected_n;
    ret->signed_part = bytes_of(slot.p, end);
    ret->seen = slot.p + end;
    return read_area(slot, end, INFO_MAGIC, &ret->open) ? TROTH_VALID : TROTH_MALFORMED;
}

// The next TLV of an area, which it is taken off; false at the end and for one that does not fit.
static bool next_tlv(struct layout *at, struct bytes *area, struct tlv *ret)
{
    at->seen = area->p;
    if (area->n < INFO_N)
        return false;
    size_t n = u16(area->p + 2);
    if (n > area->n - INFO_N)
        return false;
    *ret = (struct tlv){u16(area->p), bytes_of(area->p + INFO_N, n)};
    *area = bytes_of(area->p + INFO_N + n, area->n - INFO_N - n);
    return true;
}

// ---- what is protected

static bool read_dependency(struct bytes value, struct troth_mcuboot_image *ret)
{
    if (value.n != 12 || ret->n == TROTH_MCUBOOT_DEPENDENCIES_MAX)
        return false;
    ret->dependencies[ret->n++] =
        (struct troth_mcuboot_dependency){value.p[0], read_version(value.p + 4)};
    return true;
}

static enum troth_verdict read_protected(struct layout *at, struct troth_mcuboot_image *ret)
{
    struct bytes area = at->protected;
    struct tlv tlv;
    while (next_tlv(at, &area, &tlv)) {
        if (tlv.type == TLV_DEPENDENCY && !read_dependency(tlv.value, ret))
            return TROTH_MALFORMED;
        if (tlv.type != TLV_COUNTER)
            continue;
        if (tlv.value.n != 4 || ret->has_counter)
            return TROTH_MALFORMED;
        ret->counter = u32(tlv.value.p);
        ret->has_counter = true;
    }
    return area.n == 0 ? TROTH_VALID : TROTH_MALFORMED;
}

static bool is_older(const struct troth_mcuboot_version *a, const struct troth_mcuboot_version *b)
{
    if (a->major != b->major)
        return a->major < b->major;
    if (a->minor != b->minor)
        return a->minor < b->minor;
    return a->revision < b->revision;
}

static enum troth_verdict suits(const struct troth_mcuboot_device *device,
                                const struct troth_mcuboot_image *image)
{
    uint32_t behind = (uint32_t)(image->counter < device->counter);
    if (behind != 0)
        return TROTH_OLDER_COUNTER;
    for (size_t i = 0; i < image->n; i++) {
        const struct troth_mcuboot_dependency *on = &image->dependencies[i];
        if (on->image >= device->n || is_older(&device->images[on->image], &on->oldest))
            return TROTH_CONDITION;
    }
    return valid_if_zero(behind, TROTH_OLDER_COUNTER);
}

// ---- hash and signatures

struct digest {
    struct bytes octets; // as the image says
    bool is_wide;        // SHA-384: ECDSA is of P-384
    bool is_pure;        // Ed25519 is over the image
};

static enum troth_verdict check_digest(const struct troth_crypto *crypto, struct bytes signed_part,
                                       struct bytes wanted)
{
    const struct troth_octets part = {signed_part.p, signed_part.n};
    union troth_hash_state state;
    uint8_t seen[64];
    if (wanted.n == TROTH_HASH_N) {
        crypto->hash->begin(&state);
        crypto->hash->add(&state, part.p, part.n);
        crypto->hash->end(&state, seen);
    } else if (crypto->wide != NULL) {
        crypto->wide(&(struct troth_message){&part, 1}, wanted.n, seen);
    } else {
        return TROTH_UNSUPPORTED;
    }
    return valid_if_zero(octets_differ(seen, wanted.p, wanted.n), TROTH_WRONG_IMAGE);
}

// What may stand where nobody signed it, as in MCUboot.
static enum troth_verdict may_be_open(uint32_t type)
{
    if (type >= TLV_ENCRYPTED && type <= TLV_ENCRYPTED_LAST)
        return TROTH_UNSUPPORTED;
    bool is_known = type == TLV_KEY_HASH || type == TLV_KEY || type == TLV_RSA2048 ||
                    (type >= TLV_ECDSA && type <= TLV_PURE) ||
                    (type >= TLV_SHA256 && type <= TLV_SHA512);
    return is_known ? TROTH_VALID : TROTH_MALFORMED;
}

static bool read_digest(const struct tlv *tlv, struct digest *ret)
{
    size_t n = tlv->type == TLV_SHA256 ? 32 : tlv->type == TLV_SHA384 ? 48 : 64;
    if (ret->octets.n > 0 || tlv->value.n != n)
        return false;
    ret->octets = tlv->value;
    ret->is_wide = tlv->type == TLV_SHA384;
    return true;
}

// The one hash that an image must have, and that it is the image's.
static enum troth_verdict find_digest(const struct troth_crypto *crypto, struct layout *at,
                                      struct digest *ret)
{
    struct bytes area = at->open;
    struct tlv tlv;
    *ret = (struct digest){0};
    while (next_tlv(at, &area, &tlv)) {
        enum troth_verdict verdict = may_be_open(tlv.type);
        if (verdict != TROTH_VALID)
            return verdict;
        bool is_digest = tlv.type >= TLV_SHA256 && tlv.type <= TLV_SHA512;
        if (is_digest && !read_digest(&tlv, ret))
            return TROTH_MALFORMED;
        if (tlv.type != TLV_PURE)
            continue;
        if (ret->is_pure || tlv.value.n != 1 || tlv.value.p[0] != 1)
            return TROTH_MALFORMED;
        ret->is_pure = true;
    }
    if (area.n > 0)
        return TROTH_MALFORMED;
    if (ret->octets.n == 0)
        return TROTH_MISSING;
    at->seen = ret->octets.p;
    return check_digest(crypto, at->signed_part, ret->octets);
}

// An INTEGER of an ECDSA-Sig-Value into `n` octets; what is longer, negative or not minimal
// refuses.
static bool read_integer(struct bytes *rest, uint8_t *ret, size_t n)
{
    if (rest->n < 2 || rest->p[0] != 0x02 || rest->p[1] == 0 || rest->p[1] > rest->n - 2)
        return false;
    struct bytes value = bytes_of(rest->p + 2, rest->p[1]);
    *rest = bytes_of(value.p + value.n, rest->n - 2 - value.n);
    if (value.p[0] > 0x7f || (value.n > 1 && value.p[0] == 0 && value.p[1] <= 0x7f))
        return false;
    if (value.p[0] == 0)
        value = bytes_of(value.p + 1, value.n - 1);
    if (value.n > n)
        return false;
    memset(ret, 0, n - value.n);
    if (value.n > 0)
        memcpy(ret + n - value.n, value.p, value.n);
    return true;
}

// r || s of half that length each.
static bool read_ecdsa(struct bytes der, uint8_t *ret, size_t n)
{
    if (der.n < 2 || der.p[0] != 0x30 || der.p[1] > 0x7f || der.p[1] != der.n - 2)
        return false;
    struct bytes rest = bytes_of(der.p + 2, der.n - 2);
    return read_integer(&rest, ret, n / 2) && read_integer(&rest, ret + n / 2, n / 2) &&
           rest.n == 0;
}

// What signatures may be over, and space for one that has to be rewritten.
struct over {
    struct troth_octets image, digest;
    uint8_t raw[RAW_MAX];
};

// What a signature TLV says; false for another TLV and for one that is no signature.
static bool read_claim(const struct tlv *tlv, const struct digest *digest, struct over *over,
                       struct claim *ret)
{
    ret->over = (struct troth_message){&over->image, 1};
    ret->signature = (struct troth_octets){tlv->value.p, tlv->value.n};
    switch (tlv->type) {
    case TLV_RSA2048:
    case TLV_RSA3072:
        ret->algorithm = TROTH_PS256;
        return digest->octets.n == TROTH_HASH_N;
    case TLV_ED25519:
        ret->over.parts = digest->is_pure ? &over->image : &over->digest;
        ret->algorithm = TROTH_ED25519;
        return true;
    case TLV_ECDSA:
        ret->algorithm = digest->is_wide ? TROTH_ES384 : TROTH_ES256;
        ret->signature = (struct troth_octets){over->raw, digest->is_wide ? 96 : 64};
        return digest->octets.n < 64 && read_ecdsa(tlv->value, over->raw, ret->signature.n);
    default:
        return false;
    }
}

static enum troth_verdict check_signers(const struct troth_crypto *crypto,
                                        const struct troth_keyset *keys, struct layout *at,
                                        const struct digest *digest, uint32_t *ret_signers)
{
    struct signers signers = {crypto, keys, TROTH_USE_RELEASE, 0, TROTH_UNSIGNED};
    struct over over = {
        .image = {at->signed_part.p, at->signed_part.n},
        .digest = {digest->octets.p, digest->octets.n},
    };
    struct bytes area = at->open;
    const uint8_t *last = area.p;
    struct tlv tlv;
    while (next_tlv(at, &area, &tlv)) {
        struct claim claim;
        if (!read_claim(&tlv, digest, &over, &claim))
            continue;
        last = at->seen;
        signers_count(&signers, &claim);
    }
    at->seen = last;
    *ret_signers = signers.found;
    return signers_judge(&signers);
}

static enum troth_verdict judge(const struct troth_crypto *crypto, const struct troth_keyset *keys,
                                const struct troth_mcuboot_device *device, struct layout *at,
                                struct troth_mcuboot_image *ret)
{
    struct digest digest;
    enum troth_verdict same = find_digest(crypto, at, &digest);
    if (same != TROTH_VALID)
        return same;
    enum troth_verdict signed_by = check_signers(crypto, keys, at, &digest, &ret->signers);
    if (signed_by != TROTH_VALID)
        return signed_by;
    enum troth_verdict verdict = read_protected(at, ret);
    return both(both(same, signed_by), both(verdict, suits(device, ret)));
}

enum troth_verdict troth_mcuboot_verify(const struct troth_crypto *crypto,
                                        const struct troth_keyset *keys,
                                        const struct troth_mcuboot_device *device,
                                        struct troth_octets slot, struct troth_mcuboot_image *ret,
                                        struct troth_fault *ret_fault)
{
    struct layout at;
    enum troth_verdict verdict = read_layout(bytes_of(slot.p, slot.n), &at, ret);
    if (verdict == TROTH_VALID)
        verdict = judge(crypto, keys, device, &at, ret);
    ret_fault->offset = (size_t)(at.seen - slot.p);
    return verdict;
}
