/* What the server writes about its ledger, as a device verifies it. */
#include <troth/verify.h>

#include <crypto/hash.h>
#include <pki/note.h>
#include <wire/merkle.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAME "ledger.example/troth"
#define ENTRIES 13

struct scene {
    struct key *ed25519, *es256;
    uint8_t point[TROTH_POINT_N];
    uint8_t leaves[ENTRIES][MERKLE_HASH_N];
    uint8_t text[NOTE_MAX];
    size_t text_n;
    struct troth_log log;
};

static void hash_parts(void *ctx, const struct bytes *parts, size_t n, uint8_t ret[MERKLE_HASH_N])
{
    (void)ctx;
    sha256_parts(parts, n, ret);
}
static const struct merkle_hash tree = {hash_parts, NULL};

static const uint8_t *entry_of(unsigned index)
{
    static uint8_t octet;
    octet = (uint8_t)(index * 3);
    return &octet;
}

static bool get_node(void *ctx, unsigned level, uint64_t index, uint8_t ret[MERKLE_HASH_N])
{
    const struct scene *scene = ctx;
    if (level == 0) {
        memcpy(ret, scene->leaves[index], MERKLE_HASH_N);
        return index < ENTRIES;
    }
    uint8_t left[MERKLE_HASH_N], right[MERKLE_HASH_N];
    if (!get_node(ctx, level - 1, 2 * index, left) ||
        !get_node(ctx, level - 1, 2 * index + 1, right))
        return false;
    merkle_node(&tree, left, right, ret);
    return true;
}

static struct troth_checkpoint checkpoint_of(struct scene *scene, uint64_t size)
{
    struct troth_checkpoint out = {.size = size};
    const struct merkle_nodes nodes = {get_node, scene};
    assert_true(merkle_root_at(&tree, &nodes, size, out.root));
    return out;
}

static void put_signature(struct buf *b, struct key *key, enum x509_sig_alg alg,
                          struct bytes public_key, struct bytes text)
{
    struct key_signature signature;
    const struct note_signer signer = {bytes_text(NAME), alg, public_key};
    assert_int_equal(key_sign(key, text, &signature, NULL), OK);
    note_put_signature(b, &signer, key_signature_bytes(&signature));
}

/* As the signer writes it: both signatures, Ed25519 first. */
static void write_note(struct scene *scene, uint64_t size)
{
    struct troth_checkpoint at = checkpoint_of(scene, size);
    struct buf b = buf_over(scene->text, sizeof scene->text);
    struct x509_key key;
    const char *why = NULL;
    note_put_checkpoint(&b, bytes_text(NAME), size, at.root);
    const struct bytes text = buf_bytes(&b);
    buf_put_u8(&b, '\n');
    assert_true(x509_read_spki(key_spki(scene->ed25519), &key, &why));
    put_signature(&b, scene->ed25519, X509_SIG_ED25519, key.point, text);
    put_signature(&b, scene->es256, X509_SIG_ECDSA_SHA256,
                  bytes_of(scene->point, sizeof scene->point), text);
    assert_true(buf_ok(&b));
    scene->text_n = b.n;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct x509_key key;
    const char *why = NULL;
    assert_int_equal(key_generate(KEY_ED25519, &scene->ed25519, NULL), OK);
    assert_int_equal(key_generate(KEY_P256, &scene->es256, NULL), OK);
    assert_true(x509_read_spki(key_spki(scene->es256), &key, &why));
    memcpy(scene->point, key.point.p, sizeof scene->point);
    for (unsigned i = 0; i < ENTRIES; i++)
        merkle_leaf(&tree, bytes_of(entry_of(i), 1), scene->leaves[i]);
    scene->log = (struct troth_log){NAME, sizeof NAME - 1, scene->point, &troth_es256};
    write_note(scene, ENTRIES);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    key_free(scene->ed25519);
    key_free(scene->es256);
    free(scene);
    return 0;
}

static enum troth_verdict judge(const struct scene *scene, struct troth_checkpoint *ret)
{
    struct troth_fault fault;
    return troth_checkpoint_verify(&scene->log, scene->text, scene->text_n, ret, &fault);
}

static void a_checkpoint_of_the_server_is_valid(void **state)
{
    struct scene *scene = *state;
    struct troth_checkpoint got = {0}, wanted = checkpoint_of(scene, ENTRIES);
    assert_int_equal(judge(scene, &got), TROTH_VALID);
    assert_int_equal(got.size, ENTRIES);
    assert_memory_equal(got.root, wanted.root, sizeof got.root);
}

/* A changed octet outside the other key's line is refused, and nothing is given. */
static void every_changed_octet_of_what_counts_is_refused(void **state)
{
    struct scene *scene = *state;
    const char *text = (const char *)scene->text;
    size_t body = (size_t)(strstr(text, "\n\n") - text) + 2;
    size_t other = body + (size_t)(strchr(text + body, '\n') - (text + body)) + 1;
    for (size_t i = 0; i < scene->text_n; i++) {
        struct troth_checkpoint got = {0};
        if (i >= body && i < other - 1)
            continue;
        scene->text[i] ^= 1;
        assert_int_not_equal(judge(scene, &got), TROTH_VALID);
        assert_int_equal(got.size, 0);
        scene->text[i] ^= 1;
    }
    for (size_t n = 0; n < scene->text_n; n++) {
        struct troth_checkpoint got;
        struct troth_fault fault;
        assert_int_not_equal(troth_checkpoint_verify(&scene->log, scene->text, n, &got, &fault),
                             TROTH_VALID);
        assert_true(fault.offset <= n);
    }
}

static void a_fault_has_its_place(void **state)
{
    static const char head[] = NAME "\n";
    struct scene *scene = *state;
    struct troth_checkpoint got;
    struct troth_fault fault;
    scene->text[sizeof head - 1] = 'x'; /* of the size, which is the second line */
    const uint8_t *end = memchr(scene->text + sizeof head, '\n', scene->text_n - sizeof head);
    assert_int_equal(troth_checkpoint_verify(&scene->log, scene->text, scene->text_n, &got, &fault),
                     TROTH_MALFORMED);
    assert_int_equal(fault.offset, (size_t)(end - scene->text) + 1);
}

static void each_reason_has_its_verdict(void **state)
{
    struct scene *scene = *state;
    struct troth_checkpoint got;
    const char *other = "ledger.example/other";
    scene->log.name = other;
    assert_int_equal(judge(scene, &got), TROTH_OTHER_LOG);
    scene->log.name = NAME;

    uint8_t point[TROTH_POINT_N];
    memcpy(point, scene->point, sizeof point);
    point[1] ^= 1;
    scene->log.point = point;
    assert_int_equal(judge(scene, &got), TROTH_UNSIGNED); /* its key ID stands on no line */
    scene->log.point = scene->point;
    scene->text[0] ^= 1;
    assert_int_equal(judge(scene, &got), TROTH_OTHER_LOG);
    scene->text_n = 0;
    assert_int_equal(judge(scene, &got), TROTH_MALFORMED);
}

static void an_entry_is_where_its_proof_leads(void **state)
{
    struct scene *scene = *state;
    const struct merkle_nodes nodes = {get_node, scene};
    for (uint64_t size = 1; size <= ENTRIES; size++) {
        struct troth_checkpoint at = checkpoint_of(scene, size);
        for (unsigned i = 0; i < size; i++) {
            struct merkle_proof path;
            assert_true(merkle_prove_inclusion(&tree, &nodes, i, size, &path));
            struct troth_proof proof = {path.hash[0], path.n};
            assert_int_equal(troth_entry_verify(&at, i, entry_of(i), 1, &proof), TROTH_VALID);
            assert_int_equal(troth_entry_verify(&at, i, entry_of(i + 1), 1, &proof),
                             TROTH_NOT_IN_LOG);
            assert_int_equal(troth_entry_verify(&at, size, entry_of(i), 1, &proof),
                             TROTH_NOT_IN_LOG);
            proof.n++;
            assert_int_equal(troth_entry_verify(&at, i, entry_of(i), 1, &proof), TROTH_NOT_IN_LOG);
            proof.n = TROTH_PROOF_MAX + 1;
            assert_int_equal(troth_entry_verify(&at, i, entry_of(i), 1, &proof), TROTH_MALFORMED);
        }
    }
}

static void a_log_goes_on_and_is_not_rewritten(void **state)
{
    struct scene *scene = *state;
    const struct merkle_nodes nodes = {get_node, scene};
    for (uint64_t known = 1; known <= ENTRIES; known++)
        for (uint64_t later = known; later <= ENTRIES; later++) {
            struct merkle_proof path;
            struct troth_checkpoint a = checkpoint_of(scene, known);
            struct troth_checkpoint b = checkpoint_of(scene, later);
            assert_true(merkle_prove_consistency(&tree, &nodes, known, later, &path));
            const struct troth_proof proof = {path.hash[0], path.n};
            assert_int_equal(troth_checkpoint_follows(&a, &b, &proof), TROTH_VALID);
            if (later > known)
                assert_int_equal(troth_checkpoint_follows(&b, &a, &proof), TROTH_OLDER);
            a.root[0] ^= 1;
            assert_int_equal(troth_checkpoint_follows(&a, &b, &proof), TROTH_FORKED);
        }
    struct troth_checkpoint nothing = {0}, all = checkpoint_of(scene, ENTRIES);
    assert_int_equal(troth_checkpoint_follows(&nothing, &all, &(struct troth_proof){NULL, 0}),
                     TROTH_FORKED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_checkpoint_of_the_server_is_valid),
        STORY(every_changed_octet_of_what_counts_is_refused),
        STORY(a_fault_has_its_place),
        STORY(each_reason_has_its_verdict),
        STORY(an_entry_is_where_its_proof_leads),
        STORY(a_log_goes_on_and_is_not_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
