#include "checks.h"

/* It still trusts a signing key that was retired or revoked. */
CHECK(td32_old_signer_trusted)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->old_signer_trusted);
}
