/* An import of a file under way: its good lines as records for core, its bad ones kept for the
 * reply, where those that core refuses join them. */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include "desk.h"

#include <ipc/record.h>

#include <stdint.h>

struct tally;

struct intake {
    struct tally *tally; /* the request's */
    struct record_writer records, faults;
    uint32_t taken;
};

/* What core answered to an upload: a refusal, or what `replies` makes of it. */
typedef enum result (*intake_replies)(struct request *request, struct api_wait *wait,
                                      const struct msg_verb_answer *answer, int fd,
                                      struct err *err);
void intake_take(struct request *request, struct api_wait *wait, const struct ipc_message *message,
                 intake_replies replies);

/* Makes the request's wait, whose reply is that of an import. E_MEMORY. */
MUST_USE enum result intake_wait(struct request *request, struct api_wait **ret, struct err *err);

/* Begins to read its file. Ended with intake_free(), also after a failure. */
MUST_USE enum result intake_begin(struct intake *intake, const struct api_wait *wait,
                                  struct err *err);
void intake_free(struct intake *intake);

/* A good line, as a record of that type, and a bad one. */
MUST_USE enum result intake_add(struct intake *intake, enum ipc_type type, const void *record,
                                struct err *err);
MUST_USE enum result intake_fault(struct intake *intake, uint32_t line, const struct err *why,
                                  struct err *err);

/* The good lines as a sealed memfd, the caller's; -1 when there is none. `rows`: of the file. */
MUST_USE enum result intake_end(struct intake *intake, uint32_t rows, int *ret_fd, struct err *err);

/* Replies for a file that had no good line. */
MUST_USE enum result intake_reply(struct request *request, struct api_wait *wait, struct err *err);

/* What core may take for `rows` of them. */
void intake_extend(struct request *request, uint32_t rows);

#endif
