#include "checks.h"

/* A key that is kept in less than policy wants. */
CHECK(td22_key_custody)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->key_custody);
}
