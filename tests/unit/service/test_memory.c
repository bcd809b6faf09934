/* The n-th allocation of our own code fails, for every n of a story: whoever asked is told, nothing
 * is left behind, and the same story goes well afterwards. (What the libraries do then is
 * tests/scenario/test_81_faults.py's.) The linker leads our objects' allocations here. */
#include "fixture.h"

#include <base/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t left; /* allocations until one fails; 0 = none does */

static bool fails(void)
{
    return left > 0 && --left == 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    return fails() ? NULL : __real_realloc(old, n);
}

static enum result import(struct fixture *f, const struct asker *key)
{
    struct import_answer answer = {0};
    struct msg_import_row row = {
        .line = 1,
        .product = bytes_text("meter"),
        .serial_number = bytes_text("SN-1"),
        .has_spki = 1,
    };
    memcpy(row.spki_sha256, key->hash, 32);
    return import_row(&f->service, &f->admin, &row, f->now_s, &answer, &f->err);
}

static enum result add_token(struct fixture *f)
{
    struct msg_verb_answer answer = {0};
    struct msg_token_add ask = {.product = bytes_text("meter"),
                                .serial_number = bytes_text("SN-1")};
    return verb_token_add(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
}

static enum result decide(struct fixture *f, const struct asker *key)
{
    struct msg_enrol ask = ask_csr(key);
    enrolment_free(&f->job);
    f->job = (struct enrolment){0};
    return enrol_decide(&f->service, &ask, f->now_s, &f->job, &f->err);
}

static enum result retire(struct fixture *f)
{
    struct msg_verb_answer answer = {0};
    struct msg_device_set ask = {
        .verb = VERB_RETIRE, .product = bytes_text("meter"), .serial_number = bytes_text("SN-1")};
    return verb_device_set(&f->service, &f->admin, &ask, f->now_s, &answer, &f->err);
}

/* Opens what is there, imports, gives a token, decides, retires: up to what fails. */
static enum result tell(struct fixture *f, const struct asker *key)
{
    char path[128];
    snprintf(path, sizeof path, "%s/troth.db", f->folder);
    TRY(store_open(path, STORE_WRITE, &f->store, &f->err));
    TRY(service_open(&f->service, f->store, &f->config, f->now_s, &f->err));
    begin(f);
    TRY(import(f, key));
    TRY(add_token(f));
    TRY(decide(f, key));
    return retire(f);
}

static void undo(struct fixture *f)
{
    if (f->store == NULL)
        return;
    store_rollback(f->store);
    fixture_close(f);
    memset(&f->service, 0, sizeof f->service);
}

static void an_allocation_that_fails_is_told_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct asker key = asker(1);
    fixture_close(f);
    memset(&f->service, 0, sizeof f->service);
    int64_t n = 1;
    for (;; n++) {
        left = n;
        enum result result = tell(f, &key);
        bool has_failed = left == 0;
        left = 0;
        undo(f);
        if (!has_failed)
            break;
        if (result == OK || f->err.code != E_MEMORY)
            fail_msg("allocation %d: result %d, %s", (int)n, (int)result, f->err.text);
    }
    assert_true(n > 5); /* some did fail */
    fixture_open(f);
    struct device none = {0};
    assert_int_equal(store_device_named(f->store, 1, bytes_text("SN-1"), &none, &f->err),
                     R_NOT_FOUND);
    assert_int_equal(import_device(f, 1, &key, false), IMPORT_CREATED);
    struct msg_enrol ask = ask_csr(&key);
    assert_int_equal(enrol(f, &ask).code, E_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_allocation_that_fails_is_told_and_leaves_nothing,
                                        fixture_set_up, fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
