#include "house.h"

#include <crypto/hash.h>
#include <crypto/verify.h>
#include <wire/oid.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int syncs, failing_sync;

int fdatasync(int fd)
{
    (void)fd;
    syncs++;
    if (!failing_sync)
        return 0;
    errno = EIO;
    return -1;
}

static int set_up(void **state)
{
    failing_sync = 0;
    *state = house_new();
    return 0;
}

static int tear_down(void **state)
{
    house_free(*state);
    return 0;
}

static uint32_t code_of(struct house *house, const struct msg_sign *message)
{
    struct ipc_message answer = house_ask(house, IPC_SIGN, message, -1);

    assert_int_equal(answer.type, IPC_SIGN_ANSWER);
    assert_int_equal(answer.sign_answer.id, message->id);
    assert_int_equal(answer.sign_answer.code == E_NONE, answer.sign_answer.certificate.n != 0);
    return answer.sign_answer.code;
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void expect_certificate(struct house *house, struct bytes der)
{
    struct x509_cert cert;
    struct x509_cert issuer;
    const char *why = NULL;

    assert_true(x509_read_cert(der, &cert, &why));
    assert_true(x509_read_cert(blob_bytes(&house->session.issuers[PKI_ISSUER_LDEVID].certificate),
                               &issuer, &why));
    assert_int_equal(verify_signature(&issuer.key, cert.sig_alg, cert.tbs, cert.signature, NULL),
                     OK);
    assert_true(bytes_equal(cert.spki, key_spki(house->device)));
}

static void signs_what_core_built_alike(void **state)
{
    struct house *house = *state;

    for (uint64_t i = 1; i <= 3; i++) {
        struct msg_sign message = house_sign(house);
        struct ipc_message answer = house_ask(house, IPC_SIGN, &message, -1);
        assert_int_equal(answer.sign_answer.code, E_NONE);
        assert_int_equal(answer.sign_answer.id, message.id);
        assert_int_equal(answer.sign_answer.journal, i);
        expect_certificate(house, answer.sign_answer.certificate);
    }
}

/* Issuers and devices of every kind; an issuer's CRL is in test_crl.c. */
static void signs_with_and_for_every_kind_of_key(void **state)
{
    (void)state;
    static const enum key_kind kinds[] = {KEY_P384, KEY_ED25519, KEY_RSA_2048};

    for (size_t i = 0; i < LENGTH_OF(kinds); i++)
        for (size_t k = 0; k < LENGTH_OF(kinds); k++) {
            struct house *house = house_new_of(kinds[i], kinds[k]);
            struct msg_sign message = house_sign(house);
            struct ipc_message answer = house_ask(house, IPC_SIGN, &message, -1);
            assert_int_equal(answer.sign_answer.code, E_NONE);
            expect_certificate(house, answer.sign_answer.certificate);
            house_free(house);
        }
}

static void a_whole_batch_costs_one_sync(void **state)
{
    struct house *house = *state;
    struct ipc_message answer;

    for (int i = 0; i < JOBS_MAX; i++) {
        struct msg_sign message = house_sign(house);
        house_send(house, IPC_SIGN, &message, -1);
    }
    syncs = 0;
    assert_int_equal(house_turn(house), OK);
    assert_int_equal(syncs, 1);
    for (int i = 0; i < JOBS_MAX; i++) {
        assert_int_equal(house_receive(house, &answer), OK);
        expect_certificate(house, answer.sign_answer.certificate);
    }
    assert_int_equal(house_receive(house, &answer), R_BUSY);
}

static void nothing_leaves_when_the_disk_does_not_answer(void **state)
{
    struct house *house = *state;
    struct msg_sign message = house_sign(house);
    struct ipc_message answer;

    house_send(house, IPC_SIGN, &message, -1);
    failing_sync = 1;
    assert_int_equal(house_turn(house), R_IO); /* and with it ends the process */
    assert_int_equal(house_receive(house, &answer), R_BUSY);
    failing_sync = 0;
}

static void other_profile_digest(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->profile_digest[0] ^= 1;
}
static void other_hash(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->tbs_hash[31] ^= 1;
}
static void other_product(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->product = bytes_text("sensor-3"); /* than core built with */
}
static void unknown_profile(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->profile = PKI_PROFILE_COUNT;
}
static void unknown_issuer(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->issuer = PKI_ISSUER_COUNT;
}
static void the_root_as_issuer(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->issuer = PKI_ISSUER_ROOT;
}
static void issuer_of_others(struct house *house, struct msg_sign *m)
{
    m->issuer = PKI_ISSUER_OPERATIONS;
    house_hash(house, m);
}
static void no_product(struct house *house, struct msg_sign *m)
{
    m->product = (struct bytes){0};
    house_hash(house, m);
}
static void ends_after_the_issuer(struct house *house, struct msg_sign *m)
{
    m->not_after_s = HOUSE_NOW_S + 2000 * INT64_C(86400);
    house_hash(house, m);
}
static void empty_csr(struct house *house, struct msg_sign *m)
{
    (void)house;
    m->csr = (struct bytes){0};
}
static void csr_with_a_byte_behind_it(struct house *house, struct msg_sign *m)
{
    static uint8_t room[LIMIT_CSR_BYTES];
    memcpy(room, house->csr.p, house->csr.n);
    room[house->csr.n] = 0;
    m->csr = bytes_of(room, house->csr.n + 1);
}
/* The signature's last octet: still DER, but of another number. */
static void csr_that_somebody_changed(struct house *house, struct msg_sign *m)
{
    static uint8_t room[LIMIT_CSR_BYTES];
    memcpy(room, house->csr.p, house->csr.n);
    room[house->csr.n - 1] ^= 1;
    m->csr = bytes_of(room, house->csr.n);
}
/* Another's request in the place of the device's: the key is not the one core built with. */
static void csr_of_another_key(struct house *house, struct msg_sign *m)
{
    static struct blob csr;
    struct key *other = NULL;
    struct x509_name_part subject = {oid_common_name, bytes_text("other")};
    (void)house;
    blob_free(&csr);
    assert_int_equal(key_generate(KEY_P256, &other, NULL), OK);
    assert_int_equal(csr_make(other, &subject, 1, (struct bytes){0}, &csr, NULL), OK);
    m->csr = blob_bytes(&csr);
    key_free(other);
}

static const struct {
    const char *name;
    void (*spoil)(struct house *house, struct msg_sign *message);
    enum code code;
} refusals[] = {
#define ROW(name, code)                                                                            \
    {                                                                                              \
#name, name, code                                                                          \
    }
    ROW(other_profile_digest, E_PROFILE),  ROW(other_hash, E_PROFILE),
    ROW(other_product, E_PROFILE),         ROW(unknown_profile, E_PROFILE),
    ROW(unknown_issuer, E_PROFILE),        ROW(the_root_as_issuer, E_PROFILE),
    ROW(issuer_of_others, E_PROFILE),      ROW(no_product, E_PROFILE),
    ROW(ends_after_the_issuer, E_PROFILE), ROW(empty_csr, E_CSR),
    ROW(csr_with_a_byte_behind_it, E_CSR), ROW(csr_that_somebody_changed, E_SIGNATURE),
    ROW(csr_of_another_key, E_PROFILE),
#undef ROW
};

static void refuses_what_is_not_as_it_must_be(void **state)
{
    struct house *house = *state;

    for (size_t i = 0; i < LENGTH_OF(refusals); i++) {
        struct msg_sign message = house_sign(house);
        refusals[i].spoil(house, &message);
        uint32_t code = code_of(house, &message);
        if (code != refusals[i].code)
            fail_msg("%s: %u", refusals[i].name, code);
    }
    assert_int_equal(journal_position(house->session.journal), 0);
}

static void no_serial_is_signed_twice(void **state)
{
    struct house *house = *state;
    struct msg_sign first = house_sign(house);
    struct serial serial = house->serial;

    assert_int_equal(code_of(house, &first), E_NONE);
    first.serial = bytes_of(serial.p, SERIAL_N);
    assert_int_equal(code_of(house, &first), E_JOURNAL);
    serial.p[3] ^= 1; /* another serial, but the same place in the status list */
    house_hash(house, &first);
    assert_int_equal(code_of(house, &first), E_JOURNAL);
    house_restart(house);
    house_agree(house, 1, 0);
    assert_int_equal(code_of(house, &first), E_JOURNAL);
    struct msg_sign next = house_sign(house);
    assert_int_equal(code_of(house, &next), E_NONE);
}

/* ---- agreement ------------------------------------------------------------------------------- */

static void nothing_is_signed_before_core_agreed(void **state)
{
    struct house *house = *state;
    struct msg_sign message = house_sign(house);
    struct msg_sign_checkpoint checkpoint = {.size = 1};
    struct msg_journal_agreed agreed = {.size = 0};

    house_restart(house);
    assert_int_equal(code_of(house, &message), E_JOURNAL);
    assert_int_equal(house_ask(house, IPC_SIGN_CHECKPOINT, &checkpoint, -1).signed_checkpoint.code,
                     E_JOURNAL);
    house_send(house, IPC_JOURNAL_AGREED, &agreed, -1);
    assert_int_equal(house_turn(house), R_CORRUPT); /* agreed to what it never asked for */
}

static void tells_core_what_it_signed_behind_a_position(void **state)
{
    struct house *house = *state;
    struct msg_journal_ask ask = {.after = 1};
    struct ipc_message answer;
    struct msg_sign message;

    for (int i = 0; i < 3; i++) {
        message = house_sign(house);
        assert_int_equal(code_of(house, &message), E_NONE);
    }
    house_restart(house);
    house_send(house, IPC_JOURNAL_ASK, &ask, -1);
    assert_int_equal(house_turn(house), OK);
    for (uint64_t position = 2; position <= 3; position++) {
        assert_int_equal(house_receive(house, &answer), OK);
        assert_int_equal(answer.type, IPC_JOURNAL_ITEM);
        assert_int_equal(answer.journal_item.journal, position);
    }
    assert_int_equal(answer.journal_item.profile, PKI_LDEVID);
    assert_int_equal(answer.journal_item.issuer, PKI_ISSUER_LDEVID);
    assert_int_equal(answer.journal_item.not_after_s, message.not_after_s);
    assert_true(bytes_equal(answer.journal_item.serial, bytes_of(house->serial.p, SERIAL_N)));
    assert_memory_equal(answer.journal_item.tbs_hash, message.tbs_hash, 32);
    assert_int_equal(house_receive(house, &answer), OK);
    assert_int_equal(answer.type, IPC_JOURNAL_END);
    assert_int_equal(answer.journal_end.journal, 3);
}

/* A question in the middle of a batch is answered with what came before it, and nothing is promised
 * that is not durable. */
static void a_question_ends_the_batch_before_it(void **state)
{
    struct house *house = *state;
    struct msg_sign message = house_sign(house);
    struct msg_journal_ask ask = {.after = 0};
    struct ipc_message answer;
    static const enum ipc_type wanted[] = {IPC_SIGN_ANSWER, IPC_JOURNAL_ITEM, IPC_JOURNAL_END,
                                           IPC_SIGN_ANSWER};

    house_send(house, IPC_SIGN, &message, -1);
    house_send(house, IPC_JOURNAL_ASK, &ask, -1);
    message = house_sign(house);
    house_send(house, IPC_SIGN, &message, -1);
    assert_int_equal(house_turn(house), OK);
    for (size_t i = 0; i < LENGTH_OF(wanted); i++) {
        assert_int_equal(house_receive(house, &answer), OK);
        assert_int_equal(answer.type, wanted[i]);
    }
    assert_int_equal(answer.sign_answer.code, E_JOURNAL); /* core has not agreed again */
}

static void signs_nothing_for_a_core_that_remembers_more(void **state)
{
    struct house *house = *state;
    struct msg_sign message = house_sign(house);

    house_agree(house, 1, 0); /* the journal is empty */
    assert_int_equal(code_of(house, &message), E_JOURNAL);
    house_agree(house, 0, 0);
    assert_int_equal(code_of(house, &message), E_NONE);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* A tree of `size` leaves, each the hash of its number. */
static void tree_root(uint64_t size, uint8_t ret[32])
{
    struct merkle_frontier frontier = {0};

    for (uint64_t i = 0; i < size; i++) {
        uint8_t leaf[32];
        merkle_leaf(&sha256_for_merkle, bytes_of(&i, sizeof(i)), leaf);
        merkle_append(&frontier, &sha256_for_merkle, leaf);
    }
    merkle_root(&frontier, &sha256_for_merkle, ret);
}

static void subtree(uint64_t from, unsigned level, uint8_t ret[32])
{
    uint8_t left[32], right[32];

    if (level == 0) {
        merkle_leaf(&sha256_for_merkle, bytes_of(&from, sizeof(from)), ret);
        return;
    }
    subtree(from, level - 1, left);
    subtree(from + (UINT64_C(1) << (level - 1)), level - 1, right);
    merkle_node(&sha256_for_merkle, left, right, ret);
}

static bool get_node(void *ctx, unsigned level, uint64_t index, uint8_t out[32])
{
    (void)ctx;
    subtree(index << level, level, out);
    return true;
}

/* The message for a tree of `size` that extends one of `old_size`. */
static struct msg_sign_checkpoint checkpoint_of(uint64_t old_size, uint64_t size)
{
    static struct merkle_proof proof;
    struct merkle_nodes nodes = {get_node, NULL};
    struct msg_sign_checkpoint message = {.id = size, .size = size};

    tree_root(size, message.root);
    proof.n = 0;
    if (old_size != 0)
        assert_true(merkle_prove_consistency(&sha256_for_merkle, &nodes, old_size, size, &proof));
    message.proof = bytes_of(proof.hash, proof.n * 32);
    return message;
}

static uint32_t code_of_checkpoint(struct house *house, const struct msg_sign_checkpoint *message)
{
    struct ipc_message answer = house_ask(house, IPC_SIGN_CHECKPOINT, message, -1);

    assert_int_equal(answer.type, IPC_SIGNED_CHECKPOINT);
    assert_int_equal(answer.signed_checkpoint.id, message->id);
    return answer.signed_checkpoint.code;
}

static void signs_trees_that_extend_each_other(void **state)
{
    struct house *house = *state;
    static const uint64_t sizes[] = {1, 2, 7, 7, 8, 100};
    struct bytes origin = bytes_text("localhost/troth-test");
    struct note_signer ed25519 = {.origin = origin, .alg = X509_SIG_ED25519};
    struct note_signer es256 = {.origin = origin, .alg = X509_SIG_ECDSA_SHA256};
    uint64_t before = 0;
    ed25519.public_key =
        house->session.backend->point(house->session.keys, SIGNER_KEY_CHECKPOINT_ED25519);
    es256.public_key =
        house->session.backend->point(house->session.keys, SIGNER_KEY_CHECKPOINT_ES256);

    for (size_t i = 0; i < LENGTH_OF(sizes); i++) {
        struct msg_sign_checkpoint message = checkpoint_of(before, sizes[i]);
        struct note_checkpoint read;
        struct ipc_message answer = house_ask(house, IPC_SIGN_CHECKPOINT, &message, -1);
        assert_int_equal(answer.signed_checkpoint.code, E_NONE);
        assert_int_equal(note_verify(answer.signed_checkpoint.note, &ed25519, &es256, &read, NULL),
                         OK);
        assert_int_equal(read.size, sizes[i]);
        assert_memory_equal(read.root, message.root, 32);
        before = sizes[i];
    }
}

static void signs_no_fork_and_no_shorter_tree(void **state)
{
    struct house *house = *state;
    struct msg_sign_checkpoint good = checkpoint_of(0, 7), bad;

    assert_int_equal(code_of_checkpoint(house, &good), E_NONE);
    for (int round = 0; round < 2; round++) { /* and not after a restart either */
        bad = checkpoint_of(0, 6);
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        bad = checkpoint_of(0, 7);
        bad.root[0] ^= 1;
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        bad = checkpoint_of(7, 12);
        bad.root[0] ^= 1;
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        bad = checkpoint_of(6, 12); /* a proof from another size */
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        bad = checkpoint_of(7, 12);
        bad.proof.n--;
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        bad.proof.n = 0;
        assert_int_equal(code_of_checkpoint(house, &bad), E_JOURNAL);
        house_restart(house);
        house_agree(house, 1, 7);
    }
    good = checkpoint_of(7, 12);
    assert_int_equal(code_of_checkpoint(house, &good), E_NONE);
}

static void signs_nothing_for_a_ledger_shorter_than_the_checkpoint(void **state)
{
    struct house *house = *state;
    struct msg_sign_checkpoint checkpoint = checkpoint_of(0, 7);
    struct msg_sign message = house_sign(house);

    assert_int_equal(code_of_checkpoint(house, &checkpoint), E_NONE);
    house_restart(house);
    house_agree(house, 1, 6);
    assert_int_equal(code_of(house, &message), E_JOURNAL);
    house_agree(house, 1, 7);
    assert_int_equal(code_of(house, &message), E_NONE);
}

/* ---- requests that will be refused ----------------------------------------------------------- */

static void checks_requests_within_a_budget(void **state)
{
    struct house *house = *state;
    struct msg_check_csr good = {.id = 1, .csr = blob_bytes(&house->csr)}, bad = good;
    struct msg_sign changed = {0};
    csr_that_somebody_changed(house, &changed);
    bad.csr = changed.csr;

    house_restart(house); /* needs no agreement: nothing is signed */
    assert_int_equal(house_ask(house, IPC_CHECK_CSR, &good, -1).checked_csr.code, E_NONE);
    assert_int_equal(house_ask(house, IPC_CHECK_CSR, &bad, -1).checked_csr.code, E_SIGNATURE);
    bad.csr = (struct bytes){0};
    assert_int_equal(house_ask(house, IPC_CHECK_CSR, &bad, -1).checked_csr.code, E_CSR);
    for (int i = 3; i < CHECKS_PER_S; i++)
        assert_int_equal(house_ask(house, IPC_CHECK_CSR, &good, -1).checked_csr.code, E_NONE);
    assert_int_equal(house_ask(house, IPC_CHECK_CSR, &good, -1).checked_csr.code, E_BUDGET);
}

/* ---- a reload ---------------------------------------------------------------------------------
 */

static struct msg_sign house_listener(struct house *house)
{
    struct msg_sign message = house_sign(house);
    message.profile = PKI_TLS_SERVER;
    message.issuer = PKI_ISSUER_OPERATIONS;
    message.product = message.serial_number = bytes_of(NULL, 0);
    message.not_after_s = message.not_before_s + 86400;
    house_hash(house, &message);
    return message;
}

static uint32_t code_for(struct house *house, const struct pki_site *site)
{
    house->site = site;
    struct msg_sign message = house_listener(house);
    return house_ask(house, IPC_SIGN, &message, -1).sign_answer.code;
}

/* Core commits a moment before or after the signer: meanwhile both names are right, before and
 * afterwards one. */
static void a_listener_has_the_former_or_the_next_names_during_a_reload_only(void **state)
{
    struct house *house = *state;
    struct config next = house->config;
    struct err err = {0};
    snprintf(next.server_names[0], CONFIG_NAME_MAX, "next.example");
    const struct bytes name = bytes_text("next.example");
    const struct pki_site former = house->session.site.pki;
    const struct bytes former_name = former.names[0];
    const struct pki_site by_former = {former.url, &former_name, 1};
    const struct pki_site by_next = {former.url, &name, 1};
    const struct reload_hooks *hooks = &session_reload_hooks;

    assert_int_equal(code_for(house, &by_next), E_PROFILE);
    assert_int_equal(hooks->prepare(&house->session, &next, &err), OK);
    assert_int_equal(code_for(house, &by_next), E_NONE);
    assert_int_equal(code_for(house, &by_former), E_NONE);
    hooks->abandon(&house->session);
    assert_int_equal(code_for(house, &by_next), E_PROFILE);
    assert_int_equal(code_for(house, &by_former), E_NONE);

    assert_int_equal(hooks->prepare(&house->session, &next, &err), OK);
    hooks->commit(&house->session, &next);
    assert_int_equal(code_for(house, &by_former), E_NONE);
    assert_int_equal(code_for(house, &by_next), E_NONE);
    hooks->finish(&house->session);
    assert_int_equal(code_for(house, &by_former), E_PROFILE);
    assert_int_equal(code_for(house, &by_next), E_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_signed_before_core_agreed),
        TEST(signs_nothing_for_a_core_that_remembers_more),
        TEST(signs_nothing_for_a_ledger_shorter_than_the_checkpoint),
        TEST(refuses_what_is_not_as_it_must_be),
        TEST(no_serial_is_signed_twice),
        TEST(a_listener_has_the_former_or_the_next_names_during_a_reload_only),
        TEST(nothing_leaves_when_the_disk_does_not_answer),
        TEST(signs_no_fork_and_no_shorter_tree),
        TEST(checks_requests_within_a_budget),
        cmocka_unit_test(signs_with_and_for_every_kind_of_key),
        TEST(signs_what_core_built_alike),
        TEST(a_whole_batch_costs_one_sync),
        TEST(a_question_ends_the_batch_before_it),
        TEST(tells_core_what_it_signed_behind_a_position),
        TEST(signs_trees_that_extend_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
