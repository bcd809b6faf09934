#include "waived.h"

static enum result keep(void *ctx, int check, int64_t until_s, struct err *err)
{
    struct facts *facts = ctx;
    if (check <= 0 || check > CHECK_MAX)
        return err_set(err, E_STORE_CORRUPT, "a waiver of check %d", check);
    facts->waived_until_s[check] = until_s;
    return OK;
}

enum result waived_read(struct store *store, const struct waived_subject *subject,
                        struct facts *facts, struct err *err)
{
    facts->waivers_read = YES;
    return store_waived(store, subject, keep, facts, err);
}
