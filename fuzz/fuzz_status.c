// Status lists: as they are, and the claims signed as the server signs them. What a device takes,
// the server's reader takes.
#include "signed_object.h"

#include <troth/status.h>
#include <wire/cose.h>
#include <wire/status_list.h>

// The first octets say what it inflates to: what is asked is always within.
static bool inflate(void *context, struct troth_octets compressed, size_t n, size_t offset,
                    uint8_t *ret)
{
    (void)context;
    must(n <= STATUS_SHARD_OCTETS && offset < n && compressed.n > 0);
    *ret = compressed.p[offset % compressed.n];
    return true;
}

static enum troth_verdict ask(struct bytes list, struct troth_time *time, struct troth_status *ret)
{
    const struct troth_status_terms terms = {&signer_crypto, &signer_set, inflate, NULL, 1, time};
    const struct troth_status_place place = {1, 2, 17};
    struct troth_fault fault;
    enum troth_verdict verdict = troth_status_verify(&terms, octets_of(list), &place, ret, &fault);
    must(fault.offset <= list.n);
    return verdict;
}

static void put_list(struct buf *b, struct bytes payload)
{
    static uint8_t space[ROOM];
    uint8_t raw[TROTH_SIGNATURE_N];
    struct buf over = buf_over(space, sizeof space);
    const struct cose_sign1 message = {
        .type = bytes_text(STATUS_LIST_TYPE),
        .key_id = bytes_text("12345678"),
        .payload = payload,
        .signature = bytes_of(raw, sizeof raw),
    };
    cose_signed_head(&over, &message);
    buf_put_bytes(&over, payload);
    must(buf_ok(&over));
    sign_raw(buf_bytes(&over), raw);
    cose_sign1_write(b, &message);
    must(buf_ok(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t space[ROOM];
    struct buf list = buf_over(space, sizeof space);
    struct troth_time time = {1000, true, 2000};
    struct troth_status status = {0};
    struct status_list read;
    const char *why = NULL;
    if (size > ROOM / 2)
        return 0;
    must(ask(bytes_of(data, size), &time, &status) != TROTH_VALID && time.floor_s == 1000);
    put_list(&list, bytes_of(data, size));
    enum troth_verdict verdict = ask(buf_bytes(&list), &time, &status);
    bool is_read = status_list_read(bytes_of(data, size), &read, &why);
    must(is_read || verdict == TROTH_MALFORMED);
    must(is_read || time.floor_s == 1000);
    if (verdict == TROTH_VALID)
        must(read.issued_s <= 2000 && read.expires_s >= 2000 && read.high > 17 &&
             status.generation == read.generation && time.floor_s >= read.issued_s);
    return 0;
}
