/* Certificates of other CAs. */
#include "answer.h"

#include <trust/foreign_words.h>
#include <trust/words.h>

#include <string.h>

#define PLACES_SHOWN 200

struct foreign_names {
    struct product product; /* of the CA's anchor; empty: there is none */
    struct device device;   /* id 0: none */
    uint8_t subject[LIMIT_SUBJECT];
    size_t subject_n; /* 0: the name was erased */
};

static enum result read_names(const struct query *query, const struct foreign *foreign,
                              struct foreign_names *ret, struct err *err)
{
    struct authority_row anchor = {0};
    struct buf subject = buf_over(ret->subject, sizeof ret->subject);
    if (foreign->anchor != 0) {
        TRY(store_anchor(query->store, foreign->anchor, &anchor, err));
        TRY(store_product(query->store, anchor.product, &ret->product, err));
    }
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

/* What the certificate itself says, where it was read. */
static void put_said(const struct foreign *foreign, struct msg_foreign_row *row)
{
    if (!foreign->is_read)
        return;
    row->is_measured = true;
    row->not_before_s = foreign->not_before_s;
    row->key = (uint8_t)foreign->key;
    row->bits = (uint32_t)foreign->bits;
    row->signature = (uint8_t)foreign->signature;
    row->is_self_signed = (foreign->traits & TRAIT_SELF_SIGNED) != 0;
    memcpy(row->spki, foreign->spki, sizeof row->spki);
}

enum result give_foreign(const struct query *query, const struct foreign *foreign, struct bytes der,
                         struct err *err)
{
    struct foreign_names names = {0};
    struct sighting_sum seen = {0};
    TRY(read_names(query, foreign, &names, err));
    int64_t places = 0;
    TRY(store_sighting_sum(query->store, foreign->id, &seen, err));
    TRY(store_sighting_places(query->store, foreign->id, &places, err));
    struct msg_foreign_row row = {
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
        .places = (uint32_t)places,
        .seen_s = seen.latest_s != 0 ? seen.latest_s : seen.ended_s,
        .der = der,
    };
    put_said(foreign, &row);
    return query->give(query->context, IPC_FOREIGN_ROW, &row, err);
}

static enum result visit(void *context, const struct foreign *foreign, struct err *err)
{
    struct page *page = context;
    if (!page_takes(page, foreign->id))
        return OK;
    return give_foreign(page->query, foreign, bytes_of(NULL, 0), err);
}

enum result query_foreign(struct query *query, struct err *err)
{
    struct filter filter = {0};
    bool nothing = false;
    TRY(query_filter(query, &filter, &nothing, err));
    struct page page = {.query = query};
    TRY(store_foreigns(query->store, &filter, query->asked->serial, visit, &page, err));
    page_end(&page);
    return OK;
}

/* ---- one of them ---------------------------------------------------------------------------- */

static enum result visit_sighting(void *context, const struct sighting *sighting, struct err *err)
{
    const struct query *query = context;
    const struct msg_sighting_row row = {
        .id = query->asked->id,
        .place = query_text(sighting->place),
        .protocol = query_text(sighting->protocol),
        .cipher = query_text(sighting->cipher),
        .first_s = sighting->first_s,
        .last_s = sighting->last_s,
        .ended_s = sighting->ended_s,
    };
    return query->give(query->context, IPC_SIGHTING_ROW, &row, err);
}

/* With a scope one sees those of one's devices. */
static enum result find_one(const struct query *query, struct foreign *ret, struct err *err)
{
    struct device device = {0};
    enum result result = store_foreign_id(query->store, query->asked->number, ret, err);
    if (result == OK && ret->device != 0)
        TRY(store_device(query->store, ret->device, &device, err));
    if (result == R_NOT_FOUND || (result == OK && !query_can_see(query, &device)))
        return err_set(err, E_NOT_FOUND, "there is no certificate %lld of another CA",
                       (long long)query->asked->number);
    return result;
}

static enum result give_findings(const struct query *query, const struct foreign *foreign,
                                 struct err *err)
{
    const struct subject_key key = {SUBJECT_FOREIGN, foreign->id};
    struct finding open[CHECK_MAX];
    size_t n = 0;
    TRY(store_open_findings_about(query->store, key, open, LENGTH_OF(open), &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(give_finding(query, &open[i], err));
    return OK;
}

enum result query_foreign_one(struct query *query, struct err *err)
{
    struct foreign foreign = {0};
    uint8_t octets[LIMIT_CERTIFICATE_BYTES];
    struct buf der = buf_over(octets, sizeof octets);
    TRY(find_one(query, &foreign, err));
    if (foreign.is_read)
        TRY(store_foreign_der(query->store, foreign.digest, &der, err));
    TRY(give_foreign(query, &foreign, buf_bytes(&der), err));
    TRY(give_findings(query, &foreign, err));
    return store_sightings_of(query->store, foreign.id, PLACES_SHOWN, visit_sighting, query, err);
}
