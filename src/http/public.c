#include "public.h"
#include "front_state.h"
#include "reply.h"

#include <base/clock.h>
#include <base/file.h>
#include <proto/public.h>
#include <wire/status_list.h>

#include <stdio.h>
#include <unistd.h>

/* Room for a folder and a path parameter; longer ones name no file of ours. */
#define PATH_MAX_N 160

#define DELTA_AGE_S 60 /* so long a cache keeps a delta CRL */

static int folder_of(const struct request *request)
{
    const struct front *front = request_owner(request);
    return front->setup->public_dir_fd;
}

static void refuse_unknown(struct request *request)
{
    struct err err = {0};
    err_set(&err, E_NOT_FOUND, "there is no such file");
    request_refuse(request, &err);
}

/* "FOLDER/NAME"; false when it does not fit. */
static bool path_below(const char *folder, struct bytes name, char ret[PATH_MAX_N])
{
    int n = snprintf(ret, PATH_MAX_N, "%s/%.*s", folder, (int)name.n, (const char *)name.p);
    return n > 0 && n < PATH_MAX_N;
}

/* As long as the list says the next one takes to come. One that does not say is not kept. */
static uint32_t crl_age(const struct reply_file *file)
{
    uint8_t head[PUBLIC_CRL_HEAD];
    int64_t this_s = 0, next_s = 0;
    ssize_t n = pread(file->fd, head, sizeof head, 0);
    if (n <= 0 || !public_crl_times(bytes_of(head, (size_t)n), &this_s, &next_s))
        return 0;
    return public_crl_max_age(this_s, next_s, clock_now_s());
}

void public_crl(struct request *request)
{
    struct bytes name = request_view(request)->parameters[0];
    char path[PATH_MAX_N];
    struct reply_file file;
    struct err err = {0};
    if (!public_is_file_name(name, ".crl") || !path_below("crl", name, path)) {
        refuse_unknown(request);
        return;
    }
    if (reply_open_file(folder_of(request), path, &file, &err) != OK) {
        request_refuse(request, &err);
        return;
    }
    char caching[48];
    bool is_delta = public_is_file_name(name, "-delta.crl"); /* it is there to be fetched often */
    uint32_t age = crl_age(&file);
    snprintf(caching, sizeof caching, "public, max-age=%u",
             is_delta && age > DELTA_AGE_S ? DELTA_AGE_S : age);
    request_reply_opened(request, &file, "application/pkix-crl", caching);
}

/* Status lists and their catalogue: made anew at most once a minute. */
void public_status(struct request *request)
{
    struct bytes name = request_view(request)->parameters[0];
    char path[PATH_MAX_N];
    bool is_list = public_is_file_name(name, ".cwt");
    if ((!is_list && !public_is_file_name(name, ".cose")) || !path_below("status", name, path))
        refuse_unknown(request);
    else
        request_reply_file(request, folder_of(request), path,
                           is_list ? STATUS_LIST_TYPE : "application/cose", "public, max-age=60");
}

void public_ca(struct request *request)
{
    struct bytes name = request_view(request)->parameters[0];
    char path[PATH_MAX_N];
    if (!public_is_file_name(name, ".cer") || !path_below("ca", name, path))
        refuse_unknown(request);
    else
        request_reply_file(request, folder_of(request), path, "application/pkix-cert",
                           "public, max-age=86400");
}

/* C2SP tlog-checkpoint: changes within a second of the ledger. */
void public_checkpoint(struct request *request)
{
    request_reply_file(request, folder_of(request), "checkpoint", "text/plain; charset=utf-8",
                       "public, max-age=1");
}

/* C2SP tlog-tiles: what is there never changes; a partial tile may go when the full one is there.
 */
void public_tile(struct request *request)
{
    struct bytes name = request_view(request)->parameters[0];
    char path[PATH_MAX_N];
    if (!public_is_hash_tile(name) || !path_below("tile", name, path))
        refuse_unknown(request);
    else
        request_reply_file(request, folder_of(request), path, "application/octet-stream",
                           "public, max-age=31536000, immutable");
}

void public_livez(struct request *request)
{
    static const struct reply_header headers[] = {{"Cache-Control", "no-store"}, {NULL, NULL}};
    request_reply(request, &(struct reply){
                               .status = 200,
                               .media_type = "text/plain",
                               .body = bytes_text("ok\n"),
                               .headers = headers,
                           });
}
