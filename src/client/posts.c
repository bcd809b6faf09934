#include <client/posts.h>

#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_ROOM 96

struct posting {
    uint64_t id;
    CURL *curl; /* NULL: free */
    struct curl_slist *headers, *connect_to;
    size_t body_n, header_n;
    bool is_over; /* more than we read of a body: the status counts */
    bool is_bad;  /* more header than an answer has */
    uint32_t retry_after_s;
    char address[ADDRESS_ROOM];
    char problem[CURL_ERROR_SIZE];
};

struct posts {
    CURLM *multi;
    struct posting all[POSTS_MAX];
};

/* ---- open and close -------------------------------------------------------------------------- */

static void posting_end(struct posts *posts, struct posting *posting)
{
    if (posting->curl == NULL)
        return;
    (void)curl_multi_remove_handle(posts->multi, posting->curl);
    curl_easy_cleanup(posting->curl);
    header_list_free(&posting->headers);
    header_list_free(&posting->connect_to);
    *posting = (struct posting){.curl = NULL};
}

enum result posts_open(struct posts **ret, struct err *err)
{
    struct posts *posts = calloc(1, sizeof *posts);
    if (posts == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        free(posts);
        return err_set(err, E_MEMORY, "HTTP client");
    }
    posts->multi = curl_multi_init();
    if (posts->multi == NULL ||
        curl_multi_setopt(posts->multi, CURLMOPT_MAXCONNECTS, (long)POSTS_MAX) != CURLM_OK) {
        posts_close(posts);
        return err_set(err, E_MEMORY, "HTTP client");
    }
    *ret = posts;
    return OK;
}

void posts_close(struct posts *posts)
{
    if (posts == NULL)
        return;
    for (size_t i = 0; i < POSTS_MAX; i++)
        posting_end(posts, &posts->all[i]);
    if (posts->multi != NULL)
        (void)curl_multi_cleanup(posts->multi);
    curl_global_cleanup();
    free(posts);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static size_t take_body(char *data, size_t one, size_t n, void *context)
{
    (void)data;
    struct posting *to = context;
    to->body_n += n;
    to->is_over = to->body_n > POSTS_ANSWER_BYTES;
    return to->is_over ? 0 : one * n;
}

static size_t take_header(char *data, size_t one, size_t n, void *context)
{
    struct posting *to = context;
    char line[CLIENT_TEXT_MAX] = "", value[CLIENT_TEXT_MAX];
    to->header_n += n;
    to->is_bad = to->header_n > POSTS_HEADER_BYTES;
    memcpy(line, data, n < sizeof line ? n : sizeof line - 1);
    if (header_value(line, "Retry-After", value))
        to->retry_after_s = header_retry_after_s(value);
    return to->is_bad ? 0 : one * n;
}

/* ---- begin ----------------------------------------------------------------------------------- */

static bool set_peer(struct posting *posting, const struct post *post)
{
    CURL *curl = posting->curl;
    char line[ADDRESS_ROOM + 2];
    struct curl_blob ca = {(void *)(uintptr_t)post->ca, strlen(post->ca), CURL_BLOB_COPY};
    snprintf(line, sizeof line, "::%s", post->address);
    snprintf(posting->address, sizeof posting->address, "%s", post->address);
    bool ok = header_append(&posting->connect_to, line);
    ok = ok && curl_easy_setopt(curl, CURLOPT_CONNECT_TO, posting->connect_to) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_URL, post->url) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_CAINFO, NULL) == CURLE_OK;
    return ok && (ca.len == 0 || curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca) == CURLE_OK);
}

static bool set_manner(CURL *curl, const struct post *post)
{
    bool ok = curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)post->timeout_ms) == CURLE_OK;
    return ok &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)post->timeout_ms) == CURLE_OK;
}

static bool set_request(struct posting *posting, const struct post *post)
{
    CURL *curl = posting->curl;
    bool ok = header_append(&posting->headers, "Expect:");
    for (size_t i = 0; ok && post->headers[i] != NULL; i++)
        ok = header_append(&posting->headers, post->headers[i]);
    ok = ok && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, posting->headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body.n) == CURLE_OK;
    return ok && curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS,
                                  post->body.n > 0 ? (const char *)post->body.p : "") == CURLE_OK;
}

static bool set_hearing(struct posting *posting)
{
    CURL *curl = posting->curl;
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, posting) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, posting) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, posting->problem) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PRIVATE, posting) == CURLE_OK;
}

static struct posting *free_one(struct posts *posts)
{
    for (size_t i = 0; i < POSTS_MAX; i++)
        if (posts->all[i].curl == NULL)
            return &posts->all[i];
    return NULL;
}

enum result posts_begin(struct posts *posts, const struct post *post, struct err *err)
{
    struct posting *posting = free_one(posts);
    if (posting == NULL)
        return err_set(err, E_BUSY, "%d are under way", POSTS_MAX);
    *posting = (struct posting){.id = post->id, .curl = curl_easy_init()};
    if (posting->curl != NULL && set_peer(posting, post) && set_manner(posting->curl, post) &&
        set_request(posting, post) && set_hearing(posting) &&
        curl_multi_add_handle(posts->multi, posting->curl) == CURLM_OK)
        return OK;
    posting_end(posts, posting);
    return err_set(err, E_MEMORY, "HTTP request");
}

/* ---- wait and end ---------------------------------------------------------------------------- */

enum result posts_wait(struct posts *posts, struct pollfd *fds, size_t n, int timeout_ms,
                       struct err *err)
{
    struct curl_waitfd extra[POSTS_FDS_MAX];
    int running = 0;
    if (n > POSTS_FDS_MAX)
        return err_set(err, E_BUG, "%zu descriptors, at most %d", n, POSTS_FDS_MAX);
    for (size_t i = 0; i < n; i++)
        extra[i] = (struct curl_waitfd){fds[i].fd, CURL_WAIT_POLLIN, 0};
    CURLMcode code = curl_multi_perform(posts->multi, &running);
    if (code == CURLM_OK)
        code = curl_multi_poll(posts->multi, extra, (unsigned)n, timeout_ms, NULL);
    if (code == CURLM_OK)
        code = curl_multi_perform(posts->multi, &running);
    if (code != CURLM_OK)
        return err_set(err, E_IO, "waiting for answers: %s", curl_multi_strerror(code));
    for (size_t i = 0; i < n; i++)
        fds[i].revents = extra[i].revents;
    return OK;
}

static void judge(const struct posting *posting, CURLcode code, struct post_end *ret)
{
    long status = 0;
    *ret = (struct post_end){.id = posting->id, .retry_after_s = posting->retry_after_s};
    if (posting->is_bad)
        (void)err_set(&ret->why, E_TOO_LARGE, "%s: more than %d octets of header", posting->address,
                      POSTS_HEADER_BYTES);
    else if (code != CURLE_OK && !posting->is_over)
        (void)explain_failure(code, posting->address, posting->problem, &ret->why);
    else if (curl_easy_getinfo(posting->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        ret->status = (int)status;
}

bool posts_next(struct posts *posts, struct post_end *ret)
{
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(posts->multi, &left)) != NULL) {
        struct posting *posting = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&posting) !=
                CURLE_OK)
            continue;
        judge(posting, message->data.result, ret);
        posting_end(posts, posting);
        return true;
    }
    return false;
}
