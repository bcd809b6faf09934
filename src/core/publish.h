/* Private: what core writes for everybody: checkpoints, CRLs, and the authorities that listeners
 * verify against. */
#ifndef CORE_PUBLISH_H
#define CORE_PUBLISH_H

#include "crl_list.h"

#include <ipc/ipc.h>
#include <pki/crlplan.h>
#include <pki/profile.h>

struct publish {
    uint64_t signed_size;       /* of the last checkpoint that the signer signed */
    uint64_t asked_size;        /* under way; 0 = none */
    int64_t changed_us;         /* monotonic: first change that no checkpoint has; 0 = none */
    int64_t published_ms;       /* wall clock of the last checkpoint, for metrics */
    struct crl_shard crl_asked; /* issuer 0 = none under way */
    struct crl_plan crl_plan;
    struct crl_bases bases;
    uint64_t crl_number; /* greatest that the signer may remember, of any shard */
    int64_t refreshed_s; /* when every shard was last looked at */
    bool is_first_look;
    uint64_t root_crls[PKI_ISSUERS]; /* of each root: number of the one that is current */
    uint64_t crls;
    int64_t told_last; /* device: what the signer is hearing goes up to it; 0 = nothing under way */
    uint64_t told_size; /* and has what so many entries say */
};

struct core;
MUST_USE enum result publish_open(struct core *core, struct err *err);
void publish_tick(struct core *core);
void publish_checkpoint(struct core *core, const struct msg_signed_checkpoint *answer);
void publish_crl(struct core *core, const struct msg_signed_crl *answer, int fd);
MUST_USE enum result publish_trust(struct core *core, struct err *err);

#endif
