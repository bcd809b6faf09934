#include "answer.h"

enum result query_name_subject(const struct query *query, const struct finding *finding,
                               struct device *device, struct product *product, struct err *err)
{
    int64_t of_product = finding->product;
    if (finding->kind == SUBJECT_DEVICE) {
        TRY(store_device(query->store, finding->subject, device, err));
        of_product = device->product;
    }
    return of_product == 0 ? OK : store_product(query->store, of_product, product, err);
}

static enum result keep_anchor(void *context, const struct foreign *foreign, struct err *err)
{
    (void)err;
    int64_t *anchor = context;
    if (*anchor == 0 && foreign->state == FOREIGN_VALID)
        *anchor = foreign->anchor;
    return OK;
}

enum result query_mend_anchor(const struct query *query, int check, const struct device *device,
                              int64_t *ret, struct err *err)
{
    const struct filter left = {.limit = LIMIT_PAGE_ROWS, .device = device->id};
    *ret = 0;
    if (check != CHECK_ZOMBIE || !device_is_tombstone((enum device_state)device->state))
        return OK;
    return store_foreigns(query->store, &left, bytes_of(NULL, 0), keep_anchor, ret, err);
}

/* Rows of once have no severity: their check's it was. */
static enum severity severity_of(const struct finding *finding)
{
    const struct check *check = check_find(finding->check);
    return finding->severity != 0 || check == NULL ? (enum severity)finding->severity
                                                   : check->severity;
}

/* 0: no waiver in force covers it, or it is over. */
static enum result read_waived(const struct query *query, const struct finding *finding,
                               int64_t *ret_until_s, struct err *err)
{
    struct waiver waiver = {0};
    *ret_until_s = 0;
    if (finding->closed_at_s != 0)
        return OK;
    enum result result = store_waiver_of(query->store, finding->id, query->now_s, &waiver, err);
    if (result == OK)
        *ret_until_s = waiver.expires_s;
    return result == R_NOT_FOUND ? OK : result;
}

enum result give_finding(const struct query *query, const struct finding *finding, struct err *err)
{
    struct device device = {0};
    struct product product = {0};
    int64_t waived_until_s = 0, anchor = 0;
    TRY(query_name_subject(query, finding, &device, &product, err));
    TRY(read_waived(query, finding, &waived_until_s, err));
    TRY(query_mend_anchor(query, finding->check, &device, &anchor, err));
    const struct msg_finding_row row = {
        .id = query->asked->id,
        .row = finding->id,
        .check = (uint8_t)finding->check,
        .kind = (uint8_t)finding->kind,
        .subject = finding->subject,
        .product = query_text(product.name),
        .serial_number = query_text(device.serial_number),
        .device_state = (uint8_t)device.state,
        .anchor = anchor,
        .owner = query_text(finding->owner),
        .severity = (uint8_t)severity_of(finding),
        .began_s = finding->began_at_s,
        .recorded_s = finding->recorded_at_s,
        .closed_s = finding->closed_at_s,
        .closed_by = (uint8_t)finding->closed_by,
        .first = finding->first,
        .waived_until_s = waived_until_s,
    };
    return query->give(query->context, IPC_FINDING_ROW, &row, err);
}

static enum result visit(void *context, const struct finding *finding, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, finding->id))
        return OK;
    return give_finding(page->query, finding, err);
}

enum result query_findings(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    if (nothing)
        return OK;
    filter.open_only = query->asked->number != 1;
    filter.check = query->asked->check;
    filter.severity = query->asked->severity;
    struct page page = {.query = query};
    filter.reached = &page.reached;
    TRY(store_findings(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}
