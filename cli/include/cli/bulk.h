/* What ends devices, one or many, and verbs on many devices: for the table of commands. */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include <cli/plan.h>

/* Of RFC 5280 5.3.1, as an option's choice. */
#define REASONS                                                                                    \
    "unspecified|key-compromise|affiliation-changed|superseded|cessation-of-operation|"            \
    "privilege-withdrawn"

extern const struct option_row device_retire_options[], device_revoke_options[], bulk_options[];
extern const struct plan device_end, bulk_list, bulk_show;

#endif
