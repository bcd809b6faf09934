/* Lives of a device: what runs does the next thing, from what it finds in flash alone. */
#pragma once

#include "world.h"

/* A device that is on: flash is the device's, `report` of this start. */
struct on {
    const struct world *world;
    const struct boot_device *device;
    const struct boot_report *report;
    unsigned image;     /* enum world_image: what runs */
    bool is_spoilt;     /* something of its flash sticks or is worn */
    bool is_refused;    /* and for that something was not done, and said so */
    const char *broken; /* a promise that does not hold; NULL: none */
};

struct life {
    const char *name;
    bool is_single;
    unsigned starts;             /* without a power cut it is over after so many, at most */
    bool (*next)(struct on *on); /* does the next thing; true when nothing is left to do */
};

extern const struct life lives[];
extern const unsigned lives_n;
