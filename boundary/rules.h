/* A service object made ready for decisions: who may do what where, found by the names in his
 * certificate. Constant once made. */
#ifndef BOUNDARY_RULES_H
#define BOUNDARY_RULES_H

#include <boundary/boundary.h>
#include <wire/service.h>

#include <base/blob.h>

struct rules; /* opaque */

/* Of what service_read() took of `payload`, which is copied. E_MEMORY. */
MUST_USE enum result rules_new(struct bytes payload, struct rules **ret, struct err *err);
void rules_free(struct rules *rules);
void rules_freep(struct rules **rules);

/* The object itself; it points into the copy. */
const struct service_object *rules_service(const struct rules *rules);

#define RULES_NO_SERVICE (-1)
int rules_find_service(const struct rules *rules, struct bytes name);
/* Of a service that was found. */
const struct service_entry *rules_entry(const struct rules *rules, int service);

bool rules_has_issuer(const struct rules *rules, uint32_t issuer);

/* What is asked for. `now_s`: a binding that has expired is none. */
struct rules_question {
    int service;
    const struct boundary_identity *identity;
    enum boundary_action action;
    struct bytes resource;
    int64_t now_s;
};
bool rules_allow(const struct rules *rules, const struct rules_question *question);

#endif
