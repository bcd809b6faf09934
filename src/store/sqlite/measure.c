#include "rows.h"

enum result store_key_held(struct store *store, int64_t device, const uint8_t spki[32],
                           int64_t *ret_n, int64_t *ret_first_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_KEY_HELD);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, device);
    TRY(query_next(&q, err));
    int64_t n = query_int(&q);
    int64_t first_s = query_int(&q);
    TRY(query_row_ok(&q, err));
    *ret_n = n;
    *ret_first_s = first_s;
    return OK;
}

enum result store_first_issued(struct store *store, int64_t device, int64_t *ret_at_s,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_FIRST_ISSUED);
    query_put_int(&q, device);
    return query_one_int(&q, ret_at_s, err);
}

enum result store_leaves_until(struct store *store, int64_t issuer, int64_t now_s,
                               int64_t *ret_at_s, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LEAVES_UNTIL);
    query_put_int(&q, issuer);
    query_put_int(&q, now_s);
    return query_one_int(&q, ret_at_s, err);
}
