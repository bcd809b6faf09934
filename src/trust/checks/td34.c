#include "checks.h"

/* A release without approval, SBOM or inclusion in the ledger. */
CHECK(td34_release_incomplete)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->release_incomplete);
}
