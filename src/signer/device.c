/* Where devices stand that an older copy of the database must not let go: retired, lost,
 * quarantined, on hold. Nothing is signed; the journal has it, and a restore reads it again
 * (signer/past.h). */
#include "session.h"

#include <ipc/record.h>
#include <ipc/sealed.h>

#define STANDS_BYTES_MAX (64 << 10)

static struct record record_of(const struct msg_device_stand *stand)
{
    struct record record = {.kind = RECORD_DEVICE};
    struct record_device *device = &record.device;

    device->state = stand->state;
    device->quarantine = stand->quarantine;
    device->hold = stand->hold;
    device->product_n = (uint8_t)stand->product.n;
    device->serial_number_n = (uint8_t)stand->serial_number.n;
    memcpy(device->product, stand->product.p, stand->product.n);
    memcpy(device->serial_number, stand->serial_number.p, stand->serial_number.n);
    return record;
}

/* The last one is left in `job`. */
static enum result add_stands(struct session *session, struct record_reader *stands,
                              struct job *job, struct err *err)
{
    struct ipc_message stand;

    for (unsigned n = 0;; n++) {
        TRY(record_next(stands, IPC_DEVICE_STAND, &stand, err));
        if (stand.type == IPC_NONE)
            return OK;
        if (n == REMEMBER_DEVICES_MAX)
            return err_set(err, E_TOO_LARGE, "more than %d devices at once", REMEMBER_DEVICES_MAX);
        job->record = record_of(&stand.device_stand);
        TRY(journal_add(session->journal, &job->record, &job->journal, err));
    }
}

enum result judge_remember(struct session *session, int fd, struct job *job, struct err *err)
{
    CLEANUP(record_close) struct record_reader stands = {0};

    TRY(session_may_sign(session, err));
    TRY(record_open(fd, STANDS_BYTES_MAX, &stands, err));
    return add_stands(session, &stands, job, err);
}

enum result finish_remember(struct session *session, struct job *job, struct err *err)
{
    struct msg_remembered answer = {.id = job->id};
    return session_send(session, IPC_REMEMBERED, &answer, -1, err);
}
