/* Ledger entries: of one device from the newest back, of all in their order. */
#include "answer.h"

#include <ledger/act.h>

/* An entry about many has the rows of other owners' devices as well: not for a scope. */
static enum result is_all_his(const struct query *query, const struct entry *entry, bool *ret,
                              struct err *err)
{
    struct device device = {0};
    bool is_looked_at = query_scope(query).n > 0 && entry->device != 0;
    if (is_looked_at)
        TRY(store_device(query->store, entry->device, &device, err));
    *ret = query_can_see(query, &device);
    return OK;
}

enum result give_entry(const struct query *query, const struct entry *entry, struct err *err)
{
    bool is_his = false;
    TRY(is_all_his(query, entry, &is_his, err));
    const struct msg_entry_row row = {
        .id = query->asked->id,
        .entry = entry->seq,
        .at_s = entry->at_s,
        .event = query_text(event_word((enum event)entry->event)),
        .body = is_his ? entry->body : bytes_of(NULL, 0),
    };
    return query->give(query->context, IPC_ENTRY_ROW, &row, err);
}

static enum result visit(void *context, const struct entry *entry, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, (int64_t)entry->seq))
        return OK;
    return give_entry(page->query, entry, err);
}

enum result query_timeline(struct query *query, struct err *err)
{
    struct subject subject = {0};
    TRY(query_subject(query, &subject, err));
    struct page page = {.query = query};
    const struct timeline which = {
        .device = subject.device.id,
        .before = (uint64_t)query->asked->after,
        .limit = query->limit + 1,
    };
    TRY(store_timeline(query->store, &which, visit, &page, err));
    page_end(&page);
    return OK;
}

/* The cursor is the next entry's number, because the first one is 0. */
static enum result visit_in_order(void *context, const struct entry *entry, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, (int64_t)entry->seq + 1))
        return OK;
    return give_entry(page->query, entry, err);
}

enum result query_entries(struct query *query, struct err *err)
{
    struct page page = {.query = query};
    TRY(store_entries(query->store, (uint64_t)query->asked->after, query->limit + 1, visit_in_order,
                      &page, err));
    page_end(&page);
    return OK;
}
