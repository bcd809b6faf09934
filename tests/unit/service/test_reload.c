/* The names of a configuration that is being prepared: for a listener that asks for them, and for
 * nobody else. */
#include "fixture.h"

#include <crypto/hash.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct config next_of(const struct fixture *f)
{
    struct config next = f->config;
    next.server_name_count = 1;
    snprintf(next.server_names[0], CONFIG_NAME_MAX, "next.example");
    return next;
}

static enum result ask(struct fixture *f, struct enrolment *job, bool is_next)
{
    struct asker key = asker(1);
    *job = (struct enrolment){.is_next_site = is_next};
    return enrol_server(&f->service, bytes_of(key.spki, key.spki_n), f->now_s, job, &f->err);
}

/* Is what the signer will be asked to sign built with these names? */
static bool has_names_of(struct fixture *f, const struct enrolment *job, const struct site *site)
{
    uint8_t space[TBS_MAX], hash[32];
    struct buf tbs = buf_over(space, sizeof space);
    assert_ok(grant_build_tbs(&job->grant, &f->service.issuers[job->grant.issuer], &site->pki, &tbs,
                              &f->err));
    sha256(buf_bytes(&tbs), hash);
    return memcmp(hash, job->tbs_hash, 32) == 0;
}

static void without_a_reload_there_are_no_next_names(void **state)
{
    struct fixture *f = *state;
    struct enrolment job;
    assert_int_equal(ask(f, &job, true), R_CONFLICT);
    struct config next = next_of(f);
    service_prepare(&f->service, &next);
    assert_ok(ask(f, &job, true));
    service_prepare(&f->service, NULL);
    assert_int_equal(ask(f, &job, true), R_CONFLICT);
}

static void both_names_are_known_until_the_commit(void **state)
{
    struct fixture *f = *state;
    struct enrolment job;
    struct config next = next_of(f);
    struct site former = f->service.site;
    former.pki.names = former.names;
    service_prepare(&f->service, &next);
    const struct site wanted = f->service.next_site;
    assert_ok(ask(f, &job, false));
    assert_true(has_names_of(f, &job, &f->service.site));
    assert_false(has_names_of(f, &job, &wanted));
    assert_ok(ask(f, &job, true));
    assert_true(has_names_of(f, &job, &wanted));

    service_commit(&f->service);
    assert_ok(ask(f, &job, false));
    assert_true(has_names_of(f, &job, &f->service.site));
    assert_false(has_names_of(f, &job, &former));
    assert_int_equal(ask(f, &job, true), R_CONFLICT);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(without_a_reload_there_are_no_next_names),
        STORY(both_names_are_known_until_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
