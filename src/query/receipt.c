/* The receipt of a transfer that is done, with the entry that it stands in. */
#include "answer.h"

#include <ledger/act.h>
#include <trust/words.h>
#include <wire/receipt.h>

struct finding_receipt {
    struct query *query;
    const struct transfer_row *row;
    bool is_given;
};

static enum result give(const struct finding_receipt *find, const struct receipt *receipt,
                        const struct entry *entry, struct err *err)
{
    const struct query *query = find->query;
    uint8_t releaser_space[LIMIT_NAME], accepter_space[LIMIT_NAME];
    struct buf releaser = buf_over(releaser_space, sizeof releaser_space);
    struct buf accepter = buf_over(accepter_space, sizeof accepter_space);
    TRY(query_put_operator(query, receipt->released.operator_row, &releaser, err));
    TRY(query_put_operator(query, receipt->accepted.operator_row, &accepter, err));
    const struct msg_receipt_row given = {
        .id = query->asked->id,
        .row = find->row->id,
        .product = receipt->product,
        .serial_number = receipt->serial_number,
        .from_owner = receipt->from,
        .to_owner = receipt->to,
        .released_by = buf_bytes(&releaser),
        .accepted_by = buf_bytes(&accepter),
        .released_s = receipt->released.at_s,
        .accepted_s = receipt->accepted.at_s,
        .done_s = receipt->done_s,
        .old_serial = receipt->before.serial,
        .new_serial = receipt->after.serial,
        .entry = entry->seq,
        .entry_body = entry->body,
        .body = bytes_of(find->row->body, find->row->body_n),
    };
    return query->give(query->context, IPC_RECEIPT_ROW, &given, err);
}

/* A device that moved often has one for each time. */
static enum result visit(void *context, const struct entry *entry, struct err *err)
{
    struct finding_receipt *find = context;
    struct receipt receipt;
    struct bytes octets;
    const char *why = NULL;
    if (!receipt_in_entry(entry->body, &octets, &why) || !receipt_read(octets, &receipt, &why))
        return err_set(err, E_STORE_CORRUPT, "entry %llu: %s", (unsigned long long)entry->seq, why);
    if (find->is_given || receipt.transfer != (uint64_t)find->row->id)
        return OK;
    find->is_given = true;
    return give(find, &receipt, entry, err);
}

enum result query_receipt(struct query *query, struct err *err)
{
    struct transfer_row row;
    struct finding_receipt find = {.query = query, .row = &row};
    TRY(query_find_transfer(query, &row, err));
    TRY(store_entries_of(query->store, row.device, EVENT_TRANSFER_RECEIPT, visit, &find, err));
    if (find.is_given)
        return OK;
    return err_set(err, E_NO_RECEIPT, "transfer %lld is %s and has no receipt", (long long)row.id,
                   transfer_state_word((enum transfer_state)row.state));
}
