#include <base/rand.h>
#include <client/api.h>
#include <wire/hex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DETAIL_MAX 256 /* octets of a problem's detail that are shown */
#define KEY_OCTETS 16  /* of an Idempotency-Key: never twice by chance */

/* What a status means when no problem says more. */
static enum code code_of_status(int status)
{
    static const struct {
        int status;
        enum code code;
    } table[] = {
        {400, E_SYNTAX},     {401, E_PROOF},   {403, E_POLICY},   {404, E_NOT_FOUND},
        {405, E_METHOD},     {408, E_TIMEOUT}, {409, E_CONFLICT}, {413, E_TOO_LARGE},
        {415, E_MEDIA_TYPE}, {202, E_WAITING}, {503, E_BUSY},
    };
    for (size_t i = 0; i < LENGTH_OF(table); i++)
        if (table[i].status == status)
            return table[i].code;
    return E_UNREACHABLE;
}

static bool is_media(const char *content_type, const char *media)
{
    size_t n = strlen(media);
    char next = '\0';
    if (strncasecmp(content_type, media, n) == 0)
        next = content_type[n];
    else
        return false;
    return next == '\0' || next == ';' || next == ' ';
}

/* One line of printable ASCII out of what a server wrote. */
static void make_printable(char *text)
{
    size_t n = strcspn(text, "\r\n");
    text[n] = '\0';
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text == 0x7f)
            *text = '?';
}

struct problem {
    enum code code;
    bool is_ours; /* the code came from the server, not from the status */
    char detail[DETAIL_MAX];
    char request_id[CLIENT_TEXT_MAX];
};

static void read_problem(const struct client_answer *answer, struct problem *to)
{
    json_auto_t *root = json_loadb((const char *)answer->body.p, answer->body.n, 0, NULL);
    const char *code = json_string_value(json_object_get(root, "code"));
    const char *detail = json_string_value(json_object_get(root, "detail"));
    const char *id = json_string_value(json_object_get(root, "request_id"));
    const struct error_info *known = code != NULL ? error_parse(code) : NULL;
    to->is_ours = known != NULL;
    if (known != NULL)
        to->code = known->code;
    if (detail != NULL)
        snprintf(to->detail, sizeof to->detail, "%s", detail);
    if (id != NULL)
        snprintf(to->request_id, sizeof to->request_id, "%s", id);
}

/* Copies the line at `at` and returns where the next one begins. */
static const char *take_line(const char *at, const char *end, char to[DETAIL_MAX])
{
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    const char *line_end = stop != NULL ? stop : end;
    snprintf(to, DETAIL_MAX, "%.*s", (int)(line_end - at), at);
    return stop != NULL ? stop + 1 : end;
}

/* EST answers failures as text (RFC 7030 4.2.3). Ours is "E3003: meaning", the detail in a line of
 * its own if there is one, "Next: ...", "Request: ...". */
static void read_text(const struct client_answer *answer, struct problem *to)
{
    const char *at = answer->body.n > 0 ? (const char *)answer->body.p : "";
    const char *end = at + answer->body.n;
    char code[6] = "", second[DETAIL_MAX];
    at = take_line(at, end, to->detail);
    memcpy(code, to->detail, sizeof code - 1);
    const struct error_info *known = code[0] == 'E' ? error_parse(code) : NULL;
    if (known == NULL)
        return;
    to->code = known->code;
    to->is_ours = true;
    take_line(at, end, second);
    bool has_detail = strncmp(second, "Next: ", 6) != 0;
    memcpy(to->detail, has_detail ? second : "", has_detail ? sizeof second : 1);
}

enum result api_error(const struct client_answer *answer, struct err *err)
{
    struct problem problem = {.code = code_of_status(answer->status)};
    memcpy(problem.request_id, answer->request_id, sizeof problem.request_id);
    if (is_media(answer->content_type, "application/problem+json"))
        read_problem(answer, &problem);
    else if (is_media(answer->content_type, "text/plain"))
        read_text(answer, &problem);

    make_printable(problem.detail);
    make_printable(problem.request_id);
    if (problem.detail[0] == '\0' && problem.is_ours)
        snprintf(problem.detail, sizeof problem.detail, "refused");
    else if (problem.detail[0] == '\0')
        snprintf(problem.detail, sizeof problem.detail, "the server answered %d", answer->status);
    const char *id = problem.request_id;
    return err_set(err, problem.code, "%s%s%s%s", problem.detail, id[0] != '\0' ? " (request " : "",
                   id, id[0] != '\0' ? ")" : "");
}

static enum result read_json(const struct client_answer *answer, json_t **ret, struct err *err)
{
    json_error_t why;
    if (answer->body.n == 0) {
        *ret = json_null();
        return OK;
    }
    json_t *root = json_loadb((const char *)answer->body.p, answer->body.n,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (root == NULL)
        return err_set(err, E_UNREACHABLE, "the answer is not JSON: %s; is this a Troth server?",
                       why.text);
    *ret = root;
    return OK;
}

static void random_key(char to[2 * KEY_OCTETS + 1])
{
    uint8_t raw[KEY_OCTETS];
    rand_bytes(raw, sizeof raw);
    struct buf text = buf_over(to, 2 * KEY_OCTETS);
    hex_encode(&text, bytes_of(raw, sizeof raw));
    to[2 * KEY_OCTETS] = '\0';
}

static void free_text(char **text)
{
    free(*text);
}

enum result api_send(struct client *client, const struct api_call *call, json_t **ret,
                     struct err *err)
{
    CLEANUP(free_text)
    char *json = call->body != NULL ? json_dumps(call->body, JSON_COMPACT) : NULL;
    if (call->body != NULL && json == NULL)
        return err_set(err, E_MEMORY, "request body");
    char key[2 * KEY_OCTETS + 1];
    random_key(key);
    struct client_request request = {
        .method = call->method,
        .path = call->path,
        .accept = "application/json",
        .content_type = json != NULL ? "application/json" : call->media,
        .body =
            json != NULL ? bytes_of(json, strlen(json)) : bytes_of(call->content, call->content_n),
        .idempotency_key = call->idempotency_key != NULL ? call->idempotency_key
                           : call->method == CLIENT_POST ? key
                                                         : NULL,
    };
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    TRY(client_send(client, &request, API_TRIES, &answer, err));
    if (answer.status < 200 || answer.status > 299)
        return api_error(&answer, err);
    return read_json(&answer, ret, err);
}

bool api_escape(const char *text, char *to, size_t max)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t at = 0;
    for (; *text != '\0'; text++) {
        bool is_plain = strchr(plain, *text) != NULL;
        size_t need = is_plain ? 1 : 3;
        if (at + need >= max)
            return false;
        snprintf(to + at, max - at, is_plain ? "%c" : "%%%02X", (unsigned char)*text);
        at += need;
    }
    if (at >= max)
        return false;
    to[at] = '\0';
    return true;
}
