/* Facts that are measured: from times, counts and lists, for the checks of trust/checks/. */
#ifndef REGISTRY_MEASURE_H
#define REGISTRY_MEASURE_H

#include <registry/subject.h>

/* A device's, from its rows alone. */
void measure_rows(const struct subject *subject, struct facts *facts);
/* The rest of a device's: when it was heard, and how long it has its key. */
MUST_USE enum result measure_device(struct store *store, const struct subject *subject,
                                    struct facts *facts, struct err *err);
/* What boundaries have of it: TD-15. */
MUST_USE enum result measure_sessions(struct store *store, const struct subject *subject,
                                      struct facts *facts, struct err *err);
/* Of that, since when it is in use: matters to what is open since then, and is read for nothing
 * else. */
MUST_USE enum result measure_first(struct store *store, const struct subject *subject,
                                   struct facts *facts, struct err *err);
/* An issuer's: its state and end, what is live below it, its CRLs. */
MUST_USE enum result measure_issuer(struct store *store, int64_t issuer, int64_t now_s,
                                    struct facts *facts, struct err *err);
/* Of these, what one list of its says: TD-18. */
MUST_USE enum result measure_shard(struct store *store, const struct shard *shard,
                                   struct facts *facts, struct err *err);
/* A boundary's: its services, and what core saw of its acknowledgements, which is unmeasured before
 * it was looked at. */
MUST_USE enum result measure_boundary(struct store *store, int64_t boundary, struct facts *facts,
                                      struct err *err);
/* A binding's: what it takes in, and when a device that it is for was let in last. */
struct binding;
MUST_USE enum result measure_binding(struct store *store, const struct binding *row, int64_t now_s,
                                     struct facts *facts, struct err *err);
/* The installation's: what the last start found. */
MUST_USE enum result measure_installation(struct store *store, struct facts *facts,
                                          struct err *err);

/* What a start leaves in the database for the last of them. */
#define MEASURE_META_CUSTODY "custody"       /* enum custody; none: unmeasured */
#define MEASURE_META_AGREED "agreed"         /* ledger and signed checkpoint were compared */
#define MEASURE_META_SANDBOX "sandbox_since" /* a part of it is refused since then; 0 = none is */

#endif
