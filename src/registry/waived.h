/* Private: the waivers that cover a subject, as facts. */
#ifndef REGISTRY_WAIVED_H
#define REGISTRY_WAIVED_H

#include <store/store.h>
#include <trust/facts.h>

MUST_USE enum result waived_read(struct store *store, const struct waived_subject *subject,
                                 struct facts *facts, struct err *err);

#endif
