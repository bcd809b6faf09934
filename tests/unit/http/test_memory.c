/* The n-th allocation of our own code in a front fails, for every n of a story: the client has a
 * refusal or the end of its connection, never half an answer, and the front goes on. (What the
 * libraries do then is tests/scenario/test_81_faults.py's.) The linker leads our objects'
 * allocations here; each n has a front of its own, so that nothing is there already. */
#include "lab.h"

#include <http/front.h>
#include <wire/b64.h>
#include <wire/pkcs7.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static _Atomic int64_t *left; /* shared: allocations of the front until one fails; 0 = none does */
static bool is_front;

static bool fails(void)
{
    if (!is_front || *left == 0)
        return false;
    return --*left == 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t n);
void *__real_reallocarray(void *old, size_t count, size_t size);
int __real_front_run(const struct front_setup *setup);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
int __wrap_front_run(const struct front_setup *setup);

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

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, count, size);
}

int __wrap_front_run(const struct front_setup *setup)
{
    is_front = true;
    return __real_front_run(setup);
}

static bool has_certificate(const struct lab_reply *reply)
{
    uint8_t der[8192];
    struct buf space = buf_over(der, sizeof der);
    struct reader walk;
    struct bytes one;
    const char *why = NULL;
    return b64_decode(&space, bytes_of(reply->body, reply->body_n)) &&
           pkcs7_read_certs(buf_bytes(&space), &walk, &why) && pkcs7_next_cert(&walk, &one);
}

/* What a client may get when memory fails; true: it got what it asked for. */
static bool judge(const struct lab_reply *reply)
{
    if (reply->status == 0)
        return false;
    if (reply->status == 503)
        assert_non_null(strstr(reply->body, "E8002"));
    else if (reply->status != 200)
        fail_msg("status %d: %s", reply->status, reply->body);
    return reply->status == 200;
}

static bool enrol(const struct lab *lab, const struct lab_holder *device, const char *csr)
{
    struct lab_client client;
    bool is_done = false;
    if (lab_connect_tls(lab, device, NULL, &client)) {
        struct lab_reply reply = lab_enrol(&client, "ok", "simpleenroll", "", csr);
        is_done = judge(&reply);
        assert_true(!is_done || has_certificate(&reply));
    }
    lab_close(&client);
    return is_done;
}

static bool ask_plain(const struct lab *lab)
{
    struct lab_reply reply = lab_ask(lab, false, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return judge(&reply);
}

/* One front; true: an allocation did fail in it. */
static bool tell(int64_t n, const char *csr)
{
    struct lab lab = {0};
    *left = 0;
    lab_start(&lab, &lab_limits);
    struct lab_holder device = lab_holder(&lab.ldevid, &(struct lab_wish){.serial_number = "SN-1"});
    struct lab_client first;
    assert_true(lab_connect_tls(&lab, NULL, NULL, &first)); /* it has its certificate */
    lab_close(&first);
    *left = n;
    bool is_done = ask_plain(&lab);
    is_done = enrol(&lab, &device, csr) && is_done;
    bool has_failed = *left == 0;
    *left = 0;
    assert_true(is_done || has_failed);
    assert_true(ask_plain(&lab) && enrol(&lab, &device, csr));
    lab_holder_free(&device);
    assert_int_equal(lab_stop(&lab), 0);
    return has_failed;
}

static void an_allocation_that_fails_is_a_refusal_or_the_end_of_the_connection(void **state)
{
    (void)state;
    struct key *key = NULL;
    signal(SIGPIPE, SIG_IGN);
    left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(key_generate(KEY_P256, &key, NULL), OK);
    char *csr = lab_request(key, "SN-1");
    int64_t n = 1;
    while (tell(n, csr))
        n++;
    assert_true(n > 4); /* some did fail */
    print_message("# %d allocations\n", (int)n - 1);
    free(csr);
    key_freep(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allocation_that_fails_is_a_refusal_or_the_end_of_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
