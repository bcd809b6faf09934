/* A certificate of another CA with everything that standing() judges it by. */
#ifndef REGISTRY_FOREIGN_H
#define REGISTRY_FOREIGN_H

#include <store/store.h>
#include <trust/facts.h>

/* What its row, its sightings and who else has its key say. A row that a list alone named has no
 * key: all about that is unmeasured. */
MUST_USE enum result foreign_facts(struct store *store, const struct foreign *foreign,
                                   struct facts *ret, struct err *err);

#endif
