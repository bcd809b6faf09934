/* What boundaries are told: only what is whole, only further than what was told, also after a
 * restart. */
#include "house.h"

#include <crypto/verify.h>
#include <ipc/sealed.h>
#include <wire/cose.h>
#include <wire/feed.h>
#include <wire/service.h>
#include <wire/status_list.h>
#include <wire/x509_write.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t room[1024];

static int set_up(void **state)
{
    *state = house_new();
    return 0;
}

static int tear_down(void **state)
{
    house_free(*state);
    return 0;
}

/* A delta that raises one mark; from == to makes it a heartbeat. */
static struct bytes delta(uint64_t from, uint64_t to)
{
    static uint8_t spaces_room[64];
    static const uint8_t root[FEED_HASH_N];
    struct buf b = buf_over(room, sizeof room), spaces = buf_over(spaces_room, sizeof spaces_room);
    cbor_write_array(&spaces, from == to ? 0 : 1);
    if (from != to)
        feed_put_space(&spaces, &(struct feed_space){.space = {2, 30, 0}, .high = 9});
    struct feed_delta delta = {.from = from,
                               .to = to,
                               .at_s = HOUSE_NOW_S,
                               .ledger_root = bytes_of(root, sizeof root),
                               .streams = bytes_text("\x80"),
                               .spaces = buf_bytes(&spaces)};
    feed_delta_write(&b, &delta);
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static struct bytes list(uint64_t generation)
{
    struct buf b = buf_over(room, sizeof room);
    status_list_write(&b, &(struct status_list){.subject = bytes_text("http://x/status/2-30-0.cwt"),
                                                .issued_s = HOUSE_NOW_S,
                                                .expires_s = HOUSE_NOW_S + 60,
                                                .compressed = bytes_text("zlib"),
                                                .generation = generation,
                                                .space = {2, 30, 0},
                                                .high = 9});
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static struct bytes catalogue(uint64_t generation)
{
    struct buf b = buf_over(room, sizeof room);
    feed_catalogue_write(&b, &(struct feed_catalogue){generation, HOUSE_NOW_S, bytes_text("\x80")});
    return buf_bytes(&b);
}

static struct bytes service_of(uint64_t boundary, uint64_t generation)
{
    static uint8_t services_room[64];
    static const uint8_t root[SERVICE_ROOT_N];
    struct buf b = buf_over(room, sizeof room);
    struct buf services = buf_over(services_room, sizeof services_room);
    cbor_write_array(&services, 1);
    service_put_entry(&services, &(struct service_entry){bytes_text("mqtt"), 60, false});
    service_write(&b, &(struct service_object){.boundary = boundary,
                                               .generation = generation,
                                               .at_s = HOUSE_NOW_S,
                                               .ledger_root = bytes_of(root, sizeof root),
                                               .name = bytes_text("north"),
                                               .services = buf_bytes(&services),
                                               .issuers = bytes_text("\x80"),
                                               .bindings = bytes_text("\x80")});
    assert_true(buf_ok(&b));
    return buf_bytes(&b);
}

static struct msg_signed_feed ask(struct house *house, enum feed_kind kind, struct bytes payload)
{
    int fd = -1;
    assert_int_equal(sealed_from("feed", payload, &fd, NULL), OK);
    struct msg_sign_feed message = {.id = 5, .kind = (uint8_t)kind};
    struct ipc_message answer = house_ask(house, IPC_SIGN_FEED, &message, fd);
    close(fd);
    assert_int_equal(answer.type, IPC_SIGNED_FEED);
    assert_int_equal(answer.signed_feed.id, 5);
    return answer.signed_feed;
}

static uint32_t code_of(struct house *house, enum feed_kind kind, struct bytes payload)
{
    return ask(house, kind, payload).code;
}

static void check_signature(struct house *house, const struct cose_sign1 *message)
{
    uint8_t octets_room[COSE_SIGNED_HEAD_MAX + sizeof room], der_room[96];
    struct buf octets = buf_over(octets_room, sizeof octets_room);
    struct buf der = buf_over(der_room, sizeof der_room);
    struct x509_key key;
    const char *why = NULL;
    struct bytes spki =
        house->session.backend->spki(house->session.keys, SIGNER_KEY_CHECKPOINT_ES256);
    cose_signed_head(&octets, message);
    buf_put_bytes(&octets, message->payload);
    x509_ecdsa_to_der(&der, message->signature);
    assert_true(x509_read_spki(spki, &key, &why));
    assert_int_equal(
        verify_signature(&key, X509_SIG_ECDSA_SHA256, buf_bytes(&octets), buf_bytes(&der), NULL),
        OK);
}

static void signs_what_verifies_under_the_key_of_the_log(void **state)
{
    struct house *house = *state;
    struct bytes payload = delta(1, 2);
    struct msg_signed_feed answer = ask(house, FEED_DELTA, payload);
    assert_int_equal(answer.code, E_NONE);
    check_signature(house, &(struct cose_sign1){feed_type(FEED_DELTA), answer.key_id, payload,
                                                answer.signature});
    payload = list(2);
    answer = ask(house, FEED_LIST, payload);
    check_signature(house, &(struct cose_sign1){feed_type(FEED_LIST), answer.key_id, payload,
                                                answer.signature});
}

static void a_delta_leads_further_than_the_last(void **state)
{
    struct house *house = *state;
    assert_int_equal(code_of(house, FEED_DELTA, delta(4, 5)), E_NONE);
    assert_int_equal(code_of(house, FEED_DELTA, delta(4, 5)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_DELTA, delta(3, 4)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_DELTA, delta(5, 5)), E_NONE); /* a heartbeat */
    assert_int_equal(code_of(house, FEED_DELTA, delta(5, 5)), E_NONE);
    assert_int_equal(code_of(house, FEED_LIST, list(5)), E_NONE);
    assert_int_equal(code_of(house, FEED_CATALOGUE, catalogue(5)), E_NONE);
    assert_int_equal(code_of(house, FEED_DELTA, delta(5, 6)), E_NONE);
}

static void service_objects_rise_apart_from_the_status(void **state)
{
    struct house *house = *state;
    struct bytes payload = service_of(1, 7);
    struct msg_signed_feed answer = ask(house, FEED_SERVICE, payload);
    assert_int_equal(answer.code, E_NONE);
    check_signature(house, &(struct cose_sign1){feed_type(FEED_SERVICE), answer.key_id, payload,
                                                answer.signature});
    assert_int_equal(code_of(house, FEED_SERVICE, service_of(1, 7)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_SERVICE, service_of(1, 6)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_SERVICE, service_of(2, 7)),
                     E_JOURNAL); /* nobody's twice */
    assert_int_equal(code_of(house, FEED_SERVICE, service_of(2, 8)), E_NONE);
    assert_int_equal(code_of(house, FEED_SERVICE, service_of(1, 9)), E_NONE);
    assert_int_equal(code_of(house, FEED_DELTA, delta(4, 5)), E_NONE); /* has its own generations */
    payload = service_of(1, 10);
    assert_int_equal(code_of(house, FEED_SERVICE, bytes_slice(payload, 0, payload.n - 1)),
                     E_PROFILE);
    assert_int_equal(code_of(house, FEED_SERVICE, delta(5, 6)), E_PROFILE);
}

/* Whatever the next process signs is newer than all that this one may have signed. */
static void nothing_of_a_former_process_is_signed_again(void **state)
{
    struct house *house = *state;
    assert_int_equal(code_of(house, FEED_DELTA, delta(4, 5)), E_NONE);
    uint64_t ceiling = journal_memory(house->session.journal)->feed;
    assert_true(ceiling > 5);
    house_restart(house);
    house_agree(house, 0, 0);
    assert_int_equal(code_of(house, FEED_DELTA, delta(5, 6)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_DELTA, delta(5, ceiling)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_LIST, list(ceiling)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_CATALOGUE, catalogue(ceiling)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_DELTA, delta(ceiling, ceiling)), E_JOURNAL);
    assert_int_equal(code_of(house, FEED_DELTA, delta(ceiling, ceiling + 1)), E_NONE);
}

static void the_journal_grows_by_a_record_for_many_generations(void **state)
{
    struct house *house = *state;
    assert_int_equal(code_of(house, FEED_DELTA, delta(1, 2)), E_NONE);
    uint64_t position = journal_position(house->session.journal);
    uint64_t ceiling = journal_memory(house->session.journal)->feed;
    for (uint64_t to = 3; to < 20; to++)
        assert_int_equal(code_of(house, FEED_DELTA, delta(to - 1, to)), E_NONE);
    assert_int_equal(journal_position(house->session.journal), position);
    assert_int_equal(code_of(house, FEED_DELTA, delta(20, ceiling)), E_NONE);
    assert_int_equal(journal_position(house->session.journal), position);
    assert_int_equal(code_of(house, FEED_DELTA, delta(ceiling, ceiling + 1)), E_NONE);
    assert_int_equal(journal_position(house->session.journal), position + 1);
}

static void signs_nothing_that_a_reader_would_refuse(void **state)
{
    struct house *house = *state;
    struct bytes payload = delta(1, 2);
    assert_int_equal(code_of(house, FEED_LIST, payload), E_PROFILE);
    assert_int_equal(code_of(house, FEED_CATALOGUE, payload), E_PROFILE);
    assert_int_equal(code_of(house, FEED_NONE, payload), E_PROFILE);
    assert_int_equal(code_of(house, FEED_KIND_COUNT, payload), E_PROFILE);
    assert_int_equal(code_of(house, FEED_DELTA, bytes_of(payload.p, payload.n - 1)), E_PROFILE);
    assert_int_equal(code_of(house, FEED_DELTA, delta(1, 2)), E_NONE);
}

static void signs_nothing_before_core_has_agreed(void **state)
{
    struct house *house = *state;
    house_restart(house);
    assert_int_equal(code_of(house, FEED_DELTA, delta(1, 2)), E_JOURNAL);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(signs_what_verifies_under_the_key_of_the_log),
        CASE(a_delta_leads_further_than_the_last),
        CASE(service_objects_rise_apart_from_the_status),
        CASE(nothing_of_a_former_process_is_signed_again),
        CASE(the_journal_grows_by_a_record_for_many_generations),
        CASE(signs_nothing_that_a_reader_would_refuse),
        CASE(signs_nothing_before_core_has_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
