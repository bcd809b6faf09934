/* Boundaries and bindings: their verbs, and what is asked of them. */
#include "api_question.h"
#include "api_routes.h"
#include "api_shapes.h"
#include "api_verb.h"
#include "api_words.h"
#include "authorities.h"
#include "reply.h"

#include <base/clock.h>
#include <base/file.h>
#include <base/text.h>
#include <crypto/hash.h>
#include <trust/boundary_words.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400
#define KEYS_FILE "checkpoint-keys" /* in the public folder: a line a key */
#define KEYS_MAX 1024

/* ---- how it enrols ----------------------------------------------------------------------------
 */

/* Where devices, and boundaries, find this server. */
static void put_server(struct api_doc *doc, const struct config *config)
{
    char url[CONFIG_NAME_MAX + 32];
    const char *name = config->server_names[0];
    bool is_ip6 = strchr(name, ':') != NULL;
    snprintf(url, sizeof url, "https://%s%s%s:%u", is_ip6 ? "[" : "", name, is_ip6 ? "]" : "",
             address_port(&config->listen.device));
    api_put_text(doc, NULL, "server", text_bytes(url));
}

static void put_root(struct api_doc *doc, const struct authorities *authorities)
{
    uint8_t hash[SHA256_N];
    if (authorities == NULL)
        return;
    sha256(authorities_newest_root(authorities), hash);
    api_put_hex(doc, NULL, "root_sha256", bytes_of(hash, sizeof hash));
}

/* The feed and checkpoints are verified by it: the second of two lines, behind the Ed25519 key. */
static void put_log_key(struct api_doc *doc, int folder)
{
    char lines[KEYS_MAX];
    struct reply_file file = {.fd = -1};
    struct err err = {0};
    if (reply_open_file(folder, KEYS_FILE, &file, &err) != OK)
        return;
    CLEANUP(fd_closep) int fd = file.fd;
    ssize_t n = pread(fd, lines, sizeof lines, 0);
    const char *first = n > 0 ? memchr(lines, '\n', (size_t)n) : NULL;
    if (first == NULL)
        return;
    size_t left = (size_t)(lines + n - first - 1);
    const char *end = memchr(first + 1, '\n', left);
    if (end != NULL)
        api_put_text(doc, NULL, "log_key", bytes_of(first + 1, (size_t)(end - first - 1)));
}

/* The token is shown this once; what else the one command has that enrols it, with it. */
static void show_token(const struct request *request, struct api_wait *wait,
                       const struct msg_verb_answer *answer)
{
    const struct desk *desk = request_owner(request);
    if (answer->secret.n == 0 || wait->is_dry_run)
        return;
    api_put_text(wait->doc, NULL, "token", answer->secret);
    put_server(wait->doc, desk->setup->config);
    put_root(wait->doc, desk->upkeep.authorities);
    put_log_key(wait->doc, desk->setup->public_dir_fd);
}

/* ---- verbs ------------------------------------------------------------------------------------
 */

static const struct verb_plan boundary_add = {
    .type = IPC_BOUNDARY_ADD,
    .shape = &shape_boundary_add,
    .defaults.boundary_add = {.age_s = SERVICE_AGE_S, .ttl_s = DAY_S},
    .show = show_token,
};

void api_boundary_add(struct request *request)
{
    api_verb_run(request, &boundary_add);
}

static enum result finish_set(const struct request *request, struct asking *asking, struct err *err)
{
    (void)err;
    asking->message.boundary_set.name = request_view(request)->parameters[0];
    return OK;
}

static const struct verb_plan boundary_set = {
    .type = IPC_BOUNDARY_SET,
    .shape = &shape_boundary_set,
    .defaults.boundary_set = {.age_s = -1, .ttl_s = DAY_S},
    .finish = finish_set,
    .show = show_token,
};

void api_boundary_set(struct request *request)
{
    api_verb_run(request, &boundary_set);
}

static enum result finish_open(const struct request *request, struct asking *asking,
                               struct err *err)
{
    (void)err;
    asking->message.boundary_fail_open.name = request_view(request)->parameters[0];
    return OK;
}

static const struct verb_plan boundary_fail_open = {
    .type = IPC_BOUNDARY_FAIL_OPEN,
    .shape = &shape_boundary_fail_open,
    .finish = finish_open,
};

void api_boundary_fail_open(struct request *request)
{
    api_verb_run(request, &boundary_fail_open);
}

static enum result finish_remove(const struct request *request, struct asking *asking,
                                 struct err *err)
{
    (void)err;
    asking->message.boundary_remove.name = request_view(request)->parameters[0];
    return OK;
}

static const struct verb_plan boundary_remove = {
    .type = IPC_BOUNDARY_REMOVE,
    .shape = &shape_boundary_remove,
    .finish = finish_remove,
};

void api_boundary_remove(struct request *request)
{
    api_verb_run(request, &boundary_remove);
}

/* The body says for how long. */
static enum result finish_binding(const struct request *request, struct asking *asking,
                                  struct err *err)
{
    struct msg_binding_add *add = &asking->message.binding_add;
    (void)request;
    (void)err;
    if (add->expires_s != 0)
        add->expires_s += clock_now_s();
    return OK;
}

static const struct verb_plan binding_add = {
    .type = IPC_BINDING_ADD,
    .shape = &shape_binding_add,
    .finish = finish_binding,
};

void api_binding_add(struct request *request)
{
    api_verb_run(request, &binding_add);
}

static enum result finish_binding_remove(const struct request *request, struct asking *asking,
                                         struct err *err)
{
    return api_read_number("binding", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.binding_remove.binding, err);
}

static const struct verb_plan binding_remove = {
    .type = IPC_BINDING_REMOVE,
    .shape = &shape_binding_remove,
    .finish = finish_binding_remove,
};

void api_binding_remove(struct request *request)
{
    api_verb_run(request, &binding_remove);
}

/* ---- questions --------------------------------------------------------------------------------
 */

/* clang-format off */
static const struct api_field boundary_fields[] = {
    API_FIELD("id", struct msg_boundary_row, row, API_NUMBER),
    API_FIELD("name", struct msg_boundary_row, name, API_TEXT),
    API_FIELD("state", struct msg_boundary_row, state, API_WORD, .words = &words_boundary_state),
    API_FIELD("services", struct msg_boundary_row, services, API_TEXT),
    API_FIELD("created", struct msg_boundary_row, created_s, API_TIME),
    API_FIELD("not_after", struct msg_boundary_row, not_after_s, API_TIME_OR_NULL),
    API_FIELD("token_until", struct msg_boundary_row, token_until_s, API_TIME_OR_NULL),
    API_FIELD("spki", struct msg_boundary_row, spki, API_HASH),
    API_FIELD("heard", struct msg_boundary_row, heard_s, API_TIME_OR_NULL),
    API_FIELD("status_generation", struct msg_boundary_row, status_generation, API_NUMBER),
    API_FIELD("service_generation", struct msg_boundary_row, service_generation, API_NUMBER),
    API_FIELD("behind_since", struct msg_boundary_row, behind_since_s, API_TIME_OR_NULL),
};

static const struct api_field service_fields[] = {
    API_FIELD("name", struct msg_service_row, name, API_TEXT),
    API_FIELD("age_s", struct msg_service_row, age_s, API_NUMBER),
    API_FIELD("fail_open", struct msg_service_row, fail_open, API_FLAG),
};

static const struct api_field binding_fields[] = {
    API_FIELD("id", struct msg_binding_row, row, API_NUMBER),
    API_FIELD("service", struct msg_binding_row, service, API_TEXT),
    API_FIELD("kind", struct msg_binding_row, kind, API_WORD, .words = &words_binding_kind),
    API_FIELD("product", struct msg_binding_row, product, API_TEXT),
    API_FIELD("of_owner", struct msg_binding_row, of_owner, API_TEXT),
    API_FIELD("serial", struct msg_binding_row, serial_number, API_TEXT),
    API_FIELD("actions", struct msg_binding_row, actions, API_WORDS, .words = &words_binding_action),
    API_FIELD("pattern", struct msg_binding_row, pattern, API_TEXT),
    API_FIELD("in_force", struct msg_binding_row, in_force, API_FLAG),
    API_FIELD("created", struct msg_binding_row, created_s, API_TIME),
    API_FIELD("expires", struct msg_binding_row, expires_s, API_TIME_OR_NULL),
    API_FIELD("used", struct msg_binding_row, used_s, API_TIME_OR_NULL),
};
/* clang-format on */

static void list_begin(struct api_doc *doc)
{
    api_list(doc, "items");
}

static void list_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_BOUNDARY_ROW)
        api_add(wait->doc, "items", API_SHAPE(boundary_fields), &message->boundary_row);
    else if (message->type == IPC_BINDING_ROW)
        api_add(wait->doc, "items", API_SHAPE(binding_fields), &message->binding_row);
}

static void list_end(struct request *request, struct api_wait *wait, int64_t next)
{
    api_put_next(wait->doc, next);
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan boundaries = {
    .kind = QUESTION_BOUNDARIES,
    .names = (const char *const[]){"after", "limit", "all", NULL},
    .begin = list_begin,
    .row = list_row,
    .end = list_end,
};

void api_boundary_list(struct request *request)
{
    api_question(request, &boundaries, (struct msg_question){0});
}

static const struct plan bindings = {
    .kind = QUESTION_BINDINGS,
    .names = (const char *const[]){"after", "limit", "all", "service", NULL},
    .begin = list_begin,
    .row = list_row,
    .end = list_end,
};

void api_binding_list(struct request *request)
{
    api_question(request, &bindings, (struct msg_question){0});
}

static void show_begin(struct api_doc *doc)
{
    api_section(doc, "boundary");
    api_list(doc, "services");
}

static void show_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_BOUNDARY_ROW)
        api_put(wait->doc, "boundary", API_SHAPE(boundary_fields), &message->boundary_row);
    else if (message->type == IPC_SERVICE_ROW)
        api_add(wait->doc, "services", API_SHAPE(service_fields), &message->service_row);
}

static void show_end(struct request *request, struct api_wait *wait, int64_t next)
{
    (void)next;
    api_reply_doc(request, wait->doc, 200);
}

static const struct plan boundary = {
    .kind = QUESTION_BOUNDARY,
    .names = (const char *const[]){NULL},
    .begin = show_begin,
    .row = show_row,
    .end = show_end,
};

void api_boundary_show(struct request *request)
{
    api_question(request, &boundary,
                 (struct msg_question){.name = request_view(request)->parameters[0]});
}

static void binding_begin(struct api_doc *doc)
{
    (void)doc;
}

static void binding_row(struct api_wait *wait, const struct ipc_message *message)
{
    if (message->type == IPC_BINDING_ROW)
        api_put(wait->doc, NULL, API_SHAPE(binding_fields), &message->binding_row);
}

static const struct plan binding = {
    .kind = QUESTION_BINDING,
    .names = (const char *const[]){NULL},
    .begin = binding_begin,
    .row = binding_row,
    .end = show_end,
};

void api_binding_show(struct request *request)
{
    struct msg_question question = {0};
    struct err err = {0};
    if (api_read_number("binding", request_view(request)->parameters[0], 1, INT64_MAX,
                        &question.number, &err) != OK)
        request_refuse(request, &err);
    else
        api_question(request, &binding, question);
}
