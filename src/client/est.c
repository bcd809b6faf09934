#include <client/api.h>
#include <client/est.h>
#include <wire/b64.h>
#include <wire/pkcs7.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_OCTETS 512
#define CSRATTRS_BYTES 8192
#define CACERTS_BYTES (LIMIT_CERTIFICATE_BYTES * 64)

static enum result make_path(const char *label, const char *operation, char *to, size_t max,
                             struct err *err)
{
    char escaped[3 * LIMIT_NAME + 1] = "";
    if (label != NULL && !api_escape(label, escaped, sizeof escaped))
        return err_set(err, E_USAGE, "label '%.80s' has more than %d octets", label, LIMIT_NAME);
    int n =
        snprintf(to, max, "/.well-known/est/%s%s%s", escaped, label != NULL ? "/" : "", operation);
    return n > 0 && (size_t)n < max ? OK : err_set(err, E_BUG, "EST path");
}

/* Base64 as servers write it: with or without line breaks (RFC 8951 3.1). */
static enum result decode_body(const struct blob *body, size_t most, struct blob *ret,
                               struct err *err)
{
    if (body->n == 0 || body->n > B64_ENCODED_MAX(most) * 2)
        return err_set(err, E_TOO_LARGE, "EST answer of %zu octets; wanted 1 to %zu", body->n,
                       (size_t)B64_ENCODED_MAX(most) * 2);
    CLEANUP(blob_free) struct blob raw = {malloc(B64_DECODED_MAX(body->n)), 0};
    if (raw.p == NULL)
        return err_set(err, E_MEMORY, "EST answer");
    struct buf to = buf_over(raw.p, B64_DECODED_MAX(body->n));
    if (!b64_decode_lenient(&to, blob_bytes(body)))
        return err_set(err, E_SYNTAX, "the EST answer is not base64 (RFC 8951 3.1)");
    *ret = (struct blob){STEAL(raw.p), to.n};
    return OK;
}

enum result est_get_csrattrs(struct client *client, const char *label, struct blob *ret,
                             struct err *err)
{
    char path[PATH_MAX_OCTETS];
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    TRY(make_path(label, "csrattrs", path, sizeof path, err));
    const struct client_request request = {.method = CLIENT_GET, .path = path};
    TRY(client_exchange(client, &request, &answer, err));
    if (answer.status == 204 || answer.status == 404)
        return OK;
    if (answer.status != 200)
        return api_error(&answer, err);
    return decode_body(&answer.body, CSRATTRS_BYTES, ret, err);
}

enum result est_get_bag(struct client *client, const char *path, struct blob *ret, struct err *err)
{
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    const struct client_request request = {.method = CLIENT_GET, .path = path};
    TRY(client_exchange(client, &request, &answer, err));
    if (answer.status != 200)
        return api_error(&answer, err);
    return decode_body(&answer.body, CACERTS_BYTES, ret, err);
}

enum result est_get_cacerts(struct client *client, const char *label, struct blob *ret,
                            struct err *err)
{
    char path[PATH_MAX_OCTETS];
    TRY(make_path(label, "cacerts", path, sizeof path, err));
    return est_get_bag(client, path, ret, err);
}

/* RFC 7030 4.2.3: the answer holds the certificate issued and no other. */
static enum result take_certificate(const struct blob *body, struct blob *ret, struct err *err)
{
    CLEANUP(blob_free) struct blob bag = {0};
    TRY(decode_body(body, LIMIT_CERTIFICATE_BYTES * 2, &bag, err));
    struct reader certs;
    const char *why = NULL;
    if (!pkcs7_read_certs(blob_bytes(&bag), &certs, &why))
        return err_set(err, E_SYNTAX, "the EST answer is no certificate bag: %s", why);
    struct bytes first, second;
    if (!pkcs7_next_cert(&certs, &first) || pkcs7_next_cert(&certs, &second))
        return err_set(err, E_SYNTAX,
                       "the EST answer must hold exactly one certificate (RFC 7030 4.2.3)");
    return blob_copy(first, ret);
}

static void free_text(char **text)
{
    free(*text);
}

enum result est_enrol(struct client *client, const struct est_enrolment *enrolment,
                      struct blob *ret, struct est_advice *ret_advice, struct err *err)
{
    char path[PATH_MAX_OCTETS];
    const char *operation = enrolment->is_renewal ? "simplereenroll" : "simpleenroll";
    TRY(make_path(enrolment->label, operation, path, sizeof path, err));
    size_t room = B64_ENCODED_MAX(enrolment->csr.n);
    CLEANUP(free_text) char *body = malloc(room + 1);
    if (body == NULL)
        return err_set(err, E_MEMORY, "EST request");
    struct buf text = buf_over(body, room);
    b64_encode(&text, enrolment->csr);

    struct client_request request = {
        .method = CLIENT_POST,
        .path = path,
        .content_type = "application/pkcs10",
        .accept = "application/pkcs7-mime",
        .body = buf_bytes(&text),
        .user = enrolment->user,
        .password = enrolment->password,
    };
    CLEANUP(client_answer_free) struct client_answer answer = {0};
    TRY(client_exchange(client, &request, &answer, err));
    if (answer.status == 202 || answer.status == 503)
        ret_advice->retry_after_s = answer.retry_after_s;
    if (answer.status != 200)
        return api_error(&answer, err);
    ret_advice->renew_at_s = answer.renew_at_s;
    return take_certificate(&answer.body, ret, err);
}
