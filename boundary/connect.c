#include "connect.h"
#include "apply.h"

#include <client/api.h>
#include <client/backoff.h>

#define PIECE_MS 50

static bool is_stopping(void *context)
{
    const struct boundary *boundary = context;
    return boundary->is_stopping;
}

enum result connection_ensure(struct connection *connection, struct err *err)
{
    struct boundary *boundary = connection->boundary;
    unsigned credentials = boundary->credentials;
    if (connection->client != NULL && connection->credentials == credentials)
        return OK;
    connection_close(connection);
    const struct state_path root = state_file(&boundary->state, "root.pem");
    const struct state_path certificate = state_file(&boundary->state, "certificate.pem");
    const struct state_path key = state_file(&boundary->state, "key.pem");
    const struct client_options options = {
        .server = boundary->state.server,
        .root_file = root.text,
        .certificate_file = certificate.text,
        .key_file = key.text,
        .timeout_s = connection->timeout_s,
        .answer_max = APPLY_BODY_MAX,
        .is_given_up = is_stopping,
        .given_up_context = boundary,
    };
    TRY(client_open(&options, &connection->client, err));
    connection->credentials = credentials;
    return OK;
}

void connection_close(struct connection *connection)
{
    client_close(connection->client);
    connection->client = NULL;
}

enum result connection_get(struct connection *connection, const char *path,
                           struct client_answer *ret, struct err *err)
{
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    const struct client_request request = {.method = CLIENT_GET, .path = path};
    TRY(connection_ensure(connection, err));
    TRY(client_exchange(connection->client, &request, &answer, err));
    ret->status = answer.status;
    ret->retry_after_s = answer.retry_after_s;
    if (answer.status != 200)
        return api_error(&answer, err);
    *ret = answer;
    answer.body = (struct blob){0};
    return OK;
}

void connection_pause(struct boundary *boundary, uint32_t ms)
{
    for (; ms > 0 && !boundary->is_stopping; ms -= ms < PIECE_MS ? ms : PIECE_MS)
        backoff_sleep_ms(ms < PIECE_MS ? ms : PIECE_MS);
}
