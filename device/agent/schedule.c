#include <agent/schedule.h>
#include <wire/spread.h>

int64_t schedule_due_s(const struct x509_cert *cert, int64_t advised_s)
{
    if (advised_s >= cert->not_before_s && advised_s <= cert->not_after_s)
        return advised_s;
    return spread_renewal_s(cert->serial, cert->not_before_s, cert->not_after_s);
}
