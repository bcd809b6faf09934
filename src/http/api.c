/* What the handlers of the operators' interface share. */
#include "desk.h"

#include <base/limits.h>
#include <crypto/hash.h>
#include <wire/hex.h>

#include <stdlib.h>
#include <string.h>

static void wait_free(void *context)
{
    struct api_wait *wait = context;
    api_doc_free(wait->doc);
    if (wait->own_free != NULL)
        wait->own_free(wait->own);
    free(wait);
}

enum result api_wait_begin(struct request *request, struct api_wait **ret, struct err *err)
{
    struct api_wait *wait = calloc(1, sizeof *wait);
    if (wait == NULL)
        return err_set(err, E_MEMORY, "no memory for a request");
    request_set_context(request, wait, wait_free);
    wait->doc = api_doc_new();
    if (wait->doc == NULL)
        return err_set(err, E_MEMORY, "no memory for an answer");
    *ret = wait;
    return OK;
}

static enum result ask(struct request *request, struct ipc_channel *peer, enum ipc_type type,
                       const void *message, int pass_fd, struct err *err)
{
    enum result result = ipc_send(peer, type, message, pass_fd, err);
    if (result == R_BUSY)
        return err_set(err, E_BUSY, "%s has no room for another request",
                       ipc_role_name(peer->peer));
    TRY(result);
    request_wait(request);
    return OK;
}

enum result api_may_ask(const struct request *request, struct err *err)
{
    const struct desk *desk = request_owner(request);
    if (desk->is_core_loaded)
        return err_set(err, E_BUSY, "devices come first while there are so many of them");
    return OK;
}

enum result api_ask_core(struct request *request, enum ipc_type type, const void *message,
                         int pass_fd, struct err *err)
{
    struct desk *desk = request_owner(request);
    return ask(request, &desk->core, type, message, pass_fd, err);
}

enum result api_ask_reader(struct request *request, const struct msg_question *question,
                           struct err *err)
{
    struct desk *desk = request_owner(request);
    TRY(api_may_ask(request, err));
    return ask(request, &desk->reader, IPC_QUESTION, question, -1, err);
}

enum result api_check_query(const struct request *request, const char *const *names,
                            struct err *err)
{
    struct bytes other;
    if (!request_query_other(request, names, &other))
        return OK;
    return err_set(err, E_SYNTAX, "query: \"%s\" is no parameter of this address",
                   err_value(other).text);
}

/* The client's key and what it asked for with it, as one key of core's. */
static void mix_key(const struct request *request, struct bytes key, char space[API_KEY_N])
{
    const struct request_view *view = request_view(request);
    const struct bytes nul = bytes_of("", 1);
    const struct bytes parts[] = {
        key,
        nul,
        bytes_of(view->route->path, strlen(view->route->path)),
        nul,
        view->parameters[0],
        nul,
        view->parameters[1],
        nul,
        view->parameters[2],
        nul,
        view->body,
    };
    uint8_t digest[SHA256_N];
    sha256_parts(parts, LENGTH_OF(parts), digest);
    struct buf text = buf_over(space, API_KEY_N);
    hex_encode(&text, bytes_of(digest, sizeof digest));
}

static enum result read_key(const struct request *request, char space[API_KEY_N], struct bytes *ret,
                            struct err *err)
{
    const char *key = request_header(request, "Idempotency-Key");
    if (key == NULL)
        return OK;
    size_t n = strlen(key);
    if (n == 0 || n > LIMIT_NAME)
        return err_set(err, E_SYNTAX, "Idempotency-Key: seen %zu octets, wanted 1 to %d", n,
                       LIMIT_NAME);
    mix_key(request, bytes_of(key, n), space);
    *ret = bytes_of(space, API_KEY_N);
    return OK;
}

enum result api_read_flag(const struct request *request, const char *name, uint8_t *ret,
                          struct err *err)
{
    struct bytes text;
    *ret = 0;
    if (!request_query(request, name, &text))
        return OK;
    *ret = bytes_equal(text, bytes_text("true"));
    if (*ret == 0 && !bytes_equal(text, bytes_text("false")))
        return err_set(err, E_SYNTAX, "%s: seen \"%s\", wanted true or false", name,
                       err_value(text).text);
    return OK;
}

enum result api_read_asked(const struct request *request, char key_space[API_KEY_N],
                           struct msg_clock_accept *ret, struct err *err)
{
    static const char *const names[] = {"dry_run", NULL};
    return api_read_asked_of(request, names, key_space, ret, err);
}

enum result api_read_asked_of(const struct request *request, const char *const *names,
                              char key_space[API_KEY_N], struct msg_clock_accept *ret,
                              struct err *err)
{
    const struct request_view *view = request_view(request);
    TRY(api_check_query(request, names, err));
    ret->id = view->number;
    ret->request = bytes_of(view->id, strlen(view->id));
    memcpy(ret->operator_spki, view->peer->spki_hash, sizeof ret->operator_spki);
    TRY(read_key(request, key_space, &ret->key, err));
    return api_read_flag(request, "dry_run", &ret->dry_run, err);
}

enum result api_read_serial(struct bytes hex, uint8_t *space, struct bytes *ret, struct err *err)
{
    struct buf serial = buf_over(space, 20);
    if (hex.n == 0 || !hex_decode(&serial, hex))
        return err_set(err, E_SYNTAX,
                       "serial number: seen \"%s\", wanted 2 to 40 hexadecimal digits",
                       err_value(hex).text);
    *ret = buf_bytes(&serial);
    return OK;
}

void api_reply_doc(struct request *request, const struct api_doc *doc, int status)
{
    struct blob json = {0};
    struct err err = {0};
    if (api_doc_write(doc, &json, &err) != OK) {
        request_refuse(request, &err);
        return;
    }
    const struct reply reply = {.status = status, .media_type = "application/json"};
    request_reply_owned(request, &reply, json.p, json.n);
}

void api_reply_text(struct request *request, const char *media_type, struct bytes text)
{
    const struct reply reply = {.status = 200, .media_type = media_type, .body = text};
    request_reply(request, &reply);
}

void api_refuse_code(struct request *request, uint32_t code, struct bytes text)
{
    struct err err = {0};
    err_set(&err, (enum code)code, "%.*s", (int)text.n, (const char *)text.p);
    request_refuse(request, &err);
}
