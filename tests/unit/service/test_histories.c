/* Random histories of small fleets: what is stored about findings, step by step, is what a
 * judgement of everything anew says (design 1.1). A history is one number: TROTH_HISTORY=N runs it,
 * and those before it in the same database, again. TROTH_LONG=1 runs a million. */
#include "fixture.h"

#include <base/text.h>
#include <registry/about.h>
#include <service/verb.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define HISTORIES 1000
#else
#define HISTORIES 10000
#endif
#define HISTORIES_LONG 1000000
#define A_FIXTURE 10 /* histories in one database */
#define DEVICES 3
#define STEPS 16
#define DAYS_MOST 250 /* that a history takes */

/* What the holder of a device has. */
struct holder {
    unsigned n;   /* of its serial number; 0 = not imported */
    unsigned key; /* of its certificate */
    unsigned old_key;
    bool has, has_old;
    uint8_t serial[16], old[16];
    char token[64];
};

struct history {
    struct fixture *f;
    uint64_t number;
    uint64_t random;
    int64_t ends_s;
    unsigned keys; /* given so far */
    int step;
    const char *did;
    struct holder holders[DEVICES];
};

/* splitmix64 */
static uint64_t draw(struct history *h)
{
    uint64_t z = (h->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct history *h, unsigned bound)
{
    return (unsigned)(draw(h) % bound);
}

static unsigned new_key(struct history *h)
{
    return (unsigned)(h->number * 1000) + ++h->keys;
}

/* Its own new one, the one it has, or somebody else's. */
static unsigned some_key(struct history *h, const struct holder *holder)
{
    unsigned which = below(h, 8);
    if (which == 0)
        return h->holders[below(h, DEVICES)].key;
    return which == 1 ? holder->key : new_key(h);
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static void differs(const struct history *h, const struct holder *holder, int check,
                    const char *what)
{
    fail_msg("history %llu, step %d (%s), SN-%u: TD-%02d %s; run it again with TROTH_HISTORY=%llu",
             (unsigned long long)h->number, h->step, h->did, holder->n, check, what,
             (unsigned long long)h->number);
}

/* TD-14 follows lists that are published; who looks again hears of them within the minute. */
static bool waits(int check, bool is_rest)
{
    return check == CHECK_SUPERSEDED_ALIVE && !is_rest;
}

static void compare_open(const struct history *h, const struct holder *holder,
                         const struct about *about, const struct judged *judged)
{
    int number = judged->check->number;
    const struct finding *open = about_finding(about, number);
    if (open == NULL)
        differs(h, holder, number, "is open when judged anew, and not in the store");
    if (open->severity != (int)judged->severity)
        differs(h, holder, number, "has another severity when judged anew");
    if (judged->began_s != 0 && open->began_at_s != judged->began_s)
        differs(h, holder, number, "began at another instant when judged anew");
    if (strcmp(open->owner, about->owner) != 0)
        differs(h, holder, number, "stands under another owner");
}

static void compare(const struct history *h, const struct holder *holder, bool is_rest)
{
    struct fixture *f = h->f;
    struct about about = {0};
    int64_t next_s = 0;
    const struct subject_key key = {SUBJECT_DEVICE, device_row(f, holder->n).id};
    assert_ok(about_read(f->store, key, f->now_s, &about, &f->err));
    assert_ok(store_next_instant(f->store, key, &next_s, &f->err));
    struct standing judged = standing(&about.facts, &about.policy, f->now_s);
    if (judged.failed != 0)
        differs(h, holder, 0, "a check failed");
    for (size_t i = 0; i < judged.n; i++)
        if (!waits(judged.findings[i].check->number, is_rest))
            compare_open(h, holder, &about, &judged.findings[i]);
    for (size_t i = 0; i < about.open_n; i++)
        if (about_finding(&about, about.open[i].check) != &about.open[i])
            differs(h, holder, about.open[i].check, "is open twice");
    for (size_t i = 0; i < about.open_n; i++)
        if (!waits(about.open[i].check, is_rest) && !standing_has(&judged, about.open[i].check))
            differs(h, holder, about.open[i].check, "is in the store, and not open when judged");
    if (judged.next_s != 0 && (next_s == 0 || next_s > judged.next_s))
        differs(h, holder, 0, "the next instant in the store is late");
}

static void compare_all(struct history *h, bool is_rest)
{
    for (size_t i = 0; i < DEVICES; i++)
        if (h->holders[i].n != 0)
            compare(h, &h->holders[i], is_rest);
}

/* ---- steps ------------------------------------------------------------------------------------
 */

static struct bytes serial_of(const struct holder *holder, char space[32])
{
    snprintf(space, 32, "SN-%u", holder->n);
    return text_bytes(space);
}

/* Whatever a verb answers: what it refused is undone. */
#define TRY_VERB(f, name, ask, answer)                                                             \
    do {                                                                                           \
        begin(f);                                                                                  \
        if (verb_##name(&(f)->service, &(f)->admin, ask, (f)->now_s, answer, &(f)->err) == OK)     \
            commit(f);                                                                             \
        else                                                                                       \
            roll_back(f);                                                                          \
    } while (0)

static void take(struct holder *holder, const struct got *got, unsigned key)
{
    if (got->code != E_NONE)
        return;
    if (holder->has && !got->repeated) {
        memcpy(holder->old, holder->serial, 16);
        holder->old_key = holder->key;
        holder->has_old = true;
    }
    memcpy(holder->serial, got->serial, 16);
    holder->has = true;
    holder->key = key;
}

static void step_import(struct history *h, struct holder *holder)
{
    if (holder->n != 0)
        return;
    holder->n = (unsigned)(h->number * DEVICES) + (unsigned)(holder - h->holders) + 1;
    holder->key = new_key(h);
    struct asker key = asker(holder->key);
    struct msg_import_row line = import_line(holder->n, below(h, 4) != 0 ? &key : NULL);
    line.hold = below(h, 10) == 0;
    if (below(h, 3) == 0)
        line.owner = bytes_of(NULL, 0); /* TD-36 once it is enrolled */
    (void)take_line(h->f, &line);
}

static void step_enrol(struct history *h, struct holder *holder)
{
    struct asker registered = asker(holder->key);
    unsigned other = some_key(h, holder);
    struct asker key = asker(other);
    bool is_csr = below(h, 2) == 0;
    struct msg_enrol ask = is_csr ? ask_csr(&registered) : ask_registered_tls(&registered, &key);
    struct got got = enrol(h->f, &ask);
    take(holder, &got, is_csr ? holder->key : other);
}

static void step_token(struct history *h, struct holder *holder)
{
    char space[32];
    struct msg_verb_answer answer = {0};
    const struct msg_token_add ask = {.product = bytes_text("meter"),
                                      .serial_number = serial_of(holder, space),
                                      .ttl_s = 3600 * (1 + below(h, 500))};
    TRY_VERB(h->f, token_add, &ask, &answer);
    size_t n = answer.secret.n < sizeof holder->token ? answer.secret.n : 0;
    if (n > 0)
        memcpy(holder->token, answer.secret.p, n);
    holder->token[n] = '\0';
}

static void step_enrol_by_token(struct history *h, struct holder *holder)
{
    char space[32];
    unsigned mine = some_key(h, holder);
    struct asker key = asker(mine);
    if (holder->token[0] == '\0')
        return;
    (void)serial_of(holder, space);
    struct msg_enrol ask = ask_token(space, text_bytes(holder->token), &key);
    struct got got = enrol(h->f, &ask);
    take(holder, &got, mine);
}

static void step_use(struct history *h, struct holder *holder)
{
    if (holder->has)
        use(h->f, holder->serial);
}

static void step_use_old(struct history *h, struct holder *holder)
{
    if (holder->has_old)
        use(h->f, holder->old);
}

static void step_renew(struct history *h, struct holder *holder)
{
    if (!holder->has)
        return;
    unsigned next = some_key(h, holder);
    struct asker old = asker(holder->key), key = asker(next);
    struct msg_enrol ask = ask_renew(h->f, holder->serial, &old, &key);
    struct got got = enrol(h->f, &ask);
    take(holder, &got, next);
}

static void step_verb(struct history *h, struct holder *holder)
{
    (void)set_device(h->f, holder->n, (enum device_verb)(1 + below(h, VERB_COUNT - 1)));
}

static void step_permit(struct history *h, struct holder *holder)
{
    char space[32];
    struct msg_verb_answer answer = {0};
    const struct msg_permit_add ask = {.product = bytes_text("meter"),
                                       .serial_number = serial_of(holder, space),
                                       .ttl_s = 3600 * (1 + below(h, 500)),
                                       .new_board = (uint8_t)below(h, 2)};
    TRY_VERB(h->f, permit_add, &ask, &answer);
}

static void step_revoke(struct history *h, struct holder *holder)
{
    struct msg_verb_answer answer = {0};
    const struct msg_cert_revoke ask = {.serial = bytes_of(holder->serial, 16),
                                        .reason = below(h, 2) == 0 ? 1 : 4};
    if (holder->has)
        TRY_VERB(h->f, cert_revoke, &ask, &answer);
}

static enum result publish(void *ctx, const struct shard *shard, struct err *err)
{
    const struct history *h = ctx;
    const struct crl_row row = {
        .shard = *shard, .number = 1, .this_s = h->f->now_s, .next_s = h->f->now_s + DAY_S};
    return store_put_crl(h->f->store, &row, err);
}

static void step_publish(struct history *h, struct holder *holder)
{
    (void)holder;
    begin(h->f);
    if (store_shards(h->f->store, h->f->now_s, publish, h, &h->f->err) != OK)
        fail_msg("publish: %s", h->f->err.text);
    commit(h->f);
}

/* What time alone changes, as core's timer has it judged. */
static void tick(struct history *h)
{
    struct fixture *f = h->f;
    uint32_t n = 1;
    while (n > 0) {
        begin(f);
        assert_ok(finding_settle_due(&f->service, f->now_s, 256, &n, &f->err));
        commit(f);
    }
}

static void pass(struct history *h, int64_t s)
{
    h->f->now_s += s;
    tick(h);
}

static void step_wait(struct history *h, struct holder *holder)
{
    static const int64_t spans_s[] = {5, 61, 3600, DAY_S, 20 * DAY_S, 60 * DAY_S, 100 * DAY_S};
    int64_t s = spans_s[below(h, LENGTH_OF(spans_s))] + below(h, 1000);
    (void)holder;
    if (h->f->now_s + s < h->ends_s)
        pass(h, s);
}

static const struct step {
    const char *name;
    unsigned weight;
    bool needs_device;
    void (*run)(struct history *h, struct holder *holder);
} steps[] = {
    {"import", 4, false, step_import},   {"enrol", 4, true, step_enrol},
    {"token", 1, true, step_token},      {"enrol by token", 1, true, step_enrol_by_token},
    {"use", 4, true, step_use},          {"use of the old one", 1, true, step_use_old},
    {"renew", 3, true, step_renew},      {"verb", 2, true, step_verb},
    {"permit", 1, true, step_permit},    {"revoke", 1, true, step_revoke},
    {"publish", 1, false, step_publish}, {"wait", 5, false, step_wait},
};

static const struct step *some_step(struct history *h)
{
    unsigned sum = 0, at;
    for (size_t i = 0; i < LENGTH_OF(steps); i++)
        sum += steps[i].weight;
    at = below(h, sum);
    for (size_t i = 0;; at -= steps[i++].weight)
        if (at < steps[i].weight)
            return &steps[i];
}

static void run_history(struct fixture *f, uint64_t number)
{
    struct history h = {
        .f = f, .number = number, .random = number, .ends_s = f->now_s + DAYS_MOST * DAY_S};
    for (h.step = 0; h.step < STEPS; h.step++) {
        const struct step *step = some_step(&h);
        struct holder *holder = &h.holders[below(&h, DEVICES)];
        h.did = step->name;
        if (step->needs_device && holder->n == 0)
            continue;
        step->run(&h, holder);
        compare_all(&h, false);
    }
    h.did = "rest";
    pass(&h, 61);
    compare_all(&h, true);
}

static void run_batch(uint64_t first, uint64_t last)
{
    void *state = NULL;
    assert_int_equal(fixture_set_up(&state), 0);
    for (uint64_t number = first; number <= last; number++)
        run_history(state, number);
    assert_int_equal(fixture_tear_down(&state), 0);
}

static void what_is_stored_is_what_is_judged_anew(void **state)
{
    const char *one = getenv("TROTH_HISTORY");
    const char *is_long = getenv("TROTH_LONG");
    uint64_t all = is_long != NULL && is_long[0] == '1' ? HISTORIES_LONG : HISTORIES;
    (void)state;
    if (one != NULL) {
        uint64_t number = strtoull(one, NULL, 10);
        run_batch(number - number % A_FIXTURE, number);
        return;
    }
    for (uint64_t first = 0; first < all; first += A_FIXTURE)
        run_batch(first, first + A_FIXTURE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_what_is_judged_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
