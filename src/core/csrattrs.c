/* What a product's devices may ask for. Strangers ask: nothing is written, and a product that is
 * not there looks like one that never chose. */
#include "core.h"

#include <base/log.h>
#include <registry/subject.h>

static enum result read_keys(struct core *core, struct bytes label, uint32_t *ret, struct err *err)
{
    struct product product = {0};
    enum result result = store_product_named(core->store, label, &product, err);
    if (result == OK || result == R_NOT_FOUND)
        *ret = product_keys(&product);
    return result == R_NOT_FOUND ? OK : result;
}

void core_csrattrs(struct core *core, struct ipc_channel *front, const struct msg_csrattrs *ask)
{
    struct err err = {0};
    struct msg_csrattrs_answer answer = {.id = ask->id};
    if (read_keys(core, ask->label, &answer.keys, &err) != OK) {
        log_err(LEVEL_ERROR, "csrattrs", &err, NULL);
        answer.code = E_BUSY;
    }
    if (ipc_send(front, IPC_CSRATTRS_ANSWER, &answer, -1, &err) != OK)
        log_err(LEVEL_WARNING, "answer-lost", &err, NULL);
}
