// The ledger as a boundary holds it: what does not go on from it is a fork, and is not taken.
#include "tiles.h"
#include "yard.h"

#include <base/tile_path.h>
#include <crypto/hash.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct merkle_hash *const tree = &sha256_for_merkle;

/* Leaves of a ledger, and its tiles as a server has them. */
#define LEAVES 70000
static uint8_t leaves[LEAVES][32], roots[LEAVES / 256][32], top[32];
static size_t asked;

static void make_leaves(void)
{
    for (uint32_t i = 0; i < LEAVES; i++)
        merkle_leaf(tree, bytes_of(&i, sizeof i), leaves[i]);
    for (size_t i = 0; i < LEAVES / 256; i++) {
        static uint8_t row[256 * 32];
        memcpy(row, leaves[i * 256], sizeof row);
        merkle_fold(tree, row, 256, roots[i]);
    }
    static uint8_t row[256 * 32];
    memcpy(row, roots, sizeof row);
    merkle_fold(tree, row, 256, top);
}

static struct troth_checkpoint checkpoint_of(uint64_t size)
{
    struct merkle_frontier frontier = {0};
    struct troth_checkpoint ret = {.size = size};
    for (uint64_t i = 0; i < size; i++)
        merkle_append(&frontier, tree, leaves[i]);
    merkle_root(&frontier, tree, ret.root);
    return ret;
}

/* Of a server whose newest checkpoint has `*context` entries: no partial tile that is full now. */
static enum result get_tile(void *context, const char *path, struct blob *ret, struct err *err)
{
    uint64_t size = *(const uint64_t *)context;
    char wanted[TILE_PATH_MAX + 1] = "/";
    asked++;
    const uint8_t *const levels[] = {leaves[0], roots[0], top};
    static const char *const names[] = {"0", "1", "2"};
    for (int level = 0; level < 3; level++) {
        uint64_t hashes = size >> (8 * level);
        for (uint64_t index = 0; index * 256 < hashes; index++) {
            size_t width = hashes - index * 256 < 256 ? (size_t)(hashes - index * 256) : 256;
            tile_path(wanted + 1, names[level], index, width);
            if (strcmp(wanted, path) == 0)
                return blob_copy(bytes_of(levels[level] + index * 256 * 32, width * 32), ret);
        }
    }
    return err_set(err, E_NOT_FOUND, "%s", path);
}

static void check(struct ledger *ledger, const struct troth_checkpoint *later,
                  const struct merkle_proof *proof, enum code code)
{
    struct err err = {0};
    const struct troth_proof path = {proof->hash[0], proof->n};
    assert_int_not_equal(ledger_follow(ledger, later, &path, &err), OK);
    assert_int_equal(err.code, code);
}

static void a_ledger_that_goes_on_is_followed_and_no_other(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 300, 511, 65535, 65536, 65537, 70000};
    struct ledger ledger;
    struct err err = {0};
    make_leaves();
    const struct troth_checkpoint none = {0};
    ledger_init(&ledger, &none);
    const struct merkle_proof empty = {0};
    struct troth_checkpoint last = checkpoint_of(1);
    const struct troth_proof nothing = {empty.hash[0], 0};
    assert_int_equal(ledger_follow(&ledger, &last, &nothing, &err), OK);
    for (size_t i = 1; i < LENGTH_OF(sizes); i++) {
        struct merkle_proof proof = {0};
        struct troth_checkpoint later = checkpoint_of(sizes[i]), other = later;
        uint64_t size = sizes[i];
        const struct tiles_fetch fetch = {get_tile, &size};
        asked = 0;
        if (tiles_prove(&fetch, last.size, later.size, &proof, &err) != OK)
            fail_msg("%u to %u: %s", (unsigned)last.size, (unsigned)size, err.text);
        assert_true(asked <= 8);
        other.root[0] ^= 1;
        check(&ledger, &other, &proof, E_LEDGER);
        check(&ledger, &later, &empty, E_LEDGER);
        const struct troth_proof path = {proof.hash[0], proof.n};
        assert_int_equal(ledger_follow(&ledger, &later, &path, &err), OK);
        assert_int_equal(ledger_follow(&ledger, &later, &nothing, &err), OK);
        check(&ledger, &last, &empty, E_CONFLICT);
        assert_int_equal(ledger_held(&ledger).size, size);
        last = later;
    }
    struct troth_checkpoint other = last;
    other.root[0] ^= 1;
    check(&ledger, &other, &empty, E_LEDGER);
    assert_int_equal(ledger_check(&ledger, last.size, bytes_of(last.root, 32), &err), OK);
    assert_int_equal(ledger_check(&ledger, last.size + 1, bytes_of(other.root, 32), &err), OK);
    assert_int_not_equal(ledger_check(&ledger, last.size, bytes_of(other.root, 32), &err), OK);
    assert_int_equal(err.code, E_LEDGER);
    ledger_free(&ledger);
}

static void a_partial_tile_that_is_full_by_now_is_had_as_a_whole(void **state)
{
    (void)state;
    struct merkle_proof proof = {0};
    struct err err = {0};
    uint64_t size = 600;
    const struct tiles_fetch fetch = {get_tile, &size};
    assert_int_equal(tiles_prove(&fetch, 100, 300, &proof, &err), OK);
    struct ledger ledger;
    struct troth_checkpoint held = checkpoint_of(100), later = checkpoint_of(300);
    ledger_init(&ledger, &held);
    const struct troth_proof path = {proof.hash[0], proof.n};
    assert_int_equal(ledger_follow(&ledger, &later, &path, &err), OK);
    size = 200;
    assert_int_not_equal(tiles_prove(&fetch, 100, 300, &proof, &err), OK);
    assert_int_equal(err.code, E_NOT_FOUND);
    ledger_free(&ledger);
}

static struct yard yard;

static void write_note(struct key *by, char *to, size_t size)
{
    static const uint8_t root[32];
    uint8_t octets[4 + 64], b64[128], root_b64[64];
    struct key_signature der;
    struct err err = {0};
    struct buf signature = buf_over(octets, sizeof octets), text = buf_over(b64, sizeof b64);
    struct buf root_text = buf_over(root_b64, sizeof root_b64);
    b64_encode(&root_text, bytes_of(root, sizeof root));
    int n =
        snprintf(to, size, "ledger.example\n0\n%.*s\n", (int)root_text.n, (const char *)root_b64);
    assert_int_equal(key_sign(by, bytes_of(to, (size_t)n), &der, &err), OK);
    /* the id of the pinned key: it is what the last but one part of its verifier key says */
    const char *id = strchr(yard.boundary->state.log_key, '+') + 1;
    for (size_t i = 0; i < 4; i++) {
        unsigned octet = 0;
        assert_int_equal(sscanf(id + 2 * i, "%2x", &octet), 1);
        buf_put_u8(&signature, (uint8_t)octet);
    }
    assert_true(x509_ecdsa_to_raw(key_signature_bytes(&der), 32, octets + 4));
    b64_encode(&text, bytes_of(octets, sizeof octets));
    snprintf(to + n, size - (size_t)n, "\n\xe2\x80\x94 ledger.example %.*s\n", (int)text.n,
             (const char *)b64);
}

static void a_checkpoint_is_one_by_the_pinned_key(void **state)
{
    (void)state;
    char note[512];
    struct err err = {0};
    struct troth_checkpoint read = {.size = 9};
    yard_open(&yard);
    write_note(yard.log, note, sizeof note);
    assert_int_equal(ledger_read(&yard.boundary->key, bytes_of(note, strlen(note)), &read, &err),
                     OK);
    assert_int_equal(read.size, 0);
    assert_int_not_equal(
        ledger_read(&yard.boundary->key, bytes_of(note, strlen(note) - 1), &read, &err), OK);
    write_note(yard.other_key, note, sizeof note);
    assert_int_not_equal(
        ledger_read(&yard.boundary->key, bytes_of(note, strlen(note)), &read, &err), OK);
    assert_int_equal(err.code, E_SIGNATURE);
    yard_close(&yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ledger_that_goes_on_is_followed_and_no_other),
        cmocka_unit_test(a_partial_tile_that_is_full_by_now_is_had_as_a_whole),
        cmocka_unit_test(a_checkpoint_is_one_by_the_pinned_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
