#include <pki/note.h>

#include <crypto/hash.h>
#include <wire/b64.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ORIGIN "example.org/troth-1"

struct fixture {
    struct key *ed25519, *es256;
    struct note_signer first, second;
    uint8_t root[32];
    uint8_t room[NOTE_MAX];
    struct buf note;
};

static struct note_signer signer_of(const struct key *key)
{
    return (struct note_signer){
        .origin = bytes_text(ORIGIN), .alg = key_sig_alg(key), .public_key = key_point(key)};
}

static void sign_line(struct fixture *f, struct key *key, struct bytes text)
{
    struct key_signature signature;
    struct note_signer signer = signer_of(key);

    assert_int_equal(key_sign(key, text, &signature, NULL), OK);
    note_put_signature(&f->note, &signer, key_signature_bytes(&signature));
}

static void write_note(struct fixture *f, uint64_t size)
{
    f->note = buf_over(f->room, sizeof(f->room));
    note_put_checkpoint(&f->note, bytes_text(ORIGIN), size, f->root);
    struct bytes text = buf_bytes(&f->note);
    buf_put_u8(&f->note, '\n');
    sign_line(f, f->ed25519, text);
    sign_line(f, f->es256, text);
    assert_true(buf_ok(&f->note));
}

static int set_up(void **state)
{
    static struct fixture f;

    assert_int_equal(key_generate(KEY_ED25519, &f.ed25519, NULL), OK);
    assert_int_equal(key_generate(KEY_P256, &f.es256, NULL), OK);
    f.first = signer_of(f.ed25519);
    f.second = signer_of(f.es256);
    memset(f.root, 0xa5, sizeof(f.root));
    write_note(&f, 1234567);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    key_free(f->ed25519);
    key_free(f->es256);
    return 0;
}

static enum result verify(struct fixture *f, struct bytes note)
{
    struct note_checkpoint checkpoint;

    return note_verify(note, &f->first, &f->second, &checkpoint, NULL);
}

static void reads_back_what_was_signed(void **state)
{
    struct fixture *f = *state;
    struct note_checkpoint checkpoint;
    static const uint64_t sizes[] = {0, 1, 1234567, UINT64_MAX};

    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        write_note(f, sizes[i]);
        assert_int_equal(note_verify(buf_bytes(&f->note), &f->first, &f->second, &checkpoint, NULL),
                         OK);
        assert_true(checkpoint.size == sizes[i]);
        assert_memory_equal(checkpoint.root, f->root, 32);
    }
}

static void refuses_every_single_changed_octet(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->note.n; i++) {
        for (uint8_t bit = 1; bit != 0; bit = (uint8_t)(bit << 1)) {
            f->room[i] ^= bit;
            assert_int_not_equal(verify(f, buf_bytes(&f->note)), OK);
            f->room[i] ^= bit;
        }
    }
    assert_int_equal(verify(f, buf_bytes(&f->note)), OK);
}

static void refuses_every_truncation_and_a_third_line(void **state)
{
    struct fixture *f = *state;

    for (size_t n = 0; n < f->note.n; n++)
        assert_int_not_equal(verify(f, bytes_of(f->room, n)), OK);
    sign_line(f, f->es256, bytes_text("x"));
    assert_int_not_equal(verify(f, buf_bytes(&f->note)), OK);
}

static void refuses_the_keys_of_another_log(void **state)
{
    struct fixture *f = *state;
    struct key *other = NULL;
    struct note_checkpoint checkpoint;
    assert_int_equal(key_generate(KEY_ED25519, &other, NULL), OK);
    struct note_signer stranger = signer_of(other);

    assert_int_not_equal(note_verify(buf_bytes(&f->note), &stranger, &f->second, &checkpoint, NULL),
                         OK);
    assert_int_not_equal(note_verify(buf_bytes(&f->note), &f->second, &f->first, &checkpoint, NULL),
                         OK);
    stranger = f->first;
    stranger.origin = bytes_text("example.org/troth-2");
    assert_int_not_equal(note_verify(buf_bytes(&f->note), &stranger, &f->second, &checkpoint, NULL),
                         OK);
    key_free(other);
}

static void the_text_is_a_checkpoint_of_c2sp(void **state)
{
    (void)state;
    uint8_t room[256], root[32] = {0};
    struct buf b = buf_over(room, sizeof(room));

    note_put_checkpoint(&b, bytes_text(ORIGIN), 20852163, root);
    assert_true(bytes_equal(buf_bytes(&b),
                            bytes_text(ORIGIN "\n20852163\n"
                                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")));
}

/* The example of golang.org/x/mod/sumdb/note, whose verifier key is PeterNeumann+c74f20a3+ARpc...
 */
static void the_ed25519_key_id_is_the_one_of_sumdb(void **state)
{
    (void)state;
    static const char vkey[] =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n";
    uint8_t typed_room[40], room[128], key_id[NOTE_KEY_ID_N];
    struct buf typed = buf_over(typed_room, sizeof(typed_room));
    struct buf line = buf_over(room, sizeof(room));

    assert_true(b64_decode(&typed, bytes_text("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")));
    struct note_signer signer = {.origin = bytes_text("PeterNeumann"),
                                 .alg = X509_SIG_ED25519,
                                 .public_key = bytes_of(typed_room + 1, 32)};
    note_key_id(signer.origin, signer.alg, signer.public_key, key_id);
    assert_memory_equal(key_id, "\xc7\x4f\x20\xa3", 4);
    note_put_vkey(&line, &signer);
    assert_true(bytes_equal(buf_bytes(&line), bytes_of(vkey, sizeof(vkey) - 1)));
}

static void origins_have_no_space_plus_or_control(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a+b", "a\n", "\x7f", "caf\xc3\xa9"};
    uint8_t room[256], root[32] = {0};

    for (size_t i = 0; i < LENGTH_OF(bad); i++) {
        struct bytes origin = bytes_of(bad[i], strlen(bad[i]));
        struct buf b = buf_over(room, sizeof(room));
        assert_false(is_note_origin(origin));
        note_put_checkpoint(&b, origin, 1, root);
        assert_false(buf_ok(&b));
    }
    assert_true(is_note_origin(bytes_text(ORIGIN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_have_no_space_plus_or_control),
        cmocka_unit_test_setup_teardown(refuses_every_single_changed_octet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_every_truncation_and_a_third_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_the_keys_of_another_log, set_up, tear_down),
        cmocka_unit_test(the_text_is_a_checkpoint_of_c2sp),
        cmocka_unit_test(the_ed25519_key_id_is_the_one_of_sumdb),
        cmocka_unit_test_setup_teardown(reads_back_what_was_signed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
