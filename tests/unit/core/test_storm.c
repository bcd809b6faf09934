/* A fleet of 100,000 comes back after eight hours, in virtual time, through the objects that core
 * admits by: the rate of a product (service/rate.h), the requests under way and those that wait
 * (jobs.h), and the draw that server and device share (wire/spread.h).
 *
 * Power returns, and every device starts within half a minute; who is due asks. Core serves what
 * docs/benchmarks.md measured on a disk that takes 5 ms for a sync. A second product, whose devices
 * have done nothing, renews at its own calm pace beside them. */
#include "jobs.h"

#include <service/rate.h>
#include <trust/authorise.h>
#include <wire/spread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLEET 100000
#define CALM 3000 /* of the other product */
#define DEVICES (FLEET + CALM)
#define BORN_WITHIN_S 3600           /* one hour in the factory */
#define OUTAGE_S (8 * 3600)          /* eight hours */
#define LIFE_S (OUTAGE_S * 5 + 1000) /* a fifth of it is the outage, and 200 s */
#define BOOT_WITHIN_S 30
#define SERVED_A_S 2140
#define TICK_MS 100
#define WATCHED_S 3600 /* after the return */
#define TICKS (WATCHED_S * 1000 / TICK_MS)
#define SOON_S 500 /* left when power returns: urgent */
#define NOBODY UINT32_MAX

struct member {
    int64_t begins_s, ends_s;
    uint32_t next; /* in its tick */
    uint16_t asked;
    bool is_renewed, is_expired;
};

struct storm {
    struct service service;
    struct jobs jobs;
    struct ipc_channel front;
    int64_t return_s; /* when power returns */
    int64_t now_ms;   /* since then */
    struct member members[DEVICES];
    uint32_t ticks[TICKS];

    struct job *under_way[JOBS_MAX];
    uint32_t fifo_at, fifo_n;
    uint64_t random;
    /* what came of it */
    uint64_t asks;
    uint32_t due, renewed, expired, calm_refused, most_under_way, most_asked;
    int64_t last_ms, last_soon_ms; /* of all; of those whose certificates end soonest */
    uint32_t served_in[WATCHED_S / 10];
};

/* What is not drawn by name: boots and the client's own jitter. splitmix64, so that a run repeats.
 */
static uint32_t draw(struct storm *s, uint32_t below)
{
    uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(((z ^ z >> 31) >> 32) * below >> 32);
}

/* A serial number as the server makes them; the key's octets, and what names the device. */
static struct bytes name_of(uint32_t member, uint8_t space[16])
{
    memset(space, 0x5a, 16);
    memcpy(space + 1, &member, sizeof member);
    return bytes_of(space, 16);
}

/* At what part of its life a device without the server's word renews: as many clients do. */
#define TOGETHER_PERCENT 80

static int64_t due_s(const struct member *member, uint32_t number, bool is_spread)
{
    uint8_t space[16];
    if (is_spread)
        return spread_renewal_s(name_of(number, space), member->begins_s, member->ends_s);
    return member->begins_s + LIFE_S / 100 * TOGETHER_PERCENT;
}

static void ask_at(struct storm *s, uint32_t number, int64_t at_ms)
{
    uint64_t tick = (uint64_t)at_ms / TICK_MS;
    if (tick >= TICKS)
        return; /* beyond what is watched: not renewed */
    s->members[number].next = s->ticks[tick];
    s->ticks[tick] = number;
}

static struct subject subject_of(const struct storm *s, uint32_t number)
{
    const struct member *member = &s->members[number];
    struct subject subject = {.live_n = 1, .product.id = number < FLEET ? 1 : 2};
    subject.live[0].not_before_s = member->begins_s;
    subject.live[0].not_after_s = member->ends_s;
    return subject;
}

/* The agent's way (client/backoff.h): between what was asked and a quarter more. */
static void refused(struct storm *s, uint32_t number, uint32_t retry_after_s)
{
    s->calm_refused += number >= FLEET;
    ask_at(s, number, s->now_ms + retry_after_s * 1000 + draw(s, retry_after_s * 250 + 1));
}

#define BUSY_SPREAD_S 60 /* as core/enrol.c */

static void refused_unseen(struct storm *s, uint32_t number)
{
    uint8_t space[16];
    refused(s, number, 1 + spread_below(name_of(number, space), BUSY_SPREAD_S));
}

static void begin(struct storm *s, uint32_t number)
{
    uint8_t space[16];
    uint32_t retry_after_s = 0;
    struct err err = {0};
    struct subject subject = subject_of(s, number);
    s->service.now_ms = s->now_ms;
    enum result result = rate_take(&s->service, &subject, name_of(number, space),
                                   s->return_s + s->now_ms / 1000, &retry_after_s, &err);
    if (result != OK) {
        assert_int_equal(err.code, E_BUSY);
        refused(s, number, retry_after_s);
        return;
    }
    struct job *job = job_new(&s->jobs, &s->front, number, bytes_of(NULL, 0));
    assert_non_null(job);
    s->under_way[(s->fifo_at + s->fifo_n++) % JOBS_MAX] = job;
}

static void wait_for_room(struct storm *s, uint32_t number)
{
    uint8_t space[16];
    struct waiting *out = NULL;
    struct msg_enrol ask = {.id = number,
                            .credential = CREDENTIAL_LDEVID,
                            .peer_not_after_s = s->members[number].ends_s,
                            .spki = name_of(number, space)};
    if (!job_wait(&s->jobs, &s->front, &ask, 0, &out)) {
        refused_unseen(s, number);
    } else if (out != NULL) {
        struct ipc_message message;
        assert_int_equal(ipc_decode(bytes_of(out->encoded, out->n), &message, NULL), OK);
        refused_unseen(s, (uint32_t)message.enrol.id);
        free(out);
    }
}

static void ask(struct storm *s, uint32_t number)
{
    struct member *member = &s->members[number];
    member->asked++;
    s->asks += number < FLEET;
    if (member->asked > s->most_asked)
        s->most_asked = member->asked;
    if (jobs_have_room(&s->jobs))
        begin(s, number);
    else
        wait_for_room(s, number);
}

static void serve(struct storm *s)
{
    for (uint32_t n = SERVED_A_S * TICK_MS / 1000; n > 0 && s->fifo_n > 0; n--, s->fifo_n--) {
        struct job *job = s->under_way[s->fifo_at++ % JOBS_MAX];
        struct member *member = &s->members[job->asked_id];
        member->is_renewed = true;
        member->is_expired = s->return_s + s->now_ms / 1000 > member->ends_s;
        s->renewed += job->asked_id < FLEET;
        s->last_ms = job->asked_id < FLEET ? s->now_ms : s->last_ms;
        if (member->ends_s < s->return_s + SOON_S)
            s->last_soon_ms = s->now_ms;
        s->served_in[s->now_ms / 10000]++;
        job_free(&s->jobs, job);
    }
    while (s->jobs.waiting != NULL && jobs_have_room(&s->jobs)) {
        struct waiting *first = s->jobs.waiting;
        struct ipc_message message;
        s->jobs.waiting = first->next;
        s->jobs.waiting_n--;
        assert_int_equal(ipc_decode(bytes_of(first->encoded, first->n), &message, NULL), OK);
        begin(s, (uint32_t)message.enrol.id);
        free(first);
    }
}

static void tick(struct storm *s)
{
    uint32_t number = s->ticks[s->now_ms / TICK_MS];
    while (number != NOBODY) {
        uint32_t next = s->members[number].next;
        ask(s, number);
        number = next;
    }
    if (s->jobs.used > s->most_under_way)
        s->most_under_way = s->jobs.used;
    serve(s);
}

/* Who was due before the outage has renewed; the outage ends `into_s` after the first window opens.
 */
static struct storm *storm_new(bool is_spread, uint32_t product_per_s, int64_t return_s)
{
    struct storm *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->service.limits.product_per_s = product_per_s;
    s->service.limits.product_burst = 2000;
    s->jobs.most = CONFIG_REQUESTS_MAX;
    s->return_s = return_s;
    memset(s->ticks, 0xff, sizeof s->ticks);
    for (uint32_t i = 0; i < DEVICES; i++) {
        struct member *member = &s->members[i];
        member->begins_s = (int64_t)BORN_WITHIN_S * (i % FLEET) / FLEET;
        member->ends_s = member->begins_s + LIFE_S;
        bool is_calm = i >= FLEET;
        int64_t due = due_s(member, i, is_spread);
        if (is_calm) { /* has half its life before it, and renews at some instant of the hour */
            member->begins_s = return_s - LIFE_S * 7 / 10;
            member->ends_s = member->begins_s + LIFE_S;
            ask_at(s, i, draw(s, WATCHED_S * 1000));
        } else if (due >= return_s - OUTAGE_S && due < return_s) {
            s->due++;
            ask_at(s, i, draw(s, BOOT_WITHIN_S * 1000));
        } else {
            member->is_renewed = true; /* before the outage, or later in its time */
        }
    }
    return s;
}

static void storm_free(struct storm *s)
{
    rates_free(&s->service.rates);
    jobs_free(&s->jobs);
    free(s);
}

static struct storm *storm_run(bool is_spread, uint32_t product_per_s, int64_t return_s)
{
    struct storm *s = storm_new(is_spread, product_per_s, return_s);
    for (; s->now_ms < WATCHED_S * 1000; s->now_ms += TICK_MS)
        tick(s);
    for (uint32_t i = 0; i < FLEET; i++)
        s->expired += s->members[i].is_expired || !s->members[i].is_renewed;
    return s;
}

/* What a storm must not do: let a certificate expire, keep a neighbour out, fill core. */
static bool is_weathered(const struct storm *s)
{
    return s->expired == 0 && s->calm_refused == 0 && s->most_under_way < CONFIG_REQUESTS_MAX;
}

static void print_storm(const char *what, const struct storm *s)
{
    print_message(
        "# %-34s %6u due, %4u expired, all after %3d s, asked %u times at most, %.1f on average; "
        "neighbours refused %u, under way %u\n#   served in each 10 s:",
        what, s->due, s->expired, (int)(s->last_ms / 1000), s->most_asked, (double)s->asks / s->due,
        s->calm_refused, s->most_under_way);
    for (int64_t i = 0; i <= s->last_ms / 10000; i++)
        print_message(" %u", s->served_in[i]);
    print_message("\n");
}

/* When the window of the first born opens, and when that of the last born closes. */
#define OPENS_S (LIFE_S / 100 * 60)
#define CLOSES_S (BORN_WITHIN_S + LIFE_S / 100 * 80)

static void a_fleet_comes_back_after_eight_hours_without_an_expiry(void **state)
{
    (void)state;
    uint32_t most = 0;
    for (int64_t begins_s = OPENS_S; begins_s < CLOSES_S; begins_s += 3600) {
        struct storm *s = storm_run(true, 1000, begins_s + OUTAGE_S);
        char what[64];
        snprintf(what, sizeof what, "spread, dark %d h into the window",
                 (int)((begins_s - OPENS_S) / 3600));
        print_storm(what, s);
        assert_true(is_weathered(s));
        most = s->due > most ? s->due : most;
        storm_free(s);
    }
    assert_true(most > FLEET * 9 / 10); /* nearly all of them came at once */
}

/* Due all in one hour, which the darkness covers: the first have 200 s left when power returns. */
static void without_the_spread_the_nearest_to_its_end_goes_first(void **state)
{
    (void)state;
    struct storm *s = storm_run(false, 1000, LIFE_S / 100 * TOGETHER_PERCENT + OUTAGE_S);
    print_storm("without the spread", s);
    assert_true(s->due > FLEET * 99 / 100);
    assert_true(is_weathered(s));
    print_message("# the %d s nearest to their end: all after %d s\n", SOON_S,
                  (int)(s->last_soon_ms / 1000));
    assert_true(s->last_soon_ms < s->last_ms / 4);
    storm_free(s);
}

static void without_the_bucket_the_storm_is_everybodys(void **state)
{
    (void)state;
    struct storm *s = storm_run(true, 0, OPENS_S + OUTAGE_S);
    print_storm("spread, without the bucket", s);
    assert_false(is_weathered(s));
    assert_true(s->calm_refused > 0 && s->most_under_way == CONFIG_REQUESTS_MAX);
    storm_free(s);
}

/* How many renew in one minute, of a fleet that was never in the dark. */
static uint32_t busiest_minute(bool is_spread)
{
    static uint32_t minutes[LIFE_S / 60 + 1];
    uint32_t most = 0;
    memset(minutes, 0, sizeof minutes);
    for (uint32_t i = 0; i < FLEET; i++) {
        struct member member = {.begins_s = (int64_t)BORN_WITHIN_S * i / FLEET};
        member.ends_s = member.begins_s + LIFE_S;
        uint32_t *minute = &minutes[due_s(&member, i, is_spread) / 60];
        most = ++*minute > most ? *minute : most;
    }
    return most;
}

static void the_spread_makes_an_hour_of_births_a_day_of_renewals(void **state)
{
    (void)state;
    uint32_t together = busiest_minute(false), spread = busiest_minute(true);
    print_message("# renewals in the busiest minute: %u with the spread, %u without\n", spread,
                  together);
    assert_true(spread * 5 < together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spread_makes_an_hour_of_births_a_day_of_renewals),
        cmocka_unit_test(a_fleet_comes_back_after_eight_hours_without_an_expiry),
        cmocka_unit_test(without_the_spread_the_nearest_to_its_end_goes_first),
        cmocka_unit_test(without_the_bucket_the_storm_is_everybodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
