// MCUboot images, as they are and with hash and signature put behind what is protected.
#include "signed_object.h"

#include <troth/mcuboot.h>

static const struct troth_mcuboot_version running = {1, 2, 3, 0};
static const struct troth_mcuboot_device device = {5, &running, 1};

static enum troth_verdict judge(struct bytes slot, struct troth_mcuboot_image *ret)
{
    struct troth_fault fault;
    enum troth_verdict verdict =
        troth_mcuboot_verify(&signer_crypto, &signer_set, &device, octets_of(slot), ret, &fault);
    must(fault.offset <= slot.n);
    return verdict;
}

static void put_head(struct buf *b, unsigned type, size_t n)
{
    const uint8_t head[] = {(uint8_t)type, (uint8_t)(type >> 8), (uint8_t)n, (uint8_t)(n >> 8)};
    buf_put_bytes(b, bytes_of(head, sizeof head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[ROOM];
    struct buf slot = buf_over(space, sizeof space);
    struct troth_mcuboot_image image;
    struct key_signature signature;
    uint8_t digest[SHA256_N];
    make_signer();
    if (size > ROOM / 2)
        return 0;
    must(judge(bytes_of(data, size), &image) != TROTH_VALID);
    sha256(bytes_of(data, size), digest);
    must(key_sign(signer_key, bytes_of(data, size), &signature, NULL) == OK);
    buf_put_bytes(&slot, bytes_of(data, size));
    put_head(&slot, 0x6907, 4 + 4 + sizeof digest + 4 + signature.n);
    put_head(&slot, 0x10, sizeof digest);
    buf_put_bytes(&slot, bytes_of(digest, sizeof digest));
    put_head(&slot, 0x22, signature.n);
    buf_put_bytes(&slot, key_signature_bytes(&signature));
    must(buf_ok(&slot));
    if (judge(buf_bytes(&slot), &image) != TROTH_VALID)
        return 0;
    must(image.counter >= device.counter && image.signers == 1);
    must(image.body.p >= slot.p + 32 && image.body.p + image.body.n <= slot.p + size);
    space[slot.n - 1] ^= 1;
    must(judge(buf_bytes(&slot), &image) != TROTH_VALID);
    return 0;
}
