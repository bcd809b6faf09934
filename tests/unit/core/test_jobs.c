/* Who waits for room in core, in which order, and who gives way. */
#include "jobs.h"

#include <trust/authorise.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct jobs jobs;
static struct ipc_channel front;

static int start(void **state)
{
    (void)state;
    jobs = (struct jobs){.most = 3};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    jobs_free(&jobs);
    return 0;
}

/* The id of who gave way, 0 = nobody. */
static uint64_t wait_for(uint64_t id, enum credential credential, int64_t ends_s)
{
    uint64_t gone = 0;
    struct waiting *out = NULL;
    struct msg_enrol ask = {
        .id = id, .credential = (uint8_t)credential, .peer_not_after_s = ends_s};
    if (!job_wait(&jobs, &front, &ask, 0, &out))
        return id;
    if (out != NULL) {
        struct ipc_message message;
        assert_int_equal(ipc_decode(bytes_of(out->encoded, out->n), &message, NULL), OK);
        gone = message.enrol.id;
        free(out);
    }
    return gone;
}

static void expect_order(const uint64_t *ids, size_t n)
{
    const struct waiting *waiting = jobs.waiting;
    for (size_t i = 0; i < n; i++, waiting = waiting->next) {
        struct ipc_message message;
        assert_non_null(waiting);
        assert_int_equal(ipc_decode(bytes_of(waiting->encoded, waiting->n), &message, NULL), OK);
        assert_int_equal(message.enrol.id, ids[i]);
    }
    assert_null(waiting);
}

static void there_is_room_for_so_many_devices(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= 3; id++) {
        assert_true(jobs_have_room(&jobs));
        assert_non_null(job_new(&jobs, &front, id, bytes_of(NULL, 0)));
    }
    assert_false(jobs_have_room(&jobs));
    assert_non_null(job_new(&jobs, &front, 4, bytes_of(NULL, 0))); /* a listener's, an operator's */
}

static void whose_certificate_ends_soonest_is_in_front(void **state)
{
    (void)state;
    wait_for(1, CREDENTIAL_TOKEN, 0);
    wait_for(2, CREDENTIAL_LDEVID, 900);
    wait_for(3, CREDENTIAL_LDEVID, 100);
    wait_for(4, CREDENTIAL_LDEVID, 500);
    wait_for(5, CREDENTIAL_IDEVID, 1); /* what others issued goes before nobody */
    wait_for(6, CREDENTIAL_LDEVID, 500);
    expect_order((const uint64_t[]){3, 4, 6, 2, 1, 5}, 6);
    struct waiting *first = jobs.waiting;
    jobs.waiting = first->next;
    jobs.waiting_n--;
    job_wait_again(&jobs, first);
    expect_order((const uint64_t[]){3, 4, 6, 2, 1, 5}, 6);
}

static void whose_certificate_ends_last_gives_way(void **state)
{
    (void)state;
    for (uint64_t id = 1; id <= JOBS_WAITING_MAX; id++)
        assert_int_equal(wait_for(id, CREDENTIAL_LDEVID, (int64_t)(1000 + id)), 0);
    assert_int_equal(wait_for(1000, CREDENTIAL_LDEVID, 5), JOBS_WAITING_MAX);
    assert_int_equal(wait_for(1001, CREDENTIAL_LDEVID, 99999), 1001);
    assert_int_equal(wait_for(1002, CREDENTIAL_TOKEN, 0), 1002);
    assert_int_equal(jobs.waiting_n, JOBS_WAITING_MAX);
    assert_int_equal(jobs.waiting->ends_s, 5);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(there_is_room_for_so_many_devices),
        STORY(whose_certificate_ends_soonest_is_in_front),
        STORY(whose_certificate_ends_last_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
