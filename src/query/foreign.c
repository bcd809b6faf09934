/* Certificates of other CAs. */
#include "answer.h"

#include <trust/words.h>

struct foreign_names {
    struct product product; /* of the CA's anchor */
    struct device device;   /* id 0: none */
    uint8_t subject[LIMIT_SUBJECT];
    size_t subject_n; /* 0: the name was erased */
};

static enum result read_names(const struct query *query, const struct foreign *foreign,
                              struct foreign_names *ret, struct err *err)
{
    struct authority_row anchor = {0};
    struct buf subject = buf_over(ret->subject, sizeof ret->subject);
    TRY(store_anchor(query->store, foreign->anchor, &anchor, err));
    TRY(store_product(query->store, anchor.product, &ret->product, err));
    if (foreign->device != 0)
        TRY(store_device(query->store, foreign->device, &ret->device, err));
    enum result result = store_personal(query->store, foreign->subject, &subject, err);
    ret->subject_n = subject.n;
    return result == R_NOT_FOUND ? OK : result;
}

static uint8_t state_of(const struct query *query, const struct foreign *foreign)
{
    bool is_expired = foreign->state == FOREIGN_VALID && query->now_s > foreign->not_after_s;
    return is_expired ? FOREIGN_EXPIRED : (uint8_t)foreign->state;
}

enum result give_foreign(const struct query *query, const struct foreign *foreign, struct err *err)
{
    struct foreign_names names = {0};
    TRY(read_names(query, foreign, &names, err));
    const struct msg_foreign_row row = {
        .id = query->asked->id,
        .row = foreign->id,
        .anchor = foreign->anchor,
        .product = query_text(names.product.name),
        .serial_number = query_text(names.device.serial_number),
        .serial = bytes_of(foreign->serial, foreign->serial_n),
        .subject = bytes_of(names.subject, names.subject_n),
        .not_after_s = foreign->not_after_s,
        .state = state_of(query, foreign),
        .revoked_s = foreign->revoked_at_s,
        .reason = (uint8_t)foreign->reason,
    };
    return query->give(query->context, IPC_FOREIGN_ROW, &row, err);
}

static enum result visit(void *context, const struct foreign *foreign, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, foreign->id))
        return OK;
    return give_foreign(page->query, foreign, err);
}

enum result query_foreign(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    struct page page = {.query = query};
    TRY(store_foreigns(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
