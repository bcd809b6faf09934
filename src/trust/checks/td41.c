#include "checks.h"

/* A station beyond its quota, range or window. */
CHECK(td41_station_exceeded)
{
    (void)policy;
    (void)now_s;
    return opinion_since(facts->station_exceeded);
}
