/* Requests under way: from a front's message to its answer. One device, and one key, has at most
 * one job that will write; others wait their turn (design 3: two commands for one device never
 * share a batch). */
#ifndef CORE_JOBS_H
#define CORE_JOBS_H

#include <ipc/ipc.h>
#include <service/enrol.h>

/* The indices cannot do without memory, and nothing may be issued without them: core ends, as after
 * a failed sync, and says why. */
_Noreturn void jobs_no_memory(void);

#define UT_HASH_NO_STDINT
#define uthash_fatal(text) jobs_no_memory()
#include <uthash.h>

#define JOBS_MAX 2048 /* under way at once, listeners' and operators' included */
#define JOBS_WAITING_MAX 256

struct job {
    struct enrolment enrolment;
    struct ipc_channel *from;           /* who asked */
    uint64_t asked_id;                  /* his id */
    char request[LIMIT_REQUEST_ID + 1]; /* of the caller, for the log; empty: nobody's */
    uint32_t slot;
    uint32_t generation;
    bool is_held;     /* stands in the two indices below */
    bool is_finished; /* answer it after the commit */
    struct job *next_finished;
    UT_hash_handle by_device;
    UT_hash_handle by_key;
};

/* A request that waits for another one about the same device or key, or for room. */
struct waiting {
    struct ipc_channel *from;
    int64_t ends_s;  /* of the certificate that it shows, as the front says; INT64_MAX: none */
    int64_t since_s; /* when it came */
    size_t n;
    struct waiting *next;
    uint8_t encoded[];
};

struct jobs {
    struct job *slots[JOBS_MAX];
    uint32_t generation;
    uint32_t used;
    uint32_t next_slot;
    struct job *devices; /* uthash, by enrolment.subject.device.id */
    struct job *keys;    /* uthash, by enrolment.spki_hash */
    struct job *finished, **finished_end;
    struct waiting *waiting; /* whose certificate ends soonest in front, then who came first */
    uint32_t waiting_n;
    uint32_t most; /* of devices; at most CONFIG_REQUESTS_MAX */
};

/* NULL when there are too many, or no memory. */
struct job *job_new(struct jobs *jobs, struct ipc_channel *from, uint64_t asked_id,
                    struct bytes request);
void job_free(struct jobs *jobs, struct job *job);

/* The id that the signer carries back, and the job of it; NULL for one that is gone. */
uint64_t job_id(const struct job *job);
struct job *job_find(struct jobs *jobs, uint64_t id);

/* Is another job about this device (0 = none) or key under way? */
bool job_is_busy(const struct jobs *jobs, int64_t device, const uint8_t spki[32]);

/* Enters the job in the indices: from now on it is the one for its device and key. */
void job_hold(struct jobs *jobs, struct job *job);

/* The turn has what it needs: answered when it committed. */
void job_finish(struct jobs *jobs, struct job *job);

/* Is there room for one more of a device? */
bool jobs_have_room(const struct jobs *jobs);

/* Keeps a request that came at `since_s` for later. When too many wait, the one whose certificate
 * ends last gives way: *ret_out, which the caller frees. False when that is the new one itself, or
 * there is no memory. */
bool job_wait(struct jobs *jobs, struct ipc_channel *from, const struct msg_enrol *ask,
              int64_t since_s, struct waiting **ret_out);

/* Puts one back to its place. */
void job_wait_again(struct jobs *jobs, struct waiting *waiting);

void jobs_free(struct jobs *jobs);

#endif
