#include "jobs.h"

#include <base/log.h>
#include <base/text.h>

#include <stdlib.h>
#include <string.h>

void jobs_no_memory(void)
{
    log_event(LEVEL_ERROR, "no-memory", {"of", "the requests under way"});
    exit(EXIT_FAILURE);
}

struct job *job_new(struct jobs *jobs, struct ipc_channel *from, uint64_t asked_id,
                    struct bytes request)
{
    if (jobs->used == JOBS_MAX)
        return NULL;
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return NULL;
    while (jobs->slots[jobs->next_slot] != NULL)
        jobs->next_slot = (jobs->next_slot + 1) % JOBS_MAX;

    job->from = from;
    job->asked_id = asked_id;
    if (!text_copy(request, job->request, sizeof job->request))
        job->request[0] = '\0';
    job->slot = jobs->next_slot;
    job->generation = ++jobs->generation;
    jobs->slots[job->slot] = job;
    jobs->used++;
    return job;
}

void job_free(struct jobs *jobs, struct job *job)
{
    if (job->is_held) {
        if (job->enrolment.subject.device.id != 0)
            HASH_DELETE(by_device, jobs->devices, job);
        HASH_DELETE(by_key, jobs->keys, job);
    }
    jobs->slots[job->slot] = NULL;
    jobs->used--;
    enrolment_free(&job->enrolment);
    free(job);
}

uint64_t job_id(const struct job *job)
{
    return (uint64_t)job->generation << 32 | job->slot;
}

struct job *job_find(struct jobs *jobs, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (slot >= JOBS_MAX || jobs->slots[slot] == NULL)
        return NULL;
    return jobs->slots[slot]->generation == (uint32_t)(id >> 32) ? jobs->slots[slot] : NULL;
}

bool job_is_busy(const struct jobs *jobs, int64_t device, const uint8_t spki[32])
{
    struct job *found = NULL;
    HASH_FIND(by_key, jobs->keys, spki, 32, found);
    if (found == NULL && device != 0)
        HASH_FIND(by_device, jobs->devices, &device, sizeof device, found);
    return found != NULL;
}

void job_hold(struct jobs *jobs, struct job *job)
{
    struct enrolment *e = &job->enrolment;
    if (e->subject.device.id != 0)
        HASH_ADD(by_device, jobs->devices, enrolment.subject.device.id, sizeof e->subject.device.id,
                 job);
    HASH_ADD(by_key, jobs->keys, enrolment.spki_hash, sizeof e->spki_hash, job);
    job->is_held = true;
}

void job_finish(struct jobs *jobs, struct job *job)
{
    if (jobs->finished == NULL)
        jobs->finished_end = &jobs->finished;
    job->is_finished = true;
    *jobs->finished_end = job;
    jobs->finished_end = &job->next_finished;
}

bool jobs_have_room(const struct jobs *jobs)
{
    return jobs->used < jobs->most;
}

void job_wait_again(struct jobs *jobs, struct waiting *waiting)
{
    struct waiting **at = &jobs->waiting;
    while (*at != NULL && (*at)->ends_s <= waiting->ends_s)
        at = &(*at)->next;
    waiting->next = *at;
    *at = waiting;
    jobs->waiting_n++;
}

/* Only what a certificate of ours shows may go first. */
static int64_t end_of(const struct msg_enrol *ask)
{
    return ask->credential == CREDENTIAL_LDEVID ? ask->peer_not_after_s : INT64_MAX;
}

static struct waiting *make_waiting(struct ipc_channel *from, const struct msg_enrol *ask,
                                    int64_t since_s)
{
    struct waiting *waiting = malloc(sizeof *waiting + LIMIT_MESSAGE_BYTES);
    if (waiting == NULL)
        return NULL;
    *waiting = (struct waiting){.from = from, .ends_s = end_of(ask), .since_s = since_s};
    if (ipc_encode(IPC_ENROL, ask, waiting->encoded, LIMIT_MESSAGE_BYTES, &waiting->n, NULL) == OK)
        return waiting;
    free(waiting);
    return NULL;
}

static struct waiting *take_last(struct jobs *jobs)
{
    struct waiting **at = &jobs->waiting;
    while ((*at)->next != NULL)
        at = &(*at)->next;
    struct waiting *last = *at;
    *at = NULL;
    jobs->waiting_n--;
    return last;
}

bool job_wait(struct jobs *jobs, struct ipc_channel *from, const struct msg_enrol *ask,
              int64_t since_s, struct waiting **ret_out)
{
    struct waiting *waiting = make_waiting(from, ask, since_s);
    if (waiting == NULL)
        return false;
    job_wait_again(jobs, waiting);
    if (jobs->waiting_n <= JOBS_WAITING_MAX)
        return true;
    struct waiting *last = take_last(jobs);
    if (last != waiting) {
        *ret_out = last;
        return true;
    }
    free(last);
    return false;
}

void jobs_free(struct jobs *jobs)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (jobs->slots[i] != NULL)
            job_free(jobs, jobs->slots[i]);
    while (jobs->waiting != NULL) {
        struct waiting *gone = jobs->waiting;
        jobs->waiting = gone->next;
        free(gone);
    }
}
