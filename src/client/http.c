#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 2048
#define HEADER_LINE_MAX 256

struct client {
    CURL *curl;
    char base[URL_MAX];
    char peer[URL_MAX];            /* the server in messages: its address, or the socket's path */
    char problem[CURL_ERROR_SIZE]; /* libcurl's words for the last failure */
    bool is_unverified;
    size_t answer_max;
    void (*progress)(void *context, uint64_t sent, uint64_t received);
    void *progress_context;
    bool (*is_given_up)(void *context);
    void *given_up_context;
};

/* ---- opening ----------------------------------------------------------------------------------
 */

static enum result check_options(const struct client_options *o, struct err *err)
{
    if (o->socket == NULL && (o->server == NULL || strncasecmp(o->server, "https://", 8) != 0))
        return err_set(err, E_USAGE, "server address is '%s'; wanted https://HOST:PORT",
                       o->server != NULL ? o->server : "");
    if (o->socket == NULL && !o->is_unverified && o->root_file == NULL)
        return err_set(err, E_USAGE, "no root certificate: the server could be anybody");
    bool has_certificate = o->certificate_file != NULL || o->certificate_pem.n > 0;
    if (has_certificate != (o->key_file != NULL))
        return err_set(err, E_USAGE, "certificate and key go together, only one was given");
    if (o->is_unverified && has_certificate)
        return err_set(err, E_USAGE, "an unverified server gets no client certificate");
    return OK;
}

static bool set_trust(CURL *curl, const struct client_options *o)
{
    long verify = o->is_unverified ? 0 : 1;
    bool ok = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, verify) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, verify * 2) == CURLE_OK;
    /* Debian's libcurl trusts /etc/ssl/certs beside CAINFO unless CAPATH is taken away. */
    ok = ok && curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_CAINFO, o->root_file) == CURLE_OK;
    if (!ok || o->key_file == NULL)
        return ok;
    struct curl_blob pem = {(void *)(uintptr_t)o->certificate_pem.p, o->certificate_pem.n,
                            CURL_BLOB_COPY};
    ok = curl_easy_setopt(curl, CURLOPT_SSLKEY, o->key_file) == CURLE_OK;
    if (o->certificate_file != NULL)
        return ok && curl_easy_setopt(curl, CURLOPT_SSLCERT, o->certificate_file) == CURLE_OK;
    return ok && curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &pem) == CURLE_OK;
}

static bool set_transport(CURL *curl, const struct client_options *o)
{
    long timeout_s = o->timeout_s > 0 ? (long)o->timeout_s : CLIENT_TIMEOUT_S;
    const char *protocols = o->socket != NULL ? "http" : "https";
    bool ok = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    if (ok && o->socket != NULL)
        ok = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, o->socket) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, timeout_s) == CURLE_OK;
    return ok;
}

static int tell_progress(void *context, curl_off_t to_come, curl_off_t received, curl_off_t to_send,
                         curl_off_t sent)
{
    (void)to_come;
    (void)to_send;
    const struct client *client = context;
    if (client->progress != NULL)
        client->progress(client->progress_context, (uint64_t)sent, (uint64_t)received);
    return client->is_given_up != NULL && client->is_given_up(client->given_up_context) ? 1 : 0;
}

static bool set_progress(struct client *client, const struct client_options *o)
{
    client->progress = o->progress;
    client->progress_context = o->progress_context;
    client->is_given_up = o->is_given_up;
    client->given_up_context = o->given_up_context;
    CURL *curl = client->curl;
    return (o->progress == NULL && o->is_given_up == NULL) ||
           (curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_progress) == CURLE_OK &&
            curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client) == CURLE_OK);
}

enum result client_open(const struct client_options *options, struct client **ret, struct err *err)
{
    TRY(check_options(options, err));
    CLEANUP(client_closep) struct client *client = calloc(1, sizeof *client);
    if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return err_set(err, E_MEMORY, "HTTP client");
    client->curl = curl_easy_init();
    client->answer_max = options->answer_max > 0 ? options->answer_max : CLIENT_ANSWER_BYTES;
    client->is_unverified = options->is_unverified;

    const char *base = options->socket != NULL ? "http://localhost" : options->server;
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    if (n >= sizeof client->base)
        return err_set(err, E_USAGE, "server address has %zu octets; at most %zu", n,
                       sizeof client->base - 1);
    memcpy(client->base, base, n);
    snprintf(client->peer, sizeof client->peer, "%s",
             options->socket != NULL ? options->socket : client->base);

    if (client->curl == NULL || !set_trust(client->curl, options) ||
        !set_transport(client->curl, options) || !set_progress(client, options) ||
        curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->problem) != CURLE_OK)
        return err_set(err, E_MEMORY, "HTTP client");
    *ret = STEAL(client);
    return OK;
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    if (client->curl != NULL)
        curl_easy_cleanup(client->curl);
    curl_global_cleanup();
    free(client);
}

void client_closep(struct client **client)
{
    client_close(*client);
}

void client_answer_free(struct client_answer *answer)
{
    blob_free(&answer->body);
}

/* ---- receiving --------------------------------------------------------------------------------
 */

struct receiving {
    struct client_answer *answer;
    size_t max;
    bool is_too_large;
};

static size_t take_body(char *data, size_t one, size_t n, void *context)
{
    struct receiving *to = context;
    struct blob *body = &to->answer->body;
    if (n > to->max - body->n) {
        to->is_too_large = true;
        return 0;
    }
    uint8_t *grown = realloc(body->p, body->n + n);
    if (grown == NULL)
        return 0;
    memcpy(grown + body->n, data, n);
    *body = (struct blob){grown, body->n + n};
    return one * n;
}

static int64_t date_s(const char *text)
{
    time_t at = curl_getdate(text, NULL);
    return at > 0 ? at : 0;
}

static size_t take_header(char *data, size_t one, size_t n, void *context)
{
    struct client_answer *answer = ((struct receiving *)context)->answer;
    char line[HEADER_LINE_MAX] = "", value[CLIENT_TEXT_MAX];
    memcpy(line, data, n < sizeof line ? n : sizeof line - 1);
    if (header_value(line, "Retry-After", value))
        answer->retry_after_s = header_retry_after_s(value);
    else if (header_value(line, "Renew-At", value))
        answer->renew_at_s = date_s(value);
    else if (header_value(line, "Content-Type", value))
        memcpy(answer->content_type, value, sizeof value);
    else if (header_value(line, "X-Request-Id", value))
        memcpy(answer->request_id, value, sizeof value);
    return one * n;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    char line[HEADER_LINE_MAX];
    if (value == NULL)
        return true;
    int n = snprintf(line, sizeof line, "%s: %s", name, value);
    if (n < 0 || (size_t)n >= sizeof line)
        return false;
    return header_append(list, line);
}

static bool set_headers(CURL *curl, const struct client_request *request, struct curl_slist **list)
{
    /* An empty Expect: libcurl would else wait a second for "100 Continue" on bodies over 1 MB. */
    bool ok = add_header(list, "Accept", request->accept != NULL ? request->accept : "*/*") &&
              add_header(list, "Content-Type", request->content_type) &&
              add_header(list, "Idempotency-Key", request->idempotency_key);
    return ok && header_append(list, "Expect:") &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *list) == CURLE_OK;
}

static bool set_method(CURL *curl, const struct client_request *request)
{
    if (request->method == CLIENT_GET)
        return curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                            request->body.n > 0 ? (const char *)request->body.p : "") == CURLE_OK;
}

static bool set_credentials(CURL *curl, const struct client_request *request)
{
    return curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERNAME, request->user) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password) == CURLE_OK;
}

static enum result check_request(const struct client *client, const struct client_request *request,
                                 struct err *err)
{
    if (request->method == CLIENT_NONE || request->path == NULL || request->path[0] != '/')
        return err_set(err, E_BUG, "HTTP request without method or path");
    if (client->is_unverified && (request->method != CLIENT_GET || request->user != NULL))
        return err_set(err, E_BUG, "a credential or a body for an unverified server");
    if ((request->user == NULL) != (request->password == NULL))
        return err_set(err, E_BUG, "user and password go together");
    return OK;
}

static enum result perform(struct client *client, struct receiving *to, struct err *err)
{
    CURL *curl = client->curl;
    client->problem[0] = '\0';
    if (curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, to) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, to) != CURLE_OK)
        return err_set(err, E_MEMORY, "HTTP request");

    CURLcode code = curl_easy_perform(curl);
    if (to->is_too_large)
        return err_set(err, E_TOO_LARGE, "the answer has more than %zu octets", client->answer_max);
    if (code != CURLE_OK)
        return explain_failure(code, client->peer, client->problem, err);
    long status = 0;
    if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
        return err_set(err, E_BUG, "no status");
    to->answer->status = (int)status;
    return OK;
}

enum result client_exchange(struct client *client, const struct client_request *request,
                            struct client_answer *ret, struct err *err)
{
    TRY(check_request(client, request, err));
    char url[URL_MAX];
    int n = snprintf(url, sizeof url, "%s%s", client->base, request->path);
    if (n < 0 || (size_t)n >= sizeof url)
        return err_set(err, E_USAGE, "the address has more than %zu octets", sizeof url - 1);

    CLEANUP(header_list_free) struct curl_slist *headers = NULL;
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    struct receiving to = {.answer = &answer, .max = client->answer_max};
    if (curl_easy_setopt(client->curl, CURLOPT_URL, url) != CURLE_OK ||
        !set_method(client->curl, request) || !set_credentials(client->curl, request) ||
        !set_headers(client->curl, request, &headers))
        return err_set(err, E_MEMORY, "HTTP request");
    TRY(perform(client, &to, err));
    *ret = answer;
    answer = (struct client_answer){0};
    return OK;
}
