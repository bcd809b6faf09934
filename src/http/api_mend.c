#include "api_mend.h"

#include <stdio.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

/* A serial number is PrintableString (X520SerialNumber): within double quotes nothing in it means
 * anything. */
struct bytes api_mend(const struct check *check, const struct api_mend *what,
                      char space[API_MEND_MAX])
{
    const char *mend = check->mend;
    if (finding_waits_for_person(what->kind, check->number)) {
        snprintf(space, API_MEND_MAX, "troth finding close %lld", (long long)what->finding);
        return text_of(space);
    }
    if (what->kind == SUBJECT_BOUNDARY && check->number == CHECK_TOO_MUCH_ACCESS)
        return text_of("troth boundary set BOUNDARY --fail-closed");
    if (what->kind == SUBJECT_BINDING && what->subject != 0) {
        snprintf(space, API_MEND_MAX, "troth binding remove %lld", (long long)what->subject);
        return text_of(space);
    }
    if (!begins(mend, "troth device ") || what->serial_number.n == 0)
        return text_of(mend);
    if (what->anchor != 0) {
        snprintf(space, API_MEND_MAX, "troth cert import LIST --format FORMAT --issuer %lld",
                 (long long)what->anchor);
        return text_of(space);
    }
    if (check->number == CHECK_ZOMBIE && what->state == STATE_RETIRED) {
        snprintf(space, API_MEND_MAX, "troth cert list --foreign --product %.*s --serial \"%.*s\"",
                 (int)what->product.n, (const char *)what->product.p, (int)what->serial_number.n,
                 (const char *)what->serial_number.p);
        return text_of(space);
    }
    if (begins(mend, "troth device quarantine") && what->state == STATE_QUARANTINED)
        mend = "troth device readmit";
    snprintf(space, API_MEND_MAX, "%s %.*s \"%.*s\"", mend, (int)what->product.n,
             (const char *)what->product.p, (int)what->serial_number.n,
             (const char *)what->serial_number.p);
    return text_of(space);
}
