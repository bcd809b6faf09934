/* The root that proves the server: one that follows it is taken on proof (RFC 4210 4.4). */
#include <base/clock.h>
#include <base/file.h>
#include <cli/plan.h>
#include <cli/root.h>
#include <crypto/hash.h>
#include <crypto/pem.h>
#include <crypto/rollover.h>
#include <wire/hex.h>

#include <string.h>

/* The one of that text among the server's roots; what links it with the one before, as PEM. */
static const char *find_link(const json_t *issuers, const char *root)
{
    const json_t *items = json_object_get(issuers, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *pem = json_string_value(json_object_get(item, "pem"));
        if (pem != NULL && strcmp(pem, root) == 0)
            return json_string_value(json_object_get(item, "new_with_old"));
    }
    return NULL;
}

static enum result check(const char *link, struct bytes old, struct bytes new, struct err *err)
{
    CLEANUP(blob_free) struct blob der = {0};
    int64_t now_s = clock_now_s();
    if (link == NULL)
        return err_set(err, E_CERTIFICATE, "the root that you trust did not certify it");
    TRY(pem_read(bytes_of(link, strlen(link)), PEM_CERTIFICATE, &der, err));
    TRY(rollover_check_root(new, now_s, err));
    return rollover_check_link(blob_bytes(&der), old, new, now_s, err);
}

/* A file of its own, named by its digest: what others use stays. */
static enum result keep(const char *pem, struct bytes der, struct profile *profile, struct err *err)
{
    char folder[CLI_PATH_MAX], hex[17] = "";
    uint8_t hash[SHA256_N];
    struct buf text = buf_over(hex, sizeof hex - 1);
    TRY(profile_folder(folder, sizeof folder, err));
    sha256(der, hash);
    hex_encode(&text, bytes_of(hash, 8));
    int n = snprintf(profile->root, sizeof profile->root, "%s/root-%s.pem", folder, hex);
    if (n < 0 || (size_t)n >= sizeof profile->root)
        return err_set(err, E_USAGE, "the path is too long");
    return file_write(profile->root, 0644, bytes_of(pem, strlen(pem)), err);
}

enum result root_follow(struct session *session, const json_t *answer, struct profile *profile,
                        struct err *err)
{
    CLEANUP(blob_free) struct blob file = {0}, old = {0}, new = {0};
    json_auto_t *issuers = NULL;
    const char *pem = json_string_value(json_object_get(answer, "root"));
    struct err why = {0};
    TRY(file_read(profile->root, CLI_FILE_MAX, &file, err));
    bool is_one = pem_read(blob_bytes(&file), PEM_CERTIFICATE, &old, &why) == OK;
    if (pem == NULL || !is_one) /* who trusts several roots chose them */
        return OK;
    TRY(pem_read(bytes_of(pem, strlen(pem)), PEM_CERTIFICATE, &new, err));
    if (bytes_equal(blob_bytes(&old), blob_bytes(&new)))
        return OK;
    TRY(plan_get(session, "/api/v1/issuers", &issuers, err));
    if (check(find_link(issuers, pem), blob_bytes(&old), blob_bytes(&new), &why) != OK) {
        fprintf(stderr, "warning: the server's newest root is not taken: %s\n", why.text);
        return OK;
    }
    TRY(keep(pem, blob_bytes(&new), profile, err));
    if (!session->is_json)
        fprintf(session->out, "the root that followed is trusted: %s\n", profile->root);
    return OK;
}
