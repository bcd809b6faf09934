/* Who needs an issuer. There may be a million: they are not counted one by one, but from the tally
 * of live certificates, less the few that open nothing. */
#include "tally.h"

struct need {
    struct store *store;
    int64_t issuer, now_s;
    struct bytes owner; /* empty: all */
};

/* ---- devices ---- */

static enum result live(const struct need *need, int64_t *ret, struct err *err)
{
    TRY(tally_write(need->store, err));
    CLEANUP(query_end) struct query q = query_of(need->store, STATEMENT_NEED_LIVE);
    query_put_int(&q, need->issuer);
    query_put_text(&q, need->owner);
    return query_one_int(&q, ret, err);
}

/* Certificates of operators and servers. */
static enum result of_no_device(const struct need *need, int64_t *ret, struct err *err)
{
    *ret = 0;
    if (!bytes_is_empty(need->owner))
        return OK;
    CLEANUP(query_end) struct query q = query_of(need->store, STATEMENT_NEED_NO_DEVICE);
    query_put_int(&q, need->issuer);
    return query_one_int(&q, ret, err);
}

static enum result count_by_time(const struct need *need, enum statement statement, int64_t *ret,
                                 struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(need->store, statement);
    query_put_int(&q, need->issuer);
    query_put_int(&q, need->now_s);
    query_put_text(&q, need->owner);
    return query_one_int(&q, ret, err);
}

static enum result count_devices(const struct need *need, int64_t *ret, struct err *err)
{
    int64_t all = 0, others = 0, long_ended = 0, ended = 0, pending = 0;
    bool is_any = bytes_is_empty(need->owner);
    TRY(live(need, &all, err));
    TRY(of_no_device(need, &others, err));
    if (is_any) /* by the index alone: no product has so much grace */
        TRY(count_by_time(need, STATEMENT_NEED_LONG_ENDED, &long_ended, err));
    TRY(count_by_time(need, is_any ? STATEMENT_NEED_ENDED : STATEMENT_NEED_ENDED_OF, &ended, err));
    TRY(count_by_time(need, STATEMENT_NEED_IDLE_PENDING, &pending, err));
    *ret = all - others - long_ended - ended - pending;
    return OK;
}

/* ---- operators and boundaries ---- */

static enum result count_in_use(const struct need *need, enum statement statement, int64_t *ret,
                                struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(need->store, statement);
    query_put_int(&q, need->issuer);
    query_put_int(&q, need->now_s);
    return query_one_int(&q, ret, err);
}

enum result store_issuer_needs(struct store *store, int64_t issuer, struct bytes owner,
                               int64_t now_s, struct issuer_needs *ret, struct err *err)
{
    struct issuer_needs needs = {0};
    const struct need need = {store, issuer, now_s, owner};
    TRY(count_devices(&need, &needs.devices, err));
    if (bytes_is_empty(owner)) {
        TRY(count_in_use(&need, STATEMENT_ISSUER_OPERATORS, &needs.operators, err));
        TRY(count_in_use(&need, STATEMENT_ISSUER_BOUNDARIES, &needs.boundaries, err));
    }
    *ret = needs;
    return OK;
}
