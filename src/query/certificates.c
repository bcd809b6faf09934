#include "answer.h"

#include <trust/standing.h>
#include <wire/spread.h>

/* Whose certificate it is; device 0 has neither product nor serial number. */
struct holder {
    struct device device;
    struct product product;
};

static enum result find_holder(const struct query *query, int64_t device, struct holder *ret,
                               struct err *err)
{
    *ret = (struct holder){0};
    if (device == 0)
        return OK;
    TRY(store_device(query->store, device, &ret->device, err));
    return store_product(query->store, ret->device.product, &ret->product, err);
}

int64_t query_renewal_s(const struct certificate *certificate)
{
    bool renews = certificate->device != 0 && certificate->profile == PROFILE_LDEVID &&
                  certificate_is_live((enum cert_state)certificate->state);
    if (!renews)
        return 0;
    return spread_renewal_s(bytes_of(certificate->serial, sizeof certificate->serial),
                            certificate->not_before_s, certificate->not_after_s);
}

enum result give_certificate(const struct query *query, const struct certificate *certificate,
                             struct bytes der, struct err *err)
{
    struct holder holder;
    TRY(find_holder(query, certificate->device, &holder, err));
    struct msg_cert_row row = {
        .id = query->asked->id,
        .row = certificate->id,
        .product = query_text(holder.product.name),
        .serial_number = query_text(holder.device.serial_number),
        .serial = bytes_of(certificate->serial, sizeof certificate->serial),
        .profile = (uint8_t)certificate->profile,
        .issuer = (uint32_t)certificate->issuer,
        .not_before_s = certificate->not_before_s,
        .not_after_s = certificate->not_after_s,
        .renew_at_s = query_renewal_s(certificate),
        .state = (uint8_t)certificate->state,
        .state_s = certificate->state_at_s,
        .reason = (uint8_t)certificate->reason,
        .certificate = der,
    };
    memcpy(row.spki, certificate->spki, sizeof row.spki);
    return query->give(query->context, IPC_CERT_ROW, &row, err);
}

static enum result visit(void *context, const struct certificate *certificate, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, certificate->id))
        return OK;
    return give_certificate(page->query, certificate, bytes_of(NULL, 0), err);
}

enum result query_certificates(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    struct page page = {.query = query};
    filter.reached = &page.reached;
    TRY(store_certificates(query->store, &filter, visit, &page, err));
    page_end(&page);
    return OK;
}

static enum result find_certificate(const struct query *query, struct certificate *ret,
                                    struct err *err)
{
    struct holder holder = {0};
    enum result result = store_certificate_serial(query->store, query->asked->serial, ret, err);
    if (result == OK)
        TRY(find_holder(query, ret->device, &holder, err));
    if (result == R_NOT_FOUND || (result == OK && !query_can_see(query, &holder.device)))
        return err_set(err, E_NOT_FOUND, "there is no certificate of that serial number");
    return result;
}

enum result query_certificate(struct query *query, struct err *err)
{
    struct certificate certificate = {0};
    TRY(find_certificate(query, &certificate, err));
    uint8_t memory[LIMIT_CERTIFICATE_BYTES];
    struct buf der = buf_over(memory, sizeof memory);
    TRY(store_der(query->store, certificate.id, &der, err));
    return give_certificate(query, &certificate, buf_bytes(&der), err);
}
