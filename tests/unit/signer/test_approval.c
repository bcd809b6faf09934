/* Acts of two people at the signer: whom it believes, and what a core that was taken over asks in
 * vain. */
#include "house.h"

#include <base/clock.h>
#include <crypto/hash.h>
#include <crypto/verify.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEOPLE 4

struct person {
    struct key *key;
    uint8_t hash[SHA256_N];
};

struct scene {
    struct house *house;
    struct person people[PEOPLE];
    uint64_t number; /* of the next request */
    int64_t expires_s;
    int64_t requester;         /* 0: whoever stands at the server */
    struct key_signature root; /* goes with the next request; n 0: none */
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    assert_non_null(scene);
    scene->house = house_new();
    scene->expires_s = clock_now_s() + 3600;
    scene->requester = 1;
    for (size_t i = 0; i < PEOPLE; i++) {
        assert_int_equal(key_generate(KEY_P256, &scene->people[i].key, NULL), OK);
        sha256(key_spki(scene->people[i].key), scene->people[i].hash);
    }
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    house_free(scene->house);
    for (size_t i = 0; i < PEOPLE; i++)
        key_free(scene->people[i].key);
    free(scene);
    return 0;
}

/* ---- requests ---------------------------------------------------------------------------------
 */

static struct bytes request_of(struct scene *scene, const char *kind, struct bytes parameters)
{
    static uint8_t space[APPROVAL_MAX];
    struct buf body = buf_over(space, sizeof(space));
    const struct approval approval = {
        .kind = bytes_of(kind, strlen(kind)),
        .number = ++scene->number,
        .requester = scene->requester,
        .created_s = scene->expires_s - 3600,
        .expires_s = scene->expires_s,
        .parameters = parameters,
        .changes = bytes_text("\x80"),
        .counts = bytes_text("\x80"),
    };
    approval_write(&body, &approval);
    assert_true(buf_ok(&body));
    return buf_bytes(&body);
}

static struct bytes product_request(struct scene *scene)
{
    return request_of(scene, "product_add", bytes_text("\x81\x82\x64name\x64pump"));
}

static void put_pair(struct buf *b, const char *name)
{
    cbor_write_array(b, 2);
    cbor_write_text(b, bytes_of(name, strlen(name)));
}

/* Person i + 1 becomes an approver with the key of person `key`, or ends being one. */
static struct bytes approver_request(struct scene *scene, size_t i, size_t key, bool on)
{
    static uint8_t space[512];
    struct buf b = buf_over(space, sizeof(space));
    cbor_write_array(&b, 3);
    put_pair(&b, "on");
    cbor_write_uint(&b, on);
    put_pair(&b, "person");
    cbor_write_uint(&b, i + 1);
    put_pair(&b, "spki");
    cbor_write_bytes(&b, key_spki(scene->people[key].key));
    return request_of(scene, "approver_set", buf_bytes(&b));
}

struct list {
    struct buf b;
    uint8_t space[1024];
};

static void sign_as(struct scene *scene, struct list *list, size_t who, struct bytes body)
{
    uint8_t space[sizeof(APPROVAL_PREFIX) + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof(space));
    struct key_signature signature;
    if (list->b.p == NULL)
        list->b = buf_over(list->space, sizeof(list->space));
    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    assert_int_equal(key_sign(scene->people[who].key, buf_bytes(&text), &signature, NULL), OK);
    buf_put_bytes(&list->b, bytes_of(scene->people[who].hash, SHA256_N));
    buf_put_u8(&list->b, (uint8_t)signature.n);
    buf_put_bytes(&list->b, key_signature_bytes(&signature));
}

static struct ipc_message approve(struct scene *scene, struct bytes body, const struct list *list)
{
    const struct msg_approve message = {.id = 7,
                                        .body = body,
                                        .signatures = buf_bytes(&list->b),
                                        .root_signature = key_signature_bytes(&scene->root)};
    struct ipc_message answer = house_ask(scene->house, IPC_APPROVE, &message, -1);
    assert_int_equal(answer.type, IPC_APPROVED);
    assert_int_equal(answer.approved.id, 7);
    assert_int_equal(answer.approved.code == E_NONE, answer.approved.countersignature.n > 0);
    return answer;
}

static uint32_t code_of(struct scene *scene, struct bytes body, const struct list *list)
{
    return approve(scene, body, list).approved.code;
}

/* What the signer answers to a request that these two signed. */
static uint32_t code_by(struct scene *scene, struct bytes body, size_t one, size_t other)
{
    struct list list = {0};
    sign_as(scene, &list, one, body);
    sign_as(scene, &list, other, body);
    return code_of(scene, body, &list);
}

/* The first `n` people approve. */
static void appoint(struct scene *scene, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct list list = {0};
        struct bytes body = approver_request(scene, i, i, true);
        for (size_t k = 0; k < (i == 0 ? 1 : i); k++)
            sign_as(scene, &list, k, body);
        assert_int_equal(code_of(scene, body, &list), E_NONE);
    }
}

/* ---- what is refused ---------------------------------------------------------------------------
 */

static void what_is_no_request_is_refused(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    sign_as(scene, &list, 0, bytes_text("\x80"));
    sign_as(scene, &list, 1, bytes_text("\x80"));
    assert_int_equal(code_of(scene, bytes_text("\x80"), &list), E_APPROVAL);
    struct bytes body = product_request(scene);
    struct list cut = {0};
    sign_as(scene, &cut, 0, body);
    sign_as(scene, &cut, 1, body);
    cut.b.n--;
    assert_int_equal(code_of(scene, body, &cut), E_APPROVAL);
}

static void swapped_bytes_are_refused(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 0, body);
    sign_as(scene, &list, 1, body);
    for (size_t i = 0; i < body.n; i++) {
        uint8_t *octet = (uint8_t *)(uintptr_t)&body.p[i];
        *octet ^= 1;
        assert_int_not_equal(code_of(scene, body, &list), E_NONE);
        *octet ^= 1;
    }
    assert_int_equal(code_of(scene, body, &list), E_NONE);
}

static void one_person_is_not_two(void **state)
{
    struct scene *scene = *state;
    struct list once = {0}, twice = {0};
    appoint(scene, 2);
    struct bytes body = product_request(scene);
    assert_int_equal(code_of(scene, body, &once), E_APPROVAL); /* nobody */
    sign_as(scene, &once, 0, body);
    assert_int_equal(code_of(scene, body, &once), E_APPROVAL);
    sign_as(scene, &twice, 0, body);
    sign_as(scene, &twice, 0, body);
    assert_int_equal(code_of(scene, body, &twice), E_APPROVAL);
}

static void one_person_with_two_keys_is_not_two(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    struct bytes second = approver_request(scene, 0, 2, true); /* the first person's other key */
    assert_int_equal(code_by(scene, second, 0, 1), E_NONE);
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 0, body);
    sign_as(scene, &list, 2, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
    sign_as(scene, &list, 1, body);
    assert_int_equal(code_of(scene, body, &list), E_NONE);
}

static void who_is_no_approver_does_not_count(void **state)
{
    struct scene *scene = *state;
    appoint(scene, 2);
    assert_int_equal(code_by(scene, product_request(scene), 0, 3), E_APPROVAL);
}

static void who_was_removed_meanwhile_does_not_count(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 3);
    struct bytes body = product_request(scene);
    uint8_t copy[APPROVAL_MAX];
    memcpy(copy, body.p, body.n);
    struct bytes kept = bytes_of(copy, body.n);
    sign_as(scene, &list, 0, kept);
    sign_as(scene, &list, 1, kept);
    struct bytes gone = approver_request(scene, 1, 1, false);
    assert_int_equal(code_by(scene, gone, 0, 2), E_NONE);
    assert_int_equal(code_of(scene, kept, &list), E_APPROVAL);
}

static void an_expired_request_is_refused(void **state)
{
    struct scene *scene = *state;
    appoint(scene, 2);
    scene->expires_s = clock_now_s() - 1;
    assert_int_equal(code_by(scene, product_request(scene), 0, 1), E_APPROVAL);
}

/* Two sign what *ret is; it is approved, and not once more. Where the signer's journal has it. */
static uint64_t approve_once(struct scene *scene, struct bytes *ret)
{
    struct list list = {0};
    appoint(scene, 2);
    *ret = product_request(scene);
    sign_as(scene, &list, 0, *ret);
    sign_as(scene, &list, 1, *ret);
    struct ipc_message answer = approve(scene, *ret, &list);
    assert_int_equal(answer.approved.code, E_NONE);
    assert_int_equal(code_of(scene, *ret, &list), E_APPROVAL);
    return answer.approved.journal;
}

static void a_request_is_approved_once(void **state)
{
    struct scene *scene = *state;
    struct bytes body;
    uint64_t position = approve_once(scene, &body);

    /* The answer was lost: core may ask again until its ledger has the entry. */
    house_restart(scene->house);
    house_agree(scene->house, position - 1, 0);
    assert_int_equal(code_by(scene, body, 0, 1), E_NONE);
    house_restart(scene->house);
    house_agree(scene->house, position, 0);
    assert_int_equal(code_by(scene, body, 0, 1), E_APPROVAL);
}

/* What ran in the epoch before is in no ledger of this one, and must not run again. */
static void what_an_epoch_left_behind_is_not_approved_again(void **state)
{
    struct scene *scene = *state;
    struct bytes body;
    uint64_t position = approve_once(scene, &body);

    struct record epoch = {.kind = RECORD_EPOCH};
    struct journal *journal = scene->house->session.journal;
    uint64_t last = 0;
    assert_int_equal(journal_add(journal, &epoch, &last, NULL), OK);
    assert_int_equal(journal_commit(journal, NULL), OK);
    house_restart(scene->house);
    house_agree(scene->house, position - 1, 0);
    assert_int_equal(code_by(scene, body, 0, 1), E_APPROVAL);
}

/* ---- who approves ------------------------------------------------------------------------------
 */

static void the_first_approver_signs_himself(void **state)
{
    struct scene *scene = *state;
    struct list nobody = {0}, other = {0}, own = {0};
    struct bytes body = approver_request(scene, 0, 0, true);
    assert_int_equal(code_of(scene, body, &nobody), E_APPROVAL);
    sign_as(scene, &other, 1, body);
    assert_int_equal(code_of(scene, body, &other), E_APPROVAL);
    sign_as(scene, &own, 0, body);
    assert_int_equal(code_of(scene, body, &own), E_NONE);
}

static void the_second_is_the_firsts_choice(void **state)
{
    struct scene *scene = *state;
    struct list own = {0}, first = {0};
    appoint(scene, 1);
    struct bytes body = approver_request(scene, 1, 1, true);
    sign_as(scene, &own, 1, body);
    assert_int_equal(code_of(scene, body, &own), E_APPROVAL);
    sign_as(scene, &first, 0, body);
    assert_int_equal(code_of(scene, body, &first), E_NONE);
}

static void from_two_on_the_old_ones_decide(void **state)
{
    struct scene *scene = *state;
    struct list one = {0}, two = {0};
    appoint(scene, 2);
    struct bytes body = approver_request(scene, 2, 2, true);
    sign_as(scene, &one, 0, body);
    sign_as(scene, &one, 2, body); /* the newcomer is none of the old */
    assert_int_equal(code_of(scene, body, &one), E_APPROVAL);
    sign_as(scene, &two, 0, body);
    sign_as(scene, &two, 1, body);
    assert_int_equal(code_of(scene, body, &two), E_NONE);
}

static void approvers_outlive_a_restart(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    house_restart(scene->house);
    house_agree(scene->house, 0, 0);
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 0, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
    sign_as(scene, &list, 1, body);
    assert_int_equal(code_of(scene, body, &list), E_NONE);
}

static void an_approvers_key_is_on_p256(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    struct person *first = &scene->people[0];
    key_freep(&first->key);
    assert_int_equal(key_generate(KEY_P384, &first->key, NULL), OK);
    sha256(key_spki(first->key), first->hash);
    struct bytes body = approver_request(scene, 0, 0, true);
    sign_as(scene, &list, 0, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
}

/* ---- who lost his key
 * ----------------------------------------------------------------------------
 */

/* Person i + 1 is recovered with the key of person `key`. */
static struct bytes recovery_request(struct scene *scene, size_t i, size_t key, bool approves)
{
    static uint8_t space[512];
    struct buf b = buf_over(space, sizeof(space));
    cbor_write_array(&b, 3);
    put_pair(&b, "person");
    cbor_write_uint(&b, i + 1);
    put_pair(&b, "approver");
    cbor_write_uint(&b, approves);
    put_pair(&b, "spki");
    cbor_write_bytes(&b, key_spki(scene->people[key].key));
    return request_of(scene, "operator_recover", buf_bytes(&b));
}

static void sign_as_root(struct scene *scene, struct key *root, struct bytes body)
{
    uint8_t space[sizeof(ROOT_APPROVAL_PREFIX) + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof(space));
    buf_put_bytes(&text, bytes_text(ROOT_APPROVAL_PREFIX));
    buf_put_bytes(&text, body);
    assert_int_equal(key_sign(root, buf_bytes(&text), &scene->root, NULL), OK);
}

/* Does this key carry a product, with that of the first person? */
static uint32_t carries(struct scene *scene, size_t key)
{
    struct list list = {0};
    scene->root.n = 0;
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 0, body);
    sign_as(scene, &list, key, body);
    return code_of(scene, body, &list);
}

static void a_recovery_takes_two_others(void **state)
{
    struct scene *scene = *state;
    struct list one = {0}, himself = {0}, two = {0};
    appoint(scene, 3);
    struct bytes body = recovery_request(scene, 1, 3, true);
    sign_as(scene, &one, 0, body);
    assert_int_equal(code_of(scene, body, &one), E_APPROVAL);
    sign_as(scene, &himself, 0, body);
    sign_as(scene, &himself, 1, body); /* whoever found his key */
    sign_as(scene, &himself, 3, body);
    assert_int_equal(code_of(scene, body, &himself), E_APPROVAL);
    assert_int_equal(carries(scene, 1), E_NONE); /* nothing has changed */
    body = recovery_request(scene, 1, 3, true);
    sign_as(scene, &two, 0, body);
    sign_as(scene, &two, 2, body);
    assert_int_equal(code_of(scene, body, &two), E_NONE);
    assert_int_equal(carries(scene, 1), E_APPROVAL);
    assert_int_equal(carries(scene, 3), E_NONE);
}

static void the_roots_key_is_the_second_person(void **state)
{
    struct scene *scene = *state;
    struct list nobody = {0}, one = {0};
    static const uint8_t persons[] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    appoint(scene, 2);
    struct bytes body = recovery_request(scene, 1, 3, true);
    sign_as_root(scene, scene->house->root, body);
    assert_int_equal(code_of(scene, body, &nobody), E_APPROVAL);
    sign_as(scene, &one, 0, body);
    struct ipc_message answer = approve(scene, body, &one);
    assert_int_equal(answer.approved.code, E_NONE);
    assert_true(bytes_equal(answer.approved.persons, bytes_of(persons, sizeof(persons))));
    assert_int_equal(carries(scene, 3), E_NONE);
}

static void at_the_server_the_roots_key_carries_a_recovery(void **state)
{
    struct scene *scene = *state;
    struct list people = {0}, nobody = {0};
    appoint(scene, 3);
    scene->requester = 0;
    struct bytes body = recovery_request(scene, 1, 3, true);
    sign_as(scene, &people, 0, body);
    sign_as(scene, &people, 2, body);
    assert_int_equal(code_of(scene, body, &people), E_APPROVAL);
    sign_as_root(scene, scene->house->root, body);
    assert_int_equal(code_of(scene, body, &nobody), E_NONE);
    assert_int_equal(code_of(scene, body, &nobody), E_APPROVAL); /* once */
    assert_int_equal(carries(scene, 3), E_NONE);
}

static void another_root_carries_nothing(void **state)
{
    struct scene *scene = *state;
    struct list nobody = {0};
    appoint(scene, 2);
    scene->requester = 0;
    struct bytes body = recovery_request(scene, 1, 3, true);
    sign_as_root(scene, scene->people[0].key, body);
    assert_int_equal(code_of(scene, body, &nobody), E_SIGNATURE);
    sign_as_root(scene, scene->house->root, bytes_text("other bytes"));
    assert_int_equal(code_of(scene, body, &nobody), E_SIGNATURE);
}

static void the_roots_key_carries_nothing_else(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 0, body);
    sign_as_root(scene, scene->house->root, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
    sign_as(scene, &list, 1, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
}

static void who_approves_is_by_the_signers_list(void **state)
{
    struct scene *scene = *state;
    struct list first = {0}, second = {0};
    appoint(scene, 2);
    struct bytes body = recovery_request(scene, 3, 3, true); /* he never was one */
    sign_as(scene, &first, 0, body);
    sign_as(scene, &first, 1, body);
    assert_int_equal(code_of(scene, body, &first), E_APPROVAL);
    body = recovery_request(scene, 1, 3, false); /* he is one */
    sign_as(scene, &second, 0, body);
    sign_as_root(scene, scene->house->root, body);
    assert_int_equal(code_of(scene, body, &second), E_APPROVAL);
}

static void the_new_key_is_no_approvers_yet(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 3);
    struct bytes body = recovery_request(scene, 1, 0, true); /* the first person's key */
    sign_as(scene, &list, 0, body);
    sign_as(scene, &list, 2, body);
    assert_int_equal(code_of(scene, body, &list), E_APPROVAL);
    assert_int_equal(carries(scene, 1), E_NONE); /* and the old one was not ended */
}

static void a_recovery_outlives_a_restart_and_a_lost_answer(void **state)
{
    struct scene *scene = *state;
    struct list one = {0};
    appoint(scene, 2);
    struct bytes body = recovery_request(scene, 1, 3, true);
    sign_as(scene, &one, 0, body);
    sign_as_root(scene, scene->house->root, body);
    struct ipc_message answer = approve(scene, body, &one);
    assert_int_equal(answer.approved.code, E_NONE);
    uint64_t position = answer.approved.journal;
    house_restart(scene->house);
    house_agree(scene->house, position - 1, 0);
    assert_int_equal(code_of(scene, body, &one), E_NONE);
    assert_int_equal(carries(scene, 1), E_APPROVAL);
    assert_int_equal(carries(scene, 3), E_NONE);
}

/* ---- what leaves -------------------------------------------------------------------------------
 */

static void the_countersignature_says_what_and_who(void **state)
{
    struct scene *scene = *state;
    struct list list = {0};
    appoint(scene, 2);
    struct bytes body = product_request(scene);
    sign_as(scene, &list, 1, body);
    sign_as(scene, &list, 0, body);
    struct ipc_message answer = approve(scene, body, &list);
    static const uint8_t persons[] = {0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1};
    assert_true(bytes_equal(answer.approved.persons, bytes_of(persons, sizeof(persons))));

    uint8_t space[256], hash[SHA256_N];
    struct buf text = buf_over(space, sizeof(space));
    sha256(body, hash);
    buf_put_bytes(&text, bytes_text(COUNTERSIGN_PREFIX));
    buf_put_bytes(&text, bytes_of(hash, sizeof(hash)));
    buf_put_bytes(&text, answer.approved.persons);
    const struct session *session = &scene->house->session;
    struct x509_key key = {.alg = X509_KEY_P256,
                           .point =
                               session->backend->point(session->keys, SIGNER_KEY_CHECKPOINT_ES256)};
    assert_int_equal(verify_signature(&key, X509_SIG_ECDSA_SHA256, buf_bytes(&text),
                                      answer.approved.countersignature, NULL),
                     OK);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_no_request_is_refused),
        STORY(swapped_bytes_are_refused),
        STORY(one_person_is_not_two),
        STORY(one_person_with_two_keys_is_not_two),
        STORY(who_is_no_approver_does_not_count),
        STORY(who_was_removed_meanwhile_does_not_count),
        STORY(an_expired_request_is_refused),
        STORY(what_an_epoch_left_behind_is_not_approved_again),
        STORY(a_request_is_approved_once),
        STORY(the_first_approver_signs_himself),
        STORY(the_second_is_the_firsts_choice),
        STORY(from_two_on_the_old_ones_decide),
        STORY(approvers_outlive_a_restart),
        STORY(an_approvers_key_is_on_p256),
        STORY(a_recovery_takes_two_others),
        STORY(the_roots_key_is_the_second_person),
        STORY(at_the_server_the_roots_key_carries_a_recovery),
        STORY(another_root_carries_nothing),
        STORY(the_roots_key_carries_nothing_else),
        STORY(who_approves_is_by_the_signers_list),
        STORY(the_new_key_is_no_approvers_yet),
        STORY(a_recovery_outlives_a_restart_and_a_lost_answer),
        STORY(the_countersignature_says_what_and_who),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
