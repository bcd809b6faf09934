// COSE_Sign1: what is refused, what is signed, and that what was written is read.
#include <wire/cose.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t signature[COSE_SIGNATURE_N] = {7};

static struct cose_sign1 sample(void)
{
    return (struct cose_sign1){
        .type = bytes_text("application/thing+cose"),
        .key_id = bytes_text("key"),
        .payload = bytes_text("what is said"),
        .signature = bytes_of(signature, sizeof signature),
    };
}

static struct bytes written(const struct cose_sign1 *message, uint8_t space[512])
{
    struct buf b = buf_over(space, 512);
    cose_sign1_write(&b, message);
    return buf_bytes(&b);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    uint8_t space[512];
    struct cose_sign1 message = sample(), back;
    const char *why = NULL;
    assert_true(cose_sign1_read(written(&message, space), &back, &why));
    assert_true(bytes_equal(back.type, message.type));
    assert_true(bytes_equal(back.key_id, message.key_id));
    assert_true(bytes_equal(back.payload, message.payload));
    assert_true(bytes_equal(back.signature, message.signature));
}

/* RFC 9052 4.4: ["Signature1", protected, external data, payload]. */
static void what_is_signed_is_the_sig_structure(void **state)
{
    (void)state;
    uint8_t space[COSE_SIGNED_HEAD_MAX];
    struct buf b = buf_over(space, sizeof space);
    struct cose_sign1 message = {.type = bytes_text("t"), .payload = bytes_text("xyz")};
    static const uint8_t wanted[] = "\x84\x6aSignature1\x46\xa2\x01\x26\x10\x61t\x40\x43";
    cose_signed_head(&b, &message);
    assert_true(bytes_equal(buf_bytes(&b), bytes_of(wanted, sizeof wanted - 1)));
}

static void another_head_another_signature(void **state)
{
    (void)state;
    uint8_t a_space[COSE_SIGNED_HEAD_MAX], b_space[COSE_SIGNED_HEAD_MAX];
    struct buf a = buf_over(a_space, sizeof a_space), b = buf_over(b_space, sizeof b_space);
    struct cose_sign1 message = sample();
    cose_signed_head(&a, &message);
    message.type = bytes_text("application/other+cose");
    cose_signed_head(&b, &message);
    assert_false(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
}

static void refused(const char *octets, size_t n, const char *rule)
{
    uint8_t space[512];
    struct cose_sign1 message = {0};
    const char *why = NULL;
    memcpy(space, octets, n);
    memset(space + n, 7, sizeof space - n);
    assert_false(cose_sign1_read(bytes_of(space, n + COSE_SIGNATURE_N), &message, &why));
    assert_non_null(why);
    assert_non_null(strstr(why, rule));
    assert_int_equal(message.payload.n, 0);
}

#define REFUSED(literal, rule) refused(literal, sizeof(literal) - 1, rule)

static void refuses_what_is_no_es256_message_of_one_signer(void **state)
{
    (void)state;
    REFUSED("\xd1\x84\x46\xa2\x01\x26\x10\x61t\xa1\x04\x41k\x41p\x58\x40", "tag 18");
    REFUSED("\xd2\x83\x46\xa2\x01\x26\x10\x61t\xa1\x04\x41k\x41p", "array of four");
    REFUSED("\xd2\x84\x46\xa2\x01\x27\x10\x61t\xa1\x04\x41k\x41p\x58\x40", "ES256");
    REFUSED("\xd2\x84\x43\xa1\x01\x26\xa1\x04\x41k\x41p\x58\x40", "algorithm and type alone");
    REFUSED("\xd2\x84\x48\xa3\x01\x26\x02\x80\x10\x61t\xa1\x04\x41k\x41p\x58\x40", "alone");
    REFUSED("\xd2\x84\x46\xa2\x02\x26\x10\x61t\xa1\x04\x41k\x41p\x58\x40", "protected header");
    REFUSED("\xd2\x84\x46\xa2\x01\x26\x03\x61t\xa1\x04\x41k\x41p\x58\x40", "type is a protected");
    REFUSED("\xd2\x84\x46\xa2\x01\x26\x10\x61t\xa0\x41p\x58\x40", "key id alone");
    REFUSED("\xd2\x84\x46\xa2\x01\x26\x10\x61t\xa1\x05\x41k\x41p\x58\x40", "key id alone");
    REFUSED("\xd2\x84\x46\xa2\x01\x26\x10\x61t\xa1\x04\x41k\xf6\x58\x40", "another type");
    REFUSED("\xd2\x84\x46\xa2\x01\x26\x10\x61t\xa1\x04\x41k\x41p\x58\x3f", "64 octets");
    REFUSED("\xd2\x84\x47\xa2\x01\x26\x10\x61t\x00\xa1\x04\x41k\x41p\x58\x40", "");
}

static void refuses_trailing_octets(void **state)
{
    (void)state;
    uint8_t space[512];
    struct cose_sign1 message = sample();
    const char *why = NULL;
    struct bytes all = written(&message, space);
    assert_false(cose_sign1_read(bytes_of(space, all.n + 1), &message, &why));
    for (size_t n = 0; n < all.n; n++)
        assert_false(cose_sign1_read(bytes_of(space, n), &message, &why));
}

static void writes_nothing_that_it_would_refuse(void **state)
{
    (void)state;
    uint8_t space[512];
    static const uint8_t zeros[100];
    struct cose_sign1 message = sample();
    message.signature.n = 63;
    assert_int_equal(written(&message, space).n, 0);
    message = sample();
    message.type = bytes_of(zeros, COSE_TYPE_MAX + 1);
    assert_int_equal(written(&message, space).n, 0);
    message.type = bytes_of(zeros, COSE_TYPE_MAX);
    assert_int_not_equal(written(&message, space).n, 0);
    message.key_id = bytes_of(zeros, COSE_KEY_ID_MAX + 1);
    assert_int_equal(written(&message, space).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(what_is_signed_is_the_sig_structure),
        cmocka_unit_test(another_head_another_signature),
        cmocka_unit_test(refuses_what_is_no_es256_message_of_one_signer),
        cmocka_unit_test(refuses_trailing_octets),
        cmocka_unit_test(writes_nothing_that_it_would_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
