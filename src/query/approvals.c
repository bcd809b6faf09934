/* Requests of acts that take two people, each with who signed it. */
#include "answer.h"

#include <trust/words.h>

#define SIGNERS_MAX 8

enum result query_put_operator(const struct query *query, int64_t row, struct buf *to,
                               struct err *err)
{
    struct operator_row found = {0};
    if (row == 0)
        return OK;
    TRY(store_operator_row(query->store, row, &found, err));
    enum result result = store_personal(query->store, found.name, to, err);
    return result == R_NOT_FOUND ? OK : result;
}

static enum result put_signers(const struct query *query, int64_t approval, uint32_t *ret_n,
                               struct buf *to, struct err *err)
{
    struct signature_row rows[SIGNERS_MAX];
    size_t n = 0;
    TRY(store_signatures(query->store, approval, rows, LENGTH_OF(rows), &n, err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_put_bytes(to, bytes_text(", "));
        TRY(query_put_operator(query, rows[i].signer, to, err));
    }
    *ret_n = (uint32_t)n;
    return OK;
}

/* An open one whose time is over is expired, although no entry says so. */
static uint8_t state_now(const struct query *query, const struct approval_row *row)
{
    bool is_over = row->state == APPROVAL_OPEN && query->now_s > row->expires_s;
    return (uint8_t)(is_over ? APPROVAL_EXPIRED : row->state);
}

static enum result give(const struct query *query, const struct approval_row *row,
                        struct bytes body, struct err *err)
{
    uint8_t requester_space[LIMIT_NAME], signers_space[LIMIT_TEXT];
    struct buf requester = buf_over(requester_space, sizeof requester_space);
    struct buf signers = buf_over(signers_space, sizeof signers_space);
    struct msg_approval_row given = {
        .id = query->asked->id,
        .row = row->id,
        .kind = query_text(row->kind),
        .state = state_now(query, row),
        .created_s = row->created_s,
        .expires_s = row->expires_s,
        .body = body,
    };
    TRY(query_put_operator(query, row->requester, &requester, err));
    TRY(put_signers(query, row->id, &given.signatures, &signers, err));
    given.requester = buf_bytes(&requester);
    given.signers = buf_bytes(&signers);
    return query->give(query->context, IPC_APPROVAL_ROW, &given, err);
}

static enum result visit(void *context, const struct approval_row *row, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, row->id))
        return OK;
    return give(page->query, row, bytes_of(NULL, 0), err);
}

enum result query_approvals(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    const struct filter filter = {
        .after = query->asked->after,
        .limit = query->limit + 1,
        .open_only = query->asked->number != 1,
    };
    TRY(store_approvals(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}

enum result query_approval(struct query *query, struct err *err)
{
    struct approval_row row;
    enum result result = store_approval(query->store, query->asked->number, &row, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no approval %lld",
                       (long long)query->asked->number);
    TRY(result);
    return give(query, &row, bytes_of(row.body, row.body_n), err);
}
