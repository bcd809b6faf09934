/* When issuers are judged: nothing that a device does changes their facts, but starts, acts about
 * them, and lists that are published or are not. */
#include <service/finding.h>

#include <registry/about.h>

#define CRL_LATE_S 60 /* of TD-18: a list follows a change within a second */

static struct subject_key issuer_key(int64_t number)
{
    return (struct subject_key){SUBJECT_ISSUER, number};
}

enum result finding_issuers_due(struct service *service, int64_t now_s, struct err *err)
{
    for (uint32_t i = 1; i < PKI_ISSUERS; i++)
        if (service->issuers[i].id != 0)
            TRY(finding_judge_by(service, issuer_key(i), now_s, err));
    return OK;
}

enum result finding_crl_asked(struct service *service, int64_t issuer, int64_t now_s,
                              struct err *err)
{
    return finding_judge_by(service, issuer_key(issuer), now_s + CRL_LATE_S, err);
}

enum result finding_crl_published(struct service *service, int64_t issuer, int64_t now_s,
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
