#include "rows.h"

#include <wire/reader.h>

#define CURRENT 2 /* trust/words.h CERT_CURRENT: the one state without an index */

static enum result next_certificate(struct query *query, struct certificate *ret, struct err *err)
{
    struct certificate row;
    TRY(query_next(query, err));
    read_certificate(query, &row);
    TRY(query_row_ok(query, err));
    *ret = row;
    return OK;
}

enum result visit_certificates(struct query *query, certificate_visit visit, void *ctx,
                               struct err *err)
{
    struct certificate row;
    enum result result;
    while ((result = next_certificate(query, &row, err)) == OK)
        TRY(visit(ctx, &row, err));
    return result == R_NOT_FOUND ? OK : result;
}

/* The first `max` rows. */
static enum result some_certificates(struct query *query, struct certificate *ret, size_t max,
                                     size_t *ret_n, struct err *err)
{
    size_t n = 0;
    enum result result = OK;
    while (n < max && (result = next_certificate(query, &ret[n], err)) == OK)
        n++;
    if (result != OK && result != R_NOT_FOUND)
        return result;
    *ret_n = n;
    return OK;
}

enum result store_certificate(struct store *store, int64_t id, struct certificate *ret,
                              struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE);
    query_put_int(&q, id);
    return next_certificate(&q, ret, err);
}

/* Class and number lead to it; false for what is not one of ours. */
static bool put_serial(struct query *query, struct bytes serial)
{
    struct reader tail = reader_of(bytes_slice(serial, 11, 5));
    query_put_int(query, reader_u8(&tail));
    query_put_int(query, reader_u32be(&tail));
    query_put_blob(query, serial);
    return serial.n == sizeof((struct certificate *)NULL)->serial;
}

enum result store_certificate_serial(struct store *store, struct bytes serial,
                                     struct certificate *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_SERIAL);
    return put_serial(&q, serial) ? next_certificate(&q, ret, err) : R_NOT_FOUND;
}

enum result store_certificate_said(struct store *store, int64_t issuer, struct bytes serial,
                                   struct certificate_said *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_SAID);
    query_put_int(&q, issuer);
    if (!put_serial(&q, serial))
        return R_NOT_FOUND;
    TRY(query_next(&q, err));
    struct certificate_said said = {.state = (int)query_u32(&q)};
    said.state_at_s = query_int(&q);
    said.reason = (int)query_u32(&q);
    said.not_before_s = query_int(&q);
    said.device = query_int(&q);
    said.device_state = (int)query_u32(&q);
    TRY(query_row_ok(&q, err));
    *ret = said;
    return OK;
}

enum result store_key_is_known(struct store *store, const uint8_t spki[32], bool *ret,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_KEY_IS_KNOWN);
    query_put_blob(&q, bytes_of(spki, 32));
    return query_is_there(&q, ret, err);
}

enum result store_certificate_asked(struct store *store, const uint8_t credential[32],
                                    const uint8_t spki[32], struct certificate *ret,
                                    struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_ASKED);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_blob(&q, bytes_of(credential, 32));
    return next_certificate(&q, ret, err);
}

enum result store_certificate_with_key(struct store *store, const uint8_t spki[32],
                                       int64_t other_than_device, struct certificate *ret,
                                       struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_WITH_KEY);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, other_than_device);
    return next_certificate(&q, ret, err);
}

enum result store_certificate_beyond_line(struct store *store, const uint8_t spki[32],
                                          int64_t device, struct certificate *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_BEYOND_LINE);
    query_put_blob(&q, bytes_of(spki, 32));
    query_put_int(&q, device);
    return next_certificate(&q, ret, err);
}

enum result store_device_showed(struct store *store, int64_t device, const uint8_t credential[32],
                                bool *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_DEVICE_SHOWED);
    query_put_int(&q, device);
    query_put_blob(&q, bytes_of(credential, 32));
    return query_is_there(&q, ret, err);
}

/* Two as a rule. SQLite's sorter for them costs 7 us, a tenth of what core spends on an enrolment.
 */
static void newest_first(struct certificate *rows, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct certificate row = rows[i];
        size_t at = i;
        for (; at > 0 && rows[at - 1].id < row.id; at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

enum result store_certificate_compromised(struct store *store, const uint8_t spki[32],
                                          struct certificate *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_CERTIFICATE_COMPROMISED);
    query_put_blob(&q, bytes_of(spki, 32));
    return next_certificate(&q, ret, err);
}

enum result store_count_proven(struct store *store, int64_t device, int64_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT_PROVEN);
    query_put_int(&q, device);
    return query_one_int(&q, ret_n, err);
}

enum result store_live_certificates(struct store *store, int64_t device, struct certificate *ret,
                                    size_t max, size_t *ret_n, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LIVE_CERTIFICATES);
    query_put_int(&q, device);
    query_put_int(&q, (int64_t)max);
    size_t n = 0;
    TRY(some_certificates(&q, ret, max, &n, err));
    newest_first(ret, n);
    *ret_n = n;
    return OK;
}

enum result store_last_superseded(struct store *store, int64_t device, struct certificate *ret,
                                  struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_SUPERSEDED);
    query_put_int(&q, device);
    return next_certificate(&q, ret, err);
}

/* The index that leaves the fewest to pass over. */
static enum statement statement_for(const struct filter *filter)
{
    if (filter->device != 0)
        return STATEMENT_CERTIFICATES_OF_DEVICE;
    if (filter->state != 0 && filter->state != CURRENT)
        return STATEMENT_CERTIFICATES_OF_STATE;
    if (!bytes_is_empty(filter->owner))
        return STATEMENT_CERTIFICATES_OF_OWNER;
    return filter->product != 0 ? STATEMENT_CERTIFICATES_OF_PRODUCT : STATEMENT_CERTIFICATES;
}

static enum result next_of_list(struct query *query, struct certificate *ret, struct err *err)
{
    TRY(query_next(query, err));
    read_certificate(query, ret);
    return query_row_ok(query, err);
}

enum result store_last_used(struct store *store, int64_t device, int64_t last,
                            struct certificate *ret, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_LAST_USED);
    query_put_int(&q, device);
    query_put_int(&q, last);
    return next_certificate(&q, ret, err);
}

enum result store_certificates(struct store *store, const struct filter *filter,
                               certificate_visit visit, void *ctx, struct err *err)
{
    struct walk walk = {.filter = filter};
    struct certificate row;
    bool goes_on = true, fits = false;
    CLEANUP(query_end) struct query q = query_of(store, statement_for(filter));
    query_put_walk(&q, filter);
    query_put_int(&q, filter->product);
    query_put_int(&q, filter->state);
    query_put_text(&q, filter->owner);
    if (filter->device != 0)
        query_put_int(&q, filter->device);
    enum result result = OK;
    while (goes_on && (result = next_of_list(&q, &row, err)) == OK) {
        goes_on = walk_on(&walk, &q, row.id, &fits);
        if (fits)
            TRY(visit(ctx, &row, err));
    }
    return result == R_NOT_FOUND ? OK : result;
}

enum result store_count_anew(struct store *store, int64_t device, int64_t since_s, int64_t *ret_n,
                             struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT_ANEW);
    query_put_int(&q, device);
    query_put_int(&q, since_s);
    return query_one_int(&q, ret_n, err);
}

enum result store_count_voided(struct store *store, int64_t device, int64_t since_s, int64_t *ret_n,
                               struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_COUNT_VOIDED);
    query_put_int(&q, device);
    query_put_int(&q, since_s);
    return query_one_int(&q, ret_n, err);
}

enum result store_max_number(struct store *store, int64_t issuer, uint32_t class,
                             int64_t *ret_number, struct err *err)
{
    CLEANUP(query_end) struct query q = query_of(store, STATEMENT_MAX_NUMBER);
    query_put_int(&q, issuer);
    query_put_int(&q, class);
    return query_one_int(&q, ret_number, err);
}
