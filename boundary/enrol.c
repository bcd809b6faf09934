#include "certificate.h"
#include "root.h"
#include "seal.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <boundary/boundary.h>
#include <client/est.h>
#include <crypto/key.h>
#include <crypto/start.h>

static enum result take_text(const char *what, const char *from, char *to, size_t size,
                             struct err *err)
{
    if (from == NULL || !text_copy(text_bytes(from), to, size))
        return err_set(err, E_USAGE, "%s is missing, or longer than %zu octets", what, size - 1);
    return OK;
}

static enum result read_settings(const struct boundary_enrol *enrol, struct state *ret,
                                 struct err *err)
{
    struct seal_key key;
    TRY(state_set_folder(ret, enrol->state, err));
    TRY(take_text("--server", enrol->server, ret->server, sizeof ret->server, err));
    TRY(take_text("--name", enrol->name, ret->name, sizeof ret->name, err));
    TRY(take_text("--log-key", enrol->log_key, ret->log_key, sizeof ret->log_key, err));
    return seal_read_key(text_bytes(ret->log_key), &key, err);
}

/* A key that an earlier attempt made: its request may have been answered. */
static enum result ensure_key(const struct state *state, struct err *err)
{
    CLEANUP(key_freep) struct key *key = NULL;
    struct state_path path = state_file(state, "key.pem");
    if (file_exists(path.text))
        return OK;
    TRY(key_generate(KEY_P256, &key, err));
    return key_store(key, NULL, KEY_COST_ONLINE, path.text, err);
}

enum result boundary_enrol(const struct boundary_enrol *enrol, struct err *err)
{
    CLEANUP(client_closep) struct client *client = NULL;
    CLEANUP(blob_free) struct blob cacerts = {0};
    struct state state = {0};
    TRY(crypto_start(err));
    TRY(read_settings(enrol, &state, err));
    TRY(folder_ensure(state.folder, 0700, err));
    TRY(root_pin(&state, enrol->root, err));
    TRY(ensure_key(&state, err));
    const struct state_path root = state_file(&state, "root.pem");
    const struct client_options options = {.server = state.server, .root_file = root.text};
    const struct certificate_ask ask = {enrol->name, enrol->token};
    TRY(client_open(&options, &client, err));
    TRY(est_get_bag(client, BOUNDARY_CACERTS, &cacerts, err));
    TRY(certificate_obtain(&state, client, &ask, blob_bytes(&cacerts), clock_now_s(), err));
    return state_write(&state, err);
}
