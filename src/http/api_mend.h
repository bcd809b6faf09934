/* The command that would mend a finding. */
#ifndef HTTP_API_MEND_H
#define HTTP_API_MEND_H

#include <trust/check.h>
#include <wire/bytes.h>

#define API_MEND_MAX 256

struct api_mend {
    enum subject_kind kind;
    int64_t subject; /* its row; 0 = not known here */
    int64_t finding; /* its own row */
    struct bytes product, serial_number;
    enum device_state state; /* of its device */
    int64_t anchor;          /* of the other CA whose list closes it; 0 = none */
};

/* The check's command; with the device behind it where one is wanted: one that is quarantined
 * already is looked at and readmitted, or retired; of one that is retired nothing is left here: the
 * list of the CA that issued what is left, once that is revoked there, closes it; where that CA is
 * not on record, what it issued is listed. What waits for a person is
 * answered. A binding's has its number. */
struct bytes api_mend(const struct check *check, const struct api_mend *what,
                      char space[API_MEND_MAX]);

#endif
