#include "renew.h"
#include "certificate.h"
#include "root.h"

#include <client/est.h>

enum result renew_if_due(struct connection *connection, int64_t now_s, struct err *err)
{
    CLEANUP(blob_free) struct blob bag = {0};
    struct boundary *boundary = connection->boundary;
    const struct certificate_ask ask = {0};
    int64_t due_s = 0;
    bool has_followed = false;
    TRY(certificate_due(&boundary->state, &due_s, err));
    if (now_s < due_s)
        return OK;
    TRY(connection_ensure(connection, err));
    TRY(est_get_bag(connection->client, BOUNDARY_CACERTS, &bag, err));
    TRY(root_follow(&boundary->state, blob_bytes(&bag), now_s, &has_followed, err));
    TRY(certificate_obtain(&boundary->state, connection->client, &ask, blob_bytes(&bag), now_s,
                           err));
    boundary->credentials++;
    return OK;
}
