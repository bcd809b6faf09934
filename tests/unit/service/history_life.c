/* Steps of a history: what devices do, what is done to them, and time. */
#include "history.h"

#include <base/text.h>
#include <service/verb.h>
#include <wire/x509_crl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

unsigned new_key(struct history *h)
{
    return (unsigned)(h->number * 1000) + ++h->keys;
}

unsigned some_key(struct history *h, const struct holder *holder)
{
    unsigned which = below(h, 8);
    if (which == 0)
        return h->holders[below(h, DEVICES)].key;
    return which == 1 ? holder->key : new_key(h);
}

struct bytes serial_of(const struct holder *holder, char space[32])
{
    snprintf(space, 32, "SN-%u", holder->n);
    return text_bytes(space);
}

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

/* ---- imports ----------------------------------------------------------------------------------
 */

static unsigned next_device(struct history *h)
{
    return (unsigned)(h->number * 100) + ++h->devices;
}

static void import_one(struct history *h, struct holder *holder, struct bytes replaces)
{
    static const char *const owners[] = {"acme", "zenith", "acme", ""};
    struct asker key = asker(holder->key);
    struct msg_import_row row = import_line(holder->n, below(h, 4) != 0 ? &key : NULL);
    row.owner = text_bytes(owners[below(h, LENGTH_OF(owners))]);
    row.replaces = replaces;
    row.hold = below(h, 10) == 0;
    if (take_line(h->f, &row) != IMPORT_CREATED)
        holder->n = 0;
}

static void step_import(struct history *h, struct holder *holder)
{
    if (holder->n != 0)
        return;
    const struct stranger *stranger = &h->strangers[below(h, FOREIGN)];
    bool is_strangers = stranger->is_made && below(h, 4) == 0;
    *holder =
        (struct holder){.n = next_device(h), .key = is_strangers ? stranger->number : new_key(h)};
    import_one(h, holder, bytes_of(NULL, 0));
}

/* Another board under the same serial number, which a permit may wait for; or the same board under
 * another one. */
static void step_board(struct history *h, struct holder *holder)
{
    char space[32];
    struct holder before = *holder;
    if (below(h, 2) == 0) {
        unsigned other = new_key(h);
        struct asker key = asker(other);
        struct msg_import_row row = import_line(holder->n, &key);
        row.owner = bytes_of(NULL, 0);
        if (take_line(h->f, &row) == IMPORT_CHANGED)
            holder->key = other;
        return;
    }
    *holder = (struct holder){.n = next_device(h), .key = some_key(h, &before)};
    import_one(h, holder, serial_of(&before, space));
    if (holder->n == 0)
        *holder = before;
}

/* ---- enrolling --------------------------------------------------------------------------------
 */

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

/* ---- using ------------------------------------------------------------------------------------
 */

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

/* At the operators' port. */
static void step_use_by_person(struct history *h, struct holder *holder)
{
    struct fixture *f = h->f;
    if (!holder->has)
        return;
    struct certificate row = certificate_row(f, holder->serial);
    struct msg_desk_sighting sighting = {.peer_issuer = (uint32_t)row.issuer,
                                         .peer_serial = bytes_of(holder->serial, 16)};
    memcpy(sighting.peer_spki, row.spki, 32);
    begin(f);
    assert_ok(prove_by_person(&f->service, &sighting, f->now_s, &f->err));
    commit(f);
}

/* ---- verbs ------------------------------------------------------------------------------------
 */

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

/* Retired, and let in again once more: what a permit opens, and another one when that had its time.
 */
static void step_let_in(struct history *h, struct holder *holder)
{
    (void)set_device(h->f, holder->n, VERB_RETIRE);
    step_permit(h, holder);
    step_token(h, holder);
    if (below(h, 2) == 0)
        return;
    pass(h, 3600 * (int64_t)below(h, 400));
    step_permit(h, holder);
}

static void step_revoke(struct history *h, struct holder *holder)
{
    struct msg_verb_answer answer = {0};
    const struct msg_cert_revoke ask = {.serial = bytes_of(holder->serial, 16),
                                        .reason = below(h, 2) == 0 ? X509_REASON_KEY_COMPROMISE
                                                                   : X509_REASON_SUPERSEDED};
    if (holder->has)
        TRY_VERB(h->f, cert_revoke, &ask, &answer);
}

/* ---- lists and time ---------------------------------------------------------------------------
 */

#define SHARDS_MOST 64

struct shards {
    size_t n;
    struct shard of[SHARDS_MOST];
};

static enum result keep_shard(void *ctx, const struct shard *shard, struct err *err)
{
    struct shards *shards = ctx;
    (void)err;
    if (shards->n < SHARDS_MOST)
        shards->of[shards->n++] = *shard;
    return OK;
}

static void step_publish(struct history *h, struct holder *holder)
{
    struct shards shards = {.n = 0};
    (void)holder;
    assert_int_equal(store_shards(h->f->store, h->f->now_s, keep_shard, &shards, &h->f->err), OK);
    for (size_t i = 0; i < shards.n; i++)
        put_list(h->f, &shards.of[i], h->f->now_s);
}

void pass(struct history *h, int64_t s)
{
    h->f->now_s += s;
    settle_due(h->f);
}

static void step_wait(struct history *h, struct holder *holder)
{
    static const int64_t spans_s[] = {5, 61, 3600, DAY_S, 20 * DAY_S, 60 * DAY_S, 100 * DAY_S};
    int64_t s = spans_s[below(h, LENGTH_OF(spans_s))] + below(h, 1000);
    (void)holder;
    if (h->f->now_s + s < h->ends_s)
        pass(h, s);
}

/* A list that is late is put into its place before anybody judged what was owed. */
static void step_suspend(struct history *h, struct holder *holder)
{
    h->f->now_s += 1 + below(h, 7 * DAY_S);
    step_publish(h, holder);
    settle_due(h->f);
}

const struct step life_steps[] = {
    {"import", 8, false, step_import},
    {"board", 1, true, step_board},
    {"enrol", 8, true, step_enrol},
    {"token", 2, true, step_token},
    {"enrol by token", 2, true, step_enrol_by_token},
    {"renew", 6, true, step_renew},
    {"use", 8, true, step_use},
    {"use of the old one", 2, true, step_use_old},
    {"use by a person", 1, true, step_use_by_person},
    {"verb", 4, true, step_verb},
    {"permit", 2, true, step_permit},
    {"let in", 1, true, step_let_in},
    {"revoke", 2, true, step_revoke},
    {"publish", 2, false, step_publish},
    {"suspend", 1, false, step_suspend},
    {"wait", 10, false, step_wait},
    {.name = NULL},
};
