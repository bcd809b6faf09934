/* LMS signatures as the device's verifier takes them, and a folder that gives each index once. */
#include <crypto/lms.h>
#include <crypto/lms_folder.h>

#include <base/file.h>
#include <base/rand.h>
#include <troth/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CHILDREN 4
#define EACH 7

struct place {
    char root[64], key[96], records[96], copy[96];
    struct secret passphrase;
};

static void run(const char *command)
{
    int status = system(command); /* NOLINT(cert-env33-c): a test's own words */
    assert_int_equal(status, 0);
}

static struct place open_place(void)
{
    struct place place = {.root = "/tmp/troth-lms-XXXXXX"};
    assert_non_null(mkdtemp(place.root));
    snprintf(place.key, sizeof place.key, "%s/key", place.root);
    snprintf(place.records, sizeof place.records, "%s/records", place.root);
    snprintf(place.copy, sizeof place.copy, "%s/copy", place.root);
    assert_int_equal(secret_copy(bytes_text("a passphrase"), &place.passphrase, NULL), OK);
    const struct lms_kind kind = {5, 24, 4};
    assert_int_equal(lms_folder_make(place.key, place.records, &kind, &place.passphrase, NULL), OK);
    return place;
}

static void close_place(struct place *place)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", place->root);
    run(command);
    secret_free(&place->passphrase);
}

static void copy_folder(const char *from, const char *to)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s && cp -a %s %s", to, from, to);
    run(command);
}

static enum troth_verdict judge(struct bytes public, struct bytes message, struct bytes signature)
{
    const struct troth_octets part = {message.p, message.n};
    return troth_hss_lms.verify((struct troth_octets){public.p, public.n},
                                &(struct troth_message){&part, 1},
                                (struct troth_octets){signature.p, signature.n});
}

/* In memory that ends where it ends, so that a reader beyond it is seen. */
static enum troth_verdict judge_exactly(struct bytes public, struct bytes signature)
{
    struct blob key = {0}, copy = {0};
    assert_int_equal(blob_copy(public, &key), OK);
    assert_int_equal(blob_copy(signature, &copy), OK);
    enum troth_verdict verdict = judge(blob_bytes(&key), bytes_text("text"), blob_bytes(&copy));
    blob_free(&key);
    blob_free(&copy);
    return verdict;
}

/* A bit of each octet, each cut, and an octet more: of a signature and of a key. */
static void what_has_another_form_refuses(void **state)
{
    static uint8_t nodes[4096], seed[LMS_NODE_MAX], random[LMS_NODE_MAX];
    static uint8_t public[LMS_PUBLIC_MAX + 1], signature[LMS_SIGNATURE_MAX];
    struct lms_key key = {.kind = {5, 24, 4}, .seed = seed, .nodes = nodes};
    struct buf p = buf_over(public, sizeof public), s = buf_over(signature, sizeof signature);
    (void)state;
    lms_grow(&key, nodes);
    lms_write_public(&p, &key);
    lms_write_signature(&s, &key, 3, random, bytes_text("text"));
    const struct bytes good = buf_bytes(&p), whole = buf_bytes(&s);
    assert_int_equal(judge_exactly(good, whole), TROTH_VALID);
    assert_int_equal(judge_exactly(good, bytes_of(whole.p, whole.n + 1)), TROTH_BAD_SIGNATURE);
    assert_int_equal(judge_exactly(bytes_of(good.p, good.n + 1), whole), TROTH_BAD_KEY);
    for (size_t i = 0; i < whole.n; i++) {
        signature[i] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(judge_exactly(good, whole), TROTH_BAD_SIGNATURE);
        signature[i] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(judge_exactly(good, bytes_of(whole.p, i)), TROTH_BAD_SIGNATURE);
    }
    for (size_t i = 0; i < good.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            public[i] ^= (uint8_t)(1 << bit);
            assert_int_not_equal(judge_exactly(good, whole), TROTH_VALID);
            public[i] ^= (uint8_t)(1 << bit);
        }
        assert_int_equal(judge_exactly(bytes_of(good.p, i), whole), TROTH_BAD_KEY);
    }
    /* A leaf that the tree has not: it would climb further than the path goes. */
    for (unsigned i = 4; i < 8; i++) {
        uint8_t before = signature[i];
        signature[i] |= i == 7 ? 0x20 : 0x80;
        assert_int_equal(judge_exactly(good, whole), TROTH_BAD_SIGNATURE);
        signature[i] = before;
    }
}

static void every_kind_is_what_the_device_verifies(void **state)
{
    static uint8_t nodes[1 << 16], signature[LMS_SIGNATURE_MAX];
    static const unsigned widths[] = {1, 2, 4, 8};
    uint8_t seed[LMS_NODE_MAX], public[LMS_PUBLIC_MAX], random[LMS_NODE_MAX] = {7};
    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        struct lms_key key = {.kind = {i < 8 ? 5 : 10, i % 2 ? 32 : 24, widths[i / 2 % 4]}};
        if (i == 8)
            key.kind.width = 4;
        assert_true(lms_is_kind(&key.kind));
        rand_bytes(seed, sizeof seed);
        rand_bytes(key.id, sizeof key.id);
        key.seed = seed;
        key.nodes = nodes;
        lms_grow(&key, nodes);
        struct buf p = buf_over(public, sizeof public);
        lms_write_public(&p, &key);
        for (uint32_t index = 0; index < lms_count(&key.kind); index += i < 8 ? 1 : 93) {
            struct buf s = buf_over(signature, sizeof signature);
            lms_write_signature(&s, &key, index, random, bytes_of(seed, 20));
            assert_true(buf_ok(&s) && lms_leads_to_root(&key, index));
            assert_int_equal(judge(buf_bytes(&p), bytes_of(seed, 20), buf_bytes(&s)), TROTH_VALID);
            assert_int_equal(judge(buf_bytes(&p), bytes_of(seed, 19), buf_bytes(&s)),
                             TROTH_BAD_SIGNATURE);
        }
    }
}

static void a_kind_that_is_none_is_refused(void **state)
{
    static const struct lms_kind kinds[] = {{0, 24, 4}, {20, 24, 4}, {5, 16, 4}, {5, 32, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        assert_false(lms_is_kind(&kinds[i]));
}

static uint32_t index_of(const struct blob *signature)
{
    return (uint32_t)signature->p[6] << 8 | signature->p[7];
}

/* One signature by that folder; its index. */
static uint32_t sign_once(const struct place *place, const char *folder)
{
    CLEANUP(lms_signer_freep) struct lms_signer *signer = NULL;
    CLEANUP(blob_free) struct blob signature = {0}, public = {0};
    struct err err = {0};
    if (lms_signer_open(folder, place->records, &place->passphrase, 1, &signer, &err) != OK)
        fail_msg("%s", err.text);
    assert_int_equal(lms_signer_sign(signer, bytes_text("message"), &signature, &err), OK);
    assert_int_equal(lms_folder_public(folder, &public, &err), OK);
    assert_int_equal(judge(blob_bytes(&public), bytes_text("message"), blob_bytes(&signature)),
                     TROTH_VALID);
    return index_of(&signature);
}

static enum code refusal(const struct place *place, const char *folder, const char *records,
                         uint32_t n)
{
    CLEANUP(lms_signer_freep) struct lms_signer *signer = NULL;
    struct err err = {0};
    assert_int_not_equal(lms_signer_open(folder, records, &place->passphrase, n, &signer, &err),
                         OK);
    assert_null(signer);
    return err.code;
}

static void a_folder_that_was_put_back_is_refused(void **state)
{
    struct place place = open_place();
    (void)state;
    assert_int_equal(sign_once(&place, place.key), 0);
    copy_folder(place.key, place.copy);
    assert_int_equal(sign_once(&place, place.key), 1);
    assert_int_equal(refusal(&place, place.copy, place.records, 1), E_KEY_STATE);
    copy_folder(place.copy, place.key);
    assert_int_equal(refusal(&place, place.key, place.records, 1), E_KEY_STATE);
    close_place(&place);
}

static void a_copy_goes_on_only_where_the_other_one_stopped(void **state)
{
    struct place place = open_place();
    (void)state;
    copy_folder(place.key, place.copy);
    assert_int_equal(sign_once(&place, place.copy), 0);
    assert_int_equal(refusal(&place, place.key, place.records, 1), E_KEY_STATE);
    assert_int_equal(sign_once(&place, place.copy), 1);
    close_place(&place);
}

static void a_copy_for_somebody_else_is_refused(void **state)
{
    struct place place = open_place();
    char records[128];
    (void)state;
    snprintf(records, sizeof records, "%s/other", place.root);
    assert_int_equal(refusal(&place, place.key, records, 1), E_KEY_STATE);
    assert_int_equal(sign_once(&place, place.key), 0);
    close_place(&place);
}

static void indices_end_and_a_reserved_block_is_used_or_lost(void **state)
{
    struct place place = open_place();
    CLEANUP(blob_free) struct blob first = {0}, second = {0};
    struct lms_signer *signer = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(refusal(&place, place.key, place.records, 33), E_KEY_SPENT);
    assert_int_equal(
        lms_signer_open(place.key, place.records, &place.passphrase, 30, &signer, &err), OK);
    assert_int_equal(lms_signer_left(signer), 2);
    assert_int_equal(lms_signer_sign(signer, bytes_text("1"), &first, &err), OK);
    assert_int_equal(lms_signer_sign(signer, bytes_text("2"), &second, &err), OK);
    assert_int_equal(index_of(&first), 0);
    assert_int_equal(index_of(&second), 1);
    lms_signer_freep(&signer);
    assert_int_equal(sign_once(&place, place.key), 30);
    assert_int_equal(sign_once(&place, place.key), 31);
    assert_int_equal(refusal(&place, place.key, place.records, 1), E_KEY_SPENT);
    close_place(&place);
}

static void no_index_is_given_beyond_the_block(void **state)
{
    struct place place = open_place();
    CLEANUP(blob_free) struct blob first = {0}, none = {0};
    struct lms_signer *signer = NULL;
    struct err err = {0};
    (void)state;
    assert_int_equal(lms_signer_open(place.key, place.records, &place.passphrase, 1, &signer, &err),
                     OK);
    assert_int_equal(lms_signer_sign(signer, bytes_text("1"), &first, &err), OK);
    assert_int_not_equal(lms_signer_sign(signer, bytes_text("2"), &none, &err), OK);
    assert_int_equal(err.code, E_KEY_SPENT);
    lms_signer_freep(&signer);
    close_place(&place);
}

/* Each index that it got, to the pipe. */
static void sign_some(const struct place *place, int to)
{
    for (unsigned i = 0; i < EACH; i++) {
        uint8_t index = (uint8_t)sign_once(place, place->key);
        if (write(to, &index, 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void processes_at_once_never_share_an_index(void **state)
{
    struct place place = open_place();
    bool seen[32] = {false};
    int ends[2], status;
    uint8_t index;
    unsigned n = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < CHILDREN; i++)
        if (fork() == 0)
            sign_some(&place, ends[1]);
    close(ends[1]);
    for (; read(ends[0], &index, 1) == 1; n++) {
        assert_false(seen[index]);
        seen[index] = true;
    }
    for (unsigned i = 0; i < CHILDREN; i++)
        assert_true(wait(&status) > 0 && status == 0);
    assert_int_equal(n, CHILDREN * EACH);
    close(ends[0]);
    close_place(&place);
}

static void spoil(const struct place *place, const char *file, size_t at)
{
    CLEANUP(blob_free) struct blob octets = {0};
    char path[160];
    snprintf(path, sizeof path, "%s/%s", place->key, file);
    assert_int_equal(file_read(path, 1 << 20, &octets, NULL), OK);
    octets.p[at < octets.n ? at : octets.n - 1] ^= 1;
    assert_int_equal(file_write(path, 0600, blob_bytes(&octets), NULL), OK);
}

/* Of a damaged seed that still reads as one it is seen when it is to sign. */
static bool signs(const struct place *place)
{
    CLEANUP(lms_signer_freep) struct lms_signer *signer = NULL;
    CLEANUP(blob_free) struct blob signature = {0};
    struct err err = {0};
    return lms_signer_open(place->key, place->records, &place->passphrase, 1, &signer, &err) ==
               OK &&
           lms_signer_sign(signer, bytes_text("message"), &signature, &err) == OK;
}

static void what_is_damaged_signs_nothing(void **state)
{
    static const struct {
        const char *file;
        size_t at;
    } rows[] = {{"public", 3}, {"public", 14}, {"public", 40},     {"tree", 24},
                {"next", 0},   {"next", 20},   {"secret.pem", 200}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place place = open_place();
        spoil(&place, rows[i].file, rows[i].at);
        assert_false(signs(&place));
        close_place(&place);
    }
}

static void a_damaged_node_spoils_no_signature(void **state)
{
    struct place place = open_place();
    struct lms_signer *signer = NULL;
    CLEANUP(blob_free) struct blob none = {0};
    struct err err = {0};
    (void)state;
    spoil(&place, "tree", 33 * 24); /* what stands beside the first leaf */
    assert_int_equal(lms_signer_open(place.key, place.records, &place.passphrase, 1, &signer, &err),
                     OK);
    assert_int_not_equal(lms_signer_sign(signer, bytes_text("1"), &none, &err), OK);
    assert_int_equal(err.code, E_KEY);
    lms_signer_freep(&signer);
    close_place(&place);
}

static void the_seed_is_not_in_the_folder_in_the_clear(void **state)
{
    struct place place = open_place();
    CLEANUP(blob_free) struct blob pem = {0};
    struct secret wrong = {0};
    struct lms_signer *signer = NULL;
    struct err err = {0};
    char path[160];
    (void)state;
    snprintf(path, sizeof path, "%s/secret.pem", place.key);
    assert_int_equal(file_read(path, 4096, &pem, NULL), OK);
    assert_non_null(memmem(pem.p, pem.n, "ENCRYPTED", 9));
    assert_int_equal(secret_copy(bytes_text("another"), &wrong, NULL), OK);
    assert_int_not_equal(lms_signer_open(place.key, place.records, &wrong, 1, &signer, &err), OK);
    assert_int_equal(err.code, E_KEY);
    assert_int_not_equal(lms_signer_open(place.key, place.records, NULL, 1, &signer, &err), OK);
    assert_int_equal(sign_once(&place, place.key), 0); /* and no index was lost */
    secret_free(&wrong);
    close_place(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_that_is_none_is_refused),
        cmocka_unit_test(a_folder_that_was_put_back_is_refused),
        cmocka_unit_test(a_copy_goes_on_only_where_the_other_one_stopped),
        cmocka_unit_test(a_copy_for_somebody_else_is_refused),
        cmocka_unit_test(what_is_damaged_signs_nothing),
        cmocka_unit_test(a_damaged_node_spoils_no_signature),
        cmocka_unit_test(the_seed_is_not_in_the_folder_in_the_clear),
        cmocka_unit_test(no_index_is_given_beyond_the_block),
        cmocka_unit_test(indices_end_and_a_reserved_block_is_used_or_lost),
        cmocka_unit_test(processes_at_once_never_share_an_index),
        cmocka_unit_test(every_kind_is_what_the_device_verifies),
        cmocka_unit_test(what_has_another_form_refuses),
    };
    return cmocka_run_group_tests_name("crypto/lms", tests, NULL, NULL);
}
