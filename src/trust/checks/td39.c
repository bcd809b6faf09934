#include "checks.h"

/* A binding that gives more than is used or needed. */
CHECK(td39_too_much_access)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->too_much_access);
}
