/* When bindings were used last. */
#include "rows.h"

#include <store/binding_used.h>

enum result store_bindings_unused(struct store *store, const struct binding_user *user,
                                  int64_t since_s, struct binding_ids *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BINDINGS_UNUSED);
    query_put_text(&q, user->service);
    query_put_int(&q, user->product);
    query_put_text(&q, user->owner);
    query_put_text(&q, user->serial_number);
    query_put_int(&q, since_s);
    query_put_int(&q, BINDING_IDS_MAX);
    return query_ids(&q, ret->id, BINDING_IDS_MAX, &ret->n, err);
}

enum result store_put_binding_used(struct store *store, int64_t binding, int64_t at_s,
                                   struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_PUT_BINDING_USED);
    query_put_int(&q, binding);
    query_put_int(&q, at_s);
    return query_run(&q, err);
}

enum result store_binding_used(struct store *store, int64_t binding, int64_t *ret_s,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_BINDING_USED);
    query_put_int(&q, binding);
    *ret_s = 0;
    enum result result = query_one_int(&q, ret_s, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_has_session_of(struct store *store, const struct binding_user *group, bool *ret,
                                 struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_HAS_SESSION_OF);
    query_put_text(&q, group->service);
    query_put_int(&q, group->product);
    query_put_text(&q, group->owner);
    query_put_text(&q, group->serial_number);
    return query_is_there(&q, ret, err);
}
