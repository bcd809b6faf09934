#include <registry/about.h>

#include <base/text.h>
#include <registry/foreign.h>
#include <registry/measure.h>
#include <registry/policy.h>
#include <store/boundaries.h>
#include <trust/boundary_words.h>

#include "waived.h"

#include <string.h>

const struct finding *about_finding(const struct about *about, int number)
{
    for (size_t i = 0; i < about->open_n; i++)
        if (about->open[i].check == number)
            return &about->open[i];
    return NULL;
}

/* What was raised stays a fact until it is lowered or somebody answered: service/finding.h. */
static struct since raised(const struct about *about, int number)
{
    const struct finding *finding = about_finding(about, number);
    return finding != NULL ? (struct since){YES, finding->began_at_s} : (struct since){.known = NO};
}

static enum result read_device(struct store *store, struct about *about, int64_t now_s,
                               struct err *err)
{
    (void)now_s;
    struct device device = {0};
    struct subject subject = {0};
    TRY(store_device(store, about->key.id, &device, err));
    TRY(subject_read(store, &device, &subject, err));
    TRY(subject_facts(store, &subject, &about->facts, err));
    about->policy = subject.policy;
    about->product = device.product;
    memcpy(about->owner, device.owner, sizeof about->owner);
    about->open_n = subject.open_n;
    memcpy(about->open, subject.open, subject.open_n * sizeof subject.open[0]);
    return OK;
}

static enum result read_product(struct store *store, struct about *about, int64_t now_s,
                                struct err *err)
{
    (void)now_s;
    struct product product = {0};
    TRY(store_product(store, about->key.id, &product, err));
    about->product = product.id;
    about->facts.outside_profile = raised(about, CHECK_OUTSIDE_PROFILE);
    return OK;
}

static enum result read_installation(struct store *store, struct about *about, int64_t now_s,
                                     struct err *err)
{
    (void)now_s;
    TRY(measure_installation(store, &about->facts, err));
    if (about_finding(about, CHECK_LEDGER_GAP) != NULL) /* no start makes up for what was lost */
        about->facts.ledger_gap = raised(about, CHECK_LEDGER_GAP);
    return OK;
}

static enum result read_issuer(struct store *store, struct about *about, int64_t now_s,
                               struct err *err)
{
    return measure_issuer(store, about->key.id, now_s, &about->facts, err);
}

static enum result read_boundary(struct store *store, struct about *about, int64_t now_s,
                                 struct err *err)
{
    (void)now_s;
    return measure_boundary(store, about->key.id, &about->facts, err);
}

/* Under the policy of the product whose devices it is for, and of their owner. */
static enum result read_binding(struct store *store, struct about *about, int64_t now_s,
                                struct err *err)
{
    struct binding row;
    struct device device = {0};
    TRY(store_binding(store, about->key.id, &row, err));
    if (row.kind == BINDING_DEVICE)
        TRY(store_device_named(store, row.product, text_bytes(row.value), &device, err));
    const char *owner = row.kind == BINDING_OWNER ? row.value : device.owner;
    about->product = row.product;
    if (!text_copy(text_bytes(owner), about->owner, sizeof about->owner))
        return err_set(err, E_STORE_CORRUPT, "an owner of %zu octets", strlen(owner));
    return measure_binding(store, &row, now_s, &about->facts, err);
}

/* Under the policy of the product whose anchor issued it, and of the owner whose device has it. */
static enum result read_foreign(struct store *store, struct about *about, int64_t now_s,
                                struct err *err)
{
    (void)now_s;
    struct foreign foreign = {0};
    struct authority_row anchor = {0};
    struct device device = {0};
    TRY(store_foreign_id(store, about->key.id, &foreign, err));
    TRY(foreign_facts(store, &foreign, &about->facts, err));
    if (foreign.anchor != 0)
        TRY(store_anchor(store, foreign.anchor, &anchor, err));
    about->product = anchor.product;
    if (foreign.device == 0)
        return OK;
    TRY(store_device(store, foreign.device, &device, err));
    about->product = device.product;
    memcpy(about->owner, device.owner, sizeof about->owner);
    return OK;
}

static enum result read_nothing(struct store *store, struct about *about, int64_t now_s,
                                struct err *err)
{
    (void)now_s;
    (void)store;
    (void)about;
    (void)err;
    return R_NOT_FOUND;
}

static enum result (*const readers[SUBJECT_COUNT])(struct store *, struct about *, int64_t,
                                                   struct err *) = {
    [SUBJECT_NONE] = read_nothing,    [SUBJECT_DEVICE] = read_device,
    [SUBJECT_PRODUCT] = read_product, [SUBJECT_INSTALLATION] = read_installation,
    [SUBJECT_ISSUER] = read_issuer,   [SUBJECT_FOREIGN] = read_foreign,
    [SUBJECT_CHECK] = read_nothing,   [SUBJECT_BOUNDARY] = read_boundary,
    [SUBJECT_BINDING] = read_binding,
};

/* What belongs to no product is judged by the fleet's. */
static enum result read_policy(struct store *store, struct about *about, struct err *err)
{
    struct product product = {0};
    if (about->product == 0)
        return policy_read(store, NULL, &about->policy, err);
    TRY(store_product(store, about->product, &product, err));
    return policy_read(store, &product, &about->policy, err);
}

enum result about_read(struct store *store, struct subject_key key, int64_t now_s,
                       struct about *ret, struct err *err)
{
    if (key.kind <= SUBJECT_NONE || key.kind >= SUBJECT_COUNT)
        return err_set(err, E_BUG, "there is no kind of subject %d", key.kind);
    *ret = (struct about){.key = key};
    if (key.kind == SUBJECT_DEVICE)
        return read_device(store, ret, now_s, err);
    TRY(store_open_findings_about(store, key, ret->open, ABOUT_OPEN_MAX, &ret->open_n, err));
    TRY(readers[key.kind](store, ret, now_s, err));
    TRY(read_policy(store, ret, err));
    const struct waived_subject waived = {0, ret->product, ret->owner};
    TRY(waived_read(store, &waived, &ret->facts, err));
    ret->facts.kind = (enum subject_kind)key.kind;
    return OK;
}
