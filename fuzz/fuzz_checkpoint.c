// A checkpoint as a device reads it (troth/verify.h): as it is, and signed as the log signs. What
// the device takes is what the server writes for the same numbers, and it takes whatever the server
// writes: the first octets of an input are numbers too.
#include "signed_object.h"

#include <pki/note.h>
#include <troth/verify.h>
#include <wire/x509.h>

#define NAME "example.org/log"
#define SIZE_END UINT64_C(1000000000000000000) // 18 digits

static const struct troth_log device_log = {NAME, sizeof NAME - 1, signer_point, &stand_in_es256};

static struct bytes sign(struct bytes text)
{
    static uint8_t room[8192];
    struct buf note = buf_over(room, sizeof room), der;
    uint8_t raw[TROTH_SIGNATURE_N], der_room[128];
    const struct note_signer signer = {bytes_text(NAME), X509_SIG_ECDSA_SHA256,
                                       bytes_of(signer_point, sizeof signer_point)};
    sign_raw(text, raw);
    der = buf_over(der_room, sizeof der_room);
    x509_ecdsa_to_der(&der, bytes_of(raw, sizeof raw));
    buf_put_bytes(&note, text);
    buf_put_u8(&note, '\n');
    note_put_signature(&note, &signer, buf_bytes(&der));
    must(buf_ok(&note));
    return buf_bytes(&note);
}

// Lines that the device passes over are the only difference.
static void check_written(struct bytes text, const struct troth_checkpoint *got)
{
    uint8_t room[256];
    struct buf again = buf_over(room, sizeof room);
    note_put_checkpoint(&again, bytes_text(NAME), got->size, got->root);
    must(buf_ok(&again) && again.n <= text.n && memcmp(again.p, text.p, again.n) == 0);
}

static enum troth_verdict judge(struct bytes note, struct troth_checkpoint *ret)
{
    struct troth_fault fault;
    enum troth_verdict verdict = troth_checkpoint_verify(&device_log, note.p, note.n, ret, &fault);
    must(fault.offset <= note.n);
    return verdict;
}

static void read_numbers(struct bytes input)
{
    uint8_t room[256];
    struct buf text = buf_over(room, sizeof room);
    struct troth_checkpoint got, wanted = {0};
    if (input.n < 40)
        return;
    memcpy(&wanted.size, input.p, 8);
    memcpy(wanted.root, input.p + 8, 32);
    wanted.size %= SIZE_END;
    note_put_checkpoint(&text, bytes_text(NAME), wanted.size, wanted.root);
    struct bytes note = sign(buf_bytes(&text));
    must(judge(note, &got) == TROTH_VALID);
    must(got.size == wanted.size && memcmp(got.root, wanted.root, sizeof got.root) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct troth_checkpoint got;
    if (size > 1024)
        return 0;
    must(judge(bytes_of(data, size), &got) != TROTH_VALID);
    if (size > 0 && data[0] >= 0x80)
        read_numbers(bytes_of(data, size));
    struct bytes note = sign(bytes_of(data, size));
    if (judge(note, &got) == TROTH_VALID)
        check_written(bytes_of(data, size), &got);
    return 0;
}
