#include "checks.h"

/* Update metadata, or what signs it, is past half its life. */
CHECK(td33_metadata_expiring)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->metadata_expiring);
}
