/* When issuers are judged: nothing that a device does changes their facts, but starts, acts about
 * them, and lists that are published or are not. */
#include <service/finding.h>

#include <registry/about.h>
#include <registry/measure.h>

#define CRL_LATE_S 60 /* of TD-18: a list follows a change within a second */
#define REPLACED_MOST                                                                              \
    256 /* devices that one list lets go of TD-14; of more the rest looks again                    \
         */

static struct subject_key issuer_key(int64_t number)
{
    return (struct subject_key){SUBJECT_ISSUER, number};
}

enum result finding_issuers_due(struct service *service, int64_t now_s, struct err *err)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (service->issuers[i].id != 0)
            TRY(store_put_sooner_instant(service->store, issuer_key(i), now_s, err));
    return OK;
}

enum result finding_crls_marked(struct service *service, struct err *err)
{
    for (struct crl_dirty *dirty = service->dirty; dirty != NULL; dirty = dirty->next) {
        if (dirty->is_owed)
            continue;
        TRY(store_put_sooner_instant(service->store, issuer_key(dirty->shard.issuer),
                                     dirty->since_s + CRL_LATE_S, err));
        dirty->is_owed = true;
    }
    return OK;
}

/* What is owed of a list is recorded before another one takes its place, or nobody ever knows. */
static enum result settle_late(struct service *service, const struct shard *shard, int64_t now_s,
                               struct err *err)
{
    const struct policy policy = {.grace_s = 0}; /* the check asks for none */
    struct facts facts = {.kind = SUBJECT_ISSUER};
    TRY(measure_shard(service->store, shard, &facts, err));
    struct opinion opinion = check_find(CHECK_STATUS_STALE)->judge(&facts, &policy, now_s);
    return opinion.open == YES
               ? finding_settle_about(service, issuer_key(shard->issuer), now_s, err)
               : OK;
}

static enum result settle_published(struct service *service, int64_t issuer, int64_t now_s,
                                    struct err *err)
{
    size_t n = 0;
    struct finding open[ABOUT_OPEN_MAX];
    TRY(store_open_findings_about(service->store, issuer_key(issuer), open, ABOUT_OPEN_MAX, &n,
                                  err));
    for (size_t i = 0; i < n; i++)
        if (open[i].check == CHECK_STATUS_STALE)
            return finding_settle_about(service, issuer_key(issuer), now_s, err);
    return OK;
}

static enum result settle_replaced(struct service *service, const struct shard *shard,
                                   int64_t now_s, struct err *err)
{
    size_t n = 0;
    int64_t devices[REPLACED_MOST];
    TRY(store_replaced_late(service->store, shard, devices, REPLACED_MOST, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(finding_settle(service, devices[i], now_s, err));
    return OK;
}

enum result finding_crl_published(struct service *service, const struct crl_row *crl, int64_t now_s,
                                  struct err *err)
{
    TRY(settle_late(service, &crl->shard, now_s, err));
    TRY(store_put_crl(service->store, crl, err));
    TRY(settle_published(service, crl->shard.issuer, now_s, err));
    return settle_replaced(service, &crl->shard, now_s, err);
}

static enum result settle_row(struct service *service, int64_t number, int64_t now_s,
                              struct err *err)
{
    enum result result = finding_settle_about(service, issuer_key(number), now_s, err);
    return result == R_NOT_FOUND ? OK : result;
}

enum result finding_issuers_changed(struct service *service, int64_t now_s, struct err *err)
{
    int64_t last = 0;
    if (service->watch != NULL)
        return OK;
    TRY(store_max_id(service->store, TABLE_ISSUER, &last, err));
    for (int64_t i = 1; i <= last; i++)
        TRY(settle_row(service, i, now_s, err));
    return OK;
}
