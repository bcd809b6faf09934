/* The command that would mend a finding. */
#ifndef HTTP_API_MEND_H
#define HTTP_API_MEND_H

#include <trust/check.h>
#include <wire/bytes.h>

#define API_MEND_MAX 256

struct api_mend {
    enum subject_kind kind;
    int64_t finding; /* its row */
    struct bytes product, serial_number;
    enum device_state state; /* of its device */
};

/* The check's command; with the device behind it where one is wanted: one that is quarantined
 * already is looked at and readmitted, or retired; of one that is retired nothing is left here, and
 * what other CAs issued to it is listed. What is about a product, or about a check that
 * failed, waits for a person's answer. */
struct bytes api_mend(const struct check *check, const struct api_mend *what,
                      char space[API_MEND_MAX]);

#endif
