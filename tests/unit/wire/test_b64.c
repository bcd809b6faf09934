#include "fixture.h"

#include <wire/b64.h>

typedef bool decode_function(struct buf *b, struct bytes text);

static void assert_refused(decode_function *decode, const char *text)
{
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    buf_put_u8(&b, 7);
    if (decode(&b, bytes_of(text, strlen(text))))
        fail_msg("'%s' was accepted", text);
    assert_int_equal(b.n, 1);
    assert_true(buf_ok(&b));
}

static void assert_decodes(decode_function *decode, const char *text, const char *wanted)
{
    uint8_t memory[64];
    struct buf b = buf_over(memory, sizeof(memory));
    assert_true(decode(&b, bytes_of(text, strlen(text))));
    assert_text(buf_bytes(&b), wanted);
}

static void text_that_is_not_canonical_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z",    "Zg",    "Zg=",      "Zg===",       "Zh==", // unused bits are not zero
        "Zm9=", "Zm9v=", "Zm9v====", "=",           "====",     "Zg==Zg==", "Zm9vZ",
        "Z=g=", "Zm9v-", "Zm-_",     "Zm9v\x80Z==", "Zm9vYm!y", "Zm9vYg=a",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_refused(b64_decode, bad[i]);
        assert_refused(b64_decode_lenient, bad[i]);
    }
}

static void white_space_is_for_the_lenient_reader_only(void **state)
{
    (void)state;
    static const char *const spaced[] = {"Zm9v\nYmFy", " Zm9vYmFy", "Zm9vYmFy\r\n", "Z m\t9vYmFy",
                                         "Zm9vY\n\n\nmFy"};
    for (size_t i = 0; i < sizeof(spaced) / sizeof(spaced[0]); i++) {
        assert_refused(b64_decode, spaced[i]);
        assert_decodes(b64_decode_lenient, spaced[i], "foobar");
    }
    assert_decodes(b64_decode_lenient, "Z g = =\n", "f");
    assert_refused(b64_decode_lenient, "Zm9v\vYmFy");
}

static void the_url_alphabet_has_no_padding(void **state)
{
    (void)state;
    assert_refused(b64url_decode, "Zg==");
    assert_refused(b64url_decode, "Zm9v+");
    assert_refused(b64url_decode, "Zh");
    assert_refused(b64url_decode, "Zm9vY");
    assert_decodes(b64url_decode, "Zg", "f");
    assert_decodes(b64url_decode, "-_-_", "\xfb\xff\xbf");
}

static void too_little_room_is_refused(void **state)
{
    (void)state;
    uint8_t memory[8];
    for (size_t room = 0; room < 6; room++) {
        struct buf b = buf_over(memory, room);
        assert_false(b64_decode(&b, bytes_text("Zm9vYmFy")));
        assert_true(buf_ok(&b));
    }
    struct buf exact = buf_over(memory, 4);
    assert_true(b64_decode(&exact, bytes_text("Zm9vYg==")));
    struct buf b = buf_over(memory, 7);
    b64_encode(&b, bytes_text("foob"));
    assert_false(buf_ok(&b));
}

// RFC 4648 section 10.
static void the_vectors_of_the_rfc_hold(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t memory[16];
        struct buf b = buf_over(memory, sizeof(memory));
        b64_encode(&b, bytes_of(vectors[i][0], strlen(vectors[i][0])));
        assert_text(buf_bytes(&b), vectors[i][1]);
        assert_decodes(b64_decode, vectors[i][1], vectors[i][0]);
    }
}

static void every_length_comes_back(void **state)
{
    (void)state;
    uint8_t in[100], text_memory[B64_ENCODED_MAX(100)], back_memory[100];
    for (size_t n = 0; n <= sizeof(in); n++) {
        for (size_t i = 0; i < n; i++)
            in[i] = (uint8_t)(i * 37 + n);
        struct buf text = buf_over(text_memory, sizeof(text_memory));
        struct buf url = buf_over(text_memory, sizeof(text_memory));
        struct buf back = buf_over(back_memory, sizeof(back_memory));
        b64_encode(&text, bytes_of(in, n));
        assert_true(b64_decode(&back, buf_bytes(&text)));
        assert_bytes(buf_bytes(&back), bytes_of(in, n));
        b64url_encode(&url, bytes_of(in, n));
        back.n = 0;
        assert_true(b64url_decode(&back, buf_bytes(&url)));
        assert_bytes(buf_bytes(&back), bytes_of(in, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_not_canonical_is_refused),
        cmocka_unit_test(white_space_is_for_the_lenient_reader_only),
        cmocka_unit_test(the_url_alphabet_has_no_padding),
        cmocka_unit_test(too_little_room_is_refused),
        cmocka_unit_test(the_vectors_of_the_rfc_hold),
        cmocka_unit_test(every_length_comes_back),
    };
    return cmocka_run_group_tests_name("wire/b64", tests, NULL, NULL);
}
