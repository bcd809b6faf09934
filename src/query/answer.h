/* What the questions share: the table's handlers, scope, pages, and the rows that several give. */
#ifndef QUERY_ANSWER_H
#define QUERY_ANSWER_H

#include <query/query.h>
#include <registry/subject.h>

/* One file each. */
MUST_USE enum result query_products(struct query *query, struct err *err);
MUST_USE enum result query_anchors(struct query *query, struct err *err);
MUST_USE enum result query_devices(struct query *query, struct err *err);
MUST_USE enum result query_device(struct query *query, struct err *err);
MUST_USE enum result query_timeline(struct query *query, struct err *err);
MUST_USE enum result query_certificates(struct query *query, struct err *err);
MUST_USE enum result query_certificate(struct query *query, struct err *err);
MUST_USE enum result query_findings(struct query *query, struct err *err);
MUST_USE enum result query_issuers(struct query *query, struct err *err);
MUST_USE enum result query_operators(struct query *query, struct err *err);
MUST_USE enum result query_approvals(struct query *query, struct err *err);
MUST_USE enum result query_approval(struct query *query, struct err *err);
MUST_USE enum result query_boundaries(struct query *query, struct err *err);
MUST_USE enum result query_boundary(struct query *query, struct err *err);
MUST_USE enum result query_bindings(struct query *query, struct err *err);
MUST_USE enum result query_binding(struct query *query, struct err *err);
MUST_USE enum result query_waivers(struct query *query, struct err *err);
MUST_USE enum result query_transfers(struct query *query, struct err *err);
MUST_USE enum result query_transfer(struct query *query, struct err *err);
MUST_USE enum result query_receipt(struct query *query, struct err *err);

/* The transfer of the question; one between other owners is as good as none: E_NOT_FOUND. */
MUST_USE enum result query_find_transfer(const struct query *query, struct transfer_row *ret,
                                         struct err *err);
MUST_USE enum result query_foreign(struct query *query, struct err *err);
MUST_USE enum result query_foreign_one(struct query *query, struct err *err);
MUST_USE enum result query_bulks(struct query *query, struct err *err);
MUST_USE enum result query_bulk(struct query *query, struct err *err);
MUST_USE enum result query_rehearse_issuer(struct query *query, struct err *err);
MUST_USE enum result query_rehearse_anchor(struct query *query, struct err *err);
MUST_USE enum result query_rehearse_product(struct query *query, struct err *err);
MUST_USE enum result query_debt(struct query *query, struct err *err);
MUST_USE enum result query_check(struct query *query, struct err *err);
MUST_USE enum result query_golive(struct query *query, struct err *err);
MUST_USE enum result query_measures(struct query *query, struct err *err);
MUST_USE enum result query_policies(struct query *query, struct err *err);
MUST_USE enum result query_policy(struct query *query, struct err *err);
MUST_USE enum result query_policy_diff(struct query *query, struct err *err);
MUST_USE enum result query_webhooks(struct query *query, struct err *err);
MUST_USE enum result query_webhook_key(struct query *query, struct err *err);
MUST_USE enum result query_status(struct query *query, struct err *err);
MUST_USE enum result query_checkpoint(struct query *query, struct err *err);
MUST_USE enum result query_entries(struct query *query, struct err *err);

/* The owner whose devices the asker sees; of these, the one that the question names. Empty: all. */
struct bytes query_scope(const struct query *query);
struct bytes query_owner(const struct query *query);
bool query_can_see(const struct query *query, const struct device *device);
/* E_NOT_FOUND: the owner that it names has no device (of a product, if not 0), or is not seen. */
MUST_USE enum result query_find_owner(const struct query *query, int64_t product, struct err *err);

/* Zero-terminated text of a row as a message has it. */
static inline struct bytes query_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* A list is asked for one row more than its page has, so that its end is known. */
struct page {
    struct query *query;
    uint32_t n;
    bool is_full;    /* and there are more rows */
    int64_t reached; /* struct filter's: the list stopped here, full or not */
};
/* Counts row `id` in: true while the page has room, and `id` is then the cursor behind it. */
bool page_takes(struct page *page, int64_t id);
/* Writes the cursor into the query. */
void page_end(const struct page *page);

/* What the lists of devices, certificates and findings filter by: the asked names as rows, and the
 * scope. `ret_nothing` when owner and scope exclude each other; E_NOT_FOUND for names. */
MUST_USE enum result query_filter(const struct query *query, struct filter *ret, bool *ret_nothing,
                                  struct err *err);

/* The device that the question names, within the scope. E_NOT_FOUND. */
MUST_USE enum result query_subject(const struct query *query, struct subject *ret, struct err *err);

/* Has the asker's scope devices of this product? */
MUST_USE enum result query_sees_product(const struct query *query, int64_t product, bool *ret,
                                        struct err *err);
/* The product that the question names, if the asker's scope has devices of it. E_NOT_FOUND. */
MUST_USE enum result query_product(const struct query *query, struct product *ret, struct err *err);
/* Another owner's issuer is none to who has a scope. E_NOT_FOUND. */
MUST_USE enum result query_issuer(const struct query *query, int64_t number,
                                  struct authority_row *ret, struct err *err);

/* What the subject of a finding is called: its device, its product; as they are without one. */
MUST_USE enum result query_name_subject(const struct query *query, const struct finding *finding,
                                        struct device *device, struct product *product,
                                        struct err *err);

/* The anchor of the other CA that issued what is left of a device that is gone: its list, once it
 * revoked that, mends TD-17. 0 = nothing of the kind is left, or its issuer is not on record. */
MUST_USE enum result query_mend_anchor(const struct query *query, int check,
                                       const struct device *device, int64_t *ret, struct err *err);

/* The common name in its certificate; empty when it has none, or cannot be read. */
void query_authority_name(const struct authority_row *authority, char to[LIMIT_NAME + 1]);

/* The verdict of now, and how many findings are open with it. */
MUST_USE enum result query_verdict(const struct query *query, const struct subject *subject,
                                   uint8_t *ret_verdict, struct err *err);

/* When the certificate should be renewed, as a front tells its device; 0: not at all. */
int64_t query_renewal_s(const struct certificate *certificate);

/* Appends the operator's name; nothing when it was erased, or for row 0. */
MUST_USE enum result query_put_operator(const struct query *query, int64_t row, struct buf *to,
                                        struct err *err);

/* Give one row. */
MUST_USE enum result give_device(const struct query *query, const struct subject *subject,
                                 struct err *err);
/* verdict_row, then every check with its evidence. */
MUST_USE enum result give_checklist(const struct query *query, const struct subject *subject,
                                    struct err *err);
MUST_USE enum result give_certificate(const struct query *query,
                                      const struct certificate *certificate, struct bytes der,
                                      struct err *err);
MUST_USE enum result give_finding(const struct query *query, const struct finding *finding,
                                  struct err *err);
MUST_USE enum result give_webhook(const struct query *query, const struct webhook_row *row,
                                  struct err *err);
MUST_USE enum result give_foreign(const struct query *query, const struct foreign *foreign,
                                  struct bytes der, struct err *err);
MUST_USE enum result give_entry(const struct query *query, const struct entry *entry,
                                struct err *err);
MUST_USE enum result give_operator(const struct query *query, const struct operator_row *row,
                                   struct err *err);

#endif
