#include "answer.h"

/* Names are personal rows, which can be erased: the name is then empty. */
static enum result read_name(const struct query *query, const struct operator_row *row,
                             struct buf *name, struct err *err)
{
    enum result result = store_personal(query->store, row->name, name, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result give_operator(const struct query *query, const struct operator_row *row,
                          struct err *err)
{
    uint8_t memory[LIMIT_NAME];
    struct buf name = buf_over(memory, sizeof memory);
    TRY(read_name(query, row, &name, err));
    const struct msg_operator_row given = {
        .id = query->asked->id,
        .row = row->id,
        .name = buf_bytes(&name),
        .role = (uint8_t)row->role,
        .scope = query_text(row->scope),
        .state = (uint8_t)row->state,
        .approver = row->is_approver,
    };
    return query->give(query->context, IPC_OPERATOR_ROW, &given, err);
}

static enum result visit(void *context, const struct operator_row *row, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, row->id))
        return OK;
    return give_operator(page->query, row, err);
}

enum result query_operators(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    struct filter filter = {.after = query->asked->after, .limit = query->limit + 1};
    TRY(store_operators(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
