#include <agent/schedule.h>
#include <crypto/hash.h>

#define FROM_PERCENT 60
#define SPREAD_PERCENT 20

int64_t schedule_due_s(const struct x509_cert *cert)
{
    if (cert->not_after_s == DER_TIME_NO_EXPIRY)
        return INT64_MAX;
    uint8_t hash[SHA256_N];
    sha256(cert->serial, hash);
    uint32_t draw = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
                    (uint32_t)hash[3];

    int64_t life_s = cert->not_after_s - cert->not_before_s;
    int64_t spread_s = life_s / 100 * SPREAD_PERCENT;
    int64_t offset_s = (int64_t)((double)spread_s * ((double)draw / 4294967296.0));
    return cert->not_before_s + life_s / 100 * FROM_PERCENT + offset_s;
}
