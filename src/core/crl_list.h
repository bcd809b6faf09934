/* Private: what stands in a CRL and in its delta CRL, and against which base the latter is. */
#ifndef CORE_CRL_LIST_H
#define CORE_CRL_LIST_H

#include <base/blob.h>
#include <base/err.h>
#include <pki/crlplan.h>

#define CRL_BYTES_MAX (12 << 20)   /* SHARD_NUMBERS entries of under 64 octets, twice, and more */
#define CRL_BYTES_LEAST (64 << 10) /* room for a CRL of a few hundred entries */

/* Complete CRLs of one shard that a client may still hold: the first is the base of its deltas
 * until it is over, then the second. Those of this process alone: an older one had other holds. */
struct crl_base {
    struct crl_shard shard;
    struct crl_issue {
        uint64_t number; /* 0 = none */
        int64_t this_s;
    } first, second;
};

struct crl_bases {
    struct crl_base *list; /* owned */
    size_t n, max;
};
void crl_bases_free(struct crl_bases *bases);

/* A complete CRL was published. Without memory for it the next delta is against itself. */
void crl_bases_note(struct crl_bases *bases, const struct crl_plan *plan);

struct core;

/* Appends the two TBSCertLists to `ret`, the complete one first, of `*ret_complete_n` octets:
 * E_MEMORY, E_TOO_LARGE. */
MUST_USE enum result crl_lists_build(struct core *core, const struct crl_plan *plan,
                                     struct blob *ret, size_t *ret_complete_n, struct err *err);

#endif
