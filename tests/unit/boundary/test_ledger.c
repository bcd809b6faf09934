// The ledger as a boundary holds it: what does not go on from it is a fork, and is not taken.
#include "yard.h"

#include <crypto/hash.h>
#include <wire/b64.h>
#include <wire/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct merkle_hash *const tree = &sha256_for_merkle;

static void leaf_of(uint8_t octet, uint8_t ret[32])
{
    merkle_leaf(tree, bytes_of(&octet, 1), ret);
}

/* A ledger of one entry, and one of two that goes on from it; the proof is the second leaf. */
static void make(struct troth_checkpoint *one, struct troth_checkpoint *two, uint8_t proof[36])
{
    uint8_t second[32];
    struct buf b = buf_over(proof, 36);
    *one = (struct troth_checkpoint){.size = 1};
    *two = (struct troth_checkpoint){.size = 2};
    leaf_of('a', one->root);
    leaf_of('b', second);
    merkle_node(tree, one->root, second, two->root);
    cbor_write_array(&b, 1);
    cbor_write_array(&b, 1);
    cbor_write_bytes(&b, bytes_of(second, sizeof second));
    assert_int_equal(b.n, 36);
}

static void check(struct ledger *ledger, const struct troth_checkpoint *later, struct bytes proof,
                  enum code code)
{
    struct err err = {0};
    assert_int_not_equal(ledger_follow(ledger, later, proof, &err), OK);
    assert_int_equal(err.code, code);
}

static void a_ledger_that_goes_on_is_followed_and_no_other(void **state)
{
    (void)state;
    struct troth_checkpoint one, two, none = {0}, other;
    uint8_t octets[36];
    struct ledger ledger;
    struct err err = {0};
    make(&one, &two, octets);
    struct bytes proof = bytes_of(octets, sizeof octets);
    ledger_init(&ledger, &none);
    assert_int_equal(ledger_follow(&ledger, &one, bytes_of(NULL, 0), &err), OK);
    assert_int_equal(ledger_follow(&ledger, &one, bytes_of(NULL, 0), &err), OK);
    other = one;
    other.root[0] ^= 1;
    check(&ledger, &other, bytes_of(NULL, 0), E_LEDGER);
    check(&ledger, &two, bytes_of(NULL, 0), E_SYNTAX);
    check(&ledger, &two, bytes_text("\x81\x80"), E_LEDGER);
    check(&ledger, &two, bytes_text("\x81\x81\x41x"), E_SYNTAX);
    check(&ledger, &two, bytes_of(octets, 35), E_SYNTAX);
    other = two;
    other.root[0] ^= 1;
    check(&ledger, &other, proof, E_LEDGER);
    assert_int_equal(ledger_held(&ledger).size, 1);
    assert_int_equal(ledger_follow(&ledger, &two, proof, &err), OK);
    check(&ledger, &one, bytes_of(NULL, 0), E_CONFLICT);
    assert_int_equal(ledger_held(&ledger).size, 2);
    assert_int_equal(ledger_check(&ledger, 2, bytes_of(two.root, 32), &err), OK);
    assert_int_equal(ledger_check(&ledger, 3, bytes_of(one.root, 32), &err), OK);
    assert_int_not_equal(ledger_check(&ledger, 2, bytes_of(one.root, 32), &err), OK);
    assert_int_equal(err.code, E_LEDGER);
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
        cmocka_unit_test(a_checkpoint_is_one_by_the_pinned_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
