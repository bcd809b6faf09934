/* Acts that take two people: what is shown is read from the very bytes that are signed. */
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/print.h>
#include <cli/profile.h>

#include <base/file.h>
#include <crypto/hash.h>
#include <crypto/key.h>
#include <crypto/start.h>
#include <wire/approval.h>
#include <wire/b64.h>
#include <wire/hex.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VALUE_SHOWN 48   /* octets of bytes that are shown */
#define EXECUTED_MS 5000 /* the server needs so long at most, once enough people signed */
#define POLL_MS 100
#define PASSPHRASE_MAX 1024

/* ---- what the bytes say -----------------------------------------------------------------------
 */

static void print_octets(struct session *session, struct bytes octets)
{
    char hex[2 * VALUE_SHOWN + 1];
    struct buf text = buf_over(hex, sizeof hex - 1);
    hex_encode(&text, bytes_slice(octets, 0, VALUE_SHOWN));
    hex[text.n] = '\0';
    fprintf(session->out, "%s%s (%zu octets)", hex, octets.n > VALUE_SHOWN ? "..." : "", octets.n);
}

static void print_text(struct session *session, struct bytes text)
{
    char *copy = strndup(text.n > 0 ? (const char *)text.p : "", text.n);
    print_clean(copy != NULL ? copy : "?", session->out);
    free(copy);
}

static void print_value(struct session *session, const struct approval_value *value)
{
    if (value->type == CBOR_TEXT)
        print_text(session, value->bytes);
    else if (value->type == CBOR_BYTES)
        print_octets(session, value->bytes);
    else if (value->type == CBOR_NULL)
        fputs("nothing", session->out);
    else
        fprintf(session->out, "%lld", (long long)value->number);
}

static void print_pairs(struct session *session, const char *title, struct bytes items)
{
    struct reader walk = approval_walk(items);
    struct approval_value value;
    struct bytes name;
    while (approval_next_pair(&walk, &name, &value)) {
        fprintf(session->out, "  %-8s %.*s = ", title, (int)name.n, (const char *)name.p);
        print_value(session, &value);
        fputc('\n', session->out);
    }
}

static void print_changes(struct session *session, struct bytes items)
{
    struct reader walk = approval_walk(items);
    struct approval_change change;
    while (approval_next_change(&walk, &change)) {
        fprintf(session->out, "  changes  %.*s %lld %.*s: ", (int)change.table.n,
                (const char *)change.table.p, (long long)change.row, (int)change.column.n,
                (const char *)change.column.p);
        print_value(session, &change.before);
        fputs(" -> ", session->out);
        print_value(session, &change.after);
        fputc('\n', session->out);
    }
}

static void print_approval(struct session *session, const struct approval *approval)
{
    char expires[32] = "?";
    time_t at = approval->expires_s;
    struct tm tm;
    if (gmtime_r(&at, &tm) != NULL)
        strftime(expires, sizeof expires, "%Y-%m-%dT%H:%M:%SZ", &tm);
    fprintf(session->out, "approval %llu: %.*s, until %s\n", (unsigned long long)approval->number,
            (int)approval->kind.n, (const char *)approval->kind.p, expires);
    print_pairs(session, "with", approval->parameters);
    print_changes(session, approval->changes);
    print_pairs(session, "touches", approval->counts);
}

struct body {
    size_t n;
    uint8_t p[APPROVAL_MAX];
    struct approval approval; /* points into p */
};

/* The bytes of an answer's member "body". */
static enum result read_body(const json_t *answer, struct body *ret, struct err *err)
{
    const char *why = NULL;
    const char *text = json_string_value(json_object_get(answer, "body"));
    struct buf to = buf_over(ret->p, sizeof ret->p);
    if (text == NULL || !b64_decode(&to, bytes_of(text, strlen(text))))
        return err_set(err, E_UNREACHABLE, "the answer has no bytes to sign");
    ret->n = to.n;
    if (!approval_read(buf_bytes(&to), &ret->approval, &why))
        return err_set(err, E_SYNTAX, "what the server wants signed: %s", why);
    return OK;
}

/* ---- signing ----------------------------------------------------------------------------------
 */

/* With the profile's key; base64 and a NUL to `to`, and, when not NULL, SHA-256 of the key. */
static enum result sign(const struct body *body, char *to, size_t max, uint8_t *ret_key,
                        struct err *err)
{
    static uint8_t space[sizeof APPROVAL_PREFIX + APPROVAL_MAX];
    struct buf text = buf_over(space, sizeof space);
    struct buf encoded = buf_over(to, max - 1);
    struct key_signature signature;
    struct profile profile;
    CLEANUP(key_freep) struct key *key = NULL;
    TRY(crypto_start(err));
    TRY(profile_read(&profile, err));
    TRY(key_load(profile.key, NULL, &key, err));
    if (key_kind(key) != KEY_P256)
        return err_set(err, E_KEY, "%s: approvals are signed by P-256 keys (ES256)", profile.key);
    buf_put_bytes(&text, bytes_text(APPROVAL_PREFIX));
    buf_put_bytes(&text, bytes_of(body->p, body->n));
    TRY(key_sign(key, buf_bytes(&text), &signature, err));
    b64_encode(&encoded, key_signature_bytes(&signature));
    if (!buf_ok(&encoded))
        return err_set(err, E_BUG, "signature");
    to[encoded.n] = '\0';
    if (ret_key != NULL)
        sha256(key_spki(key), ret_key);
    return OK;
}

enum result approval_show_body(struct session *session, const json_t *answer, struct err *err)
{
    static struct body body;
    TRY(read_body(answer, &body, err));
    if (!session->is_json)
        print_approval(session, &body.approval);
    return OK;
}

enum result approval_sign_body(struct session *session, const json_t *answer,
                               char to[APPROVAL_SIGNATURE_TEXT], struct err *err)
{
    static struct body body;
    (void)session;
    TRY(read_body(answer, &body, err));
    return sign(&body, to, APPROVAL_SIGNATURE_TEXT, NULL, err);
}

static enum result send_signature(struct session *session, const struct body *body, struct err *err)
{
    char signature[128], path[64];
    TRY(sign(body, signature, sizeof signature, NULL, err));
    snprintf(path, sizeof path, "/api/v1/approvals/%llu/sign",
             (unsigned long long)body->approval.number);
    json_auto_t *request = json_pack("{s:s}", "signature", signature);
    json_auto_t *answer = NULL;
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = request};
    return session_send(session, &call, &answer, err);
}

static enum result fetch(struct session *session, unsigned long long number, json_t **ret,
                         struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/api/v1/approvals/%llu", number);
    return plan_get(session, path, ret, err);
}

/* The state once the server has done what it now can, or "open" when more people are wanted. */
static enum result wait_for_state(struct session *session, unsigned long long number, json_t **ret,
                                  struct err *err)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (int ms = 0;; ms += POLL_MS) {
        TRY(fetch(session, number, ret, err));
        const char *state = json_string_value(json_object_get(*ret, "state"));
        json_int_t signatures = json_integer_value(json_object_get(*ret, "signatures"));
        bool may_come = state != NULL && strcmp(state, "open") == 0 && signatures > 1;
        if (!may_come || ms >= EXECUTED_MS)
            return OK;
        json_decref(*ret);
        *ret = NULL;
        nanosleep(&pause, NULL);
    }
}

static enum result tell_state(struct session *session, unsigned long long number, struct err *err)
{
    json_auto_t *answer = NULL;
    TRY(wait_for_state(session, number, &answer, err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    const char *state = json_string_value(json_object_get(answer, "state"));
    bool waits = state != NULL && strcmp(state, "open") == 0;
    fprintf(session->out, "approval %llu: %s", number, state != NULL ? state : "?");
    if (waits)
        fprintf(session->out, "; it waits for another approver: troth approval sign %llu", number);
    fputc('\n', session->out);
    return OK;
}

bool approval_is_asked(const json_t *outcome)
{
    return json_integer_value(json_object_get(outcome, "approval")) > 0;
}

enum result approval_tell(struct session *session, const json_t *outcome, struct err *err)
{
    static struct body body;
    TRY(read_body(outcome, &body, err));
    if (!session->is_json)
        print_approval(session, &body.approval);
    TRY(send_signature(session, &body, err));
    return tell_state(session, (unsigned long long)body.approval.number, err);
}

/* ---- commands ---------------------------------------------------------------------------------
 */

static enum result fetch_named(struct session *session, json_t **ret, struct body *body,
                               struct err *err)
{
    TRY(fetch(session, (unsigned long long)argument_number(session->args, "APPROVAL", 0), ret,
              err));
    return read_body(*ret, body, err);
}

enum result action_approval_show(struct session *session, const struct plan *plan, struct err *err)
{
    static struct body body;
    json_auto_t *answer = NULL;
    const char *path = session_text(session, "--bytes");
    TRY(fetch_named(session, &answer, &body, err));
    if (path != NULL)
        TRY(file_write(path, 0644, bytes_of(body.p, body.n), err));
    if (session->is_json) {
        print_json(session, answer);
        return OK;
    }
    print_approval(session, &body.approval);
    print_details(session, plan->columns, answer);
    return OK;
}

/* With the root's key, of whatever kind: a line of base64. */
static enum result sign_as_root(struct session *session, const struct body *body, const char *out,
                                struct err *err)
{
    static uint8_t space[sizeof ROOT_APPROVAL_PREFIX + APPROVAL_MAX];
    char line[B64_ENCODED_MAX(KEY_SIGNATURE_MAX) + 1];
    struct buf text = buf_over(space, sizeof space), encoded = buf_over(line, sizeof line);
    const char *file = session_text(session, "--root-passphrase-file");
    struct key_signature signature;
    CLEANUP(secret_free) struct secret passphrase = {0};
    CLEANUP(key_freep) struct key *key = NULL;
    if (file == NULL)
        return err_set(err, E_USAGE, "--root-key wants --root-passphrase-file FILE");
    TRY(crypto_start(err));
    TRY(secret_read_file(file, PASSPHRASE_MAX, &passphrase, err));
    TRY(key_load(session_text(session, "--root-key"), &passphrase, &key, err));
    buf_put_bytes(&text, bytes_text(ROOT_APPROVAL_PREFIX));
    buf_put_bytes(&text, bytes_of(body->p, body->n));
    TRY(key_sign(key, buf_bytes(&text), &signature, err));
    b64_encode(&encoded, key_signature_bytes(&signature));
    buf_put_u8(&encoded, '\n');
    return buf_ok(&encoded) ? file_write(out, 0644, buf_bytes(&encoded), err)
                            : err_set(err, E_BUG, "signature");
}

/* Without a server: the bytes of a file, and to --out a line of SHA-256 of the key and the
 * signature, hexadecimal and base64. */
static enum result sign_file(struct session *session, const char *path, struct err *err)
{
    static struct body body;
    CLEANUP(blob_free) struct blob file = {0};
    char signature[128], line[256], hex[2 * SHA256_N + 1] = "";
    uint8_t key[SHA256_N];
    const char *why = NULL, *out = session_text(session, "--out");
    if (out == NULL)
        return err_set(err, E_USAGE, "--file wants --out FILE, where the signature goes");
    TRY(file_read(path, sizeof body.p, &file, err));
    memcpy(body.p, file.p, file.n);
    body.n = file.n;
    if (!approval_read(bytes_of(body.p, body.n), &body.approval, &why))
        return err_set(err, E_SYNTAX, "%s: %s", path, why);
    if (!session->is_json)
        print_approval(session, &body.approval);
    if (session_text(session, "--root-key") != NULL)
        return sign_as_root(session, &body, out, err);
    TRY(sign(&body, signature, sizeof signature, key, err));
    struct buf text = buf_over(hex, sizeof hex - 1);
    hex_encode(&text, bytes_of(key, sizeof key));
    int n = snprintf(line, sizeof line, "%s %s\n", hex, signature);
    return file_write(out, 0644, bytes_of(line, (size_t)n), err);
}

enum result action_approval_sign(struct session *session, const struct plan *plan, struct err *err)
{
    (void)plan;
    static struct body body;
    json_auto_t *answer = NULL;
    const char *file = session_text(session, "--file");
    if (file != NULL)
        return sign_file(session, file, err);
    if (session_text(session, "APPROVAL") == NULL)
        return err_set(err, E_USAGE, "wanted APPROVAL, or --file FILE --out FILE");
    TRY(fetch_named(session, &answer, &body, err));
    if (!session->is_json)
        print_approval(session, &body.approval);
    TRY(send_signature(session, &body, err));
    return tell_state(session, (unsigned long long)body.approval.number, err);
}

enum result action_approver(struct session *session, const struct plan *plan, struct err *err)
{
    char path[CLI_PATH_MAX];
    json_auto_t *outcome = NULL;
    bool is_on = strcmp(session_text(session, "STATE"), "on") == 0;
    json_auto_t *request = json_pack("{s:b}", "on", is_on);
    TRY(session_expand(session, plan->path, true, path, sizeof path, err));
    const struct api_call call = {.method = CLIENT_POST, .path = path, .body = request};
    TRY(session_send(session, &call, &outcome, err));
    return approval_tell(session, outcome, err);
}
