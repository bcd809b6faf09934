/* Issuers: one more, and the end of one. */
#include "api_routes.h"
#include "api_shapes.h"
#include "api_verb.h"

#include <base/limits.h>
#include <crypto/pem.h>

static enum result read_link(struct asking *asking, const char *name, struct bytes *field,
                             struct err *err)
{
    return field->n == 0 ? OK : api_verb_read_pem(asking, name, PEM_CERTIFICATE, field, err);
}

static enum result finish_issuer(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    (void)request;
    struct msg_issuer_add *ask = &asking->message.issuer_add;
    TRY(api_verb_read_pem(asking, "certificate", PEM_CERTIFICATE, &ask->certificate, err));
    TRY(read_link(asking, "new_with_old", &ask->new_with_old, err));
    return read_link(asking, "old_with_new", &ask->old_with_new, err);
}

static const struct verb_plan issuer_add = {
    .type = IPC_ISSUER_ADD,
    .shape = &shape_issuer_add,
    .finish = finish_issuer,
};

void api_issuer_add(struct request *request)
{
    api_verb_run(request, &issuer_add);
}

static enum result read_issuer(const struct request *request, uint32_t *ret, struct err *err)
{
    int64_t number = 0;
    TRY(api_read_number("issuer", request_view(request)->parameters[0], 1, UINT32_MAX, &number,
                        err));
    *ret = (uint32_t)number;
    return OK;
}

static enum result finish_retire(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    return read_issuer(request, &asking->message.issuer_retire.number, err);
}

static const struct verb_plan issuer_retire = {
    .type = IPC_ISSUER_RETIRE,
    .shape = &shape_nothing,
    .finish = finish_retire,
};

void api_issuer_retire(struct request *request)
{
    api_verb_run(request, &issuer_retire);
}

static enum result finish_force(const struct request *request, struct asking *asking,
                                struct err *err)
{
    return read_issuer(request, &asking->message.issuer_force.number, err);
}

static const struct verb_plan issuer_force = {
    .type = IPC_ISSUER_FORCE,
    .shape = &shape_nothing,
    .finish = finish_force,
};

void api_issuer_force(struct request *request)
{
    api_verb_run(request, &issuer_force);
}
