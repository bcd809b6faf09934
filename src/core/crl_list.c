/* A CRL lists what has ended, and as certificateHold what is live below a device in quarantine; its
 * delta CRL what of that is new since the base, and what no longer is on hold (RFC 5280 5.2.4). */
#include "core.h"

#include <service/said.h>

#include <stdlib.h>
#include <string.h>

/* ---- bases ----------------------------------------------------------------------------------- */

void crl_bases_free(struct crl_bases *bases)
{
    free(bases->list);
    *bases = (struct crl_bases){0};
}

static struct crl_base *find_base(const struct crl_bases *bases, struct crl_shard shard)
{
    for (size_t i = 0; i < bases->n; i++)
        if (crl_shard_is(bases->list[i].shard, shard))
            return &bases->list[i];
    return NULL;
}

static struct crl_base *add_base(struct crl_bases *bases, struct crl_shard shard)
{
    if (bases->n == bases->max) {
        size_t max = bases->max == 0 ? 16 : bases->max * 2;
        struct crl_base *list = reallocarray(bases->list, max, sizeof *list);
        if (list == NULL)
            return NULL;
        bases->list = list;
        bases->max = max;
    }
    bases->list[bases->n] = (struct crl_base){.shard = shard};
    return &bases->list[bases->n++];
}

/* The second is half a window younger, so that one of them is at least that old when the first
 * goes. */
void crl_bases_note(struct crl_bases *bases, const struct crl_plan *plan)
{
    struct crl_base *base = find_base(bases, plan->shard);
    const struct crl_issue issue = {plan->number, plan->this_update_s};
    if (base == NULL)
        base = add_base(bases, plan->shard);
    if (base == NULL)
        return;
    if (base->second.number != 0 && base->first.this_s + CRL_WINDOW_S <= issue.this_s) {
        base->first = base->second;
        base->second = (struct crl_issue){0};
    }
    if (base->first.number == 0)
        base->first = issue;
    else if (base->second.number == 0 && base->first.this_s + CRL_REFRESH_S <= issue.this_s)
        base->second = issue;
}

/* ---- entries --------------------------------------------------------------------------------- */

struct revoked {
    struct core *core;
    struct x509_crl_entry *entries;
    uint8_t (*serials)[16];
    size_t n, room, at;
    int64_t since_s; /* the walk passes over what is older */
};

static enum result grow(struct revoked *revoked, struct err *err)
{
    size_t room = revoked->room == 0 ? 256 : revoked->room * 2;
    void *entries = reallocarray(revoked->entries, room, sizeof *revoked->entries);
    if (entries != NULL)
        revoked->entries = entries;
    void *serials = reallocarray(revoked->serials, room, sizeof *revoked->serials);
    if (serials != NULL)
        revoked->serials = serials;
    if (entries == NULL || serials == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL of %zu entries", room);
    revoked->room = room;
    return OK;
}

static void revoked_free(struct revoked *revoked)
{
    free(revoked->entries);
    free(revoked->serials);
}

static enum result add(struct revoked *revoked, const uint8_t serial[16],
                       const struct x509_crl_entry *entry, struct err *err)
{
    if (revoked->n == revoked->room)
        TRY(grow(revoked, err));
    memcpy(revoked->serials[revoked->n], serial, 16);
    revoked->entries[revoked->n++] = *entry;
    return OK;
}

/* As OCSP says it. */
static enum result collect(void *ctx, const struct certificate *certificate, struct err *err)
{
    struct revoked *revoked = ctx;
    struct ocsp_said said = {0};
    TRY(said_of(&revoked->core->service, certificate, &said, err));
    if (said.word != OCSP_SAYS_REVOKED)
        return OK;
    const struct x509_crl_entry entry = {.revoked_s = said.revoked_s, .reason = said.reason};
    return add(revoked, certificate->serial, &entry, err);
}

/* Who was on hold since and is good now. */
static enum result collect_freed(struct revoked *revoked, const struct crl_plan *plan,
                                 int64_t since_s, struct err *err)
{
    struct service *service = &revoked->core->service;
    for (size_t i = 0; i < service->released.n; i++) {
        const struct said_freed *freed = &service->released.list[i];
        struct bytes serial = bytes_of(freed->serial, sizeof freed->serial);
        struct crl_shard shard = {0};
        struct ocsp_said said = {0};
        if (freed->at_s < since_s || !crl_shard_of(freed->issuer, serial, &shard) ||
            !crl_shard_is(shard, plan->shard))
            continue;
        TRY(said_of_serial(service, freed->issuer, serial, &said, err));
        const struct x509_crl_entry entry = {.revoked_s = freed->at_s,
                                             .reason = X509_REASON_REMOVE};
        if (said.word == OCSP_SAYS_GOOD)
            TRY(add(revoked, freed->serial, &entry, err));
    }
    return OK;
}

static bool next_revoked(void *context, struct x509_crl_entry *ret)
{
    struct revoked *revoked = context;
    while (revoked->at < revoked->n && revoked->entries[revoked->at].revoked_s < revoked->since_s)
        revoked->at++;
    if (revoked->at == revoked->n)
        return false;
    *ret = revoked->entries[revoked->at];
    ret->serial = bytes_of(revoked->serials[revoked->at], 16);
    revoked->at++;
    return true;
}

/* ---- the two lists --------------------------------------------------------------------------- */

static enum result write_list(struct core *core, const struct crl_plan *plan,
                              struct revoked *revoked, struct buf *out, struct err *err)
{
    struct crl_source source = {next_revoked, revoked};
    revoked->at = 0;
    return crl_build_tbs(plan, &core->service.issuers[plan->shard.issuer],
                         core->service.site.pki.url, &source, out, err);
}

static enum result write_delta(struct core *core, const struct crl_plan *plan,
                               struct revoked *revoked, struct buf *out, struct err *err)
{
    struct crl_plan delta = *plan;
    const struct crl_base *base = find_base(&core->publish.bases, plan->shard);
    delta.is_delta = true;
    delta.base = base != NULL ? base->first.number : plan->number;
    revoked->since_s = base != NULL ? base->first.this_s : plan->this_update_s;
    TRY(collect_freed(revoked, plan, revoked->since_s, err));
    return write_list(core, &delta, revoked, out, err);
}

/* Of who was freed before any base nobody has to be told. */
static void forget_freed(struct core *core)
{
    struct said_released *released = &core->service.released;
    size_t kept = 0;
    if (released->is_lost)
        crl_bases_free(&core->publish.bases);
    for (size_t i = 0; i < released->n && !released->is_lost; i++)
        if (released->list[i].at_s + 2 * CRL_WINDOW_S > core->now_s)
            released->list[kept++] = released->list[i];
    released->n = kept;
    released->is_lost = false;
}

/* A certificate stays on the list until one CRL beyond its end (RFC 5280 3.3). */
enum result crl_lists_build(struct core *core, const struct crl_plan *plan, struct blob *ret,
                            size_t *ret_complete_n, struct err *err)
{
    CLEANUP(revoked_free) struct revoked revoked = {.core = core, .since_s = INT64_MIN};
    struct shard row = {plan->shard.issuer, plan->shard.expiry_class, plan->shard.part};
    int64_t ended_s = core->now_s - CRL_WINDOW_S;
    forget_freed(core);
    TRY(store_revoked(core->store, &row, ended_s, collect, &revoked, err));
    TRY(store_held(core->store, &row, ended_s, collect, &revoked, err));

    size_t room = 2 * (CRL_BYTES_LEAST + (revoked.n + core->service.released.n) * 64);
    if (room > CRL_BYTES_MAX)
        return err_set(err, E_TOO_LARGE, "a CRL of %zu entries", revoked.n);
    ret->p = malloc(room);
    if (ret->p == NULL)
        return err_set(err, E_MEMORY, "no memory for a CRL");
    struct buf out = buf_over(ret->p, room);
    TRY(write_list(core, plan, &revoked, &out, err));
    *ret_complete_n = out.n;
    TRY(write_delta(core, plan, &revoked, &out, err));
    ret->n = out.n;
    return OK;
}
