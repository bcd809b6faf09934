// HSS/LMS signatures: pairs of (place, bits to turn) over a good one and its key and message. Valid
// where nothing is turned, and nowhere else. An input that begins with ff is key and signature as
// they are, by the length in the second octet.
#include "fuzz.h"

#include <crypto/lms.h>
#include <troth/crypto.h>

#include <string.h>

#define MESSAGE "what is signed"
#define KEY_MAX LMS_PUBLIC_MAX
#define WHOLE_MAX (KEY_MAX + sizeof MESSAGE + LMS_SIGNATURE_MAX)

static uint8_t good[WHOLE_MAX];
static size_t key_n, good_n;

// Key, message, signature, of a tree of 32 with n = 24, W = 4.
static void make(void)
{
    static const uint8_t seed[32] = {1, 2, 3}, random[32] = {4, 5, 6};
    static uint8_t nodes[2 * 32 * 32];
    struct lms_key key = {{5, 24, 4}, {7, 8, 9}, seed, nodes};
    struct buf b = buf_over(good, sizeof good);
    lms_grow(&key, nodes);
    lms_write_public(&b, &key);
    key_n = b.n;
    buf_put_bytes(&b, bytes_text(MESSAGE));
    lms_write_signature(&b, &key, 11, random, bytes_text(MESSAGE));
    must(buf_ok(&b));
    good_n = b.n;
}

static enum troth_verdict judge(const uint8_t *whole, size_t n, size_t key_length,
                                size_t message_length)
{
    const struct troth_octets key = {whole, key_length},
                              part = {whole + key_length, message_length};
    const struct troth_message message = {&part, 1};
    size_t at = key_length + message_length;
    return troth_hss_lms.verify(key, &message, (struct troth_octets){whole + at, n - at});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t turned[WHOLE_MAX];
    if (good_n == 0)
        make();
    if (size >= 2 && data[0] == 0xff) {
        size_t key_length = data[1] < size - 2 ? data[1] : size - 2;
        must(judge(data + 2, size - 2, key_length, 0) != TROTH_VALID);
        return 0;
    }
    memcpy(turned, good, good_n);
    for (; size >= 3; data += 3, size -= 3)
        turned[((size_t)data[0] << 8 | data[1]) % good_n] ^= data[2];
    // An octet that is left shortens it.
    size_t n = good_n - (size == 1 ? 1 : 0);
    bool is_good = n == good_n && memcmp(turned, good, n) == 0;
    must((judge(turned, n, key_n, sizeof MESSAGE - 1) == TROTH_VALID) == is_good);
    return 0;
}
