// Shares of a key as people type them (crypto/shares.h). What is read is written again to what
// reads as the same; the input as a share's octets is written and read too, as no digest is
// guessed.
#include "fuzz.h"

#include <crypto/shares.h>
#include <wire/buf.h>

static void read_again(const struct share *share)
{
    uint8_t room[SHARE_TEXT_MAX];
    struct buf text = buf_over(room, sizeof room);
    struct share again;
    share_write(share, &text);
    must(buf_ok(&text));
    must(share_read(buf_bytes(&text), &again, NULL) == OK);
    must(memcmp(share, &again, sizeof again) == 0);
}

static void read_as_octets(const uint8_t *data, size_t size)
{
    uint8_t room[SHARE_TEXT_MAX];
    struct buf text = buf_over(room, sizeof room);
    struct share share = {0}, again;
    if (size < offsetof(struct share, octets) || size > sizeof share)
        return;
    memcpy(&share, data, size);
    if (share.octets_n > SHARE_SECRET_MAX)
        return;
    memset(share.octets + share.octets_n, 0, SHARE_SECRET_MAX - share.octets_n);
    share_write(&share, &text);
    if (share_read(buf_bytes(&text), &again, NULL) == OK)
        read_again(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct share share;
    read_as_octets(data, size);
    if (share_read(bytes_of(data, size), &share, NULL) != OK)
        return 0;
    must(share.needed >= SHARES_LEAST && share.needed <= share.of && share.of <= SHARES_MOST);
    must(share.x >= 1 && share.x <= share.of);
    must(share.octets_n >= SHARE_SECRET_MIN && share.octets_n <= SHARE_SECRET_MAX);
    read_again(&share);
    return 0;
}
