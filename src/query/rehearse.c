/* What would be without an issuer, an anchor, or a product's certificates. Reads; changes nothing.
 *
 * One pass over those who depend on it. A door is a first proof that the server knows the device
 * has and its product accepts: by it the device comes back without anybody's hand. */
#include "rehearse.h"

#include <ledger/ledger.h>
#include <registry/about.h>

#include <stdlib.h>
#include <string.h>

#define RATE_DAYS 30
#define RATE_ENTRIES 500000 /* of the ledger, at most, are read for the rate */
#define SILENT_CONTACTS 3   /* as TD-35 */
#define HOUR_S 3600

static bool accepts(const struct part *part, enum proof proof)
{
    return (part->product.proofs >> proof & 1) != 0;
}

/* ---- a device ----------------------------------------------------------------------------------
 */

static bool has_key_door(const struct dependant *who, const struct part *part)
{
    return who->has_registered && accepts(part, PROOF_REGISTERED);
}

static bool has_idevid_door(const struct rehearsal *rehearsal, const struct dependant *who,
                            const struct part *part)
{
    bool is_gone = rehearsal->kind == AUTHORITY_ANCHOR && who->idevid_anchor == rehearsal->row;
    bool is_known = who->idevid_anchor != 0 || who->state == STATE_EXPECTED;
    return is_known && !is_gone && part->is_idevid_open && accepts(part, PROOF_IDEVID);
}

static bool has_token_door(const struct rehearsal *rehearsal, const struct dependant *who,
                           const struct part *part)
{
    return who->token_until_s >= rehearsal->filter.now_s && accepts(part, PROOF_TOKEN) &&
           device_takes_token((enum device_state)who->state, false);
}

static bool is_refused(const struct rehearsal *rehearsal, const struct dependant *who,
                       bool has_door)
{
    if (who->state == STATE_QUARANTINED || device_is_kept_down((enum device_state)who->state))
        return false; /* it is already */
    if (rehearsal->filter.on == DEPEND_ISSUER)
        return !who->has_other;
    if (rehearsal->filter.on == DEPEND_ANCHOR)
        return who->certificates == 0 && !has_door;
    return who->certificates > 0;
}

static bool is_silent(const struct rehearsal *rehearsal, const struct dependant *who,
                      const struct part *part)
{
    int64_t heard_s = who->seen_s > who->issued_s ? who->seen_s : who->issued_s;
    return who->state != STATE_EXPECTED &&
           rehearsal->filter.now_s - heard_s > SILENT_CONTACTS * part->contact_every_s;
}

/* What it has renews no more by itself: nothing, or what renews under grace only. */
static bool is_expired(const struct rehearsal *rehearsal, const struct dependant *who)
{
    return who->state != STATE_EXPECTED && who->not_after_s < rehearsal->filter.now_s;
}

static void count_device(struct rehearsal *rehearsal, const struct dependant *who,
                         struct part *part)
{
    bool by_claim = has_key_door(who, part) || has_idevid_door(rehearsal, who, part);
    bool has_door = by_claim || has_token_door(rehearsal, who, part);
    bool silent = is_silent(rehearsal, who, part), expired = is_expired(rehearsal, who);
    rehearsal->certificates += who->certificates;
    part->devices++;
    part->refused += is_refused(rehearsal, who, has_door);
    part->doorless += !has_door;
    part->silent += silent;
    part->expired += expired;
    part->unreachable += silent || expired;
    part->claims += by_claim;
}

/* ---- its product -------------------------------------------------------------------------------
 */

static enum result note_anchor(void *context, const struct authority_row *anchor, struct err *err)
{
    (void)err;
    struct rehearsal *rehearsal = context;
    bool is_it = rehearsal->kind == AUTHORITY_ANCHOR && anchor->id == rehearsal->row;
    if (!is_it && anchor->state == 1 && anchor->use == ANCHOR_PROOF &&
        anchor->product < rehearsal->parts_n)
        rehearsal->parts[anchor->product].is_idevid_open = true;
    return OK;
}

static enum result begin_parts(struct rehearsal *rehearsal, struct err *err)
{
    int64_t last = 0;
    TRY(store_max_id(rehearsal->query->store, TABLE_PRODUCT, &last, err));
    rehearsal->parts_n = last + 1;
    rehearsal->parts = calloc((size_t)rehearsal->parts_n, sizeof rehearsal->parts[0]);
    if (rehearsal->parts == NULL)
        return err_set(err, E_MEMORY, "no memory for a rehearsal");
    return store_anchors(rehearsal->query->store, note_anchor, rehearsal, err);
}

static enum result find_part(struct rehearsal *rehearsal, int64_t product, struct part **ret,
                             struct err *err)
{
    if (product <= 0 || product >= rehearsal->parts_n)
        return err_set(err, E_STORE_CORRUPT, "there is no product %lld", (long long)product);
    struct part *part = &rehearsal->parts[product];
    *ret = part;
    if (part->is_known)
        return OK;
    struct about about;
    struct subject_key key = {SUBJECT_PRODUCT, product};
    TRY(store_product(rehearsal->query->store, product, &part->product, err));
    TRY(about_read(rehearsal->query->store, key, rehearsal->filter.now_s, &about, err));
    part->contact_every_s = about.policy.contact_every_s;
    part->is_known = true;
    return OK;
}

static enum result visit(void *context, const struct dependant *who, struct err *err)
{
    struct rehearsal *rehearsal = context;
    struct part *part = NULL;
    TRY(find_part(rehearsal, who->product, &part, err));
    if (rehearsal->filter.on == DEPEND_ANCHOR && !accepts(part, PROOF_IDEVID))
        return OK; /* nothing of it opens a door of this product */
    count_device(rehearsal, who, part);
    return OK;
}

static void add_up(struct rehearsal *rehearsal)
{
    struct part *sum = &rehearsal->sum;
    for (int64_t i = 0; i < rehearsal->parts_n; i++) {
        const struct part *part = &rehearsal->parts[i];
        sum->devices += part->devices;
        sum->refused += part->refused;
        sum->doorless += part->doorless;
        sum->silent += part->silent;
        sum->expired += part->expired;
        sum->unreachable += part->unreachable;
    }
}

/* ---- how long ----------------------------------------------------------------------------------
 */

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Seconds for `n` at so many in `per_s` seconds, rounded up. */
static int64_t time_for(int64_t n, int64_t many, int64_t per_s)
{
    return (n * per_s + many - 1) / many;
}

/* Products wait beside each other, each at its own door. */
static int64_t admission_s(const struct rehearsal *rehearsal)
{
    int64_t per_s = rehearsal->query->product_per_s, most = 0;
    for (int64_t i = 0; i < rehearsal->parts_n && per_s > 0; i++)
        most = longer(most, time_for(rehearsal->parts[i].devices, per_s, 1));
    return most;
}

static enum result claims_an_hour(const struct rehearsal *rehearsal, const struct part *part,
                                  int64_t *ret, struct err *err)
{
    int64_t devices = 0;
    TRY(store_count_devices(rehearsal->query->store, part->product.id, bytes_text(""), &devices,
                            err));
    *ret = product_claims_an_hour(&part->product, devices);
    return OK;
}

/* The first hour's budget is there at once. */
static enum result budget_s(const struct rehearsal *rehearsal, int64_t *ret, struct err *err)
{
    *ret = 0;
    for (int64_t i = 0; i < rehearsal->parts_n; i++) {
        const struct part *part = &rehearsal->parts[i];
        int64_t an_hour = 0;
        if (part->claims == 0)
            continue;
        TRY(claims_an_hour(rehearsal, part, &an_hour, err));
        *ret = longer(*ret, (part->claims - 1) / an_hour * HOUR_S);
    }
    return OK;
}

static enum result put_times(const struct rehearsal *rehearsal, struct msg_rehearsal_row *row,
                             struct err *err)
{
    const struct query *query = rehearsal->query;
    const struct busy_filter filter = {query->now_s - RATE_DAYS * DAY_S,
                                       RATE_ENTRIES,
                                       {EVENT_CERTIFICATE_ISSUED, EVENT_GRACE_RENEWED}};
    struct busy busy = {0};
    int64_t budget = 0;
    TRY(store_busiest_minute(query->store, &filter, &busy, err));
    TRY(budget_s(rehearsal, &budget, err));
    row->measured_since_s = busy.since_s;
    row->admitted_a_second = query->product_per_s > 0 ? (int64_t)query->product_per_s : -1;
    row->a_minute = row->planned_s = row->sudden_s = -1;
    if (busy.n == 0)
        return OK;
    int64_t n = rehearsal->sum.devices + rehearsal->operators;
    row->a_minute = busy.n;
    row->planned_s = longer(time_for(n, busy.n, 60), admission_s(rehearsal));
    row->sudden_s = longer(row->planned_s, budget);
    return OK;
}

/* ---- the answer --------------------------------------------------------------------------------
 */

static enum result give_row(const struct rehearsal *rehearsal, struct err *err)
{
    const struct query *query = rehearsal->query;
    struct msg_rehearsal_row row = {
        .id = query->asked->id,
        .kind = (uint8_t)rehearsal->kind,
        .row = rehearsal->row,
        .name = query_text(rehearsal->name),
        .devices = rehearsal->sum.devices,
        .certificates = rehearsal->certificates,
        .operators = rehearsal->operators,
        .refused = rehearsal->sum.refused,
        .doorless = rehearsal->sum.doorless,
        .silent = rehearsal->sum.silent,
        .expired = rehearsal->sum.expired,
        .unreachable = rehearsal->sum.unreachable,
    };
    TRY(put_times(rehearsal, &row, err));
    return query->give(query->context, IPC_REHEARSAL_ROW, &row, err);
}

static enum result give_parts(const struct rehearsal *rehearsal, struct err *err)
{
    const struct query *query = rehearsal->query;
    for (int64_t i = 0; i < rehearsal->parts_n; i++) {
        const struct part *part = &rehearsal->parts[i];
        struct msg_rehearsal_part row = {
            .id = query->asked->id,
            .product = query_text(part->product.name),
            .devices = part->devices,
            .refused = part->refused,
            .doorless = part->doorless,
            .unreachable = part->unreachable,
        };
        if (part->devices == 0)
            continue;
        TRY(claims_an_hour(rehearsal, part, &row.claims_an_hour, err));
        TRY(query->give(query->context, IPC_REHEARSAL_PART, &row, err));
    }
    return OK;
}

static enum result rehearse(struct rehearsal *rehearsal, struct err *err)
{
    TRY(begin_parts(rehearsal, err));
    TRY(store_dependants(rehearsal->query->store, &rehearsal->filter, visit, rehearsal, err));
    add_up(rehearsal);
    TRY(give_row(rehearsal, err));
    TRY(give_parts(rehearsal, err));
    return rehearsal_give_steps(rehearsal, err);
}

static enum result run(struct rehearsal *rehearsal, enum dependence on, struct err *err)
{
    struct query *query = rehearsal->query;
    rehearsal->filter =
        (struct depend_filter){on, rehearsal->row, query_scope(query), query->now_s};
    enum result result = rehearse(rehearsal, err);
    free(rehearsal->parts);
    return result;
}

static enum result want_number(const struct query *query, const char *what, struct err *err)
{
    if (query->asked->number > 0)
        return OK;
    return err_set(err, E_SYNTAX, "%s: seen none, wanted its number", what);
}

enum result query_rehearse_issuer(struct query *query, struct err *err)
{
    struct authority_row issuer = {0};
    TRY(want_number(query, "issuer", err));
    TRY(query_issuer(query, query->asked->number, &issuer, err));
    struct rehearsal rehearsal = {
        .query = query,
        .kind = (enum authority_kind)issuer.kind,
        .row = issuer.id,
        .is_current = issuer.state == ISSUER_CURRENT,
    };
    query_authority_name(&issuer, rehearsal.name);
    if (query_scope(query).n == 0)
        TRY(store_dependent_operators(query->store, issuer.id, query->now_s, &rehearsal.operators,
                                      err));
    return run(&rehearsal, DEPEND_ISSUER, err);
}

enum result query_rehearse_anchor(struct query *query, struct err *err)
{
    struct authority_row anchor = {0};
    TRY(want_number(query, "anchor", err));
    enum result result = store_anchor(query->store, query->asked->number, &anchor, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no anchor %lld",
                       (long long)query->asked->number);
    TRY(result);
    struct rehearsal rehearsal = {.query = query, .kind = AUTHORITY_ANCHOR, .row = anchor.id};
    query_authority_name(&anchor, rehearsal.name);
    return run(&rehearsal, DEPEND_ANCHOR, err);
}

enum result query_rehearse_product(struct query *query, struct err *err)
{
    struct product product = {0};
    TRY(query_product(query, &product, err));
    struct rehearsal rehearsal = {.query = query, .row = product.id};
    memcpy(rehearsal.name, product.name, sizeof rehearsal.name);
    return run(&rehearsal, DEPEND_PRODUCT, err);
}
